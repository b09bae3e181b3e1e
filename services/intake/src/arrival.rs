//! From one posted lead to the message that goes to the qualifier.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use ripen_domain::{
    arrival::{ArrayPlace, Arrival, BodyTime, Keys, QuarantineReason, Sameness, return_id, variant_id},
    flag::Flag,
    hash::ContentHash,
    id::ArrivalId,
    message::ArrivalMessage,
};
use ripen_runtime::random;
use ripen_store::source::source_record::SourceRecord;
use ripen_web::Problem;

use crate::{
    formats::PostedLead,
    normalise::{self, PostedFrom},
    quarantine,
};

/// Room for the message of a usual lead, so that writing it moves nothing.
const MESSAGE_BYTES: usize = 2048;

/// What the leads of one request before this one said.
#[derive(Debug, Default)]
pub struct LeadsBefore {
    /// How often each of these was said.
    contents: HashMap<ContentHash, usize>,
    /// How many there were.
    leads: i64,
}

/// What holds for all leads of one request.
pub struct Reception<'r> {
    /// Who sent it.
    pub source: &'r SourceRecord,
    /// When the whole body was here.
    pub received_at: Timestamp,
    /// `Idempotency-Key`.
    pub key: Option<&'r str>,
    /// A form's submission id.
    pub form_id: Option<&'r str>,
    /// It came with the source's key and not out of a form: its sender is who it says.
    pub is_of_sender: bool,
    /// It brought several, or is one of many requests that bring a list.
    pub in_bulk: bool,
    /// What the leads before said.
    pub said: Mutex<LeadsBefore>,
    /// Why nothing of it is to be worked.
    pub quarantine: Option<QuarantineReason>,
}

/// A body that was taken in, and where what becomes of it will be found.
#[derive(Debug, Clone, Copy)]
pub struct AcceptedBody {
    /// The arrival's id, as the sender is told.
    pub id: ArrivalId,
    /// What its Idempotency-Key makes beside.
    pub key: Option<ArrivalId>,
    /// The id was made for it: no other body has it.
    pub is_fresh: bool,
    /// What it says, hashed.
    pub content: ContentHash,
    /// When it was all here.
    pub received_at: Timestamp,
    /// When the person submitted it, by the sender's clock.
    pub submitted_at: Option<Timestamp>,
}

impl AcceptedBody {
    /// What says whether it counts, of several bodies under one id.
    pub const fn time(&self) -> BodyTime {
        BodyTime { received_at: self.received_at, submitted_at: self.submitted_at }
    }

    /// Under which ids the qualifier keeps this very body where its id came with another one before: as a correction, as one
    /// that came back after another, or as a reused key's.
    pub fn others(&self) -> impl Iterator<Item = ArrivalId> {
        let reused = self.key.map(|key| variant_id(key, self.content));
        let corrections = [variant_id(self.id, self.content), return_id(self.id, self.content, self.received_at)];
        reused.into_iter().chain(corrections)
    }
}

/// An arrival ready to be kept.
pub struct Ready {
    /// What is known of it.
    pub own: AcceptedBody,
    /// Whether it is kept but not worked.
    pub quarantined: bool,
    /// What of it could not be used as it came, as far as that is seen before it is graded.
    pub flags: Vec<Flag>,
    /// The message, byte for byte.
    pub body: Bytes,
}

impl Reception<'_> {
    /// Makes the arrival of one lead; `index` is its place, where it is one of an array.
    ///
    /// # Errors
    /// When the lead is to be refused. What is quarantined is kept even if it says nothing usable: its sender must not
    /// learn from the answer what a real lead needs.
    pub fn arrival(&self, posted: PostedLead, index: Option<usize>) -> Result<Ready, Problem> {
        let from = PostedFrom {
            country: &self.source.country,
            time_zone: &self.source.time_zone,
            received_at: self.received_at,
            bare_plus: &posted.bare_plus,
        };
        let normalised = normalise::submission(posted.fields?, &from);
        // Quarantined leads need nothing usable: a bot that fills the honeypot must not be told what would have
        // passed.
        let mut submission =
            if self.quarantine.is_some() { normalised.submission } else { normalised.usable(index)? };
        posted.flags.into_iter().for_each(|flag| submission.flag(flag));
        let quarantine = quarantine::of_lead(self.quarantine, &submission);
        let content = submission.content_hash();
        normalise::end_at_receipt(&mut submission, self.received_at);
        let element = index.map(|index| ArrayPlace { index, same_before: self.same_before(content) });
        let keys = Keys {
            idempotency_key: self.key,
            external_id: submission.external_id.as_deref(),
            form_id: self.form_id,
            element,
            content,
            quarantine,
        };
        let received_at = self.after_those_before();
        // Without any key the id is fresh, and the qualifier finds repetitions by their content.
        let ids = keys.ids(self.source.id, random::uuid_v7(received_at));
        let flags = submission.flags.clone();
        let (id, submitted_at) = (ids.id, BodyTime::said(received_at, &submission).submitted_at);
        let message = ArrivalMessage::V1(Box::new(Arrival {
            id,
            sameness: ids.sameness,
            key: ids.key,
            formerly: ids.formerly,
            form: ids.form,
            source: self.source.id,
            client: self.source.client,
            received_at,
            content,
            quarantine,
            is_released: false,
            by_visitor: !self.is_of_sender,
            in_bulk: self.in_bulk,
            submission,
            raw: posted.raw,
        }));
        let mut body = Vec::with_capacity(MESSAGE_BYTES);
        serde_json::to_writer(&mut body, &message).map_err(|error| {
            tracing::error!(error = %error, arrival.id = %id, "an arrival could not be written as JSON");
            Problem::internal()
        })?;
        // It may wait in a queue in memory, with ten thousand others: without the room that it did not need.
        let own = AcceptedBody {
            id,
            key: ids.key,
            is_fresh: ids.sameness == Sameness::Content,
            content,
            received_at,
            submitted_at,
        };
        Ok(Ready { own, quarantined: quarantine.is_some(), flags, body: body.into_boxed_slice().into() })
    }

    /// How many leads of this request before this one say the same.
    fn same_before(&self, content: ContentHash) -> usize {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let count = said.contents.entry(content).or_default();
        *count += 1;
        *count - 1
    }

    /// When a lead counts as received: with its request, and after every lead of it that stands before it. Of two of one instant
    /// neither would be the newer, and which of them counts, or which was there first, would be left to chance: whether they have one
    /// external id or are of one person is found later. A microsecond apart, as the database keeps no less.
    fn after_those_before(&self) -> Timestamp {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let later = SignedDuration::from_micros(said.leads);
        said.leads += 1;
        self.received_at.saturating_add(later).unwrap_or(self.received_at)
    }
}
