//! Passing a matured lead on: what the client receives, and what an attempt's answer means.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    appointment::Handover,
    id::{DeliveryId, LeadId},
    lead::{Channel, Grade, Stage, words},
    person::Profile,
    time::later,
};

words! {
    /// What an endpoint can be told of.
    EventType "event type" {
        /// A lead became A.
        LeadMatured = "lead.matured",
        /// A lead is offered to several: who accepts first has it.
        LeadOffered = "lead.offered",
        /// A new enquiry or a correction of a delivered lead.
        LeadUpdated = "lead.updated",
        /// A delivered lead is taken back.
        LeadRecalled = "lead.recalled",
        /// A lead that was offered to several went to another.
        LeadTaken = "lead.taken",
        /// The person asked not to be contacted.
        LeadSuppressed = "lead.suppressed",
        /// An outcome was recorded.
        LeadOutcome = "lead.outcome",
        /// A delivery to one of the client's endpoints was given up.
        DeliveryDead = "delivery.dead",
        /// One of the client's endpoints was disabled for how it answers.
        EndpointDisabled = "endpoint.disabled",
    }
}

words! {
    /// Where a delivery stands.
    DeliveryState "state of a delivery" {
        /// To be attempted when it is due.
        Pending = "pending",
        /// Waits for something other than time.
        Held = "held",
        /// Being attempted.
        Leased = "leased",
        /// The client has it.
        Delivered = "delivered",
        /// Written to a file because there is no mail server.
        Filed = "filed",
        /// Given up; a person can send it again.
        Dead = "dead",
        /// Not to be sent any more.
        Withdrawn = "withdrawn",
    }
}

words! {
    /// What a client says about a delivered lead.
    OutcomeKind "outcome" {
        /// The rep works it.
        Accepted = "accepted",
        /// Given back, with a reason.
        Returned = "returned",
        /// Later, with a date.
        NotYet = "not_yet",
        /// Sold.
        Won = "won",
        /// Not sold, with a reason.
        Lost = "lost",
    }
}

impl EventType {
    /// What an e-mail endpoint is told of: people are told everything that changes what they do.
    pub const BY_MAIL: [Self; 4] = [Self::LeadMatured, Self::LeadUpdated, Self::LeadRecalled, Self::LeadSuppressed];

    /// Whether endpoints choose to be told of it. Offers, and that one went to somebody else, are told to who is offered.
    #[must_use]
    pub const fn is_asked_for(self) -> bool {
        !matches!(self, Self::LeadOffered | Self::LeadTaken)
    }

    /// Whether it tells of what went wrong on the way, and not of a lead.
    #[must_use]
    pub const fn is_alarm(self) -> bool {
        matches!(self, Self::DeliveryDead | Self::EndpointDisabled)
    }

    /// Whether a client can say what became of it.
    #[must_use]
    pub const fn has_outcome(self) -> bool {
        matches!(self, Self::LeadMatured | Self::LeadOffered)
    }

    /// Whether it hands the lead over, with everything about it.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        matches!(self, Self::LeadMatured | Self::LeadUpdated)
    }
}

