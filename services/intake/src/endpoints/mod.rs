//! Intake's addresses, and who may use them.

mod arrivals;
mod documents;
mod leads;

use std::sync::Arc;

use axum::{
    Router,
    http::HeaderMap,
    routing::{get, post},
};
use metrics::{counter, describe_counter};
use ripen_domain::secret::Secret;
use ripen_store::source::record::SourceRecord;
use ripen_web::{Problem, auth, catalogue};

use crate::{Context, formats::Format, page, sources::Handle};

/// Every address.
pub fn routes() -> Router<Context> {
    Router::new()
        .route("/v1/leads", post(leads::by_key))
        .route("/v1/in/{token}", post(leads::by_token))
        .route("/v1/arrivals", get(arrivals::many))
        .route("/v1/arrivals/{id}", get(arrivals::one))
        .route(catalogue::PATH, get(documents::problems))
        .route(page::THANKS, get(documents::thanks))
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
    for format in Format::ALL {
        for result in ["received", "quarantined", "refused"] {
            counter!("ripen_intake_received_total", "format" => format.label(), "result" => result).increment(0);
        }
    }
    counter!("ripen_intake_kept_total", "place" => "queue").increment(0);
    counter!("ripen_intake_kept_total", "place" => "spool").increment(0);
    counter!("ripen_intake_offers_left_total").increment(0);
}

/// The handle of a request with a source key.
///
/// # Errors
/// 401 where there is none.
fn key(headers: &HeaderMap) -> Result<Handle, Problem> {
    auth::bearer(headers).map(|key| Handle::Key(Secret::given(key).hash()))
}

/// The source that a handle opens.
///
/// # Errors
/// 401 for a wrong or expired key, 404 for an unknown token, 503 when nobody can tell.
async fn source(context: &Context, handle: Handle) -> Result<Arc<SourceRecord>, Problem> {
    let found = context.sources.find(handle).await.map_err(|error| {
        tracing::warn!(error = %error, "a source could not be looked up");
        Problem::unavailable("Who is sending cannot be looked up now. Nothing was received.")
    })?;
    let Some(source) = found else {
        return Err(match handle {
            Handle::Key(_) => Problem::new(&catalogue::UNAUTHENTICATED, "The key is not known."),
            Handle::Token(_) => Problem::new(&catalogue::NOT_FOUND, "No source has this address."),
        });
    };
    if source.key_expires_at.is_some_and(|end| end <= context.clock.now()) {
        return Err(Problem::new(&catalogue::UNAUTHENTICATED, "The key has expired."));
    }
    Ok(source)
}
