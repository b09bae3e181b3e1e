//! `POST /work/refuse` and `POST /api/v1/work/refuse`: a person refused on the telephone to be recorded, or to be called like this.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use ripen_actions::call::RefuseNotice;
use ripen_domain::{call::RefusedNotice, id::LeadId};
use ripen_web::{FieldProblem, Problem, catalogue, extract::NamedFields};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    context::DeskContext,
    people::{
        csrf::{CsrfForm, CsrfJson},
        refused::refused,
        sign_in::own_path,
        viewer::Viewer,
    },
};

/// What was refused.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct RefusedGiven {
    /// The lead.
    #[schema(example = "lead_01kahxq5z5e4y9wd3tvdnzxkqj")]
    #[serde(default)]
    lead: String,
    /// `recording` or `notice`.
    #[schema(example = "recording")]
    #[serde(default)]
    what: String,
    /// For a form: where to go on.
    #[schema(ignore)]
    #[serde(default)]
    next: String,
}

impl NamedFields for RefusedGiven {
    fn hint(_: &str) -> &'static str {
        "Write text."
    }
}

/// Keeps a refusal.
#[utoipa::path(post, path = "/api/v1/work/refuse", operation_id = "refuse", tag = "desk",
    request_body = RefusedGiven,
    responses(
        (status = 204, description = "Kept. Again changes nothing."),
        (status = 401, description = "Nobody is signed in.", content_type = "application/problem+json", body = Problem),
        (status = 403, description = "The request is of another session.", content_type = "application/problem+json", body = Problem),
        (status = 404, description = "There is no such lead, or the user calls nobody.", content_type = "application/problem+json", body = Problem),
        (status = 422, description = "See `errors`.", content_type = "application/problem+json", body = Problem),
    ))]
pub async fn refuse(State(context): State<DeskContext>, posted: CsrfJson<RefusedGiven>) -> Result<StatusCode, Problem> {
    keep(&context, &posted.viewer, &posted.body).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Keeps a refusal by a form.
#[utoipa::path(post, path = "/work/refuse", operation_id = "refuse_by_form", tag = "pages",
    request_body(content_type = "application/x-www-form-urlencoded", description = "`lead`, `what`, `next`, `csrf`.", content = String),
    responses(
        (status = 303, description = "Kept: back; or nobody is signed in: to the form to sign in."),
        (status = 403, description = "The form is of another session.", content_type = "text/html", body = String),
        (status = 404, description = "There is no such lead, or the user calls nobody.", content_type = "text/html", body = String),
        (status = 422, description = "It is none of what can be refused.", content_type = "text/html", body = String),
    ))]
pub async fn refuse_by_form(State(context): State<DeskContext>, posted: CsrfForm<RefusedGiven>) -> Response {
    let CsrfForm { viewer, form } = posted;
    let next = if form.next.is_empty() { "/work" } else { own_path(&form.next) };
    match keep(&context, &viewer, &form).await {
        Ok(()) => Redirect::to(next).into_response(),
        Err(problem) => problem.into_response(),
    }
}

async fn keep(context: &DeskContext, viewer: &Viewer, given: &RefusedGiven) -> Result<(), Problem> {
    viewer.require_staff()?;
    let lead: LeadId = given.lead.parse().map_err(|_| Problem::not_found())?;
    let what: RefusedNotice = given.what.parse().map_err(|_| {
        let field = FieldProblem { pointer: "/what".into(), code: "invalid", message: "is recording or notice".into() };
        Problem::new(&catalogue::INVALID_REQUEST, "Say what was refused.").with_errors(vec![field])
    })?;
    let kept = context.actions.run(&viewer.actor, &RefuseNotice { lead, what }).await;
    kept.map(|_| ()).map_err(|refusal| refused(&refusal))
}
