//! `/account`: what is one's own: time zone, password, browsers that are signed in, tokens of programs, theme.

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use cookie::{Cookie, SameSite};
use jiff::Timestamp;
use ripen_actions::{
    Refusal,
    sign_in::{SignOut, sessions},
    user::SetOwnZone,
    user_password::{ChangePassword, SetPassword},
    user_token::{AddUserToken, RevokeUserToken, list},
};
use ripen_domain::{id::TokenId, user::Password};
use ripen_store::user::{session::SessionRecord, token::UserTokenRecord};
use ripen_web::extract::{NamedFields, PathId};
use serde::Deserialize;

use super::{
    csrf::CsrfForm,
    frame::{DeskPage, Place},
    refused::{PageRefusals, refused},
    sign_in::{own_path, with_cookie},
    viewer::{Credential, THEME_COOKIE, Viewer},
    when::When,
};
use crate::context::DeskContext;

#[derive(Template)]
#[template(path = "people/account.html")]
struct AccountTemplate<'a> {
    viewer: &'a Viewer,
    csrf: String,
    sessions: Vec<ShownSession>,
    tokens: &'a [UserTokenRecord],
    when: When,
    /// As typed, else the account's.
    time_zone: &'a str,
    says: AccountSays<'a>,
}

struct ShownSession {
    /// What ends it: its hash, from which nobody finds the cookie.
    name: String,
    agent: String,
    seen_at: Timestamp,
    is_this: bool,
}

/// What the page says beside what it shows.
#[derive(Debug, Default, Clone, Copy)]
struct AccountSays<'a> {
    old: &'a str,
    chosen: &'a str,
    token_name: &'a str,
    token: &'a str,
    done: &'a str,
    zone: ZoneSays<'a>,
}

/// A time zone that could not be used.
#[derive(Debug, Default, Clone, Copy)]
struct ZoneSays<'a> {
    typed: &'a str,
    wrong: &'a str,
}

/// Shows the account.
#[utoipa::path(get, path = "/account", operation_id = "show_account", tag = "pages",
    responses(
        (status = 200, description = "The page.", content_type = "text/html", body = String),
        (status = 303, description = "Nobody is signed in: to the form to sign in."),
        PageRefusals,
    ))]
pub async fn show(State(context): State<DeskContext>, viewer: Viewer) -> Response {
    page(&context, &viewer, StatusCode::OK, AccountSays::default()).await
}

/// The form to change the password.
#[derive(Deserialize)]
pub struct PasswordForm {
    #[serde(default)]
    old: String,
    #[serde(default)]
    chosen: String,
}

impl NamedFields for PasswordForm {
    fn hint(_: &str) -> &'static str {
        "Write text."
    }
}

/// Changes the password; every other browser is signed out.
#[utoipa::path(post, path = "/account/password", operation_id = "change_password", tag = "pages",
    request_body(content_type = "application/x-www-form-urlencoded", description = "`old`, `chosen`, `csrf`.", content = String),
    responses(
        (status = 200, description = "Done, as a page.", content_type = "text/html", body = String),
        (status = 303, description = "Nobody is signed in: to the form to sign in."),
        (status = 422, description = "The form with what is wrong, as a page.", content_type = "text/html", body = String),
        PageRefusals,
    ))]
pub async fn change_password(State(context): State<DeskContext>, posted: CsrfForm<PasswordForm>) -> Response {
    let CsrfForm { viewer, form } = posted;
    let Credential::Session(session) = &viewer.credential else {
        return ripen_web::Problem::not_found().into_response();
    };
    let set = SetPassword {
        user: viewer.id(),
        chosen: Password::typed(&form.chosen),
        but: Some(session.hash()),
        by_link: None,
        time_zone: None,
    };
    let change = ChangePassword { old: Password::typed(&form.old), set };
    let wrong = |says| page(&context, &viewer, StatusCode::UNPROCESSABLE_ENTITY, says);
    match ripen_actions::user_password::change(&context.actions, &viewer.actor, &change).await {
        Ok(()) => {
            let done = "The password is changed, and every other browser is signed out.";
            page(&context, &viewer, StatusCode::OK, AccountSays { done, ..AccountSays::default() }).await
        }
        Err(Refusal::Invalid(errors)) => {
            let of = |field: &str| errors.iter().find(|error| error.field == field).map(|error| error.message.clone());
            let (old, chosen) = (of("old").unwrap_or_default(), of("password").unwrap_or_default());
            wrong(AccountSays { old: &old, chosen: &chosen, ..AccountSays::default() }).await
        }
        Err(refusal) => refused(&refusal).into_response(),
    }
}

