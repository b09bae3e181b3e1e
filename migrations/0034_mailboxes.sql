-- One mailbox under many spellings: whoever asked not to be contacted there is not contacted under another.

-- What follows a plus is the owner's own mark (RFC 5233), and Google reads no point before the @ (support.google.com/mail/answer/7436150).
create function email_mailbox(value text) returns text language sql immutable strict parallel safe as
$$ select case when untagged = '' then value
               when split_part(value, '@', 2) in ('gmail.com', 'googlemail.com') then replace(untagged, '.', '') || '@gmail.com'
               else untagged || '@' || split_part(value, '@', 2) end
   from (select split_part(split_part(value, '@', 1), '+', 1) as untagged) local $$;
comment on function email_mailbox is 'The mailbox that an address leads to, by one of its spellings.';

create function suppressed_as(kind text, value text) returns text language sql immutable strict parallel safe as
$$ select case kind when 'email' then email_mailbox(value) else value end $$;
comment on function suppressed_as is 'What an entry is the hash of: the mailbox of an address, a number as it is. Entries of versions before are of the address as it was written.';

create or replace function identity_hashes(inner_pad bytea, outer_pad bytea, kind text, value text) returns bytea[] language sql stable as
$$ select array[identity_hash(inner_pad, outer_pad, kind, value),
                case when kind = 'phone' and value like '%;ext=%' then identity_hash(inner_pad, outer_pad, kind, split_part(value, ';', 1))
                     when kind = 'email' and email_twin(value) is not null then identity_hash(inner_pad, outer_pad, kind, email_twin(value)) end,
                case when kind = 'email' then identity_hash(inner_pad, outer_pad, kind, email_mailbox(value)) end] $$;
comment on function identity_hashes is 'What an address or number is suppressed by: itself, the number without its extension, the address by the other name of its mailbox, and the mailbox.';

-- Who is reached at a mailbox, whichever spelling they gave.
create index person_identity_by_mailbox on person_identity (email_mailbox(value)) where kind = 'email';
