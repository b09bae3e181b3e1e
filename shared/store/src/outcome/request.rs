//! Requests of clients' programs that named an Idempotency-Key: who asks the same again is answered the same again.

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    hash::ContentHash,
    id::{ClientId, DeliveryId},
};
use serde::{Deserialize, Serialize};

use crate::{Scope, Store, StoreError, Transaction, error::one_row};

/// A request is remembered for so long.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(7 * 24);
/// At most so many are forgotten at once, so that nobody waits long.
const FORGOTTEN_AT_ONCE: i64 = 1000;

/// A key with what was asked for under it.
#[derive(Debug, Clone)]
pub struct RequestKey {
    /// Whose program it was.
    pub client: ClientId,
    /// As the program named it: at most 255 characters.
    pub key: String,
    /// Of what was asked for.
    pub hash: ContentHash,
}

/// What a request was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestAnswer {
    /// The word of what became of it.
    pub result: String,
    /// The number of the outcome that was the newest then.
    pub number: Option<i32>,
    /// What was said beside it.
    pub words: Option<String>,
}

/// What a request under a key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestBegun {
    /// It comes for the first time: do it, and say what became of it.
    First,
    /// It came before, and this was the answer.
    Again(RequestAnswer),
    /// Something else came under this key.
    Other,
}

impl Store {
    /// Forgets requests of clients that may call no more; returns how many.
    pub async fn outcome_requests_forget(&self, now: Timestamp) -> Result<u64, StoreError> {
        let old = now.checked_sub(REMEMBERED).unwrap_or(now);
        let done = sqlx::query!(
            "-- outcome_request.forget_old
            delete from outcome_request where (client_id, key) in (
              select client_id, key from outcome_request where at < $1 order by at limit $2 for update skip locked)",
            old.to_sqlx(),
            FORGOTTEN_AT_ONCE
        )
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected())
    }
}

impl Transaction {
    /// Begins a request under a key, and forgets old ones, whosever. Whoever sends the same at the same time waits for the
    /// end of this transaction.
    pub async fn outcome_request_begin(
        &mut self,
        scope: Scope,
        request: &RequestKey,
        now: Timestamp,
    ) -> Result<RequestBegun, StoreError> {
        if !scope.covers(request.client) {
            return Ok(RequestBegun::Other);
        }
        let old = now.checked_sub(REMEMBERED).unwrap_or(now);
        // Not the one that is asked for: another program may be waiting for it.
        sqlx::query!(
            "-- outcome_request.forget
            delete from outcome_request where (client_id, key) in (
              select client_id, key from outcome_request where at < $2 and (client_id, key) <> ($1, $3)
              order by at limit $4 for update skip locked)",
            request.client.uuid(),
            old.to_sqlx(),
            request.key,
            FORGOTTEN_AT_ONCE
        )
        .execute(self.connection())
        .await?;
        let done = sqlx::query!(
            "-- outcome_request.begin
            insert into outcome_request as r (client_id, key, hash, at) values ($1, $2, $3, $4)
            on conflict (client_id, key) do update set hash = excluded.hash, at = excluded.at, answer = null where r.at < $5",
            request.client.uuid(),
            request.key,
            &request.hash.bytes()[..],
            now.to_sqlx(),
            old.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        if done.rows_affected() == 1 {
            return Ok(RequestBegun::First);
        }
        // A new statement: the one above waited for whoever began it, and could not see what they wrote.
        let row = sqlx::query!(
            "-- outcome_request.kept
            select hash, answer from outcome_request where client_id = $1 and key = $2",
            request.client.uuid(),
            request.key
        )
        .fetch_one(self.connection())
        .await?;
        let corrupt = || StoreError::Corrupt("what a request was answered".to_owned());
        let answer = row.answer.map(serde_json::from_value).transpose().map_err(|_| corrupt())?;
        Ok(match answer.filter(|_| row.hash == request.hash.bytes()) {
            Some(answer) => RequestBegun::Again(answer),
            None => RequestBegun::Other,
        })
    }

    /// Keeps what a request was answered.
    pub async fn outcome_request_end(
        &mut self,
        scope: Scope,
        request: &RequestKey,
        answer: &RequestAnswer,
    ) -> Result<(), StoreError> {
        // Texts and numbers always serialise.
        let answer = serde_json::to_value(answer).unwrap_or_default();
        let done = sqlx::query!(
            "-- outcome_request.end
            update outcome_request set answer = $3 where client_id = $1 and key = $2 and ($4::uuid is null or client_id = $4)",
            request.client.uuid(),
            request.key,
            answer,
            scope.client_uuid()
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "request")
    }

    /// Forgets a request that was asked back: whoever asked sends it again, confirmed, under the same key.
    pub async fn outcome_request_drop(&mut self, scope: Scope, request: &RequestKey) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "-- outcome_request.drop
            delete from outcome_request where client_id = $1 and key = $2 and ($3::uuid is null or client_id = $3)",
            request.client.uuid(),
            request.key,
            scope.client_uuid()
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "request")
    }

    /// The number of what was said of a delivery last.
    pub async fn outcome_number(&mut self, scope: Scope, delivery: DeliveryId) -> Result<Option<i32>, StoreError> {
        let row = sqlx::query!(
            "-- outcome.number
            select max(number) as number from outcome
            where delivery_id = coalesce((select m.id from delivery u join delivery m using (maturation_id, endpoint_id)
                                          where u.id = $1 and u.event = 'lead.updated' and m.event = 'lead.matured' limit 1), $1)
              and ($2::uuid is null or client_id = $2)",
            delivery.uuid(),
            scope.client_uuid()
        )
        .fetch_one(self.connection())
        .await?;
        Ok(row.number)
    }
}
