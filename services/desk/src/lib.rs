//! What clients and their sales people use: what was delivered, read again; what became of it, said by their programs or
//! behind a signed link.
//!
//! Nothing is graded or sent here: an outcome is recorded with what follows from it, and the qualifier decides the lead again.

mod context;
mod endpoints;
mod page;
pub mod schema;
mod view;

use std::{convert::Infallible, time::Duration};

use axum::Router;
use ripen_runtime::{
    every::{NextTick, every},
    lifecycle::Stop,
};

use utoipa::openapi::OpenApi;

pub use context::DeskContext;

/// How often readiness is checked.
const CHECKED_EVERY: Duration = Duration::from_secs(1);
/// How long the database has to answer the check.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);

/// The desk's routes, to be merged with those of other roles and put under [`ripen_web::edge::around`].
pub fn router(context: DeskContext) -> Router {
    endpoints::routes().with_state(context).into()
}

/// The description of the desk's operations.
#[must_use]
pub fn openapi() -> OpenApi {
    endpoints::routes().into_openapi()
}

/// The desk's own work beside the requests: its readiness and the tidying of its memory. Runs until the soft stop.
///
/// # Errors
/// Never.
pub async fn service(context: DeskContext, stop: Stop) -> Result<(), Infallible> {
    every("the desk's readiness check", CHECKED_EVERY, stop.soft(), || async {
        tick(&context).await;
        Ok::<_, Infallible>(NextTick::InAPeriod)
    })
    .await;
    Ok(())
}

async fn tick(context: &DeskContext) {
    context.rate.forget_idle();
    // Without the limit, a database that hangs would leave the last state standing.
    let ready = matches!(tokio::time::timeout(ANSWER_WITHIN, context.store.ping()).await, Ok(Ok(())));
    context.health.set("desk", if ready { Ok(()) } else { Err("the database is away".to_owned()) });
}
