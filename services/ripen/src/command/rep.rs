//! `ripen rep`: a client's sales people. A rep comes with an e-mail endpoint.

use std::process::ExitCode;

use anyhow::Context as _;
use ripen_domain::{contact::Email, id::RepId};
use ripen_runtime::{clock::Clock, random::uuid_v7};
use ripen_store::{RepRecord, Store, StoreError};
use serde_json::json;

use crate::{
    cli::{Common, RepAction},
    command::{client_of, endpoint::add_email},
    database::Database,
    output,
};

/// Runs the action.
///
/// # Errors
/// Says what is wrong and what to do.
pub async fn run(common: &Common, action: RepAction) -> anyhow::Result<ExitCode> {
    let database = Database::open(common).await?;
    let result = act(common, action, &database.store).await;
    database.close().await;
    result.map(|()| ExitCode::SUCCESS)
}

async fn act(common: &Common, action: RepAction, store: &Store) -> anyhow::Result<()> {
    match action {
        RepAction::Add { name, client, email } => {
            let client = client_of(store, &client).await?;
            let address = Email::parse(&email).with_context(|| format!("{email:?} is no e-mail address"))?;
            let now = Clock::system().now();
            let rep = RepRecord {
                id: RepId::from_uuid(uuid_v7(now)),
                client: client.id,
                name,
                email: address.as_str().to_owned(),
            };
            match store.rep_add(&rep, now).await {
                Err(StoreError::Taken(_)) => anyhow::bail!("{} has a rep with this address already", client.slug),
                result => result?,
            }
            let endpoint = add_email(store, client.id, &rep.email, Some(rep.id)).await?;
            output::record(common.json, &json!({"id": rep.id, "endpoint": endpoint, "secret": null}))?;
        }
        RepAction::List { client } => {
            let client = client_of(store, &client).await?;
            let reps = store.reps(client.id).await?;
            let rows: Vec<_> =
                reps.iter().map(|rep| json!({"id": rep.id, "name": rep.name, "email": rep.email})).collect();
            output::table(common.json, &["id", "name", "email"], &rows)?;
        }
    }
    Ok(())
}
