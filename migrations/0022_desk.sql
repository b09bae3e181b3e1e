-- The desk: who signs in, what an agent holds while working, what a call leaves behind, and what searching reads. Everything
-- is added beside what there is, so that the version before goes on working.

create table user_account (
    id uuid primary key,
    email text not null,
    name text not null,
    role text not null,
    client_id uuid references client (id),
    state text not null default 'active',
    password text,
    password_at timestamptz,
    links_since timestamptz not null default 'epoch',
    languages text[] not null default '{}',
    clients uuid[] not null default '{}',
    time_zone text,
    locale text,
    created_at timestamptz not null,
    constraint user_account_email_is_unique unique (email),
    constraint user_account_email_is_folded check (email = lower(email) and email <> ''),
    constraint user_account_role_is_known check (role in ('admin', 'manager', 'agent', 'broker')),
    constraint user_account_broker_has_a_client check ((role = 'broker') = (client_id is not null)),
    constraint user_account_state_is_known check (state in ('active', 'paused')),
    constraint user_account_password_has_a_date check ((password is null) = (password_at is null))
);
comment on table user_account is 'People who sign in: the firm''s staff, and brokers of clients.';
comment on column user_account.id is 'UUIDv7; user_… outside.';
comment on column user_account.email is 'In small letters; what they sign in with.';
comment on column user_account.name is 'What colleagues and timelines read.';
comment on column user_account.role is 'admin, manager, agent or broker.';
comment on column user_account.client_id is 'A broker''s client; nobody else has one.';
comment on column user_account.state is 'paused: signs in no more, and everything that was held is given back.';
comment on column user_account.password is 'argon2id, as a PHC string; null until an invitation was followed.';
comment on column user_account.password_at is 'When it was set: links made before open nothing, sessions of before end.';
comment on column user_account.links_since is 'Invitations and resets made before open nothing.';
comment on column user_account.languages is 'An agent''s languages (BCP 47, small letters); empty: any.';
comment on column user_account.clients is 'The clients an agent works for; empty: all.';
comment on column user_account.time_zone is 'IANA name; null: the browser''s or the firm''s.';
comment on column user_account.locale is 'BCP 47; decides 12 or 24 hours; null: the browser''s.';
comment on column user_account.created_at is 'When it was made.';

create table user_session (
    hash bytea primary key,
    user_id uuid not null references user_account (id),
    created_at timestamptz not null,
    seen_at timestamptz not null,
    expires_at timestamptz not null,
    agent text not null default '',
    constraint user_session_hash_is_sha256 check (octet_length(hash) = 32)
);
create index user_session_of_user on user_session (user_id);
create index user_session_by_end on user_session (expires_at);
comment on table user_session is 'Browsers that are signed in.';
comment on column user_session.hash is 'SHA-256 of the cookie''s value, which is kept nowhere in clear.';
comment on column user_session.user_id is 'Whose.';
comment on column user_session.created_at is 'When it was signed in, or another password set from it: a password that is set later ends it.';
comment on column user_session.seen_at is 'When it last asked for something, to the minute.';
comment on column user_session.expires_at is 'From when it opens nothing.';
comment on column user_session.agent is 'The browser, as it names itself; at most 200 characters.';

create table user_token (
    id uuid primary key,
    user_id uuid not null references user_account (id),
    name text not null,
    hash bytea not null,
    created_at timestamptz not null,
    seen_at timestamptz,
    revoked_at timestamptz,
    constraint user_token_hash_is_unique unique (hash),
    constraint user_token_hash_is_sha256 check (octet_length(hash) = 32)
);
create index user_token_of_user on user_token (user_id);
comment on table user_token is 'Tokens that programs of users authenticate with at /api/v1: they may what the user may.';
comment on column user_token.id is 'UUIDv7; token_… outside.';
comment on column user_token.user_id is 'Whose.';
comment on column user_token.name is 'What it is for.';
comment on column user_token.hash is 'SHA-256 of the token.';
comment on column user_token.created_at is 'When it was made.';
comment on column user_token.seen_at is 'When it was last used, to the minute.';
comment on column user_token.revoked_at is 'From when it opens nothing.';

