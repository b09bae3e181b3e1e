//! The description of the HTTP API (OpenAPI 3.1): put together from the operations of every service, served as JSON and as a
//! page to browse. Neither asks for anything from elsewhere.
//!
//! An operation is described where its handler is. Services register handlers with [`OpenApiRouter::routes`] only, so that
//! no address is served without its description.

mod page;
mod paths;
mod refusals;

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use utoipa::openapi::{
    Components, ComponentsBuilder, Info, InfoBuilder, License, OpenApi, OpenApiBuilder,
    security::{Http, HttpAuthScheme, SecurityScheme},
    tag::{Tag, TagBuilder},
};
pub use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{Problem, page::style as page_style};
use page::ApiReference;
use paths::STYLE_PATH;
pub use paths::{DOCS_PATH, PATH};
pub use refusals::{Refusals, refusals};

/// The security scheme of a source's key.
pub const SOURCE_KEY: &str = "source_key";
/// The security scheme of a client's token.
pub const CLIENT_TOKEN: &str = "client_token";
/// The security scheme of a user's token.
pub const USER_TOKEN: &str = "user_token";

/// The tags of operations, and who uses what they name.
const TAGS: [(&str, &str); 7] = [
    ("leads", "For whoever sends leads: vendors, web forms, imports."),
    ("arrivals", "For whoever sent leads: what became of them."),
    ("deliveries", "For clients' programs: what was delivered, again, and what became of it."),
    ("work", "For whoever works leads: the next lead, what is typed, how it ended, and why nobody is calling."),
    ("desk", "For programs of who signs in, with a user's token, and for the telephone system."),
    ("pages", "For people with a browser: pages behind a link, and those that are the same for everybody."),
    ("description", "This description."),
];

/// What is served of the document; it does not change while the process runs.
struct Description {
    json: Bytes,
    reference: ApiReference,
}

/// The routes of the description of these parts, which describe themselves in it too.
///
/// # Errors
/// When it cannot be written as JSON, which only a mistake in a description causes.
pub fn router(parts: impl IntoIterator<Item = OpenApi>) -> Result<Router, serde_json::Error> {
    let own = OpenApiRouter::new().routes(routes!(json)).routes(routes!(docs)).routes(routes!(style));
    let (routes, own) = own.split_for_parts();
    let document = document(parts.into_iter().chain([own]));
    let json = serde_json::to_vec(&document)?.into();
    // Written once: the document does not change while the process runs.
    Ok(routes.with_state(Arc::new(Description { json, reference: ApiReference::of(&document) })))
}

/// One document of these parts.
fn document(parts: impl Iterator<Item = OpenApi>) -> OpenApi {
    let tags = TAGS.map(|(name, about)| TagBuilder::new().name(name).description(Some(about)).build());
    let mut document =
        OpenApiBuilder::new().info(info()).tags(Some::<Vec<Tag>>(tags.into())).components(Some(components())).build();
    for part in parts {
        document.merge(part);
    }
    document
}

fn info() -> Info {
    let about = "Ripen takes leads in, grades them, keeps those that are not ready, and delivers those that are. Refusals are \
                 `application/problem+json` (RFC 9457); their types are listed at `/v1/problems`. Webhooks that clients \
                 receive follow Standard Webhooks and are no part of this document.";
    InfoBuilder::new()
        .title("Ripen")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(about))
        .license(Some(License::new("MIT OR Apache-2.0")))
        .build()
}

fn components() -> Components {
    let bearer = |about: &str| {
        let mut scheme = Http::new(HttpAuthScheme::Bearer);
        scheme.description = Some(about.to_owned());
        SecurityScheme::Http(scheme)
    };
    ComponentsBuilder::new()
        .schema_from::<Problem>()
        .security_scheme(SOURCE_KEY, bearer("A source's key, shown once when the source is made."))
        .security_scheme(CLIENT_TOKEN, bearer("A client's token, shown once when it is made."))
        .security_scheme(USER_TOKEN, bearer("A user's token, shown once when it is made: it may what the user may."))
        .build()
}

/// The description of the API, as JSON.
#[utoipa::path(get, path = PATH, operation_id = "get_openapi", tag = "description",
    responses((status = 200, description = "This document.", content_type = "application/json", body = Object)))]
async fn json(State(description): State<Arc<Description>>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], description.json.clone()).into_response()
}

/// The description of the API, as a page.
#[utoipa::path(get, path = DOCS_PATH, operation_id = "browse_openapi", tag = "description",
    responses((status = 200, description = "A page.", content_type = "text/html", body = String)))]
async fn docs(State(description): State<Arc<Description>>) -> Response {
    description.reference.response()
}

/// The style sheet of that page.
#[utoipa::path(get, path = STYLE_PATH, operation_id = "get_docs_style", tag = "description",
    responses((status = 200, description = "A style sheet.", content_type = "text/css", body = String)))]
async fn style() -> Response {
    page_style().await
}
