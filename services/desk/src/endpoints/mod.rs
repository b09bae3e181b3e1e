//! The desk's addresses, and who may use them.

mod deliveries;
mod links;
mod outcomes;
mod reps;

use axum::{
    Router,
    http::HeaderMap,
    routing::{get, post},
};
use ripen_domain::{
    actor::{Actor, Scope, System},
    id::DeliveryId,
    secret::Secret,
};
use ripen_store::{StoreError, client::token::TokenHolder};
use ripen_web::{Problem, auth, catalogue};

use crate::{Context, page};

/// Every address.
pub fn routes() -> Router<Context> {
    Router::new()
        .route("/v1/deliveries", get(deliveries::many))
        .route("/v1/deliveries/held", get(deliveries::held))
        .route("/v1/deliveries/{id}", get(deliveries::one))
        .route("/v1/deliveries/{id}/outcomes", post(outcomes::say))
        .route("/o/{token}", get(links::show).post(links::say))
        .route("/r/{token}", get(reps::show))
        .route(page::STYLE_PATH, get(ripen_web::page::style))
}

/// The client whose token came with the request.
///
/// # Errors
/// 401 without a token, or with one that is wrong or revoked; 429 where it comes too often; 503 when nobody can tell.
async fn caller(context: &Context, headers: &HeaderMap) -> Result<TokenHolder, Problem> {
    let token = auth::bearer(headers)?;
    let found =
        context.store.client_token_holder(&Secret::given(token).hash()).await.map_err(|error| failed(&error))?;
    let holder =
        found.ok_or_else(|| Problem::new(&catalogue::UNAUTHENTICATED, "The token is not known, or was revoked."))?;
    context.rate.check(&holder.client)?;
    Ok(holder)
}

/// What may be looked up before it is known who asks: a signed link names the one thing it opens.
fn by_link() -> Scope {
    Actor::system(System::Desk).scope()
}

/// The actor behind a client's token.
fn actor_of(holder: &TokenHolder) -> Actor {
    Actor::token(holder.id, &holder.name, holder.client)
}

/// Reads a delivery's id from an address.
///
/// # Errors
/// 404 where it is none.
fn delivery_id(text: &str) -> Result<DeliveryId, Problem> {
    text.parse().map_err(|_| Problem::new(&catalogue::NOT_FOUND, "This is no delivery's id; those begin with dlv_."))
}

/// The answer for what is not there, or another client's.
fn unknown() -> Problem {
    Problem::new(&catalogue::NOT_FOUND, "No delivery with this id was sent to this client.")
}

fn failed(error: &StoreError) -> Problem {
    if error.is_unreachable() || error.is_conflict() {
        tracing::warn!(%error, "a client's request could not be carried out");
        return Problem::unavailable("The database cannot be reached now. Nothing was changed.");
    }
    tracing::error!(%error, "a client's request could not be carried out");
    Problem::internal()
}
