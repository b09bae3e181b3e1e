//! Tokens of users' programs: made and revoked by the user, looked up by their hash with every request.

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use ripen_domain::id::{TokenId, UserId};

use crate::{Store, StoreError, Transaction, user::account::UserRecord};

/// How stale `seen_at` may be.
const SEEN_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// A token to be kept; in clear it is kept nowhere.
#[derive(Debug, Clone)]
pub struct NewUserToken {
    /// Its id.
    pub id: TokenId,
    /// Whose it is.
    pub user: UserId,
    /// What it is for.
    pub name: String,
    /// SHA-256.
    pub hash: [u8; 32],
}

/// A token as its owner sees it.
#[derive(Debug, Clone)]
pub struct UserTokenRecord {
    /// Its id.
    pub id: TokenId,
    /// What it is for.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used.
    pub seen_at: Option<Timestamp>,
    /// From when it opens nothing.
    pub revoked_at: Option<Timestamp>,
}

impl Store {
    /// Who a token belongs to, where it opens something: not revoked, the account not paused.
    pub async fn user_token_user(&self, hash: &[u8; 32], now: Timestamp) -> Result<Option<UserRecord>, StoreError> {
        let row = sqlx::query!(
            "-- user_token.user
            select t.id, t.seen_at, t.user_id from user_token t join user_account u on u.id = t.user_id
            where t.hash = $1 and t.revoked_at is null and u.state = 'active'",
            hash
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let seen_at = row.seen_at.map(jiff_sqlx::Timestamp::to_jiff);
        if seen_at.is_none_or(|at| now.duration_since(at) > SEEN_EVERY) {
            sqlx::query!("-- user_token.seen\nupdate user_token set seen_at = $2 where id = $1", row.id, now.to_sqlx())
                .execute(&self.pool)
                .await?;
        }
        self.user(UserId::from_uuid(row.user_id)).await
    }

    /// A user's tokens, oldest first; revoked ones too, because the audit names them: at most 200 with the last of those.
    pub async fn user_tokens(&self, user: UserId) -> Result<Vec<UserTokenRecord>, StoreError> {
        let rows = sqlx::query!(
            "-- user_token.list
            select id, name, created_at, seen_at, revoked_at from (
              select id, name, created_at, seen_at, revoked_at from user_token where user_id = $1
              order by revoked_at desc nulls first, id desc limit 200) t
            order by id",
            user.uuid()
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| UserTokenRecord {
                id: TokenId::from_uuid(row.id),
                name: row.name,
                created_at: row.created_at.to_jiff(),
                seen_at: row.seen_at.map(jiff_sqlx::Timestamp::to_jiff),
                revoked_at: row.revoked_at.map(jiff_sqlx::Timestamp::to_jiff),
            })
            .collect())
    }
}

impl Transaction {
    /// Keeps a token.
    pub async fn user_token_add(&mut self, new: &NewUserToken, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query!(
            "-- user_token.add
            insert into user_token (id, user_id, name, hash, created_at) values ($1, $2, $3, $4, $5)",
            new.id.uuid(),
            new.user.uuid(),
            new.name,
            &new.hash,
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// How many tokens of a user open something.
    pub async fn user_tokens_live(&mut self, user: UserId) -> Result<i64, StoreError> {
        let row = sqlx::query!(
            r#"-- user_token.live
            select count(*) as "live!" from user_token where user_id = $1 and revoked_at is null"#,
            user.uuid()
        )
        .fetch_one(self.connection())
        .await?;
        Ok(row.live)
    }

    /// Ends all tokens of a user for good; gives how many.
    pub async fn user_tokens_revoke(&mut self, user: UserId, now: Timestamp) -> Result<u64, StoreError> {
        let done = sqlx::query!(
            "-- user_token.revoke_all
            update user_token set revoked_at = $2 where user_id = $1 and revoked_at is null",
            user.uuid(),
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected())
    }

    /// Ends a token of a user for good; one that has ended stays as it is. None where the user has no such token.
    pub async fn user_token_revoke(
        &mut self,
        user: UserId,
        id: TokenId,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let row = sqlx::query!(
            r#"-- user_token.revoke
            update user_token set revoked_at = coalesce(revoked_at, $3) where id = $1 and user_id = $2
            returning revoked_at as "revoked_at!""#,
            id.uuid(),
            user.uuid(),
            now.to_sqlx()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|row| row.revoked_at.to_jiff()))
    }
}
