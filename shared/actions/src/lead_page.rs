//! A lead with everything that happened to it and why it has its grade, as whoever asks may see it.

use ripen_domain::{
    actor::{Actor, Permission},
    criteria::{Criteria, Finding, Kind, Question, QuestionWords, Receipt, Verdict},
    flag::Flag,
    id::{DecisionId, DeliveryId, LeadId},
    lead::Grade,
    outcome::currency_of,
    person::Profile,
};
use ripen_store::{
    StoreError,
    appointment::list::{AppointmentFilter, AppointmentRecord},
    decision::show::DecisionRecord,
    delivery::list::DeliveryRecord,
    lead::{
        changed_answer::ChangedAnswer,
        history::{KeptNote, LeadArrival, ShownAttempt, ShownMerge, WayToReach},
        list::ListedLead,
        show::{LeadAnswer, LeadRecord, TouchRecord},
    },
    person::{household::HouseholdMember, number::VoidNumber},
    promise::list::PromiseRecord,
};

use crate::{
    Actions, Refusal,
    lead::{DeliveryOutcome, outcomes_of},
    lead_changes::{NotedChange, noted},
    lead_withhold,
    work::permit,
};

/// So many decisions are shown.
const DECISIONS: i64 = 50;

/// A lead as its page shows it.
#[derive(Debug)]
pub struct WholeLead {
    /// The lead.
    pub lead: LeadRecord,
    /// What lists show of it: names, the source, what is next.
    pub listed: ListedLead,
    /// Contact data and words about the person are left out: the client does not have the lead, or nobody may contact them.
    pub is_withheld: bool,
    /// What came in, newest first.
    pub arrivals: Vec<LeadArrival>,
    /// What was written down, newest first.
    pub notes: Vec<KeptNote>,
    /// What was done with it, oldest first.
    pub touches: Vec<TouchRecord>,
    /// What was put right of it and taken back, newest first; none for who works no leads.
    pub changes: Vec<NotedChange>,
    /// The newest answer to each question, and what was not asked.
    pub answers: Vec<AnsweredQuestion>,
    /// What could not be understood of what the person sent.
    pub flags: Vec<Flag>,
    /// Its promises, oldest first.
    pub promises: Vec<PromiseRecord>,
    /// Decisions, newest first, with what their receipts say in a line.
    pub decisions: Vec<DecisionLine>,
    /// Why it has its grade; none before the first decision, and where the receipt was erased.
    pub receipt: Option<ReadReceipt>,
    /// What was sent of it, oldest first.
    pub deliveries: Vec<DeliveryRecord>,
    /// Those of them that were given up and by which nobody of the client has it, the last one last.
    pub nobody_has: Vec<DeliveryId>,
    /// Their attempts, by delivery.
    pub attempts: Vec<ShownAttempt>,
    /// What clients said of it, oldest first.
    pub outcomes: Vec<DeliveryOutcome>,
    /// Times agreed.
    pub appointments: Vec<AppointmentRecord>,
    /// Who else is reached where the person is.
    pub household: Vec<HouseholdMember>,
    /// Under what the person is reached.
    pub ways: Vec<WayToReach>,
    /// Who was made one with the person.
    pub merges: Vec<ShownMerge>,
    /// Why the person must not be contacted.
    pub suppressed: Option<String>,
    /// Numbers that lead to somebody else.
    pub void_numbers: Vec<VoidNumber>,
}

/// A question and its newest answer.
#[derive(Debug, Clone)]
pub struct AnsweredQuestion {
    /// As it is asked; its id where the script does not ask it any more.
    pub question: QuestionWords,
    /// The answer; none where it was not asked.
    pub answer: Option<LeadAnswer>,
    /// The answer in words.
    pub in_words: String,
}

/// One decision, as a timeline tells it.
#[derive(Debug, Clone)]
pub struct DecisionLine {
    /// Its id.
    pub id: DecisionId,
    /// When.
    pub at: jiff::Timestamp,
    /// The grade.
    pub grade: Grade,
    /// The points.
    pub score: i32,
    /// The version of the criteria.
    pub version: i32,
    /// What holds the grade down, in words.
    pub caps: Vec<String>,
    /// The words of the rules that hold.
    pub rules: Vec<String>,
    /// Why it closed the lead.
    pub closed: Option<String>,
}

