-- A body that says what counts makes no arrival of its own, and when it came was kept nowhere. One that was received before it and is
-- worked after it was then the newest, and counted in its place.
--
-- Without a default: no row is read or written. A process of the version before leaves it empty, and works as it did.
alter table arrival add column said_again_at timestamptz;
comment on column arrival.said_again_at is 'When the last body was received that says the same under its external id or form and made no arrival of its own: what counts is decided by this and not by received_at. Null where none did.';
