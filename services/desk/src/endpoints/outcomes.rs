//! `POST /v1/deliveries/{id}/outcomes`: a client's program says what became of a lead.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{FromRequest as _, Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use ripen_actions::{
    FieldError, Refusal,
    outcome::{OutcomeResult, RecordOutcome, newest},
};
use ripen_domain::{
    id::DeliveryId,
    outcome::{How, InvalidField, OutcomeFields},
};
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

use super::caller::{ClientCaller, ClientCallerRefusals, refused};
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
    // The sender and the address before the body: whoever may not ask sends nothing into memory.
    let (caller, PathId(id)) = match caller.and_then(|caller| Ok((caller, id?))) {
        Ok(known) => known,
        Err(problem) => return Err(refuse_unread(request, problem).await),
    };
    let JsonBody(said) = JsonBody::<Map<String, Value>>::from_request(request, &context).await?;
    let said = OutcomeFields::from_json(&said).map_err(|wrong| invalid(field_errors(wrong)))?;
    record(&context, &caller, id, said).await
}

async fn record(
    context: &DeskContext,
    caller: &ClientCaller,
    id: DeliveryId,
    said: OutcomeFields,
) -> Result<Response, Problem> {
    let actor = caller.actor();
    // A program says what it knows, whatever was said before: it looks at no page.
    let request = RecordOutcome { delivery: id, said, how: How::Api, seen: None };
    let status = match context.actions.run(&actor, &request).await {
        Ok(OutcomeResult::Recorded) => StatusCode::CREATED,
        // A program that tries again must not take its own success for a refusal.
        Ok(OutcomeResult::Repeated | OutcomeResult::Stale) => StatusCode::OK,
        Ok(OutcomeResult::Refused(why)) => return Err(Problem::new(&catalogue::OUTCOME_REFUSED, why.0)),
        Err(Refusal::Invalid(errors)) => return Err(invalid(errors)),
        Err(refusal) => return Err(refused(&refusal)),
    };
    // As it is recorded, also where it was before: the program learns the number to name later.
    let newest = newest(&context.actions, &actor, id).await.map_err(|refusal| refused(&refusal))?;
    let view = RecordedOutcome { delivery: id, outcome: newest.as_ref().map(OutcomeView::from) };
    Ok((status, Json(view)).into_response())
}

fn field_errors(wrong: Vec<InvalidField>) -> Vec<FieldError> {
    let error = |InvalidField { field, code, message }| FieldError { field: field.to_owned(), code, message };
    wrong.into_iter().map(error).collect()
}

fn invalid(errors: Vec<FieldError>) -> Problem {
    let error = |one: FieldError| FieldProblem {
        pointer: format!("/{}", one.field).into(),
        code: one.code,
        message: one.message.into(),
    };
    Problem::new(&catalogue::INVALID_OUTCOME, "The outcome is not whole; nothing was recorded.")
        .with_errors(errors.into_iter().map(error).collect())
}
