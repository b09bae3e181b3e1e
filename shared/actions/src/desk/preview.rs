//! What a decision would be were the answers given that are being typed. Nothing is written, and `qualify` is the qualifier's own.

use jiff::{SignedDuration, Timestamp};
use ripen_domain::{
    actor::{Actor, Permission},
    calling::Place,
    contact::Phone,
    criteria::{Answer, AnswerContext, Cause, Criteria, Decision, KeptBack, Origin, qualify},
    desk::{NextWork, Outlook},
    lead::{Grade, Stage},
    person::Profile,
    touch::{Disposition, TouchResult, effect},
};
use ripen_store::lead::{
    facts::facts_of,
    show::LeadGrade,
    unit_of_work::{TrackedLead, UnitOfWork},
};

use super::{
    after_saving::SavedLead,
    preview_request::PreviewRequest,
    route_words::{GoesTo, goes_to},
};
use crate::{
    Actions, FieldError, FieldErrors, Refusal,
    lead::{context_of, contradicts},
    work::permit,
};

/// What a decision would be.
#[derive(Debug, Clone, PartialEq)]
pub struct GradePreview {
    /// What the last decision gave.
    pub before: Option<LeadGrade>,
    /// None where the program has no criteria yet.
    pub outlook: Option<Outlook>,
    /// What cannot be used as typed: an answer as the field `answers.QUESTION`, the time of the next step as `next`.
    pub wrong: Vec<FieldError>,
    /// Were it an A: where it goes; none where its client has it already.
    pub goes_to: Option<GoesTo>,
    /// Its client has it, and nobody gave or took it back: it is not handed over a second time.
    pub is_handed_over: bool,
    /// Why it is over, where it is no open lead any more: nothing but a wish not to be contacted is saved of it.
    pub over: Option<String>,
    /// When it can be worked next; none without criteria. Of a call back a page says what is picked.
    pub next: Option<NextWork>,
    /// Where the person may be, the likeliest first: by their clock it is said.
    pub places: Vec<Place>,
    /// For how long a disposition can be taken back.
    pub undo: SignedDuration,
}

/// What a decision would be, were these the answers.
///
/// # Errors
/// `Missing` where the actor's scope has no such lead.
pub async fn preview(actions: &Actions, actor: &Actor, asked: &PreviewRequest) -> Result<GradePreview, Refusal> {
    permit(actor, Permission::Work)?;
    let now = actions.clock.now();
    let mut tx = actions.store.begin().await?;
    let record = tx.lead(actor.scope(), asked.lead).await?.ok_or_else(|| Refusal::missing("lead", asked.lead))?;
    let nothing = GradePreview {
        before: record.decided,
        outlook: None,
        wrong: Vec::new(),
        goes_to: None,
        is_handed_over: false,
        over: (!record.stage.is_open()).then(|| record.closed.clone().unwrap_or_else(|| "it was won".to_owned())),
        next: None,
        places: record.places(),
        undo: actions.undo,
    };
    let mut unit = tx.look_at(actor.scope(), asked.lead).await?;
    let Some(id) = unit.work.values().find_map(|work| work.criteria) else { return Ok(nothing) };
    let Some(criteria) = actions.documents.get_within(&mut tx, &[id]).await?.remove(&id) else { return Ok(nothing) };
    let barred = tx.person_barred(actor.scope(), record.person).await?;
    let standing = tx.desk_standings(actor.scope(), &[asked.lead], now).await?.pop();
    let owed = tx.lead_owed_tries(actor.scope(), asked.lead).await?;
    let dialed = tx.number_dialed(actor.scope(), asked.lead, (actor.user_id(), now)).await?;
    let country = record.profile.country.as_deref().unwrap_or(&record.client.country);
    let shown = asked.phone.as_deref().and_then(|shown| Phone::parse(shown, Some(country)).ok()).map(|read| read.phone);
    let gives_up_own = dialed.or(shown).is_none_or(|given_up| is_own(&given_up, &record.profile));
    // Nothing was locked or written; the connection goes back before routing asks for one.
    drop(tx);
    let mut wrong = answer(&mut unit, asked, &criteria, (&context_of(now, &record), actor));
    let agreed = asked.next.as_ref().map(|next| next.due(now, &actions.hours, &nothing.places));
    let mut not_then = FieldErrors::default();
    let agreed = agreed.and_then(|due| not_then.take("next", due)).map(|due| due.at);
    if let Err(Refusal::Invalid(errors)) = not_then.finish() {
        wrong.extend(errors);
    }
    work_on(&mut unit, asked, now);
    let Some(decision) = decision(&unit, asked, &criteria, (barred, now)) else { return Ok(nothing) };
    let outlook = Outlook::of(&decision, &criteria);
    let is_a = outlook.grade == Grade::A && outlook.closed.is_none();
    let is_handed_over = unit.leads.get(&asked.lead).is_some_and(|lead| lead.is_handed_over);
    let goes_to = if is_a && !is_handed_over { goes_to(actions, actor, asked.lead, now).await? } else { None };
    let found = standing.zip(unit.leads.get(&asked.lead));
    let hours = &actions.hours;
    let next = found.map(|(standing, lead)| {
        SavedLead { standing: &standing, lead, owed, gives_up_own, agreed, hours, now }.next(asked, &decision)
    });
    Ok(GradePreview { outlook: Some(outlook), wrong, goes_to, is_handed_over, next, ..nothing })
}

