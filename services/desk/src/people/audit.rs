//! `/audit`: who changed what, newest first.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use ripen_actions::audit::{ChangedField, changed_fields, list, user_names};
use ripen_domain::actor::UserRole;
use ripen_store::audit::list::{AuditFilter, AuditRecord};
use ripen_web::extract::{NamedFields, Query};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::{
    frame::{DeskPage, Place},
    refused::{PageRefusals, refused},
    viewer::Viewer,
    when::When,
};
use crate::context::DeskContext;

/// Entries on a page.
const ON_A_PAGE: i64 = 50;

/// Which entries are meant.
#[derive(Debug, Default, Deserialize)]
pub struct AuditQuery {
    object: Option<String>,
    actor: Option<String>,
    before: Option<Uuid>,
}

impl AuditQuery {
    /// The entries that are meant, at most so many.
    pub fn filter(&self, limit: i64) -> AuditFilter {
        let given =
            |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        AuditFilter { object: given(&self.object), actor: given(&self.actor), before: self.before, limit }
    }
}

impl NamedFields for AuditQuery {
    fn hint(field: &str) -> &'static str {
        if field == "before" { "Write the id of an entry." } else { "Write text." }
    }
}

struct ShownEntry {
    at: Timestamp,
    actor: String,
    /// The actor by name, where it is somebody who signs in.
    who: String,
    action: String,
    /// The action in words.
    what: String,
    object: String,
    /// The object by name; empty where it has none here.
    about: String,
    /// Field by field, in words.
    changes: Vec<String>,
}

#[derive(Template)]
#[template(path = "people/audit.html")]
struct AuditTemplate<'a> {
    entries: &'a [ShownEntry],
    object: &'a str,
    actor: &'a str,
    older: Option<Uuid>,
    when: When,
}

/// Shows who changed what.
#[utoipa::path(get, path = "/audit", operation_id = "show_audit", tag = "pages",
    params(
        ("object" = Option<String>, Query, description = "Only what was done to this object."),
        ("actor" = Option<String>, Query, description = "Only what this actor did."),
        ("before" = Option<String>, Query, description = "Only what is older than this entry."),
    ),
    responses(
        (status = 200, description = "The page.", content_type = "text/html", body = String),
        (status = 303, description = "Nobody is signed in: to the form to sign in."),
        PageRefusals,
    ))]
pub async fn show(State(context): State<DeskContext>, viewer: Viewer, Query(query): Query<AuditQuery>) -> Response {
    if let Err(problem) = viewer.require(&[UserRole::Admin, UserRole::Manager]) {
        return problem.into_response();
    }
    let filter = query.filter(ON_A_PAGE + 1);
    let mut found = match list(&context.actions, &viewer.actor, &filter).await {
        Ok(found) => found,
        Err(refusal) => return refused(&refusal).into_response(),
    };
    // One more than is shown tells whether there are more.
    let has_more = found.len() > usize::try_from(ON_A_PAGE).unwrap_or(usize::MAX);
    found.truncate(usize::try_from(ON_A_PAGE).unwrap_or(usize::MAX));
    let older = found.last().filter(|_| has_more).map(|entry| entry.id);
    let names = match user_names(&context.actions, &viewer.actor).await {
        Ok(names) => names,
        Err(refusal) => return refused(&refusal).into_response(),
    };
    let when = When::of(&viewer, context.clock.now());
    let entries: Vec<_> = found.into_iter().map(|entry| shown(entry, &names, &when)).collect();
    let content = AuditTemplate {
        entries: &entries,
        object: filter.object.as_deref().unwrap_or_default(),
        actor: filter.actor.as_deref().unwrap_or_default(),
        older,
        when,
    };
    DeskPage { title: "Audit", place: Place::Audit, viewer: &viewer, query: "", content }.response(StatusCode::OK)
}

fn shown(entry: AuditRecord, names: &BTreeMap<String, String>, when: &When) -> ShownEntry {
    let changes = changed_fields(&entry).iter().map(|change| changed(change, names, when)).collect();
    ShownEntry {
        who: names.get(&entry.actor).unwrap_or(&entry.actor).clone(),
        what: in_words(&entry.action),
        about: names.get(&entry.object).cloned().unwrap_or_default(),
        at: entry.at,
        actor: entry.actor,
        action: entry.action,
        object: entry.object,
        changes,
    }
}

/// `key expires at: 30 Nov 2026, 20:50 UTC`, and what it was before where it was anything.
fn changed(change: &ChangedField, names: &BTreeMap<String, String>, when: &When) -> String {
    let value = |text: &str| in_words_of_value(text, names, when);
    let field = change.field.replace(['_', '.'], " ");
    match change.before.as_deref() {
        Some(before) => format!("{field}: {} → {}", value(before), value(&change.after)),
        None => format!("{field}: {}", value(&change.after)),
    }
}

/// A value as people read it: instants by their clock, lists and parts without the marks of JSON, users by name.
fn in_words_of_value(text: &str, names: &BTreeMap<String, String>, when: &When) -> String {
    if let Ok(at) = text.parse::<Timestamp>() {
        return when.whole(at);
    }
    if let Some(name) = names.get(text) {
        return name.clone();
    }
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Array(all)) => {
            let all: Vec<_> = all.iter().map(|one| in_words_of_value(&plain(one), names, when)).collect();
            if all.is_empty() { "none".to_owned() } else { all.join(", ") }
        }
        Ok(Value::Object(all)) => {
            let all: Vec<_> = all
                .iter()
                .map(|(key, one)| format!("{} {}", key.replace('_', " "), in_words_of_value(&plain(one), names, when)))
                .collect();
            all.join(", ")
        }
        Ok(Value::Bool(is_so)) => if is_so { "yes" } else { "no" }.to_owned(),
        _ => text.to_owned(),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// `user.mail_link` as `user: mail link`.
fn in_words(action: &str) -> String {
    action.replace('.', ": ").replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_said_in_words() {
        assert_eq!([in_words("lead.touch"), in_words("user.mail_link")], ["lead: touch", "user: mail link"]);
    }

    #[test]
    fn changes_are_read_without_the_marks_of_programs() {
        let when = When::at_clock("2026-11-30T20:00:00Z".parse().unwrap(), jiff::tz::TimeZone::UTC);
        let names = BTreeMap::from([("user_1".to_owned(), "Dana Hill".to_owned())]);
        let said = |text: &str| in_words_of_value(text, &names, &when);
        assert_eq!(said("2026-11-30T20:50:29.373442Z"), "Mon 30 Nov 2026, 20:50 UTC");
        assert_eq!(said("[\"timeframe_days\",\"budget\"]"), "timeframe_days, budget");
        assert_eq!(
            [said("user_1"), said("true"), said("{\"a_b\":1}"), said("[]")],
            ["Dana Hill", "yes", "a b 1", "none"]
        );
        assert_eq!(said("Likes [gardens]"), "Likes [gardens]");
    }
}
