//! Who asks: a client's program by its token, or whoever holds a signed link; and what a request is refused with.

use std::collections::BTreeMap;

use axum::{
    extract::{FromRef, FromRequestParts},
    http::request::Parts,
};
use ripen_actions::Refusal;
use ripen_domain::{
    actor::{Actor, Scope, System},
    id::RepId,
    secret::Secret,
};
use ripen_store::{StoreError, client::token::TokenHolder, delivery::feed::SentDelivery, team::rep_leads::RepLinks};
use ripen_web::{Problem, address::Visitor, body::BodyLimits, catalogue, extract::Bearer, openapi::refusals};
use utoipa::{
    IntoResponses,
    openapi::{RefOr, Response},
};

use crate::context::DeskContext;

/// What of an address names the list that it was opened from, by the token of the list's own link.
pub const FROM_LIST: &str = "list";

/// The client whose token came with the request, within its rate.
pub struct ClientCaller(pub TokenHolder);

impl ClientCaller {
    /// The actor behind the token.
    pub fn actor(&self) -> Actor {
        Actor::token(self.0.id, &self.0.name, self.0.client)
    }
}

impl FromRequestParts<DeskContext> for ClientCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, context: &DeskContext) -> Result<Self, Problem> {
        // The token before the rate, which belongs to the client.
        let Bearer(token) = Bearer::from_request_parts(parts, context).await?;
        // By the hash: a token is compared nowhere in clear.
        let hash = Secret::given(&token).hash();
        let visitor = parts.extensions.get::<Visitor>().copied();
        context.lookups.admit(hash, visitor)?;
        let found = context.store.client_token_holder(&hash).await.map_err(|error| failed(&error))?;
        context.lookups.note(hash, visitor, found.is_some());
        let unknown = || Problem::new(&catalogue::UNAUTHENTICATED, "The token is not known, or was revoked.");
        // Unknown and revoked look the same: what a token once was is nobody's business any more.
        let holder = found.ok_or_else(unknown)?;
        context.rate.check(&holder.client)?;
        Ok(Self(holder))
    }
}

/// The refusals of [`ClientCaller`].
pub struct ClientCallerRefusals;

impl IntoResponses for ClientCallerRefusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        refusals(&[
            &catalogue::UNAUTHENTICATED,
            &catalogue::TOO_MANY_REQUESTS,
            &catalogue::INTERNAL_ERROR,
            &catalogue::UNAVAILABLE,
        ])
    }
}

impl FromRef<DeskContext> for BodyLimits {
    fn from_ref(context: &DeskContext) -> Self {
        context.body
    }
}

/// Whoever has nothing but a signed link, or a signed address that a mail came back to.
pub fn by_nobody() -> Actor {
    // The whole firm's, until it is known whose thing the link names.
    Actor::system(System::Desk)
}

/// What may be looked up before it is known who asks: a signed link names the one thing it opens.
pub fn by_link() -> Scope {
    by_nobody().scope()
}

/// The answer for what is not there, or another client's: the two must look the same.
pub fn unknown() -> Problem {
    Problem::new(&catalogue::NOT_FOUND, "No delivery with this id was sent to this client.")
}

/// The actor behind a signed link that was opened: the rep whom the delivery was for.
pub fn actor_of_link(sent: &SentDelivery) -> Actor {
    match &sent.rep {
        Some(rep) => Actor::rep_link(rep.id, rep.name.clone(), sent.row.client),
        None => Actor::mail_link("whoever has the link", sent.row.client),
    }
}

/// The actor behind a rep's link to their page.
pub fn actor_of_rep(rep: RepId, links: &RepLinks) -> Actor {
    Actor::rep_link(rep, links.name.clone(), links.client_id)
}

/// The answer for an action that the database failed, or that found nothing.
pub fn refused(refusal: &Refusal) -> Problem {
    // What found nothing and what is another client's must not be told apart.
    match refusal {
        Refusal::Store(error) => failed(error),
        Refusal::Missing { .. } => unknown(),
        // Permission and fields were checked before: here it is a mistake of ours, and says nothing to the client.
        Refusal::Invalid(_) | Refusal::Forbidden { .. } | Refusal::Conflict { .. } => {
            tracing::error!(%refusal, "a client's request was refused for no reason of its own");
            Problem::internal()
        }
    }
}

/// The answer where the database did not do it.
pub fn failed(error: &StoreError) -> Problem {
    // A conflict as well: the same request may simply be sent again.
    if error.is_unreachable() || error.is_conflict() {
        tracing::warn!(%error, "a client's request could not be carried out");
        // After a commit whose answer was lost it is done: only what is known is claimed.
        return Problem::unavailable(
            "The database did not answer. A change that was asked for may have been made or not: look, or send the same again.",
        );
    }
    tracing::error!(%error, "a client's request could not be carried out");
    Problem::internal()
}
