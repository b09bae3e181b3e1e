//! `GET /v1/arrivals/{id}` and `GET /v1/arrivals?id=…&id=…`: what became of a source's own arrivals.

use std::collections::HashMap;

use axum::{
    Json,
    extract::{Path, RawQuery, State, rejection::PathRejection},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use ripen_domain::id::{ArrivalId, SourceId};
use ripen_store::{StoreError, arrival::status::ArrivalStatus};
use ripen_web::{Problem, catalogue, edge::LoggedSource};
use serde_json::json;

use crate::{Context, response::StatusView};

/// Most ids in one question.
const MOST: usize = 200;

/// One arrival.
pub async fn one(
    State(context): State<Context>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let source = caller(&context, &headers).await?;
    let no_id = |_| Problem::new(&catalogue::NOT_FOUND, "This is no arrival's id; those begin with arr_.");
    let id: ArrivalId = id.map(|Path(id)| id).unwrap_or_default().parse().map_err(no_id)?;
    let mut found = statuses(&context, source, &[id]).await?;
    let status = found.remove(&id).ok_or_else(|| {
        let detail = "No arrival of this source is stored under this id yet.";
        Problem::new(&catalogue::ARRIVAL_PENDING, detail).retry_after(1)
    })?;
    Ok(seen(source, Json(StatusView::from(&status)).into_response()))
}

/// Many arrivals, in the order of the ids; one that is not stored yet is `pending`.
pub async fn many(
    State(context): State<Context>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let source = caller(&context, &headers).await?;
    let ids = ids(query.as_deref().unwrap_or_default())?;
    let found = statuses(&context, source, &ids).await?;
    let views = ids.iter().map(|id| found.get(id).map_or_else(|| StatusView::pending(*id), StatusView::from));
    Ok(seen(source, Json(json!({"arrivals": views.collect::<Vec<_>>()})).into_response()))
}

async fn caller(context: &Context, headers: &HeaderMap) -> Result<SourceId, Problem> {
    let source = super::source(context, super::key(headers)?).await?;
    context.rate.check(&source.id)?;
    Ok(source.id)
}

fn ids(query: &str) -> Result<Vec<ArrivalId>, Problem> {
    let invalid = |detail: String| Problem::new(&catalogue::INVALID_PARAMETER, detail);
    let given = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "id");
    let mut ids = Vec::new();
    for (place, (_, id)) in given.enumerate() {
        if place == MOST {
            return Err(invalid(format!("At most {MOST} ids can be asked about at once.")));
        }
        ids.push(id.parse().map_err(|_| invalid(format!("The id number {} is no arrival's id.", place + 1)))?);
    }
    if ids.is_empty() {
        return Err(invalid(format!("Name up to {MOST} arrivals: ?id=arr_…&id=arr_….")));
    }
    Ok(ids)
}

async fn statuses(
    context: &Context,
    source: SourceId,
    ids: &[ArrivalId],
) -> Result<HashMap<ArrivalId, ArrivalStatus>, Problem> {
    let found = context.store.arrival_status(source, ids).await.map_err(|error| failed(&error))?;
    Ok(found.into_iter().map(|status| (status.id, status)).collect())
}

fn failed(error: &StoreError) -> Problem {
    if error.is_unreachable() {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_named_one_by_one() {
        let id = ArrivalId::from_uuid(uuid::Uuid::from_u128(7));
        assert_eq!(ids(&format!("id={id}&x=1&id={id}")).unwrap(), [id, id]);
        assert!(ids("").is_err() && ids("id=lead_7").is_err());
        assert!(ids(&format!("id={id}&").repeat(MOST)).is_ok() && ids(&format!("id={id}&").repeat(MOST + 1)).is_err());
    }
}
