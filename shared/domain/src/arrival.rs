//! One submission on its way from intake to the qualifier, and how its id makes a retry the same arrival.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    hash::ContentHash,
    id::{ArrivalId, ClientId, SourceId},
    lead::words,
    submission::Submission,
};

words! {
    /// What makes two posts the same arrival.
    Sameness "sameness" {
        /// No key was given: same source, person and content within ten minutes.
        Content = "content",
        /// The `Idempotency-Key` header; another body under the same key is quarantined.
        IdempotencyKey = "idempotency_key",
        /// The sender's own id; another body under the same id amends the lead.
        ExternalId = "external_id",
    }
}

words! {
    /// Why an arrival is kept but not worked.
    QuarantineReason "quarantine reason" {
        /// The form's honeypot was filled in.
        Honeypot = "honeypot",
        /// Marked as a test by its sender.
        Test = "test",
        /// The same Idempotency-Key came with another body.
        KeyReused = "key_reused",
        /// A browser form of a paused source.
        SourcePaused = "source_paused",
    }
}

/// The body as it was received, in the words of RFC 9110: bytes and their media type.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawBody {
    /// Media type without parameters.
    pub media_type: String,
    /// The text, where it is UTF-8 (it is for every format but multipart files).
    pub text: String,
}

impl fmt::Debug for RawBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The type and length alone: the text is personal data and must not come into a log.
        write!(f, "RawBody({}, {} bytes)", self.media_type, self.text.len())
    }
}

/// One submission from one source, as intake received it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Arrival {
    /// Stable over retries where the sender gave a key.
    pub id: ArrivalId,
    /// What makes another post the same arrival.
    pub sameness: Sameness,
    /// Who sent it.
    pub source: SourceId,
    /// Whose it is.
    pub client: ClientId,
    /// When intake had the whole body.
    pub received_at: Timestamp,
    /// What the submission says, hashed.
    pub content: ContentHash,
    /// Set where it must be kept and not worked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<QuarantineReason>,
    /// It was quarantined and a person let it go: its id was seen before, and it is worked now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_released: bool,
    /// The parsed submission.
    pub submission: Submission,
    /// The body as it came.
    pub raw: RawBody,
}

/// What a sender gave to make its retries harmless.
#[derive(Debug, Clone, Copy, Default)]
pub struct Keys<'a> {
    /// `Idempotency-Key` header.
    pub idempotency_key: Option<&'a str>,
    /// `external_id` of the submission.
    pub external_id: Option<&'a str>,
    /// Place in an array, from 0; `None` for a single lead.
    pub index: Option<usize>,
}

impl Keys<'_> {
    /// The id of the arrival and what it rests on. `fresh` is a new UUIDv7, used where there is no key.
    ///
    /// A single lead goes by its Idempotency-Key first, an element of an array by its external id first.
    #[must_use]
    pub fn arrival_id(&self, source: SourceId, fresh: Uuid) -> (ArrivalId, Sameness) {
        // Prefixes keep the two kinds of keys apart: an external id must not meet an idempotency key of the same text.
        let external = self.external_id.map(|id| (format!("x:{id}"), Sameness::ExternalId));
        let by_key = self.idempotency_key.map(|key| {
            // With its index: the submissions of one request share its key.
            let name = self.index.map_or_else(|| format!("k:{key}"), |index| format!("k:{key}:{index}"));
            (name, Sameness::IdempotencyKey)
        });
        // In a batch the key is of the whole request, and the external id says which lead it is.
        let chosen = if self.index.is_some() { external.or(by_key) } else { by_key.or(external) };
        chosen.map_or_else(
            || (ArrivalId::from_uuid(fresh), Sameness::Content),
            // Under the source: two sources may use the same keys.
            |(name, sameness)| (ArrivalId::from_uuid(Uuid::new_v5(&source.uuid(), name.as_bytes())), sameness),
        )
    }
}

/// The id of another body that came under an id already seen: the same for each retry of that body.
#[must_use]
pub fn variant_id(id: ArrivalId, content: ContentHash) -> ArrivalId {
    // Derived from id and content: a retry of the variant is the same variant.
    ArrivalId::from_uuid(Uuid::new_v5(&id.uuid(), content.bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_of(keys: Keys<'_>) -> (ArrivalId, Sameness) {
        keys.arrival_id(SourceId::from_uuid(Uuid::from_u128(1)), Uuid::from_u128(9))
    }

    #[test]
    fn a_single_lead_goes_by_its_key_and_an_element_by_its_own_id() {
        let both = Keys { idempotency_key: Some("k1"), external_id: Some("B-17"), index: None };
        assert_eq!(id_of(both).1, Sameness::IdempotencyKey);
        assert_eq!(id_of(Keys { index: Some(0), ..both }).1, Sameness::ExternalId);
        assert_eq!(id_of(Keys::default()), (ArrivalId::from_uuid(Uuid::from_u128(9)), Sameness::Content));
    }

    #[test]
    fn the_same_key_is_the_same_id_and_another_source_another() {
        let keys = Keys { idempotency_key: Some("k1"), ..Keys::default() };
        assert_eq!(id_of(keys), id_of(keys));
        assert_ne!(id_of(keys).0, keys.arrival_id(SourceId::from_uuid(Uuid::from_u128(2)), Uuid::nil()).0);
        let elements: Vec<_> = (0..3).map(|i| id_of(Keys { index: Some(i), ..keys }).0).collect();
        assert!(elements[0] != elements[1] && elements[1] != elements[2]);
    }
}
