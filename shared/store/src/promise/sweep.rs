//! The sweep of promises: those that fell due and were not offered lately, marked as offered.

use std::ops::Range;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::LeadId;

use crate::{Store, StoreError, Transaction, sweep::Sweep};

impl Store {
    /// Promises that fell due after the start and not after the end of a time, oldest first.
    pub async fn sweep_promises(&self, sweep: Sweep, due: Range<Timestamp>) -> Result<Vec<(LeadId, i64)>, StoreError> {
        // `skip locked`: sweepers share the rows. The start of the time keeps old promises, which nobody could
        // settle, from being read again with every sweep.
        let rows = sqlx::query!(
            "-- promise.sweep
            update promise p set offered_until = $2
            from (select lead_id, generation from promise
                  where state = 'scheduled' and due_at > $4 and due_at <= $5 and offered_until <= $1
                  order by due_at limit $3 for update skip locked) due
            where p.lead_id = due.lead_id and p.generation = due.generation
            returning p.lead_id, p.generation",
            sweep.now.to_sqlx(),
            sweep.until.to_sqlx(),
            sweep.limit,
            due.start.to_sqlx(),
            due.end.to_sqlx()
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|row| (LeadId::from_uuid(row.lead_id), row.generation)).collect())
    }
}

impl Transaction {
    /// Forgets offers that last longer than to `beyond`.
    pub(crate) async fn promises_forget_offers(&mut self, now: Timestamp, beyond: Timestamp) -> Result<(), StoreError> {
        // Only those that are due: the others are offered when they are, whatever was noted on them before.
        sqlx::query!(
            "-- promise.forget_offers
            update promise set offered_until = $1 where state = 'scheduled' and due_at <= $1 and offered_until > $2",
            now.to_sqlx(),
            beyond.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
