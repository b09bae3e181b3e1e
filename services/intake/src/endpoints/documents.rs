//! `GET /v1/problems` and `GET /v1/thanks`: pages that are the same for everybody.

use axum::{
    Json,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use ripen_web::catalogue;
use serde_json::json;

use crate::{header, page};

/// The catalogue of problem types: a page for browsers, JSON for everybody else.
pub async fn problems(headers: HeaderMap) -> Response {
    if header::accepts(&headers, "text/html") {
        return page::problems();
    }
    Json(json!({"problems": catalogue::ALL})).into_response()
}

/// Thanks.
pub async fn thanks() -> Response {
    page::thanks()
}
