//! `POST /v1/deliveries/{id}/outcomes`: a client's program says what became of a lead.

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    Json,
    extract::{FromRequest as _, Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use ripen_actions::{
    FieldError, Refusal,
    outcome::{OnceResult, OutcomeResult, RecordOutcome, RecordOutcomeOnce, newest, numbered},
};
use ripen_domain::{
    hash::ContentHash,
    id::DeliveryId,
    outcome::{How, InvalidField, OutcomeFields, OutcomeMembers},
    values::{is_nothing, unusable_id},
};
use ripen_store::outcome::request::RequestKey;
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
            &catalogue::INVALID_HEADER,
            &catalogue::NOT_FOUND,
            &catalogue::BODY_TOO_SLOW,
            &catalogue::OUTCOME_REFUSED,
            &catalogue::OUTCOME_UNCONFIRMED,
            &catalogue::BODY_TOO_LARGE,
            &catalogue::UNSUPPORTED_MEDIA_TYPE,
            &catalogue::INVALID_OUTCOME,
            &catalogue::IDEMPOTENCY_KEY_REUSED,
        ])
    }
}

/// Records what became of a lead. Saying the same again changes nothing; with an `Idempotency-Key` it is answered the same.
#[utoipa::path(post, path = "/v1/deliveries/{id}/outcomes", operation_id = "record_outcome", tag = "deliveries",
    security(("client_token" = [])),
    params(("id" = String, Path, description = "The delivery's id.", example = "dlv_01kahxq5z5e4y9wd3tvdnzxkqj"),
        ("Idempotency-Key" = Option<String>, Header, description = "Which request: up to 255 characters, remembered for a week. The same request under it is answered the same, another one is refused.")),
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
    let key = match idempotency_key(request.headers()) {
        Ok(key) => key,
        Err(problem) => return Err(refuse_unread(request, problem).await),
    };
    let JsonBody(OutcomeMembers { members: body, twice }) = JsonBody::from_request(request, &context).await?;
    let said = read(&body, &twice)?;
    let confirmed = is_confirmed(&body)?;
    // A program says what it knows, whatever was said before: it looks at no page.
    let request = RecordOutcome { delivery: id, said, how: How::Api, seen: None, confirmed };
    // Of the members, so that a program may write the same with other spaces.
    let asked = serde_json::json!([id, body]).to_string();
    let key = key.map(|key| RequestKey { client: caller.0.client, key, hash: ContentHash::of(asked.as_bytes()) });
    record(&context, &caller, request, key).await
}

/// What a program may say beside the outcome: that it is meant.
const MEANT: [&str; 2] = ["confirm", "correct"];

/// The fields; refused with every member that is wrong, named twice, or that no outcome has.
fn read(body: &Map<String, Value>, twice: &BTreeSet<String>) -> Result<OutcomeFields, Problem> {
    // One that nobody knows is refused as that.
    let twice = OutcomeFields::NAMES.into_iter().chain(MEANT).filter(|name| twice.contains(*name)).map(|name| {
        let message = format!("{name} is there twice; say it once.");
        FieldError { field: name.to_owned(), code: "invalid", message }
    });
    let unknown = OutcomeFields::unknown_members(body, &MEANT).into_iter();
    let unknown = unknown.map(|one| FieldError { field: one.name, code: "unknown", message: one.message });
    let read = OutcomeFields::from_json(body);
    let wrong = read.as_ref().err().cloned().map(field_errors).unwrap_or_default();
    let errors: Vec<_> = wrong.into_iter().chain(twice).chain(unknown).collect();
    match read {
        Ok(said) if errors.is_empty() => Ok(said),
        _ => Err(invalid(errors)),
    }
}

