//! Takes leads in: authenticates the source, parses one format, answers when the arrival is durable.
//!
//! Senders are vendors' programs, web forms and `ripen import`. Nothing is decided here: an arrival goes to the
//! qualifier through `ripen.arrivals`, or rests in `spool` until it can.

mod arrival;
mod context;
mod durable;
mod endpoints;
mod formats;
mod header;
mod list;
mod list_turns;
mod normalise;
mod page;
mod prefer_wait;
mod quarantine;
mod receive;
pub mod rehearsal;
mod response;
pub mod schema;
mod sources;

use std::{convert::Infallible, time::Duration};

use axum::Router;
use ripen_queue::{LinkState, Queue};
use ripen_runtime::{
    every::{NextTick, every},
    lifecycle::Stop,
};

use utoipa::openapi::OpenApi;

pub use context::IntakeContext;

/// How often readiness is checked.
const CHECKED_EVERY: Duration = Duration::from_secs(1);
/// How long the database has to answer the check.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);

/// Intake's routes, to be merged with those of other roles and put under [`ripen_web::edge::around`].
pub fn router(context: IntakeContext) -> Router {
    endpoints::announce();
    endpoints::routes().with_state(context).into()
}

/// The description of intake's operations.
#[must_use]
pub fn openapi() -> OpenApi {
    endpoints::routes().into_openapi()
}

/// Intake's own work beside the requests: its readiness, the tidying of its memory, and the news that a source changed. Runs until the soft stop.
///
/// Intake is ready while RabbitMQ or the database takes arrivals; on the local transport that is the database alone.
///
/// # Errors
/// Never.
pub async fn service(context: IntakeContext, stop: Stop) -> Result<(), Infallible> {
    let checks = every("intake's readiness check", CHECKED_EVERY, stop.soft(), || async {
        tick(&context).await;
        Ok::<_, Infallible>(NextTick::InAPeriod)
    });
    tokio::join!(checks, sources::hear_changes(&context.store, &stop));
    // What senders left behind: the requests of those who still wait are waited for by the listener.
    context.durable.finish().await;
    Ok(())
}

async fn tick(context: &IntakeContext) {
    // Sources that send nothing any more would otherwise stay in memory for ever.
    context.rate.forget_idle();
    context.tokens.forget_idle();
    context.forms.forget_idle();
    context.visitors.forget_idle();
    context.programs.forget_idle();
    context.wrong.forget_idle();
    context.questions.forget_idle();
    context.list_questions.forget_idle();
    // The state costs nothing to read; the database is only asked where RabbitMQ does not take arrivals.
    let queue = context.transport.keeps(Queue::Arrivals) && context.transport.state().publishing == LinkState::Ready;
    // Without the limit, a database that hangs would leave the last state standing.
    let ready = queue || matches!(tokio::time::timeout(ANSWER_WITHIN, context.store.ping()).await, Ok(Ok(())));
    let state = if ready { Ok(()) } else { Err("neither RabbitMQ nor the database takes arrivals".to_owned()) };
    context.health.set("intake", state);
    // Ready nevertheless: the database takes what the queue would lose.
    let unfit = context.transport.unfit();
    context.health.note("arrivals", (!unfit.is_empty()).then(|| format!("kept in the database: {}", unfit.join("; "))));
}
