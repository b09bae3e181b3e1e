//! `/keys`: every key, on a page.

use askama::Template;
use axum::{http::StatusCode, response::Response};
use ripen_domain::actor::UserRole;

use super::{
    frame::{DeskPage, Place},
    viewer::Viewer,
};

/// Keys that belong together.
struct KeyGroup {
    name: &'static str,
    where_to: &'static str,
    keys: &'static [KeyLine],
    is_for_brokers: bool,
}

/// What keys do.
struct KeyLine {
    keys: &'static [&'static str],
    does: &'static str,
}

macro_rules! keys {
    ($($($key:literal)+ => $does:literal,)*) => { &[$(KeyLine { keys: &[$($key),+], does: $does },)*] };
}

const GROUPS: [KeyGroup; 7] = [
    KeyGroup {
        name: "Everywhere",
        where_to: "outside of a field",
        is_for_brokers: true,
        keys: keys! {
            "/" => "search anything",
            "Ctrl K" => "the palette: pages, what the page can do, leads by anything typed",
            "?" => "this page",
            "g" "l" => "leads",
            "Esc" => "leave a field, close what is open",
        },
    },
    KeyGroup {
        name: "Lists",
        where_to: "outside of a field",
        is_for_brokers: true,
        keys: keys! {
            "j" => "the row below",
            "k" => "the row above",
            "Enter" => "open the row",
            "f" => "add a filter",
            "x" => "take the last filter away",
            "[" => "the page before, or the first",
            "]" => "the page after",
        },
    },
    KeyGroup {
        name: "Go to",
        where_to: "g, and a letter within a second",
        is_for_brokers: false,
        keys: keys! {
            "g" "w" => "work",
            "g" "q" => "queues",
            "g" "u" => "users",
            "g" "a" => "audit",
        },
    },
    KeyGroup {
        name: "Work: what happened",
        where_to: "outside of a field; with Alt everywhere",
        is_for_brokers: false,
        keys: keys! {
            "1" => "answered",
            "2" => "no answer",
            "3" => "voicemail",
            "4" => "call back: opens the picker",
            "5" => "wrong number",
            "6" => "reached somebody else",
            "7" => "not interested",
            "8" => "do not contact",
            "9" => "says they never enquired",
            "0" => "the number is dead",
        },
    },
    KeyGroup {
        name: "Work",
        where_to: "outside of a field; with Alt everywhere",
        is_for_brokers: false,
        keys: keys! {
            "n" => "save, and the next lead; without a lead, take the next",
            "z" => "take back what was just saved",
            "c" => "call",
            "Esc" => "leave the field, then the picker, then the lead while nothing is typed and no call was begun",
            "i" => "without a lead: open the number that rings",
            "+" => "without a lead: write down a walk-in",
        },
    },
    KeyGroup {
        name: "A lead",
        where_to: "on its page, outside of a field",
        is_for_brokers: false,
        keys: keys! {
            "t" => "take it and call",
            "c" => "call the first number",
            "e" => "write a note",
            "m" => "move the promise",
            "+" => "on the list of leads: enter one by hand",
        },
    },
    KeyGroup {
        name: "Call back",
        where_to: "while the picker is open, by the clock where the person is",
        is_for_brokers: false,
        keys: keys! {
            "h" => "in an hour",
            "e" => "this evening",
            "t" => "tomorrow, same time",
            "m" => "next Monday",
        },
    },
];

#[derive(Template)]
#[template(path = "people/keys.html")]
struct KeysTemplate {
    groups: Vec<&'static KeyGroup>,
}

/// Shows every key.
#[utoipa::path(get, path = "/keys", operation_id = "show_keys", tag = "pages",
    responses(
        (status = 200, description = "The page.", content_type = "text/html", body = String),
        (status = 303, description = "Nobody is signed in: to the form to sign in."),
    ))]
pub async fn show(viewer: Viewer) -> Response {
    let is_broker = viewer.role() == UserRole::Broker;
    let groups = GROUPS.iter().filter(|group| group.is_for_brokers || !is_broker).collect();
    let content = KeysTemplate { groups };
    DeskPage { title: "Keys", place: Place::Elsewhere, viewer: &viewer, query: "", content }.response(StatusCode::OK)
}
