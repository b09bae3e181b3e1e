//! Who asks: somebody who is signed in, by the session in a cookie, or by a user's token at `/api/v1`.
//!
//! A request that changes something and comes with a cookie must come from a page of this origin: browsers say so in
//! `Sec-Fetch-Site` or `Origin`, and the form carries a token besides (see `csrf`).

use std::sync::{Arc, OnceLock};

use axum::{
    extract::{FromRequestParts, MatchedPath},
    http::{HeaderMap, Method, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use cookie::Cookie;
use jiff::tz::TimeZone;
use ripen_actions::sign_in::{by_session, by_token};
use ripen_domain::{
    actor::{Actor, UserRole},
    id::UserId,
    secret::Secret,
};
use ripen_store::user::account::UserRecord;
use ripen_web::{Problem, address::Visitor, catalogue, extract::Bearer};

use super::{hour_cycle::has_twelve_hours, refused::refused, routes};
use crate::context::DeskContext;

/// The cookie of a session.
pub const SESSION_COOKIE: &str = "ripen_session";
/// The cookie of the chosen theme: `light` or `dark`; none for the device's.
pub const THEME_COOKIE: &str = "ripen_theme";
/// The cookie of the browser's time zone, an IANA name: `zone.js` sets it.
pub const ZONE_COOKIE: &str = "ripen_zone";

/// Left in a request by whoever writes its refusal as a page: where the viewer was found out, it tells who reads that page.
#[derive(Debug, Clone, Default)]
pub struct SeenViewer(pub Arc<OnceLock<Viewer>>);

/// How somebody showed who they are.
#[derive(Debug, Clone)]
pub enum Credential {
    /// A browser's cookie.
    Session(Secret),
    /// A program's token.
    Token,
}

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Viewer {
    /// Their account.
    pub user: UserRecord,
    /// As actions and the store know them.
    pub actor: Actor,
    /// How they showed it.
    pub credential: Credential,
    /// `light` or `dark`; empty for the device's.
    pub theme: &'static str,
    /// BCP 47: the account's, else the browser's first.
    pub locale: Option<String>,
    /// IANA name: the account's, else the browser's.
    pub time_zone: Option<String>,
    /// The path that was asked for.
    pub path: String,
}

impl Viewer {
    /// Their id.
    #[must_use]
    pub const fn id(&self) -> UserId {
        self.user.id
    }

    /// What they are there for.
    #[must_use]
    pub const fn role(&self) -> UserRole {
        self.user.role
    }

    /// The clock they live by; UTC where neither they nor their browser said one.
    #[must_use]
    pub fn zone(&self) -> TimeZone {
        self.time_zone.as_deref().and_then(ripen_domain::time::zone).unwrap_or(TimeZone::UTC)
    }

    /// Whether hours are written as 1 to 12 with am and pm.
    #[must_use]
    pub fn has_twelve_hours(&self) -> bool {
        self.locale.as_deref().is_some_and(has_twelve_hours)
    }

    /// The token that forms of this session carry.
    #[must_use]
    pub fn csrf(&self) -> String {
        match &self.credential {
            Credential::Session(session) => super::csrf_token::token_of(session),
            Credential::Token => String::new(),
        }
    }

    /// Goes on for one of these roles. To all others the address does not exist.
    ///
    /// # Errors
    /// 404.
    pub fn require(&self, roles: &[UserRole]) -> Result<(), Problem> {
        if roles.contains(&self.role()) { Ok(()) } else { Err(Problem::not_found()) }
    }

    /// Goes on for staff of the firm.
    ///
    /// # Errors
    /// 404 for brokers.
    pub fn require_staff(&self) -> Result<(), Problem> {
        self.require(&[UserRole::Admin, UserRole::Manager, UserRole::Agent])
    }
}

/// Why a request has no viewer.
pub enum NotSignedIn {
    /// Nobody is signed in: the way to the form, or 401 for programs.
    Nobody(Box<Response>),
    /// It could not be told who asks, or the request did not come from where it says.
    Refused(Box<Problem>),
}

impl IntoResponse for NotSignedIn {
    fn into_response(self) -> Response {
        match self {
            Self::Nobody(response) => *response,
            Self::Refused(problem) => problem.into_response(),
        }
    }
}

impl From<Problem> for NotSignedIn {
    fn from(problem: Problem) -> Self {
        Self::Refused(Box::new(problem))
    }
}

impl FromRequestParts<DeskContext> for Viewer {
    type Rejection = NotSignedIn;

    async fn from_request_parts(parts: &mut Parts, context: &DeskContext) -> Result<Self, NotSignedIn> {
        let viewer = Self::identified(parts, context).await?;
        if let Some(SeenViewer(seen)) = parts.extensions.get() {
            seen.get_or_init(|| viewer.clone());
        }
        // Before anything else of the request is looked at: to a role that may not use it, an address does not exist, whatever is
        // sent to it.
        let route = parts.extensions.get::<MatchedPath>();
        if route.is_some_and(|route| routes::is_closed(&parts.method, route.as_str(), viewer.role())) {
            return Err(Problem::not_found().into());
        }
        Ok(viewer)
    }
}

impl Viewer {
    async fn identified(parts: &mut Parts, context: &DeskContext) -> Result<Self, NotSignedIn> {
        let path = parts.uri.path().to_owned();
        let is_api = path.starts_with("/api/");
        if is_api && parts.headers.contains_key(header::AUTHORIZATION) {
            return by_bearer(parts, context, path).await;
        }
        let Some(session) = cookie_of(&parts.headers, SESSION_COOKIE).map(Secret::from) else {
            return Err(not_signed_in(parts, is_api));
        };
        let visitor = parts.extensions.get::<Visitor>().copied();
        let hash = session.hash();
        context.lookups.admit(hash, visitor)?;
        let found = by_session(&context.actions, &hash).await.map_err(|refusal| refused(&refusal))?;
        context.lookups.note(hash, visitor, found.is_some());
        let Some((user, actor)) = found else { return Err(not_signed_in(parts, is_api)) };
        if !is_safe(&parts.method) && !is_of_this_origin(&parts.headers) {
            return Err(
                Problem::new(&catalogue::FOREIGN_FORM, "The request came from a page of another origin.").into()
            );
        }
        Ok(of(user, actor, (Credential::Session(session), &parts.headers), path))
    }
}

/// Who asks by a user's token.
///
/// # Errors
/// The answer: 401, or 429 after too many wrong ones.
pub async fn by_bearer(parts: &mut Parts, context: &DeskContext, path: String) -> Result<Viewer, NotSignedIn> {
    let Bearer(token) = Bearer::from_request_parts(parts, context).await?;
    let hash = Secret::given(&token).hash();
    let visitor = parts.extensions.get::<Visitor>().copied();
    context.lookups.admit(hash, visitor)?;
    let found = by_token(&context.actions, &hash).await.map_err(|refusal| refused(&refusal))?;
    context.lookups.note(hash, visitor, found.is_some());
    let (user, actor) = found.ok_or_else(|| {
        Problem::new(&catalogue::UNAUTHENTICATED, "The token is not known, was revoked, or its user is paused.")
    })?;
    Ok(of(user, actor, (Credential::Token, &parts.headers), path))
}

fn of(user: UserRecord, actor: Actor, (credential, headers): (Credential, &HeaderMap), path: String) -> Viewer {
    let theme = match cookie_of(headers, THEME_COOKIE).as_deref() {
        Some("light") => "light",
        Some("dark") => "dark",
        _ => "",
    };
    let said = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let first = said.and_then(|said| said.split([',', ';']).next()).map(str::trim).filter(|one| !one.is_empty());
    let locale = user.locale.clone().or_else(|| first.map(str::to_owned));
    let time_zone = user.time_zone.clone().or_else(|| cookie_of(headers, ZONE_COOKIE));
    Viewer { user, actor, credential, theme, locale, time_zone, path }
}

fn not_signed_in(parts: &Parts, is_api: bool) -> NotSignedIn {
    if is_api {
        let detail = "Sign in, or send \"Authorization: Bearer TOKEN\" of a user.";
        return NotSignedIn::Nobody(Box::new(Problem::new(&catalogue::UNAUTHENTICATED, detail).into_response()));
    }
    // Back to where they were going; after a form that was posted, to the page the form is on.
    let going = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let next = if is_safe(&parts.method) { going } else { "/" };
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    NotSignedIn::Nobody(Box::new(Redirect::to(&format!("/login?{query}")).into_response()))
}

/// The value of a cookie.
#[must_use]
pub fn cookie_of(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let parsed = all.flat_map(Cookie::split_parse).flatten();
    parsed.filter(|cookie| cookie.name() == name).map(|cookie| cookie.value().to_owned()).last()
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether the browser says that the request comes from a page of this origin. One that says nothing is no browser of these
/// years, and has to know the form's token in any case.
#[must_use]
pub fn is_of_this_origin(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
    if let Some(site) = text(header::HeaderName::from_static("sec-fetch-site")) {
        return matches!(site, "same-origin" | "none");
    }
    match (text(header::ORIGIN), text(header::HOST)) {
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, origin)| origin == host),
        // Sent by a form of a page that hides where it is.
        (Some(_), None) => false,
        (None, _) => true,
    }
}
