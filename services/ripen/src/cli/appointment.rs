//! `ripen appointment`: a rep's free slots, and times agreed between a lead's person and a rep. Times are typed by the rep's
//! clock and shown by the rep's and the person's.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use ripen_actions::appointment::{
    AppointmentQuery, BookAppointment, CancelAppointment, FreeSlot, HoldSlot, MoveAppointment, SlotQuery, SlotWish,
    free, list,
};
use ripen_domain::{
    appointment::{AppointmentState, At, in_words},
    id::{AppointmentId, LeadId},
};
use ripen_store::appointment::list::AppointmentRecord;
use serde_json::{Value, json};

use crate::{
    cli::{Common, refused},
    database::Database,
    output,
};

/// What a table of appointments shows.
pub const COLUMNS: [&str; 7] = ["appointment", "state", "rep", "rep_time", "person_time", "lead", "note"];

/// Shown below the flags.
const BOOK_EXAMPLE: &str = "Example:
  ripen appointment book lead_… --rep 'Sam Rep' --at 2026-11-24T10:00 --note 'Bring the plans'";

/// What can be done with appointments.
#[derive(Debug, Subcommand)]
pub enum AppointmentAction {
    /// List the free slots of one rep or of all reps of the lead's client, by the rep's clock and by the person's.
    Slots {
        /// The lead (`lead_…`).
        #[arg(long)]
        lead: LeadId,
        /// Name, e-mail address or id; every rep where missing.
        #[arg(long, value_name = "REP")]
        rep: Option<String>,
        /// On so many days, today included.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=366))]
        days: Option<u16>,
    },
    /// Keep a slot free while you talk. What the lead held before is let go.
    Hold {
        /// What is wanted.
        #[command(flatten)]
        wish: WishOptions,
        /// For so many minutes.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1440))]
        minutes: Option<u16>,
    },
    /// Book a slot that is free or held for this lead. When the lead is an A, it goes to this rep.
    #[command(after_help = BOOK_EXAMPLE)]
    Book {
        /// What is wanted.
        #[command(flatten)]
        wish: WishOptions,
        /// What was agreed beside the time.
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// Move an appointment to another slot of the same rep; the rep's calendar follows.
    Move {
        /// Its id (`appt_…`).
        id: AppointmentId,
        /// When: 2026-11-23T10:00 by the rep's clock, or with an offset.
        #[arg(long, value_name = "TIME")]
        at: At,
        /// Who moves it; you, where missing.
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// Cancel an appointment, or let go of what is held.
    Cancel {
        /// Its id (`appt_…`).
        id: AppointmentId,
        /// Why, in words; the rep is told.
        #[arg(long, value_name = "TEXT")]
        why: String,
        /// Who cancels it; you, where missing.
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// List appointments that are not over; of one lead all of them.
    List {
        /// With one rep: name, e-mail address or id. Names are looked for at --client.
        #[arg(long, value_name = "REP", requires = "client")]
        rep: Option<String>,
        /// Of one lead.
        #[arg(long)]
        lead: Option<LeadId>,
        /// Of one client only: its slug.
        #[arg(long)]
        client: Option<String>,
    },
}

/// The slot that is wanted.
#[derive(Debug, Args)]
pub struct WishOptions {
    /// The lead (`lead_…`).
    pub lead: LeadId,
    /// With whom: name, e-mail address or id.
    #[arg(long, value_name = "REP")]
    pub rep: String,
    /// When: 2026-11-23T10:00 by the rep's clock, or with an offset.
    #[arg(long, value_name = "TIME")]
    pub at: At,
    /// Who does it; you, where missing.
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
}

impl WishOptions {
    fn wish(self) -> SlotWish {
        SlotWish { lead: self.lead, rep: self.rep, at: self.at }
    }
}

/// Runs the command.
pub async fn run(common: &Common, action: AppointmentAction) -> anyhow::Result<ExitCode> {
    let database = Database::open(common).await?;
    let result = act(common, action, &database).await;
    database.close().await;
    result.map(|()| ExitCode::SUCCESS)
}

async fn act(common: &Common, action: AppointmentAction, database: &Database) -> anyhow::Result<()> {
    let (actions, actor) = (database.actions()?, database.actor());
    let record = match action {
        AppointmentAction::Slots { lead, rep, days } => {
            let query = SlotQuery { lead, rep, days };
            let slots = free(&actions, &actor, &query).await.map_err(refused("appointment slots"))?;
            let rows: Vec<_> = slots.iter().map(free_row).collect();
            return Ok(output::table(common.json, &["rep", "rep_time", "person_time", "starts_at"], &rows)?);
        }
        AppointmentAction::List { rep, lead, client } => {
            let query = AppointmentQuery { client, rep, lead };
            let found = list(&actions, &actor, &query).await.map_err(refused("appointment list"))?;
            let rows: Vec<_> = found.iter().map(|record| row(record, actions.clock.now())).collect();
            return Ok(output::table(common.json, &COLUMNS, &rows)?);
        }
        AppointmentAction::Hold { mut wish, minutes } => {
            let actor = database.actor_or(wish.by.take());
            let request = HoldSlot { wish: wish.wish(), minutes };
            actions.run(&actor, &request).await.map_err(refused("appointment hold"))?
        }
        AppointmentAction::Book { mut wish, note } => {
            let actor = database.actor_or(wish.by.take());
            let request = BookAppointment { wish: wish.wish(), note };
            let booked = actions.run(&actor, &request).await.map_err(refused("appointment book"))?;
            // A booked appointment of a lead that is no A looks lost otherwise: nothing goes out yet.
            if !booked.is_with_rep {
                output::say("the lead is not an A: the rep hears of it, and of this appointment, when it is");
            }
            booked.record
        }
        AppointmentAction::Move { id, at, by } => {
            let request = MoveAppointment { appointment: id, at };
            actions.run(&database.actor_or(by), &request).await.map_err(refused("appointment move"))?
        }
        AppointmentAction::Cancel { id, why, by } => {
            let request = CancelAppointment { appointment: id, why };
            actions.run(&database.actor_or(by), &request).await.map_err(refused("appointment cancel"))?
        }
    };
    Ok(output::record(common.json, &row(&record, actions.clock.now()))?)
}

/// An appointment as tables and JSON show it.
pub fn row(record: &AppointmentRecord, now: Timestamp) -> Value {
    let AppointmentRecord { appointment, rep_zone, person_zone, .. } = record;
    let (word, until, why) = match &appointment.state {
        // Nothing sweeps holds that ran out: the row still says `held`, and `held_until` decides.
        AppointmentState::Held { until } if *until <= now => ("hold_over", Some(*until), None),
        AppointmentState::Held { until } => ("held", Some(*until), None),
        AppointmentState::Booked => ("booked", None, None),
        AppointmentState::Cancelled { why, .. } => ("cancelled", None, Some(why)),
    };
    let starts_at = appointment.slot.starts_at;
    json!({"appointment": appointment.id, "state": word, "client": record.client, "lead": appointment.lead,
               "rep": record.rep, "rep_id": appointment.rep, "starts_at": starts_at, "ends_at": appointment.slot.ends_at,
               "time_zone": rep_zone.iana_name(), "rep_time": in_words(starts_at, rep_zone),
               "person_time": in_words(starts_at, person_zone), "held_until": until, "cancelled_why": why,
               "sequence": appointment.sequence, "note": appointment.note, "by": record.by})
}

fn free_row(free: &FreeSlot) -> Value {
    let FreeSlot { rep, slot, zone, person_zone } = free;
    json!({"rep": rep.name, "rep_id": rep.id, "starts_at": slot.starts_at, "ends_at": slot.ends_at,
           "time_zone": zone.iana_name(), "rep_time": in_words(slot.starts_at, zone),
           "person_time": in_words(slot.starts_at, person_zone)})
}
