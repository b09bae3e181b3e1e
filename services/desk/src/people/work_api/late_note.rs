//! The note of a call on a lead that was closed or stopped while somebody had it open.

use axum::{Json, extract::State};
use ripen_actions::desk::KeepLateNote;
use ripen_domain::id::LeadId;
use ripen_web::Problem;
use serde::{Deserialize, Serialize};
use serde_json::Map;
use utoipa::ToSchema;
use uuid::Uuid;

use super::WorkRefusals;
use crate::{
    context::DeskContext,
    people::{csrf::CsrfJson, refused::refused},
};

/// What was typed of a lead that is over.
#[derive(Deserialize, ToSchema)]
pub struct LateNoteBody {
    /// The lead.
    #[schema(value_type = String)]
    lead: LeadId,
    /// As it was taken.
    #[schema(value_type = String)]
    lease: Uuid,
    /// The words; nothing is kept where there are none.
    #[serde(default)]
    note: String,
}

/// What became of it.
#[derive(Serialize, ToSchema)]
pub struct LateNoteView {
    /// The lead that the note is kept with; none without one.
    #[schema(value_type = Option<String>)]
    kept_with: Option<LeadId>,
}

/// Keeps the note of a call on a lead that is over (`over`), and ends the work on it. A disposition of it is refused (409).
#[utoipa::path(post, path = "/api/v1/work/late-note", operation_id = "keep_late_note", tag = "work",
    request_body = LateNoteBody,
    responses((status = 200, description = "The work on it ended.", body = LateNoteView), WorkRefusals))]
pub async fn keep_late_note(
    State(context): State<DeskContext>,
    asked: CsrfJson<LateNoteBody>,
) -> Result<Json<LateNoteView>, Problem> {
    let CsrfJson { viewer, body: LateNoteBody { lead, lease, note } } = asked;
    viewer.require_staff()?;
    let late = KeepLateNote { lead, lease, note, typed: Map::new(), version: None, touch: None };
    let kept = context.actions.run(&viewer.actor, &late).await;
    kept.map(|kept_with| Json(LateNoteView { kept_with })).map_err(|refusal| refused(&refusal))
}
