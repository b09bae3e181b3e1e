-- A date that a person agreed to is an hour on a clock: when the rules of its zone change later, the instant moves and the hour
-- stays. Until now only the instant was kept.
--
-- Null for computed promises, and for what was agreed before: its instant stays.

alter table promise add column agreed_civil timestamp;
alter table promise add column zone text;
alter table promise add constraint promise_agreed_civil_has_a_zone check ((agreed_civil is null) = (zone is null));
create index promise_by_agreed_civil on promise (lead_id, generation) where state = 'scheduled' and agreed_civil is not null;
comment on column promise.agreed_civil is 'What the clock of the zone shows when it falls due, where somebody named the time; null where it was computed.';
comment on column promise.zone is 'Whose clock: a name of the tz database. due_at is computed again from both when its rules change.';
