//! The lessee's part: offers taken, deliveries leased by the store's own statement, attempted as the list says, settled by
//! the domain's schedule. Every lease is judged here: who may be told what, and how often.

use std::time::Duration;

use jiff::Timestamp;
use ripen_domain::{
    criteria::Receipt,
    delivery::{Attempted, DeliveryFacts, EventType, LONGEST_RETRY_AFTER, RetrySchedule},
    id::{DecisionId, DeliveryId, EndpointId},
    lead::Grade,
    message::DeliverMessage,
};
use ripen_queue::{Message, Queue, Received, Settlement};
use ripen_runtime::random::uuid_v7;
use ripen_store::{
    delivery::{
        attempt::AttemptRow,
        lease::{LeaseRequest, MailRoom},
        leased_delivery::{Leased, LeasedDelivery},
        settle::Settled,
    },
    endpoint::endpoint_record::EndpointKind,
    slot::SlotPlace,
};
use uuid::Uuid;

use super::{
    operation::Fate,
    posting::person_of,
    world::{OFFER, Outcome, World, firm, waiting},
};

/// How long a lease lasts by the database's clock: longer than any list.
const LEASE: Duration = Duration::from_secs(600);

/// The offer of a delivery.
pub fn offer(delivery: DeliveryId, endpoint: EndpointId) -> Message {
    let body = serde_json::to_vec(&DeliverMessage::V1 { delivery, endpoint: Some(endpoint) }).unwrap();
    Message { id: delivery.uuid(), body: body.into() }
}

fn read(message: &Received) -> DeliveryId {
    let DeliverMessage::V1 { delivery, .. } = serde_json::from_slice(&message.body).unwrap();
    delivery
}

/// What one attempt ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Taken,
    Failed,
    /// For good, by no answer.
    Refused,
    Gone,
    /// 422: the receiver does not take this record.
    Record,
    /// 550: there is no such address.
    Bounced,
}

impl Answer {
    fn of(fate: Fate, leased: &Leased) -> Self {
        let is_mail = leased.due.kind == EndpointKind::Email;
        match fate {
            Fate::Taken | Fate::Unrecorded | Fate::Unsent => Self::Taken,
            Fate::Refused => Self::Refused,
            // A mailbox answers no 410.
            Fate::Gone if !is_mail => Self::Gone,
            Fate::Failed | Fate::Gone => Self::Failed,
            Fate::Picky { mails, records, gone } => {
                let person = person_of(leased.due.facts.profile.name.as_deref().unwrap_or_default());
                let whose = if is_mail { mails } else { records };
                match (whose & (1 << person) != 0, is_mail) {
                    (false, _) => Self::Taken,
                    (true, true) => Self::Bounced,
                    (true, false) if gone => Self::Gone,
                    (true, false) => Self::Record,
                }
            }
        }
    }

    fn attempted(self) -> Attempted {
        match self {
            Self::Taken => Attempted::Taken,
            Self::Failed => Attempted::Failed { why: "answered 500".to_owned(), not_before: None },
            Self::Gone => Attempted::Gone,
            Self::Refused => Attempted::Refused { why: "cannot be sent".to_owned() },
            Self::Record => {
                Attempted::Refused { why: "answered 422: the receiver does not take this record".to_owned() }
            }
            Self::Bounced => Attempted::Refused { why: "5.1.1 no such user".to_owned() },
        }
    }

    const fn status(self) -> Option<i32> {
        match self {
            Self::Taken => Some(200),
            Self::Failed => Some(500),
            Self::Gone => Some(410),
            Self::Record => Some(422),
            Self::Bounced => Some(550),
            Self::Refused => None,
        }
    }
}

/// What the first lease freezes. It names the instant: another freeze would be other bytes.
fn freeze(due: &LeasedDelivery, now: Timestamp) -> Vec<u8> {
    due.facts.to_event(now).to_bytes()
}

