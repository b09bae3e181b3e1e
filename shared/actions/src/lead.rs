//! Leads: what is known of them, and what somebody did with them.

use std::{collections::BTreeSet, sync::Arc};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use ripen_domain::{
    actor::{Actor, Permission, Scope},
    appointment::Terms,
    calling::Place,
    criteria::{AnswerContext, Criteria, QuestionWords},
    desk::WayToClient,
    flag::Flag,
    id::{DeliveryId, LeadId},
    promise::When,
    touch::Disposition,
    values::Conventions,
};
use ripen_runtime::random::uuid_v7;
use ripen_store::{
    StoreError,
    appointment::{
        change::AppointmentChange,
        list::{AppointmentFilter, AppointmentRecord},
    },
    delivery::list::DeliveryRecord,
    lead::{
        corrected::CorrectedLead,
        history::WayToReach,
        holder::LeadHolder,
        note::NoteRecord,
        recall::Recalled,
        show::{LeadAnswer, LeadRecord, TouchRecord},
        touch::{NewTouch, NumberMeant, StopWish, TouchAnswer},
        untouched::{UntouchedFilter, UntouchedLead},
        worked::{Worked, WorkedLead},
    },
    outcome::list::OutcomeRecord,
    person::{household::HouseholdMember, number::VoidNumber},
    promise::{agree::Agreed, list::PromiseRecord},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    Action, Actions, FieldErrors, Refusal, Work, client,
    work::{AuditChange, permit},
};

/// Longest note, in bytes: what is longer is refused, and cut nowhere.
pub(crate) const LONGEST_NOTE: usize = 20_000;
/// Longest reason, in bytes.
pub(crate) const LONGEST_WHY: usize = 2_000;

/// Of each client at most so many leads that nobody touched are listed.
const LISTED: i64 = 1_000;

/// Records a contact attempt or a note with everything it brought; the lead is decided again.
#[derive(Debug, Clone)]
pub struct TouchLead {
    /// The same id again is the same touch.
    pub touch: Option<Uuid>,
    /// The lead.
    pub lead: LeadId,
    /// How it went.
    pub disposition: Disposition,
    /// Answers to questions of the script.
    pub answer: Vec<NewAnswer>,
    /// Words to keep.
    pub note: Option<String>,
    /// The next step that was agreed with the person.
    pub next: Option<NextWish>,
}

/// An answer to a question of the script.
#[derive(Debug, Clone)]
pub struct NewAnswer {
    /// The question's id.
    pub question: String,
    /// As given.
    pub value: Value,
}

/// A next step that is wanted.
#[derive(Debug, Clone)]
pub struct NextWish {
    /// When.
    pub when: When,
    /// What was agreed.
    pub why: String,
}

/// A touch that is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// Its id.
    pub touch: Uuid,
    /// It was recorded before: nothing changed.
    pub is_repeated: bool,
    /// How many answers it brought.
    pub answers: usize,
    /// It used a round.
    pub round_used: bool,
    /// When the next step that was agreed falls due.
    pub next: Option<Timestamp>,
}

/// What is said beside a touch, by who has more to say than most.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TouchTerms<'a> {
    /// How far a wish not to be contacted goes.
    pub(crate) stop: StopWish<'a>,
    /// Until when it can be taken back; none where it cannot.
    pub(crate) undo_until: Option<Timestamp>,
    /// Which number is wrong, where one is.
    pub(crate) number: NumberMeant<'a>,
}

impl Action for TouchLead {
    type Done = Touched;

    const PERMISSION: Permission = Permission::Work;

    fn is_for_any_client(&self) -> bool {
        matches!(self.disposition, Disposition::Note | Disposition::DoNotContact)
            && self.answer.is_empty()
            && self.next.is_none()
    }

    async fn act(&self, work: &mut Work<'_>) -> Result<Touched, Refusal> {
        self.record(work, TouchTerms::default()).await
    }
}

