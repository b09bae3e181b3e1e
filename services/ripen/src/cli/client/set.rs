//! `ripen client set`: another name, place, capacity or program. What a change of program does is said before it is done.

use std::sync::Arc;

use anyhow::Context as _;
use ripen_domain::{
    contact::Email,
    id::{ClientId, EndpointId},
};
use ripen_runtime::{clock::Clock, random::uuid_v7};
use ripen_store::criteria::load::Documents;
use ripen_store::{
    Store,
    client::{record::ClientRecord, settings::ClientChange},
    decision::history::Period,
    program::record::ProgramRecord,
};
use serde_json::{Value, json};

use super::ClientSetOptions;
use crate::{
    cli::Common,
    command::{backtest, client_of, country, criteria, time_zone},
    database::Database,
    output,
};

/// Changes what was named.
///
/// # Errors
/// Says what cannot be used; then nothing was changed.
pub async fn run(common: &Common, database: &Database, options: ClientSetOptions) -> anyhow::Result<()> {
    let store = &database.store;
    let client = client_of(store, &options.slug).await?;
    if let Some(zone) = &options.time_zone {
        time_zone(zone)?;
    }
    let change = ClientChange {
        name: options.name.filter(|name| !name.trim().is_empty()),
        country: options.country.as_deref().map(country).transpose()?,
        time_zone: options.time_zone,
        capacity: options.capacity.map(|capacity| (capacity > 0).then_some(i32::from(capacity))),
    };
    let mut result = json!({"slug": client.slug});
    if let Some(name) = &options.program {
        let to = program(database, name).await?;
        preview(database, &client, &to, &mut result).await?;
        if !options.dry_run {
            let (now, spread) = (Clock::system().now(), criteria::spread(database));
            result["regraded"] = store.client_set_program(client.id, to.id, spread, now).await?.into();
        }
    }
    if !options.dry_run {
        store.client_set(client.id, &change, Clock::system().now()).await?;
        set_fallback(store, client.id, options.fallback.as_deref()).await?;
        set_returns(store, client.id, options.return_days, options.return_reason).await?;
    }
    let terms = store.client_terms(client.id).await?;
    result["program"] = terms.program.into();
    result["capacity"] = terms.capacity.into();
    output::record(common.json, &result)?;
    Ok(())
}

/// Sets where leads are mailed while a webhook fails; what is not named stays.
async fn set_fallback(store: &Store, client: ClientId, fallback: Option<&str>) -> anyhow::Result<()> {
    let now = Clock::system().now();
    let Some(address) = fallback else { return Ok(()) };
    if address == "none" {
        return Ok(store.client_set_fallback(client, None, now).await?);
    }
    let email = Email::parse(address).with_context(|| format!("{address:?} is no e-mail address"))?;
    let id = EndpointId::from_uuid(uuid_v7(now));
    Ok(store.client_set_fallback(client, Some((id, email.as_str())), now).await?)
}

/// Sets when the client may return leads; what is not named stays.
async fn set_returns(store: &Store, client: ClientId, days: Option<i32>, reasons: Vec<String>) -> anyhow::Result<()> {
    let mut rules = store.return_rules(client).await?;
    rules.days = days.unwrap_or(rules.days);
    if !reasons.is_empty() {
        let plain = reasons.iter().map(|reason| reason.trim().to_owned()).filter(|reason| !reason.is_empty());
        rules.reasons = if reasons == ["any"] { Vec::new() } else { plain.collect() };
    }
    Ok(store.client_set_returns(client, &rules).await?)
}

async fn program(database: &Database, name: &str) -> anyhow::Result<ProgramRecord> {
    let programs = database.store.programs().await?;
    let known: Vec<_> = programs.iter().map(|program| program.name.clone()).collect();
    programs.into_iter().find(|program| program.name == name).with_context(|| {
        format!(
            "no program {name:?}; there are: {}. A new one begins with `ripen criteria activate FILE`",
            known.join(", ")
        )
    })
}

/// Says how many of the client's open leads would change grade.
async fn preview(
    database: &Database,
    client: &ClientRecord,
    to: &ProgramRecord,
    result: &mut Value,
) -> anyhow::Result<()> {
    let Some((_, active)) = to.active else {
        output::say(&format!("the program {} has no criteria yet: the leads keep their grades until it has", to.name));
        return Ok(());
    };
    let documents = Documents::new(database.store.clone()).get(&[active]).await?;
    let draft = Arc::clone(documents.get(&active).context("the criteria of this program are gone")?);
    let from = database.store.client_terms(client.id).await?.program;
    let theirs = Period { program: from, client: Some(client.id), ..Period::default() };
    let change = backtest::today(&database.store, draft, theirs).await?;
    result["open_leads"] = change.leads.into();
    result["change"] = criteria::say_change(&change).into();
    Ok(())
}
