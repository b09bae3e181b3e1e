//! What clients and their sales people use: what was delivered, read again; what became of it, said by their programs or
//! behind a signed link.
//!
//! Nothing is graded or sent here: an outcome is recorded with what follows from it, and the qualifier decides the lead again.

mod context;
mod endpoints;
mod lookups;
mod mail_report;
mod page;
pub mod people;
pub mod schema;
mod view;

use std::{convert::Infallible, time::Duration};

use axum::Router;
use ripen_runtime::{
    config::Settings,
    every::{NextTick, every},
    lifecycle::Stop,
};

use ripen_store::StoreError;
use utoipa::openapi::{ComponentsBuilder, OpenApi, OpenApiBuilder};

pub use context::{DeskContext, DeskLinks, DeskSetupError};
pub use people::phone::PhoneSetupError;

/// Whether the telephone can be set up as it is configured.
///
/// # Errors
/// Names the key that cannot be used.
pub fn check_phone(settings: &Settings) -> Result<(), PhoneSetupError> {
    people::phone::DeskPhone::new(settings).map(|_| ())
}

/// How often readiness is checked.
const CHECKED_EVERY: Duration = Duration::from_secs(1);
/// How often sessions that are over and old wrong passwords are forgotten.
const FORGOTTEN_EVERY: Duration = Duration::from_secs(600);
/// How long the database has to answer the check.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);

/// The desk's routes, to be merged with those of other roles and put under [`ripen_web::edge::around`].
pub fn router(context: DeskContext) -> Router {
    endpoints::routes().with_state(context).into()
}

/// The description of the desk's operations.
#[must_use]
pub fn openapi() -> OpenApi {
    let mut document = endpoints::routes().into_openapi();
    // Parameters name these, and only bodies are collected from the handlers.
    let named = ComponentsBuilder::new()
        .schema_from::<people::leads::choices::LeadView>()
        .schema_from::<people::leads::choices::GradeChoice>()
        .schema_from::<people::leads::choices::StepChoice>()
        .schema_from::<people::leads::choices::SortChoice>()
        .schema_from::<people::leads::own_work::WorkerChoice>()
        .schema_from::<people::leads::own_work::DayChoice>()
        .schema_from::<people::leads::own_work::FollowedChoice>()
        .schema_from::<people::leads::changes::LeadChange>()
        .schema_from::<people::leads::timeline::TimelineShow>()
        .build();
    document.merge(OpenApiBuilder::new().components(Some(named)).build());
    document
}

/// The desk's own work beside the requests: its readiness and the tidying of its memory. Runs until the soft stop.
///
/// # Errors
/// Never.
pub async fn service(context: DeskContext, stop: Stop) -> Result<(), Infallible> {
    let checks = every("the desk's readiness check", CHECKED_EVERY, stop.soft(), || async {
        tick(&context).await;
        Ok::<_, Infallible>(NextTick::InAPeriod)
    });
    let forgets = every("forgetting sessions and wrong passwords", FORGOTTEN_EVERY, stop.soft(), || async {
        people::forget(&context).await?;
        Ok::<_, StoreError>(NextTick::InAPeriod)
    });
    tokio::join!(checks, forgets, context.live.run(&context.store, &stop));
    Ok(())
}

async fn tick(context: &DeskContext) {
    context.rate.forget_idle();
    context.lookups.forget_idle();
    context.forgotten.forget_idle();
    // Without the limit, a database that hangs would leave the last state standing.
    let ready = matches!(tokio::time::timeout(ANSWER_WITHIN, context.store.ping()).await, Ok(Ok(())));
    context.health.set("desk", if ready { Ok(()) } else { Err("the database is away".to_owned()) });
}
