//! Deliveries that are owed no more: of leads that are no longer A, and of leads that are taken back.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::LeadId;

use crate::{StoreError, Transaction};

impl Transaction {
    /// Stops what is owed of a lead that is taken back, attempted or not.
    pub(crate) async fn deliveries_recall(
        &mut self,
        lead: LeadId,
        why: &str,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        // Attempted ones too, unlike a down-grade: a retry would hand over a lead that was taken back.
        let done = sqlx::query!(
            "-- event.stop
            update delivery set state = 'withdrawn', reason = $2, ended_at = $3
            where lead_id = $1 and state in ('pending', 'held') and event in ('lead.matured', 'lead.offered', 'lead.updated')",
            lead.uuid(),
            why,
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected())
    }

    /// Withdraws what was never attempted of leads that are no longer A.
    pub async fn deliveries_withdraw(&mut self, leads: &[LeadId], why: &str, now: Timestamp) -> Result<(), StoreError> {
        let leads: Vec<_> = leads.iter().map(|lead| lead.uuid()).collect();
        // Never attempted and not under lease: a client that may have received a lead must not find it withdrawn
        // without being told.
        sqlx::query!(
            "-- delivery.withdraw
            update delivery set state = 'withdrawn', reason = $2, ended_at = $3
            where lead_id = any($1) and state in ('pending', 'held') and attempts = 0 and event in ('lead.matured', 'lead.offered', 'lead.updated')",
            &leads,
            why,
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Stops what is owed of leads whose persons must not be contacted, attempted or not. What is under way is stopped by the
    /// next lease.
    pub async fn deliveries_bar(&mut self, leads: &[LeadId], why: &str, now: Timestamp) -> Result<(), StoreError> {
        let leads: Vec<_> = leads.iter().map(|lead| lead.uuid()).collect();
        sqlx::query!(
            "-- delivery.bar
            update delivery set state = 'withdrawn', reason = $2, ended_at = $3
            where lead_id = any($1) and state in ('pending', 'held') and event in ('lead.matured', 'lead.offered', 'lead.updated')",
            &leads,
            why,
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
