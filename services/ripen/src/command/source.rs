//! `ripen source`: where a client's leads come from. Token and key are shown once, when they are made.

use std::process::ExitCode;

use anyhow::Context as _;
use ripen_domain::{id::SourceId, secret::Secret};
use ripen_runtime::{
    clock::Clock,
    random::{bytes32, uuid_v7},
};
use ripen_store::{
    Store, StoreError,
    source::record::{NewSource, SourceFormat, SourceRecord, State},
};
use serde_json::{Value, json};

use crate::{
    cli::{Common, Format, SourceAction},
    command::{client_of, country, id},
    database::Database,
    output,
};

/// A source with the secrets that are shown this once.
pub struct Added {
    /// The source.
    pub id: SourceId,
    /// For `/v1/in/<token>`.
    pub token: Secret,
    /// For `Authorization: Bearer`.
    pub key: Secret,
}

/// Runs the action.
///
/// # Errors
/// Says what is wrong and what to do.
pub async fn run(common: &Common, action: SourceAction) -> anyhow::Result<ExitCode> {
    let database = Database::open(common).await?;
    let base = public_url(&database);
    let result = act(common, action, &database.store, &base).await;
    database.close().await;
    result.map(|()| ExitCode::SUCCESS)
}

/// Where the outside reaches this installation.
fn public_url(database: &Database) -> String {
    let beside = database.beside.as_ref().and_then(|running| running.http_url.clone());
    let http = &database.settings.http;
    let configured = (!http.public_url.is_empty()).then(|| http.public_url.clone());
    configured.or(beside).unwrap_or_else(|| format!("http://{}", http.listen)).trim_end_matches('/').to_owned()
}

async fn act(common: &Common, action: SourceAction, store: &Store, base: &str) -> anyhow::Result<()> {
    match action {
        SourceAction::Add { name, client, channel, format, country: code, cost_per_lead, thanks } => {
            let client = client_of(store, &client).await?;
            let format = match format {
                None => SourceFormat::Any,
                Some(Format::Json) => SourceFormat::Json,
                Some(Format::Form) => SourceFormat::Form,
            };
            let added = add(store, |token, key| NewSource {
                id: SourceId::from_uuid(uuid_v7(Clock::system().now())),
                client: client.id,
                name,
                channel,
                format,
                country: code,
                token_hash: token,
                key_hash: key,
                cost_per_lead,
                thanks_url: thanks,
            })
            .await?;
            let url = format!("{base}/v1/in/{}", added.token.reveal());
            output::record(
                common.json,
                &json!({"id": added.id, "token": added.token.reveal(), "key": added.key.reveal(), "url": url}),
            )?;
            output::say("token and key are shown this once: keep them now");
        }
        SourceAction::List => {
            let rows: Vec<_> = store.sources(None).await?.iter().map(shown).collect();
            output::table(common.json, &["id", "name", "channel", "format", "country", "state"], &rows)?;
        }
        SourceAction::Show { id: text } => output::record(common.json, &shown(&find(store, &text).await?))?,
        SourceAction::Pause { id: text } => set_state(common, store, &text, State::Paused).await?,
        SourceAction::Resume { id: text } => set_state(common, store, &text, State::Active).await?,
    }
    Ok(())
}

/// Adds a source after checking what was typed; `make` is given the hashes of its fresh token and key.
///
/// # Errors
/// When something typed cannot be used, or the client has a source of that name.
pub async fn add(store: &Store, make: impl FnOnce([u8; 32], [u8; 32]) -> NewSource) -> anyhow::Result<Added> {
    let (token, key) = (Secret::new("in", bytes32()), Secret::new("key", bytes32()));
    let mut new = make(token.hash(), key.hash());
    new.country = new.country.as_deref().map(country).transpose()?;
    anyhow::ensure!(!new.name.trim().is_empty(), "a source needs a name");
    anyhow::ensure!(
        new.cost_per_lead.is_none_or(|cost| !cost.is_sign_negative()),
        "a lead cannot cost less than nothing"
    );
    if let Some(thanks) = &new.thanks_url {
        let plain = thanks.starts_with("https://") || thanks.starts_with("http://");
        anyhow::ensure!(
            plain && !thanks.chars().any(|c| c.is_control() || c == ' '),
            "{thanks:?} is no web address: write https://…"
        );
    }
    match store.source_add(&new, Clock::system().now()).await {
        Err(StoreError::Taken(_)) => anyhow::bail!("this client has a source {:?} already", new.name),
        result => result.map(|()| Added { id: new.id, token, key }).map_err(Into::into),
    }
}

async fn find(store: &Store, text: &str) -> anyhow::Result<SourceRecord> {
    let wanted: SourceId = id(text)?;
    let found = store.sources(None).await?.into_iter().find(|source| source.id == wanted);
    found.with_context(|| format!("no source {wanted}: `ripen source list` shows them"))
}

async fn set_state(common: &Common, store: &Store, text: &str, state: State) -> anyhow::Result<()> {
    let source = find(store, text).await?;
    store.source_set_state(source.id, state).await?;
    output::record(common.json, &shown(&SourceRecord { state, ..source }))?;
    Ok(())
}

fn shown(source: &SourceRecord) -> Value {
    json!({"id": source.id, "client": source.client, "name": source.name, "channel": source.channel,
           "format": source.format.word(), "country": source.country, "state": source.state.word(),
           "thanks_url": source.thanks_url})
}
