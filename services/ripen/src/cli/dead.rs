//! `ripen dead`: messages that could not be handled, until a person decides.

use std::process::ExitCode;

use clap::Subcommand;
use ripen_actions::dead_letter::{DeadLetterQuery, DropDeadLetter, ReplayDeadLetters, find, list};
use ripen_store::arrival::dead_letter::DeadLetter;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    cli::{Common, refused},
    database::Database,
    output,
};

/// What can be done with dead letters.
#[derive(Debug, Subcommand)]
pub enum DeadAction {
    /// List those that wait for a decision, oldest first.
    List {
        /// Only what was given up after this one: the last one of the page before.
        #[arg(long, value_name = "ID")]
        after: Option<Uuid>,
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Print one message.
    Show {
        /// Its id.
        id: Uuid,
    },
    /// Handle messages again: those named, or all.
    Replay {
        /// Their ids.
        #[arg(required_unless_present = "all")]
        ids: Vec<Uuid>,
        /// All that wait.
        #[arg(long)]
        all: bool,
    },
    /// Give a message up for good: what it said is deleted, that it came stays on record.
    Drop {
        /// Its id.
        id: Uuid,
    },
}

/// Runs the command.
pub async fn run(common: &Common, action: DeadAction) -> anyhow::Result<ExitCode> {
    let database = Database::open(common).await?;
    let result = act(common, action, &database).await;
    database.close().await;
    result.map(|()| ExitCode::SUCCESS)
}

async fn act(common: &Common, action: DeadAction, database: &Database) -> anyhow::Result<()> {
    let (actions, actor) = (database.actions()?, database.actor());
    match action {
        DeadAction::List { after, limit } => {
            let found =
                list(&actions, &actor, &DeadLetterQuery { after, limit }).await.map_err(refused("dead list"))?;
            let next = |letter: &DeadLetter| Some(letter.letter.id.to_string());
            let rows: Vec<_> = found.iter().map(|letter| output::paged(shown(letter), next(letter))).collect();
            output::say_more(&rows, found.last().and_then(next), limit);
            output::table(common.json, &["id", "at", "queue", "bytes", "reason"], &rows)?;
        }
        DeadAction::Show { id } => {
            let letter = find(&actions, &actor, id).await.map_err(refused("dead show"))?;
            // A message that could not be handled may be no UTF-8 at all; its exact bytes stay in the database.
            let body = String::from_utf8_lossy(&letter.letter.body);
            output::record(common.json, &serde_json::to_value(WholeLetter { shown: shown(&letter), body: &body })?)?;
        }
        DeadAction::Replay { ids, all } => {
            // None means all that wait when the action runs, not those that were listed before.
            let request = ReplayDeadLetters { letters: (!all).then_some(ids) };
            let done = actions.run(&actor, &request).await.map_err(refused("dead replay"))?;
            let shown = json!({"replayed": done.replayed, "offers_dropped": done.offers_dropped});
            output::record(common.json, &shown)?;
        }
        DeadAction::Drop { id } => {
            actions.run(&actor, &DropDeadLetter { letter: id }).await.map_err(refused("dead drop"))?;
            output::record(common.json, &json!({"dropped": id}))?;
        }
    }
    Ok(())
}

/// A dead letter with its message.
#[derive(Serialize)]
struct WholeLetter<'a> {
    #[serde(flatten)]
    shown: Value,
    body: &'a str,
}

fn shown(found: &DeadLetter) -> Value {
    let letter = &found.letter;
    json!({"id": letter.id, "at": found.at, "queue": letter.queue, "message": letter.message, "bytes": letter.body.len(),
           "reason": letter.reason})
}