/// The id of a later event about a delivery: the same event told again is the same. Its beginning is the time, as in every
/// id, so that ranges of ids are ranges of time.
#[must_use]
pub fn news_id(about: DeliveryId, event: EventType, cause: Uuid, now: Timestamp) -> DeliveryId {
    let derived = Uuid::new_v5(&Uuid::new_v5(&about.uuid(), event.word().as_bytes()), cause.as_bytes());
    let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
    let mut random = [0; 10];
    random.copy_from_slice(&derived.as_bytes()[..10]);
    DeliveryId::from_uuid(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
}

/// Everything a client is told about a matured lead.
#[derive(Debug, Clone)]
pub struct Matured {
    /// The delivery.
    pub delivery: DeliveryId,
    /// What it tells.
    pub event: EventType,
    /// The delivery that handed the lead over: itself, or the earlier one that it is about.
    pub handed_over: DeliveryId,
    /// What the event says beside the lead; null where the lead is all. Of an update what is new: `{"kind": …}`.
    pub said: Value,
    /// The lead.
    pub lead: LeadId,
    /// Its stage.
    pub stage: Stage,
    /// Whom to reach, and how.
    pub profile: Profile,
    /// Grade of the decision that matured it: always A.
    pub grade: Grade,
    /// Its points.
    pub score: i32,
    /// Name and version of the criteria.
    pub criteria: (String, i32),
    /// The decision's receipt as JSON.
    pub receipt: Value,
    /// Answers by question.
    pub answers: Map<String, Value>,
    /// Notes: `{at, by, text}`, oldest first.
    pub notes: Value,
    /// Name of the source.
    pub source: String,
    /// The lead's channel.
    pub channel: Channel,
    /// Arrivals on it.
    pub arrivals: i32,
    /// The first one.
    pub first_arrived_at: Timestamp,
    /// When it became A.
    pub matured_at: Timestamp,
    /// Name and address of the rep it is for.
    pub assigned_to: Option<(String, String)>,
    /// Where those are who get it, the rep or else the client: an IANA name.
    pub time_zone: String,
    /// What that rep and the person have agreed; none where they have not.
    pub appointment: Option<Handover>,
}

impl Matured {
    /// The body of the event. Frozen at the first attempt, so `now` is the first attempt's. What takes a lead back or tells
    /// of it later names it, and says nothing of how to reach the person.
    #[must_use]
    pub fn payload(&self, reasons: &Value, now: Timestamp) -> Value {
        if self.event.is_whole() {
            return self.whole(reasons, now);
        }
        if self.event == EventType::LeadOffered {
            return self.offer(reasons, now);
        }
        // What went wrong on the way says nothing of the person: it goes to endpoints that may not have the lead.
        if self.event.is_alarm() {
            return json!({"type": self.event, "timestamp": now, "data": self.said});
        }
        let mut data = json!({
            "delivery": self.handed_over,
            "lead": {"id": self.lead, "name": self.profile.full_name()},
            "assigned_to": self.assigned_to(),
        });
        if let (Value::Object(data), Value::Object(said)) = (&mut data, &self.said) {
            data.extend(said.clone());
        }
        json!({"type": self.event, "timestamp": now, "data": data})
    }

    fn assigned_to(&self) -> Option<Value> {
        self.assigned_to.as_ref().map(|(name, email)| json!({"name": name, "email": email}))
    }

    /// Everything but who it is, how to reach them, and what somebody wrote down, where that may stand too.
    fn offer(&self, reasons: &Value, now: Timestamp) -> Value {
        let mut offer = self.whole(reasons, now);
        let data = &mut offer["data"];
        for key in ["first_name", "last_name", "name", "email", "phone"] {
            data["lead"][key] = Value::Null;
        }
        data["notes"] = json!([]);
        data["handover"] = json!({"kind": "message"});
        data["offered_until"] = self.said["until"].clone();
        data["offered_to"] = data["assigned_to"].take();
        offer
    }

    fn whole(&self, reasons: &Value, now: Timestamp) -> Value {
        let mut whole = self.lead(reasons, now);
        if self.event == EventType::LeadUpdated && self.said.is_object() {
            whole["data"]["update"] = self.said.clone();
        }
        whole
    }

    fn lead(&self, reasons: &Value, now: Timestamp) -> Value {
        let profile = &self.profile;
        let handover = self.appointment.as_ref().map_or_else(|| json!({"kind": "message"}), Handover::payload);
        json!({
            "type": self.event,
            "timestamp": now,
            "data": {
                "delivery": self.handed_over,
                "grade": self.grade,
                "score": self.score,
                "criteria": {"name": self.criteria.0, "version": self.criteria.1},
                "reasons": reasons,
                "lead": {
                    "id": self.lead, "stage": self.stage,
                    "first_name": profile.first_name, "last_name": profile.last_name, "name": profile.name,
                    "email": profile.email, "phone": profile.phone, "postal_code": profile.postal_code,
                    "country": profile.country, "time_zone": profile.time_zone, "locale": profile.locale,
                },
                "answers": self.answers,
                "notes": self.notes,
                "source": {"name": self.source, "channel": self.channel},
                "arrivals": self.arrivals,
                "first_arrived_at": self.first_arrived_at,
                "handover": handover,
                "assigned_to": self.assigned_to(),
                "matured_at": self.matured_at,
                "time_zone": self.time_zone,
            }
        })
    }
}

/// How an attempt ended, webhook and mail alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempted {
    /// The client has it: a 2xx, or a mail server that took it.
    Taken,
    /// Written to a file because there is no mail server: never called delivered.
    Filed,
    /// The client wants no more: 410.
    Gone,
    /// May work later; the client may have said when.
    Failed {
        /// In a few words, without contact data.
        why: String,
        /// The time the client asked for.
        not_before: Option<Timestamp>,
    },
    /// Never will: the mail server refused for good.
    Refused {
        /// In a few words, without contact data.
        why: String,
    },
}

