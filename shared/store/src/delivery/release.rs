//! Deliveries that need not wait any longer: let go of by a worker, out of a line that a rate made, or with somebody known to
//! take the lead.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::{DeliveryId, EndpointId, LeadId};

use crate::{Store, StoreError, Transaction};

impl Store {
    /// Lets go of deliveries that were offered to nobody who could keep them: they are offered again from `due_at` on.
    ///
    /// # Errors
    /// When the database is away: then they are offered when the last offer's time is up.
    pub async fn deliveries_release(
        &self,
        deliveries: &[DeliveryId],
        due_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let ids: Vec<_> = deliveries.iter().map(|id| id.uuid()).collect();
        // The state is named: between the lease statement and this one somebody may have withdrawn or routed it.
        sqlx::query!(
            "-- delivery.release
            update delivery set due_at = $2, offered_until = $3 where id = any($1) and state = 'pending'",
            &ids,
            due_at.to_sqlx(),
            now.to_sqlx()
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

/// Why a mail waits while the server refuses the sender, in words. What waits with the code `mail_waits` goes out when the server takes
/// the sender again.
pub const MAIL_WAITS: &str = "all mail waits: the mail server refuses the sender";

impl Transaction {
    /// Has the mails go out that waited for the server to take the sender.
    pub(crate) async fn deliveries_release_mail(&mut self, now: Timestamp) -> Result<(), StoreError> {
        // By the code of the reason: what waits for a retry of its own keeps its place in the schedule.
        sqlx::query!(
            "-- delivery.release_mail
            update delivery set due_at = $1, offered_until = $1
            where state = 'pending' and endpoint_id is not null and due_at > $1 and reason_code = 'mail_waits'",
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Has what failed come after the next probe of its endpoint's circuit, where that is open: the probe is another one's then. If the
    /// receiver fails at this record alone, it would never be found to work otherwise.
    pub(crate) async fn deliveries_behind_probe(&mut self, failed: &[DeliveryId]) -> Result<(), StoreError> {
        let failed: Vec<_> = failed.iter().map(|id| id.uuid()).collect();
        // `skip locked`: whoever leases locks deliveries before endpoints, and this transaction has the endpoints.
        sqlx::query!(
            "-- delivery.behind_probe
            with failed as materialized (
              select d.id, e.probe_at from delivery d join endpoint e on e.id = d.endpoint_id
              where d.id = any($1) and d.state = 'pending' and d.due_at <= e.probe_at for update of d skip locked
            )
            update delivery d set due_at = f.probe_at + interval '1 second' from failed f where d.id = f.id",
            &failed
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Has a lead that waits for somebody to take it routed at once: now it is known who does. What is on offer to several
    /// stays so until somebody took it or nobody did.
    pub(crate) async fn lead_release(&mut self, lead: LeadId, now: Timestamp) -> Result<(), StoreError> {
        // Not while the offer stands: who was promised the lead until then could otherwise find it gone.
        sqlx::query!(
            "-- delivery.release_lead
            update delivery d set due_at = greatest($2, d.undo_until)
            where d.lead_id = $1 and d.endpoint_id is null and d.state = 'held' and d.same_as is null and d.due_at > greatest($2, d.undo_until)
              and not exists (select 1 from claim k where k.maturation_id = d.maturation_id and k.taken_by is null and k.until > $2)",
            lead.uuid(),
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Has what a rate made wait in line go out as it comes: the rate is another now, and so are the places in the line.
    pub(crate) async fn deliveries_leave_line(
        &mut self,
        endpoint: EndpointId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // All at once: the next lease gives new places, under the new rate.
        sqlx::query!(
            "-- delivery.leave_line
            update delivery set in_line = false, due_at = $2, offered_until = $2
            where endpoint_id = $1 and state = 'pending' and in_line",
            endpoint.uuid(),
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
