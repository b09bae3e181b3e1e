//! `ripen appointment`: a rep's free slots, and times agreed between a lead's person and a rep. Times are typed by the rep's
//! clock and shown by the rep's and the person's.

use std::process::ExitCode;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use ripen_domain::{
    appointment::{AppointmentState, At, Diary, Slot, Terms, in_words},
    id::{AppointmentId, LeadId, RepId},
    lead::Grade,
};
use ripen_runtime::{clock::Clock, random::uuid_v7, secrets};
use ripen_store::{
    Store,
    appointment::{
        book::{Change, Unbookable, Wish},
        list::{AppointmentFilter, AppointmentRecord},
    },
    client::record::ClientRecord,
    lead::show::LeadRecord,
    team::rep::RepRecord,
};
use serde_json::{Value, json};

use super::{lead::known, rep_of as find};
use crate::command::firm;
use crate::{
    cli::{AppointmentAction, Common, WishOptions},
    command::client_of,
    database::Database,
    output,
};

/// What a table of appointments shows.
pub const COLUMNS: [&str; 7] = ["appointment", "state", "rep", "rep_time", "person_time", "lead", "note"];
/// A refusal names so many slots that are free.
const OFFERED: usize = 3;
/// Longer notes are refused.
const LONGEST_NOTE: usize = 2_000;

/// Runs the action.
///
/// # Errors
/// Says what is wrong and what to do.
pub async fn run(common: &Common, action: AppointmentAction) -> anyhow::Result<ExitCode> {
    let database = Database::open(common).await?;
    let result = act(common, &database, action).await;
    database.close().await;
    result.map(|()| ExitCode::SUCCESS)
}

async fn act(common: &Common, database: &Database, action: AppointmentAction) -> anyhow::Result<()> {
    let desk = Desk {
        store: &database.store,
        terms: database.settings.appointments.terms(),
        hold: SignedDuration::from_secs(i64::from(database.settings.appointments.hold_s)),
        now: Clock::system().now(),
    };
    let id = match action {
        AppointmentAction::Slots { lead, rep, days } => {
            let rows = desk.slots(&known(desk.store, lead).await?, rep.as_deref(), days).await?;
            output::table(common.json, &["rep", "rep_time", "person_time", "starts_at"], &rows)?;
            return Ok(());
        }
        AppointmentAction::List { rep, lead, client } => {
            let scope = match &client {
                Some(slug) => firm().within(client_of(desk.store, slug).await?.id),
                None => firm(),
            };
            let rep = match (rep, client) {
                (Some(rep), Some(slug)) => Some(find(desk.store, &client_of(desk.store, &slug).await?, &rep).await?),
                _ => None,
            };
            let from = lead.is_none().then_some(desk.now);
            let found = desk.store.appointments(scope, AppointmentFilter { id: None, lead, rep, from }).await?;
            let rows: Vec<_> = found.iter().map(|record| row(record, desk.now)).collect();
            output::table(common.json, &COLUMNS, &rows)?;
            return Ok(());
        }
        AppointmentAction::Hold { wish, minutes } => desk.hold(wish, minutes).await?,
        AppointmentAction::Book { wish, note } => {
            let lead = known(desk.store, wish.lead).await?;
            if lead.decided.is_none_or(|(grade, _)| grade != Grade::A) {
                output::say("the lead is not an A: the rep hears of it, and of this appointment, when it is");
            }
            desk.book(wish, note).await?
        }
        AppointmentAction::Move { id, at, by } => desk.put(id, at, by).await?,
        AppointmentAction::Cancel { id, why, by } => desk.cancel(id, &why, by).await?,
    };
    let record = desk.one(id).await?;
    output::record(common.json, &row(&record, desk.now))?;
    Ok(())
}

/// The appointments of one lead, also past and cancelled ones.
///
/// # Errors
/// When the database is away.
pub async fn of_lead(store: &Store, lead: LeadId) -> anyhow::Result<Vec<Value>> {
    let filter = AppointmentFilter { lead: Some(lead), ..AppointmentFilter::default() };
    let (found, now) = (store.appointments(firm(), filter).await?, Clock::system().now());
    Ok(found.iter().map(|record| row(record, now)).collect())
}

/// What the actions work with.
struct Desk<'a> {
    store: &'a Store,
    terms: Terms,
    hold: SignedDuration,
    now: Timestamp,
}

