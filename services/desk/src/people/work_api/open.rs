//! What whoever asks has open, and what of theirs can still be taken back.

use axum::{Json, extract::State};
use jiff::Timestamp;
use ripen_actions::desk::{held, pending_undo};
use ripen_domain::id::LeadId;
use ripen_web::Problem;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{WorkReadRefusals, view::OpenedLeadView};
use crate::{
    context::DeskContext,
    people::{refused::refused, viewer::Viewer},
};

/// What whoever asks has open.
#[derive(Serialize, ToSchema)]
pub struct OpenWorkView {
    /// Their leads, the one opened last first.
    opened: Vec<OpenedLeadView>,
    /// What they saved last, while it can be taken back.
    undo: Option<PendingUndoView>,
}

/// A disposition that can be taken back.
#[derive(Serialize, ToSchema)]
pub struct PendingUndoView {
    /// Its id.
    #[schema(value_type = String)]
    touch: Uuid,
    /// Its lead.
    #[schema(value_type = String)]
    lead: LeadId,
    /// Until when.
    until: Timestamp,
}

/// What whoever asks has open, and what they can take back. Nothing is taken or held on by it.
#[utoipa::path(get, path = "/api/v1/work", operation_id = "open_work", tag = "work",
    responses((status = 200, description = "What is open.", body = OpenWorkView), WorkReadRefusals))]
pub async fn open_work(State(context): State<DeskContext>, viewer: Viewer) -> Result<Json<OpenWorkView>, Problem> {
    viewer.require_staff()?;
    let (actions, actor) = (&context.actions, &viewer.actor);
    let opened = held(actions, actor).await.map_err(|refusal| refused(&refusal))?;
    let undo = pending_undo(actions, actor).await.map_err(|refusal| refused(&refusal))?;
    Ok(Json(OpenWorkView {
        opened: opened.into_iter().map(OpenedLeadView::from).collect(),
        undo: undo.map(|one| PendingUndoView { touch: one.touch, lead: one.lead, until: one.until }),
    }))
}
