//! `GET /v1/problems` and `GET /v1/thanks`: pages that are the same for everybody.

use axum::{
    Json,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use ripen_web::catalogue::{self, ProblemType};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{header, page};

/// Every type of problem.
#[derive(Serialize, ToSchema)]
struct ProblemCatalogue {
    problems: &'static [&'static ProblemType],
}

/// The catalogue of problem types: a page for browsers, JSON for everybody else.
#[utoipa::path(get, path = catalogue::PATH, operation_id = "list_problems", tag = "pages",
    responses((status = 200, description = "Every type of problem that an answer may have.",
        content((ProblemCatalogue = "application/json"), (String = "text/html")))))]
pub async fn problems(headers: HeaderMap) -> Response {
    if header::accepts(&headers, "text/html") {
        return page::problems();
    }
    Json(ProblemCatalogue { problems: catalogue::ALL }).into_response()
}

/// Thanks, for browsers that posted a form of a source without a page of its own.
#[utoipa::path(get, path = page::THANKS, operation_id = "show_thanks", tag = "pages",
    responses((status = 200, description = "A page that says nothing of what was posted.", content_type = "text/html",
        body = String)))]
pub async fn thanks() -> Response {
    page::thanks()
}
