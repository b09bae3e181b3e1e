//! `POST /v1/leads` with a source key, and `POST /v1/in/{token}`: the two ways in, handled the same.

use std::collections::BTreeMap;

use axum::{
    extract::{Path, Request, State, rejection::PathRejection},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use metrics::counter;
use ripen_web::{Problem, address::Visitor, body, catalogue, edge::LoggedSource, extract::Bearer, openapi::refusals};
use utoipa::{
    IntoResponses,
    openapi::{RefOr, Response as Described},
};

use super::caller::{key_handle, sees_grade, source, token_handle};
use crate::{
    context::IntakeContext,
    formats::BodyFormat,
    header, page, prefer_wait,
    receive::{self, IncomingPost, ReceivedPost, RefusedPost},
    response::{self, ReceivedView, StatusView},
    schema::{LeadBody, LeadForm, ListParameters},
    sources::Handle,
};

/// What leads are refused with. A browser that posted a form gets the same as a page that keeps what was typed.
struct LeadRefusals;

impl IntoResponses for LeadRefusals {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        refusals(&[
            &catalogue::MALFORMED_BODY,
            &catalogue::INVALID_HEADER,
            &catalogue::INVALID_PARAMETER,
            &catalogue::UNAUTHENTICATED,
            &catalogue::SOURCE_PAUSED,
            &catalogue::NOT_FOUND,
            &catalogue::BODY_TOO_SLOW,
            &catalogue::BODY_TOO_LARGE,
            &catalogue::TOO_MANY_LEADS,
            &catalogue::UNSUPPORTED_MEDIA_TYPE,
            &catalogue::INVALID_LEAD,
            &catalogue::TOO_MANY_REQUESTS,
            &catalogue::INTERNAL_ERROR,
            &catalogue::UNAVAILABLE,
            &catalogue::TOO_MANY_LISTS,
        ])
    }
}

/// Takes leads with a source's key.
///
/// Answered when the arrival is durable. The same `Idempotency-Key` or `external_id` with the same content is the same
/// arrival and has the same answer, however often it is sent.
#[utoipa::path(post, path = "/v1/leads", operation_id = "post_leads", tag = "leads", security(("source_key" = [])),
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible ASCII characters, the same for each try of one post. What names no request, such as `undefined` or `{{id}}`, is refused."),
        ("Prefer" = Option<String>, Header, description = "`wait=SECONDS`, at most 10: answer with the decision where it is there in time.", example = "wait=5"),
        ListParameters,
    ),
    request_body(description = "One lead, or up to 1,000 in an array; or a list with a header row, of any length.", content(
        (LeadBody = "application/json"), (LeadForm = "application/x-www-form-urlencoded"), (LeadForm = "multipart/form-data"),
        (String = "text/csv"))),
    responses(
        (status = 202, description = "Received: one lead, an array of which each element stands for itself, or a list.",
            body = ReceivedView, headers(("Location" = String, description = "Where to ask what became of one lead."))),
        (status = 200, description = "Decided, where the sender preferred to wait.", body = StatusView),
        (status = 303, description = "To a browser that posted a form: on to the source's page of thanks."),
        LeadRefusals,
    ))]
pub async fn by_key(State(context): State<IntakeContext>, key: Result<Bearer, Problem>, request: Request) -> Response {
    take(&context, key.map(|key| key_handle(&key)), request).await
}

/// Takes leads from senders that can set no header: the address is the source's own.
///
/// Handled as by `POST /v1/leads`.
#[utoipa::path(post, path = "/v1/in/{token}", operation_id = "post_leads_by_token", tag = "leads",
    params(
        ("token" = String, Path, description = "The source's token.", example = "src_…"),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible ASCII characters, the same for each try of one post. What names no request, such as `undefined` or `{{id}}`, is refused."),
        ("Prefer" = Option<String>, Header, description = "`wait=SECONDS`, at most 10: answer with the decision where it is there in time.", example = "wait=5"),
        ListParameters,
    ),
    request_body(description = "One lead, or up to 1,000 in an array; or a list with a header row, of any length.", content(
        (LeadBody = "application/json"), (LeadForm = "application/x-www-form-urlencoded"), (LeadForm = "multipart/form-data"),
        (String = "text/csv"))),
    responses(
        (status = 202, description = "Received: one lead, an array of which each element stands for itself, or a list.",
            body = ReceivedView, headers(("Location" = String, description = "Where to ask what became of one lead."))),
        (status = 200, description = "Decided, where the sender preferred to wait.", body = StatusView),
        (status = 303, description = "To a browser that posted a form: on to the source's page of thanks."),
        LeadRefusals,
    ))]
