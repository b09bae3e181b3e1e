//! `ripen endpoint`: where a client wants A leads.

mod trial;

use std::{process::ExitCode, time::Duration};

use anyhow::Context as _;
use ripen_domain::{
    contact::Email,
    id::{ClientId, EndpointId, RepId},
    time::later,
};
use ripen_outbound::{
    guard::check_url,
    webhook::{OwnHeader, WebhookSecret},
};
use ripen_runtime::{
    clock::Clock,
    random::{bytes32, uuid_v7},
};
use ripen_store::{
    Store,
    endpoint::{
        record::{EndpointKind, EndpointRecord, NewEndpoint},
        settings::EndpointChange,
    },
};
use serde_json::{Value, json};

use crate::{
    cli::{Common, EndpointAction, EndpointOptions},
    command::{client_of, id},
    database::Database,
    output,
};

/// An endpoint has at most so many headers of its own.
const MOST_HEADERS: usize = 20;

/// Runs the action.
///
/// # Errors
/// Says what is wrong and what to do.
pub async fn run(common: &Common, action: EndpointAction) -> anyhow::Result<ExitCode> {
    let database = Database::open(common).await?;
    let result = act(common, action, &database).await;
    database.close().await;
    result
}

async fn act(common: &Common, action: EndpointAction, database: &Database) -> anyhow::Result<ExitCode> {
    let store = &database.store;
    match action {
        EndpointAction::Add { client, webhook, email, name, allow_private } => {
            let client = client_of(store, &client).await?;
            let (id, secret) = match (webhook, email) {
                (Some(url), _) => add_webhook(store, client.id, &url, allow_private, name).await?,
                (None, Some(address)) => (add_email(store, client.id, &address, None, name).await?, None),
                (None, None) => anyhow::bail!("name a --webhook or an --email"),
            };
            output::record(common.json, &json!({"id": id, "secret": secret}))?;
        }
        EndpointAction::List => {
            let rows: Vec<_> = store.endpoints(None, Clock::system().now()).await?.iter().map(shown).collect();
            output::table(common.json, &["id", "client", "kind", "to", "state", "circuit", "open", "reason"], &rows)?;
        }
        EndpointAction::Show { id: text } => output::record(common.json, &shown(&find(store, &text).await?))?,
        EndpointAction::Resume { id: text } => {
            store.endpoint_enable(find(store, &text).await?.id, Clock::system().now()).await?;
            output::record(common.json, &shown(&find(store, &text).await?))?;
        }
        EndpointAction::Pause { id: text } => {
            let (id, now) = (find(store, &text).await?.id, Clock::system().now());
            store.endpoint_disable(id, "disabled by the firm", None, now).await?;
            output::record(common.json, &shown(&find(store, &text).await?))?;
        }
        EndpointAction::Test { id } => return trial::run(common, database, &id).await,
        EndpointAction::Set(options) => {
            let endpoint = find(store, &options.id).await?;
            store.endpoint_change(endpoint.id, &change(&endpoint, options)?, Clock::system().now()).await?;
            output::record(common.json, &shown(&find(store, &endpoint.id.to_string()).await?))?;
        }
        EndpointAction::RotateSecret { id: text, overlap_h } => {
            let endpoint = webhook(store, &text).await?;
            let (secret, overlap) =
                (WebhookSecret::new(bytes32()).reveal(), Duration::from_secs(u64::from(overlap_h) * 3600));
            let now = Clock::system().now();
            store.endpoint_rotate_secret(endpoint.id, &secret, overlap, now).await?;
            output::record(
                common.json,
                &json!({"id": endpoint.id, "secret": secret, "others_until": later(now, overlap)}),
            )?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What a person asked to change, checked.
fn change(endpoint: &EndpointRecord, options: EndpointOptions) -> anyhow::Result<EndpointChange> {
    let EndpointOptions { concurrency, rate, timeout_s, header, no_headers, events, by_name, whole_team, .. } = options;
    let headers: Vec<_> = header
        .iter()
        .map(|text| OwnHeader::parse(text).map(|header| header.reveal()).with_context(|| "this header cannot be sent"))
        .collect::<Result<_, _>>()?;
    anyhow::ensure!(headers.len() <= MOST_HEADERS, "at most {MOST_HEADERS} headers");
    let for_webhooks = timeout_s.is_some() || !headers.is_empty();
    anyhow::ensure!(
        !for_webhooks || endpoint.kind == EndpointKind::Webhook,
        "{} is an e-mail endpoint: a time limit and headers are for webhooks",
        endpoint.id
    );
    let given = events.iter().find(|event| !event.is_asked_for());
    anyhow::ensure!(given.is_none(), "an offered lead, and that it is gone, are told to whoever routing offers it");
    let rate_is_possible = rate.is_none_or(|rate| rate == 0.0 || (0.001..=10_000.0).contains(&rate));
    anyhow::ensure!(rate_is_possible, "--rate is between 0.001 and 10000 in a second; 0 takes the limit away");
    Ok(EndpointChange {
        concurrency: concurrency.map(i32::from),
        rate: rate.map(|rate| Some(rate).filter(|rate| *rate > 0.0)),
        timeout_s: timeout_s.map(|seconds| Some(i32::from(seconds)).filter(|seconds| *seconds > 0)),
        headers: (no_headers || !headers.is_empty()).then_some(headers),
        events: (!events.is_empty()).then_some(events),
        by_name: (by_name || whole_team).then_some(by_name),
    })
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
    name: Option<String>,
) -> anyhow::Result<(EndpointId, Option<String>)> {
    let url = check_url(url, allow_private)?;
    let secret = WebhookSecret::new(bytes32()).reveal();
    let new = new_endpoint(client, EndpointKind::Webhook, (url.to_string(), name));
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
    name: Option<String>,
) -> anyhow::Result<EndpointId> {
    let email = Email::parse(address).with_context(|| format!("{address:?} is no e-mail address"))?;
    let new = NewEndpoint { rep, ..new_endpoint(client, EndpointKind::Email, (email.as_str().to_owned(), name)) };
    store.endpoint_add(&new, Clock::system().now()).await?;
    Ok(new.id)
}

fn new_endpoint(client: ClientId, kind: EndpointKind, (to, name): (String, Option<String>)) -> NewEndpoint {
    let name = name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    let id = EndpointId::from_uuid(uuid_v7(Clock::system().now()));
    NewEndpoint { id, client, kind, name, to, rep: None, allow_private: false, secret: None }
}

/// The endpoint of an id.
///
/// # Errors
/// When there is none.
pub async fn find(store: &Store, text: &str) -> anyhow::Result<EndpointRecord> {
    let wanted: EndpointId = id(text)?;
    let found = store.endpoints(Some(wanted), Clock::system().now()).await?.pop();
    found.with_context(|| format!("no endpoint {wanted}: `ripen endpoint list` shows them"))
}

async fn webhook(store: &Store, text: &str) -> anyhow::Result<EndpointRecord> {
    let endpoint = find(store, text).await?;
    anyhow::ensure!(
        endpoint.kind == EndpointKind::Webhook,
        "{} is an e-mail endpoint: this is for webhooks",
        endpoint.id
    );
    Ok(endpoint)
}

fn shown(endpoint: &EndpointRecord) -> Value {
    let terms = &endpoint.terms;
    let circuit = endpoint.probe_at.map(|at| format!("open, next probe {}", at.strftime("%Y-%m-%dT%H:%M:%SZ")));
    let names: Vec<_> = terms.headers.iter().filter_map(|header| Some(header.split_once(':')?.0)).collect();
    let secrets: Vec<_> = endpoint.secrets.iter().map(|(made, until)| json!({"made": made, "until": until})).collect();
    json!({"id": endpoint.id, "client": endpoint.client, "kind": endpoint.kind.word(), "to": endpoint.to,
           "state": if endpoint.enabled { "enabled" } else { "disabled" }, "reason": endpoint.reason, "open": endpoint.open,
           "circuit": circuit, "failures": endpoint.failing.map(|(failures, _)| failures),
           "failing_since": endpoint.failing.map(|(_, since)| since), "concurrency": terms.concurrency, "rate": terms.rate,
           "timeout_s": terms.timeout_s, "headers": names, "events": terms.events, "by_name": terms.by_name, "secrets": secrets})
}