impl TouchLead {
    /// Records it with what is said beside it.
    pub(crate) async fn record(&self, work: &mut Work<'_>, terms: TouchTerms<'_>) -> Result<Touched, Refusal> {
        let TouchTerms { stop, undo_until, number } = terms;
        // Read without a lock, for the answers' check; the touch itself locks the lead and reads it again.
        let lead = load(work, self.lead).await?;
        let mut errors = FieldErrors::default();
        let answers = self.answers(work, &lead, &mut errors).await?;
        let note = errors.words("note", self.note.as_deref(), LONGEST_NOTE);
        let places = lead.places();
        let next = self.next.as_ref().map(|next| {
            // By the places where the person may be, so that a promise does not fall into their night.
            let due = next.when.due(work.now, &work.actions.hours, &places);
            let why = errors.needed_words("why", &next.why, LONGEST_WHY, "say what was agreed");
            (errors.take("next", due), why)
        });
        errors.finish()?;
        let zone = places.first().and_then(Place::zone_name);
        let agreed = next.as_ref().and_then(|(due, why)| Some(Agreed { due: (*due)?, zone, why }));
        // An id of the caller's own makes a repeated request the same touch.
        let id = self.touch.unwrap_or_else(|| work.fresh_id());
        let new = NewTouch {
            id,
            lead: self.lead,
            disposition: self.disposition,
            answers: &answers,
            note: note.as_deref(),
            agreed,
            stop,
            undo_until,
            number,
        };
        // None named are all: counted before, as the entry says how many were barred.
        let barred = match (self.disposition, stop.identities.len()) {
            (Disposition::DoNotContact, 0) => work.tx.person_reached_under(work.scope(), lead.person).await?.len(),
            (_, named) => named,
        };
        // Recorded before under the same id: nothing changed, and it is no mistake.
        let worked = done(work.tx.touch(work.actor, &new, work.now).await?, self.lead)?;
        let next = agreed.map(|agreed| agreed.due.at);
        if let Some(worked) = &worked {
            // No answers and no words of the person: they lie with the lead, where they are erased.
            let questions: Vec<_> = answers.iter().map(|one| &one.question).collect();
            let stopped_for = if stop.for_firm { "firm" } else { "client" };
            let stopped_for = Some(stopped_for).filter(|_| self.disposition == Disposition::DoNotContact);
            let after = json!({"touch": id, "disposition": self.disposition.word(), "answers": questions,
                "note": note.is_some(), "round_used": worked.effect.round, "next": next, "stopped_for": stopped_for});
            work.changed("lead.touch", self.lead, AuditChange::added(worked.client, after));
            if let Some(whom) = stopped_for {
                // For the firm a row of its own: it ends leads of clients who do not read that of this one.
                let client = Some(worked.client).filter(|_| !stop.for_firm);
                let after = json!({"lead": self.lead, "touch": id, "identities": barred, "for": whom});
                work.changed("suppression.add", self.lead, AuditChange { client, before: None, after: Some(after) });
            }
        }
        let round_used = worked.as_ref().is_some_and(|worked| worked.effect.round);
        Ok(Touched { touch: id, is_repeated: worked.is_none(), answers: answers.len(), round_used, next })
    }

    /// Each question once, each answer one that a decision could use.
    async fn answers(
        &self,
        work: &mut Work<'_>,
        lead: &LeadRecord,
        errors: &mut FieldErrors,
    ) -> Result<Vec<TouchAnswer>, Refusal> {
        if self.answer.is_empty() {
            return Ok(Vec::new());
        }
        let Some(criteria) = criteria_of(work, lead).await? else {
            let program = &lead.program.name;
            let none = format!("the program {program} has no criteria yet, so there are no questions");
            errors.add("answers", "no_criteria", none);
            return Ok(Vec::new());
        };
        let context = context_of(work.now, lead);
        let (mut seen, mut answers) = (BTreeSet::new(), Vec::new());
        for NewAnswer { question, value } in &self.answer {
            let is_first = seen.insert(question);
            // Twice in one touch both would have the same instant, and which counts would be chance.
            let field = format!("answers.{question}");
            errors.require(is_first, &field, "repeated", || format!("{question:?} is answered twice"));
            if is_first {
                let read = errors.take(&field, criteria.recorded_answer(question, value, &context));
                answers.extend(read.map(|value| TouchAnswer { question: question.clone(), value }));
            }
        }
        if self.disposition.is_in_vain() {
            self.refuse_new(work, (&criteria, answers), errors).await?;
            return Ok(Vec::new());
        }
        Ok(answers)
    }

