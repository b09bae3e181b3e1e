//! Tokens of users' programs: made and ended by the user whose they are. A token may what its user may.

use jiff::Timestamp;
use ripen_domain::{
    actor::{Actor, Permission},
    id::{TokenId, UserId},
    secret::Secret,
};
use ripen_runtime::random::bytes32;
use ripen_store::user::token::{NewUserToken, UserTokenRecord};
use serde_json::json;

use crate::{Action, Actions, FieldErrors, Refusal, Work, client_token::NewToken, work::AuditChange};

/// Longest name, in characters.
const LONGEST_NAME: usize = 100;
/// At most so many of a user's tokens open something.
const MOST: i64 = 50;

/// Makes a token of whoever asks; `Conflict` (`too_many`) where fifty of theirs open something.
#[derive(Debug, Clone)]
pub struct AddUserToken {
    /// What it is for.
    pub name: String,
}

/// The user who asks.
fn asking(actor: &Actor) -> Result<UserId, Refusal> {
    actor.user_id().ok_or_else(|| Refusal::Forbidden { who: actor.to_string() })
}

impl Action for AddUserToken {
    type Done = NewToken;

    const PERMISSION: Permission = Permission::Own;

    async fn act(&self, work: &mut Work<'_>) -> Result<NewToken, Refusal> {
        let user = asking(work.actor)?;
        let mut errors = FieldErrors::default();
        let name = self.name.trim();
        let sound = !name.is_empty() && name.chars().count() <= LONGEST_NAME && !name.chars().any(char::is_control);
        errors.require(sound, "name", "invalid", || {
            format!("write up to {LONGEST_NAME} characters that say what the token is for")
        });
        errors.finish()?;
        // Under the lock: of two at once the second counts the first.
        work.tx.user_lock(user).await?.ok_or_else(|| Refusal::missing("user", user))?;
        if work.tx.user_tokens_live(user).await? >= MOST {
            let why = format!("{MOST} of your tokens are in use: end one that is not needed first");
            return Err(Refusal::conflict("too_many", why));
        }
        let token = Secret::new("ut", bytes32());
        let id = TokenId::from_uuid(work.fresh_id());
        work.tx.user_token_add(&NewUserToken { id, user, name: name.to_owned(), hash: token.hash() }, work.now).await?;
        let after = json!({"name": name, "user": user});
        work.changed("user_token.add", id, AuditChange { client: None, before: None, after: Some(after) });
        Ok(NewToken { id, token })
    }
}

/// Ends a token of whoever asks for good. One that has ended stays as it is.
#[derive(Debug, Clone, Copy)]
pub struct RevokeUserToken {
    /// The token.
    pub token: TokenId,
}

impl Action for RevokeUserToken {
    /// Since when it opens nothing.
    type Done = Timestamp;

    const PERMISSION: Permission = Permission::Own;

    async fn act(&self, work: &mut Work<'_>) -> Result<Timestamp, Refusal> {
        let user = asking(work.actor)?;
        let revoked = work.tx.user_token_revoke(user, self.token, work.now).await?;
        let revoked = revoked.ok_or_else(|| Refusal::missing("token", self.token))?;
        if revoked == work.now {
            let (before, after) = (json!({"revoked_at": null}), json!({"revoked_at": revoked}));
            let change = AuditChange { client: None, before: Some(before), after: Some(after) };
            work.changed("user_token.revoke", self.token, change);
        }
        Ok(revoked)
    }
}

/// The tokens of whoever asks, oldest first: those that open something, and the last that were revoked.
///
/// # Errors
/// `Forbidden` for who is no user.
pub async fn list(actions: &Actions, actor: &Actor) -> Result<Vec<UserTokenRecord>, Refusal> {
    Ok(actions.store.user_tokens(asking(actor)?).await?)
}
