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
use ripen_store::{StoreError, Transaction};

use crate::{
    load::{NewArrival, NewArrivals},
    message::{Item, RequalifyLead},
    unit_of_work::UnitOfWork,
};

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

    /// Locks what else the persons of corrected arrivals are known by.
    pub(crate) async fn lock_corrected(
        &mut self,
        batch: &mut Transaction,
        theirs: &BTreeSet<(ClientId, Identity)>,
        new_arrivals: &mut NewArrivals<'_>,
    ) -> Result<(), StoreError> {
        if batch.identities_try_lock(theirs).await?.is_empty() {
            return Ok(());
        }
        // Few batches correct much: which of the corrections it is about is not worth another question.
        self.leave(batch, new_arrivals, |fresh| fresh.amends.is_some()).await
    }

    /// Locks the leads of the persons that were found, of the corrected arrivals and of what is to be decided again, and sets
    /// aside whatever needs one that is held: a batch of re-qualifications locks leads and no identities.
    pub(crate) async fn lock_leads(
        &mut self,
        batch: &mut Transaction,
        work_unit: &mut UnitOfWork,
        new_arrivals: &mut NewArrivals<'_>,
        requalify: &[RequalifyLead],
    ) -> Result<(), StoreError> {
        let persons: Vec<_> = work_unit.persons.keys().copied().collect();
        let owned = work_unit.owners.values().map(|owner| owner.lead);
        let leads: Vec<_> = owned.chain(requalify.iter().map(|message| message.lead)).collect();
        if persons.is_empty() && leads.is_empty() {
            return Ok(());
        }
        let held = batch.leads_try_lock(&persons, &leads).await?;
        if held.is_empty() {
            return Ok(());
        }
        let asked: BTreeSet<_> = requalify.iter().map(|message| message.lead).collect();
        self.leads.extend(held.iter().map(|held| held.lead).filter(|lead| asked.contains(lead)));
        let persons: BTreeSet<_> = held.iter().map(|held| held.person).collect();
        let meets = |fresh: &NewArrival<'_>| reaches(work_unit, fresh, &persons);
        self.leave(batch, new_arrivals, meets).await?;
        // Without them the statements that follow ask for nothing that is held.
        work_unit.persons.retain(|person, _| !persons.contains(person));
        work_unit.owners.retain(|_, owner| !persons.contains(&owner.person));
        Ok(())
    }

    /// What is still to be decided again.
    pub(crate) fn without_held(&self, requalify: &[RequalifyLead]) -> Vec<RequalifyLead> {
        requalify.iter().copied().filter(|message| !self.leads.contains(&message.lead)).collect()
    }

    /// Takes arrivals out of the batch: their ids are as unseen as before.
    async fn leave(
        &mut self,
        batch: &mut Transaction,
        new_arrivals: &mut NewArrivals<'_>,
        which: impl Fn(&NewArrival<'_>) -> bool,
    ) -> Result<(), StoreError> {
        self.arrivals.extend(new_arrivals.fresh.iter().filter(|fresh| which(fresh)).map(|fresh| fresh.arrival.id));
        let (left, stay) = std::mem::take(&mut new_arrivals.fresh)
            .into_iter()
            .partition::<Vec<_>, _>(|fresh| self.arrivals.contains(&fresh.arrival.id));
        new_arrivals.fresh = stay;
        let left: Vec<_> = left.iter().map(|fresh| fresh.id).collect();
        if left.is_empty() { Ok(()) } else { batch.arrivals_unnote(&left).await }
    }
}

/// Under what the arrival's person is reached; nothing of what is not worked.
fn named(arrival: &Arrival) -> impl Iterator<Item = (ClientId, Identity)> {
    let worked = arrival.quarantine.is_none().then(|| arrival.submission.identities());
    worked.into_iter().flatten().map(|identity| (arrival.client, identity))
}

/// Whether an arrival may be of one of these persons.
fn reaches(work_unit: &UnitOfWork, fresh: &NewArrival<'_>, persons: &BTreeSet<PersonId>) -> bool {
    let owner = fresh.amends.and_then(|amended| work_unit.owners.get(&amended));
    owner.is_some_and(|owner| persons.contains(&owner.person))
        || named(fresh.arrival).any(|identity| {
            work_unit.reached.get(&identity).is_some_and(|reached| reached.iter().any(|one| persons.contains(one)))
        })
}
