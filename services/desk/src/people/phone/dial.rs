//! `POST /work/dial` and `POST /api/v1/work/dial`: one click, one call. The call is written down first, and only then is the
//! telephone asked: a second click, or a request that is repeated, asks nobody again.

use askama::Template;
use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use ripen_actions::{
    call::{DialCall, Dialed, ReportCall},
    lead::find,
};
use ripen_domain::{
    call::{CallState, DialFacts},
    id::{CallId, LeadId},
};
use ripen_runtime::random::uuid_v7;
use ripen_web::{Problem, catalogue, extract::NamedFields};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::dial_link::DialStep;
use crate::{
    context::DeskContext,
    people::{
        csrf::{CsrfForm, CsrfJson},
        frame::{DeskPage, Place},
        refused::refused,
        sign_in::own_path,
        viewer::Viewer,
        work::shown_number::number_of,
    },
};

/// A number to dial.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct DialBodyGiven {
    /// The lead.
    #[schema(example = "lead_01kahxq5z5e4y9wd3tvdnzxkqj")]
    lead: String,
    /// This click, a UUID: the same again is the same call. Made here where it is missing.
    #[schema(value_type = Option<String>, example = "0193b1f2-7c1e-7d53-a9c4-0d6a3a1f6b10")]
    #[serde(default)]
    call: Option<Uuid>,
    /// Which of the person's numbers; the one they are known by where it is missing.
    #[serde(default)]
    number: Option<String>,
    /// Also at an hour at which nobody is called there, or once more than a number is called in a day: say so where 422 asked for it.
    #[serde(default)]
    anyway: bool,
    /// `number` is meant as the one that the person is known by: 409 where that is another by now.
    #[serde(default)]
    main: bool,
}

/// A call that is dialed.
#[derive(Debug, Serialize, ToSchema)]
pub struct DialedAnswer {
    /// Its id, which `/v1/calls` takes.
    #[schema(value_type = String, example = "call_01kahxq5z5e4y9wd3tvdnzxkqj")]
    call: CallId,
    /// What is dialed.
    #[schema(example = "+14155550100;ext=12")]
    number: String,
    /// Shown to who is called; null for the telephone's own.
    caller_id: Option<String>,
    /// What the browser opens so that it is dialed; null where the telephone was asked.
    open: Option<String>,
    /// It was dialed before under this id.
    repeated: bool,
}

/// The form.
#[derive(Debug, Default, Deserialize)]
pub struct DialForm {
    #[serde(default)]
    lead: String,
    #[serde(default)]
    call: String,
    #[serde(default)]
    number: String,
    #[serde(default)]
    anyway: String,
    #[serde(default)]
    main: String,
    #[serde(default)]
    next: String,
}

impl NamedFields for DialForm {
    fn hint(_: &str) -> &'static str {
        "Write text."
    }
}

/// What is said of a call that failed, when it is asked for again.
const NOT_MADE: &str = "This call was not made: the telephone did not take it, or said that it failed. \
                        Dial once more: that is another call.";

/// What is said where the number that a page shows is not the person's any more.
const OTHER_NUMBER: &str = "This number was changed since the page was made: it was not dialed. Load the page again, and call the one that \
                            stands there then.";

#[derive(Template)]
#[template(path = "people/dial.html")]
struct DialTemplate<'a> {
    number: &'a str,
    open: &'a str,
    next: &'a str,
    trouble: &'a str,
    /// What is dialed by saying so once more.
    again: Option<DialAgain<'a>>,
}

/// What the form that dials anyway says.
struct DialAgain<'a> {
    lead: &'a str,
    number: &'a str,
    main: &'a str,
    csrf: &'a str,
}

/// What both ways of asking say.
struct DialAsked<'a> {
    lead: &'a str,
    /// Where the caller gives the call its id.
    call: Option<Uuid>,
    number: Option<String>,
    anyway: bool,
    /// The number is meant as the one that the person is known by.
    main: bool,
}

/// Dials, as a program asks for it.
#[utoipa::path(post, path = "/api/v1/work/dial", operation_id = "dial", tag = "desk",
    request_body = DialBodyGiven,
    responses(
        (status = 200, description = "Dialed, or open `open`.", body = DialedAnswer),
        (status = 401, description = "Nobody is signed in.", content_type = "application/problem+json", body = Problem),
        (status = 403, description = "The request is of another session.", content_type = "application/problem+json", body = Problem),
        (status = 404, description = "There is no such lead, or the user calls nobody.", content_type = "application/problem+json", body = Problem),
        (status = 409, description = "There is no number, it is another by now (`main`), the person must not be contacted, the agent works for other clients alone, or the telephone did not take it.", content_type = "application/problem+json", body = Problem),
        (status = 422, description = "See `errors`.", content_type = "application/problem+json", body = Problem),
    ))]
