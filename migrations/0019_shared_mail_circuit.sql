-- A wish to wait outlives an open circuit, that a lead is no A any more is told of closed ones too, deliveries can wait for reps,
-- and the mail server's circuit is one for all processes.

alter table delivery add column not_before timestamptz;
comment on column delivery.not_before is 'Until when the receiver asked to wait with this delivery (Retry-After); null where it did not with the last attempt. An endpoint that works again does not shorten it.';

create or replace view delivery_over as
select d.id as delivery_id,
       case when p.do_not_contact then 'the person asked not to be contacted'
            when l.stage = 'closed' and not (d.event = 'lead.updated' and d.said ->> 'kind' = 'grade') then 'the lead was closed'
            when l.recalled_at >= m.at then 'the lead was taken back'
            when l.returned_at >= m.at then 'the lead was given back'
            when d.event <> 'lead.updated' and l.stage = 'customer' and d.first_delivered_at is null then 'the lead was won'
            when d.event = 'lead.offered' and k.taken_by is not null then 'somebody else took it'
            when d.event = 'lead.offered' and k.until > (d.said ->> 'until')::timestamptz + interval '1 second' then 'nobody took it in time'
            when d.event = 'lead.updated' and (select o.kind from delivery h join outcome o on o.delivery_id = h.id
                   where h.maturation_id = d.maturation_id and h.endpoint_id = d.endpoint_id and h.event = 'lead.matured'
                   order by o.number desc limit 1) in ('returned', 'not_yet') then 'the lead was given back' end as why,
       case when d.event = 'lead.offered' then coalesce((d.said ->> 'until')::timestamptz, k.until) end as until,
       case when d.first_delivered_at is null then 'withdrawn'
            when exists (select from attempt a where a.delivery_id = d.id and a.error = 'filed')
                 and not exists (select from attempt a where a.delivery_id = d.id and a.status between 200 and 299) then 'filed'
            else 'delivered' end as ends_as
from delivery d join lead l on l.id = d.lead_id join person p on p.id = l.person_id
left join maturation m on m.id = d.maturation_id left join claim k on k.maturation_id = d.maturation_id
where d.event in ('lead.matured', 'lead.offered', 'lead.updated');

create table mail_circuit (
    id boolean primary key default true,
    failures integer not null,
    failing_since timestamptz not null,
    probes integer not null default 0,
    probe_at timestamptz,
    why text not null,
    constraint mail_circuit_is_single check (id),
    constraint mail_circuit_counts_are_sound check (failures >= 1 and probes >= 0 and (probes = 0 or probe_at is not null))
);
comment on table mail_circuit is 'That the mail server was not there for the last mails, of all processes that send; no row while it is there.';
comment on column mail_circuit.id is 'There is one.';
comment on column mail_circuit.failures is 'Mails in a row that it was not there for.';
comment on column mail_circuit.failing_since is 'When the first of them was.';
comment on column mail_circuit.probes is 'Mails that tried since all others wait, in vain.';
comment on column mail_circuit.probe_at is 'When one mail, of any process, may try it; null while too few failed for the others to wait.';
comment on column mail_circuit.why is 'What came of the last of them, without addresses.';

alter table claim add column counted_on date;
comment on column claim.counted_on is 'The client''s date against whose limit the lead counted when it was first offered; null in rows from before. Taken on another day it counts against that one.';

alter table delivery add column waits_for uuid[] not null default '{}';
comment on column delivery.waits_for is 'Reps for whom alone a lead without an endpoint is held, because none of them has one that is enabled; empty where it waits for anything else.';

alter table route add column when_dead text,
    add constraint route_when_dead_is_known check (when_dead in ('next', 'fallback', 'wait'));
comment on column route.when_dead is 'What becomes of leads that could not be delivered while this document is in force; null: what the client''s own setting says.';

create function url_shown(url text) returns text
    language sql immutable strict parallel safe
    return regexp_replace(regexp_replace(url, '^([^:]+://)[^/?#]*@', '\1…@'), '[?#].*$', '?…');
comment on function url_shown is 'A webhook''s URL as people see it: without its login and its query, which may be credentials.';
