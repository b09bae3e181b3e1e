-- Foundation: everything from a client to the delivery of a lead. Forward only; every table and column is commented.
--
-- Settings (client, program, source, endpoint, …) are bound by foreign keys. The rows of a lead's way are not: each would
-- cost a lookup and a lock on the same few parents per row written, and nothing here is ever deleted under them. They are
-- written by one transaction that has just read their parents; `ripen doctor` looks for orphans.

create table client (
    id uuid primary key,
    slug text not null,
    name text not null,
    country text not null,
    time_zone text not null,
    state text not null default 'active',
    program_id uuid,
    capacity integer,
    route integer,
    return_days integer not null default 14,
    return_reasons text[] not null default '{}',
    created_at timestamptz not null,
    constraint client_return_days_are_sound check (return_days between 0 and 3660),
    constraint client_slug_is_unique unique (slug),
    constraint client_capacity_is_positive check (capacity >= 1),
    constraint client_slug_is_plain check (slug ~ '^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$'),
    constraint client_country_is_alpha2 check (country ~ '^[A-Z]{2}$'),
    constraint client_state_is_known check (state in ('active', 'paused'))
);
comment on table client is 'A company the firm qualifies leads for; the boundary nobody''s data crosses.';
comment on column client.id is 'UUIDv7.';
comment on column client.slug is 'Short name used in commands and addresses.';
comment on column client.name is 'Name as people write it.';
comment on column client.country is 'ISO 3166 alpha-2: phone numbers without a country are read as this country''s.';
comment on column client.time_zone is 'IANA name: days and hours of this client are counted in it.';
comment on column client.state is 'active, or paused: arrivals are kept, nothing is delivered.';
comment on column client.capacity is 'A leads that its sales team can take in a day of its time zone: what is beyond is held; null where nobody said.';
comment on column client.route is 'The version of its routing that is in force; every enabled endpoint gets every A lead where null.';
comment on column client.return_days is 'Within how many days after its delivery a lead can be returned; 0 for never.';
comment on column client.return_reasons is 'The reasons for which a lead can be returned; any where there are none.';
comment on column client.program_id is 'The line of business whose criteria grade this client''s leads; the firm''s default program where null.';
comment on column client.created_at is 'When it was added.';

create table program (
    id uuid primary key,
    name text not null,
    is_default boolean not null default false,
    criteria_id uuid,
    pace double precision not null default 50,
    paced_at timestamptz not null default 'epoch',
    created_at timestamptz not null,
    constraint program_pace_is_positive check (pace > 0),
    constraint program_name_is_unique unique (name)
);
create unique index program_default_is_single on program (is_default) where is_default;
insert into program (id, name, is_default, created_at) values ('00000000-0000-7000-8000-000000000001', 'default', true, '2026-01-01T00:00:00Z');
comment on table program is 'A line of business with its own line of criteria versions.';
comment on column program.id is 'UUIDv7.';
comment on column program.name is 'The name in the criteria document.';
comment on column program.is_default is 'Used by clients that name no program.';
comment on column program.criteria_id is 'The active version; null until the first activation.';
comment on column program.pace is 'How many of its open leads are regraded in a second while new criteria reach them.';
comment on column program.paced_at is 'Up to when that pace has been used.';
comment on column program.created_at is 'When its first document was stored.';

alter table client add constraint client_program_exists foreign key (program_id) references program (id);

create table criteria (
    id uuid primary key,
    program_id uuid not null references program (id),
    version integer not null,
    hash bytea not null,
    document text not null,
    dictionary bytea not null,
    activated_at timestamptz,
    retired_at timestamptz,
    created_at timestamptz not null,
    constraint criteria_version_is_unique unique (program_id, version),
    constraint criteria_document_is_unique unique (program_id, hash),
    constraint criteria_version_counts_from_one check (version >= 1),
    constraint criteria_hash_is_128_bits check (octet_length(hash) = 16)
);
comment on table criteria is 'One version of a program''s criteria document; never edited in place.';
comment on column criteria.id is 'UUIDv7.';
comment on column criteria.program_id is 'The line of business it belongs to.';
comment on column criteria.version is 'Counts from 1 within the program.';
comment on column criteria.hash is 'First 128 bits of the document''s SHA-256.';
comment on column criteria.document is 'The TOML text, byte for byte.';
comment on column criteria.dictionary is 'What receipts of this version are compressed by. Derived from the document once and kept: another version of Ripen derives another.';
comment on column criteria.activated_at is 'When it last became the active version; null for a draft.';
comment on column criteria.retired_at is 'When another version took its place.';
comment on column criteria.created_at is 'When it was stored.';

create table backtest (
    id uuid primary key,
    program text not null,
    hash bytea not null,
    client_id uuid references client (id),
    since timestamptz,
    until timestamptz not null,
    decisions bigint not null,
    report json not null,
    by text not null,
    at timestamptz not null,
    constraint backtest_hash_is_128_bits check (octet_length(hash) = 16)
);
comment on table backtest is 'What a draft would have done with past decisions; an activation names the one it rests on.';
comment on column backtest.id is 'UUIDv7.';
comment on column backtest.program is 'The name in the draft.';
comment on column backtest.hash is 'First 128 bits of the draft''s SHA-256.';
comment on column backtest.client_id is 'The client it was limited to; null for all.';
comment on column backtest.since is 'Decisions from then on; null for all.';
comment on column backtest.until is 'Decisions before then.';
comment on column backtest.decisions is 'How many decisions were made again.';
comment on column backtest.report is 'What it found.';
comment on column backtest.by is 'Who ran it.';
comment on column backtest.at is 'When.';

create table criteria_event (
    criteria_id uuid not null references criteria (id),
    at timestamptz not null,
    what text not null,
    by text not null,
    backtest_id uuid references backtest (id),
    primary key (criteria_id, at, what),
    constraint criteria_event_is_known check (what in ('activated', 'retired'))
);
comment on table criteria_event is 'Who switched which version on or off, and when.';
comment on column criteria_event.criteria_id is 'The version.';
comment on column criteria_event.at is 'When.';
comment on column criteria_event.what is 'activated or retired.';
comment on column criteria_event.by is 'Who.';
comment on column criteria_event.backtest_id is 'The back-test that the activation rests on; null for a program''s first version and for a return to an earlier one.';

alter table program add constraint program_criteria_exists foreign key (criteria_id) references criteria (id);

