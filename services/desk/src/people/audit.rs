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
        let (object, actor) = (given(&self.object), given(&self.actor));
        AuditFilter { object, actor, before: self.before, limit, ..AuditFilter::default() }
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
    changes: Vec<ChangedField>,
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
        ("object" = Option<String>, Query, description = "Only what was done to this object; of a lead, to its person too."),
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
    let entries: Vec<_> = found.into_iter().map(|entry| shown(entry, &names)).collect();
    let content = AuditTemplate {
        entries: &entries,
        object: filter.object.as_deref().unwrap_or_default(),
        actor: filter.actor.as_deref().unwrap_or_default(),
        older,
        when: When::of(&viewer, context.clock.now()),
    };
    DeskPage { title: "Audit", place: Place::Audit, viewer: &viewer, query: "", content }.response(StatusCode::OK)
}

fn shown(entry: AuditRecord, names: &BTreeMap<String, String>) -> ShownEntry {
    let changes = changed_fields(&entry);
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
}
