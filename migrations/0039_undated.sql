-- Whether what is held has a date at which it goes on is a code too: until now its sentence was compared with the sentences of what a person
-- has to do first, and one that was reworded would have shown the next look at it as if it went on then.
--
-- The check is not looked at for the rows that are there: no row is read or written but those that the updates find by an index.
alter table delivery drop constraint delivery_reason_code_is_known,
    add constraint delivery_reason_code_is_known check (reason_code in ('undecided', 'undated', 'no_longer_a', 'given_by_hand', 'mail_waits')) not valid;
comment on column delivery.reason_code is 'Why, where something depends on it: undecided (held until its lead is decided again), undated (held until somebody does something, or its receiver works again), no_longer_a, given_by_hand (withdrawn), mail_waits (with all mail, until the server takes the sender). Null else.';

-- What is held. Versions before 0040 wrote these sentences alone; this is the only place where they are read. What a process of such a
-- version holds beside this one shows when it is looked at next, until it is, and has its code then.
update delivery set reason_code = 'undated'
where state = 'held' and endpoint_id is not null and reason_code is null
  and reason in ('the client is paused', 'the endpoint is disabled', 'the endpoint answered 410 Gone',
                 'the endpoint keeps failing; goes out as soon as it works again', 'its rep has left');
update delivery set reason_code = 'undated'
where state = 'held' and endpoint_id is null and reason_code is null
  and (same_as is not null
       or reason in ('it could be delivered to none of the client''s endpoints', 'the client has no enabled endpoint',
                     'the client has neither reps nor endpoints', 'nobody can take it until a person enables, adds or frees a recipient',
                     'the client takes no leads: its capacity is 0 a day')
       or reason like '%, who has no enabled endpoint' or reason like '%, to whom it could not be delivered'
       or starts_with(reason, 'the client''s routing cannot be used') or starts_with(reason, 'cannot be routed'));
