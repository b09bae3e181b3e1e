//! What staff type: one file per command. Each opens the database, does one thing, prints its result; none keeps running.

pub mod appointment;
pub mod dead;
pub mod decision;
pub mod delivery;
pub mod doctor;
pub mod import;
pub mod lead;
pub mod migrate;
pub mod outcome;
pub mod promise;

use ripen_domain::{
    actor::{Actor, Scope},
    id::RepId,
};
use ripen_runtime::secrets;
use ripen_store::{Store, client::record::ClientRecord, team::rep::RepRecord};

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

/// The rep of a name, address or id.
///
/// # Errors
/// When there is none, or several.
pub async fn rep_of(store: &Store, client: &ClientRecord, text: &str) -> anyhow::Result<RepId> {
    let reps = store.reps(firm(), client.id).await?;
    let is_meant =
        |rep: &&RepRecord| rep.id.to_string() == text || rep.name == text || rep.email.eq_ignore_ascii_case(text);
    let found: Vec<_> = reps.iter().filter(is_meant).collect();
    match found.as_slice() {
        [rep] => Ok(rep.id),
        [] => {
            let known: Vec<_> = reps.iter().map(|rep| rep.name.as_str()).collect();
            anyhow::bail!("{} has no rep {text:?}; there are: {}", client.slug, known.join(", "))
        }
        _ => anyhow::bail!("{} has several reps called {text:?}: name one by its address", client.slug),
    }
}

/// What whoever runs commands on the machine may read: every client's data.
pub fn firm() -> Scope {
    Actor::operator(secrets::operator()).scope()
}