impl Desk<'_> {
    async fn slots(&self, lead: &LeadRecord, rep: Option<&str>, days: Option<u16>) -> anyhow::Result<Vec<Value>> {
        let client = client_of(self.store, &lead.client.0).await?;
        let reps = self.store.reps(firm(), client.id).await?;
        let only = match rep {
            Some(rep) => Some(find(self.store, &client, rep).await?),
            None => None,
        };
        let person = zone_of(lead);
        let terms = Terms { days: days.unwrap_or(self.terms.days), ..self.terms };
        let mut rows = Vec::new();
        for rep in reps.iter().filter(|rep| only.is_none_or(|only| rep.id == only)) {
            let diary = self.diary(rep.id).await?;
            let free = diary.free(&terms, self.now).into_iter();
            rows.extend(free.map(|slot| free_row(rep, slot, &diary.schedule.zone, &person)));
        }
        Ok(rows)
    }

    async fn hold(&self, options: WishOptions, minutes: Option<u16>) -> anyhow::Result<AppointmentId> {
        let length = minutes.map_or(self.hold, |minutes| SignedDuration::from_mins(i64::from(minutes)));
        let until = self.now.checked_add(length)?;
        let (wish, diary, by) = self.wish(options, None).await?;
        let held = self.store.appointment_hold(firm(), wish, until, self.change(&by)).await;
        Ok(held.map_err(|why| self.refusal(why, &diary))?.id)
    }

    async fn book(&self, options: WishOptions, note: Option<String>) -> anyhow::Result<AppointmentId> {
        let note = note.map(|note| note.trim().to_owned()).filter(|note| !note.is_empty());
        anyhow::ensure!(
            note.as_ref().is_none_or(|note| note.len() <= LONGEST_NOTE && !note.contains('\0')),
            "--note: at most {LONGEST_NOTE} bytes of text"
        );
        let (wish, diary, by) = self.wish(options, note).await?;
        let booked = self.store.appointment_book(firm(), wish, self.change(&by)).await;
        Ok(booked.map_err(|why| self.refusal(why, &diary))?.id)
    }

    async fn put(&self, id: AppointmentId, at: At, by: Option<String>) -> anyhow::Result<AppointmentId> {
        let record = self.one(id).await?;
        let diary = self.diary(record.appointment.rep).await?;
        let slot = self.slot(at, &diary)?;
        let by = by.unwrap_or_else(secrets::operator);
        let moved = self.store.appointment_move(firm(), id, slot, self.change(&by)).await;
        Ok(moved.map_err(|why| self.refusal(why, &diary))?.id)
    }

    async fn cancel(&self, id: AppointmentId, why: &str, by: Option<String>) -> anyhow::Result<AppointmentId> {
        let why = why.trim();
        anyhow::ensure!(!why.is_empty() && why.len() <= LONGEST_NOTE && !why.contains('\0'), "--why: say it in words");
        let by = by.unwrap_or_else(secrets::operator);
        Ok(self.store.appointment_cancel(firm(), id, why, self.change(&by)).await?.id)
    }

    /// What is wanted, with the diary it is looked for in and who wants it.
    async fn wish(&self, options: WishOptions, note: Option<String>) -> anyhow::Result<(Wish, Diary, String)> {
        let lead = known(self.store, options.lead).await?;
        let client: ClientRecord = client_of(self.store, &lead.client.0).await?;
        let rep = find(self.store, &client, &options.rep).await?;
        let diary = self.diary(rep).await?;
        let slot = self.slot(options.at, &diary)?;
        let by = options.by.unwrap_or_else(secrets::operator);
        Ok((Wish { lead: lead.id, rep, slot, note }, diary, by))
    }

    fn slot(&self, at: At, diary: &Diary) -> anyhow::Result<Slot> {
        let starts_at = at.instant(&diary.schedule.zone)?;
        Slot::new(starts_at, self.terms.length).context("that time is too far ahead")
    }

    async fn diary(&self, rep: RepId) -> anyhow::Result<Diary> {
        self.store.diary(firm(), rep, self.now).await?.context("the rep is gone")
    }

    async fn one(&self, id: AppointmentId) -> anyhow::Result<AppointmentRecord> {
        let filter = AppointmentFilter { id: Some(id), ..AppointmentFilter::default() };
        let found = self.store.appointments(firm(), filter).await?.into_iter().next();
        found.with_context(|| format!("no appointment {id}: `ripen appointment list` shows them"))
    }

    const fn change<'c>(&'c self, by: &'c str) -> Change<'c> {
        Change { by, terms: &self.terms, now: self.now, fresh_id: &fresh_id }
    }

    /// The refusal, and where the time is at fault, what is free instead.
    fn refusal(&self, why: Unbookable, diary: &Diary) -> anyhow::Error {
        let free = diary.free(&self.terms, self.now);
        let next: Vec<_> =
            free.iter().map(|slot| in_words(slot.starts_at, &diary.schedule.zone)).take(OFFERED).collect();
        match &why {
            Unbookable::NotFree(_) if !next.is_empty() => anyhow::anyhow!("{why}; free are: {}", next.join("; ")),
            Unbookable::NotFree(_) => anyhow::anyhow!("{why}; no slot is free on the next {} days", self.terms.days),
            _ => why.into(),
        }
    }
}

fn row(record: &AppointmentRecord, now: Timestamp) -> Value {
    let AppointmentRecord { appointment, rep_zone, person_zone, .. } = record;
    let (word, until, why) = match &appointment.state {
        AppointmentState::Held { until } if *until <= now => ("hold_over", Some(*until), None),
        AppointmentState::Held { until } => ("held", Some(*until), None),
        AppointmentState::Booked => ("booked", None, None),
        AppointmentState::Cancelled { why, .. } => ("cancelled", None, Some(why)),
    };
    let starts_at = appointment.slot.starts_at;
    json!({"appointment": appointment.id, "state": word, "client": record.client.0, "lead": appointment.lead,
               "rep": record.rep.0, "rep_id": appointment.rep, "starts_at": starts_at, "ends_at": appointment.slot.ends_at,
               "time_zone": rep_zone.iana_name(), "rep_time": in_words(starts_at, rep_zone),
               "person_time": in_words(starts_at, person_zone), "held_until": until, "cancelled_why": why,
               "sequence": appointment.sequence, "note": appointment.note, "by": record.by})
}

fn fresh_id() -> uuid::Uuid {
    uuid_v7(Clock::system().now())
}

fn zone_of(lead: &LeadRecord) -> TimeZone {
    lead.places().into_iter().next().map_or(TimeZone::UTC, |place| place.zone)
}

fn free_row(rep: &RepRecord, slot: Slot, zone: &TimeZone, person: &TimeZone) -> Value {
    json!({"rep": rep.name, "rep_id": rep.id, "starts_at": slot.starts_at, "ends_at": slot.ends_at,
           "time_zone": zone.iana_name(), "rep_time": in_words(slot.starts_at, zone),
           "person_time": in_words(slot.starts_at, person)})
}
