//! The command line of what goes out: endpoints and deliveries.

use clap::{Args, Subcommand};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use ripen_domain::{
    delivery::{DeliveryState, EventType},
    id::{DeliveryId, EndpointId, LeadId},
};

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
        /// What people and routing documents call it; its URL or address where missing.
        #[arg(long)]
        name: Option<String>,
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
    /// Send a signed test event to a webhook and print its answer. Exit code 1 where it is no 2xx.
    Test {
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
    /// Where leads are routed, get only those that go to it by name. A webhook that is not so gets those of every rep too.
    #[arg(long)]
    pub by_name: bool,
    /// Where leads are routed, get those of every rep too.
    #[arg(long, conflicts_with = "by_name")]
    pub whole_team: bool,
}

/// What can be done with deliveries.
#[derive(Debug, Subcommand)]
pub enum DeliveryAction {
    /// List deliveries, newest first.
    List(DeliveryOptions),
    /// Show one delivery with every attempt: status, duration, kind of failure, answer.
    Show {
        /// Its id (`dlv_…`).
        id: DeliveryId,
    },
    /// Send one that is dead or waits at once, with the whole schedule before it again.
    Retry {
        /// Its id (`dlv_…`).
        id: DeliveryId,
    },
    /// Send again what was delivered or is dead, under the same ids and with the same bytes: one, or a time range.
    Replay(ReplayOptions),
    /// List replays and how far they are.
    Replays,
}

/// Options of `ripen delivery list`.
#[derive(Debug, Args)]
pub struct DeliveryOptions {
    /// To this endpoint.
    #[arg(long, value_name = "ID")]
    pub endpoint: Option<EndpointId>,
    /// In this state: pending, held, leased, delivered, filed, dead or withdrawn.
    #[arg(long)]
    pub state: Option<DeliveryState>,
    /// Of this lead (`lead_…`).
    #[arg(long, value_name = "ID")]
    pub lead: Option<LeadId>,
    /// Of one client only: its slug.
    #[arg(long)]
    pub client: Option<String>,
    /// At most so many.
    #[arg(long, default_value_t = 100)]
    pub limit: u32,
}

/// Options of `ripen delivery replay`.
#[derive(Debug, Args)]
pub struct ReplayOptions {
    /// One delivery (`dlv_…`).
    #[arg(required_unless_present = "endpoint", conflicts_with_all = ["endpoint", "from", "to"])]
    pub id: Option<DeliveryId>,
    /// All of this endpoint in a time range.
    #[arg(long, value_name = "ID", requires_all = ["from", "to"])]
    pub endpoint: Option<String>,
    /// Those that came to be owed then or later: a day (UTC) or a moment (2026-11-21T10:00:00Z).
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub from: Option<Timestamp>,
    /// Those before then.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub to: Option<Timestamp>,
}

/// A moment, or the beginning of a day in UTC.
fn moment(text: &str) -> Result<Timestamp, String> {
    let day = || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|day| day.timestamp());
    let found = text.parse::<Timestamp>().ok().or_else(day);
    found.ok_or_else(|| "write a day (2026-11-21) or a moment with its offset (2026-11-21T10:00:00Z)".to_owned())
}
