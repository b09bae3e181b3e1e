//! The command line of what people do with leads: look at them, work on them, promise a next step.

use clap::{Args, Subcommand};
use ripen_domain::{id::LeadId, promise::When, touch::Disposition};

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

/// What can be done with promises.
#[derive(Debug, Subcommand)]
pub enum PromiseAction {
    /// List promises by date: those that wait for a person, or with --before those still to fall due.
    List {
        /// Those that fall due before this day.
        #[arg(long, value_name = "DATE")]
        before: Option<jiff::civil::Date>,
        /// Of one client only: its slug.
        #[arg(long)]
        client: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Move the next step of a lead to another time.
    Move {
        /// The lead (`lead_…`).
        id: LeadId,
        /// When: a moment (2027-04-03T14:30), a day, a month (2027-04), a quarter (2027-Q2), days from now (30d).
        #[arg(long, value_name = "WHEN")]
        to: When,
        /// Why, in words.
        #[arg(long, value_name = "TEXT")]
        why: String,
        /// It was agreed with the person: only a person moves it again.
        #[arg(long)]
        agreed: bool,
        /// Who moves it; you, where missing.
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
}
