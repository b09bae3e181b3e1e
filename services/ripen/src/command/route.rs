//! `ripen route`: to whom a client's A leads go, and why.

use std::{collections::BTreeSet, path::Path, process::ExitCode, sync::Arc};

use anyhow::Context as _;
use jiff::tz::TimeZone;
use ripen_domain::{
    criteria::Criteria,
    id::LeadId,
    routing::{LoadedRouting, NamedRecipient, Recipient, RecipientId, Routing, Surroundings},
};
use ripen_runtime::{clock::Clock, secrets};
use ripen_store::criteria::load::Documents;
use ripen_store::{Store, client::record::ClientRecord, team::route::RouteRecord};
use serde_json::{Value, json};

use crate::command::firm;
use crate::{
    cli::{Common, RouteAction},
    command::{client_of, document},
    database::Database,
    output,
};

/// Runs the action.
///
/// # Errors
/// Says what is wrong and what to do.
pub async fn run(common: &Common, action: RouteAction) -> anyhow::Result<ExitCode> {
    let database = Database::open(common).await?;
    let result = act(common, action, &database.store).await;
    database.close().await;
    result
}

async fn act(common: &Common, action: RouteAction, store: &Store) -> anyhow::Result<ExitCode> {
    match action {
        RouteAction::Check { file, client } => {
            let client = client_of(store, &client).await?;
            let Some((routing, _)) = checked(common, store, &client, &file).await? else {
                return Ok(ExitCode::FAILURE);
            };
            output::record(common.json, &summary(&client, &routing))?;
        }
        RouteAction::Set { file, client } => {
            let client = client_of(store, &client).await?;
            let Some((routing, text)) = checked(common, store, &client, &file).await? else {
                return Ok(ExitCode::FAILURE);
            };
            let version = store.route_set(client.id, &text, &secrets::operator(), Clock::system().now()).await?;
            let mut done = summary(&client, &routing);
            done["version"] = version.into();
            output::record(common.json, &done)?;
        }
        RouteAction::Show { client, version } => show(common, store, &client, version).await?,
        RouteAction::List { client } => {
            let client = client_of(store, &client).await?;
            let rows: Vec<_> = store.routes(client.id).await?.iter().map(listed).collect();
            output::table(common.json, &["version", "active", "set_by", "set_at"], &rows)?;
        }
        RouteAction::Remove { client } => {
            let client = client_of(store, &client).await?;
            store.route_remove(client.id, Clock::system().now()).await?;
            output::record(common.json, &json!({"client": client.slug, "version": null}))?;
        }
        RouteAction::Explain { lead, now: false } => explain(common, store, lead).await?,
        RouteAction::Explain { lead, now: true } => preview(common, store, lead).await?,
    }
    Ok(ExitCode::SUCCESS)
}

fn listed(one: &RouteRecord) -> Value {
    json!({"version": one.version, "active": one.active, "set_by": one.set.0, "set_at": one.set.1})
}

fn summary(client: &ClientRecord, routing: &Routing) -> Value {
    let rules: Vec<_> = routing.rules().map(|rule| format!("{} ({})", rule.id, rule.mode)).collect();
    json!({"client": client.slug, "about": routing.about(), "rules": rules})
}

/// The document with its text, or every mistake in it printed.
async fn checked(
    common: &Common,
    store: &Store,
    client: &ClientRecord,
    file: &Path,
) -> anyhow::Result<Option<(Routing, String)>> {
    let text = document::read(file)?;
    let script = script(store, client).await?;
    let mut batch = store.begin().await?;
    let teams = batch.teams_lock(&[client.id].into(), Clock::system().now()).await?;
    drop(batch);
    let recipients: Vec<_> = teams.into_values().flat_map(|team| team.sales.recipients).collect();
    let named = recipients.iter().map(|one| NamedRecipient { id: one.id, name: one.name.as_str().into() }).collect();
    match Routing::load(&text, &Surroundings::new(named, script.as_deref())) {
        Ok(LoadedRouting { routing, warnings }) => {
            document::warn(file, &warnings);
            warn_of_shared(file, &routing, &recipients);
            Ok(Some((routing, text)))
        }
        Err(mistakes) => {
            document::refuse(common, file, &mistakes)?;
            Ok(None)
        }
    }
}