    /// Where nobody was reached, nobody answered: what was left of an earlier draft made an A of a call that nobody took. What
    /// stands already is no contradiction, and is not said again.
    async fn refuse_new(
        &self,
        work: &mut Work<'_>,
        (criteria, answers): (&Criteria, Vec<TouchAnswer>),
        errors: &mut FieldErrors,
    ) -> Result<(), Refusal> {
        let mut unit = work.tx.look_at(work.actor.scope(), self.lead).await?;
        let known = unit.leads.remove(&self.lead).map(|lead| lead.answers).unwrap_or_default();
        for new in answers {
            if known.get(&new.question).is_none_or(|known| known.value != new.value) {
                let field = format!("answers.{}", new.question);
                errors.add(field, "contradicts", contradicts(self.disposition, &new.question, criteria));
            }
        }
        Ok(())
    }
}

/// Why a touch that reached nobody takes no new answer, and what to do.
pub(crate) fn contradicts(disposition: Disposition, question: &str, criteria: &Criteria) -> String {
    let how = disposition.word().replace('_', " ");
    // As it is asked: nobody at the desk knows questions by their ids.
    let asked = criteria.questions().iter().find(|asked| *asked.id == *question);
    let asked = asked.map_or_else(|| question.to_owned(), |asked| QuestionWords::of(asked, None).ask);
    format!(
        "\"{how}\" reached nobody who could say anything new of {asked:?}: choose \"answered\", or put that answer back as it was"
    )
}

/// Amounts and dates are written as where the person is.
pub(crate) fn context_of(now: Timestamp, lead: &LeadRecord) -> AnswerContext {
    let profile = &lead.profile;
    let country = profile.country.as_deref().unwrap_or(&lead.client.country);
    AnswerContext {
        conventions: Conventions::of(profile.locale.as_deref(), Some(country)),
        zone: lead.places().first().map_or(TimeZone::UTC, |place| place.zone.clone()),
        at: now,
    }
}

async fn criteria_of(work: &mut Work<'_>, lead: &LeadRecord) -> Result<Option<Arc<Criteria>>, Refusal> {
    let Some(id) = lead.program.criteria else { return Ok(None) };
    // Over the transaction's own connection: asking the pool for a second one while holding this one could wait for
    // ever.
    Ok(work.actions.documents.get_within(&mut work.tx, &[id]).await?.remove(&id))
}

/// Takes a lead back that a client has or is to get, whatever its grade is by now: what was not sent yet is stopped, clients that have it are told, and it is the desk's again.
#[derive(Debug, Clone)]
pub struct RecallLead {
    /// The lead.
    pub lead: LeadId,
    /// Why, in words that the client reads too.
    pub why: String,
}

/// A lead that was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecalledLead {
    /// Deliveries that were stopped.
    pub stopped: u64,
    /// Endpoints that had it and are told.
    pub told: usize,
}

impl Action for RecallLead {
    type Done = RecalledLead;

    const PERMISSION: Permission = Permission::Work;

    async fn act(&self, work: &mut Work<'_>) -> Result<RecalledLead, Refusal> {
        let mut errors = FieldErrors::default();
        let why = errors.needed_words("why", &self.why, LONGEST_WHY, "the client is told this: say it in a few words");
        errors.finish()?;
        let terms = Terms::default();
        let change = AppointmentChange { actor: work.actor, terms: &terms, now: work.now, fresh_id: uuid_v7 };
        match work.tx.lead_recall(work.actor.scope(), self.lead, &why, change).await? {
            Recalled::Done { client, stopped, told } => {
                // With the reason, which is erased with the person.
                let after = json!({"stopped": stopped, "told": told, "why": why});
                work.changed("lead.recall", self.lead, AuditChange::added(client, after));
                Ok(RecalledLead { stopped, told })
            }
            Recalled::Unknown => Err(Refusal::missing("lead", self.lead)),
            Recalled::NotMatured => {
                let nothing = format!("{} is no open lead that a client has: there is nothing to take back", self.lead);
                Err(Refusal::conflict("not_matured", nothing))
            }
        }
    }
}

