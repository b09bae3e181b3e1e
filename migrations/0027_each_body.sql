-- Each body that came under one id has its own status: whoever was told the id finds it there.

alter table arrival_seen add column came_as uuid;
comment on column arrival_seen.came_as is 'The id that the sender was told, where this body is kept under another: what came first has that one. Null where the sender was told this one.';
create index arrival_seen_came_as on arrival_seen (came_as, seen_at) where came_as is not null;
