//! What endpoints are told of an open lead that they have, because of what arrived on another lead of its person: a correction of an enquiry
//! that is over says how the person is reached, and whoever has the open lead reaches them by it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use ripen_domain::{
    delivery::{EventDetail, LeadUpdate, UpdateKind},
    id::{ArrivalId, PersonId},
    lead::Grade,
};
use ripen_store::delivery::event::Event;

use crate::{
    decide::BatchDecisions,
    undo_time::UndoTimes,
    unit_of_work::{TrackedLead, UnitOfWork},
};

/// An event for each open lead whose person a correction on another lead of theirs changed, named by the last of these. Where its reader
/// was told all of that already, the delivery ends without being sent.
pub fn find(work_unit: &UnitOfWork, decided: &BatchDecisions, undo: &UndoTimes, now: Timestamp) -> Vec<Event> {
    let corrected = corrected(work_unit);
    let others = work_unit.leads.values().filter(|lead| is_with_client(lead, now)).filter(|lead| {
        // What arrived on the lead itself is told as such.
        lead.arrived.is_empty() && decided.joined.iter().all(|join| join.ends != lead.row.id)
    });
    let told = others.filter_map(|lead| {
        let arrival = *corrected.get(&lead.row.person)?;
        let update = LeadUpdate { kind: UpdateKind::Arrival.into(), arrival: arrival.into(), ..LeadUpdate::default() };
        let (detail, due_at) = (EventDetail::Updated(update), undo.due_at(lead.row.id, false));
        Some(Event { lead: lead.row.id, detail, cause: arrival.uuid(), mailed: true, unasked: false, due_at })
    });
    told.collect()
}

/// Persons of whom corrections of this batch made something else known, each with the last of these. Of who must not be contacted nothing
/// is told but that.
fn corrected(work_unit: &UnitOfWork) -> BTreeMap<PersonId, ArrivalId> {
    let is_changed = |person: &PersonId| {
        let known = work_unit.persons.get(person);
        let is_reached_otherwise =
            work_unit.new_identities.iter().chain(&work_unit.replaced).any(|one| one.person == *person);
        known.is_some_and(|known| !known.do_not_contact && (known.changed || is_reached_otherwise))
    };
    let corrections = work_unit.arrivals.iter().filter(|row| row.amends.is_some());
    let by_person: BTreeMap<_, _> = corrections.filter_map(|row| Some((row.on?.person, row.id))).collect();
    by_person.into_iter().filter(|(person, _)| is_changed(person)).collect()
}

/// Whether it was handed over before this batch and is an open A still: one that matures now is told with all that is known anyway.
fn is_with_client(lead: &TrackedLead, now: Timestamp) -> bool {
    let row = &lead.row;
    let is_a = row.decided.is_some_and(|last| last.grade == Grade::A);
    is_a && row.stage.is_open() && row.matured_at.is_some_and(|at| at < now)
}

#[cfg(test)]
mod tests;
