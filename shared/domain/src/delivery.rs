//! Passing a matured lead on: what the client receives, and what an attempt's answer means.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

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
        /// A delivery was given up.
        DeliveryDead = "delivery.dead",
        /// An endpoint was disabled.
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

/// Everything a client is told about a matured lead.
#[derive(Debug, Clone)]
pub struct Matured {
    /// The delivery.
    pub delivery: DeliveryId,
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
    /// What that rep and the person have agreed; none where they have not.
    pub appointment: Option<Handover>,
}

impl Matured {
    /// The body of the `lead.matured` event. Frozen at the first attempt, so `now` is the first attempt's.
    #[must_use]
    pub fn payload(&self, reasons: &Value, now: Timestamp) -> Value {
        let profile = &self.profile;
        let handover = self.appointment.as_ref().map_or_else(|| json!({"kind": "message"}), Handover::payload);
        json!({
            "type": "lead.matured",
            "timestamp": now,
            "data": {
                "delivery": self.delivery,
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
                "assigned_to": self.assigned_to.as_ref().map(|(name, email)| json!({"name": name, "email": email})),
                "matured_at": self.matured_at,
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
