//! `/api/v1/sessions`: the browsers in which whoever asks is signed in; and the password, with which all others end.

use axum::{Json, extract::State, http::StatusCode};
use jiff::Timestamp;
use ripen_actions::{
    sign_in::{SignOut, sessions},
    user_password::{ChangePassword, SetPassword, change},
};
use ripen_domain::user::Password;
use ripen_web::{Problem, extract::PathId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    context::DeskContext,
    people::{
        csrf::{CsrfHeader, CsrfJson},
        refused::{ApiRefusals, refused},
        viewer::{Credential, Viewer},
    },
};

/// A browser in which whoever asks is signed in.
#[derive(Serialize, ToSchema)]
pub struct OwnSessionView {
    /// What ends it: a hash, from which nobody finds the cookie.
    id: String,
    /// The browser, as it names itself.
    browser: String,
    /// When it was signed in.
    #[schema(value_type = String)]
    created_at: Timestamp,
    /// When it last asked for something, to the minute.
    #[schema(value_type = String)]
    seen_at: Timestamp,
    /// It is the one that asks; a program never is one.
    current: bool,
}

/// The browsers in which whoever asks is signed in.
#[derive(Serialize, ToSchema)]
pub struct OwnSessionList {
    /// The last seen first, at most 100.
    sessions: Vec<OwnSessionView>,
}

/// Lists the browsers in which one is signed in.
#[utoipa::path(get, path = "/api/v1/sessions", operation_id = "list_sessions", tag = "desk", security(("user_token" = [])),
    responses((status = 200, description = "The browsers.", body = OwnSessionList), ApiRefusals))]
pub async fn many(State(context): State<DeskContext>, viewer: Viewer) -> Result<Json<OwnSessionList>, Problem> {
    let found = sessions(&context.actions, &viewer.actor).await.map_err(|refusal| refused(&refusal))?;
    let this = hash_of(&viewer);
    let sessions = found.into_iter().map(|session| OwnSessionView {
        id: hex::encode(session.hash),
        browser: session.agent,
        created_at: session.created_at,
        seen_at: session.seen_at,
        current: Some(session.hash) == this,
    });
    Ok(Json(OwnSessionList { sessions: sessions.collect() }))
}

/// The session that asks; none of a program.
fn hash_of(viewer: &Viewer) -> Option<[u8; 32]> {
    match &viewer.credential {
        Credential::Session(session) => Some(session.hash()),
        Credential::Token => None,
    }
}

/// Signs a browser of one's own out.
#[utoipa::path(delete, path = "/api/v1/sessions/{id}", operation_id = "end_own_session", tag = "desk", security(("user_token" = [])),
    params(("id" = String, Path, description = "The session's id, as the list has it.")),
    responses(
        (status = 204, description = "It is signed out. One that is over already is a 404."),
        ApiRefusals,
    ))]
pub async fn end(
    State(context): State<DeskContext>,
    PathId(id): PathId<String>,
    CsrfHeader(viewer): CsrfHeader,
) -> Result<StatusCode, Problem> {
    let mut hash = [0; 32];
    hex::decode_to_slice(&id, &mut hash).map_err(|_| Problem::not_found())?;
    context.actions.run(&viewer.actor, &SignOut { hash }).await.map_err(|refusal| refused(&refusal))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Another password of one's own.
#[derive(Deserialize, ToSchema)]
pub struct OwnPasswordBody {
    /// The one until now.
    #[schema(format = Password)]
    old: String,
    /// What it is to be, of 10 characters at least.
    #[schema(format = Password)]
    password: String,
}

/// Changes one's own password. Every other browser is signed out, of a program's user all of them; tokens go on. A 422 says of `old` that
/// it is not the password (`wrong`) or that too many wrong ones came before (`locked`), of `password` that it is too weak (`weak`).
#[utoipa::path(post, path = "/api/v1/me/password", operation_id = "change_own_password", tag = "desk", security(("user_token" = [])),
    request_body = OwnPasswordBody,
    responses((status = 204, description = "Changed."), ApiRefusals))]
pub async fn change_password(
    State(context): State<DeskContext>,
    CsrfJson { viewer, body }: CsrfJson<OwnPasswordBody>,
) -> Result<StatusCode, Problem> {
    let set = SetPassword {
        user: viewer.id(),
        chosen: Password::typed(&body.password),
        but: hash_of(&viewer),
        by_link: None,
        time_zone: None,
    };
    let wanted = ChangePassword { old: Password::typed(&body.old), set };
    change(&context.actions, &viewer.actor, &wanted).await.map_err(|refusal| refused(&refusal))?;
    Ok(StatusCode::NO_CONTENT)
}
