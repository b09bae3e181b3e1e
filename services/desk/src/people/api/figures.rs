//! `GET /api/v1/me/figures`: what somebody's day was, as the page without a lead tells it. Each figure counts leads, and is as long as
//! the list that the same words ask of `/api/v1/leads`.

use axum::{Json, extract::State};
use jiff::Timestamp;
use ripen_actions::{
    Refusal,
    desk::{own_day, promised_within},
};
use ripen_web::{
    Problem,
    extract::{NamedFields, Query},
};
use serde::{Deserialize, Serialize};
use serde_html_form::de::empty_as_none;
use utoipa::ToSchema;

use crate::{
    context::DeskContext,
    people::{
        leads::own_work::{DayChoice, LeadsReader, promised},
        refused::refused,
        viewer::Viewer,
        work_api::WorkReadRefusals,
    },
};

/// On which days.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FiguresQuery {
    /// Today where missing, by the clock of the account.
    #[serde(default, deserialize_with = "empty_as_none")]
    on: Option<DayChoice>,
}

impl NamedFields for FiguresQuery {
    fn hint(_: &str) -> &'static str {
        "Write today, yesterday or month."
    }
}

/// How many leads went one way.
#[derive(Debug, Serialize, ToSchema)]
pub struct DispositionFigure {
    /// Which way, as `how` has it.
    #[schema(example = "answered")]
    disposition: &'static str,
    /// So many leads.
    leads: usize,
}

/// What somebody did on some days: each figure counts leads.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnFigures {
    /// From when on.
    #[schema(value_type = String)]
    from: Timestamp,
    /// Until before when.
    #[schema(value_type = String)]
    to: Timestamp,
    /// Worked: `touched_by=me`.
    worked: usize,
    /// With whom they spoke: `how=spoke`.
    spoke: usize,
    /// By how it went, what was done most first.
    by_disposition: Vec<DispositionFigure>,
    /// Became an A: `then=became_a`.
    became_a: usize,
    /// Of those, taken by the client: `then=accepted`.
    accepted: usize,
    /// Of those, given back by the client: `then=returned`.
    returned: usize,
    /// Closed: `then=closed`.
    closed: usize,
    /// To be called in that time, as they promised, of today in what is left of it: `promised_by=me`.
    promised: usize,
}

/// One's own figures of a day, or of thirty.
#[utoipa::path(get, path = "/api/v1/me/figures", operation_id = "get_own_figures", tag = "desk", security(("user_token" = [])),
    params(FiguresQuery),
    responses(
        (status = 200, description = "The figures. The leads of each are listed by `/api/v1/leads?view=all`, with `on` and what stands beside the figure.", body = OwnFigures),
        WorkReadRefusals,
    ))]
pub async fn show(
    State(context): State<DeskContext>,
    viewer: Viewer,
    Query(query): Query<FiguresQuery>,
) -> Result<Json<OwnFigures>, Problem> {
    viewer.require_staff()?;
    let reader = LeadsReader::of(&viewer, context.clock.now());
    read(&context, &viewer, &reader, query.on.unwrap_or_default()).await.map(Json).map_err(|refusal| refused(&refusal))
}

async fn read(
    context: &DeskContext,
    viewer: &Viewer,
    reader: &LeadsReader,
    on: DayChoice,
) -> Result<OwnFigures, Refusal> {
    let (actions, actor) = (&context.actions, &viewer.actor);
    let (from, to) = on.span(reader.now, &reader.zone);
    let day = own_day(actions, actor, (from, to)).await?;
    let ahead = promised(reader, on);
    let promised = promised_within(actions, actor, (ahead.from, ahead.to)).await?;
    let ways = day.by_disposition.iter();
    Ok(OwnFigures {
        from,
        to,
        worked: day.worked,
        spoke: day.spoke,
        by_disposition: ways
            .map(|way| DispositionFigure { disposition: way.disposition.word(), leads: way.leads })
            .collect(),
        became_a: day.made.became,
        accepted: day.made.accepted,
        returned: day.made.returned,
        closed: day.closed,
        promised,
    })
}
