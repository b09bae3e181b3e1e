//! `/welcome/{token}`: choosing a password by a link that was mailed. Getting the page changes nothing: mail programs follow links
//! before people do.

use askama::Template;
use axum::{
    Extension,
    extract::{Path, State, rejection::PathRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use ripen_actions::{
    Refusal,
    user_link::{ChosenByLink, choose, invited},
};
use ripen_domain::{
    id::UserId,
    link::{BadLink, OpenedLink},
    time::zone,
    user::Password,
};
use ripen_store::user::account::UserRecord;
use ripen_web::{
    Problem,
    address::Visitor,
    catalogue,
    extract::{FormBody, NamedFields},
};
use serde::Deserialize;

use super::{
    frame::alone,
    refused::{PageRefusals, refused},
    sign_in::{session_cookie, with_cookie},
    viewer::{ZONE_COOKIE, cookie_of, is_of_this_origin},
};
use crate::context::DeskContext;

type WelcomeToken = Result<Path<String>, PathRejection>;

#[derive(Template)]
#[template(path = "people/welcome.html")]
struct WelcomeTemplate<'a> {
    user: &'a UserRecord,
    token: &'a str,
    trouble: &'a str,
    /// Who chooses another password has a clock already, and is not asked.
    zone: Option<ShownZone<'a>>,
}

/// The field of the time zone.
struct ShownZone<'a> {
    shown: &'a str,
    wrong: &'a str,
    /// Nobody said anything yet: the browser's is filled in where it says one.
    is_open: bool,
}

#[derive(Template)]
#[template(path = "people/welcome_over.html")]
struct WelcomeOver {
    is_whole: bool,
}

/// The form to choose a password.
#[derive(Deserialize)]
pub struct WelcomeForm {
    #[serde(default)]
    chosen: String,
    /// IANA name; empty for the browser's, and as it is where the form has none.
    #[serde(default)]
    time_zone: Option<String>,
}

impl NamedFields for WelcomeForm {
    fn hint(_: &str) -> &'static str {
        "Write text."
    }
}

/// Shows the form to choose a password.
#[utoipa::path(get, path = "/welcome/{token}", operation_id = "show_welcome", tag = "pages",
    params(("token" = String, Path, description = "The signed token of the user's link.")),
    responses(
        (status = 200, description = "The page.", content_type = "text/html", body = String),
        (status = 404, description = "The link was changed on its way, as a page.", content_type = "text/html", body = String),
        (status = 410, description = "The link was used, or is too old, as a page.", content_type = "text/html", body = String),
        (status = 503, description = "The database is away, as a page.", content_type = "text/html", body = String),
    ))]
pub async fn show(
    State(context): State<DeskContext>,
    visitor: Option<Extension<Visitor>>,
    token: WelcomeToken,
    headers: HeaderMap,
) -> Response {
    let token = token.map(|Path(token)| token).unwrap_or_default();
    let link = match opened(&context, visitor, &token) {
        Ok(link) => link,
        Err(response) => return *response,
    };
    match invited(&context.actions, link).await {
        Ok(Some(user)) => {
            let browsers = cookie_of(&headers, ZONE_COOKIE).filter(|name| zone(name).is_some());
            let shown = user.time_zone.clone().or(browsers).unwrap_or_default();
            form(&user, &token, &WelcomeSays { zone: &shown, is_open: true, ..WelcomeSays::default() }, StatusCode::OK)
        }
        Ok(None) => over(),
        Err(refusal) => refused(&refusal).into_response(),
    }
}

/// Sets the password and signs in.
#[utoipa::path(post, path = "/welcome/{token}", operation_id = "choose_password", tag = "pages",
    params(("token" = String, Path, description = "The signed token of the user's link.")),
    request_body(content_type = "application/x-www-form-urlencoded", description = "`chosen`; of who is invited `time_zone` too, an IANA name, empty for the browser's.", content = String),
    responses(
        (status = 303, description = "Signed in: to the first page."),
        (status = 410, description = "The link was used, or is too old, as a page.", content_type = "text/html", body = String),
        (status = 422, description = "The form with what is wrong, as a page.", content_type = "text/html", body = String),
        PageRefusals,
    ))]
pub async fn submit(
    State(context): State<DeskContext>,
    visitor: Option<Extension<Visitor>>,
    token: WelcomeToken,
    headers: HeaderMap,
    FormBody(typed): FormBody<WelcomeForm>,
) -> Response {
    if !is_of_this_origin(&headers) {
        return Problem::new(&catalogue::FOREIGN_FORM, "The form came from a page of another origin.").into_response();
    }
    let token = token.map(|Path(token)| token).unwrap_or_default();
    let link = match opened(&context, visitor, &token) {
        Ok(link) => link,
        Err(response) => return *response,
    };
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let time_zone = typed.time_zone.as_deref().map(str::trim);
    let chosen = ChosenByLink {
        password: Password::typed(&typed.chosen),
        time_zone: time_zone.map(|zone| (!zone.is_empty()).then(|| zone.to_owned())),
    };
    match choose(&context.actions, link, chosen, agent).await {
        Ok(done) => with_cookie(Redirect::to("/"), &session_cookie(done.session.reveal(), context.is_https)),
        Err(Refusal::Invalid(errors)) => {
            let of = |field: &str| {
                errors.iter().find(|error| error.field == field).map_or("", |error| error.message.as_str())
            };
            let (password, wrong_zone) = (of("password"), of("time_zone"));
            let says = WelcomeSays { password, zone: time_zone.unwrap_or_default(), wrong_zone, is_open: false };
            match invited(&context.actions, link).await {
                Ok(Some(user)) => form(&user, &token, &says, StatusCode::UNPROCESSABLE_ENTITY),
                Ok(None) => over(),
                Err(refusal) => refused(&refusal).into_response(),
            }
        }
        Err(Refusal::Conflict { .. } | Refusal::Missing { .. }) => over(),
        Err(refusal) => refused(&refusal).into_response(),
    }
}

fn opened(
    context: &DeskContext,
    visitor: Option<Extension<Visitor>>,
    token: &str,
) -> Result<OpenedLink<UserId>, Box<Response>> {
    context.keys.open_user(token, context.clock.now()).map_err(|bad| {
        Box::new(match bad {
            BadLink::Expired(_) | BadLink::Ended(_) => over(),
            // Whoever tries them out is told to stop.
            BadLink::Forged => match context.lookups.note_wrong_link(visitor.map(|Extension(visitor)| visitor)) {
                Ok(()) => alone("This link does not work", WelcomeOver { is_whole: false }, StatusCode::NOT_FOUND),
                Err(problem) => problem.into_response(),
            },
        })
    })
}

/// What the form says.
#[derive(Default)]
struct WelcomeSays<'a> {
    /// What is wrong with the password.
    password: &'a str,
    /// The time zone.
    zone: &'a str,
    /// What is wrong with it.
    wrong_zone: &'a str,
    is_open: bool,
}

fn form(user: &UserRecord, token: &str, says: &WelcomeSays<'_>, status: StatusCode) -> Response {
    let zone = ShownZone { shown: says.zone, wrong: says.wrong_zone, is_open: says.is_open };
    let zone = user.password_at.is_none().then_some(zone);
    alone("Choose a password", WelcomeTemplate { user, token, trouble: says.password, zone }, status)
}

fn over() -> Response {
    alone("This link is over", WelcomeOver { is_whole: true }, StatusCode::GONE)
}
