-- What is kept and not worked can be let go or given up by a person, and a source says whether it may see grades.

alter table arrival
    add column released_at timestamptz,
    add column dropped_at timestamptz,
    add column offered_until timestamptz not null default 'epoch',
    add constraint arrival_dropped_is_quarantined check (dropped_at is null or state = 'quarantined');
comment on column arrival.released_at is 'When it was let go out of the quarantine: it is worked then, with its original time. Null where it never was.';
comment on column arrival.dropped_at is 'When it was given up for good, or let go and found the same as another arrival. Null where it was not.';
comment on column arrival.offered_until is 'Released and not yet worked: until then no sweeper offers it again.';

create index arrival_in_quarantine on arrival (received_at, id)
    where state = 'quarantined' and released_at is null and dropped_at is null;
create index arrival_quarantined_of_source on arrival (source_id, reason, received_at, id)
    where state = 'quarantined' and released_at is null and dropped_at is null;
create index arrival_released on arrival (offered_until)
    where state = 'quarantined' and released_at is not null and dropped_at is null;

alter table source add column sees_grade boolean;
comment on column source.sees_grade is 'Whether its senders are told the grade. Null: those with the key are, those with the address alone, which stands in web pages, are not.';

alter table arrival_seen add column source_id uuid;
comment on column arrival_seen.source_id is 'Who sent what ended as dead, which has no row in arrival; null otherwise, and where it could not be read.';
