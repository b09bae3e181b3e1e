//! `/login` and `/logout`: a session begins with a password and ends by hand.

use std::collections::BTreeMap;

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use cookie::{Cookie, SameSite};
use jiff::Timestamp;
use ripen_actions::{
    Refusal, lead_page,
    sign_in::{SESSION_LASTS, SignIn, SignInRefusal, SignOut, by_session, sign_in},
};
use ripen_domain::{secret::Secret, user::Password};
use ripen_web::{
    Problem,
    address::{AddressPrefix, Visitor},
    catalogue,
    extract::{FormBody, NamedFields, Query},
};
use serde::Deserialize;

use super::{
    csrf::CsrfForm,
    frame::alone,
    kept_form::{KeptForm, SignInTemplate},
    leads::shown,
    refused::{PageRefusals, refused},
    viewer::{Credential, SESSION_COOKIE, is_of_this_origin},
};
use crate::context::DeskContext;

/// Where to go on after signing in.
#[derive(Debug, Default, Deserialize)]
pub struct SignInQuery {
    #[serde(default)]
    next: String,
}

impl NamedFields for SignInQuery {
    fn hint(_: &str) -> &'static str {
        "Write a path of this site."
    }
}

/// The form to sign in, and what was typed elsewhere that it carries.
#[derive(Deserialize)]
#[serde(transparent)]
pub struct SignInForm {
    fields: BTreeMap<String, String>,
}

impl SignInForm {
    fn text(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

impl NamedFields for SignInForm {
    fn hint(_: &str) -> &'static str {
        "Write text."
    }
}

/// Shows the form to sign in.
#[utoipa::path(get, path = "/login", operation_id = "show_sign_in", tag = "pages",
    params(("next" = Option<String>, Query, description = "Where to go on after signing in: a path of this site.")),
    responses((status = 200, description = "The page.", content_type = "text/html", body = String)))]
pub async fn show(Query(query): Query<SignInQuery>) -> Response {
    let next = own_path(&query.next);
    let content = SignInTemplate { next, email: "", trouble: "", kept: &KeptForm::default(), is_too_long: false };
    alone("Sign in", content, StatusCode::OK)
}

/// Signs somebody in by their address and password.
#[utoipa::path(post, path = "/login", operation_id = "sign_in", tag = "pages",
    request_body(content_type = "application/x-www-form-urlencoded", description = "`email`, `password`, `next`.", content = String),
    responses(
        (status = 200, description = "Signed in, with a form that was posted when the session was over, to be sent again.", content_type = "text/html", body = String),
        (status = 303, description = "Signed in: to where they were going."),
        (status = 401, description = "The two do not go together, as a page.", content_type = "text/html", body = String),
        (status = 429, description = "Too many wrong passwords, as a page.", content_type = "text/html", body = String),
        PageRefusals,
    ))]
pub async fn submit(
    State(context): State<DeskContext>,
    visitor: Option<Extension<Visitor>>,
    headers: HeaderMap,
    FormBody(form): FormBody<SignInForm>,
) -> Response {
    // Nobody is signed in yet, so there is no token: a foreign page could sign somebody in as somebody else.
    if !is_of_this_origin(&headers) {
        return Problem::new(&catalogue::FOREIGN_FORM, "The form came from a page of another origin.").into_response();
    }
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or_default();
    let typed = SignIn {
        email: form.text("email").to_owned(),
        password: Password::typed(form.text("password")),
        // All that one customer of a provider has count together.
        from: visitor.map(|Extension(visitor)| AddressPrefix::of(visitor.address).to_string()).unwrap_or_default(),
        agent: text(header::USER_AGENT).to_owned(),
    };
    let (next, kept) = (own_path(form.text("next")), KeptForm::carried(&form.fields));
    match sign_in(&context.actions, &typed).await {
        Ok(done) => {
            let page = if kept.is_empty() {
                Redirect::to(next).into_response()
            } else {
                kept.send_again(&done.session, &who(&context, &done.session, &kept).await)
            };
            with_cookie(page, &session_cookie(done.session.reveal(), context.is_https))
        }
        Err(refusal) => not_signed_in(&refusal, (next, form.text("email"), &kept), context.clock.now()),
    }
}

