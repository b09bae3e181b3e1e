//! Browsers that are signed in. A session is found by the hash of its cookie, and ends with its time, by signing out, with a new
//! password or with a pause.

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use ripen_domain::id::UserId;

use crate::{Store, StoreError, Transaction, error::one_row, user::account::UserRecord};

/// How stale `seen_at` may be: a write for every request would cost more than the request.
const SEEN_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// A session to keep.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// SHA-256 of the cookie's value.
    pub hash: [u8; 32],
    /// Whose.
    pub user: UserId,
    /// From when it opens nothing.
    pub expires_at: Timestamp,
    /// The browser, as it names itself.
    pub agent: String,
}

/// A session as its owner sees it.
#[derive(Debug, Clone)]
pub struct SessionRecord {
    /// What ends it by name.
    pub hash: [u8; 32],
    /// When it was signed in.
    pub created_at: Timestamp,
    /// When it last asked for something.
    pub seen_at: Timestamp,
    /// The browser.
    pub agent: String,
}

impl Store {
    /// Who a session belongs to, where it opens something: not over, begun with the password of now, the account not paused.
    pub async fn session_user(&self, hash: &[u8; 32], now: Timestamp) -> Result<Option<UserRecord>, StoreError> {
        let row = sqlx::query!(
            "-- session.user
            select u.id, s.seen_at from user_session s join user_account u on u.id = s.user_id
            where s.hash = $1 and s.expires_at > $2 and u.state = 'active'
              and (u.password_at is null or s.created_at >= u.password_at)",
            hash,
            now.to_sqlx()
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        if now.duration_since(row.seen_at.to_jiff()) > SEEN_EVERY {
            sqlx::query!(
                "-- session.seen
                update user_session set seen_at = $2 where hash = $1 and seen_at < $2",
                hash,
                now.to_sqlx()
            )
            .execute(&self.pool)
            .await?;
        }
        self.user(UserId::from_uuid(row.id)).await
    }

    /// The sessions of a user that open something, the latest first.
    pub async fn sessions_of(&self, user: UserId, now: Timestamp) -> Result<Vec<SessionRecord>, StoreError> {
        let rows = sqlx::query!(
            "-- session.of_user
            select hash, created_at, seen_at, agent from user_session
            where user_id = $1 and expires_at > $2 order by seen_at desc limit 100",
            user.uuid(),
            now.to_sqlx()
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(SessionRecord {
                    hash: row.hash.try_into().map_err(|_| StoreError::Corrupt("user_session.hash".to_owned()))?,
                    created_at: row.created_at.to_jiff(),
                    seen_at: row.seen_at.to_jiff(),
                    agent: row.agent,
                })
            })
            .collect()
    }

    /// Forgets sessions that are over; gives how many.
    pub async fn sessions_forget(&self, now: Timestamp) -> Result<u64, StoreError> {
        let done = sqlx::query!("-- session.forget\ndelete from user_session where expires_at <= $1", now.to_sqlx())
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected())
    }
}

impl Transaction {
    /// Keeps a session, which is as new as the password at least, whichever process's clock is behind; `Moved` where there is no such
    /// account.
    pub async fn session_add(&mut self, new: &NewSession, now: Timestamp) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "-- session.add
            insert into user_session (hash, user_id, created_at, seen_at, expires_at, agent)
            select $1, u.id, greatest($3::timestamptz, u.password_at), $3, $4, $5 from user_account u where u.id = $2",
            &new.hash,
            new.user.uuid(),
            now.to_sqlx(),
            new.expires_at.to_sqlx(),
            new.agent
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "user")
    }

    /// Ends a session of a user; whether it was there.
    pub async fn session_end(&mut self, user: UserId, hash: &[u8; 32]) -> Result<bool, StoreError> {
        let done = sqlx::query!(
            "-- session.end\ndelete from user_session where hash = $1 and user_id = $2",
            hash,
            user.uuid()
        )
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Ends all sessions of a user but the one named, which counts as begun now; gives how many.
    pub async fn sessions_end(
        &mut self,
        user: UserId,
        but: Option<&[u8; 32]>,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let done = sqlx::query!(
            "-- session.end_all
            with kept as (
              update user_session set created_at = greatest(created_at, $3::timestamptz) where user_id = $1 and hash = $2
            )
            delete from user_session where user_id = $1 and ($2::bytea is null or hash <> $2)",
            user.uuid(),
            but.map(|hash| &hash[..]),
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected())
    }
}
