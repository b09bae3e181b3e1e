-- Which of a person's addresses and numbers an enquiry brought and nobody replaced since: those are told beside the one that is
-- reached first. A column without a default: no row is written.
alter table person_identity add column said_at timestamptz;
comment on column person_identity.said_at is
  'when an enquiry brought it; null where a correction put something else in its place, or a version before linked it';
