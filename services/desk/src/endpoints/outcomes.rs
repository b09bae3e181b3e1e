//! `POST /v1/deliveries/{id}/outcomes`: a client's program says what became of a lead.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{FromRequest as _, Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use ripen_domain::{
    id::DeliveryId,
    outcome::{How, InvalidField, Outcome, OutcomeFields},
};
use ripen_store::outcome::record::{NewOutcome, Recorded};
use ripen_web::{
    FieldProblem, Problem, catalogue,
    extract::{JsonBody, PathId, refuse_unread},
    openapi::refusals,
};
use serde_json::{Map, Value};
use utoipa::{
    IntoResponses,
    openapi::{RefOr, Response as Described},
};

use super::caller::{ClientCaller, ClientCallerRefusals, failed, unknown};
use crate::{
    context::DeskContext,
    schema::OutcomeBody,
    view::{OutcomeView, RecordedOutcome},
};

struct OutcomeRefusals;

impl IntoResponses for OutcomeRefusals {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        refusals(&[
            &catalogue::MALFORMED_BODY,
            &catalogue::NOT_FOUND,
            &catalogue::BODY_TOO_SLOW,
            &catalogue::OUTCOME_REFUSED,
            &catalogue::BODY_TOO_LARGE,
            &catalogue::UNSUPPORTED_MEDIA_TYPE,
            &catalogue::INVALID_OUTCOME,
        ])
    }
}

/// Records what became of a lead. Saying the same again changes nothing.
#[utoipa::path(post, path = "/v1/deliveries/{id}/outcomes", operation_id = "record_outcome", tag = "deliveries",
    security(("client_token" = [])),
    params(("id" = String, Path, description = "The delivery's id.", example = "dlv_01kahxq5z5e4y9wd3tvdnzxkqj")),
    request_body = OutcomeBody,
    responses(
        (status = 201, description = "Recorded.", body = RecordedOutcome),
        (status = 200, description = "It was recorded before.", body = RecordedOutcome),
        OutcomeRefusals, ClientCallerRefusals,
    ))]
pub async fn say(
    State(context): State<DeskContext>,
    caller: Result<ClientCaller, Problem>,
    id: Result<PathId<DeliveryId>, Problem>,
    request: Request,
) -> Result<Response, Problem> {
    let (caller, PathId(id)) = match caller.and_then(|caller| Ok((caller, id?))) {
        Ok(known) => known,
        Err(problem) => return Err(refuse_unread(request, problem).await),
    };
    let JsonBody(said) = JsonBody::<Map<String, Value>>::from_request(request, &context).await?;
    let outcome = OutcomeFields::from_json(&said).and_then(|said| said.read()).map_err(invalid)?;
    record(&context, &caller, id, &outcome).await
}

async fn record(
    context: &DeskContext,
    caller: &ClientCaller,
    id: DeliveryId,
    outcome: &Outcome,
) -> Result<Response, Problem> {
    let scope = caller.actor().scope();
    let new = NewOutcome { delivery: id, outcome, how: How::Api, by: &caller.0.name, seen: None, dry_run: false };
    let recorded = context.store.outcome_record(scope, &new, &context.hours, context.clock.now()).await;
    let status = match recorded.map_err(|error| failed(&error))? {
        Recorded::Done(_) => StatusCode::CREATED,
        // A program that tries again must not take its own success for a refusal.
        Recorded::Again | Recorded::Stale => StatusCode::OK,
        Recorded::Unknown => return Err(unknown()),
        Recorded::Refused(why) => return Err(Problem::new(&catalogue::OUTCOME_REFUSED, why.0)),
    };
    let said = context.store.outcomes_of(scope, id).await.map_err(|error| failed(&error))?;
    let view = RecordedOutcome { delivery: id, outcome: said.last().map(OutcomeView::from) };
    Ok((status, Json(view)).into_response())
}

fn invalid(wrong: Vec<InvalidField>) -> Problem {
    let error = |one: InvalidField| FieldProblem {
        pointer: format!("/{}", one.field).into(),
        code: one.code,
        message: one.message.into(),
    };
    Problem::new(&catalogue::INVALID_OUTCOME, "The outcome is not whole; nothing was recorded.")
        .with_errors(wrong.into_iter().map(error).collect())
}
