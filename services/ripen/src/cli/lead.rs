//! `ripen lead`: what is known of a lead, and the record of what somebody did with it.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use jiff::{Timestamp, tz::TimeZone};
use ripen_actions::{
    Actions,
    lead::{LeadHistory, NewAnswer, NextWish, RecallLead, TouchLead, corrected, show, untouched},
};
use ripen_domain::{actor::Actor, desk::WayToClient, id::LeadId, promise::When, touch::Disposition};
use ripen_store::{
    delivery::list::DeliveryRecord,
    lead::{corrected::CorrectedLead, history::WayToReach, holder::LeadHolder, untouched::UntouchedLead},
    person::{household::HouseholdMember, number::VoidNumber},
};
use serde_json::{Value, json};

use crate::{
    cli::{
        Common, appointment,
        lead_list::{self, LeadListOptions},
        outcome, promise, refused,
    },
    database::Database,
    output,
};

/// What can be done with leads.
#[derive(Debug, Subcommand)]
pub enum LeadAction {
    /// Show one lead: who it is and has it, grade, what is known, noted and promised, what was done.
    Show {
        /// Its id (`lead_…`).
        id: LeadId,
    },
    /// List leads, newest first: all of them, those that fit, or those of one person.
    List(LeadListOptions),
    /// Record a contact attempt or a note, with everything it brought; the lead is decided again.
    #[command(after_help = TOUCH_EXAMPLE)]
    Touch(TouchOptions),
    /// List A leads that clients have had for some time and said nothing of, and those that could be delivered to nobody.
    Untouched {
        /// Of one client only: its slug.
        #[arg(long)]
        client: Option<String>,
        /// For how many hours at least.
        #[arg(long, default_value_t = 24, value_name = "HOURS")]
        hours: u32,
    },
    /// List leads that were won, lost or closed when their source corrected something: what is known of the person changed, and
    /// nothing was decided.
    Corrected {
        /// Of one client only: its slug.
        #[arg(long)]
        client: Option<String>,
        /// Corrected in so many days.
        #[arg(long, default_value_t = 30, value_name = "DAYS")]
        days: u32,
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

/// Shown below the flags.
const TOUCH_EXAMPLE: &str = "Example:
  ripen lead touch lead_… --disposition call_back --answer timeframe_days=150 --note 'Has a dog' --next 2027-04 --why 'the lease ends in May'";

/// Options of `ripen lead touch`.
#[derive(Debug, Args)]
pub struct TouchOptions {
    /// The lead (`lead_…`).
    pub id: LeadId,
    /// How it went: answered, no_answer, voicemail, wrong_number, call_back, not_interested, do_not_contact, reached_other,
    /// never_enquired, number_dead or note. `do_not_contact` suppresses everything the person is reached under for the lead's
    /// client; `ripen suppress add` does it for the whole firm.
    #[arg(long)]
    pub disposition: Disposition,
    /// An answer to a question of the script: `budget=450000`, `preapproved=yes`. As often as there are answers.
    #[arg(long, value_name = "QUESTION=VALUE")]
    pub answer: Vec<String>,
    /// Words to keep, at most 20,000 bytes.
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
        LeadAction::List(options) => lead_list::run(common, &actions, &actor, options).await,
        LeadAction::Touch(options) => touch(common, &actions, database, options).await,
        LeadAction::Untouched { client, hours } => {
            let found = untouched(&actions, &actor, client.as_deref(), hours).await;
            let rows: Vec<_> = found.map_err(refused("lead untouched"))?.iter().map(untouched_row).collect();
            Ok(output::table(
                common.json,
                &["lead", "client", "person", "rep", "delivered_at", "not_delivered"],
                &rows,
            )?)
        }
        LeadAction::Corrected { client, days } => {
            let found = corrected(&actions, &actor, client.as_deref(), days).await;
            let rows: Vec<_> = found.map_err(refused("lead corrected"))?.iter().map(corrected_row).collect();
            let columns = ["lead", "client", "person", "stage", "closed", "corrected_at"];
            Ok(output::table(common.json, &columns, &rows)?)
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
    json!({"lead": one.lead, "client": one.client_slug, "person": one.person,
           "delivered_at": one.dead.is_none().then_some(one.delivered_at),
           "given_up_at": (one.dead.is_some() && !one.waits).then_some(one.delivered_at),
           "waits_since": one.waits.then_some(one.delivered_at),
           "rep": one.to.as_ref().and_then(|to| to.name.clone()), "delivery": one.delivery, "not_delivered": one.dead})
}

fn corrected_row(one: &CorrectedLead) -> Value {
    json!({"lead": one.lead, "client": one.client, "person": one.person, "stage": one.stage.word(), "closed": one.closed,
           "arrival": one.arrival, "source": one.source, "corrected_at": one.corrected_at})
}

async fn print(common: &Common, actions: &Actions, actor: &Actor, id: LeadId) -> anyhow::Result<()> {
    let all = show(actions, actor, id).await.map_err(refused("lead show"))?;
    // The person's clock, because promises are made by it; without a known place the instant stays unambiguous in UTC.
    let zone = all.lead.places().first().map_or(TimeZone::UTC, |place| place.zone.clone());
    let head = head(&all, &zone);
    let parts = parts(&all, &zone, actions.clock.now());
    if common.json {
        let mut shown = head;
        for part in parts {
            shown[part.title] = part.rows.into();
        }
        return Ok(output::record(true, &shown)?);
    }
    output::record_at(false, &zone, &head)?;
    for part in parts.iter().filter(|part| !part.rows.is_empty()) {
        output::text(&format!("\n{}\n", part.title))?;
        let rows: Vec<_> = part.rows.iter().map(in_one_line).collect();
        output::table_at(false, &zone, part.columns, &rows)?;
    }
    Ok(())
}

/// A row whose texts stand in one line each, as a table needs them.
fn in_one_line(row: &Value) -> Value {
    match row {
        Value::String(text) => text.lines().map(str::trim_end).collect::<Vec<_>>().join(" / ").into(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), in_one_line(value))).collect(),
        other => other.clone(),
    }
}

fn head(LeadHistory { lead, suppressed, holders, .. }: &LeadHistory, zone: &TimeZone) -> Value {
    let profile = &lead.profile;
    let had_by =
        (!holders.is_empty()).then(|| holders.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(", "));
    json!({"lead": lead.id, "client": lead.client.slug, "program": lead.program.name, "stage": lead.stage.word(),
        "grade": lead.decided.map(|last| last.grade), "score": lead.decided.map(|last| last.score),
        "name": profile.full_name(), "email": profile.email, "phone": profile.phone,
        "phone_extension": profile.phone_extension,
        "source": lead.origin.as_ref().map(|origin| &origin.source), "channel": lead.origin.as_ref().map(|origin| origin.channel),
        "holder": had_by, "held_since": holders.first().map(|one| one.since),
        "time_zone": zone.iana_name(), "touches": lead.touches, "rounds": lead.rounds, "closed": lead.closed,
        "won": lead.sale.map(|sale| sale.to_string()), "won_is": lead.sale_is, "person": lead.person, "suppressed": suppressed})
}

/// One table of what is known of a lead or happened to it.
struct LeadPart {
    title: &'static str,
    columns: &'static [&'static str],
    rows: Vec<Value>,
}

