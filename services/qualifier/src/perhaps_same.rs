//! Which of a batch's A leads are perhaps the same person's as one that their client has: another person's, reached under the same
//! address or number. Decided before anything is routed: such a lead is held, nobody is offered it and no capacity counted.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use ripen_domain::{
    contact::Identity,
    id::{ClientId, DeliveryId, LeadId, PersonId},
};
use ripen_store::{
    StoreError, Transaction,
    delivery::{
        perhaps_same::{PERHAPS_SAME_WITHIN, ReachedPerson, held_because},
        write::NewDelivery,
    },
    promise::same_person::SamePersonWork,
};

use crate::{assign::Hold, decide::BatchDecisions, maturation::MaturationRef, unit_of_work::UnitOfWork};

/// What is held, to be written.
#[derive(Debug, Default)]
pub struct HeldLeads {
    /// Each lead, and the one that its client has.
    firsts: BTreeMap<LeadId, LeadId>,
    /// The work that each is.
    pub work: Vec<SamePersonWork>,
    /// Deliveries that wait, with the lead that each waits for.
    pub(crate) deliveries: Vec<(DeliveryId, LeadId)>,
}

impl HeldLeads {
    /// The delivery that waits instead of the routed ones, where the lead is held.
    pub fn hold(&mut self, of: MaturationRef, id: DeliveryId, now: Timestamp) -> Option<NewDelivery> {
        let first = *self.firsts.get(&of.lead)?;
        self.deliveries.push((id, first));
        let until = now.saturating_add(PERHAPS_SAME_WITHIN).unwrap_or(now);
        Some(of.held(Hold { until, why: held_because(first) }, id))
    }
}

/// Finds what is to be held, under the locks of what the persons are reached under. The maturations come in the order in which
/// they are assigned: of two in one batch the first goes out.
pub async fn find(
    batch: &mut Transaction,
    work_unit: &mut UnitOfWork,
    decided: &BatchDecisions,
    now: Timestamp,
) -> Result<HeldLeads, StoreError> {
    let maturing =
        decided.maturations.iter().filter_map(|row| Some((row.lead, work_unit.leads.get(&row.lead)?.row.person)));
    let maturing: Vec<(LeadId, PersonId)> = maturing.collect();
    if maturing.is_empty() {
        return Ok(HeldLeads::default());
    }
    let persons: Vec<_> = maturing.iter().map(|(_, person)| *person).collect();
    let reached = reached(batch, work_unit, &persons).await?;
    batch.maturing_lock(&reached).await?;
    let known = batch.first_leads(&reached, now).await?;
    let mut firsts: BTreeMap<LeadId, LeadId> = BTreeMap::new();
    for (lead, person) in &maturing {
        if let Some(first) = known.iter().find(|first| first.of == *person) {
            firsts.insert(*lead, first.lead);
        }
    }
    within_batch(batch, (&maturing, &reached), &mut firsts).await?;
    let mut held = HeldLeads { firsts, ..HeldLeads::default() };
    for (lead, first) in &held.firsts {
        if let Some(tracked) = work_unit.leads.get_mut(lead) {
            tracked.row.generation = tracked.row.generation.saturating_add(1);
            tracked.changed = true;
            let generation = tracked.row.generation;
            held.work.push(SamePersonWork { lead: *lead, client: tracked.row.client, generation, first: *first });
        }
    }
    Ok(held)
}

/// Who is reached under something since this batch.
pub fn newly_reached(work_unit: &UnitOfWork) -> impl Iterator<Item = ReachedPerson> + '_ {
    work_unit.new_identities.iter().map(|new| ReachedPerson {
        client: new.of.client,
        identity: new.of.identity.clone(),
        person: new.person,
    })
}

/// Under what these persons are reached, what this batch brings included.
async fn reached(
    batch: &mut Transaction,
    work_unit: &UnitOfWork,
    persons: &[PersonId],
) -> Result<Vec<ReachedPerson>, StoreError> {
    let mut reached: BTreeSet<_> = batch.reached_under(persons).await?.into_iter().collect();
    reached.extend(newly_reached(work_unit).filter(|one| persons.contains(&one.person)));
    Ok(reached.into_iter().collect())
}

/// Two of one batch do not see each other in the database.
async fn within_batch(
    batch: &mut Transaction,
    (maturing, reached): (&[(LeadId, PersonId)], &[ReachedPerson]),
    firsts: &mut BTreeMap<LeadId, LeadId>,
) -> Result<(), StoreError> {
    let mut taken: BTreeMap<(ClientId, &Identity), (LeadId, PersonId)> = BTreeMap::new();
    let mut meet: Vec<(LeadId, LeadId, PersonId, PersonId)> = Vec::new();
    for (lead, person) in maturing {
        for one in reached.iter().filter(|one| one.person == *person) {
            let (first, whose) = *taken.entry((one.client, &one.identity)).or_insert((*lead, *person));
            if whose != *person {
                meet.push((*lead, first, *person, whose));
            }
        }
    }
    if meet.is_empty() {
        return Ok(());
    }
    let persons: Vec<_> = meet.iter().flat_map(|(_, _, one, other)| [*one, *other]).collect();
    let different = batch.pairs_different(&persons).await?;
    for (lead, first, one, other) in meet {
        if !different.contains(&(one.min(other), one.max(other))) {
            firsts.entry(lead).or_insert(first);
        }
    }
    Ok(())
}
