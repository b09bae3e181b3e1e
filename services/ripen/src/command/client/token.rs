//! `ripen client token`: what a client's programs authenticate with. A token is shown once, when it is made.

use anyhow::Context as _;
use ripen_domain::{id::TokenId, secret::Secret};
use ripen_runtime::{
    clock::Clock,
    random::{bytes32, uuid_v7},
};
use ripen_store::{Store, StoreError, client::token::NewClientToken};
use serde_json::json;

use crate::{
    cli::{Common, TokenAction},
    command::client_of,
    output,
};

/// Longest name, in characters.
const LONGEST_NAME: usize = 100;

/// Runs the action.
///
/// # Errors
/// Says what is wrong and what to do.
pub async fn run(common: &Common, store: &Store, action: TokenAction) -> anyhow::Result<()> {
    let now = Clock::system().now();
    match action {
        TokenAction::Add { slug, name } => {
            let client = client_of(store, &slug).await?;
            let name = name.trim().to_owned();
            anyhow::ensure!(
                !name.is_empty() && name.chars().count() <= LONGEST_NAME && !name.chars().any(char::is_control),
                "--name: write up to {LONGEST_NAME} characters that say what the token is for"
            );
            let token = Secret::new("ct", bytes32());
            let id = TokenId::from_uuid(uuid_v7(now));
            store.client_token_add(&NewClientToken { id, client: client.id, name, hash: token.hash() }, now).await?;
            output::record(common.json, &json!({"id": id, "token": token.reveal()}))?;
            output::say("the token is shown this once: keep it now");
        }
        TokenAction::List { slug } => {
            let client = client_of(store, &slug).await?;
            let tokens = store.client_tokens(client.id).await?;
            let rows: Vec<_> = tokens
                .iter()
                .map(|one| json!({"id": one.id, "name": one.name, "created_at": one.created_at, "revoked_at": one.revoked_at}))
                .collect();
            output::table(common.json, &["id", "name", "created_at", "revoked_at"], &rows)?;
        }
        TokenAction::Revoke { id } => {
            match store.client_token_revoke(id, now).await {
                Err(StoreError::Moved(_)) => Err(anyhow::anyhow!("no token {id}")),
                result => result.map_err(Into::into),
            }
            .context("`ripen client token list SLUG` shows a client's")?;
            output::record(common.json, &json!({"id": id, "revoked_at": now}))?;
        }
    }
    Ok(())
}
