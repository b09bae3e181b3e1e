//! Intake's addresses, each registered with its description, and its metrics. Who may use them is read by `caller`.

mod arrivals;
mod caller;
mod documents;
mod leads;

use metrics::{counter, describe_counter};
use ripen_web::openapi::{OpenApiRouter, routes};

use crate::{context::IntakeContext, formats::BodyFormat};

/// Every address with its description.
pub fn routes() -> OpenApiRouter<IntakeContext> {
    OpenApiRouter::default()
        .routes(routes!(leads::by_key))
        .routes(routes!(leads::by_token))
        .routes(routes!(arrivals::many))
        .routes(routes!(arrivals::one))
        .routes(routes!(documents::problems))
        .routes(routes!(documents::thanks))
}

/// Says what the metrics are and starts them at zero, so that the first lead is a step from 0 and not from nothing.
pub fn announce() {
    describe_counter!(
        "ripen_intake_received_total",
        "Leads by format and by what was answered: received, quarantined, refused"
    );
    describe_counter!(
        "ripen_intake_kept_total",
        "Arrivals made durable, by place: queue (RabbitMQ's confirm), spool (a committed row)"
    );
    describe_counter!(
        "ripen_intake_offers_left_total",
        "Spooled arrivals that the local queue had no room for: the sweeper offers them"
    );
    // Each series from the start: a rate over a series that begins with its first event misses that event.
    for format in BodyFormat::ALL {
        for result in ["received", "quarantined", "refused"] {
            counter!("ripen_intake_received_total", "format" => format.label(), "result" => result).increment(0);
        }
    }
    counter!("ripen_intake_kept_total", "place" => "queue").increment(0);
    counter!("ripen_intake_kept_total", "place" => "spool").increment(0);
    counter!("ripen_intake_offers_left_total").increment(0);
}