create table sign_in_failure (
    key bytea primary key,
    failures integer not null,
    last_at timestamptz not null,
    locked_until timestamptz not null,
    constraint sign_in_failure_key_is_128_bits check (octet_length(key) = 16),
    constraint sign_in_failure_counts_from_one check (failures >= 1)
);
comment on table sign_in_failure is 'Wrong passwords, per account and per address: each one more waits longer. An account''s are forgotten when a right one comes, an address''s one by one; all after a day.';
comment on column sign_in_failure.key is 'Hash of "account:" and the e-mail, or of "address:" and the network address.';
comment on column sign_in_failure.failures is 'How many in a row.';
comment on column sign_in_failure.last_at is 'The last of them.';
comment on column sign_in_failure.locked_until is 'Until then not even a right one opens.';

create table desk_client (
    client_id uuid primary key references client (id),
    weight integer not null default 1,
    served double precision not null default 0,
    briefing text not null default '',
    caller_id text,
    constraint desk_client_weight_is_sound check (weight between 1 and 1000)
);
comment on table desk_client is 'How a client is worked at the desk; a client without a row has the defaults.';
comment on column desk_client.client_id is 'The client.';
comment on column desk_client.weight is 'Its agreed share of the desk, as a weight beside the others''.';
comment on column desk_client.served is 'Virtual time of weighted fair queueing: grows by 1/weight with each lead handed out; the smallest is served next.';
comment on column desk_client.briefing is 'What an agent must know before calling for this client.';
comment on column desk_client.caller_id is 'The number that is shown to who is called; E.164.';

create table desk_lease (
    lead_id uuid primary key,
    client_id uuid not null,
    user_id uuid not null references user_account (id),
    lease uuid not null,
    kind text not null,
    why text not null,
    taken_at timestamptz not null,
    leased_until timestamptz not null,
    constraint desk_lease_is_unique unique (lease)
);
create index desk_lease_of_user on desk_lease (user_id);
create index desk_lease_by_end on desk_lease (leased_until);
comment on table desk_lease is 'Leads that an agent has open: nobody else is handed them. Renewed while the page is open; ended by its disposition, by leaving, or by silence.';
comment on column desk_lease.lead_id is 'The lead: one agent at a time.';
comment on column desk_lease.client_id is 'Whose.';
comment on column desk_lease.user_id is 'Who has it.';
comment on column desk_lease.lease is 'This taking of it: what a page of an earlier one sends is refused.';
comment on column desk_lease.kind is 'Which rank of the order it came from: promised, fresh, untouched, due, plan, rest, or named where it was asked for.';
comment on column desk_lease.why is 'Why this lead now, in words.';
comment on column desk_lease.taken_at is 'When.';
comment on column desk_lease.leased_until is 'By the database''s clock: from then on it is free.';

create table desk_wait (
    lead_id uuid primary key,
    client_id uuid not null,
    until timestamptz not null,
    looked_at timestamptz not null
);
create index desk_wait_by_end on desk_wait (until);
comment on table desk_wait is 'Leads that were looked at and may not be called yet: passed over until then, so that a thousand that sleep are not read by every agent who asks for the next. The gates decide; this only saves looking.';
comment on column desk_wait.lead_id is 'The lead.';
comment on column desk_wait.client_id is 'Whose.';
comment on column desk_wait.until is 'Looked at again from then on; some minutes at most.';
comment on column desk_wait.looked_at is 'When its gates were looked at.';

create table spoken (
    hash bytea not null,
    client_id uuid not null,
    at timestamptz not null,
    primary key (hash, client_id),
    constraint spoken_hash_is_128_bits check (octet_length(hash) = 16)
);
create index spoken_by_time on spoken (at);
comment on table spoken is 'Whom the firm spoke with for which client, as keyed hashes of addresses and numbers: a person is not called for two clients on one day. Kept for two days.';
comment on column spoken.hash is 'HMAC of kind and value under the key of suppressions, cut to 128 bits.';
comment on column spoken.client_id is 'For whom.';
comment on column spoken.at is 'The last conversation.';

