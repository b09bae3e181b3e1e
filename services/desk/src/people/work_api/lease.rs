//! Taking a lead, keeping it, giving it back; and what there is where there is none to take.

use axum::{Json, extract::State};
use ripen_actions::{
    desk::{LeaveLead, RenewLease, coming_up, take, take_next, why_over},
    lead::find,
};
use ripen_domain::id::LeadId;
use ripen_web::{Problem, extract::PathId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    WorkReadRefusals, WorkRefusals,
    view::{LeaseBody, LeftView, NextLeadView, OpenedLeadView, RenewedView, UpcomingView},
};
use crate::{
    context::DeskContext,
    people::{csrf::CsrfJson, refused::refused, viewer::Viewer, work::shown_number::number_of},
};

/// Nothing is said beside the address: `{}`.
#[derive(Deserialize, ToSchema)]
pub struct NothingBody {}

/// Takes the next lead; whoever has one open is given that one again.
#[utoipa::path(post, path = "/api/v1/work/next", operation_id = "take_next_lead", tag = "work",
    request_body = NothingBody,
    responses((status = 200, description = "The lead, or when there is one.", body = NextLeadView), WorkRefusals))]
pub async fn take_next_lead(
    State(context): State<DeskContext>,
    asked: CsrfJson<NothingBody>,
) -> Result<Json<NextLeadView>, Problem> {
    let CsrfJson { viewer, body: NothingBody {} } = asked;
    viewer.require_staff()?;
    let opened = take_next(&context.actions, &viewer.actor).await.map_err(|refusal| refused(&refusal))?;
    let upcoming = match &opened {
        Some(_) => None,
        None => Some(upcoming(&context, &viewer).await?),
    };
    Ok(Json(NextLeadView { opened: opened.map(OpenedLeadView::from), upcoming }))
}

/// Opens a lead by its name: somebody calls back. An agent who works for other clients alone is refused (409); a language that they do
/// not speak does not keep them from it.
#[utoipa::path(post, path = "/api/v1/work/{id}", operation_id = "open_lead", tag = "work",
    params(("id" = String, Path, description = "The lead's id, lead_….")),
    request_body = NothingBody,
    responses((status = 200, description = "The lead is open.", body = OpenedLeadView), WorkRefusals))]
pub async fn open_lead(
    State(context): State<DeskContext>,
    PathId(lead): PathId<LeadId>,
    asked: CsrfJson<NothingBody>,
) -> Result<Json<OpenedLeadView>, Problem> {
    let CsrfJson { viewer, body: NothingBody {} } = asked;
    viewer.require_staff()?;
    let opened = take(&context.actions, &viewer.actor, lead).await.map_err(|refusal| refused(&refusal))?;
    Ok(Json(opened.into()))
}

/// Keeps a lead that is open.
#[utoipa::path(post, path = "/api/v1/work/renew", operation_id = "renew_lead", tag = "work",
    request_body = LeaseBody,
    responses((status = 200, description = "It is held on.", body = RenewedView), WorkRefusals))]
pub async fn renew_lead(
    State(context): State<DeskContext>,
    asked: CsrfJson<LeaseBody>,
) -> Result<Json<RenewedView>, Problem> {
    let CsrfJson { viewer, body: LeaseBody { lead, lease } } = asked;
    viewer.require_staff()?;
    let renewed = context.actions.run(&viewer.actor, &RenewLease { lead, lease }).await;
    let until = renewed.map_err(|refusal| refused(&refusal))?;
    let over = why_over(&context.actions, &viewer.actor, lead).await.map_err(|refusal| refused(&refusal))?;
    let record = find(&context.actions, &viewer.actor, lead).await.map_err(|refusal| refused(&refusal))?;
    Ok(Json(RenewedView { until, over, phone: number_of(&record.profile) }))
}

/// Gives a lead back without a disposition. What was typed stays a draft.
#[utoipa::path(post, path = "/api/v1/work/leave", operation_id = "leave_lead", tag = "work",
    request_body = LeaseBody,
    responses((status = 200, description = "It is anybody's.", body = LeftView), WorkRefusals))]
pub async fn leave_lead(
    State(context): State<DeskContext>,
    asked: CsrfJson<LeaseBody>,
) -> Result<Json<LeftView>, Problem> {
    let CsrfJson { viewer, body: LeaseBody { lead, lease } } = asked;
    viewer.require_staff()?;
    let left = context.actions.run(&viewer.actor, &LeaveLead { lead, lease }).await;
    left.map(|was_held| Json(LeftView { was_held })).map_err(|refusal| refused(&refusal))
}

/// When the next work comes due, and what the day was.
#[utoipa::path(get, path = "/api/v1/work/upcoming", operation_id = "upcoming_work", tag = "work",
    responses((status = 200, description = "What comes, and what was.", body = UpcomingView), WorkReadRefusals))]
pub async fn upcoming_work(State(context): State<DeskContext>, viewer: Viewer) -> Result<Json<UpcomingView>, Problem> {
    viewer.require_staff()?;
    Ok(Json(upcoming(&context, &viewer).await?))
}

async fn upcoming(context: &DeskContext, viewer: &Viewer) -> Result<UpcomingView, Problem> {
    let coming = coming_up(&context.actions, &viewer.actor, &viewer.zone()).await;
    coming.map(UpcomingView::from).map_err(|refusal| refused(&refusal))
}
