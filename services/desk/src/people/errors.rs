//! Refusals as pages. Handlers and the edge refuse with problems, as programs read them; whoever asks with a browser for a page gets
//! the same in words, with a way on.

use askama::Template;
use axum::{
    Router,
    body::to_bytes,
    extract::Request,
    http::{HeaderMap, StatusCode, header},
    middleware::{Next, from_fn},
    response::Response,
};
use serde::Deserialize;

use super::{
    frame::{DeskPage, Place, alone},
    viewer::{SeenViewer, Viewer},
};

/// What is read by programs, or has pages of its own for its refusals.
const NOT_PAGES: [&str; 6] = ["/api/", "/v1/", "/o/", "/r/", "/assets/", "/f/"];
/// Problems are small.
const LONGEST_PROBLEM: usize = 64 * 1024;

#[derive(Template)]
#[template(path = "people/error.html")]
struct ErrorTemplate<'a> {
    status: u16,
    heading: &'a str,
    detail: &'a str,
    /// Where to load it again; empty where that would send a form once more.
    again: &'a str,
    /// Whoever reads it has the rail beside it.
    is_signed_in: bool,
    /// They work leads.
    works: bool,
}

#[derive(Default, Deserialize)]
struct SaidProblem {
    #[serde(default)]
    title: String,
    #[serde(default)]
    detail: String,
}

/// Puts it around the routes of a process, edge included: addresses that lead nowhere are told as pages too.
pub fn around(routes: Router) -> Router {
    routes.layer(from_fn(as_pages))
}

async fn as_pages(mut request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let is_wanted = !NOT_PAGES.iter().any(|start| path.starts_with(start)) && wants_html(request.headers());
    let is_get = request.method().is_safe();
    let seen = SeenViewer::default();
    if is_wanted {
        request.extensions_mut().insert(seen.clone());
    }
    let response = next.run(request).await;
    if is_wanted && is_problem(response.headers()) {
        as_page(response, if is_get { &path } else { "" }, seen.0.get()).await
    } else {
        response
    }
}

/// Whether a browser asks for a page: programs take anything, or say JSON.
pub(super) fn wants_html(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted
        .flat_map(|value| value.split(','))
        .any(|kind| kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/html")))
}

fn is_problem(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/problem+json")
}

async fn as_page(response: Response, again: &str, viewer: Option<&Viewer>) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, LONGEST_PROBLEM).await.unwrap_or_default();
    let said: SaidProblem = serde_json::from_slice(&bytes).unwrap_or_default();
    let heading = match parts.status {
        StatusCode::NOT_FOUND => "There is nothing here",
        StatusCode::INTERNAL_SERVER_ERROR => "This page broke, your work did not",
        StatusCode::SERVICE_UNAVAILABLE => "The database does not answer",
        _ => said.title.as_str(),
    };
    let detail = match parts.status {
        StatusCode::NOT_FOUND => "The address does not exist, or it is not yours to see.",
        _ => said.detail.as_str(),
    };
    let works = viewer.is_some_and(|viewer| viewer.require_staff().is_ok());
    let content =
        ErrorTemplate { status: parts.status.as_u16(), heading, detail, again, is_signed_in: viewer.is_some(), works };
    let page = match viewer {
        Some(viewer) => {
            DeskPage { title: heading, place: Place::Elsewhere, viewer, query: "", content }.response(parts.status)
        }
        None => alone(heading, content, parts.status),
    };
    let (page, body) = page.into_parts();
    // The length is the problem's; everything else, such as how long to wait, is true of the page too.
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.extend(page.headers);
    Response::from_parts(parts, body)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_who_names_html_gets_a_page() {
        let wants = |accept: &'static str| {
            wants_html(&HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]))
        };
        assert!(wants("text/html,application/xhtml+xml;q=0.9,*/*;q=0.8") && wants("application/json, Text/HTML;q=0.5"));
        assert!(!wants("*/*") && !wants("application/json") && !wants_html(&HeaderMap::new()));
    }
}