/// A lead in the actor's scope, as an action's transaction sees it.
pub(crate) async fn load(work: &mut Work<'_>, lead: LeadId) -> Result<LeadRecord, Refusal> {
    let found = work.tx.lead(work.actor.scope(), lead).await?;
    found.ok_or_else(|| Refusal::missing("lead", lead))
}

/// What became of a change to a lead; none where it was made before.
pub(crate) fn done(worked: Worked, lead: LeadId) -> Result<Option<WorkedLead>, Refusal> {
    match worked {
        Worked::Done(worked) => Ok(Some(worked)),
        // The same request again is answered like the first, so that a client may simply repeat it.
        Worked::Again => Ok(None),
        Worked::OtherTouch => Err(Refusal::conflict(
            "other_touch",
            "this id is another touch's: nothing was saved; send it with an id of its own",
        )),
        Worked::Undone => {
            Err(Refusal::conflict("undone", "this was saved and taken back: work on the lead again, under another id"))
        }
        Worked::OtherNumber(known) => Err(Refusal::other_number(known.as_ref())),
        Worked::Unknown => Err(Refusal::missing("lead", lead)),
        Worked::Closed(why) => Err(not_open(lead, &why)),
    }
}

/// Why nothing is done with a lead that ended.
pub(crate) fn not_open(lead: LeadId, why: &str) -> Refusal {
    let closed = format!("{lead} is not open any more ({why}): a new enquiry of the person opens a new lead");
    Refusal::conflict("closed", closed)
}

/// A lead in the actor's scope.
///
/// # Errors
/// `Missing` where there is none.
pub async fn find(actions: &Actions, actor: &Actor, lead: LeadId) -> Result<LeadRecord, Refusal> {
    permit(actor, Permission::Work)?;
    let found = actions.store.lead(actor.scope(), lead).await?;
    found.ok_or_else(|| Refusal::missing("lead", lead))
}

/// What a client said of one delivery of a lead.
#[derive(Debug)]
pub struct DeliveryOutcome {
    /// The delivery.
    pub delivery: DeliveryId,
    /// What was said of it.
    pub outcome: OutcomeRecord,
}

/// What was said of these deliveries: by time over all of them, and of each in the order of its numbers, which is the one that counts.
pub(crate) async fn outcomes_of(
    actions: &Actions,
    scope: Scope,
    deliveries: impl Iterator<Item = DeliveryId> + Send,
) -> Result<Vec<DeliveryOutcome>, StoreError> {
    let mut all = Vec::new();
    for delivery in deliveries {
        let mut latest = Timestamp::MIN;
        for outcome in actions.store.outcomes_of(scope, delivery).await? {
            // Of two that were said at once an earlier version kept the time at which each began.
            latest = latest.max(outcome.at);
            all.push((latest, DeliveryOutcome { delivery, outcome }));
        }
    }
    all.sort_by_key(|(at, _)| *at);
    Ok(all.into_iter().map(|(_, one)| one).collect())
}

