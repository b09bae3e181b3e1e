//! The style sheet and the script of the desk's pages. Their addresses carry a hash of their content, so that browsers keep them for
//! a year and fetch them anew after an upgrade.

use std::sync::LazyLock;

use axum::{
    extract::RawQuery,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};

/// A file that pages link to.
pub struct Asset {
    path: &'static str,
    media_type: &'static str,
    content: &'static str,
    address: LazyLock<String>,
}

/// Where the style sheet lies.
pub const STYLE_PATH: &str = "/assets/desk.css";
/// Where the script lies.
pub const SCRIPT_PATH: &str = "/assets/app.js";
/// Where the work page's own script lies.
pub const WORK_SCRIPT_PATH: &str = "/assets/work.js";

/// The style sheet.
pub static STYLE: Asset = Asset {
    path: STYLE_PATH,
    media_type: "text/css; charset=utf-8",
    content: include_str!("../../assets/desk.css"),
    address: LazyLock::new(|| hashed(STYLE.path, STYLE.content)),
};

/// The script.
pub static SCRIPT: Asset = Asset {
    path: SCRIPT_PATH,
    media_type: "text/javascript; charset=utf-8",
    content: concat!(
        include_str!("../../assets/app.js"),
        include_str!("../../assets/zone.js"),
        include_str!("../../assets/keys.js"),
        include_str!("../../assets/kept.js")
    ),
    address: LazyLock::new(|| hashed(SCRIPT.path, SCRIPT.content)),
};

/// The work page's own script.
pub static WORK_SCRIPT: Asset = Asset {
    path: WORK_SCRIPT_PATH,
    media_type: "text/javascript; charset=utf-8",
    content: include_str!("../../assets/work.js"),
    address: LazyLock::new(|| hashed(WORK_SCRIPT.path, WORK_SCRIPT.content)),
};

fn hashed(path: &str, content: &str) -> String {
    format!("{path}?v={}", hex::encode(&Sha256::digest(content.as_bytes())[..6]))
}

impl Asset {
    /// Its address with the hash of its content.
    pub fn address(&'static self) -> &'static str {
        &self.address
    }

    fn response(&'static self, query: Option<&str>) -> Response {
        // Under another hash it is asked for by a page of another version: that copy must not be kept.
        let is_current = query.is_some_and(|query| self.address().ends_with(query));
        let kept = if is_current { "public, max-age=31536000, immutable" } else { "no-cache" };
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static(self.media_type)),
            (header::CACHE_CONTROL, HeaderValue::from_static(kept)),
        ];
        (headers, self.content).into_response()
    }
}

/// The style sheet of the desk's pages.
#[utoipa::path(get, path = STYLE_PATH, operation_id = "get_desk_style", tag = "pages",
    responses((status = 200, description = "A style sheet.", content_type = "text/css", body = String)))]
pub async fn style(RawQuery(query): RawQuery) -> Response {
    STYLE.response(query.as_deref())
}

/// The script of the desk's pages.
#[utoipa::path(get, path = SCRIPT_PATH, operation_id = "get_desk_script", tag = "pages",
    responses((status = 200, description = "A script.", content_type = "text/javascript", body = String)))]
pub async fn script(RawQuery(query): RawQuery) -> Response {
    SCRIPT.response(query.as_deref())
}

/// The work page's own script.
#[utoipa::path(get, path = WORK_SCRIPT_PATH, operation_id = "get_work_script", tag = "pages",
    responses((status = 200, description = "A script.", content_type = "text/javascript", body = String)))]
pub async fn work_script(RawQuery(query): RawQuery) -> Response {
    WORK_SCRIPT.response(query.as_deref())
}
