-- What decides what happens is a word of its own beside the sentence that people read: until now sentences were compared, and a sentence
-- that was reworded would have changed what goes out.
--
-- Columns without a default, whose checks are not looked at for the rows that are there, which have none: no row is read or written
-- but those that the updates find by an index. A process of the version before goes on beside this one: it writes sentences alone,
-- and leaves the code of a row as it was, which is why a code is always compared beside the state that it was written with.
alter table delivery add column reason_code text,
    add constraint delivery_reason_code_is_known check (reason_code in ('undecided', 'no_longer_a', 'given_by_hand', 'mail_waits')) not valid;
comment on column delivery.reason_code is 'Why, where something depends on it: undecided (held until its lead is decided again), no_longer_a, given_by_hand (withdrawn), mail_waits (with all mail, until the server takes the sender). Null else.';

alter table lead add column closed_code text, add column goes_on_as uuid,
    add constraint lead_closed_code_is_known check (closed_code in ('lost', 'goes_on')) not valid,
    add constraint lead_goes_on_as_another check ((goes_on_as is not null) = (closed_code is not distinct from 'goes_on')) not valid;
comment on column lead.closed_code is 'How it was closed, where something depends on it: lost by its client, or goes_on, as another lead. Null else, and where a version before closed it.';
comment on column lead.goes_on_as is 'The lead that goes on for it.';

-- What waits. Of what a version before puts to wait after this nothing is lost: it is looked at again within a minute, or when mail may go.
update delivery set reason_code = 'undecided'
where state = 'held' and endpoint_id is not null and reason = 'a disposition was taken back: the lead is decided again first';
update delivery set reason_code = 'undecided'
where state = 'held' and endpoint_id is null and reason = 'a disposition was taken back: the lead is decided again first';
update delivery set reason_code = 'mail_waits'
where state = 'pending' and endpoint_id is not null and starts_with(reason, 'all mail waits: the mail server refuses the sender');

-- What is over has its sentence alone, as long as it is kept. These two functions are the only place where sentences are read.
create function delivery_reason_code(code text, reason text) returns text language sql immutable parallel safe as
$$ select coalesce(code, case reason when 'the lead is no longer A' then 'no_longer_a'
                                     when 'given to another endpoint by hand' then 'given_by_hand' end) $$;
comment on function delivery_reason_code is 'Why a delivery was withdrawn, where something depends on it; of one that a version before withdrew by its sentence.';

create function lead_closed_code(code text, reason text) returns text language sql immutable parallel safe as
$$ select coalesce(code, case when reason = 'lost' or starts_with(reason, 'lost: ') then 'lost'
                              when starts_with(reason, 'goes on as lead_') then 'goes_on' end) $$;
comment on function lead_closed_code is 'How a lead was closed, where something depends on it; of one that a version before closed by its sentence.';
