//! What happens to every request on its way in and out: an id, one log line, two metrics, security headers, and a panic
//! turned into an answer.
//!
//! Paths can hold tokens and queries contact data, so only the matched route is ever logged.

use std::{
    panic::AssertUnwindSafe,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Body,
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use futures::FutureExt;
use metrics::{counter, histogram};
use ripen_domain::id::SourceId;
use tower::ServiceExt as _;
use tracing::Instrument as _;

use crate::{Problem, body, catalogue, request_id};

/// Put among a response's extensions to name the source in the log line.
#[derive(Debug, Clone, Copy)]
pub struct LoggedSource(pub SourceId);

/// Headers of every answer that does not set its own.
static SECURITY: [(HeaderName, HeaderValue); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
];

/// Makes the id of a request: short enough to be read out.
pub type NewRequestId = fn() -> String;

/// Puts the edge around the merged routers of a process, with problems for unknown addresses and wrong methods.
pub fn around(routes: Router, new_id: NewRequestId) -> Router {
    let routes = routes.method_not_allowed_fallback(method_not_allowed);
    let known = routes.clone().fallback(not_found);
    let unknown = move |request: Request| with_slash(known.clone(), request);
    routes.fallback(unknown).layer(from_fn_with_state(new_id, edge))
}

/// An address with a slash at its end is the one without it: people and mail programs add one to links.
async fn with_slash(routes: Router, mut request: Request) -> Response {
    if let Some(uri) = without_slash(request.uri()) {
        *request.uri_mut() = uri;
    }
    // Those routes have no such fallback themselves: an address is looked for once more at most.
    routes.oneshot(request).await.into_response()
}

fn without_slash(uri: &Uri) -> Option<Uri> {
    let path = uri.path().strip_suffix('/').filter(|path| !path.is_empty())?;
    let whole = uri.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    whole.parse().ok()
}

/// Addresses that programs look for, and miss by a letter or a folder.
const LOOKED_FOR: [&str; 8] = [
    "/v1/leads",
    "/v1/arrivals",
    "/v1/deliveries",
    "/v1/problems",
    "/api/docs",
    "/api/v1/openapi.json",
    "/healthz",
    "/readyz",
];

async fn not_found(uri: Uri, body: Body) -> Problem {
    body::discard(body).await;
    let nearest = nearest(uri.path()).map(|path| format!(" Did you mean {path}?")).unwrap_or_default();
    let detail = format!("There is nothing at this address.{nearest} Every address stands in /api/docs.");
    Problem::new(&catalogue::NOT_FOUND, detail)
}

/// The address that ends like this one; what was asked for is not repeated, because a token may stand in it.
fn nearest(path: &str) -> Option<&'static str> {
    let end = |path: &str| {
        let last = path.rsplit('/').find(|part| !part.is_empty()).unwrap_or_default();
        let plain: String = last.chars().filter(char::is_ascii_alphanumeric).collect();
        plain.to_ascii_lowercase().trim_end_matches('s').to_owned()
    };
    let asked = end(path);
    LOOKED_FOR.into_iter().find(|known| !asked.is_empty() && end(known) == asked)
}

async fn method_not_allowed(body: Body) -> Problem {
    body::discard(body).await;
    Problem::new(&catalogue::METHOD_NOT_ALLOWED, "This address exists, but not for this method. See the Allow header.")
}

async fn edge(State(new_id): State<NewRequestId>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = known(request.method());
    // Taken before the request is handed on, which consumes it.
    let path = request.extensions().get::<MatchedPath>().cloned();
    let route = path.as_ref().map_or("unmatched", MatchedPath::as_str);
    let id = new_id();
    // Of the highest level, so that no log is set too low to have the id.
    let span = tracing::error_span!("web.request.answer", request.id = id);
    let answer = request_id::answering(id.clone(), next.run(request)).instrument(span.clone());
    // A panic that went on would drop the connection, and its sender could not know whether to send again.
    let answer = AssertUnwindSafe(answer).catch_unwind().await;
    let mut response = answer.unwrap_or_else(|_payload| {
        // The payload can quote what was posted, so it goes nowhere from here.
        span.in_scope(|| tracing::error!(http.method = method, http.route = route, "a handler panicked"));
        Problem::internal_of(Some(&id)).into_response()
    });
    let headers = response.headers_mut();
    for (name, value) in &SECURITY {
        // A page has a policy of its own.
        headers.entry(name).or_insert_with(|| value.clone());
    }
    let took = started.elapsed();
    if response.status().is_server_error() {
        span.in_scope(|| note(method, path.as_ref(), &response, took));
    } else {
        note(method, path.as_ref(), &response, took);
    }
    response
}

/// The method's name; anything can be sent as a method, and a metric must not grow by it.
fn known(method: &Method) -> &'static str {
    const KNOWN: [(Method, &str); 7] = [
        (Method::POST, "POST"),
        (Method::GET, "GET"),
        (Method::HEAD, "HEAD"),
        (Method::PUT, "PUT"),
        (Method::PATCH, "PATCH"),
        (Method::DELETE, "DELETE"),
        (Method::OPTIONS, "OPTIONS"),
    ];
    KNOWN.iter().find(|(known, _)| known == method).map_or("other", |(_, name)| name)
}

