-- Wishes not to be contacted that versions before kept with arrivals and did not hear are swept up by a command, a piece of the arrivals
-- at a time. How far it has come stays: read once more, an arrival would suppress again whom somebody has let be contacted since.
create table suppression_sweep (
    only_one boolean primary key default true,
    after_id uuid not null,
    at timestamptz not null,
    constraint suppression_sweep_is_one check (only_one)
);
comment on table suppression_sweep is 'How far arrivals of versions before were searched for wishes not to be contacted. No row where nobody has begun.';
comment on column suppression_sweep.only_one is 'There is one search.';
comment on column suppression_sweep.after_id is 'Arrivals up to this id were searched.';
comment on column suppression_sweep.at is 'When the last of them was.';
