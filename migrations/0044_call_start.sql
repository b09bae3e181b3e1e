-- A call made past the desk whose first message carried no time was held to have begun when that message came: what was told of it
-- later, of an answer or an end before that, was taken for a contradiction and left out for good.
alter table call add column is_start_told boolean not null default true;
comment on column call.is_start_told is 'The telephone, or the desk that dialed, said when it began; else dialed_at is the earliest moment that is known of it, or when it was first told of.';
