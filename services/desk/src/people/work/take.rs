//! A lead is taken, kept, given back; a disposition is taken back.

use std::time::Duration;

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use ripen_actions::{
    Refusal,
    desk::{LeaveLead, RenewLease, UndoDisposition, held, take, take_next, why_over},
    lead::find,
    ringing::ringing,
};
use ripen_domain::{contact_link::shown_number, id::LeadId};
use ripen_web::{Problem, catalogue};
use serde::Serialize;
use uuid::Uuid;

use super::{
    became::became,
    form::WorkForm,
    idle::{IdleSays, idle_page},
    lost::{KeptWords, LostLead, lost_lead},
    rings::rings,
    shown_number::number_of,
    shown_rings::RingsSay,
};
use crate::{
    context::DeskContext,
    people::{csrf::CsrfForm, refused::refused, viewer::Viewer},
};

/// So long a page that was closed may come back before its lead is somebody else's: loading it again looks like closing it, and
/// another window that has the lead open renews it in that time.
const COMES_BACK: Duration = Duration::from_secs(20);

/// So long a page may lie open with nobody at it before its lead is anybody's again: a long call in which nothing is typed, and no
/// night.
const NOBODY_THERE_S: u64 = 30 * 60;

/// Until when a lead is kept.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LeaseKept {
    /// In seconds since 1970; none where it was not kept on.
    until: Option<i64>,
    /// Nobody has been at the page for so long that it is not kept on.
    is_idle: bool,
    /// Why nobody works on it any more: it was closed or stopped, or its consent is looked at; none while it goes on.
    over: Option<String>,
    /// The number that the person is known by, with its extension; empty where there is none; none where it was not kept on.
    number: Option<String>,
    /// The same as people read it.
    number_shown: String,
}

/// Why a lead is held no more.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LeaseLost {
    /// Who has it by now; none where it is free: it was saved or given back, in another tab.
    held_by: Option<String>,
    /// What was saved of it last, as a sentence; empty where nothing was.
    last: String,
    /// Where it is free, why there is nothing to open again: it became an A, or is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    became: Option<String>,
    /// The viewer has a draft about it, of whatever tab.
    has_draft: bool,
}

/// Takes the next lead.
#[utoipa::path(post, path = "/work/next", operation_id = "take_next_work", tag = "pages",
    request_body(content_type = "application/x-www-form-urlencoded", description = "`csrf`.", content = String),
    responses(
        (status = 303, description = "To the lead, or to when there is work again; or nobody is signed in: to the form to sign in."),
        (status = 403, description = "The form is of another session.", content_type = "text/html", body = String),
        (status = 404, description = "For staff alone.", content_type = "text/html", body = String),
    ))]
pub async fn next(State(context): State<DeskContext>, posted: CsrfForm<WorkForm>) -> Response {
    if let Err(problem) = posted.viewer.require_staff() {
        return problem.into_response();
    }
    match take_next(&context.actions, &posted.viewer.actor).await {
        Ok(Some(_)) => Redirect::to("/work").into_response(),
        Ok(None) => Redirect::to("/work?told=nothing").into_response(),
        Err(refusal) => refused(&refusal).into_response(),
    }
}

/// Opens a lead by its name, or by the number that rings.
#[utoipa::path(post, path = "/work/take", operation_id = "take_work", tag = "pages",
    request_body(content_type = "application/x-www-form-urlencoded", description = "`lead` (lead_…) or `phone`, in any spelling, or its last four digits; `csrf`.", content = String),
    responses(
        (status = 200, description = "The number is that of several leads, or of none that is open, or nobody may call it: which, as a page.", content_type = "text/html", body = String),
        (status = 303, description = "To the lead, or back with what stood against it; or nobody is signed in: to the form to sign in."),
        (status = 403, description = "The form is of another session.", content_type = "text/html", body = String),
        (status = 404, description = "For staff alone, or there is no such lead.", content_type = "text/html", body = String),
        (status = 422, description = "No number can be read, as a page.", content_type = "text/html", body = String),
    ))]
