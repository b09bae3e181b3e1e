//! `ripen outcome`: what clients say about delivered leads, by staff or from a file of what a client's books know.

mod file;
mod import;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use ripen_actions::{
    outcome::{OutcomeResult, RecordOutcome, newest, numbered},
    return_verdict::JudgeReturn,
};
use ripen_domain::{
    delivery::OutcomeKind,
    id::DeliveryId,
    outcome::{How, OutcomeFields, Verdict},
};
use ripen_store::outcome::list::OutcomeRecord;
use serde_json::{Value, json};

use self::import::OutcomeImportOptions;
use crate::{
    cli::{Common, refused},
    database::Database,
    output,
};

/// What can be done with outcomes.
#[derive(Debug, Subcommand)]
pub enum OutcomeAction {
    /// Record what a client says about a delivered lead.
    #[command(after_help = ADD_EXAMPLE)]
    Add(SaidOptions),
    /// Record what a client's books know, from a list (CSV or .xlsx). Running it twice changes nothing.
    Import(OutcomeImportOptions),
    /// Say that a lead was rightly returned: the rep and the client are told.
    Uphold(VerdictOptions),
    /// Say that a lead was not rightly returned: it is the client's again, and the rep and the client are told.
    Reject(VerdictOptions),
}

/// Shown below the flags.
const ADD_EXAMPLE: &str = "Example:
  ripen outcome add dlv_… won --amount 12500 --currency USD --date 2026-11-20";

/// Options of `ripen outcome uphold` and `ripen outcome reject`.
#[derive(Debug, Args)]
pub struct VerdictOptions {
    /// The delivery that was returned (`dlv_…`).
    pub delivery: DeliveryId,
    /// Why, as the rep and the client are told.
    #[arg(long, value_name = "TEXT")]
    pub why: String,
}

/// Options of `ripen outcome add`.
#[derive(Debug, Args)]
pub struct SaidOptions {
    /// The delivery (`dlv_…`; `ripen lead show` lists a lead's).
    pub delivery: DeliveryId,
    /// accepted, returned, not_yet, won or lost.
    pub outcome: OutcomeKind,
    /// Why, in the client's words: needed for returned. `do_not_contact` and `wrong_number` act: nobody calls this person, or this
    /// number, any more.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// What it was sold for: for won, where it is known. Read as it is written where the client is.
    #[arg(long, value_name = "AMOUNT")]
    pub amount: Option<String>,
    /// Of which money (ISO 4217): for won.
    #[arg(long, value_name = "CODE")]
    pub currency: Option<String>,
    /// For not_yet when it may be ready: a day, a month (2027-04), a quarter (2027-Q2), days from now (30d). For won and lost
    /// when that happened; now where missing.
    #[arg(long, value_name = "WHEN")]
    pub date: Option<String>,
    /// Record it although it takes a sale back or the amount is unusual.
    #[arg(long, visible_alias = "correct")]
    pub confirm: bool,
    /// Who says it; you, where missing.
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
}

/// Runs the command.
pub async fn run(common: &Common, action: OutcomeAction) -> anyhow::Result<ExitCode> {
    let database = Database::open(common).await?;
    let done = match action {
        OutcomeAction::Add(options) => add(common, &database, options).await.map(|()| ExitCode::SUCCESS),
        OutcomeAction::Import(options) => import::run(common, &database, options).await,
        OutcomeAction::Uphold(options) => judge(common, &database, options, Verdict::Upheld).await,
        OutcomeAction::Reject(options) => judge(common, &database, options, Verdict::Rejected).await,
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
        happened_at: None,
        unreadable: None,
    };
    let (actions, actor) = (database.actions()?, database.actor_or(options.by));
    // `seen` is for forms that were shown an earlier outcome; a command was shown nothing.
    let request = RecordOutcome { delivery: id, said, how: How::Command, seen: None, confirmed: options.confirm };
    match actions.run(&actor, &request).await.map_err(refused("outcome add"))? {
        OutcomeResult::Recorded => {}
        OutcomeResult::Adjusted(how) => output::say(&how),
        OutcomeResult::Asked(asked) => anyhow::bail!("{asked} Say it again with --confirm if it is meant"),
        OutcomeResult::Repeated | OutcomeResult::Stale => output::say("this was said before: nothing changed"),
        OutcomeResult::Refused(why) => anyhow::bail!("{why}"),
    }
    let newest = newest(&actions, &actor, id).await?;
    Ok(output::record(common.json, &newest.map(|newest| row(id, &newest)).unwrap_or_default())?)
}

async fn judge(
    common: &Common,
    database: &Database,
    options: VerdictOptions,
    verdict: Verdict,
) -> anyhow::Result<ExitCode> {
    let VerdictOptions { delivery, why } = options;
    let (actions, actor) = (database.actions()?, database.actor());
    let request = JudgeReturn { delivery, verdict, why };
    let judged = actions.run(&actor, &request).await.map_err(refused("outcome uphold or reject"))?;
    let said = numbered(&actions, &actor, delivery, judged.number).await?;
    output::record(common.json, &said.map(|said| row(delivery, &said)).unwrap_or_default())?;
    Ok(ExitCode::SUCCESS)
}

/// An outcome as a row of a table.
pub fn row(delivery: DeliveryId, said: &OutcomeRecord) -> Value {
    json!({"delivery": delivery, "number": said.number, "at": said.at, "outcome": said.kind, "reason": said.reason,
           "sale": said.sale.map(|sale| sale.to_string()), "amount": said.sale.map(|sale| sale.amount_text()),
           "currency": said.sale.map(|sale| sale.currency.to_string()), "amount_is": said.terms.meaning,
           "amount_share": said.terms.share.map(|share| share.normalize().to_string()), "happened_at": said.happened_at,
           "not_before": said.not_before,
           "against_source": said.kind.counts_against_source(), "how": said.how, "by": said.by,
           "verdict": said.verdict.as_ref().map(|one| one.verdict), "verdict_why": said.verdict.as_ref().map(|one| &one.why)})
}
