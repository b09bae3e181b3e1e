//! The command line of appointments: what a rep has free, and times agreed between a lead's person and a rep.

use clap::{Args, Subcommand};
use ripen_domain::{
    appointment::At,
    id::{AppointmentId, LeadId},
};

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
