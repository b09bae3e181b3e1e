//! Wrong passwords in a row, per account and per address. Kept in the database, so that all processes count together and a
//! restart forgives nothing.

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    hash::ContentHash,
    user::{LockOut, locked_for},
};

use crate::{Store, StoreError};

/// After so long without another one, wrong passwords are forgotten.
const FORGOTTEN_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// Whose wrong passwords: the address is not kept in clear.
#[must_use]
pub fn failure_key(of: LockOut, name: &str) -> ContentHash {
    ContentHash::of(format!("{}:{name}", of.word()).as_bytes())
}

impl Store {
    /// Until when nothing opens for any of these keys; none where something may be tried now.
    pub async fn sign_in_locked(&self, keys: &[ContentHash], now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let keys: Vec<_> = keys.iter().map(|key| key.bytes().to_vec()).collect();
        let row = sqlx::query!(
            "-- sign_in.locked
            select max(locked_until) as until from sign_in_failure where key = any($1) and locked_until > $2",
            &keys,
            now.to_sqlx()
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(row.until.map(jiff_sqlx::Timestamp::to_jiff))
    }

    /// Counts a wrong password, without those that time has forgotten, and locks by how many there were; gives how many.
    pub async fn sign_in_failed(&self, of: LockOut, key: ContentHash, now: Timestamp) -> Result<u32, StoreError> {
        let forgotten = now.checked_sub(FORGOTTEN_AFTER).unwrap_or(Timestamp::UNIX_EPOCH);
        let row = sqlx::query!(
            "-- sign_in.failed
            insert into sign_in_failure as f (key, failures, last_at, locked_until) values ($1, 1, $2, $2)
            on conflict (key) do update set last_at = $2, failures = case when f.last_at < $3 then 1
              else greatest(f.failures - coalesce(
                floor(extract(epoch from greatest($2 - f.last_at, interval '0')) / $4::bigint)::integer, 0), 0) + 1 end
            returning failures",
            &key.bytes()[..],
            now.to_sqlx(),
            forgotten.to_sqlx(),
            of.forgets_one_every().map(|every| every.as_secs())
        )
        .fetch_one(&self.pool)
        .await?;
        let failures = u32::try_from(row.failures).unwrap_or(u32::MAX);
        let wait = locked_for(of, failures);
        let until = now.checked_add(wait).unwrap_or(Timestamp::MAX);
        // By the count that was returned: two that fail at once each lock by theirs, and the longer one stands.
        sqlx::query!(
            "-- sign_in.lock
            update sign_in_failure set locked_until = greatest(locked_until, $2) where key = $1",
            &key.bytes()[..],
            until.to_sqlx()
        )
        .execute(&self.pool)
        .await?;
        Ok(failures)
    }

    /// Forgets the wrong passwords of a key, because a right one came.
    pub async fn sign_in_forgive(&self, key: ContentHash) -> Result<(), StoreError> {
        sqlx::query!("-- sign_in.forgive\ndelete from sign_in_failure where key = $1", &key.bytes()[..])
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Forgets one wrong password of several of a key, because a right one came.
    pub async fn sign_in_ease(&self, key: ContentHash) -> Result<(), StoreError> {
        sqlx::query!(
            "-- sign_in.ease
            update sign_in_failure set failures = failures - 1 where key = $1 and failures > 1",
            &key.bytes()[..]
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Forgets what is long ago; gives how many.
    pub async fn sign_in_forget(&self, now: Timestamp) -> Result<u64, StoreError> {
        let before = now.checked_sub(FORGOTTEN_AFTER).unwrap_or(Timestamp::UNIX_EPOCH);
        let done = sqlx::query!("-- sign_in.forget\ndelete from sign_in_failure where last_at < $1", before.to_sqlx())
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected())
    }
}
