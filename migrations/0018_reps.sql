-- What a rep can say beside an outcome, what the firm says to a return, and replays of what failed alone.

alter table replay add column only_failed boolean not null default false;
comment on column replay.only_failed is 'Sends again only what was given up, and nothing that was delivered.';

alter table touch add column delivery_id uuid;
create index touch_of_delivery on touch (delivery_id, at) where delivery_id is not null;
comment on column touch.delivery_id is 'The delivery that handed the lead over, where somebody of the client says what they did; null where somebody of the firm does.';

alter table outcome add column verdict text, add column verdict_why text, add column verdict_by text, add column verdict_at timestamptz;
alter table outcome
    add constraint outcome_verdict_is_known check (verdict in ('upheld', 'rejected')),
    add constraint outcome_verdict_is_of_a_return check (verdict is null or kind = 'returned'),
    add constraint outcome_verdict_is_whole check ((verdict is null) = (verdict_why is null) and (verdict is null) = (verdict_by is null) and (verdict is null) = (verdict_at is null));
comment on column outcome.verdict is 'What the firm says to a return: upheld or rejected; null while it says nothing.';
comment on column outcome.verdict_why is 'Why, in the firm''s words.';
comment on column outcome.verdict_by is 'Who of the firm said so.';
comment on column outcome.verdict_at is 'When.';

-- Beside whatever kinds are known by now.
do $$
declare
    known text;
begin
    select substring(pg_get_constraintdef(oid) from '^CHECK \((.*)\)$') into strict known
    from pg_constraint where conrelid = 'notice'::regclass and conname = 'notice_kind_is_known';
    alter table notice drop constraint notice_kind_is_known;
    execute format('alter table notice add constraint notice_kind_is_known check (%s or kind in (''rep_link'', ''return_judged''))', known);
end $$;
