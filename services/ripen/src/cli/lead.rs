//! `ripen lead`: what is known of a lead, and the record of what somebody did with it.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use jiff::{Timestamp, tz::TimeZone};
use ripen_actions::{
    Actions,
    lead::{LeadHistory, LeadSummary, NewAnswer, NextWish, RecallLead, TouchLead, list, show, untouched},
    person::PersonQuery,
};
use ripen_domain::{actor::Actor, id::LeadId, promise::When, touch::Disposition};
use ripen_store::{delivery::list::DeliveryRecord, lead::untouched::UntouchedLead, person::household::HouseholdMember};
use serde_json::{Value, json};

use crate::{
    cli::{Common, appointment, outcome, promise, refused},
    database::Database,
    output,
};

/// What can be done with leads.
#[derive(Debug, Subcommand)]
pub enum LeadAction {
    /// Show one lead: who, grade, what is known, what was promised, what was done.
    Show {
        /// Its id (`lead_…`).
        id: LeadId,
    },
    /// List the leads of one person.
    List {
        /// The person's e-mail address.
        #[arg(long, required_unless_present = "phone", conflicts_with = "phone")]
        email: Option<String>,
        /// The person's phone number, with its country code.
        #[arg(long)]
        phone: Option<String>,
        /// Of one client only: its slug.
        #[arg(long)]
        client: Option<String>,
    },
    /// Record a contact attempt or a note, with everything it brought; the lead is decided again.
    Touch(TouchOptions),
    /// List A leads that clients have had for some time and said nothing of.
    Untouched {
        /// Of one client only: its slug.
        #[arg(long)]
        client: Option<String>,
        /// For how many hours at least.
        #[arg(long, default_value_t = 24, value_name = "HOURS")]
        hours: u32,
    },
    /// Take an A lead back: what was not sent yet is stopped, clients that have it are told, and it is the desk's again.
    Recall {
        /// The lead (`lead_…`).
        id: LeadId,
        /// Why, in words that the client reads too.
        #[arg(long)]
        why: String,
        /// Who takes it back; you, where missing.
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
}

/// Options of `ripen lead touch`.
#[derive(Debug, Args)]
pub struct TouchOptions {
    /// The lead (`lead_…`).
    pub id: LeadId,
    /// How it went: answered, no_answer, voicemail, wrong_number, call_back, not_interested, do_not_contact or note.
    #[arg(long)]
    pub disposition: Disposition,
    /// An answer to a question of the script: `budget=450000`, `preapproved=yes`. As often as there are answers.
    #[arg(long, value_name = "QUESTION=VALUE")]
    pub answer: Vec<String>,
    /// Words to keep.
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// The next step that was agreed with the person: a moment (2027-04-03T14:30), a day, a month (2027-04), a quarter
    /// (2027-Q2), days from now (30d).
    #[arg(long, value_name = "WHEN", requires = "why")]
    pub next: Option<When>,
    /// What was agreed: "the lease ends in May".
    #[arg(long, value_name = "TEXT", requires = "next")]
    pub why: Option<String>,
    /// Who did it; you, where missing.
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// An id of your own (UUID): recording the same touch twice is recording it once.
    #[arg(long)]
    pub touch: Option<uuid::Uuid>,
}

/// Runs the command.
pub async fn run(common: &Common, action: LeadAction) -> anyhow::Result<ExitCode> {
    let database = Database::open(common).await?;
    let done = act(common, action, &database).await;
    database.close().await;
    done.map(|()| ExitCode::SUCCESS)
}

async fn act(common: &Common, action: LeadAction, database: &Database) -> anyhow::Result<()> {
    let (actions, actor) = (database.actions()?, database.actor());
    match action {
        LeadAction::Show { id } => print(common, &actions, &actor, id).await,
        LeadAction::List { email, phone, client } => {
            let person = PersonQuery { email, phone };
            let leads = list(&actions, &actor, &person, client.as_deref()).await.map_err(refused("lead list"))?;
            let rows: Vec<_> = leads.iter().map(summary).collect();
            let columns = ["lead", "client", "program", "stage", "grade", "score", "next", "closed"];
            Ok(output::table(common.json, &columns, &rows)?)
        }
        LeadAction::Touch(options) => touch(common, &actions, database, options).await,
        LeadAction::Untouched { client, hours } => {
            let found = untouched(&actions, &actor, client.as_deref(), hours).await;
            let rows: Vec<_> = found.map_err(refused("lead untouched"))?.iter().map(untouched_row).collect();
            Ok(output::table(common.json, &["lead", "client", "person", "rep", "delivered_at"], &rows)?)
        }
        LeadAction::Recall { id, why, by } => {
            let request = RecallLead { lead: id, why };
            let done = actions.run(&database.actor_or(by), &request).await.map_err(refused("lead recall"))?;
            Ok(output::record(common.json, &json!({"lead": id, "stopped": done.stopped, "told": done.told}))?)
        }
    }
}

async fn touch(common: &Common, actions: &Actions, database: &Database, options: TouchOptions) -> anyhow::Result<()> {
    let answer = options.answer.iter().map(|given| answer(given)).collect::<anyhow::Result<_>>()?;
    // clap lets each of the two only come with the other.
    let next = options.next.zip(options.why).map(|(when, why)| NextWish { when, why });
    let request = TouchLead {
        touch: options.touch,
        lead: options.id,
        disposition: options.disposition,
        answer,
        note: options.note,
        next,
    };
    let done = actions.run(&database.actor_or(options.by), &request).await.map_err(refused("lead touch"))?;
    if done.is_repeated {
        output::say("this touch was recorded before: nothing changed");
    } else if database.beside.is_none() && database.settings.database.url.is_empty() {
        // A command decides nothing itself.
        output::say("no server runs: the lead is decided again when one does");
    }
    let shown = json!({"touch": done.touch, "answers": done.answers, "round_used": done.round_used, "next": done.next});
    Ok(output::record(common.json, &shown)?)
}

/// `question=value`; a value is JSON where it is, else text. A number with a mark is text too: as JSON, 450.000 is 450.
fn answer(given: &str) -> anyhow::Result<NewAnswer> {
    let (question, value) = given
        .split_once('=')
        .with_context(|| format!("--answer {given:?}: write it as QUESTION=VALUE, such as budget=450000"))?;
    let marked = value.contains(['.', ',']) && value.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    let text = || Value::String(value.to_owned());
    let value = if marked { text() } else { serde_json::from_str(value).unwrap_or_else(|_| text()) };
    Ok(NewAnswer { question: question.to_owned(), value })
}

fn untouched_row(one: &UntouchedLead) -> Value {
    json!({"lead": one.lead, "client": one.client.1, "person": one.person, "delivered_at": one.delivered_at,
           "rep": one.to.as_ref().and_then(|(name, _)| name.clone()), "delivery": one.delivery})
}

fn summary(LeadSummary { lead, next }: &LeadSummary) -> Value {
    json!({"lead": lead.id, "client": lead.client.0, "program": lead.program.0, "stage": lead.stage.word(),
           "grade": lead.decided.map(|(grade, _)| grade), "score": lead.decided.map(|(_, score)| score),
           "next": next, "closed": lead.closed})
}

async fn print(common: &Common, actions: &Actions, actor: &Actor, id: LeadId) -> anyhow::Result<()> {
    let all = show(actions, actor, id).await.map_err(refused("lead show"))?;
    // The person's clock, because promises are made by it; without a known place the instant stays unambiguous in UTC.
    let zone = all.lead.places().first().map_or(TimeZone::UTC, |place| place.zone.clone());
    let head = head(&all, &zone);
    let parts = parts(&all, &zone, actions.clock.now());
    if common.json {
        let mut shown = head;
        // The order of the first releases, which people may have come to read.
        for title in ["deliveries", "outcomes", "appointments", "promises", "answers", "touches", "flags", "household"]
        {
            if let Some(part) = parts.iter().find(|part| part.title == title) {
                shown[title] = part.rows.clone().into();
            }
        }
        return Ok(output::record(true, &shown)?);
    }
    output::record(false, &head)?;
    for part in parts.iter().filter(|part| !part.rows.is_empty()) {
        output::text(&format!("\n{}\n", part.title))?;
        output::table(false, part.columns, &part.rows)?;
    }
    Ok(())
}

fn head(LeadHistory { lead, suppressed, .. }: &LeadHistory, zone: &TimeZone) -> Value {
    let profile = &lead.person.1;
    json!({"lead": lead.id, "client": lead.client.0, "program": lead.program.0, "stage": lead.stage.word(),
        "grade": lead.decided.map(|(grade, _)| grade), "score": lead.decided.map(|(_, score)| score),
        "name": profile.full_name(), "email": profile.email, "phone": profile.phone,
        "phone_extension": profile.phone_extension,
        "time_zone": zone.iana_name(), "touches": lead.worked.0, "rounds": lead.worked.1, "closed": lead.closed,
        "won": lead.sale.map(|sale| sale.to_string()), "person": lead.person.0, "suppressed": suppressed})
}

/// One table of what happened to a lead.
struct LeadPart {
    title: &'static str,
    columns: &'static [&'static str],
    rows: Vec<Value>,
}

