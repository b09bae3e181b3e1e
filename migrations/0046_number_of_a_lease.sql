-- What is said of a number is said of the one that was shown: where somebody wrote another one down meanwhile, the right one was given up
-- in place of the one that was called.
alter table desk_lease add column phone text;
comment on column desk_lease.phone is 'The number that the person was known by when it was taken, with its extension; empty where there was none. Null in what an older version took: then nobody knows.';