/// A receipt read for people.
#[derive(Debug, Clone)]
pub struct ReadReceipt {
    /// Of which decision.
    pub decision: DecisionId,
    /// When it was made.
    pub at: jiff::Timestamp,
    /// The grade.
    pub grade: Grade,
    /// The points.
    pub score: i32,
    /// The criteria's name.
    pub program: String,
    /// Their version.
    pub version: i32,
    /// The points that an A needs.
    pub needs: i32,
    /// The points that a B needs.
    pub needs_for_b: i32,
    /// The most points that one lead can have: rules that exclude each other count once.
    pub most: i32,
    /// Every rule, what counted first.
    pub rules: Vec<ReceiptRule>,
    /// Why the grade is less than that of its points.
    pub caps: Vec<ReceiptCap>,
    /// Why it closed the lead.
    pub closed: Option<String>,
    /// What alone would make it an A.
    pub would: Option<WouldBeA>,
    /// Of an A: the answers that the call which made it gave another value than they had.
    pub changed: Vec<ChangedInCall>,
}

/// An answer that was given another value in the call that made an A.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedInCall {
    /// The question's id.
    pub id: String,
    /// As it is asked.
    pub question: String,
    /// What had been answered, in words.
    pub before: String,
    /// What was answered then, in words.
    pub after: String,
    /// Who wrote it down.
    pub by: String,
}

/// A rule on a receipt.
#[derive(Debug, Clone)]
pub struct ReceiptRule {
    /// What its condition came to.
    pub result: Verdict,
    /// The points it gave.
    pub points: i32,
    /// The points it gives where it holds.
    pub worth: i32,
    /// The manager's words.
    pub because: String,
    /// What is not known, by the names of questions.
    pub missing: Vec<String>,
}

/// What holds a grade down.
#[derive(Debug, Clone)]
pub struct ReceiptCap {
    /// The best grade it allows.
    pub at_most: Grade,
    /// In words.
    pub because: String,
}

/// What alone would make a lead an A.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WouldBeA {
    /// The rule's words.
    pub because: String,
    /// The points it would have.
    pub score: i32,
    /// Nobody asked yet; else the answer was another.
    pub is_unknown: bool,
}

/// A lead with everything that happened to it.
///
/// # Errors
/// `Missing` where there is none in the actor's scope.
pub async fn show(actions: &Actions, actor: &Actor, id: LeadId) -> Result<WholeLead, Refusal> {
    permit(actor, Permission::Own)?;
    let (store, scope) = (&actions.store, actor.scope());
    let missing = || Refusal::missing("lead", id);
    let lead = store.lead(scope, id).await?.ok_or_else(missing)?;
    let listed = store.leads_of_list(scope, &[id]).await?.pop().ok_or_else(missing)?;
    let decisions = store.decisions_of_lead(scope, id, DECISIONS).await?;
    let newest = decisions.first();
    let criteria = match newest {
        Some(newest) => actions.documents.get(&[newest.criteria]).await?.remove(&newest.criteria),
        None => None,
    };
    let receipt = match newest.zip(criteria.as_deref()) {
        Some((newest, criteria)) => with_changes(actions, actor, (decisions.as_slice(), newest), criteria).await?,
        None => None,
    };
    let deliveries = store.deliveries_of_lead(scope, id).await?;
    let outcomes = outcomes_of(actions, scope, deliveries.iter().map(|one| one.id)).await?;
    let filter = AppointmentFilter { lead: Some(id), ..AppointmentFilter::default() };
    let money = currency_of(&lead.client.country).map(|currency| currency.to_string());
    let answers = answered(store.answers_of_lead(scope, id).await?, (criteria.as_deref(), money.as_deref()));
    let page = WholeLead {
        is_withheld: false,
        arrivals: store.arrivals_of_lead(scope, id).await?,
        notes: store.newest_notes_of_lead(scope, id).await?,
        touches: store.touches_of_lead(scope, id).await?,
        changes: match actor.may(Permission::Work) {
            true => noted(actions, actor, (id, lead.person)).await?,
            false => Vec::new(),
        },
        answers,
        flags: store.flags_of_lead(scope, id).await?,
        promises: store.promises_of_lead(scope, id).await?,
        decisions: decisions.iter().map(|one| line(one, actor)).collect::<Result<_, _>>()?,
        receipt,
        attempts: store.attempts_of_lead(scope, id).await?,
        nobody_has: store.dead_that_nobody_has(scope, id).await?,
        deliveries,
        outcomes,
        appointments: store.appointments(scope, filter).await?,
        household: store.household_of(scope, lead.person).await?,
        ways: store.ways_to_reach(scope, lead.person).await?,
        merges: store.merges_of_person(scope, lead.person).await?,
        suppressed: store.begin().await?.person_barred(scope, lead.person).await?,
        void_numbers: store.void_numbers_of_lead(scope, id).await?,
        lead,
        listed,
    };
    if actor.may(Permission::Work) {
        return Ok(page);
    }
    Ok(of_client(page, lead_withhold::is_lead_withheld(actions, actor, id).await?))
}