fn parts(all: &LeadHistory, zone: &TimeZone, now: Timestamp) -> [LeadPart; 8] {
    let answers = all.answers.iter().map(
        |(question, value, at, by)| json!({"question": question, "answer": value, "at": output::local(*at, zone), "by": by}),
    );
    let touches = all.touches.iter().map(|one| {
        json!({"at": output::local(one.at, zone), "by": one.by, "disposition": one.disposition.word(),
               "answers": one.answers, "round": one.round})
    });
    [
        LeadPart {
            title: "promises",
            columns: &promise::COLUMNS[1..],
            rows: all.promises.iter().map(|one| promise::row(one, zone)).collect(),
        },
        LeadPart { title: "answers", columns: &["question", "answer", "at", "by"], rows: answers.collect() },
        LeadPart {
            title: "flags",
            columns: &["field", "code", "said", "meant"],
            rows: all.flags.iter().map(|flag| json!(flag)).collect(),
        },
        LeadPart {
            title: "touches",
            columns: &["at", "by", "disposition", "answers", "round"],
            rows: touches.collect(),
        },
        LeadPart {
            title: "appointments",
            columns: &appointment::COLUMNS[..5],
            rows: all.appointments.iter().map(|one| appointment::row(one, now)).collect(),
        },
        LeadPart {
            title: "deliveries",
            columns: &["delivery", "event", "state", "to", "rep", "attempts", "sent_at", "answer_refused"],
            rows: all.deliveries.iter().map(delivery_row).collect(),
        },
        LeadPart {
            title: "outcomes",
            columns: &["at", "outcome", "reason", "sale", "not_before", "how", "by", "delivery"],
            rows: all.outcomes.iter().map(|(delivery, said)| outcome::row(*delivery, said)).collect(),
        },
        LeadPart {
            title: "household",
            columns: &["name", "phone", "shared", "lead", "person"],
            rows: all.household.iter().map(member).collect(),
        },
    ]
}

