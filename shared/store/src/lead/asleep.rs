//! Leads that may not be called yet, as the lists of those that nobody has called or reached leave them out. Until when each sleeps
//! stands in the desk's waits: a lead is asleep only with a row there, and whatever writes the one takes care of the other. The row alone
//! would do for the few; of an import whose people are asleep for hours, thousands of rows would be joined before the first lead that may
//! be called, and so the indices of these lists leave the leads out by this mark.

use uuid::Uuid;

use crate::{Store, StoreError, Transaction};

impl Transaction {
    /// Has leads left out. One that somebody works on this very moment is not waited for: it is looked at once more.
    pub(crate) async fn leads_fall_asleep(&mut self, leads: &[Uuid]) -> Result<(), StoreError> {
        if leads.is_empty() {
            return Ok(());
        }
        sqlx::query!(
            "-- lead.fall_asleep
            update lead set asleep = true where id in (
              select id from lead where id = any($1) and not asleep order by id for update skip locked)",
            leads
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Wakes these leads but those that somebody works on this very moment; gives those that are awake now.
    pub(crate) async fn leads_wake_free(&mut self, leads: &[Uuid]) -> Result<Vec<Uuid>, StoreError> {
        let rows = sqlx::query_scalar!(
            r#"-- lead.wake_free
            with free as materialized (
              select id from lead where id = any($1) order by id for update skip locked
            ), woken as (
              update lead l set asleep = false from free where l.id = free.id and l.asleep
            )
            select id as "id!" from free"#,
            leads
        )
        .fetch_all(self.connection())
        .await?;
        Ok(rows)
    }

    /// Wakes these leads, and all of these persons.
    pub(crate) async fn leads_wake(&mut self, leads: &[Uuid], persons: &[Uuid]) -> Result<(), StoreError> {
        // In the order in which batches lock them: a list of the suppressed wakes thousands, and each batch that met it in another order
        // would end one of the two as a deadlock.
        sqlx::query!(
            "-- lead.wake
            with woken as materialized (
              select id from lead
              where id = any(array(select id from lead where id = any($1) union select id from lead where person_id = any($2))) and asleep
              order by id for no key update
            )
            update lead l set asleep = false from woken where l.id = woken.id",
            leads,
            persons
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

impl Store {
    /// Wakes leads without a row that says until when, a thousand at once: a process of a version before clears rows and knows of no
    /// sleep. Gives how many.
    pub async fn leads_wake_forgotten(&self) -> Result<u64, StoreError> {
        let done = sqlx::query!(
            "-- lead.wake_forgotten
            update lead set asleep = false where id in (
              select l.id from lead l where l.asleep and not exists (select from desk_wait w where w.lead_id = l.id)
              limit 1000 for update skip locked)"
        )
        .execute(&self.lists)
        .await?;
        Ok(done.rows_affected())
    }
}

#[cfg(test)]
mod tests;