create table source (
    id uuid primary key,
    client_id uuid not null references client (id),
    name text not null,
    channel text not null,
    format text not null default 'any',
    country text,
    state text not null default 'active',
    token_hash bytea not null,
    cost_per_lead numeric(14, 4),
    thanks_url text,
    created_at timestamptz not null,
    constraint source_name_is_unique unique (client_id, name),
    constraint source_token_is_unique unique (token_hash),
    constraint source_token_is_sha256 check (octet_length(token_hash) = 32),
    constraint source_channel_is_known check (channel in ('in_person', 'phone', 'live_chat', 'referral', 'web_form',
        'landing_page', 'email', 'social', 'vendor', 'trade_show', 'direct_mail', 'list')),
    constraint source_format_is_known check (format in ('any', 'json', 'form')),
    constraint source_country_is_alpha2 check (country ~ '^[A-Z]{2}$'),
    constraint source_state_is_known check (state in ('active', 'paused')),
    constraint source_cost_is_not_negative check (cost_per_lead >= 0)
);
comment on table source is 'Where a client''s leads come from.';
comment on column source.id is 'UUIDv7.';
comment on column source.client_id is 'Whose leads these are: nothing a sender posts decides that.';
comment on column source.name is 'Name as people write it.';
comment on column source.channel is 'How its leads arrive, where a lead does not say otherwise.';
comment on column source.format is 'The only format accepted, or any: then the content type decides.';
comment on column source.country is 'Country for reading phone numbers, where it differs from the client''s.';
comment on column source.state is 'active, or paused by the firm.';
comment on column source.token_hash is 'SHA-256 of the token in /v1/in/<token>.';
comment on column source.cost_per_lead is 'What one lead costs the client, in the client''s currency.';
comment on column source.thanks_url is 'Where a browser is sent after a form; Ripen''s own page where null.';
comment on column source.created_at is 'When it was added.';

create table source_key (
    hash bytea primary key,
    source_id uuid not null references source (id),
    created_at timestamptz not null,
    expires_at timestamptz,
    constraint source_key_is_sha256 check (octet_length(hash) = 32)
);
create index source_key_of_source on source_key (source_id);
comment on table source_key is 'Keys that a source''s senders authenticate with; several at a time allow rotation.';
comment on column source_key.hash is 'SHA-256 of the key, which itself is shown once and stored nowhere.';
comment on column source_key.source_id is 'The source it opens.';
comment on column source_key.created_at is 'When it was made.';
comment on column source_key.expires_at is 'From when it no longer opens anything; null for never.';

create table spool (
    id uuid not null,
    body bytea not null,
    digest bytea not null generated always as (substring(sha256(body) for 16)) stored,
    received_at timestamptz not null,
    offered_until timestamptz not null,
    primary key (id, digest)
);
create index spool_by_offer on spool (offered_until);
comment on table spool is 'Arrivals received and not yet stored: the local transport''s queue, and the shelter while RabbitMQ is away.';
comment on column spool.id is 'The arrival''s id; the same arrival may wait here and in RabbitMQ.';
comment on column spool.digest is 'First 128 bits of the body''s SHA-256: a correction waits beside what it corrects.';
comment on column spool.body is 'The message, byte for byte.';
comment on column spool.received_at is 'When intake had the whole body.';
comment on column spool.offered_until is 'Until then no sweeper offers it again.';

create table arrival_seen (
    id uuid primary key,
    content bytea not null,
    ended text not null,
    arrival_id uuid,
    seen_at timestamptz not null,
    constraint arrival_seen_content_is_128_bits check (octet_length(content) = 16),
    constraint arrival_seen_ended_is_known check (ended in ('lead', 'same', 'quarantined', 'dead', 'erased'))
);
comment on table arrival_seen is 'How each received arrival ended: exactly one row, exactly one end. Never partitioned, so that an id is unique for ever.';
comment on column arrival_seen.id is 'The arrival''s id as intake answered it.';
comment on column arrival_seen.content is 'Hash of what it said, to tell a retry from another body under the same id.';
comment on column arrival_seen.ended is 'On a lead, the same as an earlier arrival, quarantined, dead-lettered, or erased.';
comment on column arrival_seen.arrival_id is 'The arrival that holds it: itself, or the earlier one it is the same as; null where none was kept.';
comment on column arrival_seen.seen_at is 'When the qualifier ended it.';

