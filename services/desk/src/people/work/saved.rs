//! What was just saved, beside the next lead: what became of it, and the button that takes it back.

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use jiff::Timestamp;
use ripen_actions::{lead_brief::background, why_not::gates};
use ripen_domain::{desk::WayState, id::LeadId, lead::Grade};
use ripen_web::{
    Problem,
    extract::{NamedFields, Query},
};
use serde::Deserialize;
use uuid::Uuid;

use super::next::next_in_words;
use crate::{
    context::DeskContext,
    people::{handover::on_the_way, viewer::Viewer, when::When},
};

/// What the work page is asked for.
#[derive(Debug, Default, Deserialize)]
pub struct WorkQuery {
    /// The touch that was just saved.
    pub saved: Option<Uuid>,
    /// Its lead; without a touch, the one to be shown of those that are open.
    pub lead: Option<String>,
    /// Until when it can be taken back, in seconds since 1970.
    pub until: Option<i64>,
    /// What the last request came to.
    pub told: Option<String>,
    /// What is open beside the lead: `appointment`.
    pub open: Option<String>,
}

impl NamedFields for WorkQuery {
    fn hint(field: &str) -> &'static str {
        match field {
            "saved" => "Write the id of a touch.",
            "until" => "Write a number of seconds.",
            _ => "Write text.",
        }
    }
}

/// What was just saved.
#[derive(Debug, Clone)]
pub struct SavedToast {
    /// The touch.
    pub touch: Uuid,
    /// The lead.
    pub lead: LeadId,
    /// The person's name.
    pub name: String,
    /// The client's name.
    pub client: String,
    /// The grade, once it is decided.
    pub grade: &'static str,
    /// It is not decided again yet.
    pub is_pending: bool,
    /// When it can be taken back no more, in seconds since 1970.
    pub until: i64,
    /// For so many seconds it can be taken back.
    pub left: i64,
    /// It is an A and goes to its client then: one that nobody there can take waits.
    pub goes: bool,
    /// What becomes of it next, after "it"; empty while it is not decided again.
    pub next: String,
}

#[derive(Template)]
#[template(path = "people/work/saved.html")]
struct SavedTemplate<'a> {
    toast: Option<&'a SavedToast>,
    csrf: String,
}

/// What was just saved; none where the address names nothing that the viewer may see.
pub async fn toast(context: &DeskContext, viewer: &Viewer, query: &WorkQuery) -> Option<SavedToast> {
    let touch = query.saved?;
    let lead: LeadId = query.lead.as_deref()?.parse().ok()?;
    // What cannot be shown beside the next lead must not keep that lead from being shown.
    let (record, behind) = background(&context.actions, &viewer.actor, lead).await.ok()?;
    let until = query.until.unwrap_or_default();
    let now = context.clock.now();
    let gates = gates(&context.actions, &viewer.actor, lead, None).await.ok().filter(|_| !behind.is_to_be_decided);
    let when = When::of(viewer, now);
    let waits = gates.as_ref().and_then(|gates| gates.way.as_ref()).is_some_and(|way| way.state == WayState::Held);
    let next = gates.and_then(|gates| {
        // That it is with the client is said of what the client has.
        let way = gates.way.as_ref().and_then(|way| on_the_way(way, &when));
        way.or_else(|| gates.next.map(|next| next_in_words(&next, &record.places(), &when)))
    });
    let next = next.unwrap_or_default();
    Some(SavedToast {
        touch,
        lead,
        name: record.profile.full_name().unwrap_or_else(|| "The lead".to_owned()),
        client: behind.client_name,
        grade: record.decided.map(|decided| decided.grade.word()).unwrap_or_default(),
        is_pending: behind.is_to_be_decided,
        until,
        left: left(until, now),
        goes: !waits && record.decided.is_some_and(|decided| decided.grade == Grade::A),
        next,
    })
}

fn left(until: i64, now: Timestamp) -> i64 {
    // No longer than a day, whatever the address says.
    until.saturating_sub(now.as_second()).clamp(0, 86_400)
}

/// Shows what became of what was just saved: the decision comes a moment later.
#[utoipa::path(get, path = "/work/saved", operation_id = "show_saved_work", tag = "pages",
    params(
        ("saved" = String, Query, description = "The touch."),
        ("lead" = String, Query, description = "Its lead, lead_…."),
        ("until" = Option<i64>, Query, description = "Until when it can be taken back, in seconds since 1970."),
    ),
    responses(
        (status = 200, description = "A part of the page.", content_type = "text/html", body = String),
        (status = 303, description = "Nobody is signed in: to the form to sign in."),
        (status = 404, description = "For staff alone, or there is no such lead.", content_type = "text/html", body = String),
    ))]
pub async fn saved(State(context): State<DeskContext>, viewer: Viewer, Query(query): Query<WorkQuery>) -> Response {
    if let Err(problem) = viewer.require_staff() {
        return problem.into_response();
    }
    let Some(toast) = toast(&context, &viewer, &query).await else { return Problem::not_found().into_response() };
    let template = SavedTemplate { toast: Some(&toast), csrf: viewer.csrf() };
    match template.render() {
        Ok(html) => (StatusCode::OK, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "what was saved could not be written");
            Problem::internal().into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seconds_left_are_those_of_the_clock() {
        let now: Timestamp = "2026-11-24T16:03:00Z".parse().unwrap();
        assert_eq!(left(now.as_second() + 20, now), 20);
        assert_eq!([left(0, now), left(i64::MIN, now), left(i64::MAX, now)], [0, 0, 86_400]);
    }
}
