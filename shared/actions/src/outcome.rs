//! Outcomes: what clients say became of the leads delivered to them. However it is said, it comes through here.

use jiff::Timestamp;
use ripen_domain::{
    actor::{Actor, Permission, Scope},
    id::DeliveryId,
    outcome::{How, InvalidField, Outcome, OutcomeFields, OutcomeQuestion, OutcomeRefused},
    said_by::SaidBy,
    values::Conventions,
};
use ripen_runtime::random::uuid_v7;
use ripen_store::outcome::{
    list::OutcomeRecord,
    record_outcome::{NewOutcome, OutcomeChange, Recorded},
    request::{RequestAnswer, RequestBegun, RequestKey},
};
use serde_json::json;

use crate::{
    Action, Actions, FieldErrors, Refusal, Work,
    work::{AuditChange, permit},
};

/// Why an answer is put aside that is about nothing.
const NO_LEAD: &str = "What was sent hands over no lead, so nothing can be said of it.";

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
    /// Whoever says this was asked, and means it: it may take a sale back, and an amount may be unusual.
    pub confirmed: bool,
}

/// What became of an outcome that could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutcomeResult {
    /// It is recorded.
    Recorded,
    /// It is recorded otherwise than it was said, in words: on another day, because nobody may be called on that one.
    Adjusted(String),
    /// It was said before: nothing changed.
    Repeated,
    /// It takes a sale back or is probably a slip: nothing changed until whoever says it says that it is meant.
    Asked(OutcomeQuestion),
    /// Something else was said since whoever says this looked: nothing changed.
    Stale,
    /// It is outside the client's rules, or names a date that cannot be.
    Refused(OutcomeRefused),
}

impl Action for RecordOutcome {
    type Done = OutcomeResult;

    const PERMISSION: Permission = Permission::Report;

    async fn act(&self, work: &mut Work<'_>) -> Result<OutcomeResult, Refusal> {
        let scope = work.actor.scope();
        // Everything that is wrong with the fields at once, before the lead is looked up.
        let written = work.tx.outcome_conventions(scope, self.delivery).await?;
        let outcome = read(&self.said, &written.unwrap_or_default())?;
        let Self { delivery, how, seen, confirmed, .. } = *self;
        let (actor, outcome) = (work.actor, &outcome);
        let new = NewOutcome {
            delivery,
            outcome,
            how,
            by: actor.into(),
            actor,
            fresh_id: uuid_v7,
            confirmed,
            seen,
            answered_at: None,
        };
        record(work, scope, &new).await
    }
}

/// Records what a client's program says under an Idempotency-Key: once, however often it comes.
#[derive(Debug, Clone)]
pub struct RecordOutcomeOnce {
    /// What is said.
    pub request: RecordOutcome,
    /// Under which key.
    pub key: RequestKey,
}

/// What became of an outcome under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnceResult {
    /// It came before with something else under this key: nothing changed.
    KeyInUse,
    /// Now or the first time: what became of it.
    Done {
        /// What.
        result: OutcomeResult,
        /// The number of the outcome that was the newest then.
        number: Option<i32>,
    },
}

impl Action for RecordOutcomeOnce {
    type Done = OnceResult;

    const PERMISSION: Permission = Permission::Report;

    async fn act(&self, work: &mut Work<'_>) -> Result<OnceResult, Refusal> {
        let scope = work.actor.scope();
        match work.tx.outcome_request_begin(scope, &self.key, work.now).await? {
            RequestBegun::Other => return Ok(OnceResult::KeyInUse),
            RequestBegun::Again(answer) => {
                let number = answer.number;
                return Ok(OnceResult::Done { result: result_of(answer), number });
            }
            RequestBegun::First => {}
        }
        let result = self.request.act(work).await?;
        let number = work.tx.outcome_number(scope, self.request.delivery).await?;
        if matches!(result, OutcomeResult::Asked(_)) {
            // A question is no answer: kept, it would be all that the key is ever answered, and confirmed it would be another request.
            work.tx.outcome_request_drop(scope, &self.key).await?;
        } else {
            work.tx.outcome_request_end(scope, &self.key, &answer_of(&result, number)).await?;
        }
        Ok(OnceResult::Done { result, number })
    }
}

/// The result as it is kept.
fn answer_of(result: &OutcomeResult, number: Option<i32>) -> RequestAnswer {
    let (word, words) = match result {
        OutcomeResult::Recorded => ("recorded", None),
        OutcomeResult::Adjusted(how) => ("adjusted", Some(how.clone())),
        OutcomeResult::Repeated => ("repeated", None),
        OutcomeResult::Asked(asked) => ("asked", Some(asked.0.clone())),
        OutcomeResult::Stale => ("stale", None),
        OutcomeResult::Refused(why) => ("refused", Some(why.0.clone())),
    };
    RequestAnswer { result: word.to_owned(), number, words }
}

