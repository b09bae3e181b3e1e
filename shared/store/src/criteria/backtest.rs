//! Back-tests as they are kept; an activation names the one it rests on.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{actor::Actor, hash::ContentHash};

use crate::{Scope, StoreError, Transaction, decision::history::Period, error::one_row};

/// A back-test to be kept.
#[derive(Debug)]
pub struct NewBacktest<'a> {
    /// Its id.
    pub id: uuid::Uuid,
    /// What past was looked at.
    pub period: &'a Period,
    /// The draft.
    pub hash: ContentHash,
    /// How many decisions were made again.
    pub decisions: i64,
    /// What it found.
    pub report: serde_json::Value,
    /// Who ran it.
    pub by: &'a Actor,
}

impl Transaction {
    /// Keeps a back-test.
    ///
    /// # Errors
    /// `Moved` when the past that was looked at is not all in the scope.
    pub async fn backtest_add(
        &mut self,
        scope: Scope,
        new: &NewBacktest<'_>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "-- backtest.add
            insert into backtest (id, program, hash, client_id, since, until, decisions, report, by, at)
            select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10 where $11::uuid is null or $4 = $11",
            new.id,
            new.period.program,
            &new.hash.bytes()[..],
            new.period.client.map(ripen_domain::id::ClientId::uuid),
            new.period.since.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            new.period.until.to_sqlx(),
            new.decisions,
            new.report,
            new.by.name(),
            now.to_sqlx(),
            scope.client_uuid()
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "client")
    }

    /// The hash of the document that a back-test was about; none where the scope has no such back-test.
    pub async fn backtest_hash(&mut self, scope: Scope, id: uuid::Uuid) -> Result<Option<Vec<u8>>, StoreError> {
        let row = sqlx::query!(
            "-- backtest.hash
            select hash from backtest where id = $1 and ($2::uuid is null or client_id = $2)",
            id,
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|row| row.hash))
    }
}
