//! `POST /v1/leads` with a source key, and `POST /v1/in/{token}`: the two ways in, handled the same.

use axum::{
    extract::{Path, Request, State, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use metrics::counter;
use ripen_domain::secret::Secret;
use ripen_web::{Problem, body, edge::LoggedSource};

use crate::{
    Context,
    formats::Format,
    header, page, prefer_wait,
    receive::{self, Received, Refused},
    response,
    sources::Handle,
};

/// With `Authorization: Bearer <source key>`.
pub async fn by_key(State(context): State<Context>, request: Request) -> Response {
    let handle = super::key(request.headers());
    take(&context, handle, request).await
}

/// For senders that can set no header.
pub async fn by_token(
    State(context): State<Context>,
    token: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    let handle = token.map(|Path(token)| Handle::Token(Secret::given(&token).hash()));
    take(&context, handle.map_err(|_| Problem::not_found()), request).await
}

async fn take(context: &Context, handle: Result<Handle, Problem>, request: Request) -> Response {
    let (parts, content) = request.into_parts();
    let format = Format::of(&parts.headers);
    let is_form = format.as_ref().is_ok_and(|format| format.is_form());
    let browser = is_form && !header::accepts(&parts.headers, "application/json");
    let identified = match handle {
        Ok(handle) => super::source(context, handle).await,
        Err(problem) => Err(problem),
    };
    let source = match identified {
        Ok(source) => source,
        Err(problem) => {
            body::discard(content).await;
            return refuse(problem.into(), browser);
        }
    };
    let label = format.as_ref().map_or("other", |format| format.label());
    let received = receive::receive(context, &source, &parts.headers, format, content).await;
    count(label, &received);
    let mut response = match received {
        Err(refused) => refuse(refused, browser),
        Ok(_) if browser => page::see_other(source.thanks_url.as_deref()),
        Ok(Received::Many { results, at }) => response::many(&results, at),
        Ok(Received::One { id, at, .. }) => {
            let limit = if is_form { None } else { header::wait(&parts.headers, context.longest_wait) };
            let status = match limit {
                Some(limit) => prefer_wait::decided(context, source.id, id, limit).await,
                None => None,
            };
            status.map_or_else(|| response::one(id, at), |status| response::decided(&status, at))
        }
    };
    response.extensions_mut().insert(LoggedSource(source.id));
    response
}

fn refuse(refused: Refused, browser: bool) -> Response {
    let form = refused.form.unwrap_or_default();
    if browser { page::refusal(&refused.problem, &form) } else { refused.problem.into_response() }
}

fn count(format: &'static str, received: &Result<Received, Refused>) {
    let add = |result: &'static str, number: usize| {
        if number > 0 {
            counter!("ripen_intake_received_total", "format" => format, "result" => result).increment(number as u64);
        }
    };
    match received {
        Ok(Received::One { quarantined, .. }) => add(if *quarantined { "quarantined" } else { "received" }, 1),
        Ok(Received::Many { results, .. }) => {
            let quarantined = results.iter().flatten().filter(|one| one.quarantined).count();
            let refused = results.iter().filter(|one| one.is_err()).count();
            add("quarantined", quarantined);
            add("refused", refused);
            add("received", results.len() - quarantined - refused);
        }
        Err(_) => add("refused", 1),
    }
}
