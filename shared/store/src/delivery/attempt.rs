//! Attempts to deliver, as they are recorded and read.

use jiff::Timestamp;
use ripen_domain::id::DeliveryId;

use crate::{Scope, Store, StoreError};

/// One attempt, as it is recorded.
#[derive(Debug, Clone)]
pub struct AttemptRow {
    /// Counts from 1.
    pub number: i32,
    /// When it ended.
    pub at: Timestamp,
    /// How long it took.
    pub duration_ms: i32,
    /// HTTP status or SMTP reply code.
    pub status: Option<i32>,
    /// Class of the failure where there was no answer.
    pub error: Option<String>,
    /// First bytes of the answer's body.
    pub answer: Option<Vec<u8>>,
    /// What the mail system reported later of the mail.
    pub report: Option<String>,
}

impl Store {
    /// Every recorded attempt of a delivery, in order.
    pub async fn attempts_of(&self, scope: Scope, delivery: DeliveryId) -> Result<Vec<AttemptRow>, StoreError> {
        // The join is only for the scope: attempts carry no client of their own.
        let rows = sqlx::query!(
            "-- delivery.attempts
            select a.number, a.at, a.duration_ms, a.status, a.error, a.answer, a.report
            from attempt a join delivery d on d.id = a.delivery_id
            where a.delivery_id = $1 and ($2::uuid is null or d.client_id = $2) order by a.number",
            delivery.uuid(),
            scope.client_uuid()
        )
        .fetch_all(&self.pool)
        .await?;
        let attempts = rows.into_iter().map(|row| AttemptRow {
            number: row.number,
            at: row.at.to_jiff(),
            duration_ms: row.duration_ms,
            status: row.status,
            error: row.error,
            answer: row.answer,
            report: row.report,
        });
        Ok(attempts.collect())
    }
}
