//! Clients whose criteria this version cannot load: their messages are set aside, and everybody else's are decided.

use std::collections::{BTreeMap, BTreeSet};

use ripen_domain::id::{ClientId, CriteriaId, LeadId};
use ripen_store::{StoreError, Transaction};

use crate::{
    load_batch::NewArrivals,
    new_arrival::NewArrival,
    set_aside::{SetAside, WhyAside},
    unit_of_work::UnitOfWork,
};

/// Takes the messages of these clients out of the batch, and their leads with them: nothing of theirs is decided or written.
pub async fn leave(
    batch: &mut Transaction,
    (new_arrivals, work_unit): (&mut NewArrivals<'_>, &mut UnitOfWork),
    broken: &BTreeMap<CriteriaId, String>,
    aside: &mut SetAside,
) -> Result<(), StoreError> {
    let cannot = work_unit.work.iter().filter(|(_, work)| work.criteria.is_some_and(|id| broken.contains_key(&id)));
    let clients: BTreeSet<ClientId> = cannot.map(|(client, _)| *client).collect();
    // What is only kept needs no criteria.
    let needs = |fresh: &NewArrival<'_>| fresh.quarantine.is_none() && clients.contains(&fresh.arrival.client);
    new_arrivals.leave(batch, (aside, WhyAside::Criteria), needs).await?;
    let theirs = work_unit.leads.iter().filter(|(_, lead)| clients.contains(&lead.row.client));
    let theirs: BTreeSet<LeadId> = theirs.map(|(id, _)| *id).collect();
    theirs.iter().for_each(|lead| aside.leave_lead(*lead, WhyAside::Criteria));
    work_unit.leads.retain(|lead, _| !theirs.contains(lead));
    work_unit.open.retain(|_, lead| !theirs.contains(lead));
    work_unit.persons.retain(|_, person| !clients.contains(&person.client));
    work_unit.work.retain(|client, _| !clients.contains(client));
    Ok(())
}

/// What is wrong with one of them, for the log.
pub fn words(broken: &BTreeMap<CriteriaId, String>) -> Option<String> {
    let (id, mistake) = broken.first_key_value()?;
    Some(format!("criteria {id} cannot be loaded: {mistake}"))
}
