//! What staff type: one file per command. Each opens the database, does one thing, prints its result; none keeps running.

pub mod appointment;
pub mod backtest;
pub mod criteria;
pub mod dead;
pub mod decision;
pub mod delivery;
pub mod doctor;
pub mod document;
pub mod endpoint;
pub mod import;
pub mod lead;
pub mod migrate;
pub mod outcome;
pub mod program;
pub mod promise;
pub mod rep;
pub mod route;
pub mod source;

use anyhow::Context as _;
use ripen_domain::actor::{Actor, Scope};
use ripen_runtime::secrets;
use ripen_store::{Store, client::record::ClientRecord};

/// The client of a slug, or an error that names those there are.
///
/// # Errors
/// When there is none.
pub async fn client_of(store: &Store, slug: &str) -> anyhow::Result<ClientRecord> {
    let clients = store.clients(firm()).await?;
    if let Some(found) = clients.iter().find(|client| client.slug == slug) {
        return Ok(found.clone());
    }
    let known: Vec<_> = clients.iter().map(|client| client.slug.as_str()).collect();
    let known = if known.is_empty() {
        "there is none yet: `ripen client add NAME`".to_owned()
    } else {
        format!("there are: {}", known.join(", "))
    };
    anyhow::bail!("no client {slug:?}; {known}")
}

/// Reads an id, naming what it should look like.
///
/// # Errors
/// When it is none.
pub fn id<T>(text: &str) -> anyhow::Result<T>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    text.parse::<T>().with_context(|| "this id cannot be read".to_owned())
}

/// A country in upper case.
///
/// # Errors
/// When it is not two letters.
pub fn country(text: &str) -> anyhow::Result<String> {
    let code = text.trim().to_ascii_uppercase();
    anyhow::ensure!(
        code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase()),
        "{text:?} is no country: write the two letters of ISO 3166, such as US"
    );
    Ok(code)
}

/// What whoever runs commands on the machine may read: every client's data.
pub fn firm() -> Scope {
    Actor::operator(secrets::operator()).scope()
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
