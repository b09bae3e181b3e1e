-- People behind one switchboard have a number in common and an extension each.
alter table person add column phone_extension text;
alter table person add constraint person_extension_is_digits check (phone_extension ~ '^[0-9]{1,10}$');
alter table person add constraint person_extension_has_phone check (phone_extension is null or phone is not null);
comment on column person.phone_extension is 'The extension behind the phone number.';
comment on column person_identity.value is 'Normalised value; of a phone number with an extension, the number, ;ext= and the extension.';
comment on column arrival.flags is 'What could not be used as it came: the reasons alone. The fields and the words are in the submission.';
-- Everybody behind a number, whatever their extension: few rows have one.
create index person_identity_behind_switchboard on person_identity (client_id, split_part(value, ';ext=', 1))
    where value like '%;ext=%';