/// Whether a number is the one that the person is called by; without an extension it stands for itself with each.
fn is_own(given_up: &Phone, profile: &Profile) -> bool {
    let is_number = Some(given_up.number()) == profile.phone.as_deref();
    is_number && (given_up.extension().is_none() || given_up.extension() == profile.phone_extension.as_deref())
}

/// Puts the answers on the lead that can be used; gives back what is wrong with the others.
fn answer(
    unit: &mut UnitOfWork,
    asked: &PreviewRequest,
    criteria: &Criteria,
    (context, actor): (&AnswerContext, &Actor),
) -> Vec<FieldError> {
    let mut wrong = Vec::new();
    let in_vain = asked.disposition.filter(|one| one.is_in_vain());
    for one in &asked.answer {
        let given = criteria.recorded_answer(&one.question, &one.value, context);
        match (given, unit.leads.get_mut(&asked.lead)) {
            (Ok(value), Some(lead)) if let Some(how) = in_vain => {
                // Refused when it is saved, and so it counts for nothing here either.
                if lead.answers.get(&one.question).is_none_or(|known| known.value != value) {
                    let field = format!("answers.{}", one.question);
                    wrong.push(FieldError {
                        field,
                        code: "contradicts",
                        message: contradicts(how, &one.question, criteria),
                    });
                }
            }
            (Ok(value), Some(lead)) => {
                let answer = Answer { value, at: context.at, origin: Origin::Person(actor.name()) };
                lead.answers.insert(one.question.clone(), answer);
            }
            (Ok(_), None) => {}
            (Err(why), _) => {
                let field = format!("answers.{}", one.question);
                wrong.push(FieldError { field, code: "invalid", message: why.to_string() });
            }
        }
    }
    wrong
}

/// What the touch changes of the lead and its person, beside the answers.
fn work_on(unit: &mut UnitOfWork, asked: &PreviewRequest, now: Timestamp) {
    let disposition = asked.disposition.unwrap_or(Disposition::Answered);
    let Some(lead) = unit.leads.get_mut(&asked.lead) else { return };
    let answers = if disposition.is_in_vain() { 0 } else { asked.answer.len() };
    let brought = TouchResult { disposition, answers, agreed: asked.next.is_some(), is_again: false };
    let follows = effect(&lead.promises, brought, now);
    let row = &mut lead.row;
    row.touches = row.touches.saturating_add(1);
    row.rounds = row.rounds.saturating_add(i32::from(follows.round));
    if disposition.is_attempt() {
        row.last_disposition = Some(disposition.word().to_owned());
    }
    if !disposition.is_conversation() {
        return;
    }
    row.last_conversation_at = Some(now);
    if row.stage == Stage::Lead {
        row.stage = Stage::Contact;
    }
    if let Some(person) = unit.persons.get_mut(&row.person) {
        person.verified = true;
        person.do_not_contact |= disposition == Disposition::DoNotContact;
    }
}

/// What will keep it from being an A once this is saved: what is said now counts in place of what was said before.
fn kept_back(disposition: Option<Disposition>, lead: &TrackedLead) -> Option<KeptBack> {
    match (disposition, lead.kept_back) {
        (Some(Disposition::NeverEnquired), _) | (_, Some(KeptBack::Review)) => Some(KeptBack::Review),
        (Some(Disposition::NotInterested), _) => Some(KeptBack::NotInterested),
        // Without a disposition it is a conversation.
        (None, _) => None,
        (Some(said), before) => before.filter(|_| !said.is_conversation()),
    }
}

fn decision(
    unit: &UnitOfWork,
    asked: &PreviewRequest,
    criteria: &Criteria,
    (barred, now): (Option<String>, Timestamp),
) -> Option<Decision> {
    let lead = unit.leads.get(&asked.lead)?;
    let person = unit.persons.get(&lead.row.person)?;
    let work = unit.work.get(&lead.row.client)?;
    let source = unit.sources.get(&lead.row.source).cloned().unwrap_or_default();
    let said = || person.do_not_contact.then(|| "the person asked not to be contacted".to_owned());
    let cause = Cause::regrade().after(lead.row.decided.map(|last| last.grade)).barred(barred.or_else(said));
    let cause = cause.kept_back(kept_back(asked.disposition, lead)).recalled(lead.is_recalled);
    Some(qualify(&facts_of(lead, person, work, source), criteria, &cause, now))
}
