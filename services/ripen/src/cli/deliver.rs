//! The command line of what goes out: endpoints and deliveries.

use clap::{Args, Subcommand};
use ripen_domain::delivery::EventType;

/// What can be done with endpoints.
#[derive(Debug, Subcommand)]
pub enum EndpointAction {
    /// Add an endpoint. A webhook's signing secret is shown this once.
    Add {
        /// The client's slug.
        #[arg(long)]
        client: String,
        /// Post A leads to this URL.
        #[arg(long, value_name = "URL", conflicts_with = "email", required_unless_present = "email")]
        webhook: Option<String>,
        /// Send A leads to this address.
        #[arg(long, value_name = "ADDRESS")]
        email: Option<String>,
        /// The webhook may lie on this machine or in a private network: for tests and demonstrations.
        #[arg(long, requires = "webhook")]
        allow_private: bool,
    },
    /// List all endpoints.
    List,
    /// Show one endpoint.
    Show {
        /// Its id.
        id: String,
    },
    /// Enable an endpoint again: what waits for it goes out.
    Resume {
        /// Its id.
        id: String,
    },
    /// Disable an endpoint: what it is owed waits.
    Pause {
        /// Its id.
        id: String,
    },
    /// Change how deliveries go out to an endpoint; what is not named stays.
    Set(EndpointOptions),
    /// Make a new signing secret for a webhook, shown this once. Those it has sign beside it for a while.
    RotateSecret {
        /// Its id.
        id: String,
        /// For how many hours the other secrets still sign.
        #[arg(long, default_value_t = 24, value_name = "HOURS")]
        overlap_h: u16,
    },
}

/// Options of `ripen endpoint set`.
#[derive(Debug, Args)]
pub struct EndpointOptions {
    /// Its id.
    pub id: String,
    /// How many deliveries may be under way at once.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub concurrency: Option<u16>,
    /// How many deliveries may go out in a second, over all processes; 0 for no limit.
    #[arg(long, value_name = "N")]
    pub rate: Option<f64>,
    /// How long an attempt may take, in seconds, up to 50; 0 for what the configuration says.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u8).range(0..=50))]
    pub timeout_s: Option<u8>,
    /// A header to send with each webhook: `Authorization: Bearer …`. As often as there are headers; they replace all others.
    #[arg(long, value_name = "NAME: VALUE")]
    pub header: Vec<String>,
    /// Send no headers of its own.
    #[arg(long, conflicts_with = "header")]
    pub no_headers: bool,
    /// What it is told of, separated by commas: lead.matured, lead.updated, …
    #[arg(long, value_delimiter = ',', value_name = "EVENT")]
    pub events: Vec<EventType>,
}
