-- Under which fuller names a person is known beside the one that is shown: who is called Sam was Samuel before Samantha enquired under the
-- same number. A column without a default: no row is read or written. Whoever is known only by the name that is shown has none, and so has
-- everybody whom a version before wrote, which leaves the column alone.
alter table person add column known_as text[];
comment on column person.known_as is 'Further names that the person is known by, each fuller than the one that is shown. Compared, and shown to nobody. Null where there is none.';

-- The date for which a client gave a lead back was agreed with nobody, and was marked as if it were: who enquired before it waited for it.
-- The open ones, by an index of them; what a version before writes after this waits as it did.
update promise p set agreed = false
from client c
where c.id = p.client_id and p.kind = 'requalify' and p.agreed and p.worked_at is null and p.state in ('scheduled', 'work')
  and p.due_at > p.created_at and p.from_whom in (c.name, c.slug);
