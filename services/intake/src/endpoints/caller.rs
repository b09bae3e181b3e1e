//! Who is sending: the source behind a key or a token, and what a request is refused with where there is none.

use std::{collections::BTreeMap, sync::Arc};

use axum::{extract::FromRequestParts, http::request::Parts};
use ripen_domain::secret::Secret;
use ripen_store::source::source_record::{SourceFormat, SourceRecord};
use ripen_web::{
    Problem,
    address::Visitor,
    catalogue,
    extract::Bearer,
    openapi::{Refusals, refusals},
};
use utoipa::{
    IntoResponses,
    openapi::{RefOr, Response},
};

use crate::{context::IntakeContext, header, sources::Handle};

/// The source whose key came with the request, within its rate.
pub struct SourceCaller(pub Arc<SourceRecord>);

impl FromRequestParts<IntakeContext> for SourceCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, context: &IntakeContext) -> Result<Self, Problem> {
        let key = Bearer::from_request_parts(parts, context).await?;
        // The source before its rate: the rate is the source's own, and a made-up key has none.
        let visitor = parts.extensions.get::<Visitor>().copied();
        let source = source(context, key_handle(&key), visitor).await?;
        // Buckets of their own: asking what became of leads must not keep new ones out, nor asking about a list the questions of
        // others.
        if source.key_expires_at.is_some() || header::is_paced_list(&parts.headers) {
            context.list_questions.pace(&source.id).await;
        } else {
            context.questions.check(&source.id)?;
        }
        Ok(Self(source))
    }
}

/// The refusals of [`SourceCaller`].
pub struct SourceCallerRefusals;

impl IntoResponses for SourceCallerRefusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let refusals: Refusals = refusals(&[
            &catalogue::UNAUTHENTICATED,
            &catalogue::TOO_MANY_REQUESTS,
            &catalogue::INTERNAL_ERROR,
            &catalogue::UNAVAILABLE,
        ]);
        refusals
    }
}

/// The handle of a source's key.
pub fn key_handle(Bearer(key): &Bearer) -> Handle {
    Handle::Key(Secret::given(key).hash())
}

/// The handle of the token in a source's address.
pub fn token_handle(token: &str) -> Handle {
    Handle::Token(Secret::given(token).hash())
}

/// Whether a sender is told grades. Unless the firm says otherwise, who has the source's key is; the token stands in web
/// pages, where anybody could try out what makes an A.
pub fn sees_grade(source: &SourceRecord, has_key: bool) -> bool {
    source.sees_grade.unwrap_or(has_key && source.format != SourceFormat::Form)
}

/// The source that a handle opens.
///
/// # Errors
/// 401 for a wrong or expired key, 404 for an unknown token, 429 after too many of those from one address, 503 when nobody can tell.
pub async fn source(
    context: &IntakeContext,
    handle: Handle,
    visitor: Option<Visitor>,
) -> Result<Arc<SourceRecord>, Problem> {
    // One that opened something lately is not refused: a bot must not stop a sender behind the same address.
    if let Some(visitor) = visitor.filter(|_| !context.sources.is_known(handle)) {
        context.wrong.look(visitor.address)?;
    }
    // With a database that does not answer, a key that was seen before is served from what is known.
    let found = context.sources.find(handle).await.map_err(|error| {
        tracing::warn!(error = %error, "a source could not be looked up");
        // Never 401: a vendor told that its key is wrong stops sending, and the leads of the outage are lost.
        Problem::unavailable("Who is sending cannot be looked up now. Nothing was received.")
    })?;
    // A wrong key is the sender's to mend. A wrong address is answered like any other that does not exist.
    let Some(source) = found else {
        if let Some(visitor) = visitor {
            // Refused where several were asked about at the same time; the next one hears of it.
            let _ = context.wrong.take(visitor.address);
        }
        return Err(match handle {
            Handle::Key(_) => Problem::new(&catalogue::UNAUTHENTICATED, "The key is not known."),
            Handle::Token(_) => Problem::new(&catalogue::NOT_FOUND, "No source has this address."),
        });
    };
    // Judged here and not where it was read: the cache may be older than the end of the key.
    if source.key_expires_at.is_some_and(|end| end <= context.clock.now()) {
        return Err(Problem::new(&catalogue::UNAUTHENTICATED, "The key has expired."));
    }
    Ok(source)
}
