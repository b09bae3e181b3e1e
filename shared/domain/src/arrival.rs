//! One submission on its way from intake to the qualifier, and how its id makes a retry the same arrival.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    hash::ContentHash,
    id::{ArrivalId, ClientId, SourceId},
    lead::words,
    submission::Submission,
};

mod quarantine_reason;

pub use quarantine_reason::QuarantineReason;

/// Within so long of each other two bodies of one form may be the same visitor's: who comes back later fills in a new form,
/// wherever its page came from.
pub const FORM_CORRECTS_WITHIN: SignedDuration = SignedDuration::from_hours(1);

words! {
    /// What makes two posts the same arrival.
    Sameness "sameness" {
        /// No key was given: same source, person and content within ten minutes.
        Content = "content",
        /// A form's submission id and what it says: another body is a correction, or of another visitor.
        Form = "form",
        /// The `Idempotency-Key` header; another body under the same key is quarantined.
        IdempotencyKey = "idempotency_key",
        /// The sender's own id; another body under the same id amends the lead.
        ExternalId = "external_id",
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
    /// What its Idempotency-Key makes, where the arrival goes by something else: its external id, what it is kept under while its
    /// source is paused, or of what a program enters at the desk what it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<ArrivalId>,
    /// Under which id versions before stored it: a retry across an upgrade is the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formerly: Option<ArrivalId>,
    /// What a form's submission id makes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<ArrivalId>,
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
    /// It came with a page's address or out of a form: whoever reads the page could have sent it. Under an id that others came
    /// under it says nothing of them unless it may be of the same person.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_visitor: bool,
    /// It came with others in one request: an array, or rows of a list. Nobody waits at a page for the answer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_bulk: bool,
    /// The parsed submission.
    pub submission: Submission,
    /// The body as it came.
    pub raw: RawBody,
}

/// When a body came: of several under one external id, or of one visitor under a form's id, this says which counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyTime {
    /// When intake had it.
    pub received_at: Timestamp,
    /// When the person submitted it, by the sender's clock.
    pub submitted_at: Option<Timestamp>,
}

impl BodyTime {
    /// That of an arrival.
    #[must_use]
    pub fn of(arrival: &Arrival) -> Self {
        Self::said(arrival.received_at, &arrival.submission)
    }

    /// That of what was received then. Where a day alone was said it may have been submitted at any time of it up to its receipt: the
    /// last of these, or it would be older than a time of that very day that was said before.
    #[must_use]
    pub fn said(received_at: Timestamp, submission: &Submission) -> Self {
        let latest = submission.submitted_until.map(|until| until.min(received_at));
        let submitted_at = submission.submitted_at.map(|at| latest.unwrap_or(at).max(at));
        Self { received_at, submitted_at }.as_kept()
    }

    /// Whether this body counts and not the other: the newer one by the sender's time, which is that of receipt where none was
    /// sent; of one time the one received later. One order over all bodies, or which of three counts would depend on the order
    /// in which they are compared. Statements order by the same: `coalesce(submitted_at, received_at), received_at`.
    #[must_use]
    pub fn is_newer(self, other: Self) -> bool {
        let at = |time: Self| (time.submitted_at.unwrap_or(time.received_at), time.received_at);
        at(self.as_kept()) > at(other.as_kept())
    }

    fn as_kept(self) -> Self {
        Self { received_at: in_microseconds(self.received_at), submitted_at: self.submitted_at.map(in_microseconds) }
    }
}

/// As the database keeps it: compared to the nanosecond, a body would be older than itself.
fn in_microseconds(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

/// What a sender gave to make its retries harmless.
#[derive(Debug, Clone, Copy)]
pub struct Keys<'a> {
    /// `Idempotency-Key` header: which request.
    pub idempotency_key: Option<&'a str>,
    /// `external_id` of the submission: what the request is about.
    pub external_id: Option<&'a str>,
    /// `_sid` of a form: which page a visitor filled in.
    pub form_id: Option<&'a str>,
    /// Place in an array; `None` for a single lead.
    pub element: Option<ArrayPlace>,
    /// What the submission says, hashed.
    pub content: ContentHash,
    /// Why it is kept and not worked.
    pub quarantine: Option<QuarantineReason>,
}

