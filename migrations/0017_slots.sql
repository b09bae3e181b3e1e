-- An endpoint's concurrency holds over all processes: each takes a share of the slots, and none takes more.

create table dispatcher_process (
    id uuid primary key,
    expires_at timestamptz not null,
    agreed uuid[] not null
);
comment on table dispatcher_process is 'Processes that deliver, each renewed every few seconds: together they share the slots of every endpoint. An installation of one process has no row.';
comment on column dispatcher_process.id is 'Given anew with every start.';
comment on column dispatcher_process.expires_at is 'From when, by the database''s clock, its share is free: no webhook that it began can still be under way then.';
comment on column dispatcher_process.agreed is 'Between whom it shares: the ids, in order. It never takes more than its share among these, from before they stand here.';

-- Whoever is first after `offset` has one more where it does not come out even: over many endpoints everybody has as many.
create function slot_share(endpoint uuid, concurrency integer, members integer, place integer) returns integer
    language sql immutable parallel safe
    return case when members < 1 then 0
        else concurrency / nullif(members, 0)
             + case when mod(place + members - mod(('x' || right(endpoint::text, 7))::bit(28)::integer, nullif(members, 0)), nullif(members, 0))
                         < mod(concurrency, nullif(members, 0)) then 1 else 0 end end;
comment on function slot_share is 'How many of an endpoint''s slots the process at this place (from 0) has among so many; together they have all of them. Without members none.';
