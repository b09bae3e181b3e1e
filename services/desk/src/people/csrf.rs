//! Forms and programs in a page that change something carry a token of the session, which no other origin can read.

use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, request::Parts},
};
use ripen_web::{
    Problem,
    body::{self, BodyLimits},
    catalogue,
    exact_json::exact_json,
    extract::{NamedFields, form_fields},
};
use serde::de::DeserializeOwned;

use super::{
    csrf_token::token_of,
    kept_form::keeping,
    viewer::{Credential, NotSignedIn, Viewer},
};
use crate::context::DeskContext;

/// The form's field.
pub const FIELD: &str = "csrf";
/// The header of requests that `app.js` makes.
pub const HEADER: &str = "x-csrf-token";

/// A form that somebody who is signed in sent from one of our pages.
pub struct CsrfForm<T> {
    /// Who sent it.
    pub viewer: Viewer,
    /// What it says.
    pub form: T,
}

impl<T: NamedFields> FromRequest<DeskContext> for CsrfForm<T> {
    type Rejection = NotSignedIn;

    async fn from_request(request: Request, context: &DeskContext) -> Result<Self, NotSignedIn> {
        let (mut parts, content) = request.into_parts();
        let limits = BodyLimits { bytes: context.body.bytes, time: context.body.time };
        let viewer = match Viewer::from_request_parts(&mut parts, context).await {
            Ok(viewer) => viewer,
            // What was typed is in this request alone.
            Err(NotSignedIn::Nobody(response)) => {
                let kept = keeping(&parts, content, limits).await;
                return Err(NotSignedIn::Nobody(kept.map_or(response, Box::new)));
            }
            Err(refused) => return Err(refused),
        };
        let bytes = body::read(&parts.headers, content, limits).await?;
        let field = form_urlencoded::parse(&bytes).find(|(name, _)| name == FIELD);
        let given = field.map(|(_, value)| value.into_owned()).or_else(|| header_of(&parts.headers));
        check(&viewer, given.as_deref())?;
        Ok(Self { form: form_fields(&bytes)?, viewer })
    }
}

/// A JSON body of a user's program, or of `app.js` with the header. A field that `T` does not know is refused.
pub struct CsrfJson<T> {
    /// Who sent it.
    pub viewer: Viewer,
    /// What it says.
    pub body: T,
}

impl<T: DeserializeOwned> FromRequest<DeskContext> for CsrfJson<T> {
    type Rejection = NotSignedIn;

    async fn from_request(request: Request, context: &DeskContext) -> Result<Self, NotSignedIn> {
        let (mut parts, content) = request.into_parts();
        let viewer = Viewer::from_request_parts(&mut parts, context).await?;
        check(&viewer, header_of(&parts.headers).as_deref())?;
        let limits = BodyLimits { bytes: context.body.bytes, time: context.body.time };
        let bytes = body::read(&parts.headers, content, limits).await?;
        Ok(Self { body: exact_json(&parts.headers, &bytes)?, viewer })
    }
}

/// A request without a body that changes something: of a user's program, or of `app.js` with the header.
pub struct CsrfHeader(pub Viewer);

impl FromRequestParts<DeskContext> for CsrfHeader {
    type Rejection = NotSignedIn;

    async fn from_request_parts(parts: &mut Parts, context: &DeskContext) -> Result<Self, NotSignedIn> {
        let viewer = Viewer::from_request_parts(parts, context).await?;
        check(&viewer, header_of(&parts.headers).as_deref())?;
        Ok(Self(viewer))
    }
}

fn header_of(headers: &HeaderMap) -> Option<String> {
    headers.get(HEADER).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

fn check(viewer: &Viewer, given: Option<&str>) -> Result<(), Problem> {
    match &viewer.credential {
        // A program shows its token with each request; no browser adds it by itself.
        Credential::Token => Ok(()),
        Credential::Session(session) if given == Some(token_of(session).as_str()) => Ok(()),
        Credential::Session(_) => Err(Problem::new(
            &catalogue::FOREIGN_FORM,
            "The form is of another session. Load the page again and send it once more.",
        )),
    }
}
