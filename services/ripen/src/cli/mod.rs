//! The command line: names, flags and their help.

pub mod appointment;
pub mod audit;
pub mod calling;
pub mod client;
pub mod criteria;
pub mod dead;
pub mod decision;
pub mod delivery;
pub mod doctor;
mod document;
pub mod endpoint;
mod global;
pub mod import;
pub mod lead;
mod lead_list;
pub mod link;
mod list;
pub mod migrate;
pub mod outcome;
pub mod person;
pub mod program;
pub mod promise;
pub mod quarantine;
mod refused;
pub mod rep;
pub mod route;
pub mod secrets;
pub mod source;
pub mod suppress;
pub mod user;

pub use client::ClientAction;
pub use criteria::CriteriaAction;
pub use endpoint::EndpointAction;
pub use global::{Common, id};
pub use program::ProgramAction;
pub use refused::{know, refused};
pub use rep::RepAction;
pub use route::RouteAction;
pub use source::SourceAction;

use std::net::SocketAddr;

use clap::{Args, Parser, Subcommand};
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
    /// Run the services: all of them, or the roles named. Ctrl-C stops them; a second one breaks off.
    Serve(ServeOptions),
    /// Apply the database migrations that are missing (of database.url; the embedded database does so by itself).
    Migrate,
    /// Send a list of leads in (CSV or .xlsx); running it twice makes no new lead.
    #[command(after_help = import::EXAMPLES, override_usage = import::USAGE)]
    Import(Box<import::ImportOptions>),
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
        action: delivery::DeliveryAction,
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
        action: appointment::AppointmentAction,
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
        action: lead::LeadAction,
    },
    /// Outcomes: what clients say became of the leads delivered to them.
    Outcome {
        /// What to do.
        #[command(subcommand)]
        action: outcome::OutcomeAction,
    },
    /// Persons: whether two of them are one, and whether a number is theirs.
    Person {
        /// What to do.
        #[command(subcommand)]
        action: person::PersonAction,
    },
    /// Suppressions: e-mail addresses and phone numbers that must not be contacted.
    Suppress {
        /// What to do.
        #[command(subcommand)]
        action: suppress::SuppressAction,
    },
    /// Promises: the dated next steps of leads.
    Promise {
        /// What to do.
        #[command(subcommand)]
        action: promise::PromiseAction,
    },
    /// Users: people who sign in at the desk.
    User {
        /// What to do.
        #[command(subcommand)]
        action: user::UserAction,
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
        action: decision::DecisionAction,
    },
    /// The audit: who changed what, before and after.
    Audit {
        /// What to do.
        #[command(subcommand)]
        action: audit::AuditAction,
    },
    /// The quarantine: what is kept and not worked until somebody decides.
    Quarantine {
        /// What to do.
        #[command(subcommand)]
        action: quarantine::QuarantineAction,
    },
    /// Dead letters: messages that could not be handled.
    Dead {
        /// What to do.
        #[command(subcommand)]
        action: dead::DeadAction,
    },
    /// Calling: the shipped rules of hours, holidays and calls per number, and the hours of a place.
    Calling {
        /// What to do.
        #[command(subcommand)]
        action: calling::CallingAction,
    },
    /// Links in mails and payloads: a new key to sign them with, and the end of those that were sent.
    Link {
        /// What to do.
        #[command(subcommand)]
        action: link::LinkAction,
    },
    /// Secrets: the keys under which they lie encrypted in the database.
    Secrets {
        /// What to do.
        #[command(subcommand)]
        action: secrets::SecretsAction,
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
    /// Address and port to take requests on, in place of http.listen: 127.0.0.1:8080; port 0 for any that is free.
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// Load a sample client, sources, an endpoint, criteria and leads, and show the leads arrive. Refused where other clients are.
    #[arg(long)]
    pub demo: bool,
}

#[cfg(test)]
mod tests;