pub async fn by_token(
    State(context): State<IntakeContext>,
    token: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    // An address that is no text is no source's, and is answered like one.
    let handle = token.map(|Path(token)| token_handle(&token)).map_err(|_| Problem::not_found());
    take(&context, handle, request).await
}

async fn take(context: &IntakeContext, handle: Result<Handle, Problem>, request: Request) -> Response {
    let (parts, content) = request.into_parts();
    let format = BodyFormat::of(&parts.headers);
    // Known before the source is: a browser gets a page whatever is wrong.
    let asker = Asker::of(&parts.headers, &format);
    let has_key = matches!(handle, Ok(Handle::Key(_)));
    let peer = parts.extensions.get::<Visitor>().copied();
    let identified = match handle {
        Ok(handle) => source(context, handle, peer).await,
        Err(problem) => Err(problem),
    };
    let source = match identified {
        Ok(source) => source,
        Err(problem) => {
            // Unread, it would take the connection down and the answer with it.
            body::discard(content).await;
            return refuse(problem.into(), &asker);
        }
    };
    // Who has the key is a program of the source's owner, whose visitors all come from its one address.
    let visitor = peer.filter(|_| !has_key);
    let label = format.as_ref().map_or("other", |format| format.label());
    let query = parts.uri.query();
    let post = IncomingPost { headers: &parts.headers, format, visitor, has_key, query, content };
    let (received, label, asker) = match post.looked_into(context).await {
        Ok(post) => {
            // Known better now: JSON that was posted as a form is answered as JSON.
            let label = post.format.as_ref().map_or("other", |format| format.label());
            let asker = Asker::of(&parts.headers, &post.format);
            (receive::receive(context, &source, post).await, label, asker)
        }
        Err(problem) => (Err(problem.into()), label, asker),
    };
    // Before anything else can fail, so that every request is counted.
    count(label, &received);
    let mut response = match received {
        Err(refused) => refuse(refused, &asker),
        // Never waits for the decision: a person must not look at a blank page meanwhile.
        Ok(_) if asker.is_sent_on => page::see_other(source.thanks_url.as_deref()),
        Ok(ReceivedPost::Many { results, at }) => response::many(&results, at),
        Ok(ReceivedPost::List(list)) => response::list(&list),
        Ok(ReceivedPost::One { own, .. }) => {
            let status = match header::wait(&parts.headers, context.longest_wait) {
                Some(limit) => prefer_wait::decided(context, source.id, own, limit).await,
                None => None,
            };
            let (at, sees_grade) = (own.received_at, sees_grade(&source, has_key));
            let decided = |status| response::decided(own.id, &status, sees_grade, at);
            status.map_or_else(|| response::one(own.id, at), decided)
        }
    };
    // After the answer is made: the log line names the source in every case.
    response.extensions_mut().insert(LoggedSource(source.id));
    response
}

/// What whoever posted can show.
struct Asker {
    /// It is sent on to a page of thanks: it posted a form and does not say that it takes JSON.
    is_sent_on: bool,
    /// It shows a page of what is wrong to a person. Browsers say that they take HTML; a program that posts a form and says nothing
    /// gets words that it can read.
    shows_pages: bool,
}

impl Asker {
    fn of(headers: &HeaderMap, format: &Result<BodyFormat, Problem>) -> Self {
        let is_form = format.as_ref().is_ok_and(|format| format.is_form());
        let is_sent_on = is_form && !header::accepts(headers, "application/json");
        Self { is_sent_on, shows_pages: is_sent_on && header::accepts(headers, "text/html") }
    }
}

fn refuse(refused: RefusedPost, asker: &Asker) -> Response {
    let form = refused.form.unwrap_or_default();
    if asker.shows_pages { page::refusal(&refused.problem, &form) } else { refused.problem.into_response() }
}

fn count(format: &'static str, received: &Result<ReceivedPost, RefusedPost>) {
    let add = |result: &'static str, number: u64| {
        if number > 0 {
            counter!("ripen_intake_received_total", "format" => format, "result" => result).increment(number);
        }
    };
    match received {
        Ok(ReceivedPost::One { quarantined, .. }) => add(if *quarantined { "quarantined" } else { "received" }, 1),
        Ok(ReceivedPost::Many { results, .. }) => {
            let quarantined = results.iter().flatten().filter(|one| one.quarantined).count() as u64;
            let refused = results.iter().filter(|one| one.is_err()).count() as u64;
            add("quarantined", quarantined);
            add("refused", refused);
            // Elements count for themselves: an array is one answer and many leads.
            add("received", results.len() as u64 - quarantined - refused);
        }
        Ok(ReceivedPost::List(list)) => {
            add("quarantined", list.quarantined);
            add("refused", list.refused);
            add("received", list.received - list.quarantined);
        }
        Err(_) => add("refused", 1),
    }
}