/// A decision of a lead as it is kept, for programs.
///
/// # Errors
/// `Missing` where the actor's scope has no such decision of this lead.
pub async fn receipt(
    actions: &Actions,
    actor: &Actor,
    lead: LeadId,
    decision: DecisionId,
) -> Result<serde_json::Value, Refusal> {
    permit(actor, Permission::Work)?;
    let found = actions.store.decision(actor.scope(), decision).await?.filter(|found| found.lead == lead);
    let found = found.ok_or_else(|| Refusal::missing("decision", decision))?;
    let corrupt = |_| StoreError::Corrupt(format!("the receipt of {decision}"));
    Ok(serde_json::from_str(&found.receipt.open()?).map_err(corrupt)?)
}

/// A decision of a lead in words.
///
/// # Errors
/// `Missing` where the actor's scope has no such decision of this lead.
pub async fn earlier(
    actions: &Actions,
    actor: &Actor,
    lead: LeadId,
    decision: DecisionId,
) -> Result<Option<ReadReceipt>, Refusal> {
    permit(actor, Permission::Own)?;
    let found = actions.store.decision(actor.scope(), decision).await?.filter(|found| found.lead == lead);
    let found = found.ok_or_else(|| Refusal::missing("decision", decision))?;
    let criteria = actions.documents.get(&[found.criteria]).await?.remove(&found.criteria);
    let criteria = criteria.ok_or_else(|| Refusal::missing("criteria", found.criteria))?;
    let decisions = actions.store.decisions_of_lead(actor.scope(), lead, DECISIONS).await?;
    let receipt = with_changes(actions, actor, (decisions.as_slice(), &found), &criteria).await?;
    let is_withheld = lead_withhold::is_lead_withheld(actions, actor, lead).await?;
    Ok(if is_withheld { receipt.map(without_why) } else { receipt })
}

/// A receipt for people with what the call changed that made an A. Whoever does not work leads reads no answers there.
async fn with_changes(
    actions: &Actions,
    actor: &Actor,
    (decisions, one): (&[DecisionRecord], &DecisionRecord),
    criteria: &Criteria,
) -> Result<Option<ReadReceipt>, Refusal> {
    let Some(mut receipt) = read(one, criteria, actor)? else { return Ok(None) };
    let before = decisions.iter().skip_while(|other| other.id != one.id).nth(1);
    let is_new = before.is_none_or(|before| before.grade != Grade::A);
    if receipt.grade == Grade::A && is_new && actor.may(Permission::Work) {
        let within = (before.map(|before| before.at), one.at);
        let changed = actions.store.answers_changed(actor.scope(), one.lead, within).await?;
        receipt.changed = changed.iter().map(|answer| in_call(answer, criteria)).collect();
    }
    Ok(Some(receipt))
}

fn in_call(changed: &ChangedAnswer, criteria: &Criteria) -> ChangedInCall {
    let asked = criteria.questions().iter().find(|question| *question.id == *changed.question);
    let words = asked.map_or_else(|| unasked(&changed.question), |question| QuestionWords::of(question, None));
    ChangedInCall {
        id: changed.question.clone(),
        before: in_words(&changed.before, &words, asked),
        after: in_words(&changed.after, &words, asked),
        by: changed.by.clone(),
        question: words.ask,
    }
}