pub async fn open(State(context): State<DeskContext>, posted: CsrfForm<WorkForm>) -> Response {
    let CsrfForm { viewer, form } = posted;
    if let Err(problem) = viewer.require_staff() {
        return problem.into_response();
    }
    if let Some(lead) = form.lead() {
        return opened(&context, &viewer, lead).await;
    }
    let phone = form.text("phone");
    match ringing(&context.actions, &viewer.actor, phone).await {
        Ok(number) => match number.only_lead() {
            Some(lead) => opened(&context, &viewer, lead).await,
            None => rings(&context, &viewer, StatusCode::OK, RingsSay::of(phone, &number)).await,
        },
        Err(Refusal::Invalid(_)) => {
            let says = IdleSays { told: "no_digits", phone, ..IdleSays::default() };
            idle_page(&context, &viewer, StatusCode::UNPROCESSABLE_ENTITY, says).await
        }
        Err(refusal) => refused(&refusal).into_response(),
    }
}

async fn opened(context: &DeskContext, viewer: &Viewer, lead: LeadId) -> Response {
    match take(&context.actions, &viewer.actor, lead).await {
        Ok(open) => Redirect::to(&format!("/work?lead={}", open.lead)).into_response(),
        Err(Refusal::Conflict { code, .. }) => Redirect::to(&format!("/work?told={code}")).into_response(),
        Err(refusal) => refused(&refusal).into_response(),
    }
}

/// Keeps the lead that a page shows.
#[utoipa::path(post, path = "/work/renew", operation_id = "renew_work", tag = "pages",
    request_body(content_type = "application/x-www-form-urlencoded",
        description = "`lead`, `lease`, `csrf`; `idle_s`, for how many seconds nobody has been at the page: after half an hour it is \
                       not kept on.", content = String),
    responses(
        (status = 200, description = "Until when.", body = LeaseKept),
        (status = 303, description = "Nobody is signed in: to the form to sign in."),
        (status = 403, description = "The form is of another session.", content_type = "text/html", body = String),
        (status = 404, description = "For staff alone, or the form names no lead.", content_type = "text/html", body = String),
        (status = 409, description = "It is held no more.", body = LeaseLost),
    ))]
pub async fn renew(State(context): State<DeskContext>, posted: CsrfForm<WorkForm>) -> Response {
    let CsrfForm { viewer, form } = posted;
    if let Err(problem) = viewer.require_staff() {
        return problem.into_response();
    }
    let Some((lead, lease)) = form.lead().zip(form.lease()) else { return Problem::not_found().into_response() };
    // The page says how long; how long is too long is said here.
    if form.text("idle_s").parse().unwrap_or(0_u64) >= NOBODY_THERE_S {
        let (is_idle, number_shown) = (true, String::new());
        return Json(LeaseKept { until: None, is_idle, over: None, number: None, number_shown }).into_response();
    }
    match renewed(&context, &viewer, (lead, lease)).await {
        Ok(kept) => Json(kept).into_response(),
        Err(Refusal::Conflict { .. }) => match lost(&context, &viewer, lead).await {
            Ok(lost) => (StatusCode::CONFLICT, Json(lost)).into_response(),
            Err(refusal) => refused(&refusal).into_response(),
        },
        Err(refusal) => refused(&refusal).into_response(),
    }
}

async fn renewed(context: &DeskContext, viewer: &Viewer, (lead, lease): (LeadId, Uuid)) -> Result<LeaseKept, Refusal> {
    let until = context.actions.run(&viewer.actor, &RenewLease { lead, lease }).await?;
    let over = why_over(&context.actions, &viewer.actor, lead).await?;
    let number = number_of(&find(&context.actions, &viewer.actor, lead).await?.profile).unwrap_or_default();
    let (until, number_shown) = (Some(until.as_second()), shown_number(&number));
    Ok(LeaseKept { until, is_idle: false, over, number: Some(number), number_shown })
}

async fn lost(context: &DeskContext, viewer: &Viewer, lead: LeadId) -> Result<LeaseLost, Refusal> {
    let LostLead { holder, last, kept } = lost_lead(context, viewer, lead).await?;
    let became = if holder.is_none() { became(context, viewer, lead).await? } else { None };
    Ok(LeaseLost { held_by: holder, last, became, has_draft: kept == KeptWords::Draft })
}

/// Gives the lead back. What was typed stays a draft.
#[utoipa::path(post, path = "/work/leave", operation_id = "leave_work", tag = "pages",
    request_body(content_type = "application/x-www-form-urlencoded",
        description = "The form of the page; `beacon` where the page was closed: then it may come back for some seconds.", content = String),
    responses(
        (status = 204, description = "The page was closed."),
        (status = 303, description = "Given back; or nobody is signed in: to the form to sign in."),
        (status = 403, description = "The form is of another session.", content_type = "text/html", body = String),
        (status = 404, description = "For staff alone.", content_type = "text/html", body = String),
    ))]
