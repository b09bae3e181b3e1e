//! The command line of what goes out: deliveries.

use clap::{Args, Subcommand};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use ripen_domain::{
    delivery::DeliveryState,
    id::{DeliveryId, EndpointId, LeadId},
};

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
