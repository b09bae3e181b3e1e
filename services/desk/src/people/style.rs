//! `/style`: every part that pages are made of, once, so that a change of the style sheet is looked at in one place.

use askama::Template;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};

use super::{
    frame::{DeskPage, Place},
    viewer::Viewer,
};

/// The colours by what they are for.
const COLOURS: [(&str, &[&str]); 6] = [
    ("Grounds and lines", &["ground", "surface", "sunken", "line", "line-strong", "field-edge"]),
    ("Text", &["text", "text-quiet", "text-faint"]),
    ("Accent", &["accent", "accent-strong", "accent-ground", "accent-line", "on-accent"]),
    ("Grades", &["a", "on-a", "a-text", "a-ground", "b", "b-text", "b-ground", "c", "c-text"]),
    ("Lost or late", &["danger", "danger-ground", "danger-line"]),
    ("Series", &["series-1", "series-2", "series-3"]),
];

/// Keys by what they do.
const KEYS: [(&str, &[&str]); 19] = [
    ("Search", &["/"]),
    ("Palette", &["Ctrl", "K"]),
    ("All keys", &["?"]),
    ("Go to work, leads, queues", &["g", "w", "l", "q"]),
    ("Go to users, audit", &["g", "u", "a"]),
    ("Next, previous row", &["j", "k"]),
    ("Open the row", &["Enter"]),
    ("Add a filter", &["f"]),
    ("Take the last filter away", &["x"]),
    ("Earlier, later page", &["[", "]"]),
    ("Take the next lead; save and next", &["n"]),
    ("Dispositions, outside a field", &["1", "…", "8"]),
    ("Dispositions, inside a field", &["Alt", "1", "…", "8"]),
    ("Call", &["c"]),
    ("Note", &["e"]),
    ("First open question", &["q"]),
    ("Take this lead", &["t"]),
    ("Take back the last save", &["z"]),
    ("Leave a field, a dialog, the lead", &["Esc"]),
];

#[derive(Template)]
#[template(path = "people/style.html")]
struct StyleTemplate {
    colours: [(&'static str, &'static [&'static str]); 6],
    keys: [(&'static str, &'static [&'static str]); 19],
}

/// Shows every part once.
#[utoipa::path(get, path = "/style", operation_id = "show_style", tag = "pages",
    responses(
        (status = 200, description = "The page.", content_type = "text/html", body = String),
        (status = 303, description = "Nobody is signed in: to the form to sign in."),
        (status = 404, description = "For staff alone.", content_type = "text/html", body = String),
    ))]
pub async fn show(viewer: Viewer) -> Response {
    if let Err(problem) = viewer.require_staff() {
        return problem.into_response();
    }
    let content = StyleTemplate { colours: COLOURS, keys: KEYS };
    DeskPage { title: "Style", place: Place::Elsewhere, viewer: &viewer, query: "", content }.response(StatusCode::OK)
}
