//! What the forms of a lead's page post.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use ripen_actions::{FieldError, Refusal, person_correct::CHANGED};
use ripen_domain::{actor::Permission, id::LeadId};
use ripen_web::{Problem, catalogue};

use super::{
    changes::{ChangeBody, LeadChange, apply},
    page::{LeadSays, render},
};
use crate::{
    context::DeskContext,
    people::{
        csrf::CsrfForm,
        refused::{refused, troubles},
        work::date_refused::{WishedDate, as_read},
    },
};

/// The parts of the address: a lead, and what is done with it.
pub struct ChangePath {
    /// Which lead.
    pub lead: LeadId,
    /// What is done with it.
    pub change: LeadChange,
}

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for ChangePath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut axum::http::request::Parts, state: &S) -> Result<Self, Problem> {
        let given = axum::extract::Path::<(String, String)>::from_request_parts(parts, state).await;
        let read = given.ok().and_then(|axum::extract::Path((lead, change))| {
            Some(Self { lead: lead.parse().ok()?, change: change.parse().ok()? })
        });
        read.ok_or_else(|| {
            Problem::new(&catalogue::NOT_FOUND, "The address names no lead, or nothing that is done with one.")
        })
    }
}

/// Does something with a lead.
#[utoipa::path(post, path = "/leads/{id}/{change}", operation_id = "change_lead_page", tag = "pages",
    params(
        ("id" = String, Path, description = "The lead's id, lead_…."),
        ("change" = LeadChange, Path, description = "What is done."),
    ),
    request_body(content_type = "application/x-www-form-urlencoded",
                 description = "The fields of the change, as `/api/v1/leads/{id}/{change}` has them, and `csrf`.", content = String),
    responses(
        (status = 303, description = "Done: to the lead; or nobody is signed in: to the form to sign in."),
        (status = 403, description = "The form is of another session.", content_type = "text/html", body = String),
        (status = 404, description = "There is no such lead, or it is for people who work leads.", content_type = "text/html", body = String),
        (status = 409, description = "What is there does not allow it, as a page.", content_type = "text/html", body = String),
        (status = 422, description = "The form with what is wrong, as a page.", content_type = "text/html", body = String),
    ))]
pub async fn change(
    State(context): State<DeskContext>,
    ChangePath { lead, change }: ChangePath,
    posted: CsrfForm<ChangeBody>,
) -> Response {
    let CsrfForm { viewer, form } = posted;
    if !viewer.actor.may(Permission::Work) {
        return Problem::not_found().into_response();
    }
    let says = |wrong, against: String| LeadSays {
        open: Some(change),
        typed: Some(&form),
        wrong,
        against,
        ..LeadSays::default()
    };
    let newer = |errors: &[FieldError]| {
        let newer = errors.iter().filter(|error| error.code == CHANGED);
        newer.map(|error| error.field.clone()).collect()
    };
    let done = match apply(&context.actions, &viewer.actor, lead, (change, &form)).await {
        Ok(()) => Ok(()),
        Err(refusal) => {
            let wished = WishedDate { lead, field: "to", wish: &form.to };
            Err(as_read(&context, &viewer, wished, refusal).await)
        }
    };
    let (status, says) = match done {
        Ok(()) => return Redirect::to(&format!("/leads/{lead}?done={}", change.word())).into_response(),
        Err(Refusal::Invalid(errors)) => {
            let says = LeadSays { newer: newer(&errors), ..says(troubles(&errors), String::new()) };
            (StatusCode::UNPROCESSABLE_ENTITY, says)
        }
        Err(Refusal::Conflict { message, .. }) => (StatusCode::CONFLICT, says(Vec::new(), message)),
        Err(refusal) => return refused(&refusal).into_response(),
    };
    match render(&context, &viewer, lead, (status, says)).await {
        Ok(response) => response,
        Err(refusal) => refused(&refusal).into_response(),
    }
}
