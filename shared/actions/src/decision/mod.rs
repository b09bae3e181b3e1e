//! Decisions: why a lead has its grade, in words; and, in [`replay_decisions`], the proof that each follows from what it keeps.

pub mod replay_decisions;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use ripen_domain::{
    actor::{Actor, Permission},
    criteria::Receipt,
    id::DecisionId,
};
use ripen_store::{StoreError, decision::show::DecisionRecord};

use crate::{Actions, Refusal, client, person::PersonQuery, work::permit};

/// A decision in the actor's scope.
///
/// # Errors
/// `Missing` where there is none.
pub async fn find(actions: &Actions, actor: &Actor, decision: DecisionId) -> Result<DecisionRecord, Refusal> {
    permit(actor, Permission::Work)?;
    let found = actions.store.decision(actor.scope(), decision).await?;
    found.ok_or_else(|| Refusal::missing("decision", decision))
}

/// The decisions about one person, of every client or of the one named, by lead and oldest first.
///
/// # Errors
/// When the person or the client cannot be read.
pub async fn list(
    actions: &Actions,
    actor: &Actor,
    person: &PersonQuery,
    client: Option<&str>,
) -> Result<Vec<DecisionRecord>, Refusal> {
    permit(actor, Permission::Work)?;
    let identity = person.identity()?;
    let scope = client::scope(actions, actor, client).await?;
    Ok(actions.store.decisions_of(scope, &identity).await?)
}

/// Of each lead the decision that held at the end of a day, where its client is. `decisions` are by lead and oldest first.
///
/// # Errors
/// When no day comes after this one.
pub fn in_force(decisions: Vec<DecisionRecord>, day: Date) -> Result<Vec<DecisionRecord>, Refusal> {
    let mut held: Vec<DecisionRecord> = Vec::new();
    for decision in decisions {
        if decision.at >= end_of(day, &decision.time_zone)? {
            continue;
        }
        // They are by lead and oldest first, so the last of a lead before the end of the day is the one that held.
        match held.last_mut() {
            Some(earlier) if earlier.lead == decision.lead => *earlier = decision,
            _ => held.push(decision),
        }
    }
    Ok(held)
}

/// The first instant after the day.
fn end_of(day: Date, zone: &str) -> Result<Timestamp, Refusal> {
    // A zone that cannot be read is a stored value; UTC still shows the right decision, at another hour.
    let zone = ripen_domain::time::zone(zone).unwrap_or(TimeZone::UTC);
    let end = day.tomorrow().and_then(|next| next.to_zoned(zone));
    let end = end.map_err(|error| Refusal::field("at", "out_of_range", error.to_string()))?;
    Ok(end.timestamp())
}

/// A decision in words, in the client's time zone.
///
/// # Errors
/// When its criteria or its receipt cannot be read.
pub async fn explain(actions: &Actions, record: &DecisionRecord) -> Result<String, Refusal> {
    let documents = actions.documents.get(&[record.criteria]).await?;
    let criteria = documents.get(&record.criteria).ok_or_else(|| Refusal::missing("criteria", record.criteria))?;
    // Named by the decision: its receipt is what cannot be read, and not the request.
    let corrupt = |_| StoreError::Corrupt(format!("the receipt of {}", record.id));
    let receipt: Receipt = serde_json::from_str(&record.receipt.open()?).map_err(corrupt)?;
    let zone = ripen_domain::time::zone(&record.time_zone).unwrap_or(TimeZone::UTC);
    Ok(receipt.explain(criteria, &zone))
}
