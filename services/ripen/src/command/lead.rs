//! `ripen lead`: what is known of a lead, and the record of what somebody did with it.

use std::{collections::BTreeSet, process::ExitCode};

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use ripen_domain::{
    criteria::Criteria,
    id::LeadId,
    promise::{Due, When},
};
use ripen_runtime::{clock::Clock, random::uuid_v7, secrets};
use ripen_store::criteria::load::Documents;
use ripen_store::{
    Store,
    lead::{
        recall::Recalled,
        show::LeadRecord,
        touch::{NewTouch, Worked},
        untouched::UntouchedLead,
    },
    promise::{agree::Agreed, list::PromiseRecord},
};
use serde_json::{Value, json};

use crate::command::firm;
use crate::{
    cli::{Common, LeadAction, TouchOptions},
    command::{client_of, decision::identity},
    database::Database,
    output,
};

/// Longer notes are cut nowhere: they are refused.
const LONGEST_NOTE: usize = 20_000;

/// Runs the action.
///
/// # Errors
/// Says what is wrong and what to do.
pub async fn run(common: &Common, action: LeadAction) -> anyhow::Result<ExitCode> {
    let database = Database::open(common).await?;
    let done = match action {
        LeadAction::Show { id } => show(common, &database.store, id).await,
        LeadAction::List { email, phone, client } => {
            list(common, &database.store, (email.as_deref(), phone.as_deref()), client.as_deref()).await
        }
        LeadAction::Touch(options) => touch(common, &database, options).await,
        LeadAction::Untouched { client, hours } => untouched(common, &database.store, client.as_deref(), hours).await,
        LeadAction::Recall { id, why, by } => {
            let by = by.unwrap_or_else(secrets::operator);
            recall(common, &database.store, id, (&by, why.trim())).await
        }
    };
    database.close().await;
    done.map(|()| ExitCode::SUCCESS)
}

async fn untouched(common: &Common, store: &Store, client: Option<&str>, hours: u32) -> anyhow::Result<()> {
    let scope = match client {
        Some(slug) => firm().within(client_of(store, slug).await?.id),
        None => firm(),
    };
    let now = Clock::system().now();
    let until = now.checked_sub(SignedDuration::from_hours(i64::from(hours))).unwrap_or(now);
    let rows = store.leads_untouched(scope, (Timestamp::UNIX_EPOCH, until), None).await?;
    let row = |one: &UntouchedLead| {
        json!({"lead": one.lead, "client": one.client.1, "person": one.person, "delivered_at": one.delivered_at,
               "rep": one.to.as_ref().and_then(|(name, _)| name.clone()), "delivery": one.delivery})
    };
    let rows: Vec<_> = rows.iter().map(row).collect();
    Ok(output::table(common.json, &["lead", "client", "person", "rep", "delivered_at"], &rows)?)
}

async fn recall(common: &Common, store: &Store, id: LeadId, (by, why): (&str, &str)) -> anyhow::Result<()> {
    anyhow::ensure!(!why.is_empty(), "--why is what the client is told: say it in a few words");
    match store.lead_recall(firm(), id, (by, why), Clock::system().now()).await? {
        Recalled::Done { stopped, told } => {
            Ok(output::record(common.json, &json!({"lead": id, "stopped": stopped, "told": told}))?)
        }
        Recalled::Unknown => anyhow::bail!("no lead {id}"),
        Recalled::NotMatured => anyhow::bail!("{id} is no open A lead: there is nothing to take back"),
    }
}

/// A lead that must be there.
///
/// # Errors
/// When it is not.
pub async fn known(store: &Store, id: LeadId) -> anyhow::Result<LeadRecord> {
    let found = store.lead(firm(), id).await?;
    found.with_context(|| format!("no lead {id}: `ripen lead list --email E` shows a person's"))
}

/// When a step at this time falls due for this lead.
///
/// # Errors
/// When nothing can be promised for that time.
pub fn due(database: &Database, lead: &LeadRecord, when: When, now: Timestamp) -> anyhow::Result<Due> {
    let hours = database.settings.calling.hours()?;
    Ok(when.due(now, &hours, &lead.places())?)
}

/// Says what became of a change, or refuses.
///
/// # Errors
/// When nothing was changed.
pub fn done(worked: &Worked, id: LeadId) -> anyhow::Result<()> {
    match worked {
        Worked::Done(_) | Worked::Again => Ok(()),
        Worked::Unknown => anyhow::bail!("no lead {id}"),
        Worked::Closed(why) => {
            anyhow::bail!("{id} is not open any more ({why}): a new enquiry of the person opens a new lead")
        }
    }
}

