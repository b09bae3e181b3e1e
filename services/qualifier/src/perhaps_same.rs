//! Which of a batch's A leads are perhaps the same person's as one that their client has: another person's, reached under the same
//! address or number. Decided before anything is routed: such a lead is held, nobody is offered it and no capacity counted.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use ripen_domain::{
    contact::Identity,
    id::{ClientId, DeliveryId, LeadId, PersonId},
    person::ReadName,
};
use ripen_store::{
    StoreError, Transaction,
    delivery::{
        perhaps_same::{PERHAPS_SAME_WITHIN, ReachedPerson, held_because, may_be_behind},
        write::NewDelivery,
    },
    person::{identity::NewIdentity, pair::PersonPair},
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
    /// Persons who may be one, of whom one is behind the other's number: to be proposed.
    pub(crate) pairs: Vec<PersonPair>,
}

impl HeldLeads {
    /// The delivery that waits instead of the routed ones, where the lead is held; what can be taken back until then does not go before,
    /// whatever is said of the two persons.
    pub fn hold(
        &mut self,
        of: MaturationRef,
        id: DeliveryId,
        (now, undo_until): (Timestamp, Option<Timestamp>),
    ) -> Option<NewDelivery> {
        let first = *self.firsts.get(&of.lead)?;
        self.deliveries.push((id, first));
        let until = now.saturating_add(PERHAPS_SAME_WITHIN).unwrap_or(now);
        let hold = Hold { until, why: held_because(first), is_undated: true, waits_for: Vec::new() };
        let held = of.held(hold, id);
        Some(NewDelivery { undo_until, ..held })
    }
}

/// The leads that are about to go out, and under what their persons are reached.
#[derive(Debug, Default)]
pub struct MaturingLeads {
    /// In the order in which they are assigned.
    leads: Vec<(LeadId, PersonId)>,
    reached: Vec<ReachedPerson>,
    /// Those of them of whose address or number somebody else is about to send one.
    pub held: BTreeSet<LeadId>,
}

/// Locks what the persons of the maturations are reached under, which come in the order in which they are assigned.
pub async fn lock(
    batch: &mut Transaction,
    work_unit: &UnitOfWork,
    decided: &BatchDecisions,
) -> Result<MaturingLeads, StoreError> {
    let leads =
        decided.maturations.iter().filter_map(|row| Some((row.lead, work_unit.leads.get(&row.lead)?.row.person)));
    let leads: Vec<_> = leads.collect();
    if leads.is_empty() {
        return Ok(MaturingLeads::default());
    }
    let persons: Vec<_> = leads.iter().map(|(_, person)| *person).collect();
    let reached = reached(batch, work_unit, &persons).await?;
    let locked = batch.maturing_try_lock(&reached).await?;
    let is_held =
        |person: &PersonId| !locked.contains(person) && reached.iter().any(|reached| reached.person == *person);
    let held = leads.iter().filter(|(_, person)| is_held(person)).map(|(lead, _)| *lead).collect();
    Ok(MaturingLeads { leads, reached, held })
}

/// Finds what is to be held, under the locks of what the persons are reached under: of two in one batch the first goes out.
pub async fn find(
    batch: &mut Transaction,
    work_unit: &mut UnitOfWork,
    MaturingLeads { leads: maturing, reached, .. }: MaturingLeads,
    now: Timestamp,
) -> Result<HeldLeads, StoreError> {
    if maturing.is_empty() {
        return Ok(HeldLeads::default());
    }
    let persons: Vec<_> = maturing.iter().map(|(_, person)| *person).collect();
    let names = names(work_unit, &persons);
    let known = batch.first_leads(&reached, &names, now).await?;
    let mut found = FoundFirsts::default();
    for (lead, person) in &maturing {
        if let Some(first) = known.iter().find(|first| first.of == *person) {
            found.firsts.insert(*lead, first.lead);
            found.behind.extend(first.behind.map(|whose| (*person, whose)));
        }
    }
    within_batch(batch, meetings(&maturing, &reached, &names), &mut found).await?;
    let pairs = found.behind.iter().filter_map(|pair| pair_of(work_unit, *pair)).collect();
    let mut held = HeldLeads { firsts: found.firsts, pairs, ..HeldLeads::default() };
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
    work_unit.new_identities.iter().map(reached_under)
}

