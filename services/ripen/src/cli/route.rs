//! `ripen route`: to whom a client's A leads go, and why.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use clap::Subcommand;
use jiff::tz::TimeZone;
use ripen_actions::{
    Actions,
    routing::{CheckedRouting, RemoveRouting, SetRouting, SharedWebhook, check, explain, find, list},
};
use ripen_domain::{actor::Actor, id::LeadId};
use ripen_store::{client::settings::WhenDead, team::route::RouteRecord};
use serde_json::{Value, json};

use crate::{
    cli::{Common, document, lead, refused},
    database::Database,
    output,
};

/// What can be done with a client's routing.
#[derive(Debug, Subcommand)]
pub enum RouteAction {
    /// Check a document: every mistake with line and column.
    Check {
        /// The TOML file.
        file: PathBuf,
        /// The client's slug: its reps and endpoints may be named.
        #[arg(long)]
        client: String,
    },
    /// Put a document in force. What is held is routed by it at once.
    Set {
        /// The TOML file.
        file: PathBuf,
        /// The client's slug.
        #[arg(long)]
        client: String,
        /// What becomes of leads that could not be delivered while the document is in force: next, fallback or wait. Without it
        /// the client's own setting says (`ripen client set --when-dead`).
        #[arg(long, value_name = "RULE")]
        when_dead: Option<WhenDead>,
    },
    /// Show the document in force, or an earlier one.
    // The version asked for is the document's, not the program's.
    #[command(disable_version_flag = true)]
    Show {
        /// The client's slug.
        #[arg(long)]
        client: String,
        /// Which version.
        #[arg(long)]
        version: Option<i32>,
    },
    /// List a client's documents: who put them in force, and when.
    List {
        /// The client's slug.
        #[arg(long)]
        client: String,
    },
    /// Take the routing out of force: every enabled endpoint gets every lead.
    Remove {
        /// The client's slug.
        #[arg(long)]
        client: String,
    },
    /// Say where a lead went or until when it is held, and for everybody who was passed over why.
    Explain {
        /// The lead (`lead_…`).
        lead: LeadId,
        /// What would become of it now, were it to mature now; nothing is done.
        #[arg(long)]
        now: bool,
    },
}

/// Runs the command.
pub async fn run(common: &Common, action: RouteAction) -> anyhow::Result<ExitCode> {
    let database = Database::open(common).await?;
    let result = act(common, action, &database).await;
    database.close().await;
    result
}

