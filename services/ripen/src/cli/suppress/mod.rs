//! `ripen suppress`: e-mail addresses and phone numbers that must not be contacted, for a client or the whole firm.

mod bare_file;
mod beside;
mod columns;
mod contacts;
mod list;
mod sweep;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use ripen_actions::{
    lead_stop::SuppressPerson,
    person::PersonQuery,
    suppression::{LiftSuppression, SuppressIdentity, SuppressList, SuppressedIdentities, check},
};
use ripen_domain::id::LeadId;
use ripen_store::suppression::read::SuppressionRecord;
use serde_json::{Value, json};

use self::{list::UnreadLine, sweep::SuppressSweepOptions};
use crate::{
    cli::{Common, list::ListOptions, refused},
    database::Database,
    output,
};

/// So many lines that could not be read are shown.
const SHOWN: usize = 20;

/// Shown below the flags.
const IMPORT_EXAMPLE: &str = "Example:
  ripen suppress import register.csv --country US --why 'national register, May 2026' --dry-run";

/// What can be done with suppressions.
#[derive(Debug, Subcommand)]
pub enum SuppressAction {
    /// Have nobody contact an address or a number again, whatever name it comes with: leads are closed, clients told.
    Add(SuppressOptions),
    /// Have nobody contact the person of a lead again, whatever they are reached under, and tell whoever was sent the lead and not told.
    Person {
        /// One of their leads, open or not.
        lead: LeadId,
        /// Who asked for it, or why.
        #[arg(long, value_name = "TEXT")]
        why: String,
    },
    /// Suppress every address and number of a list (CSV or .xlsx); it needs no header.
    #[command(after_help = IMPORT_EXAMPLE)]
    Import(SuppressImportOptions),
    /// Say whether an address or a number is suppressed, for whom and why.
    Check {
        /// Whom.
        #[command(flatten)]
        of: Whom,
        /// For this client (and the firm): its slug; for any where missing.
        #[arg(long)]
        client: Option<String>,
    },
    /// Let an address or a number be contacted again.
    Lift(SuppressOptions),
    /// Suppress what arrivals of before an upgrade ask for that the version of then did not hear; broken off, it goes on where it was.
    Sweep(SuppressSweepOptions),
}

/// An address or a number.
#[derive(Debug, Args)]
pub struct Whom {
    /// The e-mail address.
    #[arg(long, required_unless_present = "phone")]
    pub email: Option<String>,
    /// The phone number, or several; without its country code one of the client's country, or of that of all clients.
    #[arg(long)]
    pub phone: Option<String>,
}

impl From<Whom> for PersonQuery {
    fn from(whom: Whom) -> Self {
        Self { email: whom.email, phone: whom.phone }
    }
}

/// Options of `ripen suppress add` and `lift`.
#[derive(Debug, Args)]
pub struct SuppressOptions {
    /// Whom.
    #[command(flatten)]
    pub of: Whom,
    /// For this client alone: its slug; for the whole firm where missing.
    #[arg(long)]
    pub client: Option<String>,
    /// Who asked for it, or why.
    #[arg(long, value_name = "TEXT")]
    pub why: String,
}

