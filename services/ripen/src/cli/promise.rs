//! `ripen promise`: what is due, and moving a next step by hand.

use std::process::ExitCode;

use clap::Subcommand;
use jiff::tz::TimeZone;
use ripen_actions::promise::{MovePromise, PromiseQuery, list};
use ripen_domain::{
    id::LeadId,
    promise::{PromiseCursor, When},
};
use ripen_store::promise::list::PromiseRecord;
use serde_json::{Value, json};

use crate::{
    cli::{Common, refused},
    database::Database,
    output,
};

/// What a table of promises shows.
pub const COLUMNS: [&str; 10] = ["lead", "due", "until", "time", "state", "kind", "agreed", "why", "from", "ended"];

/// What can be done with promises.
#[derive(Debug, Subcommand)]
pub enum PromiseAction {
    /// List promises by date: those that wait for a person, or with --before those still to fall due.
    List {
        /// Those that fall due before this day.
        #[arg(long, value_name = "DATE")]
        before: Option<jiff::civil::Date>,
        /// Of one client only: its slug.
        #[arg(long)]
        client: Option<String>,
        /// Only what comes behind this one: `next` of the last one of the page before.
        #[arg(long, value_name = "NEXT")]
        after: Option<PromiseCursor>,
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Move the next step of a lead to another time.
    Move {
        /// The lead (`lead_…`).
        id: LeadId,
        /// When: a moment (2027-04-03T14:30), a day, a month (2027-04), a quarter (2027-Q2), days from now (30d).
        #[arg(long, value_name = "WHEN")]
        to: When,
        /// Why, in words.
        #[arg(long, value_name = "TEXT")]
        why: String,
        /// It was agreed with the person: only a person moves it again.
        #[arg(long)]
        agreed: bool,
        /// Who moves it; you, where missing.
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
}

/// Runs the command.
pub async fn run(common: &Common, action: PromiseAction) -> anyhow::Result<ExitCode> {
    let database = Database::open(common).await?;
    let done = act(common, action, &database).await;
    database.close().await;
    done.map(|()| ExitCode::SUCCESS)
}

async fn act(common: &Common, action: PromiseAction, database: &Database) -> anyhow::Result<()> {
    let actions = database.actions()?;
    match action {
        PromiseAction::List { before, client, after, limit } => {
            let query = PromiseQuery { before, client, after, limit };
            let promises = list(&actions, &database.actor(), &query).await.map_err(refused("promise list"))?;
            let next = |promise: &PromiseRecord| promise.cursor().map(|cursor| cursor.to_string());
            // UTC for the list: it has leads of many places, and their own clocks would not sort.
            let rows: Vec<_> =
                promises.iter().map(|promise| output::paged(row(promise, &TimeZone::UTC), next(promise))).collect();
            output::say_more(&rows, promises.last().and_then(next), limit);
            Ok(output::table(common.json, &COLUMNS[..9], &rows)?)
        }
        PromiseAction::Move { id, to, why, agreed, by } => {
            let request = MovePromise { lead: id, to, why, agreed };
            let moved = actions.run(&database.actor_or(by), &request).await.map_err(refused("promise move"))?;
            let mut shown = json!({"lead": id, "due_at": moved.due.at, "until": moved.due.until, "agreed": agreed});
            if let Some(fields) = shown.as_object_mut().filter(|_| moved.lacks_number) {
                let words = "no number leads to the person: nobody calls until one is written down";
                fields.insert("warning".to_owned(), words.into());
            }
            Ok(output::record(common.json, &shown)?)
        }
    }
}

/// A promise as tables and JSON show it; how it ended is a sentence, by the clock of a place.
pub fn row(promise: &PromiseRecord, zone: &TimeZone) -> Value {
    // Only a person's ending has a name and a reason.
    let ended = promise.ended.as_ref().map(|ended| match (&ended.by, &ended.why) {
        (Some(by), Some(why)) => format!("{} by {by}: {why}", output::local(ended.at, zone)),
        _ => output::local(ended.at, zone),
    });
    json!({"lead": promise.lead, "generation": promise.generation, "client": promise.client, "kind": promise.kind.word(),
           "state": promise.state.word(), "due": promise.due_at, "until": promise.due_until,
           "due_at": promise.due_at, "ended_at": promise.ended.as_ref().map(|ended| ended.at),
           "time": promise.time.as_ref().map(ToString::to_string), "zone": promise.time.as_ref().map(|time| &time.zone),
           "agreed_civil": promise.time.as_ref().map(|time| time.civil), "why": promise.why, "from": promise.from_whom, "agreed": promise.agreed, "ended": ended})
}
