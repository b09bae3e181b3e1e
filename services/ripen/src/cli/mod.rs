//! The command line: names, flags and their help.

mod appointment;
pub mod audit;
pub mod client;
pub mod criteria;
mod deliver;
mod document;
pub mod endpoint;
mod global;
mod outcome;
pub mod program;
mod refused;
pub mod rep;
pub mod route;
pub mod source;
mod work;

pub use appointment::{AppointmentAction, WishOptions};
pub use client::ClientAction;
pub use criteria::CriteriaAction;
pub use deliver::{DeliveryAction, DeliveryOptions, ReplayOptions};
pub use endpoint::EndpointAction;
pub use global::{Common, id};
pub use outcome::{OutcomeAction, OutcomeImport, SaidOptions};
pub use program::ProgramAction;
pub use refused::{know, refused};
pub use rep::RepAction;
pub use route::RouteAction;
pub use source::SourceAction;
pub use work::{LeadAction, PromiseAction, TouchOptions};

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};
use ripen_domain::id::DecisionId;
use ripen_runtime::config::Role;

/// Qualifies leads for the clients of a lead-management firm.
///
/// Without a command: `ripen serve`.
#[derive(Debug, Parser)]
#[command(name = "ripen", version, about, propagate_version = true)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub common: Common,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What `ripen` can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the services: all of them, or the roles named.
    Serve(ServeOptions),
    /// Apply the database migrations that are missing.
    Migrate,
    /// Send a CSV file of leads in; running it twice makes no new lead.
    Import(Box<ImportOptions>),
    /// Clients: the companies leads are qualified for.
    Client {
        /// What to do.
        #[command(subcommand)]
        action: ClientAction,
    },
    /// Sources: where a client's leads come from.
    Source {
        /// What to do.
        #[command(subcommand)]
        action: SourceAction,
    },
    /// Endpoints: where a client wants A leads.
    Endpoint {
        /// What to do.
        #[command(subcommand)]
        action: EndpointAction,
    },
    /// Deliveries: what goes out to endpoints, and every attempt of it.
    Delivery {
        /// What to do.
        #[command(subcommand)]
        action: DeliveryAction,
    },
    /// Reps: a client's sales people.
    Rep {
        /// What to do.
        #[command(subcommand)]
        action: RepAction,
    },
    /// Routing: which of a client's reps and endpoints get which A leads.
    Route {
        /// What to do.
        #[command(subcommand)]
        action: RouteAction,
    },
    /// Appointments: times agreed between leads' persons and reps.
    Appointment {
        /// What to do.
        #[command(subcommand)]
        action: AppointmentAction,
    },
    /// Programs: lines of business, each with its own criteria.
    Program {
        /// What to do.
        #[command(subcommand)]
        action: ProgramAction,
    },
    /// Leads: what is known of them, and what was done with them.
    Lead {
        /// What to do.
        #[command(subcommand)]
        action: LeadAction,
    },
    /// Outcomes: what clients say became of the leads delivered to them.
    Outcome {
        /// What to do.
        #[command(subcommand)]
        action: OutcomeAction,
    },
    /// Promises: the dated next steps of leads.
    Promise {
        /// What to do.
        #[command(subcommand)]
        action: PromiseAction,
    },
    /// Criteria: the documents that grade leads.
    Criteria {
        /// What to do.
        #[command(subcommand)]
        action: CriteriaAction,
    },
    /// Decisions: why a lead has its grade.
    Decision {
        /// What to do.
        #[command(subcommand)]
        action: DecisionAction,
    },
    /// The audit: who changed what, before and after.
    Audit {
        /// What to do.
        #[command(subcommand)]
        action: audit::AuditAction,
    },
    /// Dead letters: messages that could not be handled.
    Dead {
        /// What to do.
        #[command(subcommand)]
        action: DeadAction,
    },
    /// Check the installation and say what to do.
    Doctor,
}

impl Default for Command {
    fn default() -> Self {
        Self::Serve(ServeOptions { role: Vec::new(), listen: None, demo: false })
    }
}

/// Options of `ripen serve`.
#[derive(Debug, Args)]
pub struct ServeOptions {
    /// Roles to run, separated by commas: intake, qualifier, dispatcher, desk. All where none is named.
    #[arg(long, value_delimiter = ',', value_name = "ROLE")]
    pub role: Vec<Role>,
    /// Address to take requests on.
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// Load a sample client, sources, an endpoint, criteria and leads, and show the leads arrive.
    #[arg(long)]
    pub demo: bool,
}

/// Options of `ripen import`.
#[derive(Debug, Args)]
pub struct ImportOptions {
    /// The CSV file: a header row, then rows. Comma, semicolon or tab; UTF-8 or Windows-1252.
    #[arg(value_name = "FILE.csv")]
    pub file: PathBuf,
    /// Id of the source the leads come from (`source_…`); not needed with --server, where the key says it.
    #[arg(long, value_name = "SOURCE", required_unless_present = "server")]
    pub source: Option<String>,
    /// Which column fills which field: `email=E-mail`, `answers.budget=Budget`, `tracking.cost=Cost`.
    #[arg(long, value_name = "FIELD=COLUMN")]
    pub map: Vec<String>,
    /// A field made from text and columns: `email='{Lead_ID}@example.com'`.
    #[arg(long, value_name = "FIELD=TEXT")]
    pub set: Vec<String>,
    /// What a column's value becomes in a field: `channel:Instagram=social`.
    #[arg(long, value_name = "FIELD:VALUE=NEW")]
    pub replace: Vec<String>,
    /// Read and map the whole file and report, but send nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Send to a Ripen elsewhere instead.
    #[arg(long, value_name = "URL", requires = "key_env")]
    pub server: Option<String>,
    /// Environment variable that holds the source's key, with --server.
    #[arg(long, value_name = "VAR", requires = "server")]
    pub key_env: Option<String>,
}

/// What can be done with decisions.
#[derive(Debug, Subcommand)]
pub enum DecisionAction {
    /// Explain one decision in words; with --json the receipt as it is kept.
    Show {
        /// Its id (`dec_…`).
        id: DecisionId,
    },
    /// List the decisions about one person.
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
        /// Only what held on this day (the end of it, where the client is), explained.
        #[arg(long, value_name = "DATE")]
        at: Option<jiff::civil::Date>,
    },
    /// Make decisions again from what they keep and compare byte for byte: one, or all. Exit code 1 where one differs.
    Replay {
        /// Its id (`dec_…`).
        #[arg(required_unless_present = "all")]
        id: Option<DecisionId>,
        /// All decisions.
        #[arg(long, conflicts_with = "id")]
        all: bool,
    },
}

/// What can be done with dead letters.
#[derive(Debug, Subcommand)]
pub enum DeadAction {
    /// List those that wait for a decision.
    List,
    /// Print one message.
    Show {
        /// Its id.
        id: uuid::Uuid,
    },
    /// Handle messages again: those named, or all.
    Replay {
        /// Their ids.
        #[arg(required_unless_present = "all")]
        ids: Vec<uuid::Uuid>,
        /// All that wait.
        #[arg(long)]
        all: bool,
    },
    /// Give a message up for good; its bytes stay in the database.
    Drop {
        /// Its id.
        id: uuid::Uuid,
    },
}