/// A lead's place in an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArrayPlace {
    /// From 0.
    pub index: usize,
    /// How many elements before it say the same.
    pub same_before: usize,
}

/// The ids that the keys of a lead make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArrivalIds {
    /// The arrival's.
    pub id: ArrivalId,
    /// What makes another post the same arrival.
    pub sameness: Sameness,
    /// What its Idempotency-Key makes, where that is not what the arrival goes by: it must not come with another body, and with
    /// the same it is the same request. An array's key makes one of each element and what it says. Of what waits for the end of
    /// a pause it counts from then on.
    pub key: Option<ArrivalId>,
    /// Under which id versions before this one stored it.
    pub formerly: Option<ArrivalId>,
    /// What a form's submission id makes.
    pub form: Option<ArrivalId>,
}

impl Keys<'_> {
    /// The ids. `fresh` is a new UUIDv7, used where there is no key.
    ///
    /// A lead goes by its external id first, then by its key, then by the form. Elements of an array without an external id go by
    /// the array's key and what they say: sent again with a lead in front, each is what it was. A line feed parts what makes a name,
    /// and no key or form id has one, so that no two kinds make one id. What is quarantined has ids of its own: an honest post
    /// after it is no repetition.
    #[must_use]
    pub fn ids(&self, source: SourceId, fresh: Uuid) -> ArrivalIds {
        let id = |name: &str| ArrivalId::from_uuid(Uuid::new_v5(&source.uuid(), name.as_bytes()));
        let content = self.content;
        let plain = |id, sameness| ArrivalIds { id, sameness, key: None, formerly: None, form: None };
        let held = self.quarantine.map(|reason| format!("q:{}\n", reason.word())).unwrap_or_default();
        let own = |name: &str| id(&format!("{held}{name}"));
        // The key of an array is the whole array's: each of its elements goes by what it says.
        let named = self.idempotency_key.map(|key| match self.element {
            None => format!("k:{key}"),
            Some(ArrayPlace { same_before, .. }) => format!("k:{key}\n{content}\n{same_before}"),
        });
        let with_key = named.as_deref().map(id);
        let key = with_key.filter(|_| self.quarantine.is_none());
        let ids = match (self.external_id, &named, self.form_id) {
            (Some(external), _, _) => ArrivalIds { key, ..plain(own(&format!("x:{external}")), Sameness::ExternalId) },
            (None, Some(named), _) => {
                let of_element = self.idempotency_key.zip(self.element);
                let formerly = of_element.map(|(key, ArrayPlace { index, .. })| id(&format!("k:{key}:{index}")));
                ArrivalIds { formerly, ..plain(own(named), Sameness::IdempotencyKey) }
            }
            (None, None, Some(form)) => {
                let ids = plain(own(&format!("s:{form}\n{content}")), Sameness::Form);
                ArrivalIds { formerly: Some(id(&format!("k:{form}"))), form: Some(id(&format!("s:{form}"))), ..ids }
            }
            (None, None, None) => plain(ArrivalId::from_uuid(fresh), Sameness::Content),
        };
        match self.quarantine {
            // Worked when the pause ends, beside what the same visitor corrected, and as the same as what came with its key.
            Some(QuarantineReason::SourcePaused) => ArrivalIds { formerly: None, key: with_key, ..ids },
            Some(_) => ArrivalIds { formerly: None, form: None, ..ids },
            None => ids,
        }
    }
}

/// The id of another body that came under an id already seen: the same for each retry of that body.
#[must_use]
pub fn variant_id(id: ArrivalId, content: ContentHash) -> ArrivalId {
    ArrivalId::from_uuid(Uuid::new_v5(&id.uuid(), content.bytes()))
}