/// Who would be reached under what the batch's numbers can be read as too.
pub fn perhaps_reached(work_unit: &UnitOfWork) -> impl Iterator<Item = ReachedPerson> + '_ {
    work_unit.other_readings.iter().map(reached_under)
}

fn reached_under(new: &NewIdentity) -> ReachedPerson {
    ReachedPerson { client: new.of.client, identity: new.of.identity.clone(), person: new.person }
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

/// The names of these persons as they are compared, what this batch brings included.
fn names(work_unit: &UnitOfWork, persons: &[PersonId]) -> BTreeMap<PersonId, ReadName> {
    let known = persons.iter().filter_map(|person| Some((*person, work_unit.persons.get(person)?)));
    known.map(|(id, person)| (id, person.profile.read_name())).collect()
}

/// The earlier one first: ids begin with the time.
fn pair_of(work_unit: &UnitOfWork, (one, other): (PersonId, PersonId)) -> Option<PersonPair> {
    let client = work_unit.persons.get(&one)?.client;
    Some(PersonPair { earlier: one.min(other), later: one.max(other), client })
}

/// What is found so far.
#[derive(Debug, Default)]
struct FoundFirsts {
    /// Each lead that is held, and the one that its client has.
    firsts: BTreeMap<LeadId, LeadId>,
    /// Persons of whom one is behind the other's number.
    behind: Vec<(PersonId, PersonId)>,
}

/// Two of a batch whose leads are perhaps one person's.
struct BatchMeeting {
    lead: LeadId,
    first: LeadId,
    persons: (PersonId, PersonId),
    is_behind: bool,
}

/// Two of one batch do not see each other in the database.
async fn within_batch(
    batch: &mut Transaction,
    meet: Vec<BatchMeeting>,
    found: &mut FoundFirsts,
) -> Result<(), StoreError> {
    if meet.is_empty() {
        return Ok(());
    }
    let persons: Vec<_> = meet.iter().flat_map(|meeting| [meeting.persons.0, meeting.persons.1]).collect();
    let different = batch.pairs_different(&persons).await?;
    for BatchMeeting { lead, first, persons: (one, other), is_behind } in meet {
        if different.contains(&(one.min(other), one.max(other))) || found.firsts.contains_key(&lead) {
            continue;
        }
        found.firsts.insert(lead, first);
        found.behind.extend(is_behind.then_some((one, other)));
    }
    Ok(())
}

fn meetings(
    maturing: &[(LeadId, PersonId)],
    reached: &[ReachedPerson],
    names: &BTreeMap<PersonId, ReadName>,
) -> Vec<BatchMeeting> {
    let mut taken: BTreeMap<(ClientId, &Identity), (LeadId, PersonId)> = BTreeMap::new();
    // Whoever is reached under a number, with an extension or without: few, but for a switchboard.
    let mut at_number: BTreeMap<(ClientId, &str), Vec<(LeadId, &ReachedPerson)>> = BTreeMap::new();
    let mut meet = Vec::new();
    for (lead, person) in maturing {
        for one in reached.iter().filter(|one| one.person == *person) {
            let (first, whose) = *taken.entry((one.client, &one.identity)).or_insert((*lead, *person));
            if whose != *person {
                meet.push(BatchMeeting { lead: *lead, first, persons: (*person, whose), is_behind: false });
            }
            let Identity::Phone(phone) = &one.identity else { continue };
            let others = at_number.entry((one.client, phone.number())).or_default();
            if let Some((first, other)) = others.iter().find(|(_, other)| is_behind(one, other, names)) {
                meet.push(BatchMeeting {
                    lead: *lead,
                    first: *first,
                    persons: (*person, other.person),
                    is_behind: true,
                });
            }
            others.push((*lead, one));
        }
    }
    meet
}

/// Whether one of two is perhaps the other behind their number: one has an extension and the other none, and their names agree.
fn is_behind(one: &ReachedPerson, other: &ReachedPerson, names: &BTreeMap<PersonId, ReadName>) -> bool {
    let has_extension =
        |of: &ReachedPerson| matches!(&of.identity, Identity::Phone(phone) if phone.extension().is_some());
    one.person != other.person
        && has_extension(one) != has_extension(other)
        && names.get(&one.person).zip(names.get(&other.person)).is_some_and(|(one, other)| may_be_behind(one, other))
}