async fn touch(common: &Common, database: &Database, options: TouchOptions) -> anyhow::Result<()> {
    let (store, now) = (&database.store, Clock::system().now());
    let lead = known(store, options.id).await?;
    let answers = answers(&options.answer)?;
    if !answers.is_empty() {
        let criteria = criteria_of(store, &lead).await?;
        answers.iter().try_for_each(|(question, value)| criteria.check_answer(question, value, now))?;
    }
    let note = options.note.as_deref().map(str::trim).filter(|note| !note.is_empty());
    anyhow::ensure!(
        note.is_none_or(|note| note.len() <= LONGEST_NOTE && !note.contains('\0')),
        "--note: at most {LONGEST_NOTE} bytes of text"
    );
    let agreed = match (options.next, &options.why) {
        (Some(when), Some(why)) => Some(Agreed { due: due(database, &lead, when, now)?, why }),
        _ => None,
    };
    let by = options.by.unwrap_or_else(secrets::operator);
    let new = NewTouch {
        id: options.touch.unwrap_or_else(|| uuid_v7(now)),
        lead: options.id,
        by: &by,
        disposition: options.disposition,
        answers: &answers,
        note,
        agreed,
    };
    let worked = store.touch(firm(), &new, now).await?;
    done(&worked, options.id)?;
    if worked == Worked::Again {
        output::say("this touch was recorded before: nothing changed");
    } else if database.beside.is_none() && database.settings.database.url.is_empty() {
        output::say("no server runs: the lead is decided again when one does");
    }
    let round = matches!(&worked, Worked::Done(effect) if effect.round);
    let due_at = agreed.map(|agreed| agreed.due.at);
    output::record(
        common.json,
        &json!({"touch": new.id, "answers": answers.len(), "round_used": round, "next": due_at}),
    )?;
    Ok(())
}

/// `question=value`, each question once; a value is JSON where it is, else text.
fn answers(given: &[String]) -> anyhow::Result<Vec<(String, Value)>> {
    let mut seen = BTreeSet::new();
    given
        .iter()
        .map(|answer| {
            let (question, value) = answer
                .split_once('=')
                .with_context(|| format!("--answer {answer:?}: write it as QUESTION=VALUE, such as budget=450000"))?;
            anyhow::ensure!(seen.insert(question.to_owned()), "--answer: {question:?} is answered twice");
            let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
            Ok((question.to_owned(), value))
        })
        .collect()
}

async fn criteria_of(store: &Store, lead: &LeadRecord) -> anyhow::Result<std::sync::Arc<Criteria>> {
    let (program, active) = &lead.program;
    let id = active.with_context(|| format!("the program {program} has no criteria yet, so there are no questions"))?;
    let documents = Documents::new(store.clone()).get(&[id]).await?;
    documents.get(&id).cloned().context("the criteria of this lead are gone")
}

async fn list(
    common: &Common,
    store: &Store,
    (email, phone): (Option<&str>, Option<&str>),
    client: Option<&str>,
) -> anyhow::Result<()> {
    let scope = match client {
        Some(slug) => firm().within(client_of(store, slug).await?.id),
        None => firm(),
    };
    let mut rows = Vec::new();
    for id in store.leads_of(scope, &identity(email, phone)?).await? {
        if let Some(lead) = store.lead(scope, id).await? {
            let next = next_of(&store.promises_of_lead(scope, id).await?);
            rows.push(json!({"lead": id, "client": lead.client.0, "program": lead.program.0, "stage": lead.stage.word(),
                             "grade": lead.decided.map(|(grade, _)| grade), "score": lead.decided.map(|(_, score)| score),
                             "next": next, "closed": lead.closed}));
        }
    }
    output::table(common.json, &["lead", "client", "program", "stage", "grade", "score", "next", "closed"], &rows)?;
    Ok(())
}

fn next_of(promises: &[PromiseRecord]) -> Option<Timestamp> {
    promises.iter().filter(|promise| promise.ended.is_none()).filter_map(|promise| promise.due_at).min()
}

