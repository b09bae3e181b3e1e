-- Who could have sent an arrival, under which key what a pause kept came, what a lift ends, and what makes forgetting cheap.

alter table arrival
    add column by_visitor boolean not null default false,
    add column key_id uuid,
    add constraint arrival_key_is_of_a_pause check (key_id is null or reason is null or reason = 'source_paused');
comment on column arrival.by_visitor is 'It came with a page''s address or out of a form, so that whoever reads the page could have sent it: under a common external id it says nothing of others unless it may be of the same person.';
comment on column arrival.key_id is 'What the Idempotency-Key makes that it came with, where its source was paused: a retry under it is the same from its release on. Null otherwise.';

-- What need not be kept is found by when it was seen, whatever else there is.
create index arrival_seen_by_time on arrival_seen (seen_at);
-- Of which sources a pause keeps something, one after the other.
create index arrival_kept_by_pause on arrival (source_id)
    where state = 'quarantined' and reason = 'source_paused' and released_at is null and dropped_at is null;
-- What ended in the quarantine by being given up.
create index arrival_dropped on arrival (received_at, id)
    where state = 'quarantined' and dropped_at is not null;

alter table touch add column wish_lifted_at timestamptz,
    add constraint touch_wish_is_of_a_wish check (wish_lifted_at is null or disposition = 'do_not_contact');
comment on column touch.wish_lifted_at is 'When the firm let the person be contacted again who asked here not to be: from then on nothing more is suppressed for this wish. Null where it holds.';