create table person (
    id uuid primary key,
    client_id uuid not null,
    first_name text,
    last_name text,
    name text,
    email text,
    phone text,
    postal_code text,
    country text,
    time_zone text,
    locale text,
    verified boolean not null default false,
    do_not_contact boolean not null default false,
    merged_into uuid,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index person_of_client on person (client_id);
comment on table person is 'One human being for one client.';
comment on column person.id is 'UUIDv7.';
comment on column person.client_id is 'The client this person is known to; another client''s row is another person.';
comment on column person.first_name is 'Given name.';
comment on column person.last_name is 'Family name.';
comment on column person.name is 'Whole name, where the parts are not known.';
comment on column person.email is 'Normalised e-mail address used to write to the person.';
comment on column person.phone is 'E.164 number used to phone the person.';
comment on column person.postal_code is 'As given.';
comment on column person.country is 'ISO 3166 alpha-2.';
comment on column person.time_zone is 'IANA name.';
comment on column person.locale is 'BCP 47 tag as given.';
comment on column person.verified is 'Somebody confirmed that this is who it says.';
comment on column person.do_not_contact is 'The person asked not to be contacted: nothing is delivered.';
comment on column person.merged_into is 'The surviving person of a merge.';
comment on column person.created_at is 'First arrival.';
comment on column person.updated_at is 'Last change.';

create table identity (
    client_id uuid not null,
    kind text not null,
    value text not null,
    primary key (client_id, kind, value),
    constraint identity_kind_is_known check (kind in ('email', 'phone'))
);
comment on table identity is 'Anchors: whoever works on a person first locks the person''s identities here, in the order of the key.';
comment on column identity.client_id is 'The client.';
comment on column identity.kind is 'email or phone.';
comment on column identity.value is 'Normalised value.';

create table person_identity (
    client_id uuid not null,
    kind text not null,
    value text not null,
    person_id uuid not null,
    primary key (client_id, kind, value, person_id)
);
create index person_identity_of_person on person_identity (person_id);
comment on table person_identity is 'Who is reached under an identity. A household''s phone leads to several persons.';
comment on column person_identity.client_id is 'The client.';
comment on column person_identity.kind is 'email or phone.';
comment on column person_identity.value is 'Normalised value.';
comment on column person_identity.person_id is 'One person reached there.';

create table lead (
    id uuid primary key,
    client_id uuid not null,
    program_id uuid not null,
    person_id uuid not null,
    source_id uuid not null,
    channel text not null,
    stage text not null default 'lead',
    grade text,
    score integer,
    criteria_id uuid,
    decision_id uuid,
    arrivals integer not null,
    enquiries integer not null,
    touches integer not null default 0,
    rounds integer not null default 0,
    last_disposition text,
    last_conversation_at timestamptz,
    returned_at timestamptz,
    first_arrived_at timestamptz not null,
    last_arrived_at timestamptz not null,
    last_enquiry_at timestamptz not null,
    matured_at timestamptz,
    closed_at timestamptz,
    closed_reason text,
    amount numeric(14, 4),
    currency text,
    generation bigint not null default 0,
    created_at timestamptz not null,
    constraint lead_stage_is_known check (stage in ('lead', 'contact', 'opportunity', 'customer', 'closed')),
    constraint lead_grade_is_known check (grade in ('A', 'B', 'C')),
    constraint lead_counts_are_sound check (arrivals >= 1 and enquiries between 1 and arrivals and touches >= 0 and rounds >= 0),
    constraint lead_closed_has_reason check ((stage = 'closed') = (closed_at is not null) and (stage <> 'closed' or closed_reason is not null)),
    constraint lead_sale_is_a_customers check ((amount is null) = (currency is null) and (amount is null or stage = 'customer')),
    constraint lead_decided_is_graded check ((decision_id is null) = (grade is null) and (grade is null) = (criteria_id is null))
);
create unique index lead_open_is_single on lead (person_id, program_id) where stage in ('lead', 'contact', 'opportunity');
create index lead_of_program_by_criteria on lead (program_id, criteria_id, id) where stage in ('lead', 'contact', 'opportunity');
create index lead_of_source on lead (source_id);
comment on table lead is 'One piece of possible business of a person under one program; at most one open per person and program.';
comment on column lead.id is 'UUIDv7.';
comment on column lead.client_id is 'Whose lead it is.';
comment on column lead.program_id is 'The line of business.';
comment on column lead.person_id is 'Who might do business.';
comment on column lead.source_id is 'The source of the first arrival: credit goes there.';
comment on column lead.channel is 'Of its arrivals'' channels the one closest to a conversation.';
comment on column lead.stage is 'lead, contact, opportunity, customer or closed.';
comment on column lead.grade is 'A, B or C; null until the first decision.';
comment on column lead.score is 'Points of the last decision.';
comment on column lead.criteria_id is 'The version that decided last.';
comment on column lead.decision_id is 'The last decision.';
comment on column lead.arrivals is 'Arrivals on this lead, amendments not counted.';
comment on column lead.enquiries is 'Arrivals at least a day apart.';
comment on column lead.touches is 'Contact attempts and notes by agents.';
comment on column lead.rounds is 'Worked rounds of re-qualification without progress.';
comment on column lead.last_disposition is 'How the last touch went.';
comment on column lead.last_conversation_at is 'When somebody last spoke with the person.';
comment on column lead.returned_at is 'When a client gave it back, as no A or as none yet: capped at B until a newer conversation.';
comment on column lead.first_arrived_at is 'First arrival, by the sender''s time where it is usable.';
comment on column lead.last_arrived_at is 'Last arrival, likewise.';
comment on column lead.last_enquiry_at is 'The arrival that was last counted as an enquiry.';
comment on column lead.matured_at is 'When it last became A.';
comment on column lead.closed_at is 'When it was closed.';
comment on column lead.closed_reason is 'Why it was closed, in words.';
comment on column lead.amount is 'What it was sold for; null where it was not.';
comment on column lead.currency is 'ISO 4217 code of the amount.';
comment on column lead.generation is 'Counts the lead''s promises: the highest generation given out.';
comment on column lead.created_at is 'When the row was made.';

create table arrival (
    id uuid primary key,
    client_id uuid not null,
    source_id uuid not null,
    person_id uuid,
    lead_id uuid,
    amends uuid,
    sameness text not null,
    state text not null,
    reason text,
    repeat boolean not null default false,
    content bytea not null,
    external_id text,
    received_at timestamptz not null,
    submitted_at timestamptz,
    media_type text not null,
    raw text not null,
    submission json not null,
    flags text[] not null,
    constraint arrival_state_is_known check (state in ('graded', 'quarantined')),
    constraint arrival_sameness_is_known check (sameness in ('content', 'idempotency_key', 'external_id')),
    constraint arrival_graded_has_lead check ((state = 'graded') = (lead_id is not null)),
    constraint arrival_graded_has_person check ((state = 'graded') = (person_id is not null)),
    constraint arrival_quarantined_has_reason check ((state = 'quarantined') = (reason is not null))
);
create index arrival_of_lead on arrival (lead_id);
create index arrival_by_content on arrival (source_id, content, received_at);
create index arrival_of_amended on arrival (amends) where amends is not null;
comment on table arrival is 'One submission from one source: immutable, with its raw body.';
comment on column arrival.id is 'The arrival''s id; of another body under a known id, an id derived from both.';
comment on column arrival.client_id is 'Whose it is.';
comment on column arrival.source_id is 'Who sent it.';
comment on column arrival.person_id is 'The person it was found to come from.';
comment on column arrival.lead_id is 'The lead it is evidence for.';
comment on column arrival.amends is 'The earlier arrival that this one corrects.';
comment on column arrival.sameness is 'What makes another post the same arrival.';
comment on column arrival.state is 'graded (on a lead) or quarantined (kept, not worked).';
comment on column arrival.reason is 'Why it is quarantined.';
comment on column arrival.repeat is 'The lead was there before this arrival.';
comment on column arrival.content is 'Hash of what it says.';
comment on column arrival.external_id is 'The sender''s own id.';
comment on column arrival.received_at is 'When intake had the whole body.';
comment on column arrival.submitted_at is 'When the person submitted it, by the sender''s clock.';
comment on column arrival.media_type is 'Media type of the raw body.';
comment on column arrival.raw is 'The body as received; NUL characters, which PostgreSQL cannot keep, are written as U+2400.';
comment on column arrival.submission is 'The parsed submission.';
comment on column arrival.flags is 'What could not be used as it came.';

create table answer (
    lead_id uuid not null,
    question text not null,
    at timestamptz not null,
    origin text not null,
    value json not null,
    primary key (lead_id, question, at, origin)
);
comment on table answer is 'Facts about a lead for questions of the script; the newest per question counts, the others are history.';
comment on column answer.lead_id is 'The lead.';
comment on column answer.question is 'The question''s id, or a field that no question asks for.';
comment on column answer.at is 'When it was said.';
comment on column answer.origin is 'Who recorded it: arrival:<id> or person:<name>.';
comment on column answer.value is 'The answer as given.';

create table note (
    lead_id uuid not null,
    at timestamptz not null,
    by text not null,
    text text not null,
    primary key (lead_id, at, by)
);
comment on table note is 'Free text about a lead, from its arrivals and from the people who work it.';
comment on column note.lead_id is 'The lead.';
comment on column note.at is 'When it was written.';
comment on column note.by is 'Who wrote it: a source''s or a person''s name.';
comment on column note.text is 'The words.';

create table touch (
    id uuid primary key,
    lead_id uuid not null,
    client_id uuid not null,
    at timestamptz not null,
    by text not null,
    disposition text not null,
    answers integer not null,
    round boolean not null,
    constraint touch_disposition_is_known check (disposition in ('answered', 'no_answer', 'voicemail', 'wrong_number', 'call_back',
        'not_interested', 'do_not_contact', 'note')),
    constraint touch_answers_are_counted check (answers >= 0)
);
create index touch_of_lead on touch (lead_id, at);
comment on table touch is 'One contact attempt or note by a person of the firm.';
comment on column touch.id is 'Given by who records it: the same id again is the same touch.';
comment on column touch.lead_id is 'The lead.';
comment on column touch.client_id is 'Whose lead it is.';
comment on column touch.at is 'When.';
comment on column touch.by is 'Who.';
comment on column touch.disposition is 'How it went.';
comment on column touch.answers is 'How many answers it brought.';
comment on column touch.round is 'It used one of the lead''s rounds: due work that brought neither an answer nor a date.';

create table decision (
    id uuid primary key,
    lead_id uuid not null,
    client_id uuid not null,
    criteria_id uuid not null,
    at timestamptz not null,
    grade text not null,
    score integer not null,
    receipt bytea not null,
    constraint decision_grade_is_known check (grade in ('A', 'B', 'C'))
) partition by range (id);
-- It is compressed already.
alter table decision alter column receipt set storage external;
create table decision_default partition of decision default;
create index decision_of_lead on decision (lead_id, at);
comment on table decision is 'One application of one criteria version to one lead at one instant. Immutable. Partitioned by month: ids begin with the time.';
comment on column decision.id is 'UUIDv7.';
comment on column decision.lead_id is 'The lead decided.';
comment on column decision.client_id is 'Whose lead it is.';
comment on column decision.criteria_id is 'The version applied.';
comment on column decision.at is 'The instant it was decided for.';
comment on column decision.grade is 'The grade given.';
comment on column decision.score is 'The points.';
comment on column decision.receipt is 'Inputs read, each rule''s result, next step: replays to the same bytes. JSON, compressed by zstd with the dictionary of its criteria; plain where it does not begin as such a frame does: null once it is erased.';

create table promise (
    lead_id uuid not null,
    generation bigint not null,
    client_id uuid not null,
    kind text not null,
    state text not null,
    due_at timestamptz,
    why text not null,
    from_whom text not null,
    agreed boolean not null default false,
    due_until timestamptz,
    worked_at timestamptz,
    offered_until timestamptz not null,
    created_at timestamptz not null,
    ended_at timestamptz,
    ended_by text,
    ended_why text,
    primary key (lead_id, generation),
    constraint promise_kind_is_known check (kind in ('requalify', 'activation', 'outcome')),
    constraint promise_state_is_known check (state in ('scheduled', 'work', 'kept', 'moved', 'dropped')),
    constraint promise_has_a_date check ((due_at is null) = (kind = 'activation')),
    constraint promise_window_is_ahead check (due_until > due_at),
    constraint promise_ended_has_a_date check ((ended_at is null) = (state in ('scheduled', 'work'))),
    constraint promise_ended_by_somebody_says_why check ((ended_by is null) = (ended_why is null) and (ended_by is null or ended_at is not null))
-- The index of what is due is cleaned by every vacuum, however large the table: else a look reads what fired since long ago.
) with (fillfactor = 80, vacuum_index_cleanup = on);
create unique index promise_open_is_single on promise (lead_id, kind) where state in ('scheduled', 'work');
create index promise_by_due on promise (due_at) where state = 'scheduled';
create index promise_as_work on promise (due_at) where state = 'work';
comment on table promise is 'The dated next steps of leads, past ones included. Only scheduled ones are swept.';
comment on column promise.lead_id is 'The lead.';
comment on column promise.generation is 'Counts the lead''s promises; a message that names another than the open one is done.';
comment on column promise.client_id is 'Whose lead it is.';
comment on column promise.kind is 'requalify (decide again at due_at), activation (decide when the program has criteria) or outcome (ask the client what became of an A lead).';
comment on column promise.state is 'scheduled, work (fired, waits for a person), kept, moved (replaced by a later one) or dropped.';
comment on column promise.due_at is 'When it falls due; null where it waits for criteria.';
comment on column promise.why is 'What was promised, in words.';
comment on column promise.from_whom is 'From whose words: criteria, or a person''s name.';
comment on column promise.agreed is 'Agreed with the person: only a person replaces it.';
comment on column promise.due_until is 'End of the time that was agreed, where it is a day or longer; null where it is a moment.';
comment on column promise.worked_at is 'When a person worked on it: the next decision ends it as kept.';
comment on column promise.offered_until is 'Until then no sweeper offers it again.';
comment on column promise.created_at is 'When it was made.';
comment on column promise.ended_at is 'When it was kept, moved or dropped.';
comment on column promise.ended_by is 'The person who ended it; null where a decision did.';
comment on column promise.ended_why is 'Why that person did, in words.';

create table regrade (
    lead_id uuid primary key,
    version bigint not null,
    why text not null,
    offered_until timestamptz not null,
    created_at timestamptz not null
);
create index regrade_by_offer on regrade (offered_until);
comment on table regrade is 'Leads whose facts changed since their last decision.';
comment on column regrade.lead_id is 'The lead.';
comment on column regrade.version is 'Counts the changes; a decision removes the row only at the version it read.';
comment on column regrade.why is 'What changed last.';
comment on column regrade.offered_until is 'Until then no sweeper offers it again.';
comment on column regrade.created_at is 'When the row was made.';

create table endpoint (
    id uuid primary key,
    client_id uuid not null references client (id),
    kind text not null,
    name text,
    url text,
    address text,
    rep_id uuid,
    by_name boolean not null default false,
    is_fallback boolean not null default false,
    state text not null default 'enabled',
    state_reason text,
    allow_private boolean not null default false,
    concurrency integer not null default 32,
    rate double precision,
    rate_from timestamptz not null default 'epoch',
    rate_line timestamptz not null default 'epoch',
    timeout_s integer,
    headers text[] not null default '{}',
    failures integer not null default 0,
    failing_since timestamptz,
    probes integer not null default 0,
    probe_at timestamptz,
    release_at timestamptz,
    events text[] not null default array['lead.matured'],
    created_at timestamptz not null,
    constraint endpoint_kind_is_known check (kind in ('webhook', 'email')),
    constraint endpoint_state_is_known check (state in ('enabled', 'disabled')),
    constraint endpoint_has_its_address check ((kind = 'webhook') = (url is not null) and (kind = 'email') = (address is not null)),
    constraint endpoint_concurrency_is_positive check (concurrency between 1 and 1000),
    constraint endpoint_rate_is_positive check (rate > 0 and rate <= 10000),
    constraint endpoint_timeout_is_bounded check (timeout_s between 1 and 50),
    constraint endpoint_headers_are_few check (cardinality(headers) <= 20),
    constraint endpoint_failures_have_a_start check (failures >= 0 and (failures = 0) = (failing_since is null)),
    constraint endpoint_circuit_is_whole check (probes >= 0 and (probes = 0 or probe_at is not null))
);
create index endpoint_of_client on endpoint (client_id);
create index endpoint_to_probe on endpoint (probe_at) where probe_at is not null;
create index endpoint_to_release on endpoint (id) where release_at is not null;
comment on table endpoint is 'Where a client wants A leads.';
comment on column endpoint.id is 'UUIDv7.';
comment on column endpoint.client_id is 'Whose endpoint it is.';
comment on column endpoint.kind is 'webhook or email.';
comment on column endpoint.name is 'As people and routing documents call it; its URL or address where null.';
comment on column endpoint.url is 'Where a webhook is posted.';
comment on column endpoint.address is 'Where an e-mail is sent.';
comment on column endpoint.rep_id is 'The rep behind it, where there is one.';
comment on column endpoint.by_name is 'Where leads are routed, it gets only those that go to it by name; a webhook that is not so gets those of every rep too.';
comment on column endpoint.is_fallback is 'It gets leads only while their webhook fails.';
comment on column endpoint.state is 'enabled, or disabled by the client''s 410, by days of failure or by the firm.';
comment on column endpoint.state_reason is 'Why it is disabled.';
comment on column endpoint.allow_private is 'Whether loopback and private addresses may be called: tests and demonstrations only.';
comment on column endpoint.concurrency is 'How many deliveries may be under way at once.';
comment on column endpoint.rate is 'The most deliveries in a second, over all processes; null for no limit.';
comment on column endpoint.rate_from is 'From when the next delivery is within the rate: each one that goes out moves it on by 1/rate.';
comment on column endpoint.rate_line is 'The next free place in the line of those that the rate makes wait.';
comment on column endpoint.timeout_s is 'How long one attempt may take; the configuration''s time where null.';
comment on column endpoint.headers is 'Headers of its own, each as name: value. Sent with every webhook; may hold the client''s credentials.';
comment on column endpoint.failures is 'Failed attempts since the last one that did not fail.';
comment on column endpoint.failing_since is 'When the first of those was.';
comment on column endpoint.probes is 'Probes that failed since the circuit opened; each makes the pause before the next one longer.';
comment on column endpoint.probe_at is 'The circuit is open: nothing is sent, but for one probe from then on. Null while it is closed.';
comment on column endpoint.release_at is 'It works again since then, and what waits for it is made due in steps. Null once nothing waits.';
comment on column endpoint.events is 'Event types it asks for.';
comment on column endpoint.created_at is 'When it was added.';

create table endpoint_secret (
    endpoint_id uuid not null references endpoint (id),
    secret text not null,
    created_at timestamptz not null,
    expires_at timestamptz,
    primary key (endpoint_id, secret)
);
comment on table endpoint_secret is 'Signing secrets of a webhook, kept in clear because each signature needs them.';
comment on column endpoint_secret.endpoint_id is 'The webhook.';
comment on column endpoint_secret.secret is 'whsec_ and 32 bytes in base64 (Standard Webhooks).';
comment on column endpoint_secret.created_at is 'When it was made.';
comment on column endpoint_secret.expires_at is 'From when it no longer signs; null for never.';

create table rep (
    id uuid primary key,
    client_id uuid not null references client (id),
    name text not null,
    email text not null,
    phone text,
    time_zone text,
    hours text,
    holidays date[] not null default '{}',
    is_paused boolean not null default false,
    back_on date,
    capacity integer,
    links_since timestamptz not null default 'epoch',
    created_at timestamptz not null,
    constraint rep_email_is_unique unique (client_id, email),
    constraint rep_comes_back_from_a_pause check (is_paused or back_on is null),
    constraint rep_capacity_is_not_negative check (capacity >= 0)
);
comment on table rep is 'A client''s sales person.';
comment on column rep.id is 'UUIDv7.';
comment on column rep.client_id is 'The client.';
comment on column rep.name is 'Name as people write it.';
comment on column rep.email is 'Normalised e-mail address.';
comment on column rep.phone is 'E.164 number.';
comment on column rep.time_zone is 'IANA name; the client''s where null.';
comment on column rep.hours is 'When A leads are taken, as in "mon-fri 09:00-12:30, mon-fri 13:30-18:00"; day and night where null.';
comment on column rep.holidays is 'Days on which none are.';
comment on column rep.is_paused is 'None are taken.';
comment on column rep.back_on is 'The first day after the pause; null where somebody ends it.';
comment on column rep.capacity is 'A leads that are taken in a day at most; any number where null.';
comment on column rep.links_since is 'Links to the page of open leads that were made before no longer open it.';
comment on column rep.created_at is 'When it was added.';

create table route (
    client_id uuid not null references client (id),
    version integer not null,
    hash bytea not null,
    document text not null,
    set_by text not null,
    set_at timestamptz not null,
    primary key (client_id, version),
    constraint route_version_counts_from_one check (version >= 1),
    constraint route_hash_is_128_bits check (octet_length(hash) = 16)
);
comment on table route is 'Routing documents: to which reps and endpoints of a client its A leads go. Never edited in place.';
comment on column route.client_id is 'The client.';
comment on column route.version is 'Counts the client''s documents from 1.';
comment on column route.hash is 'First 128 bits of the document''s SHA-256.';
comment on column route.document is 'As it was written.';
comment on column route.set_by is 'Who put it in force.';
comment on column route.set_at is 'When.';

alter table client add constraint client_route_exists foreign key (id, route) references route (client_id, version);

create table rotation (
    client_id uuid not null references client (id),
    rule text not null,
    turns json not null,
    primary key (client_id, rule)
);
comment on table rotation is 'Whose turn it is. Read and written under the lock of the client''s row.';
comment on column rotation.client_id is 'The client.';
comment on column rotation.rule is 'The rule of its routing; a new document that has a rule of this name goes on with it.';
comment on column rotation.turns is 'Marks and counts of each recipient.';

create table given (
    recipient_id uuid not null,
    day date not null,
    leads integer not null,
    primary key (recipient_id, day),
    constraint given_counts_from_one check (leads >= 1)
);
comment on table given is 'A leads given per day, for capacities. Read and written under the lock of the client''s row.';
comment on column given.recipient_id is 'A rep, an endpoint that is no rep''s, or a client.';
comment on column given.day is 'By the clock of the recipient.';
comment on column given.leads is 'How many.';

alter table endpoint add constraint endpoint_rep_exists foreign key (rep_id) references rep (id);

create table appointment (
    id uuid primary key,
    client_id uuid not null,
    lead_id uuid not null,
    rep_id uuid not null references rep (id),
    state text not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    held_until timestamptz,
    sequence integer not null default 0,
    note text,
    made_by text not null,
    created_at timestamptz not null,
    changed_at timestamptz not null,
    cancelled_at timestamptz,
    cancelled_why text,
    constraint appointment_state_is_known check (state in ('held', 'booked', 'cancelled')),
    constraint appointment_ends_after_it_begins check (ends_at > starts_at),
    constraint appointment_held_has_an_end check ((state = 'held') = (held_until is not null)),
    constraint appointment_cancelled_says_why check ((state = 'cancelled') = (cancelled_at is not null) and (cancelled_at is null) = (cancelled_why is null)),
    constraint appointment_changes_are_counted check (sequence >= 0)
);
create unique index appointment_slot_is_single on appointment (rep_id, starts_at) where state <> 'cancelled';
create unique index appointment_hold_of_lead_is_single on appointment (lead_id) where state = 'held';
create index appointment_of_rep on appointment (rep_id, ends_at) where state <> 'cancelled';
create index appointment_of_lead on appointment (lead_id, starts_at);
create index appointment_of_client on appointment (client_id, starts_at);
comment on table appointment is 'Times agreed between leads'' persons and reps. Whoever takes a slot holds the lock of the rep''s row, so that no two overlap.';
comment on column appointment.id is 'UUIDv7; the UID of its calendar entry.';
comment on column appointment.client_id is 'Whose lead it is.';
comment on column appointment.lead_id is 'The lead.';
comment on column appointment.rep_id is 'With whom.';
comment on column appointment.state is 'held (kept free while people talk), booked or cancelled.';
comment on column appointment.starts_at is 'When it begins.';
comment on column appointment.ends_at is 'When it is over.';
comment on column appointment.held_until is 'From then on a held one holds nothing.';
comment on column appointment.sequence is 'Counts its changes; calendars take the highest.';
comment on column appointment.note is 'What was agreed beside the time.';
comment on column appointment.made_by is 'Who made or changed it last.';
comment on column appointment.created_at is 'When it was first held or booked.';
comment on column appointment.changed_at is 'When it was changed last.';
comment on column appointment.cancelled_at is 'When it was cancelled.';
comment on column appointment.cancelled_why is 'Why, in words.';

create table notice (
    id uuid primary key,
    client_id uuid not null,
    kind text not null,
    appointment_id uuid references appointment (id),
    delivery_id uuid,
    endpoint_id uuid,
    key text,
    to_name text,
    to_address text not null,
    data json not null,
    state text not null default 'pending',
    reason text,
    due_at timestamptz not null,
    lease uuid,
    leased_until timestamptz,
    attempts integer not null default 0,
    created_at timestamptz not null,
    ended_at timestamptz,
    constraint notice_kind_is_known check (kind in ('appointment_booked', 'appointment_moved', 'appointment_cancelled', 'appointment_reminder',
        'endpoint_down', 'endpoint_disabled', 'lead_untouched', 'leads_untouched')),
    constraint notice_key_is_unique unique (key),
    constraint notice_of_appointment_names_it check (kind not like 'appointment%' or appointment_id is not null),
    constraint notice_state_is_known check (state in ('pending', 'sent', 'filed', 'dead', 'dropped')),
    constraint notice_lease_is_whole check ((lease is null) = (leased_until is null) and (lease is null or state = 'pending')),
    constraint notice_ended_has_a_date check ((state <> 'pending') = (ended_at is not null)),
    constraint notice_attempts_are_counted check (attempts >= 0)
);
create index notice_due on notice (due_at) where state = 'pending';
create index notice_of_appointment on notice (appointment_id) where appointment_id is not null;
comment on table notice is 'Mails that are owed beside deliveries, each written in the transaction of its cause.';
comment on column notice.id is 'UUIDv7; its text form makes the Message-ID of every attempt.';
comment on column notice.client_id is 'Whom it concerns.';
comment on column notice.kind is 'What is said; what stands in data depends on it.';
comment on column notice.appointment_id is 'The appointment it is about.';
comment on column notice.delivery_id is 'The delivery it is about.';
comment on column notice.endpoint_id is 'The endpoint it is about.';
comment on column notice.key is 'What it tells of, where that is told once.';
comment on column notice.to_name is 'Name of the recipient.';
comment on column notice.to_address is 'E-mail address of the recipient.';
comment on column notice.data is 'What its kind needs beside what is looked up when it is sent.';
comment on column notice.state is 'pending, sent, filed (written to a file), dead (given up) or dropped (nobody needs it any more).';
comment on column notice.reason is 'Why it was given up or dropped, or why the last attempt failed.';
comment on column notice.due_at is 'Not to be sent before.';
comment on column notice.lease is 'Who is sending it now.';
comment on column notice.leased_until is 'From then on another worker may send it, by the database''s clock.';
comment on column notice.attempts is 'Attempts begun.';
comment on column notice.created_at is 'When it came to be owed.';
comment on column notice.ended_at is 'When it was sent, filed, given up or dropped.';

create table maturation (
    id uuid primary key,
    lead_id uuid not null,
    client_id uuid not null,
    decision_id uuid not null,
    at timestamptz not null,
    route integer,
    rule text,
    routed_at timestamptz,
    routing text,
    constraint maturation_decision_is_unique unique (decision_id)
);
create index maturation_of_lead on maturation (lead_id);
comment on table maturation is 'The moment a lead became A.';
comment on column maturation.id is 'UUIDv7.';
comment on column maturation.lead_id is 'The lead.';
comment on column maturation.client_id is 'Whose lead it is.';
comment on column maturation.decision_id is 'The decision that found it.';
comment on column maturation.at is 'The instant.';
comment on column maturation.route is 'The version of the client''s routing that was applied last; null where it has none.';
comment on column maturation.rule is 'Which of its rules counted.';
comment on column maturation.routed_at is 'When it was routed last; null where every endpoint gets every lead.';
comment on column maturation.routing is 'Where it went or until when it is held, and why nobody else has it, in words.';

create table claim (
    maturation_id uuid primary key,
    tier text not null,
    offered_to text[] not null,
    until timestamptz not null,
    taken_by text,
    taken_at timestamptz,
    constraint claim_tier_is_known check (tier in ('recipients', 'fallback')),
    constraint claim_taken_is_whole check ((taken_by is null) = (taken_at is null))
);
comment on table claim is 'Leads that are or were offered to several, of whom the first to accept has it.';
comment on column claim.maturation_id is 'The maturation.';
comment on column claim.tier is 'Whose turn it is: the recipients of the rule, or their fallback.';
comment on column claim.offered_to is 'Who may take it: ids of reps and endpoints, without those who passed.';
comment on column claim.until is 'Before this; then the next are asked.';
comment on column claim.taken_by is 'Who accepted first.';
comment on column claim.taken_at is 'When.';

create table delivery (
    id uuid primary key,
    client_id uuid not null,
    lead_id uuid not null,
    maturation_id uuid not null,
    endpoint_id uuid,
    rep_id uuid,
    event text not null default 'lead.matured',
    cause uuid not null default '00000000-0000-0000-0000-000000000000',
    said json,
    state text not null,
    reason text,
    due_at timestamptz not null,
    offered_until timestamptz not null,
    lease uuid,
    leased_until timestamptz,
    attempts integer not null default 0,
    excused integer not null default 0,
    in_line boolean not null default false,
    replay_id uuid,
    created_at timestamptz not null,
    ended_at timestamptz,
    constraint delivery_once_per_endpoint unique (maturation_id, endpoint_id, event, cause),
    constraint delivery_event_is_known check (event in ('lead.matured', 'lead.offered', 'lead.updated', 'lead.recalled', 'lead.taken',
        'lead.suppressed', 'lead.outcome', 'delivery.dead', 'endpoint.disabled')),
    constraint delivery_state_is_known check (state in ('pending', 'held', 'leased', 'delivered', 'filed', 'dead', 'withdrawn')),
    constraint delivery_lease_is_whole check ((state = 'leased') = (lease is not null) and (lease is null) = (leased_until is null)),
    constraint delivery_ended_has_a_date check ((state in ('delivered', 'filed', 'dead', 'withdrawn')) = (ended_at is not null)),
    constraint delivery_without_endpoint_is_held check (endpoint_id is not null or state in ('held', 'withdrawn')),
    constraint delivery_attempts_are_counted check (attempts >= 0),
    constraint delivery_excused_were_attempted check (excused between 0 and attempts)
);
create unique index delivery_waiting_for_endpoint on delivery (maturation_id) where endpoint_id is null;
create index delivery_to_route on delivery (due_at) where endpoint_id is null and state = 'held';
create index delivery_to_route_of_client on delivery (client_id, due_at) where endpoint_id is null and state = 'held';
create index delivery_held_of_client on delivery (client_id) where state = 'held' and event = 'lead.matured';
create index delivery_due on delivery (due_at) where state in ('pending', 'held') and endpoint_id is not null;
create index delivery_leased on delivery (leased_until) where state = 'leased';
create index delivery_of_lead on delivery (lead_id);
create index delivery_handed_over on delivery (ended_at) where event = 'lead.matured' and state in ('delivered', 'filed');
create index delivery_open_of_endpoint on delivery (endpoint_id, due_at) where state in ('pending', 'held', 'leased');
create index delivery_of_replay on delivery (replay_id) where replay_id is not null;
comment on table delivery is 'One matured lead owed to one endpoint.';
comment on column delivery.id is 'UUIDv7; its text form is the webhook-id of every attempt.';
comment on column delivery.client_id is 'Whose lead it is.';
comment on column delivery.lead_id is 'The lead.';
comment on column delivery.maturation_id is 'The maturation it passes on.';
comment on column delivery.endpoint_id is 'Where to; null while nobody can take it: it is routed again when it is due.';
comment on column delivery.rep_id is 'The rep it was routed to; the one behind its endpoint where null.';
comment on column delivery.event is 'What it tells: lead.matured hands the lead over, lead.offered offers it, everything else is about one of these.';
comment on column delivery.cause is 'What it tells of, where that can happen more than once: an arrival, a touch, the number of an outcome, an attempt.';
comment on column delivery.said is 'What the event says beside the lead.';
comment on column delivery.state is 'pending, held, leased, delivered, filed (mail written to a file), dead or withdrawn.';
comment on column delivery.reason is 'Why it is held, dead or withdrawn, or why the last attempt failed.';
comment on column delivery.due_at is 'Not to be attempted before.';
comment on column delivery.offered_until is 'Until then no sweeper offers it again; the worker does not look at it.';
comment on column delivery.lease is 'Who is attempting it now.';
comment on column delivery.leased_until is 'From then another worker may take it, by the database''s clock.';
comment on column delivery.attempts is 'Attempts begun.';
comment on column delivery.excused is 'Those of them that do not count against the schedule: probes of an open circuit, and all from before a retry or replay by a person.';
comment on column delivery.in_line is 'The endpoint''s rate made it wait: due_at is its place in the line.';
comment on column delivery.replay_id is 'The replay that sent it last.';
comment on column delivery.created_at is 'When it came to be owed.';
comment on column delivery.ended_at is 'When it was delivered, filed, given up or withdrawn.';

create table replay (
    id uuid primary key,
    endpoint_id uuid not null references endpoint (id),
    after_id uuid not null,
    until_id uuid not null,
    state text not null default 'running',
    replayed integer not null default 0,
    passed_over integer not null default 0,
    asked_by text not null,
    created_at timestamptz not null,
    ended_at timestamptz,
    constraint replay_state_is_known check (state in ('running', 'finished')),
    constraint replay_ended_has_a_date check ((state = 'finished') = (ended_at is not null)),
    constraint replay_counts_are_counts check (replayed >= 0 and passed_over >= 0)
);
create index replay_running on replay (id) where state = 'running';
comment on table replay is 'A time range of an endpoint''s deliveries that is sent again, under the same ids and with the same bytes.';
comment on column replay.id is 'UUIDv7.';
comment on column replay.endpoint_id is 'The endpoint.';
comment on column replay.after_id is 'Deliveries up to this id have been seen to: it moves on with every step.';
comment on column replay.until_id is 'The end of the range: ids sort by when the delivery came to be owed.';
comment on column replay.state is 'running, or finished: every delivery of the range has been seen to.';
comment on column replay.replayed is 'Deliveries that it made due again.';
comment on column replay.passed_over is 'Deliveries that it left alone: under way anyway, or withdrawn.';
comment on column replay.asked_by is 'Who asked for it.';
comment on column replay.created_at is 'When it was asked for.';
comment on column replay.ended_at is 'When the last delivery had been seen to.';

create table delivery_body (
    delivery_id uuid primary key,
    client_id uuid not null,
    at timestamptz not null,
    place bigint,
    body bytea not null
);
create unique index delivery_body_by_place on delivery_body (client_id, place) where place is not null;
create index delivery_body_unplaced on delivery_body (client_id, delivery_id) where place is null;
comment on table delivery_body is 'What is sent, frozen at the first lease. Beside the delivery, whose row changes with every attempt.';
comment on column delivery_body.delivery_id is 'The delivery.';
comment on column delivery_body.client_id is 'Whose lead it is.';
comment on column delivery_body.at is 'When it was frozen: the first attempt followed.';
comment on column delivery_body.place is 'Its place in the list that the client reads on from; given when the client first reads that far, so that nothing comes to stand before what was read.';
comment on column delivery_body.body is 'The bytes of the webhook''s body; a mail is rendered from them.';

create table attempt (
    delivery_id uuid not null,
    number integer not null,
    at timestamptz not null,
    duration_ms integer not null,
    status integer,
    error text,
    answer bytea,
    primary key (delivery_id, number),
    constraint attempt_counts_from_one check (number >= 1),
    constraint attempt_says_how_it_went check (status is not null or error is not null)
);
comment on table attempt is 'One try to deliver.';
comment on column attempt.delivery_id is 'The delivery.';
comment on column attempt.number is 'Counts from 1.';
comment on column attempt.at is 'When it ended.';
comment on column attempt.duration_ms is 'How long it took, in milliseconds.';
comment on column attempt.status is 'HTTP status or SMTP reply code.';
comment on column attempt.error is 'Class of the failure where there was no answer.';
comment on column attempt.answer is 'The first 64 KiB of the answer''s body.';

create table outcome (
    delivery_id uuid not null references delivery (id),
    number integer not null,
    at timestamptz not null,
    kind text not null,
    reason text,
    amount numeric(14, 4),
    currency text,
    not_before timestamptz,
    how text not null,
    said_by text not null,
    primary key (delivery_id, number),
    constraint outcome_counts_from_one check (number >= 1),
    constraint outcome_kind_is_known check (kind in ('accepted', 'returned', 'not_yet', 'won', 'lost')),
    constraint outcome_how_is_known check (how in ('answer', 'api', 'link', 'command', 'import')),
    constraint outcome_says_why check (kind not in ('returned', 'lost') or reason is not null),
    constraint outcome_sale_is_whole check ((kind = 'won') = (amount is not null) and (amount is null) = (currency is null)),
    constraint outcome_amount_is_positive check (amount > 0),
    constraint outcome_currency_is_alpha3 check (currency ~ '^[A-Z]{3}$'),
    constraint outcome_not_yet_has_a_date check ((kind = 'not_yet') = (not_before is not null))
);
comment on table outcome is 'What the client says about a delivered lead; the newest counts, the others are history.';
comment on column outcome.delivery_id is 'The delivery.';
comment on column outcome.number is 'Counts what was said about the delivery from 1: the highest is the newest.';
comment on column outcome.at is 'When it was said.';
comment on column outcome.kind is 'accepted, returned, not_yet, won or lost.';
comment on column outcome.reason is 'In the client''s words.';
comment on column outcome.amount is 'What it was sold for.';
comment on column outcome.currency is 'ISO 4217 code of the amount.';
comment on column outcome.not_before is 'When a lead that is not ready may be.';
comment on column outcome.how is 'answer (the body of a webhook''s answer), api, link (in a mail or payload), command or import.';
comment on column outcome.said_by is 'Who said it, as far as that is known: the name of a token, of a rep, of a person of the firm.';

create table outcome_answer (
    delivery_id uuid primary key references delivery (id),
    at timestamptz not null,
    said json not null,
    refused text
);
create index outcome_answer_waiting on outcome_answer (at) where refused is null;
comment on table outcome_answer is 'What webhooks'' answers say, written with the attempt, until it is recorded as an outcome.';
comment on column outcome_answer.delivery_id is 'The delivery.';
comment on column outcome_answer.at is 'When it was answered.';
comment on column outcome_answer.said is 'The outcome''s fields as texts.';
comment on column outcome_answer.refused is 'Why it was not recorded, for people to see; null while it waits.';

create table client_token (
    id uuid primary key,
    client_id uuid not null references client (id),
    name text not null,
    hash bytea not null,
    created_at timestamptz not null,
    revoked_at timestamptz,
    constraint client_token_is_unique unique (hash),
    constraint client_token_is_sha256 check (octet_length(hash) = 32)
);
create index client_token_of_client on client_token (client_id);
comment on table client_token is 'What a client''s programs authenticate with to read its deliveries and say what became of them.';
comment on column client_token.id is 'UUIDv7.';
comment on column client_token.client_id is 'The only client whose data it opens.';
comment on column client_token.name is 'What it is for, as people write it.';
comment on column client_token.hash is 'SHA-256 of the token, which itself is shown once and stored nowhere.';
comment on column client_token.created_at is 'When it was made.';
comment on column client_token.revoked_at is 'From when it no longer opens anything; null while it does.';

create table signing_key (
    purpose text primary key,
    key bytea not null,
    created_at timestamptz not null,
    constraint signing_key_is_256_bits check (octet_length(key) = 32)
);
comment on table signing_key is 'Keys of the installation, each made when first needed.';
comment on column signing_key.purpose is 'What is signed with it: link.';
comment on column signing_key.key is 'Kept in clear because each signature needs it.';
comment on column signing_key.created_at is 'When it was made.';

create table suspect (
    id uuid primary key,
    queue text not null,
    tries integer not null,
    why text not null,
    last_at timestamptz not null,
    constraint suspect_tries_are_counted check (tries >= 1)
);
comment on table suspect is 'Messages that failed alone or kept coming back: noted before each further try.';
comment on column suspect.id is 'The message''s id.';
comment on column suspect.queue is 'The queue it came from.';
comment on column suspect.tries is 'Tries begun alone.';
comment on column suspect.why is 'How the last one failed.';
comment on column suspect.last_at is 'When it was last tried.';

create table dead_letter (
    id uuid primary key,
    queue text not null,
    message_id uuid not null,
    body bytea not null,
    reason text not null,
    state text not null default 'waiting',
    at timestamptz not null,
    ended_at timestamptz,
    constraint dead_letter_state_is_known check (state in ('waiting', 'replayed', 'dropped')),
    constraint dead_letter_ended_has_a_date check ((state = 'waiting') = (ended_at is null))
);
create unique index dead_letter_waiting_is_single on dead_letter (queue, message_id) where state = 'waiting';
comment on table dead_letter is 'Messages that could not be handled: looked at, replayed or dropped by a person.';
comment on column dead_letter.id is 'UUIDv7.';
comment on column dead_letter.queue is 'The queue it belongs to.';
comment on column dead_letter.message_id is 'The message''s id.';
comment on column dead_letter.body is 'The message, byte for byte.';
comment on column dead_letter.reason is 'Why it could not be handled.';
comment on column dead_letter.state is 'waiting, replayed or dropped.';
comment on column dead_letter.at is 'When it was given up.';
comment on column dead_letter.ended_at is 'When a person replayed or dropped it.';
