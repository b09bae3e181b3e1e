//! `ripen dead`: messages that could not be handled, until a person decides.

use std::process::ExitCode;

use anyhow::Context as _;
use ripen_runtime::clock::Clock;
use ripen_store::{Store, arrival::dead_letter::DeadLetter};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::command::firm;
use crate::{
    cli::{Common, DeadAction},
    database::Database,
    output,
};

/// The most letters listed or replayed at once.
const MOST: i64 = 10_000;

/// Runs the action.
///
/// # Errors
/// Says what is wrong and what to do.
pub async fn run(common: &Common, action: DeadAction) -> anyhow::Result<ExitCode> {
    let database = Database::open(common).await?;
    let result = act(common, action, &database.store).await;
    database.close().await;
    result
}

async fn act(common: &Common, action: DeadAction, store: &Store) -> anyhow::Result<ExitCode> {
    match action {
        DeadAction::List => {
            let rows: Vec<_> = store.dead_letters(firm(), MOST).await?.iter().map(shown).collect();
            output::table(common.json, &["id", "at", "queue", "bytes", "reason"], &rows)?;
        }
        DeadAction::Show { id } => {
            let letter = find(store, id).await?;
            let mut shown = shown(&letter);
            shown["body"] = Value::String(String::from_utf8_lossy(&letter.letter.body).into_owned());
            output::record(common.json, &shown)?;
        }
        DeadAction::Replay { ids, all } => return replay(common, store, &ids, all).await,
        DeadAction::Drop { id } => {
            store.dead_letter_drop(find(store, id).await?.letter.id, Clock::system().now()).await?;
            output::record(common.json, &json!({"dropped": id}))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Puts arrivals back into the spool. Offers of rows need no replay: their rows are still due.
async fn replay(common: &Common, store: &Store, ids: &[Uuid], all: bool) -> anyhow::Result<ExitCode> {
    let mut letters = Vec::new();
    if all {
        letters = store.dead_letters(firm(), MOST).await?;
    }
    for id in ids {
        letters.push(find(store, *id).await?);
    }
    let mut replayed = 0_usize;
    let mut kept = 0_usize;
    for DeadLetter { letter, .. } in &letters {
        if letter.queue == "ripen.arrivals" {
            store.dead_letter_replay(letter, Clock::system().now()).await?;
            replayed += 1;
        } else {
            store.dead_letter_drop(letter.id, Clock::system().now()).await?;
            kept += 1;
        }
    }
    output::record(common.json, &json!({"replayed": replayed, "offers_dropped": kept}))?;
    Ok(ExitCode::SUCCESS)
}

async fn find(store: &Store, id: Uuid) -> anyhow::Result<DeadLetter> {
    let letters = store.dead_letters(firm(), MOST).await?;
    letters
        .into_iter()
        .find(|found| found.letter.id == id)
        .with_context(|| format!("no dead letter {id} waits: `ripen dead list` shows them"))
}

fn shown(found: &DeadLetter) -> Value {
    let letter = &found.letter;
    json!({"id": letter.id, "at": found.at, "queue": letter.queue, "message": letter.message, "bytes": letter.body.len(),
           "reason": letter.reason})
}
