-- Who left gets nobody's data any more, one mail's content stops no other mail, what was given beside the routing took no place in the
-- day, and what cannot be mailed is somebody's work.

-- One predicate, asked by every sender of mail and every link.
alter table rep add column has_left boolean generated always as (is_paused and back_on is null) stored;
comment on column rep.has_left is 'Paused without a date of return: has left, and gets no leads, no mails and no pages any more.';

-- The address is looked up when the mail goes out; what an older process writes is known by the address that it copied.
alter table notice add column rep_id uuid;
comment on column notice.rep_id is 'The rep it is for, whose address and state are looked up when it is sent; null where it is for an address.';
create index notice_dead on notice (ended_at) where state = 'dead';

alter table delivery add column undo_until timestamptz, add column took_no_place boolean not null default false;
comment on column delivery.undo_until is 'Until when the desk can take it back, where a person of the firm matured the lead: it goes nowhere before; null otherwise.';
comment on column delivery.took_no_place is 'Handed over beside the routing, by hand or because a webhook fails: it took no place in anybody''s day, and gives none back.';

-- Of the past nobody is told now.
update delivery set followed_up_at = ended_at where state = 'dead' and followed_up_at is null and event <> 'lead.matured';
create index delivery_news_undelivered on delivery (created_at)
    where event in ('lead.suppressed', 'lead.recalled') and state in ('dead', 'held') and followed_up_at is null;
create index delivery_offer_dead on delivery (ended_at) where event = 'lead.offered' and state = 'dead' and followed_up_at is null;

create table mail_blame (
    about_id uuid primary key,
    refused_at timestamptz not null,
    times integer not null default 0,
    constraint mail_blame_counts_from_zero check (times >= 0)
);
comment on table mail_blame is 'Mails and addresses at which the mail server said that it refuses the sender. What is refused again and again while other mails are taken is refused itself.';
comment on column mail_blame.about_id is 'The delivery or notice that was mailed, and the endpoint that it went to.';
comment on column mail_blame.refused_at is 'When it met the refusal last; forgotten after a month.';
comment on column mail_blame.times is 'How often another mail was taken after it had been refused; of an endpoint since it took one itself.';

-- Beside whatever kinds are known by now.
do $$
declare
    known text;
begin
    select substring(pg_get_constraintdef(oid) from '^CHECK \((.*)\)$') into strict known
    from pg_constraint where conrelid = 'notice'::regclass and conname = 'notice_kind_is_known';
    alter table notice drop constraint notice_kind_is_known;
    execute format('alter table notice add constraint notice_kind_is_known check (%s or kind = ''notice_dead'')', known);
end $$;
