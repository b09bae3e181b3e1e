//! `ripen decision`: why a lead has its grade, in words, and the proof that each decision follows from what it keeps.

mod replay;

use std::process::ExitCode;

use anyhow::Context as _;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use ripen_domain::{
    contact::{Email, Identity, Phone},
    criteria::Receipt,
    id::DecisionId,
};
use ripen_store::criteria::load::Documents;
use ripen_store::{
    Store,
    decision::{replay::StoredDecision, show::DecisionRecord},
};
use serde_json::{Value, json};

use crate::command::firm;
use crate::{
    cli::{Common, DecisionAction},
    database::Database,
    output,
};

/// Runs the action.
///
/// # Errors
/// Says what is wrong and what to do.
pub async fn run(common: &Common, action: DecisionAction) -> anyhow::Result<ExitCode> {
    let database = Database::open(common).await?;
    let done = act(common, action, &database.store).await;
    database.close().await;
    done
}

async fn act(common: &Common, action: DecisionAction, store: &Store) -> anyhow::Result<ExitCode> {
    match action {
        DecisionAction::Show { id } => show(common, store, id).await,
        DecisionAction::List { email, phone, client, at } => {
            let identity = identity(email.as_deref(), phone.as_deref())?;
            let all = store.decisions_of(firm(), &identity, client.as_deref()).await?;
            match at {
                Some(day) => in_force(common, store, all, day).await,
                None => list(common, &all),
            }
        }
        DecisionAction::Replay { id: Some(id), .. } => {
            let record = known(store, id).await?;
            let stored = StoredDecision { id: record.id, criteria: record.criteria, receipt: record.receipt };
            replay::these(common, store, vec![stored]).await
        }
        DecisionAction::Replay { .. } => replay::all(common, store).await,
    }
}

async fn known(store: &Store, id: DecisionId) -> anyhow::Result<DecisionRecord> {
    let found = store.decision(firm(), id).await?;
    found.with_context(|| format!("no decision {id}: `ripen decision list --email E` shows a person's"))
}

async fn show(common: &Common, store: &Store, id: DecisionId) -> anyhow::Result<ExitCode> {
    let record = known(store, id).await?;
    if common.json {
        output::text(&format!("{}\n", record.receipt.open()?))?;
    } else {
        output::text(&explained(store, &record).await?)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A decision in words, in the client's time zone.
async fn explained(store: &Store, record: &DecisionRecord) -> anyhow::Result<String> {
    let documents = Documents::new(store.clone()).get(&[record.criteria]).await?;
    let criteria = documents.get(&record.criteria).context("the criteria of this decision are gone")?;
    let receipt: Receipt = serde_json::from_str(&record.receipt.open()?).context("the receipt cannot be read")?;
    let zone = TimeZone::get(&record.time_zone).unwrap_or(TimeZone::UTC);
    let head = format!("{} of {} for {}\n", record.id, record.lead, record.client);
    Ok(head + &receipt.explain(criteria, &zone))
}

/// The identity that was typed.
///
/// # Errors
/// When it cannot be read.
pub fn identity(email: Option<&str>, phone: Option<&str>) -> anyhow::Result<Identity> {
    match (email, phone) {
        (Some(email), _) => Ok(Identity::Email(Email::parse(email).with_context(|| format!("--email {email:?}"))?)),
        (None, Some(phone)) => {
            let read =
                Phone::parse(phone, None).context("--phone: write it with its country code, such as +14155550100")?;
            Ok(Identity::Phone(read.phone))
        }
        (None, None) => anyhow::bail!("name the person with --email or --phone"),
    }
}

fn list(common: &Common, decisions: &[DecisionRecord]) -> anyhow::Result<ExitCode> {
    let rows: Vec<_> = decisions.iter().map(row).collect();
    output::table(
        common.json,
        &["at", "client", "lead", "program", "version", "grade", "score", "next", "decision"],
        &rows,
    )?;
    Ok(ExitCode::SUCCESS)
}

fn row(record: &DecisionRecord) -> Value {
    let receipt: Option<Receipt> = record.receipt.open().ok().and_then(|text| serde_json::from_str(&text).ok());
    let next = receipt.and_then(|receipt| receipt.closed.or_else(|| Some(receipt.next?.due_at.to_string())));
    json!({"at": record.at, "client": record.client, "lead": record.lead, "program": record.program,
           "version": record.version, "grade": record.grade, "score": record.score, "next": next, "decision": record.id})
}

/// Of each lead the decision that held at the end of the day, explained.
async fn in_force(
    common: &Common,
    store: &Store,
    decisions: Vec<DecisionRecord>,
    day: Date,
) -> anyhow::Result<ExitCode> {
    let mut held: Vec<DecisionRecord> = Vec::new();
    for decision in decisions {
        if decision.at >= end_of(day, &decision.time_zone)? {
            continue;
        }
        match held.last_mut() {
            Some(earlier) if earlier.lead == decision.lead => *earlier = decision,
            _ => held.push(decision),
        }
    }
    if common.json {
        return list(common, &held);
    }
    if held.is_empty() {
        output::say(&format!("no decision about this person was made by {day}"));
    }
    for decision in &held {
        output::text(&format!("{}\n", explained(store, decision).await?))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The first instant after the day.
fn end_of(day: Date, zone: &str) -> anyhow::Result<Timestamp> {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    Ok(day.tomorrow()?.to_zoned(zone)?.timestamp())
}