async fn act(common: &Common, action: RouteAction, database: &Database) -> anyhow::Result<ExitCode> {
    let (actions, actor) = (database.actions()?, database.actor());
    match action {
        RouteAction::Check { file, client } => {
            let text = document::read(&file)?;
            let found = check(&actions, &actor, &client, &text).await.map_err(refused("route check"))?;
            let Some(sound) = sound(common, &file, found)? else { return Ok(ExitCode::FAILURE) };
            let record = json!({"client": sound.client.slug, "about": sound.routing.about(), "rules": rules(&sound)});
            output::record(common.json, &record)?;
        }
        RouteAction::Set { file, client, when_dead } => {
            return set(common, database, &file, (client, when_dead)).await;
        }
        RouteAction::Show { client, version } => {
            let one = find(&actions, &actor, &client, version).await.map_err(refused("route show"))?;
            show(common, &one)?;
        }
        RouteAction::List { client } => {
            let all = list(&actions, &actor, &client).await.map_err(refused("route list"))?;
            let rows: Vec<_> = all.iter().map(row).collect();
            output::table(common.json, &["version", "active", "set_by", "set_at"], &rows)?;
        }
        RouteAction::Remove { client } => {
            let request = RemoveRouting { client };
            let done = actions.run(&actor, &request).await.map_err(refused("route remove"))?;
            output::record(common.json, &json!({"client": done.slug, "version": null}))?;
        }
        RouteAction::Explain { lead, now: false } => explained(common, &actions, &actor, lead).await?,
        RouteAction::Explain { lead, now: true } => preview(common, &actions, &actor, lead).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn set(
    common: &Common,
    database: &Database,
    file: &Path,
    (client, when_dead): (String, Option<WhenDead>),
) -> anyhow::Result<ExitCode> {
    let (actions, actor) = (database.actions()?, database.actor());
    let document = document::read(file)?;
    // Mistakes are printed with their places, as `route check` does.
    let found = check(&actions, &actor, &client, &document).await.map_err(refused("route set"))?;
    if sound(common, file, found)?.is_none() {
        return Ok(ExitCode::FAILURE);
    }
    // Checked again inside: endpoints and reps may have changed between the two.
    let request = SetRouting { client, document, when_dead };
    let done = actions.run(&actor, &request).await.map_err(refused("route set"))?;
    let sound = &done.checked;
    let record = json!({"client": sound.client.slug, "about": sound.routing.about(), "rules": rules(sound),
                        "version": done.version, "when_dead": when_dead});
    output::record(common.json, &record)?;
    Ok(ExitCode::SUCCESS)
}

/// The document without mistakes, its warnings said; or every mistake in it printed.
fn sound(
    common: &Common,
    file: &Path,
    found: Result<CheckedRouting, Vec<ripen_domain::criteria::Mistake>>,
) -> anyhow::Result<Option<CheckedRouting>> {
    match found {
        Ok(sound) => {
            document::warn(file, &sound.warnings);
            for SharedWebhook { name, endpoint } in &sound.shared {
                output::say(&format!(
                    "{}: {name} is a webhook of the whole team and gets the leads of every rep too; \
                     `ripen endpoint set {endpoint} --by-name` changes that (warning)",
                    file.display()
                ));
            }
            Ok(Some(sound))
        }
        Err(mistakes) => {
            document::refuse(common, file, &mistakes)?;
            Ok(None)
        }
    }
}

fn rules(sound: &CheckedRouting) -> Vec<String> {
    sound.routing.rules().map(|rule| format!("{} ({})", rule.id, rule.mode)).collect()
}

fn row(one: &RouteRecord) -> Value {
    json!({"version": one.version, "active": one.active, "set_by": one.set_by, "set_at": one.set_at,
           "when_dead": one.when_dead})
}

fn show(common: &Common, one: &RouteRecord) -> anyhow::Result<()> {
    if common.json {
        let record = json!({"version": one.version, "active": one.active, "set_by": one.set_by, "set_at": one.set_at,
                            "when_dead": one.when_dead, "document": one.document});
        return Ok(output::record(true, &record)?);
    }
    // Byte for byte what was set, so that it can be edited and set again.
    Ok(output::text(&one.document)?)
}

async fn explained(common: &Common, actions: &Actions, actor: &Actor, lead: LeadId) -> anyhow::Result<()> {
    let routed = explain(actions, actor, lead).await?;
    let routed = routed
        .with_context(|| format!("{lead} never matured: `ripen route explain {lead} --now` says where it would go"))?;
    let plain = "No routing: it went to every enabled endpoint of the client at once\n".to_owned();
    let text = routed.text.unwrap_or(plain);
    let deliveries = actions.store.deliveries_of_lead(actor.scope(), lead).await?;
    let deliveries: Vec<_> = deliveries.iter().map(lead::delivery_row).collect();
    // JSON has one shape whether or not there was a routing; nulls say that there was none.
    if common.json {
        let record = json!({"lead": lead, "version": routed.version, "at": routed.at, "explanation": text,
                            "deliveries": deliveries});
        return Ok(output::record(true, &record)?);
    }
    if let Some(at) = routed.at {
        let by = routed.version.map_or_else(String::new, |version| format!(" by version {version} of the routing"));
        output::text(&format!("Routed {}{by}\n", output::local(at, &TimeZone::UTC)))?;
    }
    output::text(&text)?;
    output::text("\nDeliveries\n")?;
    Ok(output::table(false, &["delivery", "event", "state", "endpoint", "rep", "reason", "due_at"], &deliveries)?)
}

/// What would become of a lead, were it to mature now.
async fn preview(common: &Common, actions: &Actions, actor: &Actor, lead: LeadId) -> anyhow::Result<()> {
    // One instant for the whole preview, as the qualifier has one per decision.
    let now = actions.clock.now();
    let said = actions.store.route_preview(&actions.documents, actor.scope(), lead, now).await?;
    let said = said.with_context(|| format!("no lead {lead}: `ripen lead list --email E` shows a person's"))?;
    let text = said.text;
    if common.json {
        return Ok(output::record(true, &json!({"lead": lead, "explanation": text}))?);
    }
    Ok(output::text(&text)?)
}