fn result_of(answer: RequestAnswer) -> OutcomeResult {
    let words = answer.words.unwrap_or_default();
    match answer.result.as_str() {
        "recorded" => OutcomeResult::Recorded,
        "adjusted" => OutcomeResult::Adjusted(words),
        "asked" => OutcomeResult::Asked(OutcomeQuestion(words)),
        "refused" => OutcomeResult::Refused(OutcomeRefused(words)),
        "stale" => OutcomeResult::Stale,
        _ => OutcomeResult::Repeated,
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
    /// When it came; none where that makes no difference. One that came since is not ended with it.
    pub at: Option<Timestamp>,
}

impl Action for RecordAnswer {
    type Done = OutcomeResult;

    const PERMISSION: Permission = Permission::Report;

    async fn act(&self, work: &mut Work<'_>) -> Result<OutcomeResult, Refusal> {
        let (delivery, scope) = (self.delivery, work.actor.scope());
        let written = work.tx.outcome_conventions(scope, delivery).await?;
        let outcome = match self.said.read(&written.unwrap_or_default()) {
            Ok(outcome) => outcome,
            Err(wrong) => {
                let why: Vec<_> = wrong.into_iter().map(|one| one.message).collect();
                let why = why.join(" ");
                return refuse(work, delivery, self.at, why).await;
            }
        };
        let new = NewOutcome {
            delivery,
            outcome: &outcome,
            how: How::Answer,
            by: SaidBy::Answer,
            actor: work.actor,
            fresh_id: uuid_v7,
            confirmed: false,
            seen: None,
            answered_at: self.at,
        };
        match record(work, scope, &new).await {
            // A recall or a notice answered so: it would be tried again for ever.
            Err(Refusal::Missing { .. }) => refuse(work, delivery, self.at, NO_LEAD.to_owned()).await,
            recorded => recorded,
        }
    }
}

/// Puts a webhook's answer aside that cannot be recorded however often it is tried: the others go on, and people see why.
#[derive(Debug, Clone)]
pub struct RefuseAnswer {
    /// What was sent.
    pub delivery: DeliveryId,
    /// Why, in words.
    pub why: String,
    /// When it came; none where that makes no difference.
    pub at: Option<Timestamp>,
}

impl Action for RefuseAnswer {
    type Done = OutcomeResult;

    const PERMISSION: Permission = Permission::Report;

    async fn act(&self, work: &mut Work<'_>) -> Result<OutcomeResult, Refusal> {
        refuse(work, self.delivery, self.at, self.why.clone()).await
    }
}

/// Keeps why beside the answer, so that the sweep does not try it again for ever.
async fn refuse(
    work: &mut Work<'_>,
    delivery: DeliveryId,
    at: Option<Timestamp>,
    why: String,
) -> Result<OutcomeResult, Refusal> {
    work.tx.answer_refuse(work.actor.scope(), delivery, at, &why).await?;
    Ok(OutcomeResult::Refused(OutcomeRefused(why)))
}

/// The outcome, or every wrong field.
pub(crate) fn read(said: &OutcomeFields, written: &Conventions) -> Result<Outcome, Refusal> {
    said.read(written).map_err(|wrong| {
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
        Recorded::Done(OutcomeChange { client, lead, before, told, .. }) => {
            // Without the reason: it is the client's words about a person, and would have to be erased with it.
            let sale = new.outcome.sale().map(|sale| sale.to_string());
            let before = before.map(|kind| json!({"outcome": kind.word()}));
            let after = json!({"outcome": new.outcome.kind().word(), "sale": sale, "how": new.how.word(), "lead": lead,
                "confirmed": new.confirmed});
            let change = AuditChange { client: Some(client), before, after: Some(after) };
            work.changed("outcome.record", new.delivery, change);
            told.map_or(OutcomeResult::Recorded, OutcomeResult::Adjusted)
        }
        Recorded::Asked(asked) => OutcomeResult::Asked(asked),
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

/// What was said of a delivery under a number.
pub async fn numbered(
    actions: &Actions,
    actor: &Actor,
    delivery: DeliveryId,
    number: i32,
) -> Result<Option<OutcomeRecord>, Refusal> {
    permit(actor, Permission::Report)?;
    let said = actions.store.outcomes_of(actor.scope(), delivery).await?;
    Ok(said.into_iter().find(|one| one.number == number))
}
