-- What ended is forgotten after a while, where the configuration says so: each is found by when it ended.
create index notice_ended on notice (ended_at) where state <> 'pending';
create index outcome_answer_refused on outcome_answer (at) where refused is not null;
create index claim_until on claim (until);
create index given_by_day on given (day);

-- That a mail to somebody who signs in could not be sent is told to the firm: such a notice belongs to no client, and is for none of those
-- who sign in.
alter table notice drop constraint notice_belongs_to_somebody;
alter table notice add constraint notice_belongs_to_somebody check (client_id is not null or user_id is not null or kind = 'notice_dead');
