//! `ripen outcome`: what clients say about delivered leads, by staff or from a file of what a client's books know.

mod file;
mod import;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use ripen_actions::outcome::{OutcomeResult, RecordOutcome, newest};
use ripen_domain::{
    delivery::OutcomeKind,
    id::DeliveryId,
    outcome::{How, OutcomeFields},
};
use ripen_store::outcome::list::OutcomeRecord;
use serde_json::{Value, json};

use crate::{
    cli::{Common, list::ListOptions, refused},
    database::Database,
    output,
};

/// What can be done with outcomes.
#[derive(Debug, Subcommand)]
pub enum OutcomeAction {
    /// Record what a client says about a delivered lead.
    Add(SaidOptions),
    /// Record what a client's books know, from a list (CSV or .xlsx). Running it twice changes nothing.
    Import(OutcomeImportOptions),
}

/// Options of `ripen outcome add`.
#[derive(Debug, Args)]
pub struct SaidOptions {
    /// The delivery (`dlv_…`; `ripen lead show` lists a lead's).
    pub delivery: DeliveryId,
    /// accepted, returned, not_yet, won or lost.
    pub outcome: OutcomeKind,
    /// Why, in the client's words: for returned and lost.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// What it was sold for: for won.
    #[arg(long, value_name = "AMOUNT")]
    pub amount: Option<String>,
    /// Of which money (ISO 4217): for won.
    #[arg(long, value_name = "CODE")]
    pub currency: Option<String>,
    /// When it may be ready: a day, a month (2027-04), a quarter (2027-Q2), days from now (30d): for not_yet.
    #[arg(long, value_name = "WHEN")]
    pub date: Option<String>,
    /// Who says it; you, where missing.
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
}

/// Options of `ripen outcome import`.
#[derive(Debug, Args)]
pub struct OutcomeImportOptions {
    /// The list (CSV or .xlsx): a header row with outcome, then delivery, email or phone, then reason, amount, currency, date.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// How the file is written.
    #[command(flatten)]
    pub list: ListOptions,
    /// The client whose books these are: its slug.
    #[arg(long)]
    pub client: String,
    /// Say what would become of each row, and record nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// Runs the command.
pub async fn run(common: &Common, action: OutcomeAction) -> anyhow::Result<ExitCode> {
    let database = Database::open(common).await?;
    let done = match action {
        OutcomeAction::Add(options) => add(common, &database, options).await.map(|()| ExitCode::SUCCESS),
        OutcomeAction::Import(options) => import::run(common, &database, options).await,
    };
    database.close().await;
    done
}

async fn add(common: &Common, database: &Database, options: SaidOptions) -> anyhow::Result<()> {
    let id = options.delivery;
    let said = OutcomeFields {
        outcome: Some(options.outcome.word().to_owned()),
        reason: options.reason,
        amount: options.amount,
        currency: options.currency,
        date: options.date,
    };
    let (actions, actor) = (database.actions()?, database.actor_or(options.by));
    // `seen` is for forms that were shown an earlier outcome; a command was shown nothing.
    let request = RecordOutcome { delivery: id, said, how: How::Command, seen: None };
    match actions.run(&actor, &request).await.map_err(refused("outcome add"))? {
        OutcomeResult::Recorded => {}
        OutcomeResult::Repeated | OutcomeResult::Stale => output::say("this was said before: nothing changed"),
        OutcomeResult::Refused(why) => anyhow::bail!("{why}"),
    }
    let newest = newest(&actions, &actor, id).await?;
    Ok(output::record(common.json, &newest.map(|newest| row(id, &newest)).unwrap_or_default())?)
}

/// An outcome as a row of a table.
pub fn row(delivery: DeliveryId, said: &OutcomeRecord) -> Value {
    json!({"delivery": delivery, "number": said.number, "at": said.at, "outcome": said.kind, "reason": said.reason,
           "sale": said.sale.map(|sale| sale.to_string()), "amount": said.sale.map(|sale| sale.amount_text()),
           "currency": said.sale.map(|sale| sale.currency.to_string()), "not_before": said.not_before,
           "against_source": said.kind.counts_against_source(), "how": said.how, "by": said.by})
}
