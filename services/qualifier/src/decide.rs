//! Decides the leads of a unit of work: one decision per lead and batch, and what follows from it. Pure but for new ids.

use jiff::Timestamp;
use ripen_domain::{
    calling::Whereabouts,
    criteria::{Decision, qualify},
    id::{CriteriaId, DecisionId, MaturationId},
    lead::{Grade, Stage},
    promise::{AfterDecision, Changes, Kind, NextPromise, Occasion, settle},
};
use ripen_store::{
    client::grading_settings::GradingSettings,
    decision::{maturation::MaturationRow, write::NewDecision},
    lead::{
        facts::facts_of,
        lead_row::{LastDecision, LeadClosing},
    },
    promise::write::{CRITERIA, LeadPromiseEnd, PromisePutOff, PromiseRow},
};
use uuid::Uuid;

mod batch_decisions;
mod call_times;
mod decider;
mod occasion;

pub(crate) use batch_decisions::AgainA;
pub use batch_decisions::BatchDecisions;
pub use decider::Decider;

use call_times::{DueStep, Reachable};
use occasion::{cause_of, is_by_hand, is_only_taken_back, occasion_of};

use crate::{
    another_person, moved_program,
    unit_of_work::{TrackedLead, UnitOfWork},
};

/// What is promised where the person enquires before the date for which their client gave them back.
const ENQUIRED: &str = "they enquired again before the date that the client named";

/// A decision on one lead, by which criteria, and when the lead is looked at again.
struct Graded {
    criteria: CriteriaId,
    decision: Decision,
    due: DueStep,
}

