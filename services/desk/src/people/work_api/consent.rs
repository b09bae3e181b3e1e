//! Reviews of consent: what waits for a manager, and what was found.

use axum::{Json, extract::State};
use jiff::Timestamp;
use ripen_actions::consent_review::{JudgeConsent, list};
use ripen_domain::{
    actor::UserRole,
    id::{ClientId, LeadId, SourceId},
};
use ripen_store::lead::review::ConsentReview;
use ripen_web::{Problem, extract::PathId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{WorkReadRefusals, WorkRefusals};
use crate::{
    context::DeskContext,
    people::{csrf::CsrfJson, refused::refused, viewer::Viewer},
};

/// What a manager found.
#[derive(Deserialize, ToSchema)]
pub struct ConsentBody {
    /// The person did agree to be called: work goes on. Otherwise they are suppressed for the client.
    holds: bool,
    /// How that is known.
    why: String,
}

/// What followed.
#[derive(Serialize, ToSchema)]
pub struct ConsentView {
    /// Open leads that are closed by it.
    closed: u64,
}

/// A review that waits.
#[derive(Serialize, ToSchema)]
pub struct ReviewView {
    /// The lead.
    #[schema(value_type = String)]
    lead: LeadId,
    /// Whose.
    #[schema(value_type = String)]
    client: ClientId,
    /// The source that brought it.
    #[schema(value_type = Option<String>)]
    source: Option<SourceId>,
    /// What was said.
    why: String,
    /// When.
    opened_at: Timestamp,
    /// To whom.
    opened_by: String,
}

impl From<ConsentReview> for ReviewView {
    fn from(review: ConsentReview) -> Self {
        let ConsentReview { lead, client, source, why, opened_at, opened_by } = review;
        Self { lead, client, source, why, opened_at, opened_by }
    }
}

/// The reviews that wait, the oldest first.
#[utoipa::path(get, path = "/api/v1/consent-reviews", operation_id = "list_consent_reviews", tag = "work",
    responses((status = 200, description = "The reviews.", body = Vec<ReviewView>), WorkReadRefusals))]
pub async fn list_reviews(
    State(context): State<DeskContext>,
    viewer: Viewer,
) -> Result<Json<Vec<ReviewView>>, Problem> {
    viewer.require(&[UserRole::Admin, UserRole::Manager])?;
    let open = list(&context.actions, &viewer.actor).await.map_err(|refusal| refused(&refusal))?;
    Ok(Json(open.into_iter().map(ReviewView::from).collect()))
}

/// Says whether the consent of a lead holds.
#[utoipa::path(post, path = "/api/v1/leads/{id}/consent", operation_id = "judge_consent", tag = "work",
    params(("id" = String, Path, description = "The lead's id, lead_….")),
    request_body = ConsentBody,
    responses((status = 200, description = "The review is closed.", body = ConsentView), WorkRefusals))]
pub async fn judge_consent(
    State(context): State<DeskContext>,
    PathId(lead): PathId<LeadId>,
    asked: CsrfJson<ConsentBody>,
) -> Result<Json<ConsentView>, Problem> {
    let CsrfJson { viewer, body: ConsentBody { holds, why } } = asked;
    viewer.require(&[UserRole::Admin, UserRole::Manager])?;
    let closed = context.actions.run(&viewer.actor, &JudgeConsent { lead, holds, why }).await;
    closed.map(|closed| Json(ConsentView { closed })).map_err(|refusal| refused(&refusal))
}
