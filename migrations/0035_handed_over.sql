-- Who has a lead is read from its deliveries, not from its grade: a lead that was handed over stays with its rep when its grade falls.
create function lead_is_handed_over(of_lead uuid, matured timestamptz, returned timestamptz, recalled timestamptz) returns boolean
language sql stable parallel safe as $$
    select matured is not null and (returned is null or matured > returned) and exists (
        select from delivery d
        where d.lead_id = of_lead and d.event = 'lead.matured'
          and (d.state in ('delivered', 'filed') or d.attempts > 0 and d.state in ('pending', 'held', 'leased')
               or d.state = 'dead' and coalesce((select o.kind in ('accepted', 'won') from outcome o where o.delivery_id = d.id order by o.number desc limit 1), false))
          and not coalesce(recalled >= d.created_at, false)
          and d.maturation_id = (select m.id from maturation m where m.lead_id = of_lead order by m.at desc, m.id desc limit 1))
$$;
comment on function lead_is_handed_over is 'Whether a lead''s client has it, an attempt to hand it over was made and goes on, or somebody accepted what could not be delivered: by the deliveries of its last maturation, while nobody gave or took it back since.';

-- What the client has, whatever its grade is by now, the last that arrived on first.
create index lead_matured_by_arrival on lead (last_arrived_at desc, id desc)
    where matured_at is not null and stage in ('lead', 'contact', 'opportunity');
create index lead_matured_of_client on lead (client_id, last_arrived_at desc, id desc)
    where matured_at is not null and stage in ('lead', 'contact', 'opportunity');