/// A webhook of the whole team that the document names gets the leads of reps too, which is probably not meant.
fn warn_of_shared(file: &Path, routing: &Routing, recipients: &[Recipient]) {
    let reps = recipients.iter().filter(|one| matches!(one.id, RecipientId::Rep(_)));
    let shared: BTreeSet<_> = reps.flat_map(|rep| &rep.endpoints).collect();
    let shares = routing.rules().flat_map(|rule| rule.recipients.iter().chain(&rule.fallback)).chain(routing.owner());
    let named: BTreeSet<_> = shares.map(|share| (&share.name, share.id)).collect();
    for (name, id) in named {
        if let Some(RecipientId::Endpoint(endpoint)) = id
            && shared.contains(&endpoint)
        {
            output::say(&format!(
                "{}: {name} is a webhook of the whole team and gets the leads of every rep too; \
                 `ripen endpoint set {endpoint} --by-name` changes that (warning)",
                file.display()
            ));
        }
    }
}

/// The criteria whose questions conditions may read; none before the first activation.
async fn script(store: &Store, client: &ClientRecord) -> anyhow::Result<Option<Arc<Criteria>>> {
    let program = store.client_terms(client.id).await?.program;
    let active = store.programs().await?.into_iter().find(|one| one.name == program).and_then(|one| one.active);
    let Some((_, id)) = active else { return Ok(None) };
    Ok(Documents::new(store.clone()).get(&[id]).await?.remove(&id))
}

async fn show(common: &Common, store: &Store, client: &str, version: Option<i32>) -> anyhow::Result<()> {
    let client = client_of(store, client).await?;
    let all = store.routes(client.id).await?;
    let wanted = |one: &&RouteRecord| version.map_or(one.active, |version| one.version == version);
    let one = all.iter().find(wanted).with_context(|| match version {
        Some(version) => format!("{} has no routing {version}: `ripen route list` shows them", client.slug),
        None => format!("{} has no routing: every enabled endpoint gets every lead", client.slug),
    })?;
    if common.json {
        let mut record = listed(one);
        record["document"] = one.document.clone().into();
        return Ok(output::record(true, &record)?);
    }
    Ok(output::text(&one.document)?)
}

async fn explain(common: &Common, store: &Store, lead: LeadId) -> anyhow::Result<()> {
    let routed = store.routed(firm(), lead).await?;
    let routed = routed
        .with_context(|| format!("{lead} never matured: `ripen route explain {lead} --now` says where it would go"))?;
    let plain = "No routing: it went to every enabled endpoint of the client at once\n".to_owned();
    let text = routed.text.unwrap_or(plain);
    let deliveries = super::lead::deliveries(store, lead).await?.0;
    if common.json {
        let record = json!({"lead": lead, "version": routed.version, "at": routed.at, "explanation": text,
                            "deliveries": deliveries});
        return Ok(output::record(true, &record)?);
    }
    if let Some(at) = routed.at {
        let by = routed.version.map_or_else(String::new, |version| format!(" by version {version} of the routing"));
        output::text(&format!("Routed {}{by}\n", super::lead::local(at, &TimeZone::UTC)))?;
    }
    output::text(&text)?;
    output::text("\nDeliveries\n")?;
    Ok(output::table(false, &["delivery", "event", "state", "endpoint", "rep", "reason", "due_at"], &deliveries)?)
}

/// What would become of a lead, were it to mature now.
async fn preview(common: &Common, store: &Store, lead: LeadId) -> anyhow::Result<()> {
    let documents = Documents::new(store.clone());
    let said = ripen_qualifier::route_preview(store, &documents, lead, Clock::system().now()).await?;
    let text = said.with_context(|| format!("no lead {lead}: `ripen lead list --email E` shows a person's"))?;
    if common.json {
        return Ok(output::record(true, &json!({"lead": lead, "explanation": text}))?);
    }
    Ok(output::text(&text)?)
}