/// Somebody who is reached where the lead's person is.
fn member(one: &HouseholdMember) -> Value {
    json!({"name": one.name, "phone": one.phone, "shared": one.shared.join(", "), "lead": one.lead, "person": one.person})
}

/// A delivery of a lead as JSON shows it.
pub fn delivery_row(one: &DeliveryRecord) -> Value {
    json!({"delivery": one.id, "state": one.state, "reason": one.reason, "to": one.kind.map(|kind| kind.word()),
           "endpoint": one.endpoint.as_ref().map(|(_, to)| to), "rep": one.rep, "due_at": one.due_at,
           "event": one.event, "attempts": one.attempts.0, "sent_at": one.sent_at, "answer_refused": one.answer_refused})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_json_where_they_are_and_text_where_not() {
        let given =
            ["budget=450000", "preapproved=yes", "wants=\"buy\"", "areas=[\"north\"]", "note=a=b", "budget=450.000"];
        let values: Vec<_> = given.iter().map(|given| answer(given).unwrap().value).collect();
        assert_eq!(
            values,
            [json!(450_000), json!("yes"), json!("buy"), json!(["north"]), json!("a=b"), json!("450.000")]
        );
        assert!(answer("budget").unwrap_err().to_string().contains("QUESTION=VALUE"));
    }
}
