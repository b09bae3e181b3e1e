//! `ripen endpoint`: where a client wants A leads.

use std::process::ExitCode;

use anyhow::Context as _;
use ripen_domain::{
    contact::Email,
    id::{ClientId, EndpointId, RepId},
};
use ripen_outbound::{guard::check_url, webhook::WebhookSecret};
use ripen_runtime::{
    clock::Clock,
    random::{bytes32, uuid_v7},
};
use ripen_store::{EndpointKind, EndpointRecord, NewEndpoint, Store};
use serde_json::{Value, json};

use crate::{
    cli::{Common, EndpointAction},
    command::{client_of, id},
    database::Database,
    output,
};

/// Runs the action.
///
/// # Errors
/// Says what is wrong and what to do.
pub async fn run(common: &Common, action: EndpointAction) -> anyhow::Result<ExitCode> {
    let database = Database::open(common).await?;
    let result = act(common, action, &database.store).await;
    database.close().await;
    result.map(|()| ExitCode::SUCCESS)
}

async fn act(common: &Common, action: EndpointAction, store: &Store) -> anyhow::Result<()> {
    match action {
        EndpointAction::Add { client, webhook, email, allow_private } => {
            let client = client_of(store, &client).await?;
            let (id, secret) = match (webhook, email) {
                (Some(url), _) => add_webhook(store, client.id, &url, allow_private).await?,
                (None, Some(address)) => (add_email(store, client.id, &address, None).await?, None),
                (None, None) => anyhow::bail!("name a --webhook or an --email"),
            };
            output::record(common.json, &json!({"id": id, "secret": secret}))?;
        }
        EndpointAction::List => {
            let rows: Vec<_> = store.endpoints().await?.iter().map(shown).collect();
            output::table(common.json, &["id", "client", "kind", "to", "state", "open", "reason"], &rows)?;
        }
        EndpointAction::Show { id: text } => output::record(common.json, &shown(&find(store, &text).await?))?,
        EndpointAction::Resume { id: text } => {
            store.endpoint_enable(find(store, &text).await?.id, Clock::system().now()).await?;
            output::record(common.json, &shown(&find(store, &text).await?))?;
        }
        EndpointAction::Pause { id: text } => {
            store.endpoint_disable(find(store, &text).await?.id, "disabled by the firm").await?;
            output::record(common.json, &shown(&find(store, &text).await?))?;
        }
    }
    Ok(())
}

/// Adds a webhook; the secret is shown once.
///
/// # Errors
/// When the URL may not be called.
pub async fn add_webhook(
    store: &Store,
    client: ClientId,
    url: &str,
    allow_private: bool,
) -> anyhow::Result<(EndpointId, Option<String>)> {
    let url = check_url(url, allow_private)?;
    let secret = WebhookSecret::new(bytes32()).reveal();
    let new = new_endpoint(client, EndpointKind::Webhook, url.to_string());
    let new = NewEndpoint { allow_private, secret: Some(secret.clone()), ..new };
    store.endpoint_add(&new, Clock::system().now()).await?;
    Ok((new.id, Some(secret)))
}

/// Adds an e-mail endpoint.
///
/// # Errors
/// When the address is none.
pub async fn add_email(
    store: &Store,
    client: ClientId,
    address: &str,
    rep: Option<RepId>,
) -> anyhow::Result<EndpointId> {
    let email = Email::parse(address).with_context(|| format!("{address:?} is no e-mail address"))?;
    let new = NewEndpoint { rep, ..new_endpoint(client, EndpointKind::Email, email.as_str().to_owned()) };
    store.endpoint_add(&new, Clock::system().now()).await?;
    Ok(new.id)
}

fn new_endpoint(client: ClientId, kind: EndpointKind, to: String) -> NewEndpoint {
    let id = EndpointId::from_uuid(uuid_v7(Clock::system().now()));
    NewEndpoint { id, client, kind, to, rep: None, allow_private: false, secret: None }
}

async fn find(store: &Store, text: &str) -> anyhow::Result<EndpointRecord> {
    let wanted: EndpointId = id(text)?;
    let found = store.endpoints().await?.into_iter().find(|endpoint| endpoint.id == wanted);
    found.with_context(|| format!("no endpoint {wanted}: `ripen endpoint list` shows them"))
}

fn shown(endpoint: &EndpointRecord) -> Value {
    json!({"id": endpoint.id, "client": endpoint.client, "kind": endpoint.kind.word(), "to": endpoint.to,
           "state": if endpoint.enabled { "enabled" } else { "disabled" }, "reason": endpoint.reason, "open": endpoint.open})
}
