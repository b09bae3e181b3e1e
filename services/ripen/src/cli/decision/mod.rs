//! `ripen decision`: why a lead has its grade, in words, and the proof that each decision follows from what it keeps.

mod replay;

use std::process::ExitCode;

use clap::Subcommand;
use jiff::civil::Date;
use ripen_actions::{
    Actions,
    decision::{explain, find, in_force, list},
    person::PersonQuery,
};
use ripen_domain::{criteria::Receipt, id::DecisionId};
use ripen_store::decision::show::DecisionRecord;
use serde_json::{Value, json};

use crate::{
    cli::{Common, refused},
    database::Database,
    output,
};

/// What can be done with decisions.
#[derive(Debug, Subcommand)]
pub enum DecisionAction {
    /// Explain one decision in words; with --json the receipt as it is kept.
    Show {
        /// Its id (`dec_…`).
        id: DecisionId,
    },
    /// List the decisions about one person.
    List {
        /// The person's e-mail address.
        #[arg(long, required_unless_present = "phone", conflicts_with = "phone")]
        email: Option<String>,
        /// The person's phone number, with its country code.
        #[arg(long)]
        phone: Option<String>,
        /// Of one client only: its slug.
        #[arg(long)]
        client: Option<String>,
        /// Only what held on this day (the end of it, where the client is), explained.
        #[arg(long, value_name = "DATE")]
        at: Option<Date>,
    },
    /// Make decisions again from what they keep and compare byte for byte: one, or all. Exit code 1 where one differs.
    Replay {
        /// Its id (`dec_…`).
        #[arg(required_unless_present = "all")]
        id: Option<DecisionId>,
        /// All decisions.
        #[arg(long, conflicts_with = "id")]
        all: bool,
    },
}

/// Runs the command.
pub async fn run(common: &Common, action: DecisionAction) -> anyhow::Result<ExitCode> {
    let database = Database::open(common).await?;
    let done = act(common, action, &database).await;
    database.close().await;
    done
}

async fn act(common: &Common, action: DecisionAction, database: &Database) -> anyhow::Result<ExitCode> {
    let (actions, actor) = (database.actions()?, database.actor());
    match action {
        DecisionAction::Show { id } => {
            let record = find(&actions, &actor, id).await.map_err(refused("decision show"))?;
            if common.json {
                // The text as it is kept, not parsed and printed again: its bytes are what `replay` compares.
                output::text(&format!("{}\n", record.receipt.open()?))?;
            } else {
                output::text(&explained(&actions, &record).await?)?;
            }
            Ok(ExitCode::SUCCESS)
        }
        DecisionAction::List { email, phone, client, at } => {
            let person = PersonQuery { email, phone };
            let all = list(&actions, &actor, &person, client.as_deref()).await.map_err(refused("decision list"))?;
            match at {
                Some(day) => print_day(common, &actions, in_force(all, day)?, day).await,
                None => print(common, &all),
            }
        }
        DecisionAction::Replay { id: Some(id), .. } => replay::one(common, &actions, &actor, id).await,
        DecisionAction::Replay { .. } => replay::all(common, &actions, &actor).await,
    }
}

/// A decision in words, under a line that names it.
async fn explained(actions: &Actions, record: &DecisionRecord) -> anyhow::Result<String> {
    let words = explain(actions, record).await?;
    Ok(format!("{} of {} for {}\n{words}", record.id, record.lead, record.client))
}

fn print(common: &Common, decisions: &[DecisionRecord]) -> anyhow::Result<ExitCode> {
    let rows: Vec<_> = decisions.iter().map(row).collect();
    output::table(
        common.json,
        &["at", "client", "lead", "program", "version", "grade", "score", "next", "decision"],
        &rows,
    )?;
    Ok(ExitCode::SUCCESS)
}

fn row(record: &DecisionRecord) -> Value {
    // A receipt that this version cannot read leaves its line in the list.
    let receipt: Option<Receipt> = record.receipt.open().ok().and_then(|text| serde_json::from_str(&text).ok());
    let next = receipt.and_then(|receipt| receipt.closed.or_else(|| Some(receipt.next?.due_at.to_string())));
    json!({"at": record.at, "client": record.client, "lead": record.lead, "program": record.program,
           "version": record.version, "grade": record.grade, "score": record.score, "next": next, "decision": record.id})
}

/// What held at the end of a day, explained.
async fn print_day(
    common: &Common,
    actions: &Actions,
    held: Vec<DecisionRecord>,
    day: Date,
) -> anyhow::Result<ExitCode> {
    if common.json {
        return print(common, &held);
    }
    if held.is_empty() {
        output::say(&format!("no decision about this person was made by {day}"));
    }
    for decision in &held {
        output::text(&format!("{}\n", explained(actions, decision).await?))?;
    }
    Ok(ExitCode::SUCCESS)
}
