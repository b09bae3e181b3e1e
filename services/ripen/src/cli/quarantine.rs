//! `ripen quarantine`: what was received and is kept, not worked, until a person decides.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use ripen_actions::quarantine::{DropQuarantined, EndedQuarantines, QuarantineChoice, ReleaseQuarantined, find, list};
use ripen_domain::{
    arrival::QuarantineReason,
    id::{ArrivalId, SourceId},
    submission::Submission,
};
use ripen_store::arrival::quarantine::{QuarantineFilter, QuarantinedArrival};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    cli::{Common, refused},
    database::Database,
    output,
};

/// What can be done with quarantined arrivals.
#[derive(Debug, Subcommand)]
pub enum QuarantineAction {
    /// List what waits for a decision, oldest first.
    List {
        /// Which.
        #[command(flatten)]
        which: Which,
        /// Only what comes after this one: the last of the page before.
        #[arg(long, value_name = "ARRIVAL")]
        after: Option<ArrivalId>,
        /// At most so many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=1_000))]
        limit: i64,
    },
    /// Print one arrival with everything that was sent.
    Show {
        /// Its id (`arr_…`).
        arrival: ArrivalId,
    },
    /// Let arrivals go: they are worked like others, dated as they were received.
    Release(EndOptions),
    /// Give arrivals up for good. What arrived stays on record.
    Drop(EndOptions),
}

/// Which of all that is kept.
#[derive(Debug, Clone, Args)]
pub struct Which {
    /// Only of this client, by its slug.
    #[arg(long, value_name = "SLUG")]
    pub client: Option<String>,
    /// Only of this source, by its id.
    #[arg(long, value_name = "SOURCE")]
    pub source: Option<SourceId>,
    /// Only what is kept for this reason: honeypot, test, key_reused, source_paused.
    #[arg(long)]
    pub reason: Option<QuarantineReason>,
}

/// Options of `ripen quarantine release` and `drop`.
#[derive(Debug, Args)]
pub struct EndOptions {
    /// Their ids (`arr_…`).
    #[arg(value_name = "ARRIVAL", required_unless_present_any = ["client", "source", "reason", "all"])]
    pub arrivals: Vec<ArrivalId>,
    /// In place of ids: the oldest thousand of these.
    #[command(flatten)]
    pub which: Which,
    /// In place of ids: the oldest thousand of all that wait.
    #[arg(long, conflicts_with_all = ["arrivals", "client", "source", "reason"])]
    pub all: bool,
    /// Why, in words: the audit keeps it.
    #[arg(long)]
    pub why: Option<String>,
    /// Only say how many it would be.
    #[arg(long)]
    pub dry_run: bool,
}

/// The most let go or given up by one command.
const AT_ONCE: i64 = 1_000;

/// Runs the command.
pub async fn run(common: &Common, action: QuarantineAction) -> anyhow::Result<ExitCode> {
    let database = Database::open(common).await?;
    let result = act(common, action, &database).await;
    database.close().await;
    result.map(|()| ExitCode::SUCCESS)
}

async fn act(common: &Common, action: QuarantineAction, database: &Database) -> anyhow::Result<()> {
    let (actions, actor) = (database.actions()?, database.actor());
    match action {
        QuarantineAction::List { which, after, limit } => {
            let filter = QuarantineFilter { after, limit, ..filter(database, which).await? };
            let found = list(&actions, &actor, &filter).await.map_err(refused("quarantine list"))?;
            let rows: Vec<_> = found.iter().map(shown).collect();
            output::table(common.json, &["arrival", "received_at", "source_name", "reason", "name", "contact"], &rows)?;
        }
        QuarantineAction::Show { arrival } => {
            let found = find(&actions, &actor, arrival).await.map_err(refused("quarantine show"))?;
            output::record(common.json, &whole(&found))?;
        }
        QuarantineAction::Release(options) => {
            let (dry_run, why) = (options.dry_run, options.why.clone());
            let action = ReleaseQuarantined { which: choice(database, options, true).await?, why };
            let done = match dry_run {
                true => actions.rehearse(&actor, &action).await,
                false => actions.run(&actor, &action).await,
            };
            ended(common, "released", &done.map_err(refused("quarantine release"))?)?;
        }
        QuarantineAction::Drop(options) => {
            let (dry_run, why) = (options.dry_run, options.why.clone());
            let action = DropQuarantined { which: choice(database, options, false).await?, why };
            let done = match dry_run {
                true => actions.rehearse(&actor, &action).await,
                false => actions.run(&actor, &action).await,
            };
            ended(common, "dropped", &done.map_err(refused("quarantine drop"))?)?;
        }
    }
    Ok(())
}

async fn choice(database: &Database, options: EndOptions, is_usable: bool) -> anyhow::Result<QuarantineChoice> {
    if options.arrivals.is_empty() {
        let filter = QuarantineFilter { limit: AT_ONCE, is_usable, ..filter(database, options.which).await? };
        return Ok(QuarantineChoice::Found(filter));
    }
    Ok(QuarantineChoice::Named(options.arrivals))
}

async fn filter(database: &Database, which: Which) -> anyhow::Result<QuarantineFilter> {
    let client = match which.client {
        Some(slug) => {
            let found = ripen_actions::client::find(&database.actions()?, &database.actor(), &slug).await;
            Some(found.map_err(refused("quarantine list"))?.id)
        }
        None => None,
    };
    Ok(QuarantineFilter { client, source: which.source, reason: which.reason, is_usable: false, after: None, limit: 0 })
}

fn ended(common: &Common, what: &str, done: &EndedQuarantines) -> anyhow::Result<()> {
    output::record(common.json, &json!({what: done.done.len(), "arrivals": done.done, "unusable": done.unusable}))?;
    if i64::try_from(done.done.len()).is_ok_and(|count| count == AT_ONCE) {
        output::say("there may be more: run it again");
    }
    if !done.unusable.is_empty() {
        output::say(
            "what says neither a usable e-mail address nor a phone number stays: `ripen quarantine drop` ends it",
        );
    }
    Ok(())
}

fn shown(kept: &QuarantinedArrival) -> Value {
    let (arrival, said) = (&kept.arrival, &kept.arrival.submission);
    let whole =
        [said.first_name.as_deref(), said.last_name.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let name = said.name.clone().unwrap_or(whole);
    let contact: Vec<_> = said.identities().map(|identity| identity.value().to_owned()).collect();
    json!({"arrival": arrival.id, "received_at": arrival.received_at, "client": arrival.client, "source": arrival.source,
           "source_name": kept.source_name, "reason": kept.reason.word(), "name": name, "contact": contact.join(", ")})
}

/// An arrival with everything that was sent.
#[derive(Serialize)]
struct WholeArrival<'a> {
    #[serde(flatten)]
    shown: Value,
    submission: &'a Submission,
    media_type: &'a str,
    body: &'a str,
}

fn whole(kept: &QuarantinedArrival) -> Value {
    let QuarantinedArrival { arrival, .. } = kept;
    let whole = WholeArrival {
        shown: shown(kept),
        submission: &arrival.submission,
        media_type: &arrival.raw.media_type,
        body: &arrival.raw.text,
    };
    // Texts and numbers always serialise.
    serde_json::to_value(whole).unwrap_or_default()
}
