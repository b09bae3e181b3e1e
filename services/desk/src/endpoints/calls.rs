//! `POST /v1/calls`: what the telephone tells of a call, signed with the installation's secret (Standard Webhooks) or with a user's
//! token. In any order, repeatedly and late.

use axum::{
    Json,
    body::Bytes,
    extract::{Request, State},
    http::{HeaderMap, header, request::Parts},
    response::{IntoResponse, Response},
};
use ripen_actions::{
    Refusal,
    call::{ReportCall, ReportedCall},
};
use ripen_domain::{
    actor::{Actor, System},
    masked_address::MaskedAddress,
};
use ripen_web::{
    FieldProblem, Problem,
    body::{self, BodyLimits},
    catalogue,
    extract::{json_value, refuse_unread},
    openapi::refusals,
};
use serde::{Deserialize, Serialize};
use utoipa::{
    IntoResponses, ToSchema,
    openapi::{RefOr, Response as Described},
};

use crate::{
    context::DeskContext,
    people::{
        phone::SignedEvent,
        refused::refused,
        viewer::{NotSignedIn, by_bearer},
    },
};

/// Headers of Standard Webhooks.
const ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";

struct CallRefusals;

impl IntoResponses for CallRefusals {
    fn responses() -> std::collections::BTreeMap<String, RefOr<Described>> {
        refusals(&[
            &catalogue::MALFORMED_BODY,
            &catalogue::UNAUTHENTICATED,
            &catalogue::NOT_FOUND,
            &catalogue::BODY_TOO_SLOW,
            &catalogue::BODY_TOO_LARGE,
            &catalogue::UNSUPPORTED_MEDIA_TYPE,
            &catalogue::INVALID_REQUEST,
            &catalogue::TOO_MANY_REQUESTS,
            &catalogue::INTERNAL_ERROR,
            &catalogue::UNAVAILABLE,
        ])
    }
}

/// What is told of a call: as much as is known. Each fact is kept as it was first told.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct CallBody {
    /// The id under which the desk had it dialed.
    #[schema(example = "call_01kahxq5z5e4y9wd3tvdnzxkqj")]
    #[serde(default)]
    call: Option<String>,
    /// The telephone system's own id; enough alone once it came together with the other, or with `lead`.
    #[schema(example = "V1124100312")]
    #[serde(default)]
    id: Option<String>,
    /// About which lead, of a call that was made past the desk.
    #[serde(default)]
    lead: Option<String>,
    /// `ringing`, `answered`, `ended` or `failed`.
    #[serde(default)]
    state: Option<String>,
    /// When it was dialed (RFC 3339).
    #[schema(example = "2026-11-24T16:03:12Z")]
    #[serde(default)]
    started_at: Option<String>,
    /// When somebody answered.
    #[serde(default)]
    answered_at: Option<String>,
    /// When it ended.
    #[serde(default)]
    ended_at: Option<String>,
    /// Which number was called.
    #[schema(example = "+14155550100")]
    #[serde(default)]
    number: Option<String>,
    /// The number that was shown.
    #[schema(example = "+13125550199")]
    #[serde(default)]
    caller_id: Option<String>,
    /// Where the recording lies.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    recording_url: Option<MaskedAddress>,
}

/// A call that was told of.
#[derive(Debug, Serialize, ToSchema)]
pub struct ToldCallAnswer {
    /// The call.
    #[schema(example = "call_01kahxq5z5e4y9wd3tvdnzxkqj")]
    call: String,
    /// The lead.
    #[schema(example = "lead_01kahxq5z5e4y9wd3tvdnzxkqj")]
    lead: String,
    /// Whether somebody wrote down by now how it went.
    noted: bool,
    /// Times that contradict what was told of the call before, by their fields: they are not kept, and the rest is.
    #[schema(value_type = Vec<String>, example = json!(["ended_at"]))]
    ignored: Vec<&'static str>,
}

/// Takes what the telephone tells of a call. The same again changes nothing.
#[utoipa::path(post, path = "/v1/calls", operation_id = "report_call", tag = "desk",
    request_body = CallBody,
    responses(
        (status = 200, description = "Kept.", body = ToldCallAnswer),
        CallRefusals,
    ))]
