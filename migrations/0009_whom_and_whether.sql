-- Who a person is, and whether anybody may contact them: numbers and addresses that must not be contacted, kept as keyed hashes;
-- pairs of persons who may be one; and A leads that wait because they are perhaps the same person's as another.

create table suppression_key (
    single boolean primary key default true,
    inner_pad bytea not null,
    outer_pad bytea not null,
    created_at timestamptz not null,
    constraint suppression_key_is_single check (single),
    constraint suppression_key_is_of_sha256 check (octet_length(inner_pad) = 64 and octet_length(outer_pad) = 64)
);
comment on table suppression_key is 'The key of suppression''s hashes (HMAC-SHA256, RFC 2104), made here and nowhere else: it never leaves the database.';
comment on column suppression_key.single is 'There is one.';
comment on column suppression_key.inner_pad is 'The key xor ipad.';
comment on column suppression_key.outer_pad is 'The key xor opad.';
comment on column suppression_key.created_at is 'When it was made.';

-- Two version 4 UUIDs are 244 random bits from the server''s strong source.
with made as materialized (
    select decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex') || decode(repeat('00', 32), 'hex') as key
)
insert into suppression_key (inner_pad, outer_pad, created_at)
select (select string_agg(set_byte('\x00'::bytea, 0, get_byte(key, i) # 54), ''::bytea order by i) from generate_series(0, 63) i),
       (select string_agg(set_byte('\x00'::bytea, 0, get_byte(key, i) # 92), ''::bytea order by i) from generate_series(0, 63) i),
       now()
from made;

-- One expression, so that the planner writes it into the statement that uses it instead of calling it.
create function identity_hash(inner_pad bytea, outer_pad bytea, kind text, value text) returns bytea language sql stable as
$$ select substring(sha256(outer_pad || sha256(inner_pad || convert_to(kind || ':' || value, 'UTF8'))) for 16) $$;
comment on function identity_hash is 'The first 128 bits of the HMAC of an e-mail address or a phone number.';

create function identity_hashes(inner_pad bytea, outer_pad bytea, kind text, value text) returns bytea[] language sql stable as
$$ select array[identity_hash(inner_pad, outer_pad, kind, value),
                case when kind = 'phone' and value like '%;ext=%' then identity_hash(inner_pad, outer_pad, kind, split_part(value, ';', 1)) end] $$;
comment on function identity_hashes is 'What an address or number is suppressed by: itself, and the number without its extension.';

create table suppression (
    hash bytea not null,
    client_id uuid,
    reason text not null,
    by text not null,
    at timestamptz not null,
    constraint suppression_is_single unique nulls not distinct (hash, client_id),
    constraint suppression_hash_is_128_bits check (octet_length(hash) = 16),
    constraint suppression_says_why check (reason <> '')
);
comment on table suppression is 'E-mail addresses and phone numbers that must not be contacted, whoever is reached there.';
comment on column suppression.hash is 'identity_hash of the address or number.';
comment on column suppression.client_id is 'For which client; the whole firm where null.';
comment on column suppression.reason is 'Why, in words.';
comment on column suppression.by is 'Who asked for it.';
comment on column suppression.at is 'When.';

-- Whoever asked not to be contacted before this table was there.
insert into suppression (hash, client_id, reason, by, at)
select distinct on (1, 2) identity_hash(k.inner_pad, k.outer_pad, i.kind, i.value), i.client_id,
       'the person asked not to be contacted', 'migration', p.updated_at
from person p join person_identity i on i.person_id = p.id cross join suppression_key k
where p.do_not_contact order by 1, 2, p.updated_at;

comment on column person.do_not_contact is 'Nobody may contact the person: they asked for it, or are reached under something that is suppressed. Nothing is delivered.';

create table person_pair (
    earlier_id uuid not null,
    later_id uuid not null,
    client_id uuid not null,
    verdict text not null default 'proposed',
    why text not null,
    at timestamptz not null,
    by text,
    decided_at timestamptz,
    primary key (earlier_id, later_id),
    constraint person_pair_is_of_two check (earlier_id <> later_id),
    constraint person_pair_verdict_is_known check (verdict in ('proposed', 'same', 'different')),
    constraint person_pair_decided_by_somebody check ((verdict = 'proposed') = (decided_at is null) and (decided_at is null) = (by is null))
);
create index person_pair_of_later on person_pair (later_id);
create index person_pair_proposed on person_pair (client_id, at) where verdict = 'proposed';
comment on table person_pair is 'Two persons of a client who may be one. Only a person says whether they are.';
comment on column person_pair.earlier_id is 'The one who was known first.';
comment on column person_pair.later_id is 'The other one.';
comment on column person_pair.client_id is 'Whose persons they are.';
comment on column person_pair.verdict is 'proposed, same (merged into the earlier one) or different.';
comment on column person_pair.why is 'What speaks for it, in words.';
comment on column person_pair.at is 'When it was first thought so.';
comment on column person_pair.by is 'Who decided; null while nobody has.';
comment on column person_pair.decided_at is 'When.';

alter table promise drop constraint promise_kind_is_known;
alter table promise add constraint promise_kind_is_known check (kind in ('requalify', 'activation', 'outcome', 'same_person'));
comment on column promise.kind is 'requalify (decide again at due_at), activation (decide when the program has criteria), outcome (ask the client what became of an A lead) or same_person (say whether it is the same person''s as a lead that the client has).';

alter table delivery add column same_as uuid;
alter table delivery add constraint delivery_same_as_is_held check (same_as is null or (endpoint_id is null and state in ('held', 'withdrawn')));
create index delivery_perhaps_same on delivery (created_at) where same_as is not null and state = 'held';
comment on column delivery.same_as is 'It is not routed: perhaps it is the same person''s as this lead, which the client has. Null once somebody or something settled that.';

alter table notice drop constraint notice_kind_is_known;
alter table notice add constraint notice_kind_is_known check (kind in ('appointment_booked', 'appointment_moved', 'appointment_cancelled',
    'appointment_reminder', 'endpoint_down', 'endpoint_disabled', 'lead_untouched', 'leads_untouched', 'lead_perhaps_same'));