create table desk_draft (
    user_id uuid not null references user_account (id),
    lead_id uuid not null,
    client_id uuid not null,
    note text not null default '',
    answers json not null default '{}',
    saved_at timestamptz not null,
    version bigint not null default 0,
    primary key (user_id, lead_id)
);
create index desk_draft_of_lead on desk_draft (lead_id);
create index desk_draft_by_time on desk_draft (saved_at);
comment on table desk_draft is 'What an agent typed and has not committed: survives reload, crash, a second tab and the session''s end.';
comment on column desk_draft.user_id is 'Who typed it.';
comment on column desk_draft.lead_id is 'About which lead.';
comment on column desk_draft.client_id is 'Whose.';
comment on column desk_draft.note is 'The note so far.';
comment on column desk_draft.answers is 'Answers so far, by question, as typed.';
comment on column desk_draft.saved_at is 'When.';
comment on column desk_draft.version is 'Counts savings: an older one that comes late does not replace a newer.';

create table desk_undo (
    touch_id uuid primary key,
    lead_id uuid not null,
    client_id uuid not null,
    user_id uuid not null references user_account (id),
    commands json not null,
    until timestamptz not null,
    done_at timestamptz,
    constraint desk_undo_commands_are_there check (commands is not null)
);
create index desk_undo_of_user on desk_undo (user_id, until);
create index desk_undo_of_lead on desk_undo (lead_id);
create index desk_undo_by_end on desk_undo (until);
comment on table desk_undo is 'What a disposition replaced, kept for as long as it can be taken back.';
comment on column desk_undo.touch_id is 'The touch.';
comment on column desk_undo.lead_id is 'The lead.';
comment on column desk_undo.client_id is 'Whose.';
comment on column desk_undo.user_id is 'Who may take it back.';
comment on column desk_undo.commands is 'The note, answers and the rows as they were before.';
comment on column desk_undo.until is 'Until when.';
comment on column desk_undo.done_at is 'When it was taken back.';

create table call (
    id uuid primary key,
    client_id uuid not null,
    lead_id uuid not null,
    user_id uuid,
    touch_id uuid,
    outside_id text,
    number text not null,
    caller_id text,
    dialed_at timestamptz not null,
    answered_at timestamptz,
    ended_at timestamptz,
    recording_url text,
    state text not null default 'dialed',
    constraint call_outside_id_is_unique unique (outside_id),
    constraint call_answered_after_dialing check (answered_at >= dialed_at),
    constraint call_ends_after_dialing check (ended_at >= dialed_at),
    constraint call_state_is_known check (state in ('dialed', 'ringing', 'answered', 'ended', 'failed'))
);
create index call_of_lead on call (lead_id, dialed_at);
create index call_of_touch on call (touch_id) where touch_id is not null;
comment on table call is 'Calls that the desk made, as far as the telephone tells of them: what it does not tell is unknown, and never made up.';
comment on column call.id is 'UUIDv7; call_… outside.';
comment on column call.client_id is 'For whom it was made.';
comment on column call.lead_id is 'About which lead.';
comment on column call.user_id is 'Who dialed.';
comment on column call.touch_id is 'The touch it belongs to, once there is one.';
comment on column call.outside_id is 'The telephone system''s own id.';
comment on column call.number is 'Dialed, E.164.';
comment on column call.caller_id is 'Shown to who was called.';
comment on column call.dialed_at is 'When.';
comment on column call.answered_at is 'When it was answered; null: unknown or never.';
comment on column call.ended_at is 'When it ended; null: unknown or not yet.';
comment on column call.recording_url is 'Where the recording lies, in the telephone system.';
comment on column call.state is 'dialed, ringing, answered, ended or failed.';

create table call_refusal (
    person_id uuid not null,
    client_id uuid not null,
    what text not null,
    at timestamptz not null,
    by text not null,
    primary key (person_id, what),
    constraint call_refusal_is_known check (what in ('recording', 'notice'))
);
comment on table call_refusal is 'What a person refused on the telephone: being recorded, most of all.';
comment on column call_refusal.person_id is 'The person.';
comment on column call_refusal.client_id is 'Whose.';
comment on column call_refusal.what is 'recording or notice.';
comment on column call_refusal.at is 'When.';
comment on column call_refusal.by is 'To whom.';