/// What happens to the delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Ended well.
    Delivered,
    /// Written to a file.
    Filed,
    /// The endpoint is disabled; the delivery waits for another.
    Held(String),
    /// Tried again then.
    Retry(Timestamp, String),
    /// Given up; a person can replay it.
    Dead(String),
}

/// When to try again: a wait after each failed attempt, and the longest that a client's Retry-After is heeded.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// Wait after the first, second, … attempt.
    pub waits: Vec<Duration>,
    /// The longest Retry-After heeded.
    pub longest_wait: Duration,
}

impl Schedule {
    /// What follows an attempt. `attempts` counts this one and none that is excused; `jitter` is a factor around 1.
    #[must_use]
    pub fn next(&self, attempted: Attempted, attempts: usize, jitter: f64, now: Timestamp) -> Next {
        match attempted {
            Attempted::Taken => Next::Delivered,
            Attempted::Filed => Next::Filed,
            Attempted::Gone => Next::Held("the endpoint answered 410 Gone".to_owned()),
            Attempted::Refused { why } => Next::Dead(why),
            Attempted::Failed { why, not_before } => match self.waits.get(attempts.saturating_sub(1)) {
                None => Next::Dead(format!("gave up after {attempts} attempts: {why}")),
                Some(wait) => Next::Retry(self.due(*wait, not_before, jitter, now), why),
            },
        }
    }

    fn due(&self, wait: Duration, not_before: Option<Timestamp>, jitter: f64, now: Timestamp) -> Timestamp {
        let jittered = Duration::try_from_secs_f64(wait.as_secs_f64() * jitter).unwrap_or(wait);
        let ours = later(now, jittered);
        let theirs = not_before.map_or(ours, |at| at.min(later(now, self.longest_wait)));
        crate::time::whole_micros(ours.max(theirs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule() -> Schedule {
        Schedule { waits: [5, 30].map(Duration::from_secs).to_vec(), longest_wait: Duration::from_secs(3600) }
    }

    fn now() -> Timestamp {
        "2026-11-21T10:00:00Z".parse().unwrap()
    }

    fn failed(not_before: Option<&str>) -> Attempted {
        Attempted::Failed { why: "503".into(), not_before: not_before.map(|at| at.parse().unwrap()) }
    }

    #[test]
    fn failures_follow_the_schedule_and_then_die() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(schedule().next(failed(None), 1, 1.0, now()), Next::Retry(at("2026-11-21T10:00:05Z"), "503".into()));
        assert_eq!(schedule().next(failed(None), 2, 1.1, now()), Next::Retry(at("2026-11-21T10:00:33Z"), "503".into()));
        assert!(matches!(schedule().next(failed(None), 3, 1.0, now()), Next::Dead(_)));
    }

    #[test]
    fn a_wish_to_wait_is_heeded_within_bounds_and_never_shortens() {
        let due = |wish| match schedule().next(failed(Some(wish)), 1, 1.0, now()) {
            Next::Retry(at, _) => at.to_string(),
            other => format!("{other:?}"),
        };
        assert_eq!(due("2026-11-21T10:10:00Z"), "2026-11-21T10:10:00Z");
        assert_eq!(due("2026-11-21T10:00:01Z"), "2026-11-21T10:00:05Z");
        assert_eq!(due("2036-11-21T10:00:01Z"), "2026-11-21T11:00:00Z");
    }

    #[test]
    fn gone_holds_and_a_refusal_is_final() {
        assert!(matches!(schedule().next(Attempted::Gone, 1, 1.0, now()), Next::Held(_)));
        assert!(matches!(schedule().next(Attempted::Refused { why: "550".into() }, 1, 1.0, now()), Next::Dead(_)));
        assert_eq!(schedule().next(Attempted::Filed, 1, 1.0, now()), Next::Filed);
    }
}
