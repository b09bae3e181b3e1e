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
    add constraint lead_closed_code_is_known check (closed_code in ('lost', 'goes_on', 'closed')) not valid,
    add constraint lead_goes_on_as_another check ((goes_on_as is not null) = (closed_code is not distinct from 'goes_on')) not valid;
comment on column lead.closed_code is 'How it was closed: lost by its client, goes_on as another lead, or closed by the firm. Null of one that is open, and where a version before closed it.';
comment on column lead.goes_on_as is 'The lead that goes on for it.';

-- What waits. Of what a version before puts to wait after this nothing is lost: it is looked at again within a minute, or when mail may go.
update delivery set reason_code = 'undecided'
where state = 'held' and endpoint_id is not null and reason = 'a disposition was taken back: the lead is decided again first';
update delivery set reason_code = 'undecided'
where state = 'held' and endpoint_id is null and reason = 'a disposition was taken back: the lead is decided again first';
update delivery set reason_code = 'mail_waits'
where state = 'pending' and endpoint_id is not null and starts_with(reason, 'all mail waits: the mail server refuses the sender');

-- What is over has its sentence alone, as long as it is kept. These two functions are the only place where sentences are read. A code
-- that a process of the version before left behind has another sentence beside it: owed again by one such and withdrawn by another for
-- what ended it, a delivery would count as withdrawn for its grade.
create function delivery_reason_code(code text, reason text) returns text language sql immutable parallel safe as
$$ select case when code = 'no_longer_a' and reason is distinct from 'the lead is no longer A' then null
               else coalesce(code, case reason when 'the lead is no longer A' then 'no_longer_a'
                                               when 'given to another endpoint by hand' then 'given_by_hand' end) end $$;
comment on function delivery_reason_code is 'Why a delivery was withdrawn, where something depends on it; of one that a version before withdrew by its sentence.';

create function lead_closed_code(code text, reason text) returns text language sql immutable parallel safe as
$$ select coalesce(code, case when reason = 'lost' or starts_with(reason, 'lost: ') then 'lost'
                              when starts_with(reason, 'goes on as lead_') then 'goes_on' end) $$;
comment on function lead_closed_code is 'How a lead was closed, where something depends on it; of one that a version before closed by its sentence.';

-- Leads that wait and whose person no number leads to begin with the persons, of whom few are such: among the leads they would be
-- looked for to the last one. `offset 0` keeps it so, whatever the planner makes of the order and the limit around it.
create index person_without_phone on person (client_id) where phone is null;
create function leads_without_number(client uuid, due_by timestamptz) returns table (lead_id uuid, at timestamptz) language sql stable parallel safe as
$$ select w.lead_id, w.at
   from (select h.id from person h where h.client_id = client and h.phone is null offset 0) h cross join lateral (
     select l.id as lead_id, l.last_enquiry_at as at from lead l
     where l.person_id = h.id and l.stage in ('lead', 'contact', 'opportunity') and l.touches <= l.touches_before
       and not coalesce(l.in_bulk, l.channel = 'list')
       and (l.grade is distinct from 'A' or l.returned_at is not null)
       and not lead_is_handed_over(l.id, l.matured_at, l.returned_at, l.recalled_at)
       and not exists (select from promise p where p.lead_id = l.id and p.kind = 'requalify' and p.worked_at is null
                       and p.state in ('scheduled', 'work') and p.due_at <= due_by)
     union all
     select l.id, p.due_at from lead l join promise p on p.lead_id = l.id
     where l.person_id = h.id and l.stage in ('lead', 'contact', 'opportunity')
       and p.kind = 'requalify' and p.worked_at is null and p.state in ('scheduled', 'work') and p.due_at <= due_by
       and (p.agreed and p.due_at >= p.created_at
            or not p.agreed and (l.grade is distinct from 'A' or l.returned_at is not null)
               and not lead_is_handed_over(l.id, l.matured_at, l.returned_at, l.recalled_at))) w $$;
comment on function leads_without_number is 'Leads of a client that wait and whose person no number leads to: a call is due, or they enquired by themselves and nobody called; each with since when.';
