//! What is typed is kept as it is typed.

use axum::{Json, extract::State};
use jiff::Timestamp;
use ripen_actions::desk::{DraftSaved, SaveDraft};
use ripen_domain::id::LeadId;
use ripen_store::desk::draft::DeskDraft;
use ripen_web::Problem;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::WorkRefusals;
use crate::{
    context::DeskContext,
    people::{csrf::CsrfJson, named::null_empties, refused::refused},
};

/// What is typed so far.
#[derive(Deserialize, ToSchema)]
pub struct DraftBody {
    /// The lead.
    #[schema(value_type = String)]
    lead: LeadId,
    /// The note. Stays as it is stored where it is not named; null or an empty text empties it.
    #[serde(default, deserialize_with = "null_empties")]
    note: Option<String>,
    /// Answers by question, as typed. Stay as they are stored where they are not named; null empties them.
    #[serde(default, deserialize_with = "null_empties")]
    #[schema(value_type = Option<Object>)]
    answers: Option<Map<String, Value>>,
    /// Counts the page's savings, beginning after the version it was shown; 1 without a draft.
    version: i64,
    /// The id under which it will be committed, if there is one yet: behind that it is refused, and with that it is no draft any more.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    touch: Option<Uuid>,
}

/// What is kept.
#[derive(Serialize, ToSchema)]
pub struct DraftView {
    /// It is what was sent. Otherwise a newer one of another tab was there, and this is it.
    is_saved: bool,
    /// The note.
    note: String,
    /// Answers by question, as typed.
    #[schema(value_type = Object)]
    answers: Map<String, Value>,
    /// When it was saved.
    saved_at: Timestamp,
    /// Which saving it was.
    version: i64,
}

/// Saves what is typed about a lead.
#[utoipa::path(post, path = "/api/v1/work/draft", operation_id = "save_draft", tag = "work",
    request_body = DraftBody,
    responses((status = 200, description = "What is kept.", body = DraftView), WorkRefusals))]
pub async fn save_draft(
    State(context): State<DeskContext>,
    asked: CsrfJson<DraftBody>,
) -> Result<Json<DraftView>, Problem> {
    let CsrfJson { viewer, body } = asked;
    viewer.require_staff()?;
    let DraftBody { lead, note, answers, version, touch } = body;
    let saved = context.actions.run(&viewer.actor, &SaveDraft { lead, note, answers, version, touch }).await;
    let (is_saved, draft) = match saved.map_err(|refusal| refused(&refusal))? {
        DraftSaved::Saved(draft) => (true, draft),
        DraftSaved::Newer(draft) => (false, draft),
    };
    let DeskDraft { note, answers, saved_at, version, .. } = draft;
    Ok(Json(DraftView { is_saved, note, answers, saved_at, version }))
}
