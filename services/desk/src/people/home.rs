//! `/`: the first page of whoever is signed in; for everybody else, what answers here and where to sign in.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use ripen_domain::actor::UserRole;

use super::viewer::{NotSignedIn, Viewer};
use crate::{context::DeskContext, page};

/// Leads to the first page of the role, or says what answers here.
#[utoipa::path(get, path = "/", operation_id = "show_home", tag = "pages",
    responses(
        (status = 200, description = "Nobody is signed in: what answers here.", content_type = "text/html", body = String),
        (status = 303, description = "To the first page of the role."),
    ))]
pub async fn show(State(context): State<DeskContext>, viewer: Result<Viewer, NotSignedIn>) -> Response {
    match viewer {
        Ok(viewer) => Redirect::to(first_page(viewer.role())).into_response(),
        Err(NotSignedIn::Nobody(_)) => page::home(context.home),
        Err(refused) => refused.into_response(),
    }
}

/// Where a role begins.
const fn first_page(role: UserRole) -> &'static str {
    // Managers look before they work; agents work.
    match role {
        UserRole::Agent => "/work",
        UserRole::Admin | UserRole::Manager => "/queues",
        UserRole::Broker => "/leads",
    }
}
