//! What a decision would be, while it is typed.

use axum::{Json, extract::State};
use ripen_actions::{
    desk::{PreviewRequest, preview},
    lead::NewAnswer,
};
use ripen_domain::{id::LeadId, touch::Disposition};
use ripen_web::Problem;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{WorkRefusals, view::PreviewView};
use crate::{
    context::DeskContext,
    people::{csrf::CsrfJson, points::hides_points, refused::refused},
};

/// What is typed so far.
#[derive(Deserialize, ToSchema)]
pub struct PreviewBody {
    /// The lead.
    #[schema(value_type = String)]
    lead: LeadId,
    /// Answers by question, as typed.
    #[serde(default)]
    #[schema(value_type = Object)]
    answers: Map<String, Value>,
    /// The disposition that is chosen; a conversation where none is.
    #[schema(value_type = Option<String>, example = "answered")]
    disposition: Option<Disposition>,
}

/// Says what a decision would be. Nothing is written.
#[utoipa::path(post, path = "/api/v1/work/preview", operation_id = "preview_grade", tag = "work",
    request_body = PreviewBody,
    responses((status = 200, description = "The decision to be.", body = PreviewView), WorkRefusals))]
pub async fn preview_grade(
    State(context): State<DeskContext>,
    asked: CsrfJson<PreviewBody>,
) -> Result<Json<PreviewView>, Problem> {
    let CsrfJson { viewer, body } = asked;
    viewer.require_staff()?;
    // A field that is empty says nothing yet, and takes no answer away that was given before.
    let typed =
        body.answers.into_iter().filter(|(_, value)| !value.as_str().is_some_and(|text| text.trim().is_empty()));
    let answer = typed.map(|(question, value)| NewAnswer { question, value }).collect();
    let asked = PreviewRequest { lead: body.lead, answer, disposition: body.disposition };
    let preview = preview(&context.actions, &viewer.actor, &asked).await.map_err(|refusal| refused(&refusal))?;
    let view = PreviewView::from(preview);
    Ok(Json(if hides_points(&context, &viewer) { view.without_points() } else { view }))
}
