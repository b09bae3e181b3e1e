-- Who changed what: one row for each thing that an action changed, written in the action's own transaction.
--
-- No foreign keys: the row outlives what it tells of. What a row held before and after is what the action's result shows, never
-- a secret; erasing a person blanks both where the object is theirs.

create table audit (
    id uuid primary key,
    at timestamptz not null,
    actor text not null,
    action text not null,
    object text not null,
    client_id uuid,
    before jsonb,
    after jsonb,
    constraint audit_actor_is_named check (actor <> ''),
    constraint audit_action_is_named check (action ~ '^[a-z_]+\.[a-z_]+$'),
    constraint audit_object_is_named check (object <> '')
);
create index audit_by_object on audit (object, id);
create index audit_by_actor on audit (actor, id);
create index audit_by_client on audit (client_id, id);
comment on table audit is 'Who changed what, when: written by every action together with the change.';
comment on column audit.id is 'UUIDv7: the order in which things happened.';
comment on column audit.at is 'When.';
comment on column audit.actor is 'Who, as text without a foreign key: user_…, token_…, rep_…, mail:…, source_…, operator:…, system:….';
comment on column audit.action is 'What was done: noun.verb.';
comment on column audit.object is 'To what: its id as people see it.';
comment on column audit.client_id is 'Whose data it is; null for what belongs to the whole firm.';
comment on column audit.before is 'What the change replaced; null where there was nothing, and after an erasure.';
comment on column audit.after is 'What it is since; null where it is gone, and after an erasure.';
