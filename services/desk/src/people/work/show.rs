//! `GET /work`: the lead that the viewer has open, or when there is work again.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use ripen_actions::desk::{OpenedLead, RenewLease, held, pending_undo};
use ripen_domain::id::LeadId;
use ripen_web::extract::Query;

use super::{
    idle::{IdleSays, idle_page},
    page::{LeadAsk, lead_page},
    saved::{SavedToast, WorkQuery, toast},
};
use crate::{
    context::DeskContext,
    people::{refused::refused, viewer::Viewer},
};

/// What is said of the lead that is shown, and of no other.
const OF_THE_SHOWN: [&str; 5] = ["undone", "booked", "booked_newer", "newer", "beside_newer"];

/// Shows the lead that is open; without one, when there is work again.
#[utoipa::path(get, path = "/work", operation_id = "show_work", tag = "pages",
    params(
        ("lead" = Option<String>, Query, description = "Which of several leads that are open: lead_…."),
        ("saved" = Option<String>, Query, description = "The touch that was just saved; `lead` is its lead."),
        ("until" = Option<i64>, Query, description = "Until when it can be taken back, in seconds since 1970."),
        ("told" = Option<String>, Query, description = "What the last request came to, as a word."),
        ("open" = Option<String>, Query, description = "`appointment`: the free times of reps are offered."),
    ),
    responses(
        (status = 200, description = "The page.", content_type = "text/html", body = String),
        (status = 303, description = "Nobody is signed in: to the form to sign in."),
        (status = 404, description = "For staff alone.", content_type = "text/html", body = String),
    ))]
pub async fn show(
    State(context): State<DeskContext>,
    viewer: Viewer,
    headers: HeaderMap,
    Query(query): Query<WorkQuery>,
) -> Response {
    if let Err(problem) = viewer.require_staff() {
        return problem.into_response();
    }
    let open = match held(&context.actions, &viewer.actor).await {
        Ok(open) => open,
        Err(refusal) => return refused(&refusal).into_response(),
    };
    // A part of a page that lies open is asked for anew by its script, whoever sits before it.
    let is_part = headers.contains_key("x-part");
    let chosen = chosen(&open, &query)
        .filter(|found| !is_part || query.lead.as_deref().is_none_or(|lead| lead == found.lead.to_string()));
    let toast = match query.saved {
        Some(_) => toast(&context, &viewer, &query).await,
        None => still_to_undo(&context, &viewer, chosen).await,
    };
    let told = still_true(&query, chosen);
    match chosen {
        Some(lead) => {
            // Somebody looks at it: a page that was closed and opened again keeps it.
            let renewed = RenewLease { lead: lead.lead, lease: lead.lease };
            if !is_part && let Err(refusal) = context.actions.run(&viewer.actor, &renewed).await {
                tracing::debug!(lead.id = %lead.lead, %refusal, "a lead that is shown was not kept");
            }
            let shows_slots = query.open.as_deref() == Some("appointment");
            let ask = LeadAsk { toast: toast.as_ref(), told, shows_slots, ..LeadAsk::of(lead) };
            lead_page(&context, &viewer, StatusCode::OK, ask).await
        }
        None => {
            let says = IdleSays { toast: toast.as_ref(), told, ..IdleSays::default() };
            idle_page(&context, &viewer, StatusCode::OK, says).await
        }
    }
}

/// What the last request came to; nothing where it is said of a lead that is not the one shown: somebody went back to an address of
/// before, or loaded it again.
fn still_true<'q>(query: &'q WorkQuery, shown: Option<&OpenedLead>) -> &'q str {
    let told = query.told.as_deref().unwrap_or_default();
    let is_of_shown = || shown.is_some_and(|shown| query.lead.as_deref() == Some(shown.lead.to_string().as_str()));
    if OF_THE_SHOWN.contains(&told) && !is_of_shown() { "" } else { told }
}

/// What was saved last, for as long as it can be taken back: whoever looks something up meanwhile comes back to it. Not of the lead
/// that is open again.
async fn still_to_undo(context: &DeskContext, viewer: &Viewer, open: Option<&OpenedLead>) -> Option<SavedToast> {
    let pending = match pending_undo(&context.actions, &viewer.actor).await {
        Ok(pending) => pending.filter(|pending| open.is_none_or(|open| open.lead != pending.lead))?,
        // What cannot be shown beside the next lead must not keep that lead from being shown.
        Err(refusal) => {
            tracing::warn!(%refusal, "what can be taken back is not shown");
            return None;
        }
    };
    let saved = WorkQuery {
        saved: Some(pending.touch),
        lead: Some(pending.lead.to_string()),
        until: Some(pending.until.as_second()),
        ..WorkQuery::default()
    };
    toast(context, viewer, &saved).await
}

/// The lead that is asked for, else the one that was opened last.
fn chosen<'o>(open: &'o [OpenedLead], query: &WorkQuery) -> Option<&'o OpenedLead> {
    let asked: Option<LeadId> =
        query.lead.as_deref().filter(|_| query.saved.is_none()).and_then(|lead| lead.parse().ok());
    asked.and_then(|asked| open.iter().find(|one| one.lead == asked)).or_else(|| open.first())
}
