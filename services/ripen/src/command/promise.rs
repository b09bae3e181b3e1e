//! `ripen promise`: what is due, and moving a next step by hand.

use std::process::ExitCode;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use ripen_domain::{
    id::LeadId,
    promise::{State, When},
};
use ripen_runtime::{clock::Clock, secrets};
use ripen_store::{
    Store,
    promise::{
        agree::{Agreed, NewStep},
        list::PromiseRecord,
    },
};
use serde_json::{Value, json};

use super::lead::{done, due, known, local};
use crate::command::firm;
use crate::{
    cli::{Common, PromiseAction},
    command::client_of,
    database::Database,
    output,
};

/// What a table of promises shows.
pub const COLUMNS: [&str; 9] = ["lead", "due", "until", "state", "kind", "agreed", "why", "from", "ended"];

/// Runs the action.
///
/// # Errors
/// Says what is wrong and what to do.
pub async fn run(common: &Common, action: PromiseAction) -> anyhow::Result<ExitCode> {
    let database = Database::open(common).await?;
    let done = match action {
        PromiseAction::List { before, client, limit } => {
            list(common, &database.store, before, (client.as_deref(), limit)).await
        }
        PromiseAction::Move { id, to, why, agreed, by } => {
            let by = by.unwrap_or_else(secrets::operator);
            put(common, &database, (id, to), (&why, agreed), &by).await
        }
    };
    database.close().await;
    done.map(|()| ExitCode::SUCCESS)
}

async fn list(
    common: &Common,
    store: &Store,
    before: Option<Date>,
    (client, limit): (Option<&str>, u32),
) -> anyhow::Result<()> {
    let scope = match client {
        Some(slug) => firm().within(client_of(store, slug).await?.id),
        None => firm(),
    };
    let (state, before) = match before {
        Some(day) => (State::Scheduled, day.to_zoned(TimeZone::UTC)?.timestamp()),
        None => (State::Work, Timestamp::MAX),
    };
    let promises = store.promises_open(scope, state, before, i64::from(limit)).await?;
    let rows: Vec<_> = promises.iter().map(|promise| row(promise, &TimeZone::UTC)).collect();
    output::table(common.json, &COLUMNS[..8], &rows)?;
    Ok(())
}

/// A promise as tables and JSON show it, by the clock of a place.
pub fn row(promise: &PromiseRecord, zone: &TimeZone) -> Value {
    let shown = |at: Option<Timestamp>| at.map(|at| local(at, zone));
    let ended = promise.ended.as_ref().map(|(at, by, why)| match (by, why) {
        (Some(by), Some(why)) => format!("{} by {by}: {why}", local(*at, zone)),
        _ => local(*at, zone),
    });
    json!({"lead": promise.lead, "generation": promise.generation, "client": promise.client, "kind": promise.kind.word(),
           "state": promise.state.word(), "due": shown(promise.due_at), "until": shown(promise.due_until),
           "due_at": promise.due_at, "why": promise.why, "from": promise.from_whom, "agreed": promise.agreed, "ended": ended})
}

async fn put(
    common: &Common,
    database: &Database,
    (id, to): (LeadId, When),
    (why, agreed): (&str, bool),
    by: &str,
) -> anyhow::Result<()> {
    let now = Clock::system().now();
    let lead = known(&database.store, id).await?;
    let due = due(database, &lead, to, now)?;
    let step = NewStep { to: Agreed { due, why }, agreed, by };
    let moved = database.store.promise_move(firm(), id, step, now).await?;
    done(&moved, id)?;
    output::record(common.json, &json!({"lead": id, "due_at": due.at, "until": due.until, "agreed": agreed}))?;
    Ok(())
}