/// Whether whoever says it means what has to be asked back. `correct` says the same of a correction.
fn is_confirmed(body: &Map<String, Value>) -> Result<bool, Problem> {
    let mut errors = Vec::new();
    let mut flag = |field: &'static str| match body.get(field) {
        None | Some(Value::Null) => false,
        Some(Value::Bool(flag)) => *flag,
        Some(_) => {
            let message = format!("{field} must be true or false.");
            errors.push(FieldError { field: field.to_owned(), code: "invalid", message });
            false
        }
    };
    let confirmed = MEANT.into_iter().fold(false, |meant, field| meant | flag(field));
    if errors.is_empty() { Ok(confirmed) } else { Err(invalid(errors)) }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    // What a program writes that has no key is none: under `undefined` every outcome but the first would be refused as another one.
    let is_key = |key: &&str| (1..=255).contains(&key.len()) && !is_nothing(key) && unusable_id(key).is_none();
    let key = value.to_str().ok().map(str::trim).filter(is_key);
    let unusable = || {
        Problem::new(
            &catalogue::INVALID_HEADER,
            "Idempotency-Key: write 1 to 255 printable ASCII characters that name this request, and not what stands for none.",
        )
    };
    key.map(|key| Some(key.to_owned())).ok_or_else(unusable)
}

async fn record(
    context: &DeskContext,
    caller: &ClientCaller,
    request: RecordOutcome,
    key: Option<RequestKey>,
) -> Result<Response, Problem> {
    let (actor, id) = (caller.actor(), request.delivery);
    let done = match key {
        None => context.actions.run(&actor, &request).await.map(|result| OnceResult::Done { result, number: None }),
        Some(key) => context.actions.run(&actor, &RecordOutcomeOnce { request, key }).await,
    };
    let (result, number) = match done {
        Ok(OnceResult::Done { result, number }) => (result, number),
        Ok(OnceResult::KeyInUse) => {
            let why = "Another request came with this Idempotency-Key; nothing was recorded.";
            return Err(Problem::new(&catalogue::IDEMPOTENCY_KEY_REUSED, why));
        }
        Err(Refusal::Invalid(errors)) => return Err(invalid(errors)),
        Err(refusal) => return Err(refused(&refusal)),
    };
    let (status, adjusted) = match result {
        OutcomeResult::Recorded => (StatusCode::CREATED, None),
        OutcomeResult::Adjusted(how) => (StatusCode::CREATED, Some(how)),
        // A program that tries again must not take its own success for a refusal.
        OutcomeResult::Repeated | OutcomeResult::Stale => (StatusCode::OK, None),
        OutcomeResult::Refused(why) => return Err(Problem::new(&catalogue::OUTCOME_REFUSED, why.0)),
        OutcomeResult::Asked(asked) => {
            let why = format!("{asked} Send it again with \"confirm\": true if it is meant.");
            return Err(Problem::new(&catalogue::OUTCOME_UNCONFIRMED, why));
        }
    };
    // As it is recorded, also where it was before: the program learns the number to name later.
    let said = match number {
        Some(number) => numbered(&context.actions, &actor, id, number).await,
        None => newest(&context.actions, &actor, id).await,
    };
    let said = said.map_err(|refusal| refused(&refusal))?;
    let view = RecordedOutcome { delivery: id, outcome: said.as_ref().map(OutcomeView::from), adjusted };
    Ok((status, Json(view)).into_response())
}

fn field_errors(wrong: Vec<InvalidField>) -> Vec<FieldError> {
    let error = |InvalidField { field, code, message }| FieldError { field: field.to_owned(), code, message };
    wrong.into_iter().map(error).collect()
}

fn invalid(errors: Vec<FieldError>) -> Problem {
    let error = |one: FieldError| FieldProblem {
        pointer: format!("/{}", one.field.replace('~', "~0").replace('/', "~1")).into(),
        code: one.code,
        message: one.message.into(),
    };
    Problem::new(&catalogue::INVALID_OUTCOME, "The outcome is not whole; nothing was recorded.")
        .with_errors(errors.into_iter().map(error).collect())
}
