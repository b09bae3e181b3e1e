-- Bodies under one external id are found by it, under whatever arrival ids they are kept; what corrects a lead that is over is told apart.

create index arrival_of_external_id on arrival (source_id, external_id, coalesce(submitted_at, received_at), received_at)
    where external_id is not null and state = 'graded';
create index arrival_of_external_content on arrival (source_id, external_id, content, received_at)
    where external_id is not null and state = 'graded';

alter table arrival
    add column corrects_ended boolean not null default false,
    add constraint arrival_corrects_ended_amends check (not corrects_ended or amends is not null);
comment on column arrival.corrects_ended is 'It corrected an arrival on a lead that was won, lost or closed by then: what is known of the person changed, and nothing was decided.';
create index arrival_corrects_ended on arrival (received_at, id) where corrects_ended;

alter table dead_letter add column was_released boolean not null default false;
comment on column dead_letter.was_released is 'It had been let go out of the quarantine, where it lies again: tried again, it is let go with it.';

comment on column arrival_seen.source_id is 'Who sent what ended as dead or erased, which has no row in arrival; null otherwise, and where it could not be read.';
