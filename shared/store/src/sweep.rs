//! What all sweeps share. A sweep takes due rows that nobody was offered lately, marks them as offered and hands them out.
//! Each costs the same however many rows are not due. The statements lie with their tables.

use jiff::Timestamp;

use crate::{Store, StoreError};

/// How much a sweep takes and for how long nobody else offers it.
#[derive(Debug, Clone, Copy)]
pub struct Sweep {
    /// What is due at this instant.
    pub now: Timestamp,
    /// Until when it counts as offered.
    pub until: Timestamp,
    /// At most so many rows.
    pub limit: i64,
}

impl Store {
    /// Forgets offers that last longer than to `beyond`: called with the present when a process starts that owns the only
    /// (in-process) queues, and with the end of an offer made now when the clock was set back, so that an offer made under
    /// the clock of before does not outlast every other.
    pub async fn sweep_forget_offers(&self, now: Timestamp, beyond: Timestamp) -> Result<(), StoreError> {
        // One transaction: a sweep that runs between two of them would offer rows that wait for others still marked.
        let mut tx = self.begin().await?;
        tx.spool_forget_offers(now, beyond).await?;
        tx.promises_forget_offers(now, beyond).await?;
        tx.regrades_forget_offers(now, beyond).await?;
        tx.deliveries_forget_offers(now, beyond).await?;
        tx.commit().await
    }
}
