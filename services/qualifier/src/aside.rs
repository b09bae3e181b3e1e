//! Messages that meet a lock somebody else holds: they are set aside, and the batch goes on without them.
//!
//! The holder is another batch, or an action of the desk, and done in no time; or a process that was stopped, until
//! PostgreSQL ends its transaction. Waiting for it, a batch would make all its messages wait, and those behind them.

use std::collections::BTreeSet;

use ripen_domain::{
    arrival::Arrival,
    contact::Identity,
    id::{ArrivalId, ClientId, LeadId, PersonId},
};
use ripen_store::{StoreError, Transaction, lead::load::LeadInUse};

use crate::message::{Item, RequalifyLead};

/// What a batch leaves for later.
#[derive(Debug, Default)]
pub struct SetAside {
    arrivals: BTreeSet<ArrivalId>,
    leads: BTreeSet<LeadId>,
}

impl SetAside {
    /// Whether this message was set aside.
    pub fn has(&self, item: &Item) -> bool {
        match item {
            Item::Arrival(arrival) => self.arrivals.contains(&arrival.id),
            Item::Requalify(message) => self.leads.contains(&message.lead),
        }
    }

    /// Locks the identities that these arrivals name, and returns the arrivals all of whose are locked now. What comes under
    /// one id stays together, and in its order.
    pub async fn lock<'a>(
        &mut self,
        batch: &mut Transaction,
        arrivals: Vec<&'a Arrival>,
    ) -> Result<Vec<&'a Arrival>, StoreError> {
        let wanted: BTreeSet<_> = arrivals.iter().flat_map(|arrival| named(arrival)).collect();
        if wanted.is_empty() {
            return Ok(arrivals);
        }
        let held = batch.identities_try_lock(&wanted).await?;
        if held.is_empty() {
            return Ok(arrivals);
        }
        let meets = |arrival: &&&Arrival| named(arrival).any(|identity| held.contains(&identity));
        self.arrivals.extend(arrivals.iter().filter(meets).map(|arrival| arrival.id));
        Ok(arrivals.into_iter().filter(|arrival| !self.arrivals.contains(&arrival.id)).collect())
    }

    /// Locks these leads and the open ones of these persons; returns those that are held, and sets aside whatever is to be
    /// decided again of them: a batch of re-qualifications locks leads and no identities.
    pub(crate) async fn lock_leads(
        &mut self,
        batch: &mut Transaction,
        persons: &[PersonId],
        (leads, requalify): (&[LeadId], &[RequalifyLead]),
    ) -> Result<Vec<LeadInUse>, StoreError> {
        if persons.is_empty() && leads.is_empty() {
            return Ok(Vec::new());
        }
        let held = batch.leads_try_lock(persons, leads).await?;
        let asked: BTreeSet<_> = requalify.iter().map(|message| message.lead).collect();
        self.leads.extend(held.iter().map(|held| held.lead).filter(|lead| asked.contains(lead)));
        Ok(held)
    }

    /// Sets an arrival aside, with all that came under its id.
    pub(crate) fn leave(&mut self, arrival: ArrivalId) {
        self.arrivals.insert(arrival);
    }

    /// Whether the arrival with this id was set aside.
    pub(crate) fn has_arrival(&self, arrival: ArrivalId) -> bool {
        self.arrivals.contains(&arrival)
    }

    /// What is still to be decided again.
    pub(crate) fn without_held(&self, requalify: &[RequalifyLead]) -> Vec<RequalifyLead> {
        requalify.iter().copied().filter(|message| !self.leads.contains(&message.lead)).collect()
    }
}

/// Under what the arrival's person is reached; nothing of what is not worked.
fn named(arrival: &Arrival) -> impl Iterator<Item = (ClientId, Identity)> {
    let worked = arrival.quarantine.is_none().then(|| arrival.submission.identities());
    // Persons of earlier versions may be known by what this one would not store.
    let former = arrival.quarantine.is_none().then(|| arrival.submission.former_identities());
    worked.into_iter().flatten().chain(former.into_iter().flatten()).map(|identity| (arrival.client, identity))
}