/// A lead's page as a client's people read it.
fn of_client(page: WholeLead, is_withheld: bool) -> WholeLead {
    let suppressed = page.suppressed.map(|_| lead_withhold::BARRED.to_owned());
    let page = WholeLead { household: Vec::new(), merges: Vec::new(), attempts: Vec::new(), suppressed, ..page };
    if is_withheld { without_words(page) } else { page }
}

/// A page without who the person is, and without every text that somebody typed.
fn without_words(page: WholeLead) -> WholeLead {
    let mut listed = page.listed;
    lead_withhold::bare(&mut listed, &page.lead.client.time_zone);
    let zone = page.lead.client.time_zone.clone();
    let quiet = |one| DecisionLine { closed: None, caps: Vec::new(), ..one };
    WholeLead {
        is_withheld: true,
        suppressed: page.suppressed.filter(|_| listed.is_handed_over),
        touches: lead_withhold::touches(page.touches, &listed),
        receipt: page.receipt.map(without_why),
        lead: LeadRecord { profile: Profile::default(), closed: None, ..page.lead },
        listed,
        arrivals: page.arrivals.into_iter().map(lead_withhold::arrival).collect(),
        promises: page.promises.into_iter().map(|one| lead_withhold::promise(one, &zone)).collect(),
        deliveries: page.deliveries.into_iter().map(lead_withhold::delivery).collect(),
        outcomes: page.outcomes.into_iter().map(lead_withhold::outcome).collect(),
        appointments: page.appointments.into_iter().map(lead_withhold::appointment).collect(),
        // Why it was closed is somebody's text.
        decisions: page.decisions.into_iter().map(quiet).collect(),
        notes: Vec::new(),
        answers: Vec::new(),
        flags: Vec::new(),
        ways: Vec::new(),
        void_numbers: Vec::new(),
        ..page
    }
}

/// A receipt of a lead that its client does not have: that it closed the lead, and not why.
fn without_why(receipt: ReadReceipt) -> ReadReceipt {
    let caps = receipt.caps.into_iter().filter(|cap| cap.because != lead_withhold::BARRED).collect();
    ReadReceipt { closed: receipt.closed.map(|_| lead_withhold::NOT_TOLD.to_owned()), caps, ..receipt }
}

fn line(record: &DecisionRecord, actor: &Actor) -> Result<DecisionLine, Refusal> {
    let receipt = opened(record, actor)?;
    let held = |receipt: &Receipt| {
        let held = receipt.rules.iter().filter(|rule| rule.result == Verdict::Yes);
        held.map(|rule| rule.because.to_string()).collect()
    };
    let caps = |receipt: &Receipt| receipt.caps.iter().map(|cap| cap.because.to_string()).collect();
    Ok(DecisionLine {
        id: record.id,
        at: record.at,
        grade: record.grade,
        score: record.score,
        version: record.version,
        caps: receipt.as_ref().map(caps).unwrap_or_default(),
        rules: receipt.as_ref().map(held).unwrap_or_default(),
        closed: receipt.and_then(|receipt| receipt.closed),
    })
}

/// The receipt as whoever reads it may; none where it was erased.
fn opened(record: &DecisionRecord, actor: &Actor) -> Result<Option<Receipt>, Refusal> {
    let text = record.receipt.open()?;
    let corrupt = |_| StoreError::Corrupt(format!("the receipt of {}", record.id));
    let mut receipt = serde_json::from_str::<Option<Receipt>>(&text).map_err(corrupt)?;
    if let Some(receipt) = receipt.as_mut().filter(|_| !actor.may(Permission::Work)) {
        lead_withhold::receipt_of_client(receipt);
    }
    Ok(receipt)
}

