-- Who could not be given a lead has no part in it once somebody else has it; records that a receiver does not take are told from a
-- receiver that fails; and news that came to nobody is somebody's work.

create function delivery_given_on(given_up uuid) returns boolean
    language sql stable strict parallel safe
    return exists (
        select from delivery d left join endpoint e on e.id = d.endpoint_id
        join maturation m on m.id = d.maturation_id
        join delivery o on o.maturation_id = d.maturation_id and o.id <> d.id and o.event = 'lead.matured'
        join endpoint x on x.id = o.endpoint_id
        where d.id = given_up and d.event = 'lead.matured' and d.state = 'dead'
          and (o.state in ('delivered', 'filed') or o.state in ('pending', 'held', 'leased') and x.state = 'enabled' and x.probe_at is null)
          -- Where every endpoint gets every lead nobody has it in another's place; what has no rep is a program of the client, which may
          -- have beside it what its fallback was mailed.
          and case when coalesce(d.rep_id, e.rep_id) is null
                   then m.routed_at is not null and not x.is_fallback and (x.rep_id is not null or o.rep_id is not null or x.id <> e.id)
                   else (m.routed_at is not null or x.is_fallback) and coalesce(o.rep_id, x.rep_id) is distinct from coalesce(d.rep_id, e.rep_id)
              end);
comment on function delivery_given_on is 'Whether a lead that a delivery could not hand over is with another recipient of the client by now, or on its way there.';

create or replace view delivery_over as
select d.id as delivery_id,
       case when p.do_not_contact then 'the person asked not to be contacted'
            when l.stage = 'closed' and not (d.event = 'lead.updated' and d.said ->> 'kind' is not distinct from 'grade') then 'the lead was closed'
            when l.recalled_at >= m.at then 'the lead was taken back'
            when l.returned_at >= m.at then 'the lead was given back'
            when d.event <> 'lead.updated' and l.stage = 'customer' and d.first_delivered_at is null then 'the lead was won'
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
where d.event in ('lead.matured', 'lead.offered', 'lead.updated');

alter table endpoint add column refused_leads uuid[] not null default '{}', add column refused_since timestamptz,
    add constraint endpoint_refused_since_a_time check ((refused_since is null) = (refused_leads = '{}'));
comment on column endpoint.refused_leads is 'Leads of which it did not take what it was sent, in a row, each once; empty while it fails. Three are a failure of the endpoint.';
comment on column endpoint.refused_since is 'When the first of them was refused: what it took since ends the row; null where there is none.';

-- Of the past nobody is told now.
update delivery set followed_up_at = ended_at where event = 'lead.updated' and state = 'dead' and followed_up_at is null;
create index delivery_update_undelivered on delivery (created_at)
    where event = 'lead.updated' and state = 'dead' and followed_up_at is null;
