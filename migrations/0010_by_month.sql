-- no-transaction
-- Attempts and bodies lie in a partition for each month, as decisions do: what need not be kept is dropped by the month.
--
-- What it costs a large installation. Each step is a transaction of its own, and each can be done again, so that one that was
-- broken off goes on with the next `ripen migrate`. Under a lock that others wait for, nothing is read or written but the catalogue:
--   1. delivery_place is made, and kept up to date by the table that held the places until now;
--   2. the places of all bodies are copied: one read of delivery_body, 60 bytes written for each; services work on;
--   3. and 4. both old tables are read once more to prove up to which month they reach; services work on;
--   5. both old tables become the partition of everything up to that month. No row is moved.
-- Raw bodies of arrivals from before stay in `arrival` and are emptied there, row by row, when their time is over.
-- Processes of the version before work on beside this one, but for `GET /v1/deliveries`, which they answer with an error from 5. on.
-- A view that somebody made on attempt or delivery_body follows the old table: make it again.

-- 1.
begin;
do $$ begin
if to_regclass('delivery_place') is null then
    create table delivery_place (
        delivery_id uuid primary key,
        client_id uuid not null,
        at timestamptz not null,
        place bigint
    );
    create unique index delivery_place_by_place on delivery_place (client_id, place) where place is not null;
    create index delivery_place_unplaced on delivery_place (client_id, delivery_id) where place is null;

    create function delivery_place_follow() returns trigger language plpgsql as $follow$ begin
        insert into delivery_place (delivery_id, client_id, at, place) select delivery_id, client_id, at, place from fresh
        on conflict (delivery_id) do update set place = excluded.place where delivery_place.place is null;
        return null;
    end $follow$;
    create trigger delivery_body_is_followed_new after insert on delivery_body
        referencing new table as fresh for each statement execute function delivery_place_follow();
    create trigger delivery_body_is_followed after update on delivery_body
        referencing new table as fresh for each statement execute function delivery_place_follow();
end if;
end $$;
comment on table delivery_place is 'The list of bodies that a client reads on from: a row for each body.';
comment on column delivery_place.delivery_id is 'The delivery.';
comment on column delivery_place.client_id is 'Whose lead it is.';
comment on column delivery_place.at is 'When the body was frozen.';
comment on column delivery_place.place is 'Its place in the list; given when the client first reads that far, so that nothing comes to stand before what was read.';
commit;

-- 2.
begin;
do $$ begin
if (select relkind from pg_class where oid = 'delivery_body'::regclass) = 'r' then
    insert into delivery_place (delivery_id, client_id, at, place)
    select delivery_id, client_id, at, place from delivery_body on conflict (delivery_id) do nothing;
end if;
end $$;
commit;

-- 3. The month: four on, so that no row written meanwhile lies beyond it, also where this is broken off here and gone on with weeks
-- later: until then the bound refuses what lies beyond. `ripen doctor` says that it stands. Later where a clock was ahead.
begin;
do $$ declare
    old text;
    newest uuid;
    month text;
begin
foreach old in array array['attempt', 'delivery_body'] loop
    continue when (select relkind from pg_class where oid = old::regclass) <> 'r'
        or exists (select from pg_constraint where conrelid = old::regclass and conname = old || '_ends');
    execute format('select delivery_id from %I order by delivery_id desc limit 1', old) into newest;
    continue when newest is null;
    month := to_char(greatest(
        (now() + interval '4 months') at time zone 'UTC',
        to_timestamp(('x' || left(replace(newest::text, '-', ''), 12))::bit(48)::bigint / 1000.0) at time zone 'UTC'), 'YYYY_MM');
    execute format('alter table %I add constraint %I check (delivery_id < %L) not valid', old, old || '_ends',
        lpad(to_hex((extract(epoch from (to_date(month, 'YYYY_MM') + interval '1 month') at time zone 'UTC') * 1000)::bigint), 12, '0') || repeat('0', 20));
    execute format('comment on constraint %I on %I is %L', old || '_ends', old, month);
end loop;
end $$;
commit;

-- 4.
begin;
do $$ begin
if exists (select from pg_constraint where conrelid = 'attempt'::regclass and conname = 'attempt_ends' and not convalidated) then
    alter table attempt validate constraint attempt_ends;
end if;
end $$;
commit;
begin;
do $$ begin
if exists (select from pg_constraint where conrelid = 'delivery_body'::regclass and conname = 'delivery_body_ends' and not convalidated) then
    alter table delivery_body validate constraint delivery_body_ends;
end if;
end $$;
commit;

-- 5.
begin;
do $$ declare
    old text;
    month text;
    has_rows boolean;
    permitted record;
begin
if (select relkind from pg_class where oid = 'attempt'::regclass) = 'p' then
    return;
end if;
lock table attempt, delivery_body in access exclusive mode;

drop trigger delivery_body_is_followed_new on delivery_body;
drop trigger delivery_body_is_followed on delivery_body;
drop function delivery_place_follow();
alter table delivery_body drop column place;
alter table attempt rename to attempt_before;
alter table delivery_body rename to delivery_body_before;
alter index attempt_pkey rename to attempt_before_pkey;
alter index delivery_body_pkey rename to delivery_body_before_pkey;

