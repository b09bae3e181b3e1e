//! The command line of a client's sales team: reps, and who of them gets which lead.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::civil::Date;
use ripen_domain::id::LeadId;

/// What can be done with reps.
#[derive(Debug, Subcommand)]
pub enum RepAction {
    /// Add a rep and an e-mail endpoint for them.
    Add {
        /// Name as people write it.
        name: String,
        /// The client's slug.
        #[arg(long)]
        client: String,
        /// E-mail address.
        #[arg(long)]
        email: String,
    },
    /// List the reps of a client: when they take leads, how many, and whether they can take one now.
    List {
        /// The client's slug.
        #[arg(long)]
        client: String,
    },
    /// Change when and how many leads a rep takes; what is not named stays.
    Set(RepOptions),
}

/// Options of `ripen rep set`.
#[derive(Debug, Args)]
pub struct RepOptions {
    /// Name, e-mail address or id.
    pub rep: String,
    /// The client's slug.
    #[arg(long)]
    pub client: String,
    /// Another name. A routing that names the old one passes the rep over until it is changed too.
    #[arg(long)]
    pub name: Option<String>,
    /// Where the rep is, as in America/Chicago; `client` for where the client is.
    #[arg(long, value_name = "ZONE")]
    pub time_zone: Option<String>,
    /// When leads are taken, as in "mon-fri 09:00-12:30, mon-fri 13:30-18:00"; `any` for day and night.
    #[arg(long, value_name = "HOURS")]
    pub hours: Option<String>,
    /// A day on which none are taken. As often as there are such days; they replace all others.
    #[arg(long, value_name = "DATE")]
    pub holiday: Vec<Date>,
    /// No holidays.
    #[arg(long, conflicts_with = "holiday")]
    pub no_holidays: bool,
    /// Takes no leads until this day, the first one back.
    #[arg(long, value_name = "DATE", conflicts_with_all = ["pause", "resume"])]
    pub away_until: Option<Date>,
    /// Takes no leads until resumed.
    #[arg(long, conflicts_with = "resume")]
    pub pause: bool,
    /// Takes leads again.
    #[arg(long)]
    pub resume: bool,
    /// How many leads a day at most; `any` for any number.
    #[arg(long, value_name = "N")]
    pub capacity: Option<String>,
    /// Links to the rep's page of open leads that were sent until now no longer open it.
    #[arg(long)]
    pub revoke_links: bool,
}

/// What can be done with a client's routing.
#[derive(Debug, Subcommand)]
pub enum RouteAction {
    /// Check a document: every mistake with line and column.
    Check {
        /// The TOML file.
        file: PathBuf,
        /// The client's slug: its reps and endpoints may be named.
        #[arg(long)]
        client: String,
    },
    /// Put a document in force. What is held is routed by it at once.
    Set {
        /// The TOML file.
        file: PathBuf,
        /// The client's slug.
        #[arg(long)]
        client: String,
    },
    /// Show the document in force, or an earlier one.
    Show {
        /// The client's slug.
        #[arg(long)]
        client: String,
        /// Which version.
        #[arg(long)]
        version: Option<i32>,
    },
    /// List a client's documents: who put them in force, and when.
    List {
        /// The client's slug.
        #[arg(long)]
        client: String,
    },
    /// Take the routing out of force: every enabled endpoint gets every lead.
    Remove {
        /// The client's slug.
        #[arg(long)]
        client: String,
    },
    /// Say where a lead went or until when it is held, and for everybody who was passed over why.
    Explain {
        /// The lead (`lead_…`).
        lead: LeadId,
        /// What would become of it now, were it to mature now; nothing is done.
        #[arg(long)]
        now: bool,
    },
}
