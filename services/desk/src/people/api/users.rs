//! `/api/v1/users`: who signs in. Managers read it, and change whether an agent works, in which languages, for whom and by which clock.

use axum::{Json, extract::State, http::StatusCode};
use ripen_actions::{
    user::{AddUser, SetUser, find, list},
    user_link::InviteUser,
};
use ripen_domain::{actor::UserRole, id::UserId, user::Password};
use ripen_runtime::random::password;
use ripen_web::{FieldProblem, Problem, catalogue, extract::PathId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::me::UserView;
use crate::{
    context::DeskContext,
    people::{
        csrf::{CsrfHeader, CsrfJson},
        refused::{ApiRefusals, refused},
        viewer::Viewer,
    },
};

const ADMINS: &[UserRole] = &[UserRole::Admin];
const MANAGERS: &[UserRole] = &[UserRole::Admin, UserRole::Manager];

/// Everybody who signs in.
#[derive(Serialize, ToSchema)]
pub struct UserList {
    /// By name.
    users: Vec<UserView>,
}

/// Lists who signs in.
#[utoipa::path(get, path = "/api/v1/users", operation_id = "list_users", tag = "desk", security(("user_token" = [])),
    responses((status = 200, description = "Everybody.", body = UserList), ApiRefusals))]
pub async fn many(State(context): State<DeskContext>, viewer: Viewer) -> Result<Json<UserList>, Problem> {
    viewer.require(MANAGERS)?;
    let users = list(&context.actions, &viewer.actor).await.map_err(|refusal| refused(&refusal))?;
    Ok(Json(UserList { users: users.into_iter().map(UserView::from).collect() }))
}

/// Shows somebody who signs in.
#[utoipa::path(get, path = "/api/v1/users/{id}", operation_id = "get_user", tag = "desk", security(("user_token" = [])),
    params(("id" = String, Path, description = "The user's id, user_….")),
    responses((status = 200, description = "The user.", body = UserView), ApiRefusals))]
pub async fn one(
    State(context): State<DeskContext>,
    viewer: Viewer,
    PathId(id): PathId<UserId>,
) -> Result<Json<UserView>, Problem> {
    viewer.require(MANAGERS)?;
    let user = find(&context.actions, &viewer.actor, &id.to_string()).await.map_err(|refusal| refused(&refusal))?;
    Ok(Json(user.into()))
}

/// Somebody to add.
#[derive(Deserialize, ToSchema)]
pub struct NewUserBody {
    /// What they sign in with.
    email: String,
    /// What colleagues read; the part of the address before the @ where it is left out.
    name: Option<String>,
    /// `admin`, `manager`, `agent` or `broker`.
    #[schema(example = "agent")]
    role: String,
    /// A broker's client, by its slug.
    client: Option<String>,
    /// They are mailed a link by which they choose their password; none is made then.
    #[serde(default)]
    invite: bool,
    /// IANA name of the clock by which they read times; empty or left out for their browser's, and UTC where a program asks.
    #[schema(example = "America/Chicago")]
    time_zone: Option<String>,
}

/// Somebody who was added.
#[derive(Serialize, ToSchema)]
pub struct AddedUser {
    /// Their id.
    #[schema(value_type = String, example = "user_01kahxq5z5e4y9wd3tvdnzxkqj")]
    id: UserId,
    /// What they sign in with at once, shown this once; none where they were invited.
    password: Option<String>,
}

fn unless_empty(text: String) -> Option<String> {
    (!text.trim().is_empty()).then(|| text.trim().to_owned())
}

fn role_of(word: &str) -> Result<UserRole, Problem> {
    word.parse().map_err(|_| {
        let message = "Write admin, manager, agent or broker.";
        let wrong = FieldProblem { pointer: "/role".into(), code: "invalid", message: message.into() };
        Problem::new(&catalogue::INVALID_REQUEST, format!("role: {message}")).with_errors(vec![wrong])
    })
}

/// Adds somebody who signs in.
#[utoipa::path(post, path = "/api/v1/users", operation_id = "create_user", tag = "desk", security(("user_token" = [])),
    request_body = NewUserBody,
    responses((status = 201, description = "Added.", body = AddedUser), ApiRefusals))]
