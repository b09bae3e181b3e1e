-- Whose words a draft is: two tabs of one agent type about the same lead, and the disposition of one threw away what the other had
-- saved since. A column without a default: no row is read or written.
alter table desk_draft add column touch uuid;
comment on column desk_draft.touch is 'The touch that the page will commit it as, where it said so: that one''s disposition ends the draft. Null where none was named.';

-- Who enquired, whom nobody reached since, and whose last number a call found to be wrong or dead is waited for by nobody else: such a
-- lead stood in no list for a quarter of a year, though whoever came without a number was in this one. It leaves the list as soon as
-- somebody writes down what they did.
create or replace function leads_without_number(client uuid, due_by timestamptz) returns table (lead_id uuid, at timestamptz) language sql stable parallel safe as
$$ select w.lead_id, w.at
   from (select h.id from person h where h.client_id = client and h.phone is null offset 0) h cross join lateral (
     select l.id as lead_id, l.last_enquiry_at as at from lead l
     where l.person_id = h.id and l.stage in ('lead', 'contact', 'opportunity')
       and (l.touches <= l.touches_before and not coalesce(l.in_bulk, l.channel = 'list')
            or l.touches > l.touches_before and (l.last_conversation_at is null or l.last_conversation_at < l.last_enquiry_at)
               and (select t.disposition from touch t where t.lead_id = l.id and t.delivery_id is null order by t.at desc, t.id desc limit 1)
                   in ('wrong_number', 'number_dead'))
       and (l.grade is distinct from 'A' or l.returned_at is not null)
       and not lead_is_handed_over(l.id, l.matured_at, l.returned_at, l.recalled_at)
       and not exists (select from promise p where p.lead_id = l.id and p.kind = 'requalify' and p.worked_at is null
                       and p.state in ('scheduled', 'work') and p.due_at <= due_by)
     union all
     select l.id, p.due_at from lead l join promise p on p.lead_id = l.id
     where l.person_id = h.id and l.stage in ('lead', 'contact', 'opportunity')
       and p.kind = 'requalify' and p.worked_at is null and p.state in ('scheduled', 'work') and p.due_at <= due_by
       and (p.agreed and p.due_at >= p.created_at
            or not p.agreed and (l.grade is distinct from 'A' or l.returned_at is not null)
               and not lead_is_handed_over(l.id, l.matured_at, l.returned_at, l.recalled_at))) w $$;
comment on function leads_without_number is 'Leads of a client that wait and whose person no number leads to: a call is due, they enquired by themselves and nobody called, or the last number was lost to a call before anybody reached them; each with since when.';
