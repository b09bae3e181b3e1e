//! `/api/v1/me`: the account behind the session or the token that asks, and the clock by which it reads times.

use axum::{Json, extract::State};
use jiff::Timestamp;
use ripen_actions::user::SetOwnZone;
use ripen_domain::id::{ClientId, UserId};
use ripen_store::user::account::UserRecord;
use ripen_web::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    context::DeskContext,
    people::{
        csrf::CsrfJson,
        refused::{ApiRefusals, refused},
        viewer::Viewer,
    },
};

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

/// What is to be otherwise of one's own account; what is left out stays.
#[derive(Deserialize, ToSchema)]
pub struct OwnAccountPatch {
    /// IANA name, by which times are read; empty for the browser's, and UTC where a program asks.
    #[schema(example = "America/Chicago")]
    time_zone: Option<String>,
}

/// Changes one's own account.
#[utoipa::path(patch, path = "/api/v1/me", operation_id = "change_me", tag = "desk", security(("user_token" = [])),
    request_body = OwnAccountPatch,
    responses((status = 200, description = "As it is now.", body = UserView), ApiRefusals))]
pub async fn set(
    State(context): State<DeskContext>,
    CsrfJson { mut viewer, body }: CsrfJson<OwnAccountPatch>,
) -> Result<Json<UserView>, Problem> {
    if let Some(zone) = body.time_zone {
        let time_zone = Some(zone.trim().to_owned()).filter(|zone| !zone.is_empty());
        let request = SetOwnZone { time_zone };
        context.actions.run(&viewer.actor, &request).await.map_err(|refusal| refused(&refusal))?;
        viewer.user.time_zone = request.time_zone;
    }
    Ok(Json(viewer.user.into()))
}