pub async fn add(
    State(context): State<DeskContext>,
    CsrfJson { viewer, body }: CsrfJson<NewUserBody>,
) -> Result<(StatusCode, Json<AddedUser>), Problem> {
    viewer.require(ADMINS)?;
    let made = (!body.invite).then(password);
    let request = AddUser {
        email: body.email,
        name: body.name,
        role: role_of(&body.role)?,
        client: body.client,
        password: made.as_deref().map(Password::typed),
        time_zone: body.time_zone.and_then(unless_empty),
    };
    let id = context.actions.run(&viewer.actor, &request).await.map_err(|refusal| refused(&refusal))?;
    Ok((StatusCode::CREATED, Json(AddedUser { id, password: made })))
}

/// What is to be otherwise of somebody; what is left out stays.
#[derive(Deserialize, ToSchema)]
pub struct UserPatch {
    /// What colleagues read.
    name: Option<String>,
    /// `admin`, `manager`, `agent` or `broker`.
    role: Option<String>,
    /// A broker's client, by its slug.
    client: Option<String>,
    /// They sign in no more, and all sessions, tokens and links end for good; or they sign in again.
    paused: Option<bool>,
    /// Languages they speak (BCP 47); empty for any.
    languages: Option<Vec<String>>,
    /// Clients they work for, by their slugs; empty for all.
    works_for: Option<Vec<String>>,
    /// IANA name, by which they read times; empty for the browser's, and UTC where a program asks.
    time_zone: Option<String>,
    /// BCP 47; empty for the browser's.
    locale: Option<String>,
}

/// Changes somebody who signs in. A manager changes `paused`, `languages`, `works_for` and `time_zone` of agents; of others, and all else, is an
/// admin's to change.
#[utoipa::path(patch, path = "/api/v1/users/{id}", operation_id = "change_user", tag = "desk", security(("user_token" = [])),
    params(("id" = String, Path, description = "The user's id, user_….")),
    request_body = UserPatch,
    responses((status = 200, description = "As they are now.", body = UserView), ApiRefusals))]
pub async fn set(
    State(context): State<DeskContext>,
    PathId(id): PathId<UserId>,
    CsrfJson { viewer, body }: CsrfJson<UserPatch>,
) -> Result<Json<UserView>, Problem> {
    viewer.require(MANAGERS)?;
    let request = SetUser {
        name: body.name,
        role: body.role.as_deref().map(role_of).transpose()?,
        client: body.client,
        is_paused: body.paused,
        languages: body.languages,
        clients: body.works_for,
        time_zone: body.time_zone.map(unless_empty),
        locale: body.locale.map(unless_empty),
        ..SetUser::of(id)
    };
    let user = context.actions.run(&viewer.actor, &request).await.map_err(|refusal| refused(&refusal))?;
    Ok(Json(user.into()))
}

/// An invitation that was asked for.
#[derive(Serialize, ToSchema)]
pub struct InvitedUser {
    /// Who.
    #[schema(value_type = String, example = "user_01kahxq5z5e4y9wd3tvdnzxkqj")]
    id: UserId,
    /// A mail is on its way; false where one was mailed within the last minute.
    mailed: bool,
}

/// Mails somebody who has no password yet another invitation; a 409 for who has one or is paused, and where no mail can have a link.
#[utoipa::path(post, path = "/api/v1/users/{id}/invite", operation_id = "invite_user_again", tag = "desk",
    security(("user_token" = [])),
    params(("id" = String, Path, description = "The user's id, user_….")),
    responses(
        (status = 200, description = "Owed now, or mailed within the last minute.", body = InvitedUser),
        ApiRefusals,
    ))]
pub async fn invite(
    State(context): State<DeskContext>,
    PathId(user): PathId<UserId>,
    CsrfHeader(viewer): CsrfHeader,
) -> Result<Json<InvitedUser>, Problem> {
    viewer.require(ADMINS)?;
    let mailed = context.actions.run(&viewer.actor, &InviteUser { user }).await.map_err(|refusal| refused(&refusal))?;
    Ok(Json(InvitedUser { id: user, mailed }))
}
