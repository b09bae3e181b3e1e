//! The sweep of promises: those that fell due and were not offered lately, marked as offered.

use std::ops::Range;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::LeadId;

use crate::{
    Store, StoreError, Transaction,
    sweep::{LeftOffer, Sweep},
};

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

    /// Promises that were left for later are offered again when the time of each has come.
    pub(crate) async fn promises_offer_later(&self, left: &[LeftOffer]) -> Result<(), StoreError> {
        let (mut leads, mut generations, mut until) = (Vec::new(), Vec::new(), Vec::new());
        for (one, generation) in left.iter().filter_map(|one| Some((one, one.generation?))) {
            leads.push(one.lead.uuid());
            generations.push(generation);
            until.push(one.until.to_sqlx());
        }
        // One that was kept or moved meanwhile is none of what was left.
        sqlx::query!(
            "-- promise.offer_later
            update promise p set offered_until = n.until
            from unnest($1::uuid[], $2::bigint[], $3::timestamptz[]) as n (lead_id, generation, until)
            where p.lead_id = n.lead_id and p.generation = n.generation and p.state = 'scheduled'",
            &leads,
            &generations,
            &until[..]
        )
        .execute(&self.pool)
        .await?;
        Ok(())
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
