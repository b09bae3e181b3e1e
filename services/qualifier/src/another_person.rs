//! A correction, under its sender's own id, that names somebody else who is reached under nothing that was said before. Only what
//! this sender said is that person's from then on: whoever else said something of the one who was named before meant that one.

use ripen_domain::{
    id::{LeadId, PersonId},
    person::{Profile, Recognised},
};
use ripen_store::{
    arrival::seen::ArrivalOwner,
    lead::{join::LeadJoin, statement::StatementMove},
};

use crate::{moved_program::open_lead, new_arrival::NewArrival, unit_of_work::UnitOfWork};

/// What a correction does that names somebody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Course {
    /// The person is whom it names, and was never anybody else: this sender alone spoke of them.
    Renames(Recognised),
    /// The person whom it names is known: their lead goes on for the one that this sender alone spoke of.
    Joins(LeadJoin),
    /// It is of a person and a lead of their own.
    StandsAlone {
        /// What the sender said before goes along, because the lead is what others made of it as well.
        moves: bool,
    },
}

/// What a correction does that names somebody else than the person of its lead; none where it does not, or where a newer body
/// says whose it is.
pub fn course(
    work_unit: &UnitOfWork,
    fresh: &NewArrival<'_>,
    (owner, recognised): (ArrivalOwner, Recognised),
) -> Option<Course> {
    if !fresh.others.is_another || fresh.is_stale() || recognised.person == Some(owner.person) {
        return None;
    }
    let lead = &work_unit.leads.get(&owner.lead)?.row;
    if !lead.stage.is_open() {
        return Some(Course::StandsAlone { moves: false });
    }
    if others_spoke(work_unit, fresh, |on| on.lead == owner.lead) {
        return Some(Course::StandsAlone { moves: true });
    }
    if is_somebody(work_unit, fresh, owner.person) {
        return Some(Course::StandsAlone { moves: false });
    }
    // What the client has is not given to it a second time under another lead.
    let joins = recognised.person.filter(|_| lead.matured_at.is_none());
    let goes_on = joins.and_then(|person| Some((person, open_lead(&work_unit.open, person, lead.program)?)));
    Some(match goes_on {
        Some((person, goes_on)) => Course::Joins(LeadJoin { goes_on, ends: owner.lead, person }),
        None => Course::Renames(recognised),
    })
}

/// Whether the person is known by more than what this sender said under this id.
fn is_somebody(work_unit: &UnitOfWork, fresh: &NewArrival<'_>, person: PersonId) -> bool {
    let is_worked = work_unit.said_of.get(&person).is_some_and(|said| said.is_worked);
    // What the desk put right.
    let is_as_said = |known: &Profile| fresh.others.before.is_reached_as_said(known);
    let is_otherwise = work_unit.persons.get(&person).is_some_and(|known| !is_as_said(&known.profile));
    is_worked || is_otherwise || others_spoke(work_unit, fresh, |on| on.person == person)
}

/// Whether anything came there but under this id of this sender, earlier or in this batch.
fn others_spoke(work_unit: &UnitOfWork, fresh: &NewArrival<'_>, there: impl Fn(ArrivalOwner) -> bool) -> bool {
    let own = (fresh.arrival.source, fresh.arrival.submission.external_id.as_deref());
    let earlier = work_unit.said_of.iter().flat_map(|(person, said)| {
        said.statements
            .iter()
            .map(|said| (ArrivalOwner { person: *person, lead: said.lead }, (said.source, said.external_id.as_deref())))
    });
    let now = work_unit.arrivals.iter().filter_map(|row| Some((row.on?, (row.source, row.external_id.as_deref()))));
    earlier.chain(now).any(|(on, by)| there(on) && by != own)
}

/// What is to be moved so that all that this sender said is on the lead that the correction is on.
pub fn moved(fresh: &NewArrival<'_>, from: ArrivalOwner, to: ArrivalOwner) -> Option<StatementMove> {
    let external_id = fresh.arrival.submission.external_id.clone()?;
    Some(StatementMove { source: fresh.arrival.source, external_id, from, to })
}

/// Of whom nothing is known that was known before: what led to them leads to them no more.
pub fn forget(work_unit: &mut UnitOfWork, person: PersonId) {
    work_unit.new_identities.retain(|new| new.person != person);
    work_unit.replaced.retain(|replaced| replaced.person != person);
    work_unit.unsaid.retain(|unsaid| unsaid.person != person);
    work_unit.other_readings.retain(|reading| reading.person != person);
    for reached in work_unit.reached.values_mut() {
        reached.retain(|one| *one != person);
    }
    work_unit.births.remove(&person);
    if let Some(known) = work_unit.persons.get_mut(&person) {
        known.profile = Profile::default();
        known.changed = true;
    }
    work_unit.renamed.push(person);
}

/// Whether a correction of this batch named somebody else: who has their lead has a stranger's number, and calls it.
pub fn is_renamed(work_unit: &UnitOfWork, person: PersonId) -> bool {
    work_unit.renamed.contains(&person)
}

/// Whether a lead is to end for another one, which decides.
pub fn join_of(joins: &[LeadJoin], lead: LeadId) -> Option<LeadJoin> {
    joins.iter().find(|join| join.ends == lead).copied()
}
