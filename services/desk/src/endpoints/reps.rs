//! `GET /r/{token}`: a rep's own page of open leads, behind a link in their mails. A link works until the firm revokes what
//! was sent before.

use axum::{
    extract::{Path, State, rejection::PathRejection},
    http::StatusCode,
    response::Response,
};
use ripen_domain::link::BadLink;

use super::caller::{by_link, failed};
use crate::{context::DeskContext, page};

/// Shows a rep's open leads and offers behind the link in their mails.
#[utoipa::path(get, path = "/r/{token}", operation_id = "show_rep_leads", tag = "pages",
    params(("token" = String, Path, description = "The signed token of the rep's link.")),
    responses(
        (status = 200, description = "The page.", content_type = "text/html", body = String),
        (status = 404, description = "The link was changed on its way, as a page.", content_type = "text/html", body = String),
        (status = 410, description = "The link has expired or was revoked, as a page.", content_type = "text/html", body = String),
        (status = 503, description = "The database is away, as a page.", content_type = "text/html", body = String),
    ))]
pub async fn show(State(context): State<DeskContext>, token: Result<Path<String>, PathRejection>) -> Response {
    let token = token.map(|Path(token)| token).unwrap_or_default();
    let now = context.clock.now();
    let (rep, made) = match context.key.open_rep(&token, now) {
        Ok(opened) => opened,
        Err(BadLink::Forged) => return page::dead(StatusCode::NOT_FOUND),
        Err(BadLink::Expired(_)) => return page::dead(StatusCode::GONE),
    };
    let known = match context.store.rep_links(rep).await {
        // A link is dead if it was made before the last revocation: the firm revokes all of a rep's links at once,
        // and no list of links is kept.
        Ok(Some(known)) if known.since <= made => known,
        Ok(_) => return page::dead(StatusCode::GONE),
        Err(error) => return page::trouble(&failed(&error)),
    };
    let most = i64::try_from(page::rep::MOST).unwrap_or(i64::MAX);
    // Cut down to the rep's client, now that the link has named it. One more than is shown tells whether there are
    // more.
    match context.store.rep_leads(by_link().within(known.client_id), rep, now, most + 1).await {
        // Fresh links, because those in old mails may have expired.
        Ok(leads) => page::rep::render(&known, &leads, |lead| format!("/o/{}", context.key.token(lead.delivery, now))),
        Err(error) => page::trouble(&failed(&error)),
    }
}
