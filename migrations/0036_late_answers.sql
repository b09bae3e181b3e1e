-- What is sold is the client's all the same: its programs are given it, and its people are not given it to sell.

create or replace view delivery_over as
select d.id as delivery_id,
       case when p.do_not_contact then 'the person asked not to be contacted'
            when l.stage = 'closed' and not (d.event = 'lead.updated' and d.said ->> 'kind' is not distinct from 'grade') then 'the lead was closed'
            when l.recalled_at >= m.at then 'the lead was taken back'
            when l.returned_at >= m.at then 'the lead was given back'
            when l.stage = 'customer' and d.first_delivered_at is null
                 and (d.event = 'lead.offered' or d.event = 'lead.matured' and e.kind is distinct from 'webhook') then 'the lead was won'
            when d.event = 'lead.offered' and k.taken_by is not null then 'somebody else took it'
            when d.event = 'lead.offered' and k.until > (d.said ->> 'until')::timestamptz + interval '1 second' then 'nobody took it in time'
            when d.event = 'lead.updated' and (select o.kind from delivery h join outcome o on o.delivery_id = h.id
                   where h.maturation_id = d.maturation_id and h.endpoint_id = d.endpoint_id and h.event = 'lead.matured'
                   order by o.number desc limit 1) in ('returned', 'not_yet') then 'the lead was given back'
            when d.event = 'lead.updated' and exists (select from delivery h
                   where h.maturation_id = d.maturation_id and h.endpoint_id = d.endpoint_id and h.event = 'lead.matured'
                     and (h.state = 'withdrawn' or delivery_given_on(h.id))) then 'somebody else has the lead' end as why,
       case when d.event = 'lead.offered' then coalesce((d.said ->> 'until')::timestamptz, k.until) end as until,
       case when d.first_delivered_at is null then 'withdrawn'
            when exists (select from attempt a where a.delivery_id = d.id and a.error = 'filed')
                 and not exists (select from attempt a where a.delivery_id = d.id and a.status between 200 and 299) then 'filed'
            else 'delivered' end as ends_as
from delivery d join lead l on l.id = d.lead_id join person p on p.id = l.person_id
left join maturation m on m.id = d.maturation_id left join claim k on k.maturation_id = d.maturation_id
left join endpoint e on e.id = d.endpoint_id
where d.event in ('lead.matured', 'lead.offered', 'lead.updated');

-- One mail on which the server breaks off must not have all mail wait.
alter table mail_circuit add column broke_off_at text[] not null default '{}';
comment on column mail_circuit.broke_off_at is 'Hashes of the addresses in whose mails the server broke off, or said what is no answer, since it took one: each counts once.';

-- A lead that reached nobody gives back the places that it took.
comment on column delivery.followed_up_at is 'When the lead was given to somebody else and people were told, after it was given up, again where that is before its end; of what was withdrawn before anybody was given the lead, when the places that it took were given back.';
create index delivery_withdrawn_unreached on delivery (ended_at)
    where event = 'lead.matured' and state = 'withdrawn' and first_delivered_at is null and followed_up_at is null;

-- Many receivers have their secret in the URL, in its query or behind the first part of its path.
create or replace function url_shown(url text) returns text
    language sql immutable strict parallel safe
    return regexp_replace(regexp_replace(regexp_replace(url, '^([^:]+://)[^/?#]*@', '\1…@'), '[?#].*$', '?…'),
                          '^([^:]+://[^/?#]*/[^/?#]+)/[^?]+', '\1/…');
comment on function url_shown is 'A webhook''s URL as people see it: without its login, its query and what stands behind the first part of its path, which may be credentials.';

alter table endpoint add column sealed_url bytea, add column shown_url text,
    drop constraint endpoint_has_its_address,
    add constraint endpoint_has_its_address check ((kind = 'webhook') = (coalesce(url, shown_url) is not null) and (kind = 'email') = (address is not null)),
    add constraint endpoint_url_lies_once check ((sealed_url is null) = (shown_url is null) and (sealed_url is null or url is null));
comment on column endpoint.url is 'Where a webhook is posted, where a version before wrote it in clear; null once it is sealed, so that such a version fails at it and waits.';
comment on column endpoint.sealed_url is 'Where a webhook is posted, encrypted under secrets.key and bound to this row; null where it lies in clear, and of e-mail.';
comment on column endpoint.shown_url is 'The same as people see it: see url_shown.';