/// The form of the time zone.
#[derive(Deserialize)]
pub struct ZoneForm {
    #[serde(default)]
    time_zone: String,
}

impl NamedFields for ZoneForm {
    fn hint(_: &str) -> &'static str {
        "Write text."
    }
}

/// Sets the clock by which one reads times.
#[utoipa::path(post, path = "/account/time-zone", operation_id = "set_own_time_zone", tag = "pages",
    request_body(content_type = "application/x-www-form-urlencoded", description = "`time_zone`, an IANA name, empty for the browser's; `csrf`.", content = String),
    responses(
        (status = 303, description = "Done: to the account; or nobody is signed in: to the form to sign in."),
        (status = 422, description = "The form with what is wrong, as a page.", content_type = "text/html", body = String),
        PageRefusals,
    ))]
pub async fn set_zone(State(context): State<DeskContext>, posted: CsrfForm<ZoneForm>) -> Response {
    let CsrfForm { viewer, form } = posted;
    let typed = form.time_zone.trim();
    let request = SetOwnZone { time_zone: (!typed.is_empty()).then(|| typed.to_owned()) };
    match context.actions.run(&viewer.actor, &request).await {
        Ok(()) => Redirect::to("/account").into_response(),
        Err(Refusal::Invalid(errors)) => {
            let words = errors.first().map(|error| error.message.clone()).unwrap_or_default();
            let says = AccountSays { zone: ZoneSays { typed, wrong: &words }, ..AccountSays::default() };
            page(&context, &viewer, StatusCode::UNPROCESSABLE_ENTITY, says).await
        }
        Err(refusal) => refused(&refusal).into_response(),
    }
}

/// Which browser is to be signed out.
#[derive(Deserialize)]
pub struct EndSessionForm {
    #[serde(default)]
    session: String,
}

impl NamedFields for EndSessionForm {
    fn hint(_: &str) -> &'static str {
        "Choose a browser of the list."
    }
}

/// Signs another browser of one's own out.
#[utoipa::path(post, path = "/account/sessions/end", operation_id = "end_session", tag = "pages",
    request_body(content_type = "application/x-www-form-urlencoded", description = "`session`, `csrf`.", content = String),
    responses(
        (status = 303, description = "Done, or it was over already: to the account; or nobody is signed in: to the form to sign in."),
        PageRefusals,
    ))]
pub async fn end_session(State(context): State<DeskContext>, posted: CsrfForm<EndSessionForm>) -> Response {
    let mut hash = [0; 32];
    if hex::decode_to_slice(&posted.form.session, &mut hash).is_err() {
        return ripen_web::Problem::not_found().into_response();
    }
    match context.actions.run(&posted.viewer.actor, &SignOut { hash }).await {
        // Over by now is what was asked for; and another's session looks the same.
        Ok(()) | Err(Refusal::Missing { .. }) => Redirect::to("/account").into_response(),
        Err(refusal) => refused(&refusal).into_response(),
    }
}

/// The form to make a token.
#[derive(Deserialize)]
pub struct TokenForm {
    #[serde(default)]
    name: String,
}

impl NamedFields for TokenForm {
    fn hint(_: &str) -> &'static str {
        "Write text."
    }
}

/// Makes a token of one's own, shown once.
#[utoipa::path(post, path = "/account/tokens", operation_id = "add_user_token", tag = "pages",
    request_body(content_type = "application/x-www-form-urlencoded", description = "`name`, `csrf`.", content = String),
    responses(
        (status = 200, description = "Made, with the token, as a page.", content_type = "text/html", body = String),
        (status = 303, description = "Nobody is signed in: to the form to sign in."),
        (status = 422, description = "The form with what is wrong, as a page.", content_type = "text/html", body = String),
        PageRefusals,
    ))]
