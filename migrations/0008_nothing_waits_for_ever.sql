-- Dead letters keep every body; what grows for years has its indexes.

alter table dead_letter add column digest bytea not null generated always as (substring(sha256(body) for 16)) stored;
alter table dead_letter add column seen_id uuid;
drop index dead_letter_waiting_is_single;
create unique index dead_letter_waiting_is_single on dead_letter (queue, message_id, digest) where state = 'waiting';
comment on column dead_letter.digest is 'First 128 bits of the body''s SHA-256: a second body under the same id waits beside the first.';
comment on column dead_letter.seen_id is 'The id under which its arrival counts as dead: its own, or one derived from it and the body; null where it ended nothing.';
comment on column dead_letter.body is 'The message, byte for byte; empty once a person dropped it.';

create index lead_of_person on lead (person_id);
create index lead_of_client on lead (client_id);
create index arrival_of_person on arrival (person_id) where person_id is not null;
create index arrival_of_client on arrival (client_id, received_at);
create index arrival_raw_by_receipt on arrival (received_at) where raw <> '';