impl World {
    /// Offers what is owed, leases what waits and lets all attempts end the same way.
    pub async fn deliver(&mut self, fate: Fate) -> Outcome {
        let now = self.now();
        ripen_dispatcher::tick(&self.dispatcher, now).await.map_err(|error| format!("the sweep failed: {error}"))?;
        let consumer = self.dispatcher.transport.consume(Queue::Deliveries, 256);
        let received = waiting(&consumer);
        let deliveries: Vec<_> = received.iter().map(read).collect();
        if deliveries.is_empty() {
            return Ok(());
        }
        let lease = uuid_v7(now);
        let claim = LeaseRequest {
            deliveries: &deliveries,
            lease,
            lasts: LEASE,
            busy: &[],
            places: &[SlotPlace::ALONE],
            mail: MailRoom::ANY,
            kept_until: now + OFFER,
        };
        let claimed = self.dispatcher.store.deliveries_lease(&claim, now, |due| freeze(due, now)).await;
        let ready = claimed.map_err(|error| format!("leasing failed: {error}"))?.ready;
        for leased in &ready {
            self.may_be_sent(leased).await?;
            if fate != Fate::Unsent {
                self.sent(leased)?;
            }
        }
        if matches!(fate, Fate::Unsent | Fate::Unrecorded) {
            self.restart().await;
            return Ok(());
        }
        self.settle(&ready, lease, fate).await?;
        consumer.settle(received.into_iter().map(|message| (message, Settlement::Done)).collect()).await;
        Ok(())
    }

    /// The dispatcher tells a lead without its reasons rather than not at all; here nothing damages a receipt, so that the
    /// reasons that are told are those that were decided by.
    async fn tells_the_reasons(&self, facts: &DeliveryFacts) -> Outcome {
        let sql = "select m.decision_id from delivery d join maturation m on m.id = d.maturation_id where d.id = $1";
        let decision: Uuid = sqlx::query_scalar(sql).bind(facts.delivery.uuid()).fetch_one(&self.pool).await.unwrap();
        let decision = DecisionId::from_uuid(decision);
        let read = self.qualifier.store.decision(firm(), decision).await.unwrap();
        let kept = read.ok_or_else(|| format!("{decision} is not read"))?.receipt.open();
        let kept = kept.map_err(|error| format!("the receipt of {decision} cannot be read: {error}"))?;
        let receipt: Receipt =
            serde_json::from_str(&kept).map_err(|error| format!("the receipt of {decision}: {error}"))?;
        let told: Vec<_> = facts.reasons.iter().map(|reason| (&reason.rule, reason.points)).collect();
        let decided = receipt.reasons();
        let decided: Vec<_> = decided.iter().map(|reason| (&reason.rule, reason.points)).collect();
        if told == decided {
            return Ok(());
        }
        Err(format!("{} tells {told:?}, but {decision} was for {decided:?}", facts.delivery))
    }

    /// Whether the lease should have been given.
    async fn may_be_sent(&self, leased: &Leased) -> Outcome {
        let (facts, id) = (&leased.due.facts, leased.due.facts.delivery);
        let wrong = |why: &str| Err(format!("{id} was leased, but {why}"));
        // Whoever has a lead is told that it is no A any more, with the decision of then.
        let is_update = facts.event() == EventType::LeadUpdated;
        // The fallback has a copy of what its own endpoint did not take.
        if is_update && !leased.due.is_fallback && !self.was_sent_the_lead(id).await {
            return wrong("its endpoint never had the lead");
        }
        if !is_update {
            if facts.grade != Grade::A {
                return wrong("its decision is no A");
            }
            self.tells_the_reasons(facts).await?;
        }
        let whole = facts.event().is_whole() || facts.event() == EventType::LeadOffered;
        if whole && self.model.opted_out.contains(&person_of(facts.profile.name.as_deref().unwrap_or_default())) {
            return wrong("the person had asked not to be contacted");
        }
        if self.model.over.contains(&id) {
            return wrong("it was over");
        }
        // Whoever has a lead is told that it is no A any more also where the same decision closed it.
        let sql = "select (l.stage <> 'closed' or d.event = 'lead.updated' and d.said ->> 'kind' is not distinct from 'grade') and (l.returned_at is null or m.at > l.returned_at), l.grade = 'A' or d.attempts > 1, c.state = 'active', e.state = 'enabled'
                   from delivery d join lead l on l.id = d.lead_id join client c on c.id = d.client_id
                   join endpoint e on e.id = d.endpoint_id join maturation m on m.id = d.maturation_id where d.id = $1";
        let is = sqlx::query_as::<_, (bool, bool, bool, bool)>(sql).bind(id.uuid()).fetch_one(&self.pool).await;
        match is.unwrap() {
            (false, ..) if whole => wrong("the lead is closed, or was given or taken back"),
            (_, false, ..) if whole && !is_update => wrong("the lead is no longer A and nothing was attempted before"),
            (_, _, false, _) => wrong("the client is paused"),
            (_, _, _, false) => wrong("the endpoint is disabled"),
            _ => Ok(()),
        }
    }