create table attempt (
    delivery_id uuid not null,
    number integer not null,
    at timestamptz not null,
    duration_ms integer not null,
    status integer,
    error text,
    answer bytea,
    primary key (delivery_id, number),
    constraint attempt_counts_from_one check (number >= 1),
    constraint attempt_says_how_it_went check (status is not null or error is not null)
) partition by range (delivery_id);
create table attempt_default partition of attempt default;
create table delivery_body (
    delivery_id uuid primary key,
    client_id uuid not null,
    at timestamptz not null,
    body bytea not null
) partition by range (delivery_id);
create table delivery_body_default partition of delivery_body default;

-- A body never lies without its row in the list, whoever writes it: the version before knows nothing of the list.
create function delivery_place_make() returns trigger language plpgsql as $make$ begin
    insert into delivery_place (delivery_id, client_id, at) select delivery_id, client_id, at from fresh on conflict (delivery_id) do nothing;
    return null;
end $make$;
comment on function delivery_place_make is 'Gives each body that is frozen its row in the list that the client reads on from.';
create trigger delivery_body_is_listed after insert on delivery_body
    referencing new table as fresh for each statement execute function delivery_place_make();

create table arrival_body (
    arrival_id uuid not null,
    received_at timestamptz not null,
    raw text not null,
    primary key (arrival_id, received_at)
) partition by range (received_at);
create table arrival_body_default partition of arrival_body default;
alter table arrival alter column raw set default '';
create view arrival_raw as
    select a.id, a.client_id, a.source_id, a.received_at, a.media_type, coalesce(b.raw, a.raw) as raw
    from arrival a left join arrival_body b on b.arrival_id = a.id and b.received_at = a.received_at;

foreach old in array array['attempt', 'delivery_body'] loop
    select obj_description(oid, 'pg_constraint') into month from pg_constraint
        where conrelid = (old || '_before')::regclass and conname = old || '_ends';
    execute format('select exists (select from %I)', old || '_before') into has_rows;
    if month is null and not has_rows then
        execute format('drop table %I', old || '_before');
        continue;
    end if;
    -- Without a bound there were no rows a moment ago, and these few are read now.
    month := coalesce(month, to_char((now() + interval '3 days') at time zone 'UTC', 'YYYY_MM'));
    execute format('alter table %I attach partition %I for values from (minvalue) to (%L)', old, old || '_before',
        lpad(to_hex((extract(epoch from (to_date(month, 'YYYY_MM') + interval '1 month') at time zone 'UTC') * 1000)::bigint), 12, '0') || repeat('0', 20));
    execute format('alter table %I drop constraint if exists %I', old || '_before', old || '_ends');
    execute format('comment on table %I is %L', old || '_before', 'Everything up to ' || replace(month, '_', '-') || '.');
    -- Named as a month, it is what is looked for as that month's partition.
    execute format('alter index %I rename to %I', old || '_before_pkey', old || '_' || month || '_pkey');
    execute format('alter table %I rename to %I', old || '_before', old || '_' || month);
end loop;

-- Whoever might read or write the old tables may read or write the new ones, and what was part of them.
for permitted in
    select distinct m.made, a.privilege_type, case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end as grantee
    from (values ('attempt', 'attempt'), ('delivery_body', 'delivery_body'), ('delivery_body', 'delivery_place'),
                 ('arrival', 'arrival_body'), ('arrival', 'arrival_raw')) m (model, made)
    join pg_class c on c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p')
         and (c.relname = m.model and c.relkind = 'r' or c.relname ~ ('^' || m.model || '_\d{4}_\d{2}$'))
    cross join aclexplode(c.relacl) a
    where a.grantee <> c.relowner
loop
    execute format('grant %s on %I to %s', permitted.privilege_type, permitted.made, permitted.grantee);
end loop;
end $$;

comment on table attempt is 'One try to deliver. Partitioned by the month in which the delivery came to be owed: ids begin with the time.';
comment on column attempt.delivery_id is 'The delivery.';
comment on column attempt.number is 'Counts from 1.';
comment on column attempt.at is 'When it ended.';
comment on column attempt.duration_ms is 'How long it took, in milliseconds.';
comment on column attempt.status is 'HTTP status or SMTP reply code.';
comment on column attempt.error is 'Class of the failure where there was no answer.';
comment on column attempt.answer is 'The first 64 KiB of the answer''s body.';
comment on table delivery_body is 'What is sent, frozen at the first lease. Beside the delivery, whose row changes with every attempt. Partitioned by the month in which the delivery came to be owed.';
comment on column delivery_body.delivery_id is 'The delivery.';
comment on column delivery_body.client_id is 'Whose lead it is.';
comment on column delivery_body.at is 'When it was frozen: the first attempt followed.';
comment on column delivery_body.body is 'The bytes of the webhook''s body; a mail is rendered from them.';
comment on table arrival_body is 'Bodies of arrivals as they were received. Partitioned by month.';
comment on column arrival_body.arrival_id is 'The arrival.';
comment on column arrival_body.received_at is 'When intake had the whole body.';
comment on column arrival_body.raw is 'The body; NUL characters, which PostgreSQL cannot keep, are written as U+2400.';
comment on column arrival.raw is 'The body as received, of arrivals from before arrival_body was there; empty of all since, and once it need not be kept. arrival_raw shows either.';
comment on view arrival_raw is 'Arrivals with their bodies as they were received, wherever these lie.';
comment on column arrival_raw.id is 'The arrival.';
comment on column arrival_raw.client_id is 'Whose it is.';
comment on column arrival_raw.source_id is 'Who sent it.';
comment on column arrival_raw.received_at is 'When intake had the whole body.';
comment on column arrival_raw.media_type is 'Media type of the body.';
comment on column arrival_raw.raw is 'The body; empty once it need not be kept.';
commit;