pub async fn tell(State(context): State<DeskContext>, request: Request) -> Response {
    let has_signature = request.headers().contains_key(SIGNATURE);
    let has_token = request.headers().contains_key(header::AUTHORIZATION);
    if !has_signature && !has_token {
        let why =
            "Sign the event with phone.secret (Standard Webhooks), or send \"Authorization: Bearer TOKEN\" of a user.";
        return refuse_unread(request, Problem::new(&catalogue::UNAUTHENTICATED, why)).await.into_response();
    }
    let (mut parts, content) = request.into_parts();
    // A token before the body; a signature is over the body.
    let known = match has_token {
        true => match by_token(&mut parts, &context).await {
            Ok(actor) => Some(actor),
            Err(refusal) => {
                body::discard(content).await;
                return refusal.into_response();
            }
        },
        false => None,
    };
    let limits = BodyLimits { bytes: context.body.bytes, time: context.body.time };
    match body::read(&parts.headers, content, limits).await {
        Ok(bytes) => keep(&context, &parts.headers, (known, &bytes)).await.into_response(),
        Err(problem) => problem.into_response(),
    }
}

async fn by_token(parts: &mut Parts, context: &DeskContext) -> Result<Actor, NotSignedIn> {
    let path = parts.uri.path().to_owned();
    by_bearer(parts, context, path).await.map(|viewer| viewer.actor)
}

async fn keep(
    context: &DeskContext,
    headers: &HeaderMap,
    (known, bytes): (Option<Actor>, &Bytes),
) -> Result<Json<ToldCallAnswer>, Problem> {
    let actor = match known {
        Some(actor) => actor,
        None => signed(context, headers, bytes)?,
    };
    let given: CallBody = json_value(headers, bytes)?;
    let told = context.actions.run(&actor, &given.read()?).await;
    let ReportedCall { told, ignored } = told.map_err(|refusal| match refusal {
        Refusal::Missing { what: "call", .. } => Problem::new(
            &catalogue::NOT_FOUND,
            "No call of this id is known. Name the lead of a call that was made past the desk (with an id of its own), or send it \
             again once the desk has it.",
        ),
        other => refused(&other),
    })?;
    let (call, lead) = (told.call.to_string(), told.lead.to_string());
    Ok(Json(ToldCallAnswer { call, lead, noted: told.touch.is_some(), ignored }))
}

/// The telephone, by its signature.
fn signed(context: &DeskContext, headers: &HeaderMap, bytes: &Bytes) -> Result<Actor, Problem> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let seconds = text(TIMESTAMP).parse().unwrap_or(i64::MIN);
    let event = SignedEvent { id: text(ID), seconds, body: bytes, presented: text(SIGNATURE) };
    if context.phone.has_signed(event, context.clock.now()) {
        return Ok(Actor::system(System::Desk));
    }
    let why = "The signature is none of phone.secret over this body and webhook-id, or webhook-timestamp is older than five minutes.";
    Err(Problem::new(&catalogue::UNAUTHENTICATED, why))
}

impl CallBody {
    /// As the action takes it, with every field that cannot be read.
    fn read(self) -> Result<ReportCall, Problem> {
        let mut wrong = Vec::new();
        let report = ReportCall {
            call: parsed("/call", self.call.as_deref(), "is no id of the form call_…", &mut wrong),
            lead: parsed("/lead", self.lead.as_deref(), "is no id of the form lead_…", &mut wrong),
            state: parsed("/state", self.state.as_deref(), "is ringing, answered, ended or failed", &mut wrong),
            started_at: parsed("/started_at", self.started_at.as_deref(), TIME, &mut wrong),
            answered_at: parsed("/answered_at", self.answered_at.as_deref(), TIME, &mut wrong),
            ended_at: parsed("/ended_at", self.ended_at.as_deref(), TIME, &mut wrong),
            id: self.id,
            number: self.number,
            caller_id: self.caller_id,
            recording_url: self.recording_url,
        };
        if wrong.is_empty() {
            return Ok(report);
        }
        Err(Problem::new(&catalogue::INVALID_REQUEST, "Something that was given cannot be used: see errors.")
            .with_errors(wrong))
    }
}

const TIME: &str = "is no instant such as 2026-11-24T16:03:12Z";

fn parsed<T: std::str::FromStr>(
    pointer: &'static str,
    given: Option<&str>,
    message: &'static str,
    wrong: &mut Vec<FieldProblem>,
) -> Option<T> {
    let read = given.map(str::trim).filter(|given| !given.is_empty())?.parse().ok();
    if read.is_none() {
        wrong.push(FieldProblem { pointer: pointer.into(), code: "invalid", message: message.into() });
    }
    read
}