create table co_decider (
    id uuid primary key,
    person_id uuid not null,
    lead_id uuid not null,
    client_id uuid not null,
    name text not null,
    relation text not null default '',
    phone text,
    email text,
    at timestamptz not null,
    by text not null,
    constraint co_decider_is_named check (name <> '')
);
create index co_decider_of_lead on co_decider (lead_id);
comment on table co_decider is 'Who decides with the person.';
comment on column co_decider.id is 'UUIDv7.';
comment on column co_decider.person_id is 'The person.';
comment on column co_decider.lead_id is 'The lead in whose call it was learned.';
comment on column co_decider.client_id is 'Whose.';
comment on column co_decider.name is 'As it was said.';
comment on column co_decider.relation is 'What they are to the person.';
comment on column co_decider.phone is 'E.164.';
comment on column co_decider.email is 'Where they are reached.';
comment on column co_decider.at is 'When.';
comment on column co_decider.by is 'Who wrote it down.';

create table consent_review (
    id uuid primary key,
    lead_id uuid not null,
    client_id uuid not null,
    source_id uuid,
    why text not null,
    opened_at timestamptz not null,
    opened_by text not null,
    closed_at timestamptz,
    closed_by text,
    verdict text,
    constraint consent_review_closed_is_whole check ((closed_at is null) = (closed_by is null) and (closed_at is null) = (verdict is null)),
    constraint consent_review_verdict_is_known check (verdict in ('consent_holds', 'no_consent'))
);
create unique index consent_review_open_is_single on consent_review (lead_id) where closed_at is null;
create index consent_review_open on consent_review (opened_at) where closed_at is null;
comment on table consent_review is 'Somebody said that they never enquired: work stops until a manager has looked at the consent.';
comment on column consent_review.id is 'UUIDv7.';
comment on column consent_review.lead_id is 'The lead.';
comment on column consent_review.client_id is 'Whose.';
comment on column consent_review.source_id is 'The source that brought it.';
comment on column consent_review.why is 'What was said.';
comment on column consent_review.opened_at is 'When.';
comment on column consent_review.opened_by is 'By whom.';
comment on column consent_review.closed_at is 'When it was looked at.';
comment on column consent_review.closed_by is 'By whom.';
comment on column consent_review.verdict is 'consent_holds: work goes on; no_consent: the lead is closed.';

create table opportunity (
    lead_id uuid primary key,
    client_id uuid not null,
    business text not null,
    amount numeric(14, 4),
    currency text,
    expected_on date,
    likelihood integer,
    at timestamptz not null,
    by text not null,
    constraint opportunity_names_the_business check (business <> ''),
    constraint opportunity_amount_has_a_currency check ((amount is null) = (currency is null)),
    constraint opportunity_amount_is_not_negative check (amount >= 0),
    constraint opportunity_likelihood_is_a_share check (likelihood between 0 and 100)
);
comment on table opportunity is 'The possible business of a lead, once it is known: what makes a contact an opportunity.';
comment on column opportunity.lead_id is 'The lead.';
comment on column opportunity.client_id is 'Whose.';
comment on column opportunity.business is 'What it is about, in words.';
comment on column opportunity.amount is 'How much; null: unknown.';
comment on column opportunity.currency is 'ISO 4217.';
comment on column opportunity.expected_on is 'When it may be decided.';
comment on column opportunity.likelihood is 'In per cent, as the person at the desk judges it.';
comment on column opportunity.at is 'When this was last said.';
comment on column opportunity.by is 'By whom.';

alter table touch add column user_id uuid;
comment on column touch.user_id is 'The user of the desk who did it; null: from the command line, or before there were users.';
create index touch_of_user on touch (user_id, at) where user_id is not null;
alter table touch drop constraint touch_disposition_is_known;
alter table touch add constraint touch_disposition_is_known check (disposition in ('answered', 'no_answer', 'voicemail', 'wrong_number', 'call_back',
    'not_interested', 'do_not_contact', 'note', 'reached_other', 'never_enquired', 'number_dead'));

alter table promise add column user_id uuid;
comment on column promise.user_id is 'The user who promised to call back: they are handed it before others; null: anybody.';
create index promise_of_user on promise (user_id) where user_id is not null and state in ('scheduled', 'work');

