-- Whether somebody has the lead of a delivery that came to nothing was asked in other words by whoever gives it on, by the list of what was
-- given up, by the list of what nobody touched and by whoever tells news: a mail that came back beside a webhook waited for somebody to send
-- it, and stood in no list where anybody would have seen it.
create function delivery_is_had(of_delivery uuid) returns boolean
    language sql stable strict parallel safe
    return exists (
        select from delivery d join endpoint e on e.id = d.endpoint_id
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
               or x.kind = 'email' or x.rep_id is not null or o.created_at >= d.ended_at or a.accepted));
comment on function delivery_is_had is 'Whether somebody of the client has, or is on the way to have, the lead of a delivery that was given up, was withdrawn or waits: by another delivery of its maturation, or because it was accepted.';

-- What a person's locale says first, as it is compared with the languages of agents: forms and phones write en_US, lists of languages eng.
create function locale_language(locale text) returns text language sql immutable strict parallel safe
    return lower(btrim(split_part(translate(locale, '_,;', '---'), '-', 1)));
comment on function locale_language is 'The first part of a locale, by whichever sign it is parted, in small letters: which words of it are one language the statement that asks is told.';
