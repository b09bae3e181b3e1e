-- Who may still be given a lead is asked in one place; what was taken back at the desk stops at once; where a mail went is kept.

alter table regrade add column taken_back boolean not null default false;
comment on column regrade.taken_back is 'A disposition was taken back since the last decision: what nobody has of the lead goes to nobody before the next one.';
create index regrade_taken_back on regrade (lead_id) where taken_back;

create view lead_to_give as
select m.id as maturation_id,
       case when p.do_not_contact then 'the person asked not to be contacted'
            when l.stage = 'closed' then 'the lead was closed'
            when l.stage not in ('lead', 'contact', 'opportunity') then 'the lead was won'
            when l.recalled_at >= m.at then 'the lead was taken back'
            when l.returned_at >= m.at then 'the lead was given back'
            when m.id <> (select x.id from maturation x where x.lead_id = m.lead_id order by x.at desc, x.id desc limit 1)
              then 'the lead matured again since'
            when l.grade is distinct from 'A' then 'the lead is no longer A' end as why_not,
       exists (select from regrade g where g.lead_id = m.lead_id and g.taken_back) as is_undecided
from maturation m join lead l on l.id = m.lead_id join person p on p.id = l.person_id;
comment on view lead_to_give is 'Whether what matured may still be given to somebody who was not given it before: by the fallback''s mail, to who comes next, by a new routing or by hand. Each of these asks here.';
comment on column lead_to_give.maturation_id is 'The maturation.';
comment on column lead_to_give.why_not is 'Why it is given to nobody new any more, in words; null where it may be.';
comment on column lead_to_give.is_undecided is 'A disposition was taken back and the lead is not decided since: it waits for that decision.';

comment on view delivery_over is 'Deliveries that hand over, offer or update a lead, and why they are not to go out any more. The grade is left out on purpose: what an endpoint was sent is retried there although the lead is no A any more, because the first attempt may have come. Whoever gives the lead to somebody new asks lead_to_give.';

alter table delivery add column mailed_to text;
comment on column delivery.mailed_to is 'The address to which the last attempt went, where it is a mail: the endpoint''s may be another one when that mail comes back.';
