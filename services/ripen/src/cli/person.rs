//! `ripen person`: whether two persons are one, and whether a number is theirs.

use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use ripen_actions::{
    person_number::JudgeNumber,
    person_pair::{DecidePair, PersonRef, UnmergePersons, proposed},
};
use ripen_domain::contact::Identity;
use ripen_store::person::{pair::ProposedPair, unmerge::SpreadWish};
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
    /// Undo the last merge of a person: each has again what was theirs; what came since stays with the one known first.
    Unmerge(UnmergeOptions),
    /// Say whether a number is the person's: a wrong one is neither set nor recognised again until it is right.
    Number(NumberOptions),
}

/// Options of `ripen person unmerge`.
#[derive(Debug, Args)]
pub struct UnmergeOptions {
    /// Either of the two: a person (`person_…`), or a lead of the one who stayed (`lead_…`).
    pub person: PersonRef,
    /// How you know.
    #[arg(long, value_name = "TEXT")]
    pub why: String,
    /// Who says so; you, where missing.
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
}

/// Whether a number is somebody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum NumberVerdict {
    /// It is the person's.
    Right,
    /// Somebody else is reached there.
    Wrong,
}

/// Options of `ripen person number`.
#[derive(Debug, Args)]
pub struct NumberOptions {
    /// Whose: a person (`person_…`), or a lead of theirs (`lead_…`).
    pub person: PersonRef,
    /// The number; without its country code one of the person's country.
    pub phone: String,
    /// What it is.
    #[arg(value_enum)]
    pub verdict: NumberVerdict,
    /// How you know.
    #[arg(long, value_name = "TEXT")]
    pub why: String,
    /// Who says so; you, where missing.
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
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
        PersonAction::Unmerge(UnmergeOptions { person, why, by }) => {
            let request = UnmergePersons { person, why };
            let done = actions.run(&database.actor_or(by), &request).await.map_err(refused("person unmerge"))?;
            let still: Vec<_> = done.still_suppressed.iter().map(spread).collect();
            let shown = json!({"earlier": done.pair.earlier, "later": done.pair.later, "reopened": done.reopened,
                               "still_suppressed": still});
            output::record(common.json, &shown)?;
            say_suppressed(&done.still_suppressed);
            return Ok(());
        }
        PersonAction::Number(NumberOptions { person, phone, verdict, why, by }) => {
            let request = JudgeNumber { person, phone, is_right: verdict == NumberVerdict::Right, why };
            let done = actions.run(&database.actor_or(by), &request).await.map_err(refused("person number"))?;
            return Ok(output::record(common.json, &json!({"was_known": done.was_known, "leads": done.leads}))?);
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

/// The command that lifts what a merge suppressed.
fn lift(wish: &SpreadWish) -> String {
    let option = match &wish.identity {
        Identity::Email(_) => "--email",
        Identity::Phone(_) => "--phone",
    };
    // As a shell reads it: an address may have an apostrophe.
    let value = wish.identity.value().replace('\'', r"'\''");
    format!("ripen suppress lift --client {} {option} '{value}' --why '…'", wish.client)
}

fn spread(wish: &SpreadWish) -> Value {
    json!({"person": wish.person, "of": wish.identity.value(), "why": wish.why, "lift": lift(wish)})
}

/// Undoing a merge lifts nobody's wish: whoever did it must hear so, and how to lift what was not asked for.
fn say_suppressed(wishes: &[SpreadWish]) {
    if wishes.is_empty() {
        return;
    }
    output::say("still suppressed since the merge, and lifted by nothing but you; of whoever did not ask for it:");
    wishes.iter().for_each(|wish| output::say(&format!("  {} ({}): {}", wish.person, wish.why, lift(wish))));
}

fn row(one: &ProposedPair) -> Value {
    json!({"earlier": one.pair.earlier, "earlier_name": one.earlier_name, "later": one.pair.later,
           "later_name": one.later_name, "client": one.slug, "why": one.why,
           "since": one.at})
}
