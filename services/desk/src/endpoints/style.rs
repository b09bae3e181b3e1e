//! `GET /o/style.css`: the style sheet of the pages behind links.

use axum::response::Response;

use crate::page::STYLE_PATH;

/// The style sheet of the pages behind links.
#[utoipa::path(get, path = STYLE_PATH, operation_id = "get_style", tag = "pages",
    responses((status = 200, description = "A style sheet.", content_type = "text/css", body = String)))]
pub async fn style() -> Response {
    ripen_web::page::style().await
}