/// Options of `ripen suppress import`.
#[derive(Debug, Args)]
pub struct SuppressImportOptions {
    /// The list (CSV or .xlsx): columns of addresses and numbers by their names; or nothing but those.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// How the file is written.
    #[command(flatten)]
    pub list: ListOptions,
    /// For this client alone: its slug; for the whole firm where missing.
    #[arg(long)]
    pub client: Option<String>,
    /// Whose list it is, and of which day.
    #[arg(long, value_name = "TEXT")]
    pub why: String,
    /// Numbers without a country code are of this country (ISO 3166) where their row names none; the client's where missing.
    #[arg(long, value_name = "CODE")]
    pub country: Option<String>,
    /// Say what would be added and whom it would reach, and add nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// Runs the command.
pub async fn run(common: &Common, action: SuppressAction) -> anyhow::Result<ExitCode> {
    let database = Database::open(common).await?;
    let done = match action {
        SuppressAction::Import(options) => import(common, &database, options).await,
        SuppressAction::Sweep(options) => sweep::run(common, &database, &options).await.map(|()| ExitCode::SUCCESS),
        action => act(common, &database, action).await.map(|()| ExitCode::SUCCESS),
    };
    database.close().await;
    done
}

async fn act(common: &Common, database: &Database, action: SuppressAction) -> anyhow::Result<()> {
    let (actions, actor) = (database.actions()?, database.actor());
    let shown = match action {
        SuppressAction::Add(SuppressOptions { of, client, why }) => {
            let request = SuppressIdentity { of: of.into(), client, why };
            added(&actions.run(&actor, &request).await.map_err(refused("suppress add"))?)
        }
        SuppressAction::Person { lead, why } => {
            let request = SuppressPerson { lead, why };
            let done = actions.run(&actor, &request).await.map_err(refused("suppress person"))?;
            json!({"persons": done.persons, "leads": done.leads, "told": done.told})
        }
        SuppressAction::Lift(SuppressOptions { of, client, why }) => {
            let request = LiftSuppression { of: of.into(), client, why };
            let done = actions.run(&actor, &request).await.map_err(refused("suppress lift"))?;
            json!({"lifted": done.was_there, "persons": done.free, "still_suppressed": done.still_barred})
        }
        SuppressAction::Check { of, client } => {
            let found = check(&actions, &actor, &of.into(), client.as_deref()).await;
            let entries: Vec<_> = found.map_err(refused("suppress check"))?.iter().map(entry).collect();
            if !common.json && !entries.is_empty() {
                output::table(false, &["for", "why", "by", "at", "whole_number"], &entries)?;
                return Ok(());
            }
            json!({"suppressed": !entries.is_empty(), "entries": entries})
        }
        SuppressAction::Import(_) | SuppressAction::Sweep(_) => Value::Null,
    };
    Ok(output::record(common.json, &shown)?)
}

async fn import(common: &Common, database: &Database, options: SuppressImportOptions) -> anyhow::Result<ExitCode> {
    let (actions, actor) = (database.actions()?, database.actor());
    let country = match (options.country, &options.client) {
        (Some(country), _) => Some(country),
        (None, Some(slug)) => {
            let found = ripen_actions::client::find(&actions, &actor, slug).await;
            Some(found.map_err(refused("suppress import"))?.country)
        }
        (None, None) => None,
    };
    let read = list::read(&options.file, &options.list, country.as_deref()).await?;
    let entries = read.identities.len();
    let request = SuppressList { identities: read.identities, client: options.client, why: options.why };
    let done = match options.dry_run {
        true => actions.rehearse(&actor, &request).await,
        false => actions.run(&actor, &request).await,
    };
    let SuppressedIdentities { added, effect } = done.map_err(refused("suppress import"))?;
    let shown = json!({"rows": read.rows, "entries": entries, "unreadable": read.unread.len(), "added": added,
        "persons": effect.persons, "leads": effect.leads, "told": effect.told, "dry_run": options.dry_run});
    output::record(common.json, &shown)?;
    for UnreadLine { line, why } in read.unread.iter().take(SHOWN) {
        output::say(&format!("line {line}: {why}; this is not suppressed"));
    }
    if read.unread.len() > SHOWN {
        output::say(&format!("and {} more lines", read.unread.len() - SHOWN));
    }
    Ok(if read.unread.is_empty() && entries > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn added(done: &SuppressedIdentities) -> Value {
    json!({"added": done.added, "persons": done.effect.persons, "leads": done.effect.leads, "told": done.effect.told})
}

fn entry(one: &SuppressionRecord) -> Value {
    json!({"for": one.client.as_deref().unwrap_or("the firm"), "why": one.why, "by": one.by,
           "at": one.at, "whole_number": one.of_whole_number})
}
