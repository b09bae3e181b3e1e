//! `/users`: who signs in. Admins add and change everybody; managers pause agents, and say what they speak, for whom they work and
//! by which clock.

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
use ripen_domain::{
    actor::{Permission, UserRole},
    id::{ClientId, UserId},
    user::Password,
};
use ripen_runtime::random::password;
use ripen_store::{client::client_record::ClientRecord, user::account::UserRecord};
use ripen_web::extract::{NamedFields, PathId, Query};
use serde::Deserialize;
use serde_html_form::de::empty_as_none;

use super::{
    csrf::CsrfForm,
    frame::{DeskPage, Place},
    refused::{FieldTrouble, PageRefusals, refused, troubles},
    viewer::Viewer,
};
use crate::context::DeskContext;

const ADMINS: &[UserRole] = &[UserRole::Admin];
const MANAGERS: &[UserRole] = &[UserRole::Admin, UserRole::Manager];

#[derive(Template)]
#[template(path = "people/users.html")]
struct UsersTemplate<'a> {
    users: Vec<UserLine<'a>>,
    clients: &'a [ClientRecord],
    csrf: String,
    typed: &'a NewUserForm,
    troubles: &'a [FieldTrouble],
    made: Option<MadeUser<'a>>,
    /// They add people and change everybody.
    is_admin: bool,
    edited: Option<EditedUser<'a>>,
}

/// Somebody who signs in, as a row.
struct UserLine<'a> {
    user: &'a UserRecord,
    /// Whose work they do, or whose broker they are.
    clients: String,
    may_pause: bool,
    may_edit: bool,
}

/// Somebody whose work at the desk is changed.
struct EditedUser<'a> {
    user: &'a UserRecord,
    languages: String,
    time_zone: String,
    clients: Vec<ClientChoice<'a>>,
    troubles: &'a [FieldTrouble],
}

/// A client that somebody may work for.
struct ClientChoice<'a> {
    client: &'a ClientRecord,
    is_chosen: bool,
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
    #[serde(default)]
    time_zone: String,
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

/// Whose work is changed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct UsersQuery {
    #[serde(deserialize_with = "empty_as_none")]
    edit: Option<UserId>,
}

impl NamedFields for UsersQuery {
    fn hint(_: &str) -> &'static str {
        "Write a user's id, user_…."
    }
}

/// Shows who signs in.
#[utoipa::path(get, path = "/users", operation_id = "show_users", tag = "pages",
    params(("edit" = Option<String>, Query, description = "Whose languages and clients are changed: user_….")),
    responses(
        (status = 200, description = "The page.", content_type = "text/html", body = String),
        (status = 303, description = "Nobody is signed in: to the form to sign in."),
        PageRefusals,
    ))]
pub async fn show(State(context): State<DeskContext>, viewer: Viewer, Query(query): Query<UsersQuery>) -> Response {
    if let Err(problem) = viewer.require(MANAGERS) {
        return problem.into_response();
    }
    let edit = query.edit.map(|user| EditSays { user, typed: None, troubles: &[] });
    page(&context, &viewer, StatusCode::OK, UsersSay { edit, ..UsersSay::default() }).await
}

/// Adds somebody.
#[utoipa::path(post, path = "/users", operation_id = "add_user", tag = "pages",
    request_body(content_type = "application/x-www-form-urlencoded", description = "`email`, `name`, `role`, `client`, `time_zone` (an IANA name, empty for their browser's), `invite`, `csrf`.", content = String),
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
        let says = UsersSay { typed: Some(&form), troubles: &[trouble], ..UsersSay::default() };
        return page(&context, &viewer, StatusCode::UNPROCESSABLE_ENTITY, says).await;
    };
    let made = if form.invite { String::new() } else { password() };
    let text = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let request = AddUser {
        email: form.email.clone(),
        name: text(&form.name),
        role,
        client: text(&form.client),
        password: (!form.invite).then(|| Password::typed(&made)),
        time_zone: text(&form.time_zone),
    };
    match context.actions.run(&viewer.actor, &request).await {
        Ok(_) => {
            let shown = MadeUser { email: form.email.trim(), password: &made };
            page(&context, &viewer, StatusCode::OK, UsersSay { made: Some(shown), ..UsersSay::default() }).await
        }
        Err(Refusal::Invalid(errors)) => {
            let says = UsersSay { typed: Some(&form), troubles: &troubles(&errors), ..UsersSay::default() };
            page(&context, &viewer, StatusCode::UNPROCESSABLE_ENTITY, says).await
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
    if let Err(problem) = viewer.require(MANAGERS) {
        return problem.into_response();
    }
    let request = SetUser { is_paused: Some(form.pause), ..SetUser::of(id) };
    match context.actions.run(&viewer.actor, &request).await {
        Ok(_) => Redirect::to("/users").into_response(),
        Err(refusal) => refused(&refusal).into_response(),
    }
}

/// What somebody speaks, for whom they work, and by which clock.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct DeskWorkForm {
    /// Languages with commas between them; empty for any.
    languages: String,
    /// Slugs; none for all.
    clients: Vec<String>,
    /// IANA name; empty for the browser's, and as it is where the form has none.
    time_zone: Option<String>,
}

impl NamedFields for DeskWorkForm {
    fn hint(_: &str) -> &'static str {
        "Write text."
    }
}