fn note(method: &'static str, path: Option<&MatchedPath>, response: &Response, took: Duration) {
    let status = response.status();
    let route = path.map_or("unmatched", MatchedPath::as_str);
    // The route and never the address: a path can hold a token, and a metric must not grow with every lead.
    let owned = route.to_owned();
    let code = status_text(status);
    counter!("ripen_http_requests_total", "method" => method, "route" => owned.clone(), "status" => code).increment(1);
    histogram!("ripen_http_request_seconds", "method" => method, "route" => owned).record(took.as_secs_f64());
    // Known only once the sender was authenticated.
    let source = response.extensions().get::<LoggedSource>().map(|source| tracing::field::display(source.0));
    let duration_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    let http_status = status.as_u16();
    // A refusal is the sender's business; an error of ours has to stand out among a thousand lines.
    if status.is_server_error() {
        tracing::warn!(
            http.method = method,
            http.route = route,
            http.status = http_status,
            duration_us,
            source.id = source,
            "request"
        );
    } else {
        tracing::info!(
            http.method = method,
            http.route = route,
            http.status = http_status,
            duration_us,
            source.id = source,
            "request"
        );
    }
}

/// The status as a label without an allocation for those that occur.
fn status_text(status: StatusCode) -> metrics::SharedString {
    match status.as_u16() {
        200 => "200".into(),
        202 => "202".into(),
        303 => "303".into(),
        other => other.to_string().into(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::{http::Request, routing::post};

    use super::*;

    fn app() -> Router {
        async fn bad() -> &'static str {
            panic!("a test's panic")
        }
        async fn broken() -> Problem {
            tracing::error!("the cause");
            Problem::internal()
        }
        let routes = Router::new().route("/panic", post(bad)).route("/broken", post(broken));
        around(routes.route("/ok", post(|| async { "fine" })), || "7k3m9q2x".to_owned())
    }

    /// Keeps what is logged.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    async fn send(method: Method, path: &str) -> Response {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        app().oneshot(request).await.unwrap()
    }

    #[test]
    fn an_address_that_is_missed_by_a_folder_is_named() {
        for (asked, meant) in [
            ("/leads", Some("/v1/leads")),
            ("/api/v1/lead", Some("/v1/leads")),
            ("/v2/Leads/", Some("/v1/leads")),
            ("/docs", Some("/api/docs")),
            ("/openapi.json", Some("/api/v1/openapi.json")),
            ("/", None),
            ("/wp-login.php", None),
        ] {
            assert_eq!(nearest(asked), meant, "{asked}");
        }
    }

    #[tokio::test]
    async fn a_panic_is_a_500_problem() {
        let response = send(Method::POST, "/panic").await;
        assert_eq!(response.status(), 500);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
    }

    #[tokio::test]
    async fn every_error_of_ours_is_in_the_log_under_the_id_that_is_answered() {
        let log = Log::default();
        let kept = log.clone();
        // At the level that a quiet installation has.
        let lines = tracing_subscriber::fmt().with_max_level(tracing::Level::ERROR).with_ansi(false);
        let _logged = tracing::subscriber::set_default(lines.with_writer(move || kept.clone()).finish());
        for (path, line) in [("/broken", "the cause"), ("/panic", "a handler panicked")] {
            let response = send(Method::POST, path).await;
            let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
            let answered = String::from_utf8(body.to_vec()).unwrap();
            assert!(answered.contains("It was logged as 7k3m9q2x"), "{answered}");
            let logged = String::from_utf8(std::mem::take(&mut *log.0.lock().unwrap())).unwrap();
            let of_it = logged.lines().find(|one| one.contains(line)).unwrap_or_else(|| panic!("{logged}"));
            assert!(of_it.contains("request.id=\"7k3m9q2x\""), "{of_it}");
        }
        assert_eq!(send(Method::POST, "/ok").await.status(), 200);
        assert!(log.0.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn wrong_addresses_and_methods_are_problems() {
        assert_eq!(send(Method::GET, "/nowhere").await.status(), 404);
        assert_eq!(send(Method::GET, "/nowhere/").await.status(), 404);
        assert_eq!(send(Method::GET, "/").await.status(), 404);
        let response = send(Method::GET, "/ok").await;
        assert_eq!(response.status(), 405);
        assert_eq!(response.headers()[header::ALLOW], "POST");
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
    }

    #[tokio::test]
    async fn a_slash_at_the_end_changes_nothing() {
        assert_eq!(send(Method::POST, "/ok/").await.status(), 200);
        assert_eq!(send(Method::POST, "/ok/?a=b").await.status(), 200);
        assert_eq!(send(Method::GET, "/ok/").await.status(), 405);
        assert_eq!(send(Method::POST, "/ok//").await.status(), 404);
    }

    #[tokio::test]
    async fn every_answer_has_the_security_headers() {
        let response = send(Method::POST, "/ok").await;
        for (name, _) in &SECURITY {
            assert!(response.headers().contains_key(name), "{name}");
        }
    }

    #[test]
    fn a_made_up_method_does_not_become_a_label() {
        assert_eq!(known(&Method::from_bytes(b"BREW").unwrap()), "other");
    }
}