fn parts(all: &LeadHistory, zone: &TimeZone, now: Timestamp) -> Vec<LeadPart> {
    let mut parts = known(all, zone);
    parts.extend(done(all, now));
    parts
}

/// What is known of the person, and what was promised.
fn known(all: &LeadHistory, zone: &TimeZone) -> Vec<LeadPart> {
    let answers = all
        .answers
        .iter()
        .map(|one| json!({"question": one.question, "answer": one.value, "at": one.at, "by": one.origin}));
    vec![
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
            title: "notes",
            columns: &["at", "by", "text"],
            rows: all.notes.iter().map(|one| json!({"at": one.at, "by": one.by, "text": one.text})).collect(),
        },
        LeadPart {
            title: "household",
            columns: &["name", "phone", "shared", "lead", "person"],
            rows: all.household.iter().map(member).collect(),
        },
        LeadPart { title: "also_reached", columns: &["phone", "email", "said_at"], rows: also_reached(all) },
        LeadPart {
            title: "void_numbers",
            columns: &["phone", "since", "by"],
            rows: all.void_numbers.iter().map(void_number).collect(),
        },
    ]
}

/// Further numbers and addresses of the person, the one that was said last first.
fn also_reached(all: &LeadHistory) -> Vec<Value> {
    let profile = &all.lead.profile;
    let extension = profile.phone_extension.as_ref().map(|extension| format!(";ext={extension}")).unwrap_or_default();
    let phone = profile.phone.as_ref().map(|phone| format!("{phone}{extension}"));
    let is_first =
        |way: &WayToReach| Some(&way.value) == if way.is_phone { phone.as_ref() } else { profile.email.as_ref() };
    let mut others: Vec<_> = all.ways.iter().filter(|way| way.void_at.is_none() && !is_first(way)).collect();
    others.sort_by_key(|way| std::cmp::Reverse(way.said_at));
    let row = |way: &&WayToReach| {
        let (phone, email) = if way.is_phone { (Some(&way.value), None) } else { (None, Some(&way.value)) };
        json!({"phone": phone, "email": email, "said_at": way.said_at})
    };
    others.iter().map(row).collect()
}