/// The receipt for people; none where it was erased.
fn read(record: &DecisionRecord, criteria: &Criteria, actor: &Actor) -> Result<Option<ReadReceipt>, Refusal> {
    let Some(receipt) = opened(record, actor)? else { return Ok(None) };
    let mut rules: Vec<_> = receipt.rules.iter().map(|finding| rule(finding, criteria)).collect();
    let order = [Verdict::Yes, Verdict::No, Verdict::Missing];
    let place = |result: Verdict| order.iter().position(|one| *one == result).unwrap_or(order.len());
    rules.sort_by_key(|rule| (place(rule.result), std::cmp::Reverse(rule.worth)));
    let (needs, needs_for_b) = criteria.thresholds();
    let cap = |cap: &ripen_domain::criteria::Cap| ReceiptCap { at_most: cap.at_most, because: cap.because.to_string() };
    Ok(Some(ReadReceipt {
        decision: record.id,
        at: record.at,
        grade: record.grade,
        score: record.score,
        program: record.program.clone(),
        version: record.version,
        needs,
        needs_for_b,
        most: criteria.most_together(|_| true),
        would: would_be_a(&receipt, &rules, needs),
        caps: receipt.caps.iter().map(cap).collect(),
        closed: receipt.closed,
        rules,
        changed: Vec::new(),
    }))
}

fn rule(finding: &Finding, criteria: &Criteria) -> ReceiptRule {
    let id = finding.id.as_ref();
    let worth = criteria.rules().iter().find(|rule| rule.id.as_ref() == id).map_or(0, |rule| rule.points);
    let asked = |fact: &str| {
        let id = fact.strip_prefix("answers.").unwrap_or(fact);
        let question = criteria.questions().iter().find(|question| question.id.as_ref() == id);
        question.map_or_else(|| id.replace('_', " "), |question| QuestionWords::of(question, None).ask)
    };
    ReceiptRule {
        result: finding.result,
        points: finding.points.unwrap_or_default(),
        worth,
        because: finding.because.to_string(),
        missing: finding.missing.iter().map(|fact| asked(fact)).collect(),
    }
}

/// The one rule whose points alone are enough: of those that are unknown the best, else of those that do not hold.
fn would_be_a(receipt: &Receipt, rules: &[ReceiptRule], needs: i32) -> Option<WouldBeA> {
    if receipt.grade == Grade::A || !receipt.caps.is_empty() || receipt.closed.is_some() {
        return None;
    }
    let lacking = needs.saturating_sub(receipt.score);
    let enough = |result: Verdict| rules.iter().find(|rule| rule.result == result && rule.worth >= lacking);
    let found = enough(Verdict::Missing).or_else(|| enough(Verdict::No))?;
    Some(WouldBeA {
        because: found.because.clone(),
        score: receipt.score.saturating_add(found.worth),
        is_unknown: found.result == Verdict::Missing,
    })
}

/// Answers in the order of the script, then those that it does not ask any more, then what was not asked.
fn answered(mut given: Vec<LeadAnswer>, (criteria, money): (Option<&Criteria>, Option<&str>)) -> Vec<AnsweredQuestion> {
    let (mut asked, mut open) = (Vec::new(), Vec::new());
    for question in criteria.map(Criteria::questions).unwrap_or_default() {
        let words = QuestionWords::of(question, money);
        match given.iter().position(|answer| answer.question == *question.id) {
            Some(place) => asked.push(answer(words, given.remove(place), Some(question))),
            None => open.push(AnsweredQuestion { question: words, answer: None, in_words: String::new() }),
        }
    }
    asked.extend(given.into_iter().map(|one| answer(unasked(&one.question), one, None)));
    asked.extend(open);
    asked
}

/// The words of a question that the script does not ask any more.
fn unasked(id: &str) -> QuestionWords {
    QuestionWords { id: id.to_owned(), ask: id.replace(['_', '-'], " "), unit: None }
}

fn answer(question: QuestionWords, answer: LeadAnswer, asked: Option<&Question>) -> AnsweredQuestion {
    let in_words = in_words(&answer.value, &question, asked);
    AnsweredQuestion { question, answer: Some(answer), in_words }
}

/// As the script has it: of a choice its words, of free text what was written.
fn in_words(value: &serde_json::Value, question: &QuestionWords, asked: Option<&Question>) -> String {
    use serde_json::Value;
    let is_chosen = asked.is_some_and(|asked| matches!(asked.kind, Kind::Choice(_) | Kind::Choices(_)));
    match value {
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(_) => question.number(value).unwrap_or_default(),
        Value::String(text) if is_chosen => text.replace('_', " "),
        Value::String(text) => text.clone(),
        Value::Array(values) => {
            values.iter().map(|value| in_words(value, question, asked)).collect::<Vec<_>>().join(", ")
        }
        Value::Null | Value::Object(_) => value.to_string(),
    }
}
