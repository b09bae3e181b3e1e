//! `ripen person`: whether two persons are one.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use ripen_actions::person_pair::{DecidePair, PersonRef, proposed};
use ripen_store::person::pair::ProposedPair;
use serde_json::{Value, json};

use crate::{
    cli::{Common, refused},
    database::Database,
    output,
};

/// What can be done with persons.
#[derive(Debug, Subcommand)]
pub enum PersonAction {
    /// List pairs of persons who may be one.
    Pairs {
        /// Of one client only: its slug.
        #[arg(long)]
        client: Option<String>,
    },
    /// Say that two persons are one: the one known first stays, and one open lead goes on.
    Same(PairOptions),
    /// Say that two persons are two: nothing is held for that question any more.
    Different(PairOptions),
}

/// Options of `ripen person same` and `different`.
#[derive(Debug, Args)]
pub struct PairOptions {
    /// One: a person (`person_…`), or a lead of theirs (`lead_…`).
    pub one: PersonRef,
    /// The other, likewise.
    pub other: PersonRef,
    /// How you know.
    #[arg(long, value_name = "TEXT")]
    pub why: String,
    /// Who says so; you, where missing.
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
}

/// Runs the command.
pub async fn run(common: &Common, action: PersonAction) -> anyhow::Result<ExitCode> {
    let database = Database::open(common).await?;
    let result = act(common, action, &database).await;
    database.close().await;
    result.map(|()| ExitCode::SUCCESS)
}

async fn act(common: &Common, action: PersonAction, database: &Database) -> anyhow::Result<()> {
    let (actions, actor) = (database.actions()?, database.actor());
    let (options, are_same, command) = match action {
        PersonAction::Pairs { client } => {
            let found = proposed(&actions, &actor, client.as_deref()).await.map_err(refused("person pairs"))?;
            let rows: Vec<_> = found.iter().map(row).collect();
            let columns = ["earlier", "earlier_name", "later", "later_name", "client", "why", "since"];
            return Ok(output::table(common.json, &columns, &rows)?);
        }
        PersonAction::Same(options) => (options, true, "person same"),
        PersonAction::Different(options) => (options, false, "person different"),
    };
    let PairOptions { one, other, why, by } = options;
    let request = DecidePair { one, other, are_same, why };
    let done = actions.run(&database.actor_or(by), &request).await.map_err(refused(command))?;
    let shown =
        json!({"earlier": done.pair.earlier, "later": done.pair.later, "goes_on": done.goes_on, "let_go": done.let_go});
    Ok(output::record(common.json, &shown)?)
}

fn row(one: &ProposedPair) -> Value {
    json!({"earlier": one.pair.earlier, "earlier_name": one.earlier_name, "later": one.pair.later,
           "later_name": one.later_name, "client": one.slug, "why": one.why,
           "since": one.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()})
}
