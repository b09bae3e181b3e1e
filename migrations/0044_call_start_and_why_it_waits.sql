-- A call made past the desk whose first message carried no time was held to have begun when that message came: what was told of it
-- later, of an answer or an end before that, was taken for a contradiction and left out for good.
alter table call add column is_start_told boolean not null default true;
comment on column call.is_start_told is 'The telephone, or the desk that dialed, said when it began; else dialed_at is the earliest moment that is known of it, or when it was first told of.';

-- What waits because a delivery was given up ends where that one is sent again after all; what waited before, for somebody who is to have
-- the lead beside it, does not: the two could not be told apart.
alter table delivery add column because_of uuid;
comment on column delivery.because_of is 'Of a lead without an endpoint: the delivery that was given up and because of which it waits; empty where it waited before that.';

-- Whether a disposition that is taken back is all that a lead is decided for.
alter table regrade add column taken_back_version bigint;
comment on column regrade.taken_back_version is 'The version at which a disposition was taken back: whatever was asked since counts it on.';
