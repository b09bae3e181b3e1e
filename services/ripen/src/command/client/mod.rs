//! `ripen client`: the companies leads are qualified for.

mod set;
mod token;

use std::process::ExitCode;

use anyhow::Context as _;
use ripen_domain::id::ClientId;
use ripen_runtime::{clock::Clock, random::uuid_v7};
use ripen_store::{
    Store, StoreError,
    client::record::{ClientRecord, NewClient},
    source::record::State,
};
use serde_json::{Value, json};

use crate::{
    cli::{ClientAction, Common},
    command::{client_of, country},
    database::Database,
    output,
};

/// Runs the action.
///
/// # Errors
/// Says what is wrong and what to do.
pub async fn run(common: &Common, action: ClientAction) -> anyhow::Result<ExitCode> {
    let database = Database::open(common).await?;
    let result = act(common, action, &database).await;
    database.close().await;
    result.map(|()| ExitCode::SUCCESS)
}

async fn act(common: &Common, action: ClientAction, database: &Database) -> anyhow::Result<()> {
    let store = &database.store;
    match action {
        ClientAction::Add { name, slug, country, time_zone } => {
            let slug = slug.unwrap_or_else(|| slug_of(&name));
            let added = add(store, NewClient { id: fresh(), slug, name, country, time_zone }).await?;
            output::record(common.json, &json!({"id": added.id, "slug": added.slug}))?;
        }
        ClientAction::List => {
            let rows: Vec<_> = store.clients().await?.iter().map(shown).collect();
            output::table(common.json, &["slug", "name", "country", "time_zone", "state", "id"], &rows)?;
        }
        ClientAction::Show { slug } => {
            let client = client_of(store, &slug).await?;
            let terms = store.client_terms(client.id).await?;
            let mut all = shown(&client);
            all["program"] = terms.program.into();
            all["capacity"] = terms.capacity.into();
            let rules = store.return_rules(client.id).await?;
            all["return_days"] = rules.days.into();
            all["return_reasons"] = rules.reasons.into();
            output::record(common.json, &all)?;
        }
        ClientAction::Set(options) => set::run(common, database, options).await?,
        ClientAction::Token { action } => token::run(common, store, action).await?,
        ClientAction::Pause { slug } => set_state(common, store, &slug, State::Paused).await?,
        ClientAction::Resume { slug } => set_state(common, store, &slug, State::Active).await?,
    }
    Ok(())
}

fn fresh() -> ClientId {
    ClientId::from_uuid(uuid_v7(Clock::system().now()))
}

/// Adds a client after checking what was typed.
///
/// # Errors
/// When something typed cannot be used, or the slug is taken.
pub async fn add(store: &Store, mut new: NewClient) -> anyhow::Result<NewClient> {
    new.country = country(&new.country)?;
    time_zone(&new.time_zone)?;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    anyhow::ensure!(
        !new.slug.is_empty()
            && new.slug.len() <= 64
            && new.slug.chars().all(plain)
            && !new.slug.starts_with('-')
            && !new.slug.ends_with('-'),
        "{:?} cannot be a slug: use small letters, digits and single dashes, and give one with --slug",
        new.slug
    );
    match store.client_add(&new, Clock::system().now()).await {
        Err(StoreError::Taken(_)) => {
            anyhow::bail!("there is a client {:?} already: choose another with --slug", new.slug)
        }
        result => result.map(|()| new).map_err(Into::into),
    }
}

/// Refuses what is no time zone.
///
/// # Errors
/// Says what one looks like.
pub fn time_zone(name: &str) -> anyhow::Result<()> {
    jiff::tz::TimeZone::get(name)
        .with_context(|| format!("{name:?} is no time zone: write one such as America/Chicago"))?;
    Ok(())
}

async fn set_state(common: &Common, store: &Store, slug: &str, state: State) -> anyhow::Result<()> {
    let client = client_of(store, slug).await?;
    store.client_set_state(client.id, state).await?;
    output::record(common.json, &shown(&ClientRecord { state, ..client }))?;
    Ok(())
}

fn shown(client: &ClientRecord) -> Value {
    json!({"id": client.id, "slug": client.slug, "name": client.name, "country": client.country,
           "time_zone": client.time_zone, "state": client.state.word()})
}

/// The name in small letters with dashes; empty where nothing of it is ASCII.
fn slug_of(name: &str) -> String {
    let dashed: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let slug = dashed.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    slug.chars().take(64).collect::<String>().trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_a_slug() {
        assert_eq!(slug_of("Acme Homes & Sons, Inc."), "acme-homes-sons-inc");
        assert_eq!(slug_of("日本"), "");
    }
}
