//! From one posted lead to the message that goes to the qualifier.

use bytes::Bytes;
use jiff::Timestamp;
use ripen_domain::{
    arrival::{Arrival, Keys, QuarantineReason},
    flag::{Flag, FlagCode},
    id::ArrivalId,
    message::ArrivalMessage,
};
use ripen_runtime::random;
use ripen_store::source::record::SourceRecord;
use ripen_web::Problem;

use crate::{
    formats::PostedLead,
    normalise::{self, PostedFrom},
};

/// Room for the message of a usual lead, so that writing it moves nothing.
const MESSAGE_BYTES: usize = 2048;

/// What holds for all leads of one request.
pub struct Reception<'r> {
    /// Who sent it.
    pub source: &'r SourceRecord,
    /// When the whole body was here.
    pub received_at: Timestamp,
    /// `Idempotency-Key`, or a form's submission id.
    pub key: Option<&'r str>,
    /// Why nothing of it is to be worked.
    pub quarantine: Option<QuarantineReason>,
}

/// An arrival ready to be kept.
pub struct Ready {
    /// Its id.
    pub id: ArrivalId,
    /// Whether it is kept but not worked.
    pub quarantined: bool,
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
            bare_plus: posted.bare_plus,
        };
        let normalised = normalise::submission(posted.fields?, &from);
        // Quarantined leads need nothing usable: a bot that fills the honeypot must not be told what would have
        // passed.
        let mut submission =
            if self.quarantine.is_some() { normalised.submission } else { normalised.usable(index)? };
        if posted.lossy {
            submission.flag(Flag::new("", FlagCode::FieldUnusable));
        }
        // What holds for the whole request goes before what the lead says of itself.
        let quarantine = self.quarantine.or(submission.test.then_some(QuarantineReason::Test));
        let keys = Keys { idempotency_key: self.key, external_id: submission.external_id.as_deref(), index };
        // Without any key the id is fresh, and the qualifier finds repetitions by their content.
        let (id, sameness) = keys.arrival_id(self.source.id, random::uuid_v7(self.received_at));
        let message = ArrivalMessage::V1(Box::new(Arrival {
            id,
            sameness,
            source: self.source.id,
            client: self.source.client,
            received_at: self.received_at,
            content: submission.content_hash(),
            quarantine,
            is_released: false,
            submission,
            raw: posted.raw,
        }));
        let mut body = Vec::with_capacity(MESSAGE_BYTES);
        serde_json::to_writer(&mut body, &message).map_err(|error| {
            tracing::error!(error = %error, arrival.id = %id, "an arrival could not be written as JSON");
            Problem::internal()
        })?;
        // It may wait in a queue in memory, with ten thousand others: without the room that it did not need.
        Ok(Ready { id, quarantined: quarantine.is_some(), body: body.into_boxed_slice().into() })
    }
}
