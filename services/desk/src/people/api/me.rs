//! `GET /api/v1/me`: the account behind the session or the token that asks.

use axum::Json;
use jiff::Timestamp;
use ripen_domain::id::{ClientId, UserId};
use ripen_store::user::account::UserRecord;
use serde::Serialize;
use utoipa::ToSchema;

use crate::people::{refused::ApiRefusals, viewer::Viewer};

/// Somebody who signs in.
#[derive(Serialize, ToSchema)]
pub struct UserView {
    /// Their id.
    #[schema(value_type = String, example = "user_01kahxq5z5e4y9wd3tvdnzxkqj")]
    id: UserId,
    /// What they sign in with.
    email: String,
    /// What colleagues read.
    name: String,
    /// `admin`, `manager`, `agent` or `broker`.
    #[schema(example = "agent")]
    role: &'static str,
    /// A broker's client.
    #[schema(value_type = Option<String>)]
    client: Option<ClientId>,
    /// `active`, `invited` (without a password yet) or `paused`.
    #[schema(example = "active")]
    state: &'static str,
    /// Languages they speak; empty for any.
    languages: Vec<String>,
    /// Clients they work for; empty for all.
    #[schema(value_type = Vec<String>)]
    works_for: Vec<ClientId>,
    /// IANA name; none for the browser's.
    time_zone: Option<String>,
    /// BCP 47.
    locale: Option<String>,
    /// When they were added.
    created_at: Timestamp,
}

impl From<UserRecord> for UserView {
    fn from(user: UserRecord) -> Self {
        let state = match (user.is_paused, user.password_at) {
            (true, _) => "paused",
            (false, None) => "invited",
            (false, Some(_)) => "active",
        };
        Self {
            id: user.id,
            email: user.email,
            name: user.name,
            role: user.role.word(),
            client: user.client,
            state,
            languages: user.languages,
            works_for: user.clients,
            time_zone: user.time_zone,
            locale: user.locale,
            created_at: user.created_at,
        }
    }
}

/// Who asks: the user whose token it is, or who is signed in.
#[utoipa::path(get, path = "/api/v1/me", operation_id = "get_me", tag = "desk", security(("user_token" = [])),
    responses((status = 200, description = "The user.", body = UserView), ApiRefusals))]
pub async fn show(viewer: Viewer) -> Json<UserView> {
    Json(viewer.user.into())
}
