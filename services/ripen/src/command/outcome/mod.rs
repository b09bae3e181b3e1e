//! `ripen outcome`: what clients say about delivered leads, by staff or from a file of what a client's books know.

mod import;
mod rows;

use std::process::ExitCode;

use ripen_domain::{
    id::DeliveryId,
    outcome::{How, InvalidField, OutcomeFields},
};
use ripen_runtime::{clock::Clock, secrets};
use ripen_store::outcome::{
    list::OutcomeRecord,
    record::{NewOutcome, Recorded},
};
use serde_json::{Value, json};

use crate::command::firm;
use crate::{
    cli::{Common, OutcomeAction, SaidOptions},
    database::Database,
    output,
};

/// Runs the action.
///
/// # Errors
/// Says what is wrong and what to do.
pub async fn run(common: &Common, action: OutcomeAction) -> anyhow::Result<ExitCode> {
    let database = Database::open(common).await?;
    let done = match action {
        OutcomeAction::Add(options) => add(common, &database, options).await.map(|()| ExitCode::SUCCESS),
        OutcomeAction::Import(options) => import::run(common, &database, options).await,
    };
    database.close().await;
    done
}

/// An outcome as a row of a table.
pub fn row(delivery: DeliveryId, said: &OutcomeRecord) -> Value {
    json!({"delivery": delivery, "number": said.number, "at": said.at, "outcome": said.kind, "reason": said.reason,
           "sale": said.sale.map(|sale| sale.to_string()), "amount": said.sale.map(|sale| sale.amount_text()),
           "currency": said.sale.map(|sale| sale.currency.to_string()), "not_before": said.not_before,
           "against_source": said.kind.counts_against_source(), "how": said.how, "by": said.by})
}

async fn add(common: &Common, database: &Database, options: SaidOptions) -> anyhow::Result<()> {
    let said = OutcomeFields {
        outcome: Some(options.outcome.word().to_owned()),
        reason: options.reason,
        amount: options.amount,
        currency: options.currency,
        date: options.date,
    };
    let outcome = said.read().map_err(|wrong| anyhow::anyhow!(words_of(&wrong)))?;
    let by = options.by.unwrap_or_else(secrets::operator);
    let id = options.delivery;
    let new = NewOutcome { delivery: id, outcome: &outcome, how: How::Command, by: &by, seen: None, dry_run: false };
    let hours = database.settings.calling.hours()?;
    match database.store.outcome_record(firm(), &new, &hours, Clock::system().now()).await? {
        Recorded::Done(_) => {}
        Recorded::Again | Recorded::Stale => output::say("this was said before: nothing changed"),
        Recorded::Unknown => anyhow::bail!("no delivery {id} was sent: `ripen lead show` lists a lead's"),
        Recorded::Refused(why) => anyhow::bail!("{why}"),
    }
    let all = database.store.outcomes_of(firm(), id).await?;
    output::record(common.json, &all.last().map(|newest| row(id, newest)).unwrap_or_default())?;
    Ok(())
}

/// What is wrong with the fields, each by its option's name.
fn words_of(wrong: &[InvalidField]) -> String {
    wrong.iter().map(|one| format!("--{}: {}", one.field, one.message)).collect::<Vec<_>>().join(" ")
}
