//! `/users`: who signs in, for admins.

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use ripen_actions::{
    Refusal, client,
    user::{AddUser, SetUser, list},
    user_link::InviteUser,
};
use ripen_domain::{actor::UserRole, id::UserId, user::Password};
use ripen_runtime::random::password;
use ripen_store::{client::client_record::ClientRecord, user::account::UserRecord};
use ripen_web::extract::{NamedFields, PathId};
use serde::Deserialize;

use super::{
    csrf::CsrfForm,
    frame::{DeskPage, Place},
    refused::{FieldTrouble, PageRefusals, refused, troubles},
    viewer::Viewer,
};
use crate::context::DeskContext;

const ADMINS: &[UserRole] = &[UserRole::Admin];

#[derive(Template)]
#[template(path = "people/users.html")]
struct UsersTemplate<'a> {
    users: &'a [UserRecord],
    clients: &'a [ClientRecord],
    csrf: String,
    typed: &'a NewUserForm,
    troubles: &'a [FieldTrouble],
    made: Option<MadeUser<'a>>,
    me: UserId,
}

/// What is shown once of somebody who was just added.
#[derive(Clone, Copy)]
struct MadeUser<'a> {
    email: &'a str,
    password: &'a str,
}

/// The form to add somebody.
#[derive(Debug, Default, Deserialize)]
pub struct NewUserForm {
    #[serde(default)]
    email: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    client: String,
    #[serde(default)]
    invite: bool,
}

impl NamedFields for NewUserForm {
    fn hint(_: &str) -> &'static str {
        "Write text; of invite, true or nothing."
    }
}

impl NewUserForm {
    fn trouble<'a>(troubles: &'a [FieldTrouble], field: &str) -> &'a str {
        troubles.iter().find(|trouble| trouble.field == field).map_or("", |trouble| trouble.message.as_str())
    }
}

/// Shows who signs in.
#[utoipa::path(get, path = "/users", operation_id = "show_users", tag = "pages",
    responses(
        (status = 200, description = "The page.", content_type = "text/html", body = String),
        (status = 303, description = "Nobody is signed in: to the form to sign in."),
        PageRefusals,
    ))]
pub async fn show(State(context): State<DeskContext>, viewer: Viewer) -> Response {
    if let Err(problem) = viewer.require(ADMINS) {
        return problem.into_response();
    }
    page(&context, &viewer, StatusCode::OK, (&NewUserForm::default(), &[], None)).await
}

/// Adds somebody.
#[utoipa::path(post, path = "/users", operation_id = "add_user", tag = "pages",
    request_body(content_type = "application/x-www-form-urlencoded", description = "`email`, `name`, `role`, `client`, `invite`, `csrf`.", content = String),
    responses(
        (status = 200, description = "Added, with the password, as a page.", content_type = "text/html", body = String),
        (status = 303, description = "Nobody is signed in: to the form to sign in."),
        (status = 422, description = "The form with what is wrong, as a page.", content_type = "text/html", body = String),
        PageRefusals,
    ))]
pub async fn add(State(context): State<DeskContext>, posted: CsrfForm<NewUserForm>) -> Response {
    let CsrfForm { viewer, form } = posted;
    if let Err(problem) = viewer.require(ADMINS) {
        return problem.into_response();
    }
    let Ok(role) = form.role.parse::<UserRole>() else {
        let trouble = FieldTrouble { field: "role".to_owned(), message: "Choose what they are there for.".to_owned() };
        return page(&context, &viewer, StatusCode::UNPROCESSABLE_ENTITY, (&form, &[trouble], None)).await;
    };
    let made = if form.invite { String::new() } else { password() };
    let text = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let request = AddUser {
        email: form.email.clone(),
        name: text(&form.name),
        role,
        client: text(&form.client),
        password: (!form.invite).then(|| Password::typed(&made)),
    };
    match context.actions.run(&viewer.actor, &request).await {
        Ok(_) => {
            let shown = MadeUser { email: form.email.trim(), password: &made };
            page(&context, &viewer, StatusCode::OK, (&NewUserForm::default(), &[], Some(shown))).await
        }
        Err(Refusal::Invalid(errors)) => {
            page(&context, &viewer, StatusCode::UNPROCESSABLE_ENTITY, (&form, &troubles(&errors), None)).await
        }
        Err(refusal) => refused(&refusal).into_response(),
    }
}

/// What is to become of somebody.
#[derive(Debug, Deserialize)]
pub struct UserStateForm {
    #[serde(default)]
    pause: bool,
}

impl NamedFields for UserStateForm {
    fn hint(_: &str) -> &'static str {
        "Write true or false."
    }
}

/// Pauses somebody, or lets them sign in again.
#[utoipa::path(post, path = "/users/{id}/state", operation_id = "set_user_state", tag = "pages",
    params(("id" = String, Path, description = "The user's id, user_….")),
    request_body(content_type = "application/x-www-form-urlencoded", description = "`pause` (true or false), `csrf`.", content = String),
    responses(
        (status = 303, description = "Done: to the list; or nobody is signed in: to the form to sign in."),
        PageRefusals,
    ))]
pub async fn set_state(
    State(context): State<DeskContext>,
    PathId(id): PathId<UserId>,
    posted: CsrfForm<UserStateForm>,
) -> Response {
    let CsrfForm { viewer, form } = posted;
    if let Err(problem) = viewer.require(ADMINS) {
        return problem.into_response();
    }
    let request = SetUser { is_paused: Some(form.pause), ..SetUser::of(id) };
    match context.actions.run(&viewer.actor, &request).await {
        Ok(_) => Redirect::to("/users").into_response(),
        Err(refusal) => refused(&refusal).into_response(),
    }
}

/// Nothing beside the token of the session.
#[derive(Debug, Default, Deserialize)]
pub struct NothingForm {}

impl NamedFields for NothingForm {
    fn hint(_: &str) -> &'static str {
        "Nothing belongs here."
    }
}

/// Mails somebody who has no password yet another invitation.
#[utoipa::path(post, path = "/users/{id}/invite", operation_id = "invite_user", tag = "pages",
    params(("id" = String, Path, description = "The user's id, user_….")),
    request_body(content_type = "application/x-www-form-urlencoded", description = "`csrf`.", content = String),
    responses(
        (status = 303, description = "On its way: to the list; or nobody is signed in: to the form to sign in."),
        PageRefusals,
    ))]
pub async fn invite(
    State(context): State<DeskContext>,
    PathId(user): PathId<UserId>,
    posted: CsrfForm<NothingForm>,
) -> Response {
    if let Err(problem) = posted.viewer.require(ADMINS) {
        return problem.into_response();
    }
    match context.actions.run(&posted.viewer.actor, &InviteUser { user }).await {
        Ok(_) => Redirect::to("/users").into_response(),
        Err(refusal) => refused(&refusal).into_response(),
    }
}

type UsersSay<'a> = (&'a NewUserForm, &'a [FieldTrouble], Option<MadeUser<'a>>);

async fn page(
    context: &DeskContext,
    viewer: &Viewer,
    status: StatusCode,
    (typed, troubles, made): UsersSay<'_>,
) -> Response {
    let read = async {
        Ok((list(&context.actions, &viewer.actor).await?, client::list(&context.actions, &viewer.actor).await?))
    };
    let (users, clients) = match read.await {
        Ok(read) => read,
        Err(refusal) => return refused(&refusal).into_response(),
    };
    let content =
        UsersTemplate { users: &users, clients: &clients, csrf: viewer.csrf(), typed, troubles, made, me: viewer.id() };
    DeskPage { title: "Users", place: Place::Users, viewer, query: "", content }.response(status)
}
