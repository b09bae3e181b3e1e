-- Who enquires again is nobody's touched lead, what came in bulk is known as such whatever its channel, and what may not be called yet
-- says when it may. All is beside what there is: null and 0 mean what the version before meant.

alter table arrival add column in_bulk boolean not null default false;
comment on column arrival.in_bulk is 'It came with others in one request: an array, or rows of a list.';

alter table lead
    add column touches_before integer not null default 0,
    add column in_bulk boolean,
    add column asleep boolean not null default false;
comment on column lead.touches_before is 'How many of its touches were before the last enquiry: where there are no more, nobody has called since the person enquired.';
comment on column lead.in_bulk is 'The last enquiry came on a list or with others in one request: it is handed out behind those that came alone. Null: as the channel says.';
comment on column lead.asleep is 'It may not be called yet and has a row in desk_wait that says until when: lists of the many that nobody has called, or reached, leave it out, so that a hundred thousand that sleep are not read by every agent who asks for the next.';

alter table desk_wait add column opens_at timestamptz;
comment on column desk_wait.until is 'Looked at again from then on: when its gates open by themselves, half a day at most; some minutes where somebody has to open one.';
comment on column desk_wait.opens_at is 'When all its gates have opened by themselves; null where somebody has to open one.';
create index desk_wait_in_turn on desk_wait (until, lead_id);
drop index desk_wait_by_end;
create index desk_wait_by_opening on desk_wait (opens_at) where opens_at is not null;

-- In place of those by touches alone.
create index lead_uncalled_of_client on lead (client_id, last_enquiry_at, id)
    where stage in ('lead', 'contact', 'opportunity') and touches <= touches_before and (grade is distinct from 'A' or returned_at is not null);
create index lead_new_of_client on lead (client_id, last_enquiry_at desc, id desc)
    where stage in ('lead', 'contact', 'opportunity') and touches <= touches_before and not coalesce(in_bulk, channel = 'list')
      and (grade is distinct from 'A' or returned_at is not null);
create index lead_tried_of_client on lead (client_id, grade, score desc, id)
    where stage in ('lead', 'contact', 'opportunity') and touches > touches_before
      and (last_conversation_at is null or last_conversation_at < last_enquiry_at)
      and (grade is distinct from 'A' or returned_at is not null);
create index lead_asleep on lead (id) where asleep;
create index lead_uncalled_awake on lead (client_id, last_enquiry_at, id)
    where stage in ('lead', 'contact', 'opportunity') and touches <= touches_before and (grade is distinct from 'A' or returned_at is not null) and not asleep;
create index lead_tried_awake on lead (client_id, grade, score desc, id)
    where stage in ('lead', 'contact', 'opportunity') and touches > touches_before
      and (last_conversation_at is null or last_conversation_at < last_enquiry_at)
      and (grade is distinct from 'A' or returned_at is not null) and not asleep;
drop index lead_untouched_of_client, lead_fresh_of_client, lead_rest_of_client;
