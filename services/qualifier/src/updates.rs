//! What endpoints are told of leads that they have, as a batch leaves them.

use jiff::Timestamp;
use ripen_domain::{
    delivery::{EventDetail, LeadUpdate, UpdateKind},
    id::LeadId,
    lead::Grade,
};
use ripen_store::{delivery::event::Event, lead::lead_row::LeadRow};

use crate::{another_person, decide::BatchDecisions, undo_time::UndoTimes, unit_of_work::UnitOfWork};

/// What endpoints are told of A leads that they have: something arrived on them again.
pub fn updates(work_unit: &UnitOfWork, decided: &BatchDecisions, undo: &UndoTimes, now: Timestamp) -> Vec<Event> {
    // Whoever has somebody else's lead is told, whatever it is graded; that it is no A any more is told with that.
    let is_anothers =
        |row: &LeadRow| another_person::is_renamed(work_unit, row.person) && !decided.withdrawn.contains(&row.id);
    let is_a = |row: &LeadRow| row.decided.is_some_and(|last| last.grade == Grade::A);
    let known =
        // Matured before this batch: one that matures now is told with all that is known anyway. One that this batch closed is
        // not updated any more.
        work_unit.leads.values().filter(|lead| {
            (is_a(&lead.row) || is_anothers(&lead.row)) && lead.row.closed.is_none() && lead.row.matured_at.is_some_and(|at| at < now)
        });
    let new_arrivals = known.filter_map(|lead| {
        // One event per lead and batch, named by the last arrival: the same batch again tells the same.
        let arrival = lead.arrived.last()?;
        let unasked = another_person::is_renamed(work_unit, lead.row.person);
        let kind = if unasked { UpdateKind::Corrected } else { UpdateKind::Arrival };
        let update = LeadUpdate { kind: kind.into(), arrival: (*arrival).into(), ..LeadUpdate::default() };
        let detail = EventDetail::Updated(update);
        let due_at = undo.due_at(lead.row.id, false);
        Some(Event { lead: lead.row.id, detail, cause: arrival.uuid(), mailed: true, unasked, due_at })
    });
    new_arrivals.collect()
}

/// What endpoints are told of leads that they have and that are no A any more. Who never got one hears nothing: its delivery is
/// withdrawn.
pub fn graded_down(work_unit: &UnitOfWork, decided: &BatchDecisions, undo: &UndoTimes) -> Vec<Event> {
    // Of who must not be contacted they are told just that.
    let is_barred = |lead: LeadId| {
        let tracked = work_unit.leads.get(&lead);
        let person = tracked.and_then(|lead| work_unit.persons.get(&lead.row.person));
        person.is_some_and(|person| person.do_not_contact) || decided.barred.contains(&lead)
    };
    let lower = decided.decisions.iter().filter(|one| decided.withdrawn.contains(&one.lead) && !is_barred(one.lead));
    let told = lower.map(|one| {
        let detail = EventDetail::Updated(LeadUpdate { kind: UpdateKind::Grade.into(), ..LeadUpdate::default() });
        let person = work_unit.leads.get(&one.lead).map(|lead| lead.row.person);
        let unasked = person.is_some_and(|person| another_person::is_renamed(work_unit, person));
        let due_at = undo.due_at(one.lead, false);
        Event { lead: one.lead, detail, cause: one.id.uuid(), mailed: true, unasked, due_at }
    });
    told.collect()
}

/// What endpoints are told of leads that they have and that are A again. Of what arrived they hear as of any arrival. What somebody of
/// the firm did can be taken back for a while; a mail that says "no A any more" for this is none, so programs alone hear of the rest, also
/// where somebody took back what they did: a mail of what was said would have nothing in it.
pub fn graded_up(work_unit: &UnitOfWork, decided: &BatchDecisions, undo: &UndoTimes) -> Vec<Event> {
    let has_arrived = |lead: LeadId| work_unit.leads.get(&lead).is_some_and(|lead| lead.arrived.last().is_some());
    let again = decided.again.iter().filter(|again| !has_arrived(again.lead));
    let told = again.map(|again| {
        let kind = if again.has_news { UpdateKind::Conversation } else { UpdateKind::Grade };
        let due_at = undo.due_at(again.lead, again.by_hand);
        let detail = EventDetail::Updated(LeadUpdate { kind: kind.into(), ..LeadUpdate::default() });
        Event { lead: again.lead, detail, cause: again.decision.uuid(), mailed: again.has_news, unasked: false, due_at }
    });
    told.collect()
}
