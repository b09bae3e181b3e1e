//! `POST /v1/deliveries/{id}/outcomes`: a client's program says what became of a lead.

use axum::{
    Json,
    extract::{Path, Request, State, rejection::PathRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use ripen_domain::{
    id::DeliveryId,
    outcome::{How, InvalidField, Outcome, OutcomeFields},
};
use ripen_store::{
    client::token::TokenHolder,
    outcome::record::{NewOutcome, Recorded},
};
use ripen_web::{FieldError, Problem, body, catalogue};
use serde_json::{Value, json};

use super::{actor_of, caller, delivery_id, failed, unknown};
use crate::{Context, view::OutcomeView};

/// 201 where it is recorded, 200 where it was said before.
pub async fn say(
    State(context): State<Context>,
    id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, content) = request.into_parts();
    let holder = match caller(&context, &parts.headers).await {
        Ok(holder) => holder,
        Err(problem) => {
            body::discard(content).await;
            return Err(problem);
        }
    };
    let bytes = body::read(&parts.headers, content, context.body).await?;
    let id = delivery_id(&id.map(|Path(id)| id).unwrap_or_default())?;
    is_json(&parts.headers)?;
    let outcome = outcome(&bytes)?;
    record(&context, &holder, id, &outcome).await
}

async fn record(
    context: &Context,
    holder: &TokenHolder,
    id: DeliveryId,
    outcome: &Outcome,
) -> Result<Response, Problem> {
    let scope = actor_of(holder).scope();
    let new = NewOutcome { delivery: id, outcome, how: How::Api, by: &holder.name, seen: None, dry_run: false };
    let recorded = context.store.outcome_record(scope, &new, &context.hours, context.clock.now()).await;
    let status = match recorded.map_err(|error| failed(&error))? {
        Recorded::Done(_) => StatusCode::CREATED,
        Recorded::Again | Recorded::Stale => StatusCode::OK,
        Recorded::Unknown => return Err(unknown()),
        Recorded::Refused(why) => return Err(Problem::new(&catalogue::OUTCOME_REFUSED, why.0)),
    };
    let said = context.store.outcomes_of(scope, id).await.map_err(|error| failed(&error))?;
    let newest = said.last().map(OutcomeView::from);
    Ok((status, Json(json!({"delivery": id, "outcome": newest}))).into_response())
}

fn is_json(headers: &HeaderMap) -> Result<(), Problem> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Problem::new(&catalogue::UNSUPPORTED_MEDIA_TYPE, "Send an outcome as application/json."))
}

fn outcome(bytes: &[u8]) -> Result<Outcome, Problem> {
    let malformed = |detail: String| Problem::new(&catalogue::MALFORMED_BODY, detail);
    let value: Value = serde_json::from_slice(bytes).map_err(|error| {
        malformed(format!("The body is no JSON at line {}, column {}.", error.line(), error.column()))
    })?;
    let object = value.as_object().ok_or_else(|| malformed("The body must be one JSON object.".to_owned()))?;
    OutcomeFields::from_json(object).and_then(|said| said.read()).map_err(invalid)
}

fn invalid(wrong: Vec<InvalidField>) -> Problem {
    let error = |one: InvalidField| FieldError {
        pointer: format!("/{}", one.field).into(),
        code: one.code,
        message: one.message.into(),
    };
    Problem::new(&catalogue::INVALID_OUTCOME, "The outcome is not whole; nothing was recorded.")
        .with_errors(wrong.into_iter().map(error).collect())
}