/// The id of a body that came under an external id before, and comes again after another one did: from when it was received on
/// it is what counts.
#[must_use]
pub fn return_id(id: ArrivalId, content: ContentHash, received_at: Timestamp) -> ArrivalId {
    let mut name = content.bytes().to_vec();
    name.extend(received_at.as_microsecond().to_be_bytes());
    ArrivalId::from_uuid(Uuid::new_v5(&id.uuid(), &name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Keys<'static> = Keys {
        idempotency_key: None,
        external_id: None,
        form_id: None,
        element: None,
        content: ContentHash::from_bytes([1; 16]),
        quarantine: None,
    };

    fn ids(keys: Keys<'_>) -> ArrivalIds {
        keys.ids(SourceId::from_uuid(Uuid::from_u128(1)), Uuid::from_u128(9))
    }

    fn element(index: usize, same_before: usize) -> Option<ArrayPlace> {
        Some(ArrayPlace { index, same_before })
    }

    #[test]
    fn a_lead_goes_by_its_external_id_then_by_its_key_then_by_its_form() {
        let all = Keys { idempotency_key: Some("k1"), external_id: Some("B-17"), form_id: Some("s1"), ..NONE };
        assert_eq!(ids(all).sameness, Sameness::ExternalId);
        assert_eq!(ids(Keys { external_id: None, ..all }).sameness, Sameness::IdempotencyKey);
        assert_eq!(ids(Keys { external_id: None, idempotency_key: None, ..all }).sameness, Sameness::Form);
        assert_eq!(ids(NONE).id, ArrivalId::from_uuid(Uuid::from_u128(9)));
        // Under another key it is the same lead; the key is looked at beside.
        let other = Keys { idempotency_key: Some("k2"), ..all };
        assert_eq!(ids(all).id, ids(other).id);
        assert_ne!(ids(all).key, ids(other).key);
        assert_eq!(ids(all).key, Some(ids(Keys { external_id: None, ..all }).id), "as versions before stored it");
    }

    #[test]
    fn no_two_kinds_of_keys_make_one_id() {
        let keyed = Keys { idempotency_key: Some("kk"), ..NONE };
        let first = ids(Keys { element: element(0, 0), ..keyed });
        let single = ids(Keys { idempotency_key: Some("kk:0"), ..NONE });
        assert_ne!(first.id, single.id);
        assert_eq!(first.formerly, Some(single.id), "as versions before stored it");
        let twice = ids(Keys { element: element(1, 1), ..keyed });
        assert_ne!(first.id, twice.id, "two that say the same are two");
        assert_eq!(first.id, ids(Keys { element: element(5, 0), ..keyed }).id, "whatever was put in front");
        let form = ids(Keys { form_id: Some("kk"), ..NONE });
        assert_ne!(form.id, ids(keyed).id);
        assert_ne!(form.id, ids(Keys { form_id: Some("kk"), content: ContentHash::from_bytes([2; 16]), ..NONE }).id);
    }

    #[test]
    fn an_element_with_an_external_id_says_which_request_it_came_with() {
        let keyed = Keys { idempotency_key: Some("kk"), external_id: Some("B-17"), element: element(0, 0), ..NONE };
        assert_eq!(ids(keyed).id, ids(Keys { idempotency_key: None, ..keyed }).id, "it goes by its external id");
        assert_eq!(ids(keyed).key, ids(Keys { element: element(7, 0), ..keyed }).key, "sent again among others");
        assert_ne!(ids(keyed).key, ids(Keys { content: ContentHash::from_bytes([2; 16]), ..keyed }).key);
        assert_ne!(ids(keyed).key, ids(Keys { element: None, ..keyed }).key, "a single lead under it");
        assert_eq!(ids(Keys { idempotency_key: None, ..keyed }).key, None);
    }

    #[test]
    fn what_is_quarantined_stands_in_nobodys_way() {
        let all = [
            Keys { external_id: Some("B-17"), ..NONE },
            Keys { idempotency_key: Some("k"), ..NONE },
            Keys { form_id: Some("s"), ..NONE },
        ];
        for keys in all {
            let held = ids(Keys { quarantine: Some(QuarantineReason::Honeypot), ..keys });
            assert_ne!(held.id, ids(keys).id);
            assert_eq!((held.key, held.formerly, held.form), (None, None, None));
        }
    }

    #[test]
    fn what_a_pause_keeps_says_which_key_it_came_with() {
        let keyed = Keys { idempotency_key: Some("k"), ..NONE };
        let held = ids(Keys { quarantine: Some(QuarantineReason::SourcePaused), ..keyed });
        assert_ne!(held.id, ids(keyed).id, "it stands in nobody's way while it waits");
        assert_eq!(held.key, Some(ids(keyed).id), "and is the same as a retry when it is worked");
        let external = Keys { external_id: Some("B-17"), ..keyed };
        assert_eq!(ids(Keys { quarantine: Some(QuarantineReason::SourcePaused), ..external }).key, ids(external).key);
    }

    #[test]
    fn the_newer_body_is_so_by_the_senders_time_else_by_receipt() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let body =
            |received, submitted: Option<i64>| BodyTime { received_at: at(received), submitted_at: submitted.map(at) };
        assert!(body(10, Some(7)).is_newer(body(20, Some(5))));
        assert!(body(20, Some(5)).is_newer(body(10, Some(5))), "equal by the sender's time");
        assert!(body(10, None).is_newer(body(20, Some(5))), "what says no time was said when it was received");
        assert!(body(20, None).is_newer(body(10, Some(15))));
        assert!(!body(10, None).is_newer(body(10, None)));
    }

    #[test]
    fn a_day_alone_is_no_older_than_a_time_of_it() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let said = |received: &str, submitted: &str, until: Option<&str>| {
            let submission = Submission {
                submitted_at: Some(at(submitted)),
                submitted_until: until.map(at),
                ..Submission::default()
            };
            BodyTime::said(at(received), &submission)
        };
        let timed = said("2026-11-20T21:00:10Z", "2026-11-20T21:00:00Z", None);
        let day = |received| said(received, "2026-11-20T06:00:00Z", Some("2026-11-21T05:59:59.999999Z"));
        assert!(day("2026-11-20T22:00:00Z").is_newer(timed), "received later on that day");
        assert!(timed.is_newer(day("2026-11-20T20:00:00Z")), "received before it");
        assert!(day("2026-11-25T10:00:00Z").is_newer(timed), "received on another day");
        let next = said("2026-11-21T12:00:00Z", "2026-11-21T12:00:00Z", None);
        assert!(next.is_newer(day("2026-11-25T10:00:00Z")), "a time of the day after is newer");
    }

    #[test]
    fn which_of_several_bodies_counts_does_not_depend_on_the_order_they_are_compared_in() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let submitted = || [None, Some(1), Some(2), Some(3), Some(4)].into_iter().map(|second| second.map(at));
        let bodies: Vec<_> = (1..5)
            .flat_map(|second| submitted().map(move |submitted_at| BodyTime { received_at: at(second), submitted_at }))
            .collect();
        for (one, other) in bodies.iter().flat_map(|one| bodies.iter().map(move |other| (one, other))) {
            assert!(!(one.is_newer(*other) && other.is_newer(*one)), "{one:?} {other:?}");
            for third in bodies.iter().filter(|third| one.is_newer(*other) && other.is_newer(**third)) {
                assert!(one.is_newer(*third), "{one:?} {other:?} {third:?}");
            }
            // Neither goes before the other: then they stand alike to every third one.
            let are_equal = |one: &BodyTime, other: &BodyTime| !one.is_newer(*other) && !other.is_newer(*one);
            for third in bodies.iter().filter(|third| are_equal(one, other) && are_equal(other, third)) {
                assert!(are_equal(one, third), "{one:?} {other:?} {third:?}");
            }
        }
    }

    #[test]
    fn another_source_makes_other_ids() {
        let keys = Keys { idempotency_key: Some("k1"), ..NONE };
        assert_eq!(ids(keys), ids(keys));
        assert_ne!(ids(keys).id, keys.ids(SourceId::from_uuid(Uuid::from_u128(2)), Uuid::nil()).id);
    }
}
