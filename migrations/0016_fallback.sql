-- Whether a delivery is still to go out is one question with one answer: asked by every lease, whichever attempt it is, by a
-- replay, and before a lead goes by mail because its webhook fails.

create view delivery_over as
    select d.id as delivery_id,
           case when p.do_not_contact then 'the person asked not to be contacted'
                when l.stage = 'closed' then 'the lead was closed'
                when l.recalled_at >= m.at then 'the lead was taken back'
                when l.returned_at >= m.at then 'the lead was given back'
                when d.event <> 'lead.updated' and l.stage = 'customer' and d.first_delivered_at is null then 'the lead was won'
                when d.event = 'lead.offered' and k.taken_by is not null then 'somebody else took it'
                when d.event = 'lead.offered' and k.until > (d.said ->> 'until')::timestamptz + interval '1 second' then 'nobody took it in time'
                when d.event = 'lead.updated' and (select o.kind from delivery h join outcome o on o.delivery_id = h.id
                                                   where h.maturation_id = d.maturation_id and h.endpoint_id = d.endpoint_id and h.event = 'lead.matured'
                                                   order by o.number desc limit 1) in ('returned', 'not_yet') then 'the lead was given back'
           end as why,
           case when d.event = 'lead.offered' then coalesce((d.said ->> 'until')::timestamptz, k.until) end as until,
           case when d.first_delivered_at is null then 'withdrawn'
                when exists (select from attempt a where a.delivery_id = d.id and a.error = 'filed')
                     and not exists (select from attempt a where a.delivery_id = d.id and a.status between 200 and 299) then 'filed'
                else 'delivered' end as ends_as
    from delivery d join lead l on l.id = d.lead_id join person p on p.id = l.person_id
    left join maturation m on m.id = d.maturation_id left join claim k on k.maturation_id = d.maturation_id
    where d.event in ('lead.matured', 'lead.offered', 'lead.updated');
comment on view delivery_over is 'Deliveries that hand over, offer or update a lead, and why they are not to go out any more.';
comment on column delivery_over.delivery_id is 'The delivery.';
comment on column delivery_over.why is 'Why it is over, in words: person, lead or offer; null while it is to go out. Suppressions are looked up apart, by their hashes.';
comment on column delivery_over.until is 'When the offer ends that it makes; null where it makes none.';
comment on column delivery_over.ends_as is 'The state in which it ends then: withdrawn, or as what it ended before it was to be sent again.';