impl<F: Fn() -> Uuid> Decider<'_, F> {
    /// Decides every lead that has a reason to be decided.
    pub fn decide(&self, work_unit: &mut UnitOfWork) -> BatchDecisions {
        let mut decided = BatchDecisions::default();
        let UnitOfWork { leads, work, persons, sources, barred, open, joins, .. } = work_unit;
        for lead in leads.values_mut() {
            // Its client or person is gone or belongs to an unknown source: without either there is nothing to decide
            // by.
            let (Some(work), Some(person)) = (work.get(&lead.row.client), persons.get(&lead.row.person)) else {
                continue;
            };
            // That of a closed lead is done too: left behind, it would be offered for ever.
            if let Some(version) = lead.regrade {
                decided.regraded.push((lead.row.id, version));
            }
            if !lead.row.stage.is_open() {
                continue;
            }
            let joins = another_person::join_of(joins, lead.row.id);
            if let Some(join) = joins.or_else(|| moved_program::ends_for(lead, work.program, open)) {
                decided.joined.push(join);
                continue;
            }
            let client = &work.client;
            let places = Whereabouts::of(&person.profile, &client.country, &client.time_zone).places();
            // Without a number nobody can be tried.
            let again_at = lead.again_at.filter(|_| person.profile.phone.is_some());
            let reached = Reachable { places: &places, calls: &person.calls, again_at };
            self.put_off(lead, reached, &mut decided);
            if occasion_of(lead, work).is_none() {
                continue;
            }
            let source = sources.get(&lead.row.source).cloned();
            match work.criteria.and_then(|id| self.criteria.get(&id).map(|criteria| (id, criteria))) {
                Some((id, criteria)) => {
                    let facts = facts_of(lead, person, work, source.unwrap_or_default());
                    let cause = cause_of(lead, work).barred(barred.get(&lead.row.person).cloned());
                    let decision = qualify(&facts, criteria, &cause, self.now);
                    decided.barred.extend(cause.barred.is_some().then_some(lead.row.id));
                    let due = self.due(&decision, reached);
                    self.apply(lead, work, Graded { criteria: id, decision, due }, &mut decided);
                }
                None => self.wait_for_criteria(lead, &mut decided),
            }
        }
        // What arrived or changed may have ended a promise that was to be put off.
        let BatchDecisions { put_off, ended, .. } = &mut decided;
        // The statement that puts off expects the promise to be open, and would fail the whole batch.
        let is =
            |one: &PromisePutOff, end: &LeadPromiseEnd| (end.lead, end.end.generation) == (one.lead, one.generation);
        put_off.retain(|one| !ended.iter().any(|end| is(one, end)));
        decided
    }

    /// A lead whose program has no criteria yet keeps a promise that falls due with them.
    fn wait_for_criteria(&self, lead: &mut TrackedLead, decided: &mut BatchDecisions) {
        // Any other promise will bring the lead back here, with criteria by then or without.
        if lead.promises.is_empty() {
            let why = "to be graded when its program has criteria".to_owned();
            decided.made.push(self.promise(lead, Kind::Activation, None, why));
        }
    }

    fn promise(&self, lead: &mut TrackedLead, kind: Kind, due_at: Option<Timestamp>, why: String) -> PromiseRow {
        lead.row.generation = lead.row.generation.saturating_add(1);
        lead.changed = true;
        PromiseRow {
            lead: lead.row.id,
            generation: lead.row.generation,
            client: lead.row.client,
            kind,
            due_at,
            why,
            from_whom: CRITERIA.to_owned(),
        }
    }

    fn apply(&self, lead: &mut TrackedLead, work: &GradingSettings, graded: Graded, out: &mut BatchDecisions) {
        let Graded { criteria, decision, due } = graded;
        let id = DecisionId::from_uuid((self.new_id)());
        let before = lead.row.decided.map(|last| last.grade);
        // By the lead as it was: the row changes below.
        let changes = changes(lead, work, &decision, (due.at, self.now));
        let by_hand = is_by_hand(lead, work);
        let is_only_taken_back = is_only_taken_back(lead, work);
        lead.row.decided = Some(LastDecision { id, criteria, grade: decision.grade, score: decision.score });
        // The client may have changed its program since the lead came.
        lead.row.program = work.program;
        // A worse grade begins a new course, whose rounds count from nothing; one that comes back with what was taken back begins none.
        if before.is_some_and(|before| decision.grade < before) && !is_only_taken_back {
            lead.row.rounds = 0;
        }
        lead.changed = true;
        out.ended.extend(changes.ended.iter().map(|end| LeadPromiseEnd { lead: lead.row.id, end: *end }));
        if let Some(NextPromise { kind, due_at }) = changes.made {
            let why = if due_at == self.now && due.at != due_at { ENQUIRED.to_owned() } else { due.why };
            out.made.push(self.promise(lead, kind, Some(due_at), why));
        }
        if let Some(why) = &decision.closed {
            // The stage changes after the promises are settled, which end because of it.
            lead.row.stage = Stage::Closed;
            lead.row.closed = Some(LeadClosing { at: self.now, why: why.clone(), goes_on: None });
        }
        let is_a = decision.grade == Grade::A && decision.closed.is_none();
        // One whose grade fell while its client had it is with that client still: handed over once more, two would work on it.
        if is_a && before != Some(Grade::A) && lead.is_handed_over {
            let has_news = !lead.arrived.is_empty() || by_hand && !lead.is_taken_back;
            out.again.push(AgainA { lead: lead.row.id, decision: id, by_hand, has_news });
        } else if is_a && (before != Some(Grade::A) || lead.row.came_back()) {
            // One that stays A has been handed over; one that was returned and is A again has not.
            lead.row.matured_at = Some(self.now);
            if by_hand {
                out.by_hand.insert(lead.row.id);
            }
            out.maturations.push(MaturationRow {
                id: MaturationId::from_uuid((self.new_id)()),
                lead: lead.row.id,
                client: lead.row.client,
                decision: id,
                at: self.now,
                routing: None,
            });
        } else if !is_a && before == Some(Grade::A) {
            out.withdrawn.push(lead.row.id);
        }
        // Every decision is kept, also one that changes nothing: replay and audit read them all.
        out.decisions.push(NewDecision {
            id,
            lead: lead.row.id,
            client: lead.row.client,
            criteria,
            at: self.now,
            grade: decision.grade,
            score: decision.score,
            receipt: decision.receipt.to_json(),
        });
    }
}

fn changes(
    lead: &TrackedLead,
    work: &GradingSettings,
    decision: &Decision,
    (due_at, now): (Timestamp, Timestamp),
) -> Changes {
    let occasion = occasion_of(lead, work).unwrap_or(Occasion::Regraded);
    let before = lead.row.decided.map(|last| last.grade);
    let standing = if decision.closed.is_some() {
        AfterDecision::Closed
    } else {
        AfterDecision::Open {
            grade: decision.grade,
            due_at,
            // The grade that a disposition gave which was taken back is none to move a date from: what it dropped is back, with its day.
            changed: before != Some(decision.grade) && !is_only_taken_back(lead, work),
            unconfirmed: decision.wants_confirmation(),
            given_back: lead.row.came_back().then_some(now),
        }
    };
    settle(&lead.promises, standing, occasion)
}

#[cfg(test)]
mod tests;