/// A lead with everything that happened to it, each oldest first.
#[derive(Debug)]
pub struct LeadHistory {
    /// The lead.
    pub lead: LeadRecord,
    /// Its promises.
    pub promises: Vec<PromiseRecord>,
    /// What was done with it.
    pub touches: Vec<TouchRecord>,
    /// The newest answer to each question.
    pub answers: Vec<LeadAnswer>,
    /// What its sources and the people who worked it wrote.
    pub notes: Vec<NoteRecord>,
    /// What could not be understood of what the person sent.
    pub flags: Vec<Flag>,
    /// Who of the client has it now.
    pub holders: Vec<LeadHolder>,
    /// How far it is on its way to its client; none where nothing is on its way.
    pub way: Option<WayToClient>,
    /// What was sent of it.
    pub deliveries: Vec<DeliveryRecord>,
    /// What clients said of it.
    pub outcomes: Vec<DeliveryOutcome>,
    /// Times agreed, also past and cancelled ones.
    pub appointments: Vec<AppointmentRecord>,
    /// Who else is reached where the lead's person is.
    pub household: Vec<HouseholdMember>,
    /// Why the person must not be contacted, where that is so.
    pub suppressed: Option<String>,
    /// Numbers of the person that lead to somebody else.
    pub void_numbers: Vec<VoidNumber>,
    /// Under what the person is reached, what is void too.
    pub ways: Vec<WayToReach>,
}

/// A lead with everything that happened to it.
///
/// # Errors
/// `Missing` where there is none in the actor's scope.
pub async fn show(actions: &Actions, actor: &Actor, lead: LeadId) -> Result<LeadHistory, Refusal> {
    let (store, scope) = (&actions.store, actor.scope());
    let record = find(actions, actor, lead).await?;
    // A statement for each kind: joined, a lead with many touches and deliveries would be read many times over.
    let deliveries = store.deliveries_of_lead(scope, lead).await?;
    let outcomes = outcomes_of(actions, scope, deliveries.iter().map(|one| one.id)).await?;
    let person = record.person;
    let filter = AppointmentFilter { lead: Some(lead), ..AppointmentFilter::default() };
    let standing = store.begin().await?.desk_standings(scope, &[lead], actions.clock.now()).await?.pop();
    Ok(LeadHistory {
        lead: record,
        promises: store.promises_of_lead(scope, lead).await?,
        touches: store.touches_of_lead(scope, lead).await?,
        answers: store.answers_of_lead(scope, lead).await?,
        notes: store.notes_of_lead(scope, lead).await?,
        flags: store.flags_of_lead(scope, lead).await?,
        holders: store.holders_of_lead(scope, lead).await?,
        way: standing.and_then(|standing| standing.facts.way),
        deliveries,
        outcomes,
        appointments: store.appointments(scope, filter).await?,
        household: store.household_of(scope, person).await?,
        suppressed: store.begin().await?.person_barred(scope, person).await?,
        void_numbers: store.void_numbers_of_lead(scope, lead).await?,
        ways: store.ways_to_reach(scope, person).await?,
    })
}

/// A leads that clients have had for so many hours and said nothing of, oldest first.
///
/// # Errors
/// Names the clients there are where it is none of them.
pub async fn untouched(
    actions: &Actions,
    actor: &Actor,
    client: Option<&str>,
    hours: u32,
) -> Result<Vec<UntouchedLead>, Refusal> {
    permit(actor, Permission::Work)?;
    let scope = client::scope(actions, actor, client).await?;
    let now = actions.clock.now();
    // So long ago or longer: "untouched for a day" does not mean "a day ago".
    let until = now.checked_sub(SignedDuration::from_hours(i64::from(hours))).unwrap_or(now);
    let asked = UntouchedFilter { from: Timestamp::UNIX_EPOCH, to: until, only: None, per_client: LISTED };
    Ok(actions.store.leads_untouched(scope, &asked).await?)
}

/// Leads that were over when something about their person was corrected in the last days, newest first.
///
/// # Errors
/// Names the clients there are where it is none of them.
pub async fn corrected(
    actions: &Actions,
    actor: &Actor,
    client: Option<&str>,
    days: u32,
) -> Result<Vec<CorrectedLead>, Refusal> {
    permit(actor, Permission::Work)?;
    let scope = client::scope(actions, actor, client).await?;
    let now = actions.clock.now();
    let since = now.checked_sub(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(Timestamp::UNIX_EPOCH);
    Ok(actions.store.leads_corrected(scope, since).await?)
}
