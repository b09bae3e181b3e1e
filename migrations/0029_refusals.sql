-- What refusals of mail show, and one mailbox under two names.

alter table mail_refusal add column stage text,
    add constraint mail_refusal_stage_is_known check (stage in ('opening', 'sender', 'recipient', 'content'));
comment on column mail_refusal.stage is 'How far the conversation had come in which it was said; null where a mail that came back says it, and in rows of versions before.';

create table mail_unexplained (
    about_id uuid primary key,
    words text not null,
    refused_at timestamptz not null,
    times integer not null default 1,
    constraint mail_unexplained_counts_from_one check (times >= 1)
);
create index mail_unexplained_by_words on mail_unexplained (words, refused_at);
comment on table mail_unexplained is 'Mails that the server refused once it had them, by no code and no words that are known. The same of several leads'' mails to several addresses is the sender''s.';
comment on column mail_unexplained.about_id is 'The delivery or notice that was mailed.';
comment on column mail_unexplained.words is 'The reply code and the words as they are compared, without what is of one mail alone.';
comment on column mail_unexplained.refused_at is 'When it was refused last; forgotten after a month.';
comment on column mail_unexplained.times is 'How often it was.';

-- Google has gmail.com and googlemail.com lead to the same mailbox.
create function email_twin(value text) returns text language sql immutable strict parallel safe as
$$ select case split_part(value, '@', 2) when 'gmail.com' then split_part(value, '@', 1) || '@googlemail.com'
               when 'googlemail.com' then split_part(value, '@', 1) || '@gmail.com' end $$;
comment on function email_twin is 'The other name of the same mailbox; null where there is none.';

-- Entries from before are hashes of either name, and cannot be made again.
create or replace function identity_hashes(inner_pad bytea, outer_pad bytea, kind text, value text) returns bytea[] language sql stable as
$$ select array[identity_hash(inner_pad, outer_pad, kind, value),
                case when kind = 'phone' and value like '%;ext=%' then identity_hash(inner_pad, outer_pad, kind, split_part(value, ';', 1))
                     when kind = 'email' and email_twin(value) is not null then identity_hash(inner_pad, outer_pad, kind, email_twin(value)) end] $$;
comment on function identity_hashes is 'What an address or number is suppressed by: itself, the number without its extension, and the address by the other name of its mailbox.';

-- Persons are recognised by the first name from now on. The other stays beside it: a version before looks for what it wrote.
insert into person_identity (client_id, kind, value, person_id, void_at, void_by, merge_id)
select client_id, kind, email_twin(value), person_id, void_at, void_by, merge_id
from person_identity where kind = 'email' and value like '%@googlemail.com'
on conflict do nothing;

-- Whom an offer may have come to: asked before anybody is told that it is none any more.
create function offer_may_have_come(of_delivery uuid) returns boolean language sql stable as
$$ select d.first_delivered_at is not null or d.state in ('leased', 'delivered', 'filed')
          or d.attempts > 0 and e.kind = 'webhook'
             and not coalesce((select bool_and(coalesce(a.status between 400 and 499, false)) from attempt a where a.delivery_id = d.id), false)
   from delivery d join endpoint e on e.id = d.endpoint_id where d.id = of_delivery $$;
comment on function offer_may_have_come is 'Whether whoever a lead was offered to may know of it. A mail server says of each mail whether it took it; a webhook that answered nothing, or with its own fault, may have the offer, and so has whoever fetched it.';

-- What stops somebody is told by another way where its endpoint only fails, too.
drop index delivery_news_undelivered;
create index delivery_news_undelivered on delivery (created_at)
    where event in ('lead.suppressed', 'lead.recalled') and state in ('dead', 'held', 'pending') and followed_up_at is null;