async fn show(common: &Common, store: &Store, id: LeadId) -> anyhow::Result<()> {
    let lead = known(store, id).await?;
    let promises = store.promises_of_lead(firm(), id).await?;
    let touches = store.touches_of_lead(firm(), id).await?;
    let answers = store.answers_of_lead(firm(), id).await?;
    let deliveries = deliveries(store, id).await?;
    let appointments = super::appointment::of_lead(store, id).await?;
    let zone = lead.places().first().map_or(TimeZone::UTC, |place| place.zone.clone());
    let profile = &lead.person.1;
    let head = json!({"lead": id, "client": lead.client.0, "program": lead.program.0, "stage": lead.stage.word(),
        "grade": lead.decided.map(|(grade, _)| grade), "score": lead.decided.map(|(_, score)| score),
        "name": profile.full_name(), "email": profile.email, "phone": profile.phone,
        "time_zone": zone.iana_name(), "touches": lead.worked.0, "rounds": lead.worked.1, "closed": lead.closed,
        "won": lead.sale.map(|sale| sale.to_string())});
    let promises: Vec<_> = promises.iter().map(|one| super::promise::row(one, &zone)).collect();
    let answers: Vec<_> = answers
        .iter()
        .map(|(question, value, at, by)| json!({"question": question, "answer": value, "at": local(*at, &zone), "by": by}))
        .collect();
    let touches: Vec<_> = touches
        .iter()
        .map(|one| {
            json!({"at": local(one.at, &zone), "by": one.by, "disposition": one.disposition.word(),
                   "answers": one.answers, "round": one.round})
        })
        .collect();
    let (deliveries, outcomes) = deliveries;
    if common.json {
        let mut all = head;
        all["deliveries"] = deliveries.into();
        all["outcomes"] = outcomes.into();
        all["appointments"] = appointments.into();
        all["promises"] = promises.into();
        all["answers"] = answers.into();
        all["touches"] = touches.into();
        output::record(true, &all)?;
        return Ok(());
    }
    output::record(false, &head)?;
    for (title, columns, rows) in [
        ("promises", &super::promise::COLUMNS[1..], promises),
        ("answers", &["question", "answer", "at", "by"][..], answers),
        ("touches", &["at", "by", "disposition", "answers", "round"][..], touches),
        ("appointments", &super::appointment::COLUMNS[..5], appointments),
        (
            "deliveries",
            &["delivery", "event", "state", "to", "rep", "attempts", "sent_at", "answer_refused"][..],
            deliveries,
        ),
        ("outcomes", &["at", "outcome", "reason", "sale", "not_before", "how", "by", "delivery"][..], outcomes),
    ] {
        if !rows.is_empty() {
            output::text(&format!("\n{title}\n"))?;
            output::table(false, columns, &rows)?;
        }
    }
    Ok(())
}

/// The lead's deliveries, and what the client said of them, oldest first.
///
/// # Errors
/// When the database is away.
pub async fn deliveries(store: &Store, id: LeadId) -> anyhow::Result<(Vec<Value>, Vec<Value>)> {
    let deliveries = store.deliveries_of_lead(firm(), id).await?;
    let mut outcomes = Vec::new();
    for one in &deliveries {
        for said in store.outcomes_of(firm(), one.id).await? {
            outcomes.push((said.at, super::outcome::row(one.id, &said)));
        }
    }
    outcomes.sort_by_key(|(at, _)| *at);
    let rows = deliveries.iter().map(|one| {
        json!({"delivery": one.id, "state": one.state, "reason": one.reason, "to": one.kind.map(|kind| kind.word()),
               "endpoint": one.endpoint.as_ref().map(|(_, to)| to), "rep": one.rep, "due_at": one.due_at,
               "event": one.event, "attempts": one.attempts.0, "sent_at": one.sent_at, "answer_refused": one.answer_refused})
    });
    Ok((rows.collect(), outcomes.into_iter().map(|(_, row)| row).collect()))
}

/// An instant by the clock of the place, to the minute.
pub fn local(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%F %R %Z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_json_where_they_are_and_text_where_not() {
        let given = ["budget=450000", "preapproved=yes", "wants=\"buy\"", "areas=[\"north\"]", "note=a=b"];
        let read = answers(&given.map(str::to_owned)).unwrap();
        let values: Vec<_> = read.iter().map(|(_, value)| value.clone()).collect();
        assert_eq!(values, [json!(450_000), json!("yes"), json!("buy"), json!(["north"]), json!("a=b")]);
        assert!(answers(&["budget".to_owned()]).unwrap_err().to_string().contains("QUESTION=VALUE"));
        let twice = answers(&["a=1".to_owned(), "a=2".to_owned()]).unwrap_err();
        assert!(twice.to_string().contains("answered twice"));
    }
}
