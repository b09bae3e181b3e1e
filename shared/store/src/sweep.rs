//! What all sweeps share. A sweep takes due rows that nobody was offered lately, marks them as offered and hands them out.
//! Each costs the same however many rows are not due. The statements lie with their tables.

use jiff::Timestamp;
use ripen_domain::id::LeadId;

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

/// An offer of a lead that could not be worked when it was taken, and when it is made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeftOffer {
    /// The lead.
    pub lead: LeadId,
    /// Of its promise with this generation; of its regrade where there is none.
    pub generation: Option<i64>,
    /// Nobody offers it before.
    pub until: Timestamp,
}

impl Store {
    /// Promises and regrades that were left for later are offered again when the time of each has come, and not before.
    pub async fn offers_later(&self, left: &[LeftOffer]) -> Result<(), StoreError> {
        self.regrades_offer_later(left).await?;
        self.promises_offer_later(left).await
    }

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

/// A sweep in several parts of which one that fails does not keep the others from their turn.
#[derive(Debug, Default)]
pub struct SweepParts {
    first: Option<StoreError>,
}

impl SweepParts {
    /// What a part did; nothing where it failed, which [`SweepParts::end`] then tells.
    ///
    /// # Errors
    /// When the database is away: the parts that follow would fail as well.
    pub fn part<T: Default>(&mut self, done: Result<T, StoreError>) -> Result<T, StoreError> {
        match done {
            Err(error) if !error.is_unreachable() => {
                // The first is told: it is the one that whoever reads the log can look for.
                self.first.get_or_insert(error);
                Ok(T::default())
            }
            done => done,
        }
    }

    /// The end of the sweep.
    ///
    /// # Errors
    /// The first that a part failed with.
    pub fn end<T>(self, done: T) -> Result<T, StoreError> {
        self.first.map_or(Ok(done), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_fails_is_told_and_keeps_none_of_the_others() {
        let mut parts = SweepParts::default();
        assert_eq!(parts.part::<u64>(Err(StoreError::Corrupt("a row".to_owned()))).unwrap(), 0);
        assert_eq!(parts.part(Ok(7)).unwrap(), 7);
        assert!(
            matches!(parts.part::<u64>(Err(StoreError::TooSlow)), Err(StoreError::TooSlow)),
            "it is of no use to go on"
        );
        assert!(matches!(parts.end(7), Err(StoreError::Corrupt(_))));
        assert_eq!(SweepParts::default().end(7).unwrap(), 7);
    }
}