-- The desk reads who waits by client and rank, and lists by what happened last.
create index lead_open_of_client on lead (client_id, last_arrived_at desc, id desc) where stage in ('lead', 'contact', 'opportunity');
create index lead_untouched_of_client on lead (client_id, last_enquiry_at, id)
    where stage in ('lead', 'contact', 'opportunity') and touches = 0 and (grade is distinct from 'A' or returned_at is not null);
create index lead_fresh_of_client on lead (client_id, last_enquiry_at desc, id desc)
    where stage in ('lead', 'contact', 'opportunity') and touches = 0 and channel <> 'list'
      and (grade is distinct from 'A' or returned_at is not null);
create index lead_rest_of_client on lead (client_id, grade, score desc, id)
    where stage in ('lead', 'contact', 'opportunity') and touches > 0
      and (last_conversation_at is null or last_conversation_at < last_enquiry_at)
      and (grade is distinct from 'A' or returned_at is not null);
create index promise_agreed_open on promise (due_at)
    where kind = 'requalify' and agreed and worked_at is null and state in ('scheduled', 'work');
create index promise_computed_open on promise (client_id, due_at)
    where kind = 'requalify' and not agreed and worked_at is null and state in ('scheduled', 'work');
create index lead_by_arrival on lead (last_arrived_at desc, id desc);

-- Searching: prefixes of words by full text, prefixes of mail and ids, endings of numbers. No extension is needed.
-- Words as they are compared: without accents, apostrophes joined, all other punctuation parts. `SearchKeys` folds what is typed the
-- same way. The index of names is kept without a list of what is to be indexed, which every search would have to read through.
create function search_folded(written text) returns text language sql immutable strict parallel safe as $$
    select translate(regexp_replace(normalize(written, NFKD), '[\u0300-\u036f]+', '', 'g'),
                     '.,;:!?-_/\|@#&*+=<>()[]{}"~^%$øØłŁđĐðÐı''`' || chr(8216) || chr(8217) || chr(700),
                     repeat(' ', 30) || 'oOlLdDdDi')
$$;
comment on function search_folded(text) is 'A text as searching compares it.';
create index person_by_name on person using gin (
    to_tsvector('simple', search_folded(coalesce(name, '') || ' ' || coalesce(first_name, '') || ' ' || coalesce(last_name, ''))))
    with (fastupdate = off);
create index person_identity_by_email on person_identity (value text_pattern_ops) where kind = 'email';
create index person_identity_by_ending on person_identity (reverse(split_part(value, ';', 1)) text_pattern_ops) where kind = 'phone';
create index note_by_words on note using gin (to_tsvector('simple', search_folded(text))) with (fastupdate = off);
create index arrival_by_external_id on arrival (external_id text_pattern_ops) where external_id is not null;

-- Lists of leads: by the next step, of all clients or of one, and by points.
create index promise_open_by_due on promise (coalesce(due_at, '9999-12-30 00:00:00+00'), lead_id) where state in ('scheduled', 'work');
create index promise_open_of_client on promise (client_id, coalesce(due_at, '9999-12-30 00:00:00+00'), lead_id) where state in ('scheduled', 'work');
create index lead_by_score on lead (coalesce(score, -2147483648) desc, id desc);
create index lead_with_client on lead (last_arrived_at desc, id desc) where grade = 'A' and stage in ('lead', 'contact', 'opportunity');
create index lead_undecided on lead (last_arrived_at desc, id desc) where decision_id is null;

-- Mails to people who sign in belong to no client.
alter table notice alter column client_id drop not null;
alter table notice add column user_id uuid;
comment on column notice.user_id is 'The user it is for, where it is for one.';
-- Whatever kinds are known by then stay: another migration adds to them too, and the two may run in either order.
do $$
declare
    known text;
begin
    select substring(pg_get_constraintdef(oid) from '^CHECK \((.*)\)$') into strict known
    from pg_constraint where conrelid = 'notice'::regclass and conname = 'notice_kind_is_known';
    alter table notice drop constraint notice_kind_is_known;
    execute format('alter table notice add constraint notice_kind_is_known check (%s or kind in (''user_invited'', ''user_reset''))', known);
end
$$;
alter table notice add constraint notice_belongs_to_somebody check (client_id is not null or user_id is not null);
