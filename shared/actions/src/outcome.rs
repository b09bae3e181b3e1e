//! Outcomes: what clients say became of the leads delivered to them. However it is said, it comes through here.

use ripen_domain::{
    actor::{Actor, Permission, Scope},
    delivery::OutcomeKind,
    id::DeliveryId,
    outcome::{How, InvalidField, Outcome, OutcomeFields, OutcomeRefused},
};
use ripen_store::outcome::{
    list::OutcomeRecord,
    record::{NewOutcome, OutcomeChange, Recorded},
};
use serde_json::json;

use crate::{
    Action, Actions, FieldErrors, Refusal, Work,
    work::{AuditChange, permit},
};

/// What webhooks' answers give as reason, which often say no more than the word.
const NO_REASON: &str = "no reason given";
/// Who says what stands in a webhook's answer, as timelines show it.
const ITS_ANSWER: &str = "its answer";

/// Records what a client says about a delivered lead.
#[derive(Debug, Clone)]
pub struct RecordOutcome {
    /// About which delivery.
    pub delivery: DeliveryId,
    /// What is said.
    pub said: OutcomeFields,
    /// How it is said.
    pub how: How,
    /// The number of the outcome that whoever says this saw as the newest, 0 for none; none where nobody looked.
    pub seen: Option<i32>,
}

/// What became of an outcome that could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutcomeResult {
    /// It is recorded.
    Recorded,
    /// It was said before: nothing changed.
    Repeated,
    /// Something else was said since whoever says this looked: nothing changed.
    Stale,
    /// It is outside the client's rules, or names a date that cannot be.
    Refused(OutcomeRefused),
}

impl Action for RecordOutcome {
    type Done = OutcomeResult;

    const PERMISSION: Permission = Permission::Report;

    async fn act(&self, work: &mut Work<'_>) -> Result<OutcomeResult, Refusal> {
        // Everything that is wrong with the fields at once, before anything is looked up.
        let outcome = read(&self.said)?;
        let by = work.actor.name();
        let new = NewOutcome { delivery: self.delivery, outcome: &outcome, how: self.how, by: &by, seen: self.seen };
        record(work, work.actor.scope(), &new).await
    }
}

/// Records what the answer of a webhook says. That it says nothing that can be recorded is recorded too, so that it is not
/// tried again and people see why.
#[derive(Debug, Clone)]
pub struct RecordAnswer {
    /// What was sent.
    pub delivery: DeliveryId,
    /// What the answer says.
    pub said: OutcomeFields,
}

impl Action for RecordAnswer {
    type Done = OutcomeResult;

    const PERMISSION: Permission = Permission::Report;

    async fn act(&self, work: &mut Work<'_>) -> Result<OutcomeResult, Refusal> {
        let delivery = self.delivery;
        let outcome = match self.with_reason().read() {
            Ok(outcome) => outcome,
            Err(wrong) => {
                let why: Vec<_> = wrong.into_iter().map(|one| one.message).collect();
                let why = why.join(" ");
                // Kept beside the answer, so that the sweep does not try it again for ever.
                work.tx.answer_refuse(work.actor.scope(), delivery, &why).await?;
                return Ok(OutcomeResult::Refused(OutcomeRefused(why)));
            }
        };
        let new = NewOutcome { delivery, outcome: &outcome, how: How::Answer, by: ITS_ANSWER, seen: None };
        record(work, work.actor.scope(), &new).await
    }
}

impl RecordAnswer {
    /// What is said, with a reason where one is needed.
    fn with_reason(&self) -> OutcomeFields {
        let mut said = self.said.clone();
        let kind = said.outcome.as_deref().and_then(|word| word.parse().ok());
        let is_missing = said.reason.as_deref().is_none_or(|reason| reason.trim().is_empty());
        // Only these need one: an answer of a program often says no more than its word.
        if is_missing && matches!(kind, Some(OutcomeKind::Returned | OutcomeKind::Lost)) {
            said.reason = Some(NO_REASON.to_owned());
        }
        said
    }
}

/// The outcome, or every wrong field.
pub(crate) fn read(said: &OutcomeFields) -> Result<Outcome, Refusal> {
    said.read().map_err(|wrong| {
        let mut errors = FieldErrors::default();
        for InvalidField { field, code, message } in wrong {
            errors.add(field, code, message);
        }
        // There is at least one wrong field here; the other refusal is never seen.
        errors.finish().err().unwrap_or_else(|| Refusal::missing("outcome", "in what was said"))
    })
}

/// Records an outcome, and audits it without the client's words.
pub(crate) async fn record(work: &mut Work<'_>, scope: Scope, new: &NewOutcome<'_>) -> Result<OutcomeResult, Refusal> {
    let hours = &work.actions.hours;
    Ok(match work.tx.outcome_record(scope, new, hours, work.now).await? {
        Recorded::Done(OutcomeChange { client, lead, before, .. }) => {
            // Without the reason: it is the client's words about a person, and would have to be erased with it.
            let sale = new.outcome.sale().map(|sale| sale.to_string());
            let before = before.map(|kind| json!({"outcome": kind.word()}));
            let after =
                json!({"outcome": new.outcome.kind().word(), "sale": sale, "how": new.how.word(), "lead": lead});
            let change = AuditChange { client: Some(client), before, after: Some(after) };
            work.changed("outcome.record", new.delivery, change);
            OutcomeResult::Recorded
        }
        Recorded::Again => OutcomeResult::Repeated,
        Recorded::Stale => OutcomeResult::Stale,
        Recorded::Refused(why) => OutcomeResult::Refused(why),
        Recorded::Unknown => return Err(Refusal::missing("sent delivery", new.delivery)),
    })
}

/// What was said of a delivery last.
pub async fn newest(actions: &Actions, actor: &Actor, delivery: DeliveryId) -> Result<Option<OutcomeRecord>, Refusal> {
    permit(actor, Permission::Report)?;
    Ok(actions.store.outcomes_of(actor.scope(), delivery).await?.pop())
}
