//! `GET /v1/arrivals/{id}` and `GET /v1/arrivals?id=…&id=…`: what became of a source's own arrivals.

use std::collections::{BTreeMap, HashMap};

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use ripen_domain::id::{ArrivalId, SourceId};
use ripen_store::{
    StoreError,
    arrival::status::{ArrivalBodies, ArrivalStatus, OtherBody},
};
use ripen_web::{
    Problem, catalogue,
    edge::LoggedSource,
    extract::{NamedFields, NoQuery, PathId, Query},
    openapi::refusals,
};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use utoipa::{
    IntoResponses, ToSchema,
    openapi::{RefOr, Response as Described},
};

use super::caller::{SourceCaller, SourceCallerRefusals, sees_grade};
use crate::{context::IntakeContext, response::StatusView, sources::ANSWER_WITHIN};

/// Most ids in one question.
const MOST: usize = 200;
const WHICH: &str = "Name up to 200 arrivals by their ids: ?id=arr_…&id=arr_….";

/// Which arrivals.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ArrivalsQuery {
    /// The ids, up to 200 of them, each as an `id` of its own.
    #[serde(default)]
    #[param(value_type = Vec<String>, required, min_items = 1, max_items = 200, example = json!(["arr_01kahxq5z5e4y9wd3tvdnzxkqj"]))]
    id: Vec<ArrivalId>,
}

impl NamedFields for ArrivalsQuery {
    fn hint(_field: &str) -> &'static str {
        WHICH
    }

    const LISTS: &'static [&'static str] = &["id"];
}

/// What became of several arrivals.
#[derive(Serialize, ToSchema)]
pub struct StatusList {
    /// In the order of the ids.
    arrivals: Vec<StatusView>,
}

struct ArrivalRefusals;

impl IntoResponses for ArrivalRefusals {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        refusals(&[&catalogue::INVALID_PARAMETER, &catalogue::NOT_FOUND, &catalogue::ARRIVAL_PENDING])
    }
}

struct ArrivalsRefusals;

impl IntoResponses for ArrivalsRefusals {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        refusals(&[&catalogue::INVALID_PARAMETER])
    }
}

/// What became of one arrival of this source.
#[utoipa::path(get, path = "/v1/arrivals/{id}", operation_id = "get_arrival", tag = "arrivals",
    security(("source_key" = [])),
    params(("id" = String, Path, description = "The arrival's id.", example = "arr_01kahxq5z5e4y9wd3tvdnzxkqj")),
    responses((status = 200, description = "It is stored.", body = StatusView), ArrivalRefusals, SourceCallerRefusals))]
pub async fn one(
    State(context): State<IntakeContext>,
    SourceCaller(source): SourceCaller,
    PathId(id): PathId<ArrivalId>,
    NoQuery: NoQuery,
) -> Result<Response, Problem> {
    let found = statuses(&context, source.id, &[id]).await?;
    // An arrival of another source is answered like one that is not stored yet: an id tells nobody whether it exists.
    let view = found.view(id, sees_grade(&source, true)).ok_or_else(|| {
        let detail = "No arrival of this source is stored under this id yet.";
        Problem::new(&catalogue::ARRIVAL_PENDING, detail).retry_after(1)
    })?;
    Ok(seen(source.id, Json(view).into_response()))
}

/// What became of several arrivals of this source. One that is not stored under its key is `pending`: not yet, or never, because the id
/// is wrong or another source's. No id tells which: one that stays so while later ones are stored is asked for with the wrong key.
#[utoipa::path(get, path = "/v1/arrivals", operation_id = "list_arrivals", tag = "arrivals",
    security(("source_key" = [])), params(ArrivalsQuery),
    responses((status = 200, description = "In the order of the ids.", body = StatusList), ArrivalsRefusals, SourceCallerRefusals))]
pub async fn many(
    State(context): State<IntakeContext>,
    SourceCaller(source): SourceCaller,
    Query(ArrivalsQuery { id: ids }): Query<ArrivalsQuery>,
) -> Result<Response, Problem> {
    // Also none at all: it would list everything.
    if !(1..=MOST).contains(&ids.len()) {
        return Err(Problem::new(&catalogue::INVALID_PARAMETER, WHICH));
    }
    let found = statuses(&context, source.id, &ids).await?;
    let sees_grade = sees_grade(&source, true);
    let view = |id| found.view(id, sees_grade).unwrap_or_else(|| StatusView::pending(id));
    let arrivals = ids.iter().copied().map(view);
    Ok(seen(source.id, Json(StatusList { arrivals: arrivals.collect() }).into_response()))
}

/// What was found of arrivals that were asked for.
struct FoundArrivals {
    /// By their ids, the other bodies under theirs.
    statuses: HashMap<ArrivalId, ArrivalStatus>,
    /// The other bodies that came under the ids.
    bodies: Vec<OtherBody>,
}

impl FoundArrivals {
    /// What is told of one; none that is not stored yet.
    fn view(&self, id: ArrivalId, sees_grade: bool) -> Option<StatusView> {
        let others = self.bodies.iter().filter(|body| body.came_as == id);
        let others: Vec<_> = others.filter_map(|body| self.statuses.get(&body.id)).collect();
        self.statuses.get(&id).map(|status| StatusView::of(status, sees_grade).with_bodies(others))
    }
}

async fn statuses(context: &IntakeContext, source: SourceId, ids: &[ArrivalId]) -> Result<FoundArrivals, Problem> {
    let asked = timeout(ANSWER_WITHIN, context.store.arrival_bodies(source, ids)).await;
    // A database that hangs is one that is away: whoever asks can ask again.
    let found = asked.unwrap_or_else(|_| Err(StoreError::Unreachable("no answer in time".to_owned())));
    let ArrivalBodies { statuses, others: bodies } = found.map_err(|error| failed(&error))?;
    Ok(FoundArrivals { statuses: statuses.into_iter().map(|status| (status.id, status)).collect(), bodies })
}

fn failed(error: &StoreError) -> Problem {
    if error.is_unreachable() {
        // Away for a moment: the sender is told to come back, and no alarm is raised.
        tracing::warn!(error = %error, "arrivals could not be looked up");
        return Problem::unavailable("Arrivals cannot be looked up now.");
    }
    tracing::error!(error = %error, "arrivals could not be looked up");
    Problem::internal()
}

fn seen(source: SourceId, mut response: Response) -> Response {
    response.extensions_mut().insert(LoggedSource(source));
    response
}
