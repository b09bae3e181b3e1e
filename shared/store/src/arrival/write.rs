//! Writing what arrived: the arrivals, their bodies, the answers and notes they brought, and the end of their rest in the spool, in one
//! statement.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    arrival::Sameness,
    hash::ContentHash,
    id::{ArrivalId, ClientId, SourceId},
};
use uuid::Uuid;

use crate::{
    StoreError, Transaction,
    arrival::{
        seen::ArrivalOwner,
        spool::{SpoolKey, key_columns},
    },
    lead::answer::{AnswerRow, NoteRow},
};

/// What a batch of messages brought.
#[derive(Debug, Default)]
pub struct ArrivalBatch<'a> {
    /// Arrivals to store.
    pub arrivals: Vec<ArrivalRow>,
    /// What they say, question by question; what stands already stays.
    pub answers: &'a [AnswerRow],
    /// What they say in free words; what stands already stays.
    pub notes: &'a [NoteRow],
    /// Messages that end with the batch.
    pub spooled: &'a [SpoolKey],
}

impl Transaction {
    /// Stores arrivals with what they say, and removes the messages from the spool.
    pub async fn arrivals_write(&mut self, brought: ArrivalBatch<'_>) -> Result<(), StoreError> {
        let answers = AnswerArrays::from(brought.answers);
        let notes = NoteArrays::from(brought.notes);
        let (spooled, digests) = key_columns(brought.spooled);
        let columns = ArrivalArrays::from(brought.arrivals);
        // The spool rows go in the transaction that stores their arrivals: earlier, a crash would lose them; later,
        // they would be handled twice.
        sqlx::query!(
            "-- arrival.write
            with despooled as (
              delete from spool s using generate_subscripts($27::uuid[], 1) i
              where s.id = ($27::uuid[])[i] and s.digest = ($28::bytea[])[i]
            ), answered as (
              insert into answer (lead_id, question, at, origin, value)
              select ($18::uuid[])[i], ($19::text[])[i], ($20::timestamptz[])[i], ($21::text[])[i], ($22::text[])[i]::json
              from generate_subscripts($18::uuid[], 1) i
              on conflict do nothing
            ), noted as (
              insert into note (lead_id, at, by, text, origin)
              select ($23::uuid[])[i], ($24::timestamptz[])[i], ($25::text[])[i], ($26::text[])[i], ($29::text[])[i]
              from generate_subscripts($23::uuid[], 1) i
              on conflict do nothing
            ), received as (
              insert into arrival_body (arrival_id, received_at, raw)
              select ($1::uuid[])[i], ($12::timestamptz[])[i], ($15::text[])[i] from generate_subscripts($1::uuid[], 1) i
              where ($15::text[])[i] <> ''
              on conflict do nothing
            )
            insert into arrival (id, client_id, source_id, person_id, lead_id, amends, sameness, state, reason, repeat, content,
                                 external_id, received_at, submitted_at, media_type, submission, flags, form_id, corrects_ended,
                                 key_id, by_visitor, in_bulk)
            select ($1::uuid[])[i], ($2::uuid[])[i], ($3::uuid[])[i], ($4::uuid[])[i], ($5::uuid[])[i],
                   ($6::uuid[])[i], ($7::text[])[i],
                   case when ($8::text[])[i] is null then 'graded' else 'quarantined' end, ($8::text[])[i],
                   ($9::boolean[])[i], ($10::bytea[])[i], ($11::text[])[i], ($12::timestamptz[])[i],
                   ($13::timestamptz[])[i], ($14::text[])[i], ($16::text[])[i]::json,
                   string_to_array(($17::text[])[i], ','), ($30::uuid[])[i], ($31::boolean[])[i],
                   ($32::uuid[])[i], ($33::boolean[])[i], ($34::boolean[])[i]
            from generate_subscripts($1::uuid[], 1) i
            -- What was quarantined and released is there already, and is on a lead from now on.
            on conflict (id) do update set person_id = excluded.person_id, lead_id = excluded.lead_id, amends = excluded.amends,
                                           state = excluded.state, reason = excluded.reason, repeat = excluded.repeat,
                                           submission = excluded.submission, flags = excluded.flags,
                                           corrects_ended = excluded.corrects_ended
            where arrival.state = 'quarantined' and arrival.released_at is not null",
            &columns.ids, &columns.clients, &columns.sources, &columns.persons[..] as &[Option<Uuid>],
            &columns.leads[..] as &[Option<Uuid>], &columns.amends[..] as &[Option<Uuid>], &columns.sameness,
            &columns.reasons[..] as &[Option<String>], &columns.repeats, &columns.contents,
            &columns.externals[..] as &[Option<String>], &columns.received[..],
            &columns.submitted[..] as &[Option<jiff_sqlx::Timestamp>], &columns.media, &columns.raws, &columns.submissions,
            &columns.flags, &answers.leads, &answers.questions, &answers.at[..], &answers.origins, &answers.values,
            &notes.leads, &notes.at[..], &notes.by, &notes.texts, &spooled, &digests, &notes.origins,
            &columns.forms[..] as &[Option<Uuid>], &columns.corrects_ended,
            &columns.keys[..] as &[Option<Uuid>], &columns.by_visitor, &columns.in_bulk
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

#[derive(Default)]
struct AnswerArrays {
    leads: Vec<Uuid>,
    questions: Vec<String>,
    at: Vec<jiff_sqlx::Timestamp>,
    origins: Vec<String>,
    values: Vec<String>,
}

impl From<&[AnswerRow]> for AnswerArrays {
    fn from(rows: &[AnswerRow]) -> Self {
        let mut columns = Self::default();
        for row in rows {
            columns.leads.push(row.lead.uuid());
            columns.questions.push(row.question.clone());
            columns.at.push(row.at.to_sqlx());
            columns.origins.push(row.origin.clone());
            columns.values.push(row.value.to_string());
        }
        columns
    }
}

#[derive(Default)]
struct NoteArrays {
    leads: Vec<Uuid>,
    at: Vec<jiff_sqlx::Timestamp>,
    by: Vec<String>,
    texts: Vec<String>,
    origins: Vec<String>,
}

impl From<&[NoteRow]> for NoteArrays {
    fn from(rows: &[NoteRow]) -> Self {
        let mut columns = Self::default();
        for row in rows {
            columns.leads.push(row.lead.uuid());
            columns.at.push(row.at.to_sqlx());
            columns.by.push(row.by.clone());
            columns.texts.push(row.text.clone());
            columns.origins.push(row.origin.clone());
        }
        columns
    }
}

#[derive(Default)]
struct ArrivalArrays {
    ids: Vec<Uuid>,
    clients: Vec<Uuid>,
    sources: Vec<Uuid>,
    persons: Vec<Option<Uuid>>,
    leads: Vec<Option<Uuid>>,
    amends: Vec<Option<Uuid>>,
    sameness: Vec<String>,
    reasons: Vec<Option<String>>,
    repeats: Vec<bool>,
    contents: Vec<Vec<u8>>,
    externals: Vec<Option<String>>,
    received: Vec<jiff_sqlx::Timestamp>,
    submitted: Vec<Option<jiff_sqlx::Timestamp>>,
    media: Vec<String>,
    raws: Vec<String>,
    submissions: Vec<String>,
    flags: Vec<String>,
    forms: Vec<Option<Uuid>>,
    corrects_ended: Vec<bool>,
    keys: Vec<Option<Uuid>>,
    by_visitor: Vec<bool>,
    in_bulk: Vec<bool>,
}

impl From<Vec<ArrivalRow>> for ArrivalArrays {
    fn from(rows: Vec<ArrivalRow>) -> Self {
        let mut columns = Self::default();
        for row in rows {
            columns.ids.push(row.id.uuid());
            columns.clients.push(row.client.uuid());
            columns.sources.push(row.source.uuid());
            columns.persons.push(row.on.map(|on| on.person.uuid()));
            columns.leads.push(row.on.map(|on| on.lead.uuid()));
            columns.amends.push(row.amends.map(ArrivalId::uuid));
            // Columns of equal length, by hand: one that is pushed to once too little would shift every row behind it.
            columns.sameness.push(row.sameness.word().to_owned());
            columns.reasons.push(row.quarantined);
            columns.repeats.push(row.repeat);
            columns.contents.push(row.content.bytes().to_vec());
            columns.externals.push(row.external_id);
            columns.received.push(row.received_at.to_sqlx());
            columns.submitted.push(row.submitted_at.map(ToSqlx::to_sqlx));
            columns.media.push(row.media_type);
            columns.raws.push(row.raw);
            columns.submissions.push(row.submission);
            // Flags of one row as one text: an array of arrays would need all rows to have as many.
            columns.flags.push(row.flags);
            columns.forms.push(row.form.map(ArrivalId::uuid));
            columns.corrects_ended.push(row.corrects_ended);
            columns.keys.push(row.key.map(ArrivalId::uuid));
            columns.by_visitor.push(row.by_visitor);
            columns.in_bulk.push(row.in_bulk);
        }
        columns
    }
}

/// An arrival as it is stored.
#[derive(Debug, Clone)]
pub struct ArrivalRow {
    /// Its id, or of another body under a known id the derived one.
    pub id: ArrivalId,
    /// Whose it is.
    pub client: ClientId,
    /// Who sent it.
    pub source: SourceId,
    /// On which person and lead; none while quarantined.
    pub on: Option<ArrivalOwner>,
    /// The arrival it corrects.
    pub amends: Option<ArrivalId>,
    /// The lead of that was over by then.
    pub corrects_ended: bool,
    /// What makes another post the same.
    pub sameness: Sameness,
    /// Why it is quarantined.
    pub quarantined: Option<String>,
    /// The lead was there before.
    pub repeat: bool,
    /// What it says, hashed.
    pub content: ContentHash,
    /// The sender's own id.
    pub external_id: Option<String>,
    /// What a form's submission id makes.
    pub form: Option<ArrivalId>,
    /// What its Idempotency-Key makes, where that counts only once it is let go.
    pub key: Option<ArrivalId>,
    /// It came with a page's address or out of a form.
    pub by_visitor: bool,
    /// It came with others in one request.
    pub in_bulk: bool,
    /// When intake had it.
    pub received_at: Timestamp,
    /// When the person submitted it.
    pub submitted_at: Option<Timestamp>,
    /// Media type of the raw body.
    pub media_type: String,
    /// The raw body.
    pub raw: String,
    /// The parsed submission as JSON text.
    pub submission: String,
    /// What could not be used, comma separated.
    pub flags: String,
}
