//! The locks that leads need which are about to go out: what their persons are reached under, and the clients that route. Only the
//! decisions show which those are, so whatever meets one that somebody holds is set aside and the batch runs once more without it: a
//! holder may be a process that was stopped.

use jiff::Timestamp;
use ripen_domain::{arrival::Arrival, id::LeadId};
use ripen_store::{StoreError, Transaction};

use crate::{
    assign::TeamState,
    decide::BatchDecisions,
    new_arrival::NewArrival,
    perhaps_same::{self, MaturingLeads},
    set_aside::SetAside,
    unit_of_work::UnitOfWork,
};

/// Why they were not taken.
#[derive(Debug, thiserror::Error)]
pub enum MaturingLockError {
    /// Somebody holds one of them: what meets it is set aside.
    #[error("somebody holds what an A lead needs to go out")]
    Held,
    /// The database refused or is away.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What takes them for one run of a batch.
pub struct MaturingLocks<'a> {
    /// What is left for later.
    pub aside: &'a mut SetAside,
    /// What the batch decides.
    pub arrivals: &'a [&'a Arrival],
    /// Those of it that are new.
    pub fresh: &'a [NewArrival<'a>],
}

impl MaturingLocks<'_> {
    /// Locks what the persons are reached under.
    pub async fn persons(
        &mut self,
        batch: &mut Transaction,
        work_unit: &UnitOfWork,
        decided: &BatchDecisions,
    ) -> Result<MaturingLeads, MaturingLockError> {
        let maturing = perhaps_same::lock(batch, work_unit, decided).await?;
        if maturing.held.is_empty() {
            return Ok(maturing);
        }
        self.aside.leave_maturing((self.arrivals, self.fresh), work_unit, &maturing.held);
        Err(MaturingLockError::Held)
    }

    /// Locks the clients that route, and reads their teams. Batches that assign meet there all the time and wait for each other; only
    /// where that takes too long does the batch run once more, and then leaves what meets a lock.
    pub async fn teams(
        &mut self,
        batch: &mut Transaction,
        (work_unit, matured): (&UnitOfWork, &[LeadId]),
        now: Timestamp,
    ) -> Result<TeamState, MaturingLockError> {
        if !self.aside.waits() {
            let held = TeamState::held_leads(batch, work_unit, matured, now).await?;
            if !held.is_empty() {
                self.aside.leave_maturing((self.arrivals, self.fresh), work_unit, &held);
                return Err(MaturingLockError::Held);
            }
        }
        match TeamState::lock_teams(batch, work_unit, matured, now).await {
            Err(error) if self.aside.waits() && error.waited_for_a_lock() => {
                self.aside.wait_no_more();
                Err(MaturingLockError::Held)
            }
            locked => Ok(locked?),
        }
    }
}
