//! Where the description of the API is served.

/// The document.
pub const PATH: &str = "/api/v1/openapi.json";
/// The page to browse it.
pub const DOCS_PATH: &str = "/api/docs";
/// The style sheet of that page.
pub(super) const STYLE_PATH: &str = "/api/docs/style.css";
