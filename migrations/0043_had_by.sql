-- Whether somebody has a lead said one function, and whether somebody else has it in another's place a second one in other words: it took
-- a webhook of the team for the rep whom that webhook names, also where that rep's own mail came back. By which deliveries somebody has it is
-- said once now. Not strict, so that it is planned as a part of the statement that asks.
create function delivery_had_by(of_delivery uuid) returns setof uuid language sql stable parallel safe as
$$ select o.id
   from delivery d join endpoint e on e.id = d.endpoint_id
   join delivery o on o.maturation_id = d.maturation_id and o.event = 'lead.matured'
   join endpoint x on x.id = o.endpoint_id
   cross join lateral (
       select coalesce((select s.kind in ('accepted', 'won') from outcome s where s.delivery_id = o.id order by s.number desc limit 1), false) as accepted) a
   where d.id = of_delivery and (o.id <> d.id or a.accepted)
     -- What lies at an endpoint that is off, or fails, nobody has; what somebody accepted they have, whatever their server said of it.
     and (o.state in ('delivered', 'filed') or o.state in ('pending', 'held', 'leased') and x.state = 'enabled' and x.probe_at is null or a.accepted)
     -- Where a mail came back nobody is reached by a webhook of the team that had the lead beside it. One that was given the lead
     -- after that has it in the mail's place, and so has one that was mailed only because the webhook failed.
     and (d.state <> 'dead' or e.kind <> 'email' or e.is_fallback and d.took_no_place
          or x.kind = 'email' or x.rep_id is not null or o.created_at >= d.ended_at or a.accepted) $$;
comment on function delivery_had_by is 'By which deliveries of its maturation somebody of the client has, or is on the way to have, the lead of a delivery that was given up, was withdrawn or waits; itself among them where it was accepted.';

create or replace function delivery_is_had(of_delivery uuid) returns boolean
    language sql stable strict parallel safe
    return exists (select from delivery_had_by(of_delivery));

create or replace function delivery_given_on(given_up uuid) returns boolean
    language sql stable strict parallel safe
    return exists (
        select from delivery d join endpoint e on e.id = d.endpoint_id
        join maturation m on m.id = d.maturation_id
        cross join lateral delivery_had_by(d.id) h (id)
        join delivery o on o.id = h.id and o.id <> d.id and o.state <> 'withdrawn'
        join endpoint x on x.id = o.endpoint_id
        where d.id = given_up and d.event = 'lead.matured' and d.state = 'dead'
          -- Where every endpoint gets every lead nobody has it in another's place; what has no rep is a program of the client, which may
          -- have beside it what its fallback was mailed.
          and case when coalesce(d.rep_id, e.rep_id) is null
                   then m.routed_at is not null and not x.is_fallback and (x.rep_id is not null or o.rep_id is not null or x.id <> e.id)
                   else (m.routed_at is not null or x.is_fallback) and coalesce(o.rep_id, x.rep_id) is distinct from coalesce(d.rep_id, e.rep_id)
              end);