/// Changes what somebody speaks, for whom they work, and by which clock they read times.
#[utoipa::path(post, path = "/users/{id}/desk", operation_id = "set_user_desk", tag = "pages",
    params(("id" = String, Path, description = "The user's id, user_….")),
    request_body(content_type = "application/x-www-form-urlencoded", description = "`languages` with commas between them, empty for any; `clients`, a slug for each, none for all; `time_zone`, an IANA name, empty for the browser's; `csrf`.", content = String),
    responses(
        (status = 303, description = "Done: to the list; or nobody is signed in: to the form to sign in."),
        (status = 422, description = "The form with what is wrong, as a page.", content_type = "text/html", body = String),
        PageRefusals,
    ))]
pub async fn set_desk(
    State(context): State<DeskContext>,
    PathId(id): PathId<UserId>,
    posted: CsrfForm<DeskWorkForm>,
) -> Response {
    let CsrfForm { viewer, form } = posted;
    if let Err(problem) = viewer.require(MANAGERS) {
        return problem.into_response();
    }
    let spoken = form.languages.split([',', ';']).map(str::trim).filter(|one| !one.is_empty());
    let request = SetUser {
        languages: Some(spoken.map(str::to_owned).collect()),
        clients: Some(form.clients.clone()),
        time_zone: form.time_zone.as_deref().map(|zone| Some(zone.trim().to_owned()).filter(|zone| !zone.is_empty())),
        ..SetUser::of(id)
    };
    match context.actions.run(&viewer.actor, &request).await {
        Ok(_) => Redirect::to("/users").into_response(),
        Err(Refusal::Invalid(errors)) => {
            let edit = EditSays { user: id, typed: Some(&form), troubles: &troubles(&errors) };
            let says = UsersSay { edit: Some(edit), ..UsersSay::default() };
            page(&context, &viewer, StatusCode::UNPROCESSABLE_ENTITY, says).await
        }
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

/// What the page says beside the list.
#[derive(Default)]
struct UsersSay<'a> {
    /// What was typed to add somebody.
    typed: Option<&'a NewUserForm>,
    /// What is wrong with that.
    troubles: &'a [FieldTrouble],
    made: Option<MadeUser<'a>>,
    edit: Option<EditSays<'a>>,
}

/// Whose work is changed, and what was typed for it.
struct EditSays<'a> {
    user: UserId,
    typed: Option<&'a DeskWorkForm>,
    troubles: &'a [FieldTrouble],
}

async fn page(context: &DeskContext, viewer: &Viewer, status: StatusCode, says: UsersSay<'_>) -> Response {
    let read = async {
        Ok((list(&context.actions, &viewer.actor).await?, client::list(&context.actions, &viewer.actor).await?))
    };
    let (users, clients) = match read.await {
        Ok(read) => read,
        Err(refusal) => return refused(&refusal).into_response(),
    };
    let UsersSay { typed, troubles, made, edit } = says;
    let is_admin = viewer.actor.may(Permission::Administer);
    let none = NewUserForm::default();
    let content = UsersTemplate {
        users: users.iter().map(|user| line(user, &clients, (viewer.id(), is_admin))).collect(),
        clients: &clients,
        csrf: viewer.csrf(),
        typed: typed.unwrap_or(&none),
        troubles,
        made,
        is_admin,
        edited: edit.as_ref().and_then(|edit| edited(edit, &users, &clients, is_admin)),
    };
    DeskPage { title: "Users", place: Place::Users, viewer, query: "", content }.response(status)
}

fn line<'a>(user: &'a UserRecord, clients: &[ClientRecord], (me, is_admin): (UserId, bool)) -> UserLine<'a> {
    let of = |id: &ClientId| clients.iter().find(|client| client.id == *id).map(|client| client.name.as_str());
    let named: Vec<_> = user.client.iter().chain(&user.clients).filter_map(of).collect();
    let is_agent = user.role == UserRole::Agent;
    UserLine {
        clients: if named.is_empty() { "all".to_owned() } else { named.join(", ") },
        may_pause: user.id != me && (is_admin || is_agent),
        may_edit: is_editable(user, is_admin),
        user,
    }
}

/// Whose languages and clients may be set: a manager sets those of agents, and nobody those of a broker, who works for nobody.
fn is_editable(user: &UserRecord, is_admin: bool) -> bool {
    user.role == UserRole::Agent || is_admin && user.role != UserRole::Broker
}

/// The form of somebody's work; none where there is no such user, or it is not the viewer's to set.
fn edited<'a>(
    edit: &EditSays<'a>,
    users: &'a [UserRecord],
    clients: &'a [ClientRecord],
    is_admin: bool,
) -> Option<EditedUser<'a>> {
    let is_their = |user: &&UserRecord| is_editable(user, is_admin);
    let user = users.iter().filter(is_their).find(|user| user.id == edit.user)?;
    let is_chosen = |client: &ClientRecord| match edit.typed {
        Some(typed) => typed.clients.contains(&client.slug),
        None => user.clients.contains(&client.id),
    };
    Some(EditedUser {
        languages: edit.typed.map_or_else(|| user.languages.join(", "), |typed| typed.languages.clone()),
        time_zone: edit
            .typed
            .and_then(|typed| typed.time_zone.clone())
            .or_else(|| user.time_zone.clone())
            .unwrap_or_default(),
        clients: clients.iter().map(|client| ClientChoice { client, is_chosen: is_chosen(client) }).collect(),
        troubles: edit.troubles,
        user,
    })
}