    /// Whether the lead of an update was sent to the same endpoint.
    async fn was_sent_the_lead(&self, update: DeliveryId) -> bool {
        let sql = "select exists (select from delivery d join delivery x on x.lead_id = d.lead_id and x.endpoint_id = d.endpoint_id
                   where d.id = $1 and x.event = 'lead.matured' and x.attempts > 0)";
        sqlx::query_scalar(sql).bind(update.uuid()).fetch_one(&self.pool).await.unwrap()
    }

    /// The client has it: always the same bytes under the same id.
    fn sent(&mut self, leased: &Leased) -> Outcome {
        let id = leased.due.facts.delivery;
        let first = self.model.sent.entry(id).or_insert_with(|| leased.body.clone());
        if *first == leased.body { Ok(()) } else { Err(format!("{id} was sent with two bodies")) }
    }

    async fn settle(&mut self, ready: &[Leased], lease: Uuid, fate: Fate) -> Outcome {
        let now = self.now();
        let answers: Vec<_> = ready.iter().map(|leased| (leased, Answer::of(fate, leased))).collect();
        let rows: Vec<_> = answers.iter().map(|(leased, answer)| self.row(leased, lease, *answer)).collect();
        for (leased, _) in answers.iter().filter(|(_, answer)| *answer == Answer::Gone) {
            let (endpoint, delivery) = (leased.due.endpoint, leased.due.facts.delivery);
            let store = &self.dispatcher.store;
            store.endpoint_disable(endpoint, "answered 410 Gone", Some(delivery), now).await.unwrap();
        }
        let held = self.dispatcher.store.deliveries_settle(&rows).await;
        let held = held.map_err(|error| format!("settling failed: {error}"))?;
        if held.len() != rows.len() {
            return Err(format!("{} of {} leases were lost at {now}", rows.len() - held.len(), rows.len()));
        }
        let ends = answers.iter().filter(|(_, answer)| !matches!(answer, Answer::Failed | Answer::Gone));
        let ended = ends.map(|(leased, _)| leased.due.facts.delivery).filter(|delivery| held.contains(delivery));
        self.model.over.extend(ended);
        Ok(())
    }

    fn row(&self, leased: &Leased, lease: Uuid, answer: Answer) -> Settled {
        let (now, status) = (self.now(), answer.status());
        let waits = self.dispatcher.settings.dispatcher.retry_schedule_s.iter().copied().map(Duration::from_secs);
        let schedule = RetrySchedule { waits: waits.collect(), longest_wait: LONGEST_RETRY_AFTER };
        let attempts = usize::try_from(leased.due.attempts).unwrap();
        let error = status.is_none().then(|| "refused".to_owned());
        let attempt = AttemptRow {
            number: leased.due.attempts,
            at: now,
            duration_ms: 1,
            status,
            error,
            answer: None,
            report: None,
        };
        let next = schedule.next(answer.attempted(), attempts, 1.0, now);
        Settled {
            delivery: leased.due.facts.delivery,
            lease,
            attempt,
            next,
            not_before: None,
            mail_waits: false,
            bounced: answer == Answer::Bounced,
            outcome: None,
        }
    }
}
