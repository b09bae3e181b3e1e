//! `/keys`: every key, on a page.

use askama::Template;
use axum::{http::StatusCode, response::Response};
use ripen_domain::actor::UserRole;

use super::{
    frame::{DeskPage, Place, leads_to},
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
            "t" => "take the row's lead and call",
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
            "e" => "the note",
            "q" => "the first open question",
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

/// A group as one role has it.
struct ShownKeys {
    name: &'static str,
    where_to: &'static str,
    keys: Vec<&'static KeyLine>,
}

impl KeyGroup {
    /// What of it a role has; none where that is nothing.
    fn of(&'static self, role: UserRole) -> Option<ShownKeys> {
        let is_broker = role == UserRole::Broker;
        let has = |line: &&KeyLine| match line.keys {
            // A place that is not in the rail is not gone to.
            ["g", place] => leads_to(role, place),
            // Brokers take nobody.
            ["t"] => !is_broker,
            _ => true,
        };
        let keys: Vec<_> = self.keys.iter().filter(has).collect();
        let is_shown = !keys.is_empty() && (self.is_for_brokers || !is_broker);
        is_shown.then_some(ShownKeys { name: self.name, where_to: self.where_to, keys })
    }
}

#[derive(Template)]
#[template(path = "people/keys.html")]
struct KeysTemplate {
    groups: Vec<ShownKeys>,
}

/// Shows every key that the viewer has.
#[utoipa::path(get, path = "/keys", operation_id = "show_keys", tag = "pages",
    responses(
        (status = 200, description = "The page.", content_type = "text/html", body = String),
        (status = 303, description = "Nobody is signed in: to the form to sign in."),
    ))]
pub async fn show(viewer: Viewer) -> Response {
    let content = KeysTemplate { groups: GROUPS.iter().filter_map(|group| group.of(viewer.role())).collect() };
    DeskPage { title: "Keys", place: Place::Elsewhere, viewer: &viewer, query: "", content }.response(StatusCode::OK)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a role reads.
    fn read(role: UserRole) -> Vec<&'static str> {
        GROUPS.iter().filter_map(|group| group.of(role)).flat_map(|group| group.keys).map(|line| line.does).collect()
    }

    #[test]
    fn nobody_reads_of_keys_that_lead_nowhere_for_them() {
        let has = |role: UserRole, what: &str| read(role).contains(&what);
        for place in ["queues", "users", "audit"] {
            assert!(has(UserRole::Admin, place) && !has(UserRole::Agent, place) && !has(UserRole::Broker, place));
        }
        assert!(has(UserRole::Manager, "queues") && has(UserRole::Manager, "users"));
        assert!(has(UserRole::Agent, "work") && !has(UserRole::Broker, "work"));
        assert!(has(UserRole::Agent, "take the row's lead and call") && has(UserRole::Broker, "open the row"));
        assert!(!has(UserRole::Broker, "take the row's lead and call"));
        assert!(has(UserRole::Agent, "the note") && has(UserRole::Agent, "the first open question"));
    }
}