fn not_signed_in(refusal: &SignInRefusal, (next, email, kept): (&str, &str, &KeptForm), now: Timestamp) -> Response {
    let page = |trouble: &str, status| {
        alone("Sign in", SignInTemplate { next, email, trouble, kept, is_too_long: false }, status)
    };
    match refusal {
        SignInRefusal::Wrong { left } => {
            let trouble = format!("This mail and password do not go together.{}", left.map(tries).unwrap_or_default());
            page(&trouble, StatusCode::UNAUTHORIZED)
        }
        SignInRefusal::Locked { until } => {
            let seconds = until.duration_since(now).as_secs().max(1);
            let trouble =
                format!("Too many wrong passwords. Try again in {} or choose another password below.", wait(seconds));
            let mut response = page(&trouble, StatusCode::TOO_MANY_REQUESTS);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            response
        }
        SignInRefusal::Refused(refusal) => refused(refusal).into_response(),
    }
}

fn ended_already(refusal: Refusal) -> Result<(), Refusal> {
    if matches!(refusal, Refusal::Missing { .. }) { Ok(()) } else { Err(refusal) }
}

/// Whom a kept form is about; empty where it names nobody whom they may see.
async fn who(context: &DeskContext, session: &Secret, kept: &KeptForm) -> String {
    let Some(lead) = kept.lead() else { return String::new() };
    let Ok(Some((_, actor))) = by_session(&context.actions, &session.hash()).await else { return String::new() };
    let found = lead_page::show(&context.actions, &actor, lead).await;
    found.map(|page| shown::name(&page.listed)).unwrap_or_default()
}

/// Counted down, so that a wait comes as no surprise and whoever is not sure asks for another password before it.
fn tries(left: u32) -> String {
    let tries = if left == 1 { "1 more try".to_owned() } else { format!("{left} more tries") };
    format!(" {tries} before you have to wait; you can choose another password below.")
}

fn wait(seconds: i64) -> String {
    if seconds <= 90 { format!("{seconds} seconds") } else { format!("{} minutes", (seconds + 59) / 60) }
}

/// Ends the session of the browser.
#[utoipa::path(post, path = "/logout", operation_id = "sign_out", tag = "pages",
    request_body(content_type = "application/x-www-form-urlencoded", description = "`csrf`.", content = String),
    responses(
        (status = 303, description = "To the form to sign in."),
        PageRefusals,
    ))]
pub async fn leave(State(context): State<DeskContext>, form: CsrfForm<SignInQuery>) -> Response {
    if let Credential::Session(session) = &form.viewer.credential {
        let done = context.actions.run(&form.viewer.actor, &SignOut { hash: session.hash() }).await;
        // Ended elsewhere meanwhile is ended.
        if let Err(refusal) = done.or_else(ended_already) {
            return refused(&refusal).into_response();
        }
    }
    let mut gone = session_cookie("", context.is_https);
    gone.make_removal();
    with_cookie(Redirect::to("/login"), &gone)
}

/// The cookie of a session: for this origin's pages alone, and for no script.
pub fn session_cookie(value: &str, is_https: bool) -> Cookie<'static> {
    Cookie::build((SESSION_COOKIE, value.to_owned()))
        .path("/")
        .http_only(true)
        // Lax: a link in a mail to a lead's page opens it.
        .same_site(SameSite::Lax)
        // Only under https: over plain http, where a firm tries Ripen out, a browser would drop it.
        .secure(is_https)
        .max_age(cookie::time::Duration::seconds(SESSION_LASTS.as_secs()))
        .build()
}

/// An answer that sets a cookie.
pub fn with_cookie(answer: impl IntoResponse, cookie: &Cookie<'_>) -> Response {
    let mut response = answer.into_response();
    if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// A path of this site; anything else is the first page. `//host` and `/\host` are other sites to a browser.
#[must_use]
pub fn own_path(given: &str) -> &str {
    let is_own = given.starts_with('/')
        && !given.starts_with("//")
        && !given.contains('\\')
        && !given.chars().any(char::is_control)
        && given.len() <= 2000;
    if is_own { given } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_site() {
        for other in ["https://evil.example", "//evil.example", "/\\evil.example", "", "leads", "/a\r\nb"] {
            assert_eq!(own_path(other), "/", "{other:?}");
        }
        assert_eq!(own_path("/leads?q=1"), "/leads?q=1");
    }

    #[test]
    fn a_cookie_is_for_this_origin_alone() {
        assert_eq!(
            session_cookie("ss_1", false).to_string(),
            "ripen_session=ss_1; HttpOnly; SameSite=Lax; Path=/; Max-Age=1209600"
        );
        assert!(session_cookie("ss_1", true).to_string().contains("; Secure;"));
    }
}
