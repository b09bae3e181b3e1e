-- Under which fuller names a person is known beside the one that is shown: who is called Sam was Samuel before Samantha enquired under the
-- same number. A column without a default: no row is read or written. Whoever is known only by the name that is shown has none, and so has
-- everybody whom a version before wrote, which leaves the column alone.
alter table person add column known_as text[];
comment on column person.known_as is 'Further names that the person is known by, each fuller than the one that is shown. Compared, and shown to nobody. Null where there is none.';
