//! What the telephone told about a lead: its calls, and what its person refused.

use axum::{Json, extract::State};
use jiff::Timestamp;
use ripen_actions::call::{LeadCalls, of_lead};
use ripen_domain::{
    call::{CallState, RefusedNotice, talked},
    id::{CallId, LeadId},
};
use ripen_store::call::{refusal::CallRefusal, show::CallRecord};
use ripen_web::{Problem, extract::PathId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::WorkReadRefusals;
use crate::{
    context::DeskContext,
    people::{refused::refused, viewer::Viewer},
};

/// The calls about a lead.
#[derive(Serialize, ToSchema)]
pub struct LeadCallsView {
    /// The newest first.
    calls: Vec<LeadCallView>,
    /// What the person refused on the telephone.
    refused: Vec<CallRefusalView>,
}

/// A call.
#[derive(Serialize, ToSchema)]
pub struct LeadCallView {
    /// Its id.
    #[schema(value_type = String, example = "call_01kahxq5z5e4y9wd3tvdnzxkqj")]
    call: CallId,
    /// Who dialed; none where it was made past the desk.
    by: Option<String>,
    /// The disposition that it belongs to, once there is one.
    #[schema(value_type = Option<String>)]
    touch: Option<Uuid>,
    /// Which number was called, with its extension.
    #[schema(example = "+14155550100;ext=12")]
    number: String,
    /// Shown to who was called; none for the telephone's own.
    caller_id: Option<String>,
    /// `dialed`, `ringing`, `answered`, `ended` or `failed`.
    #[schema(value_type = String, example = "ended")]
    state: CallState,
    /// When it was dialed.
    started_at: Timestamp,
    /// When somebody answered; none where nobody did, or the telephone did not tell.
    answered_at: Option<Timestamp>,
    /// When it ended; none where the telephone did not tell.
    ended_at: Option<Timestamp>,
    /// For how many seconds they spoke; none where it is not known.
    length_s: Option<i64>,
    /// Where the recording lies, in the telephone system, which asks who may hear it.
    recording_url: Option<String>,
}

impl From<CallRecord> for LeadCallView {
    fn from(call: CallRecord) -> Self {
        Self {
            call: call.id,
            by: call.by,
            touch: call.touch,
            number: call.number,
            caller_id: call.caller_id,
            state: call.state,
            started_at: call.dialed_at,
            answered_at: call.answered_at,
            ended_at: call.ended_at,
            length_s: talked(call.answered_at, call.ended_at).map(|length| length.as_secs()),
            recording_url: call.recording_url.map(|url| url.reveal().to_owned()),
        }
    }
}

/// Something that the person refused.
#[derive(Serialize, ToSchema)]
pub struct CallRefusalView {
    /// `recording`, or `notice`: to be called like this at all.
    #[schema(value_type = String, example = "recording")]
    what: RefusedNotice,
    /// When.
    at: Timestamp,
    /// To whom.
    by: String,
}

impl From<CallRefusal> for CallRefusalView {
    fn from(one: CallRefusal) -> Self {
        let CallRefusal { what, at, by } = one;
        Self { what, at, by }
    }
}

/// The calls about a lead, and what its person refused on the telephone.
#[utoipa::path(get, path = "/api/v1/leads/{id}/calls", operation_id = "list_lead_calls", tag = "work",
    params(("id" = String, Path, description = "The lead's id, lead_….")),
    responses((status = 200, description = "The calls.", body = LeadCallsView), WorkReadRefusals))]
pub async fn list_calls(
    State(context): State<DeskContext>,
    PathId(lead): PathId<LeadId>,
    viewer: Viewer,
) -> Result<Json<LeadCallsView>, Problem> {
    viewer.require_staff()?;
    let told = of_lead(&context.actions, &viewer.actor, lead).await.map_err(|refusal| refused(&refusal))?;
    let LeadCalls { calls, refused } = told;
    Ok(Json(LeadCallsView {
        calls: calls.into_iter().rev().map(LeadCallView::from).collect(),
        refused: refused.into_iter().map(CallRefusalView::from).collect(),
    }))
}
