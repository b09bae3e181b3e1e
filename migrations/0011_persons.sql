-- Numbers that turned out to be somebody else's, suppressions that race a batch, and merges that can be undone.

alter table person_identity add column void_at timestamptz;
alter table person_identity add column void_by text;
alter table person_identity add column merge_id uuid;
alter table person_identity add constraint person_identity_void_is_whole check ((void_at is null) = (void_by is null));
comment on column person_identity.void_at is 'Since when it is known not to lead to the person: arrivals that bring it are not recognised by it. Null where it leads there.';
comment on column person_identity.void_by is 'Who said so.';
comment on column person_identity.merge_id is 'The merge that brought it; null where it was the person''s own.';
-- For whichever client: calls count by the number, and a list of the firm's reaches persons of all.
create index person_identity_by_value on person_identity (kind, value);
create index person_identity_behind_number on person_identity (split_part(value, ';ext=', 1)) where value like '%;ext=%';

create function number_is_void(of_person uuid, number text, extension text) returns boolean language sql stable as
$$ select coalesce((select void_at is not null from person_identity
     where person_id = of_person and kind = 'phone' and value in (number, number || ';ext=' || extension)
     order by value like '%;ext=%' desc limit 1), false) $$;
comment on function number_is_void is 'Whether a number is known not to lead to a person. A number that is void is so with every extension but those of which something else is known.';

create table suppression_follow (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    horizon xid8,
    decided_before timestamptz,
    after_id uuid,
    is_last boolean not null default false,
    due_at timestamptz not null,
    constraint suppression_follow_line_is_whole check ((horizon is null) = (decided_before is null))
);
comment on table suppression_follow is 'Suppressions after whose commit leads may still be open that a batch decided at the same time. Looked at until no such batch can be left.';
comment on column suppression_follow.id is 'Counts them.';
comment on column suppression_follow.at is 'When the suppression was added.';
comment on column suppression_follow.horizon is 'Every transaction that may not have seen the suppression is older than this one; null until the first look after its commit.';
comment on column suppression_follow.decided_before is 'What is dated later was decided by somebody who has seen it; null as long as the horizon is.';
comment on column suppression_follow.after_id is 'The last decision that was looked at in this round; null between rounds.';
comment on column suppression_follow.is_last is 'The round began when every transaction older than the horizon had ended: no other one follows.';
comment on column suppression_follow.due_at is 'When it is looked at next.';

create table person_merge (
    id uuid primary key,
    client_id uuid not null,
    earlier_id uuid not null,
    later_id uuid not null,
    by text not null,
    why text not null,
    at timestamptz not null,
    goes_on uuid,
    filled text[] not null,
    verified boolean not null,
    do_not_contact boolean not null,
    undone_at timestamptz,
    undone_by text,
    constraint person_merge_is_of_two check (earlier_id <> later_id),
    constraint person_merge_undone_by_somebody check ((undone_at is null) = (undone_by is null))
);
create index person_merge_of_earlier on person_merge (earlier_id);
create index person_merge_of_later on person_merge (later_id);
comment on table person_merge is 'Two persons who were made one, with what it takes to undo that.';
comment on column person_merge.id is 'Which merge.';
comment on column person_merge.client_id is 'Whose persons they are.';
comment on column person_merge.earlier_id is 'The one who stayed.';
comment on column person_merge.later_id is 'The one who was merged into the other.';
comment on column person_merge.by is 'Who made them one.';
comment on column person_merge.why is 'Why.';
comment on column person_merge.at is 'When.';
comment on column person_merge.goes_on is 'The open lead for which the other one was closed; null where there were not two.';
comment on column person_merge.filled is 'Columns of the one who stayed that the other filled.';
comment on column person_merge.verified is 'Whether the one who stayed was verified before.';
comment on column person_merge.do_not_contact is 'Whether nobody might contact the one who stayed, before.';
comment on column person_merge.undone_at is 'When it was undone; null while it holds.';
comment on column person_merge.undone_by is 'Who undid it.';

create table person_merge_row (
    merge_id uuid not null,
    of text not null,
    row jsonb not null,
    constraint person_merge_row_of_is_known check (of in ('lead', 'promise', 'delivery', 'answer', 'note', 'arrival', 'appointment', 'person_pair'))
);
create index person_merge_row_of_merge on person_merge_row (merge_id, of);
comment on table person_merge_row is 'Rows as they were before a merge changed them. Of answers, notes and arrivals only the keys.';
comment on column person_merge_row.merge_id is 'Which merge.';
comment on column person_merge_row.of is 'Whose row: a table.';
comment on column person_merge_row.row is 'The row by its columns, as the table itself reads it.';