pub async fn leave(State(context): State<DeskContext>, posted: CsrfForm<WorkForm>) -> Response {
    let CsrfForm { viewer, form } = posted;
    if let Err(problem) = viewer.require_staff() {
        return problem.into_response();
    }
    let Some((lead, lease)) = form.lead().zip(form.lease()) else { return Redirect::to("/work").into_response() };
    if !form.text("beacon").is_empty() {
        return closed(context, viewer, lead, lease).await;
    }
    let told = match super::draft::keep(&context, &viewer, &form).await {
        Ok(kept) if kept.is_newer => "left_newer",
        Ok(_) => "left",
        Err(refusal) => return refused(&refusal).into_response(),
    };
    match context.actions.run(&viewer.actor, &LeaveLead { lead, lease }).await {
        Ok(_) => Redirect::to(&format!("/work?told={told}")).into_response(),
        Err(refusal) => refused(&refusal).into_response(),
    }
}

/// Gives the lead back unless the page, or another one, has shown it again by then.
async fn closed(context: DeskContext, viewer: Viewer, lead: LeadId, lease: Uuid) -> Response {
    let before = match until(&context, &viewer, lead, lease).await {
        Ok(before) => before,
        Err(refusal) => return refused(&refusal).into_response(),
    };
    // Should this process end meanwhile, the lease runs out by itself.
    tokio::spawn(async move {
        tokio::time::sleep(COMES_BACK).await;
        let is_left = until(&context, &viewer, lead, lease).await.is_ok_and(|now| now.is_some() && now == before);
        if is_left && let Err(error) = context.actions.run(&viewer.actor, &LeaveLead { lead, lease }).await {
            tracing::warn!(lead.id = %lead, %error, "a lead whose page was closed is kept until its lease ends");
        }
    });
    StatusCode::NO_CONTENT.into_response()
}

/// Until when the viewer has it under this lease, in nanoseconds since 1970.
async fn until(context: &DeskContext, viewer: &Viewer, lead: LeadId, lease: Uuid) -> Result<Option<i128>, Refusal> {
    let open = held(&context.actions, &viewer.actor).await?;
    let this = open.iter().find(|one| one.lead == lead && one.lease == lease);
    Ok(this.map(|one| one.until.as_nanosecond()))
}

/// Takes back what was just saved: the lead is open again as it was.
#[utoipa::path(post, path = "/work/undo", operation_id = "undo_work", tag = "pages",
    request_body(content_type = "application/x-www-form-urlencoded", description = "`touch`, `csrf`.", content = String),
    responses(
        (status = 303, description = "To the lead, or back with what stood against it; or nobody is signed in: to the form to sign in."),
        (status = 403, description = "The form is of another session.", content_type = "text/html", body = String),
        (status = 404, description = "For staff alone, or there is no such touch.", content_type = "text/html", body = String),
    ))]
pub async fn undo(State(context): State<DeskContext>, posted: CsrfForm<WorkForm>) -> Response {
    let CsrfForm { viewer, form } = posted;
    if let Err(problem) = viewer.require_staff() {
        return problem.into_response();
    }
    let Some(touch) = form.touch() else {
        return Problem::new(&catalogue::NOT_FOUND, "The form names no touch.").into_response();
    };
    match context.actions.run(&viewer.actor, &UndoDisposition { touch }).await {
        Ok(undone) => {
            let Some(open) = undone.held else { return Redirect::to("/work?told=undone_held").into_response() };
            // The next lead was handed out meanwhile: nobody works two at once.
            if let Err(refusal) = leave_others(&context, &viewer, open.lead).await {
                return refused(&refusal).into_response();
            }
            Redirect::to(&format!("/work?lead={}&told=undone", open.lead)).into_response()
        }
        Err(Refusal::Conflict { code, .. }) => Redirect::to(&format!("/work?told={code}")).into_response(),
        Err(refusal) => refused(&refusal).into_response(),
    }
}

async fn leave_others(context: &DeskContext, viewer: &Viewer, but: LeadId) -> Result<(), Refusal> {
    for open in held(&context.actions, &viewer.actor).await? {
        if open.lead != but {
            context.actions.run(&viewer.actor, &LeaveLead { lead: open.lead, lease: open.lease }).await?;
        }
    }
    Ok(())
}