pub async fn dial(
    State(context): State<DeskContext>,
    posted: CsrfJson<DialBodyGiven>,
) -> Result<Json<DialedAnswer>, Problem> {
    let CsrfJson { viewer, body } = posted;
    let DialBodyGiven { lead, call, number, anyway, main } = body;
    let asked = DialAsked { lead: &lead, call, number, anyway, main };
    let (dialed, step) = make(&context, &viewer, asked).await?;
    let open = match step {
        DialStep::Open(address) => Some(address),
        DialStep::Asked => None,
    };
    let (call, number) = (dialed.call, dialed.number.as_str().to_owned());
    Ok(Json(DialedAnswer { call, number, caller_id: dialed.caller_id, open, repeated: dialed.is_repeated }))
}

/// Dials by a form: back to the page, or to a link that dials.
#[utoipa::path(post, path = "/work/dial", operation_id = "dial_by_form", tag = "pages",
    request_body(content_type = "application/x-www-form-urlencoded", description = "`lead`, `call`, `number`, `anyway`, `main`, `next`, `csrf`.", content = String),
    responses(
        (status = 200, description = "A page with the link that dials.", content_type = "text/html", body = String),
        (status = 303, description = "The telephone was asked: back; or nobody is signed in: to the form to sign in."),
        (status = 403, description = "The form is of another session.", content_type = "text/html", body = String),
        (status = 404, description = "There is no such lead, or the user calls nobody.", content_type = "text/html", body = String),
        (status = 409, description = "Why it was not dialed, as a page.", content_type = "text/html", body = String),
        (status = 422, description = "A page that asks whether to call anyway: it is no hour to call there, or it was called often enough.", content_type = "text/html", body = String),
    ))]
pub async fn dial_by_form(State(context): State<DeskContext>, posted: CsrfForm<DialForm>) -> Response {
    let CsrfForm { viewer, form } = posted;
    let next = if form.next.is_empty() { "/work" } else { own_path(&form.next) };
    let number = Some(form.number.clone()).filter(|number| !number.trim().is_empty());
    // What is no id makes a call of its own, as if there were none.
    let call = form.call.parse().ok();
    let (anyway, main) = (form.anyway == "true", form.main == "true");
    let asked = DialAsked { lead: &form.lead, call, number, anyway, main };
    let made = make(&context, &viewer, asked).await;
    let template = DialTemplate { number: "", open: "", next, trouble: "", again: None };
    let csrf = viewer.csrf();
    let (status, template) = match &made {
        Ok((_, DialStep::Asked)) => return Redirect::to(next).into_response(),
        Ok((dialed, DialStep::Open(open))) => {
            (StatusCode::OK, DialTemplate { number: dialed.number.as_str(), open, ..template })
        }
        Err(problem) if problem.status() == StatusCode::CONFLICT => {
            (StatusCode::CONFLICT, DialTemplate { trouble: problem.detail(), ..template })
        }
        Err(problem) => match problem.errors().iter().find(|error| error.pointer == "/anyway") {
            Some(asked) => {
                let (lead, number, main) = (form.lead.as_str(), form.number.as_str(), form.main.as_str());
                let again = Some(DialAgain { lead, number, main, csrf: &csrf });
                (problem.status(), DialTemplate { trouble: &asked.message, again, ..template })
            }
            None => return problem.clone().into_response(),
        },
    };
    DeskPage { title: "Call", place: Place::Work, viewer: &viewer, query: "", content: template }.response(status)
}

async fn make(context: &DeskContext, viewer: &Viewer, asked: DialAsked<'_>) -> Result<(Dialed, DialStep), Problem> {
    viewer.require_staff()?;
    let lead: LeadId = asked.lead.parse().map_err(|_| Problem::not_found())?;
    if asked.main && asked.number.is_some() {
        let record = find(&context.actions, &viewer.actor, lead).await.map_err(|refusal| refused(&refusal))?;
        // A page that lies open does not dial what somebody has put right since.
        if number_of(&record.profile) != asked.number {
            return Err(Problem::new(&catalogue::CONFLICT, OTHER_NUMBER));
        }
    }
    let call = CallId::from_uuid(asked.call.unwrap_or_else(|| uuid_v7(context.clock.now())));
    let request = DialCall { call, lead, number: asked.number, anyway: asked.anyway };
    let dialed = context.actions.run(&viewer.actor, &request).await.map_err(|refusal| refused(&refusal))?;
    let facts = DialFacts { number: &dialed.number, caller_id: dialed.caller_id.as_deref(), lead, call };
    if dialed.is_repeated {
        // What was not made is no success when it is asked for again.
        if dialed.state == CallState::Failed {
            return Err(Problem::new(&catalogue::CONFLICT, NOT_MADE));
        }
        let step = context.phone.again(&facts);
        return Ok((dialed, step));
    }
    match context.phone.dial(&facts).await {
        Ok(step) => Ok((dialed, step)),
        Err(not) => {
            let failed = ReportCall { call: Some(call), state: Some(CallState::Failed), ..ReportCall::default() };
            // What matters to whoever clicked is why it was not dialed.
            if let Err(error) = context.actions.run(&viewer.actor, &failed).await {
                tracing::warn!(%error, "a call that was not made could not be marked as failed");
            }
            tracing::warn!(call.id = %call, why = not.0, "the telephone did not dial");
            Err(Problem::new(&catalogue::CONFLICT, not.0))
        }
    }
}