pub async fn add_token(State(context): State<DeskContext>, posted: CsrfForm<TokenForm>) -> Response {
    let CsrfForm { viewer, form } = posted;
    match context.actions.run(&viewer.actor, &AddUserToken { name: form.name }).await {
        Ok(made) => {
            let says = AccountSays { token: made.token.reveal(), ..AccountSays::default() };
            page(&context, &viewer, StatusCode::OK, says).await
        }
        Err(Refusal::Invalid(errors)) => {
            let words = errors.first().map(|error| error.message.clone()).unwrap_or_default();
            let says = AccountSays { token_name: &words, ..AccountSays::default() };
            page(&context, &viewer, StatusCode::UNPROCESSABLE_ENTITY, says).await
        }
        Err(refusal) => refused(&refusal).into_response(),
    }
}

/// Ends a token of one's own.
#[utoipa::path(post, path = "/account/tokens/{id}/revoke", operation_id = "revoke_user_token", tag = "pages",
    params(("id" = String, Path, description = "The token's id, token_….")),
    request_body(content_type = "application/x-www-form-urlencoded", description = "`csrf`.", content = String),
    responses(
        (status = 303, description = "Done: to the account; or nobody is signed in: to the form to sign in."),
        PageRefusals,
    ))]
pub async fn revoke_token(
    State(context): State<DeskContext>,
    PathId(token): PathId<TokenId>,
    posted: CsrfForm<ThemeForm>,
) -> Response {
    match context.actions.run(&posted.viewer.actor, &RevokeUserToken { token }).await {
        Ok(_) => Redirect::to("/account").into_response(),
        Err(refusal) => refused(&refusal).into_response(),
    }
}

/// Which theme, and where to go on.
#[derive(Deserialize)]
pub struct ThemeForm {
    #[serde(default)]
    theme: String,
    #[serde(default)]
    next: String,
}

impl NamedFields for ThemeForm {
    fn hint(_: &str) -> &'static str {
        "Write text."
    }
}

/// Chooses the theme of this browser.
#[utoipa::path(post, path = "/account/theme", operation_id = "choose_theme", tag = "pages",
    request_body(content_type = "application/x-www-form-urlencoded", description = "`theme` (light, dark or nothing), `next`, `csrf`.", content = String),
    responses(
        (status = 303, description = "Back to the page; or nobody is signed in: to the form to sign in."),
        PageRefusals,
    ))]
pub async fn choose_theme(State(context): State<DeskContext>, posted: CsrfForm<ThemeForm>) -> Response {
    let theme = match posted.form.theme.as_str() {
        "light" => "light",
        "dark" => "dark",
        _ => "",
    };
    let cookie = Cookie::build((THEME_COOKIE, theme))
        .path("/")
        .same_site(SameSite::Lax)
        .http_only(true)
        .secure(context.is_https)
        .max_age(cookie::time::Duration::days(365))
        .build();
    with_cookie(Redirect::to(own_path(&posted.form.next)), &cookie)
}

async fn page(context: &DeskContext, viewer: &Viewer, status: StatusCode, says: AccountSays<'_>) -> Response {
    let now = context.clock.now();
    let (actions, actor) = (&context.actions, &viewer.actor);
    let (sessions, tokens) = match (sessions(actions, actor).await, list(actions, actor).await) {
        (Ok(sessions), Ok(tokens)) => (sessions, tokens),
        (Err(refusal), _) | (_, Err(refusal)) => return refused(&refusal).into_response(),
    };
    let this = match &viewer.credential {
        Credential::Session(session) => Some(session.hash()),
        Credential::Token => None,
    };
    let shown = |session: SessionRecord| ShownSession {
        name: hex::encode(session.hash),
        agent: session.agent,
        seen_at: session.seen_at,
        is_this: Some(session.hash) == this,
    };
    let content = AccountTemplate {
        viewer,
        csrf: viewer.csrf(),
        sessions: sessions.into_iter().map(shown).collect(),
        tokens: &tokens,
        when: When::of(viewer, now),
        time_zone: match says.zone.wrong {
            "" => viewer.user.time_zone.as_deref().unwrap_or_default(),
            _ => says.zone.typed,
        },
        says,
    };
    DeskPage { title: "Account", place: Place::Account, viewer, query: "", content }.response(status)
}
