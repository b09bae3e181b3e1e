//! Tokens that a client's programs authenticate with. A token is given out once, when it is made.

use jiff::Timestamp;
use ripen_domain::{
    actor::{Actor, Permission},
    id::TokenId,
    secret::Secret,
};
use ripen_runtime::random::bytes32;
use ripen_store::client::token::{ClientTokenRecord, NewClientToken};
use serde_json::json;

use crate::{
    Action, Actions, FieldErrors, Refusal, Work, client,
    work::{AuditChange, permit},
};

/// Longest name, in characters.
const LONGEST_NAME: usize = 100;

/// Makes a token.
#[derive(Debug, Clone)]
pub struct AddClientToken {
    /// The client's slug.
    pub client: String,
    /// What the token is for.
    pub name: String,
}

/// A token just made.
#[derive(Debug)]
pub struct NewToken {
    /// Its id.
    pub id: TokenId,
    /// What authenticates: only its hash is kept.
    pub token: Secret,
}

impl Action for AddClientToken {
    type Done = NewToken;

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<NewToken, Refusal> {
        let mut errors = FieldErrors::default();
        let name = self.name.trim();
        // Shown in lists and logs, on one line.
        let sound = !name.is_empty() && name.chars().count() <= LONGEST_NAME && !name.chars().any(char::is_control);
        errors.require(sound, "name", "invalid", || {
            format!("write up to {LONGEST_NAME} characters that say what the token is for")
        });
        let client = work.client(&self.client, &mut errors).await?;
        errors.finish()?;
        let client = client.ok_or_else(|| Refusal::missing("client", &self.client))?;
        // Shown once, in the answer: only the hash is stored, and nobody can look it up later.
        let token = Secret::new("ct", bytes32());
        let id = TokenId::from_uuid(work.fresh_id());
        let new = NewClientToken { id, client: client.id, name: name.to_owned(), hash: token.hash() };
        work.tx.client_token_add(work.scope(), &new, work.now).await?;
        work.changed("client_token.add", id, AuditChange::added(client.id, json!({"name": name})));
        Ok(NewToken { id, token })
    }
}

/// Ends a token for good. One that has ended stays as it is.
#[derive(Debug, Clone, Copy)]
pub struct RevokeClientToken {
    /// The token.
    pub token: TokenId,
}

impl Action for RevokeClientToken {
    /// Since when it opens nothing.
    type Done = Timestamp;

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<Timestamp, Refusal> {
        let scope = work.scope();
        let revoked = work.tx.client_token_revoke(scope, self.token, work.now).await?;
        let revoked = revoked.ok_or_else(|| Refusal::missing("token", self.token))?;
        // Only what this request ended: a second one must not look like another revocation.
        if revoked.at == work.now {
            let (before, after) = (json!({"revoked_at": null}), json!({"revoked_at": revoked.at}));
            work.changed("client_token.revoke", self.token, AuditChange::of(revoked.client, before, after));
        }
        Ok(revoked.at)
    }
}

/// A client's tokens, oldest first.
///
/// # Errors
/// When there is no such client in the actor's scope.
pub async fn list(actions: &Actions, actor: &Actor, slug: &str) -> Result<Vec<ClientTokenRecord>, Refusal> {
    permit(actor, Permission::Manage)?;
    let client = client::find(actions, actor, slug).await?;
    Ok(actions.store.client_tokens(actor.scope(), client.id).await?)
}
