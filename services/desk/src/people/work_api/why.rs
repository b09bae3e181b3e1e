//! Why nobody is calling a lead: every gate, and when it opens.

use axum::{Json, extract::State};
use jiff::Timestamp;
use ripen_actions::why_not::gates;
use ripen_domain::{
    desk::Rank,
    id::{LeadId, UserId},
};
use ripen_web::{
    Problem,
    extract::{NamedFields, PathId, Query},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{WorkReadRefusals, view::GateView};
use crate::{
    context::DeskContext,
    people::{handover::HandoverView, refused::refused, viewer::Viewer},
};

/// For whom.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WhyQuery {
    /// The gates for this agent; for whoever could be, where missing.
    #[param(value_type = Option<String>)]
    user: Option<UserId>,
}

impl NamedFields for WhyQuery {
    fn hint(_: &str) -> &'static str {
        "Write the id of a user, user_…."
    }
}

/// What stands against calling a lead now.
#[derive(Serialize, ToSchema)]
pub struct WhyView {
    /// The lead.
    #[schema(value_type = String)]
    lead: LeadId,
    /// Where it stands in the order.
    #[schema(value_type = String, example = "due")]
    rank: Rank,
    /// It is handed out as soon as an agent whose turn it is asks.
    is_callable: bool,
    /// When all gates that are shut have opened by themselves; none where somebody has to open one, or all are open. A client's people
    /// are told the day, as its beginning by the client's clock.
    opens_at: Option<Timestamp>,
    /// Every gate.
    gates: Vec<GateView>,
    /// How far it is on its way to its client; none where it is the desk's.
    handover: Option<HandoverView>,
}

/// Says what stands against calling a lead, gate by gate.
#[utoipa::path(get, path = "/api/v1/leads/{id}/why", operation_id = "why_not_called", tag = "work",
    params(("id" = String, Path, description = "The lead's id, lead_…."), WhyQuery),
    responses((status = 200, description = "Every gate.", body = WhyView), WorkReadRefusals))]
pub async fn why_not_called(
    State(context): State<DeskContext>,
    PathId(lead): PathId<LeadId>,
    Query(query): Query<WhyQuery>,
    viewer: Viewer,
) -> Result<Json<WhyView>, Problem> {
    let found = gates(&context.actions, &viewer.actor, lead, query.user).await.map_err(|refusal| refused(&refusal))?;
    Ok(Json(WhyView {
        lead: found.lead,
        rank: found.rank,
        is_callable: found.is_callable,
        opens_at: found.opens_at,
        gates: found.gates.into_iter().map(GateView::from).collect(),
        handover: found.way.map(HandoverView::from),
    }))
}
