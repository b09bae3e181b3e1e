//! What an arrival answers to the questions of the script: read where the person is, dated, and put beside what is known.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use ripen_domain::{
    criteria::{Answer, AnswerContext, Criteria, Origin},
    flag::{Flag, FlagCode},
    id::CriteriaId,
    person::Profile,
    submission::Submission,
    time::zone,
    values::Conventions,
};
use ripen_store::{arrival::seen::ArrivalOwner, client::grading_settings::GradingSettings, lead::answer::AnswerRow};
use serde_json::Value;

use crate::{new_arrival::NewArrival, unit_of_work::UnitOfWork};

/// What parts two answers of which one goes before the other: the database keeps no less.
const A_MOMENT: SignedDuration = SignedDuration::from_micros(1);

/// Takes in the answers of an arrival. Returns what could not be understood.
pub fn record(
    work_unit: &mut UnitOfWork,
    fresh: &NewArrival<'_>,
    criteria: &BTreeMap<CriteriaId, Arc<Criteria>>,
    on: ArrivalOwner,
) -> Vec<Flag> {
    let arrival = fresh.arrival;
    let work = work_unit.work.get(&arrival.client);
    let profile = work_unit.persons.get(&on.person).map(|person| &person.profile);
    let reader = work.zip(profile).and_then(|(work, profile)| {
        let criteria = criteria.get(&work.criteria?)?;
        Some((criteria, context_of(&arrival.submission, profile, work, fresh.said_at())))
    });
    let Some(lead) = work_unit.leads.get_mut(&on.lead) else { return Vec::new() };
    let origin = Origin::Arrival(fresh.id);
    let mut flags = Vec::new();
    // What a correction says again is no answer of its own: one that a person of the firm noted since then stands.
    let is_repeated = |question: &str, value: &Value| {
        let Some(before) = fresh.others.before.answer(question) else { return false };
        // A form sends texts and an interface numbers: compared is what was understood.
        let read = |value: &Value| {
            let (criteria, context) = reader.as_ref()?;
            let read = criteria.read_answer(question, value, context);
            read.value.filter(|_| read.usable)
        };
        before == value || read(before).is_some_and(|before| Some(before) == read(value))
    };
    let said: Vec<_> = match &reader {
        Some((criteria, _)) => criteria.answers_in(&arrival.submission).collect(),
        None => arrival.submission.answers.iter().filter(|(_, value)| !value.is_null()).collect(),
    };
    flags.extend(reader.iter().flat_map(|(criteria, _)| criteria.nearly_answers(&arrival.submission)));
    for (question, value) in said.into_iter().filter(|(question, value)| !is_repeated(question, value)) {
        let read = reader.as_ref().map(|(criteria, context)| criteria.read_answer(question, value, context));
        let kept = match read {
            None => Some(value.clone()),
            Some(read) => {
                let is_flagged = read.flag.is_some();
                flags.extend(read.flag);
                // What was not understood never replaces what is known.
                let hides = is_flagged && !read.usable && lead.answers.contains_key(question);
                read.value.filter(|_| !hides)
            }
        };
        let Some(kept) = kept else { continue };
        let known = lead.answers.get(question);
        let answer = Answer { value: kept.clone(), at: said_at(fresh, known), origin: origin.clone() };
        work_unit.answers.push(AnswerRow {
            lead: on.lead,
            question: question.clone(),
            at: answer.at,
            origin: origin.to_string(),
            value: kept,
        });
        // What an earlier version kept as it was typed is the same answer.
        let typed = |value: &Value| match &reader {
            Some((criteria, _)) => criteria.typed_answer(question, value).into_owned(),
            None => value.clone(),
        };
        let other = known.filter(|known| typed(&known.value) != typed(&answer.value));
        flags.extend(other.and_then(|known| outdated(fresh, question, (known, &answer))));
        if known.is_none_or(|known| known.at <= answer.at) {
            lead.answers.insert(question.clone(), answer);
        }
    }
    flags
}

/// When an answer was given: as its person said it, so that a list of last year puts down nothing that is known of today. Beside an
/// answer of another body of the same, the order of the bodies says which of the two counts; of one time the one that came later does.
fn said_at(fresh: &NewArrival<'_>, known: Option<&Answer>) -> Timestamp {
    let said_at = fresh.said_at();
    let Some(known) = known else { return said_at };
    let after = known.at.saturating_add(A_MOMENT).unwrap_or(known.at);
    match &known.origin {
        Origin::Arrival(body) if fresh.others.older.contains(body) => said_at.max(after),
        Origin::Arrival(body) if fresh.others.newer.contains_key(body) => {
            said_at.min(known.at.saturating_sub(A_MOMENT).unwrap_or(known.at))
        }
        _ if said_at == known.at => after,
        _ => said_at,
    }
}

/// What is told of an answer that is another one than what is known, and older. Of two bodies of one thing nobody needs to hear.
fn outdated(fresh: &NewArrival<'_>, question: &str, (known, said): (&Answer, &Answer)) -> Option<Flag> {
    let is_own = matches!(&known.origin, Origin::Arrival(body) if fresh.others.newer.contains_key(body));
    let words = said.value.as_str().map_or_else(|| said.value.to_string(), str::to_owned);
    let is_outdated = known.at > said.at && !is_own;
    is_outdated.then(|| Flag::new(question, FlagCode::OlderThanKnown).saying(&words))
}

/// Where the answers of an arrival were given: the person's words for numbers, dates and clocks, else the client's.
fn context_of(submission: &Submission, person: &Profile, work: &GradingSettings, at: Timestamp) -> AnswerContext {
    let said =
        |of: fn(&Submission) -> Option<&String>, known: &Option<String>| of(submission).or(known.as_ref()).cloned();
    let locale = said(|said| said.locale.as_ref(), &person.locale);
    let country = said(|said| said.country.as_ref(), &person.country).unwrap_or_else(|| work.client.country.clone());
    let named = said(|said| said.time_zone.as_ref(), &person.time_zone);
    let own = named.and_then(|name| zone(&name));
    AnswerContext {
        conventions: Conventions::of(locale.as_deref(), Some(&country)),
        zone: own.or_else(|| zone(&work.client.time_zone)).unwrap_or(TimeZone::UTC),
        at,
    }
}