/// What was done with the lead, and what became of it.
fn done(all: &LeadHistory, now: Timestamp) -> [LeadPart; 6] {
    let touches = all.touches.iter().map(|one| {
        json!({"at": one.at, "by": one.by, "disposition": one.disposition.word(), "answers": one.answers, "round": one.round})
    });
    [
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
            title: "holders",
            columns: &["holder", "since", "delivery"],
            rows: all.holders.iter().map(holder).collect(),
        },
        LeadPart {
            title: "handover",
            columns: &["state", "tried", "next_at", "why"],
            rows: all.way.iter().map(handover).collect(),
        },
        LeadPart {
            title: "deliveries",
            columns: &["delivery", "event", "state", "to", "rep", "attempts", "sent_at", "answer_refused"],
            rows: all.deliveries.iter().map(delivery_row).collect(),
        },
        LeadPart {
            title: "outcomes",
            columns: &["at", "outcome", "reason", "sale", "not_before", "how", "by", "delivery"],
            rows: all.outcomes.iter().map(|one| outcome::row(one.delivery, &one.outcome)).collect(),
        },
    ]
}

/// Somebody of the client who has the lead.
fn holder(one: &LeadHolder) -> Value {
    json!({"holder": one.name, "is_rep": one.is_rep, "since": one.since, "delivery": one.delivery})
}

/// How far the lead is on its way to its client.
fn handover(way: &WayToClient) -> Value {
    json!({"state": way.state.word(), "tried": way.tried, "next_at": way.next_at, "why": way.why})
}

/// Somebody who is reached where the lead's person is.
fn member(one: &HouseholdMember) -> Value {
    json!({"name": one.name, "phone": one.phone, "shared": one.shared.join(", "), "lead": one.lead, "person": one.person})
}

/// A number that leads to somebody else.
fn void_number(one: &VoidNumber) -> Value {
    json!({"phone": one.phone, "since": one.at, "by": one.by})
}

/// A delivery of a lead as JSON shows it.
pub fn delivery_row(one: &DeliveryRecord) -> Value {
    json!({"delivery": one.id, "state": one.state, "reason": one.reason, "to": one.kind.map(|kind| kind.word()),
           "endpoint": one.endpoint.as_ref().map(|endpoint| endpoint.to.reveal()), "rep": one.rep, "due_at": one.due(),
           "event": one.event, "attempts": one.attempts, "sent_at": one.sent_at, "answer_refused": one.answer_refused})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_of_several_lines_stands_in_one_line_of_a_table() {
        let row = json!({"text": "Hello,\r\nring me.\n", "round": true});
        assert_eq!(in_one_line(&row), json!({"text": "Hello, / ring me.", "round": true}));
    }

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
