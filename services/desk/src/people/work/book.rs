//! `POST /work/book`: an appointment with a rep of the client, agreed while the person is on the telephone.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use ripen_actions::{FieldError, Refusal};

use super::{
    dispose::still_open,
    draft::keep,
    form::WorkForm,
    page::{LeadAsk, lead_page},
};
use crate::{
    context::DeskContext,
    people::{
        csrf::CsrfForm,
        leads::changes::{ChangeBody, LeadChange, apply},
        refused::refused,
    },
};

/// Books a free slot for the lead that is open. What else is typed stays a draft.
#[utoipa::path(post, path = "/work/book", operation_id = "book_work", tag = "pages",
    request_body(content_type = "application/x-www-form-urlencoded",
        description = "The form of the page, with `slot` (a rep's id, a space, the instant) and `slot_note`.", content = String),
    responses(
        (status = 200, description = "Booked, beside a newer draft of another tab: the page with what was typed, which is in no draft.", content_type = "text/html", body = String),
        (status = 303, description = "Booked: back to the lead; or nobody is signed in: to the form to sign in."),
        (status = 403, description = "The form is of another session.", content_type = "text/html", body = String),
        (status = 404, description = "For staff alone, or there is no such lead.", content_type = "text/html", body = String),
        (status = 422, description = "The page with what is wrong and what was typed.", content_type = "text/html", body = String),
    ))]
pub async fn book(State(context): State<DeskContext>, posted: CsrfForm<WorkForm>) -> Response {
    let CsrfForm { viewer, mut form } = posted;
    if let Err(problem) = viewer.require_staff() {
        return problem.into_response();
    }
    let Some((lead, lease)) = form.lead().zip(form.lease()) else { return Redirect::to("/work").into_response() };
    let asked = ChangeBody {
        slot: form.text("slot").to_owned(),
        note: form.text("slot_note").to_owned(),
        ..ChangeBody::default()
    };
    let troubles = match apply(&context.actions, &viewer.actor, lead, (LeadChange::Appointment, &asked)).await {
        Ok(()) => Vec::new(),
        Err(Refusal::Invalid(errors)) => errors,
        // Somebody else took the time meanwhile.
        Err(Refusal::Conflict { code, message }) => {
            vec![FieldError { field: "slot".to_owned(), code, message: message.to_string() }]
        }
        Err(refusal) => return refused(&refusal).into_response(),
    };
    if troubles.is_empty() {
        // It stands with the appointment by now.
        form.set("slot_note", String::new());
    }
    // The page is loaded anew with what is typed: nothing of it is lost.
    let is_beside_newer = match keep(&context, &viewer, &form).await {
        Ok(kept) if kept.is_newer => true,
        Ok(kept) => {
            form.set("version", kept.version.to_string());
            false
        }
        Err(refusal) => {
            tracing::warn!(lead.id = %lead, %refusal, "what was typed could not be kept as a draft");
            false
        }
    };
    let is_booked = troubles.is_empty();
    // Loaded anew, the page would show the other tab's draft, and what was typed here would be nowhere.
    if is_booked && !is_beside_newer {
        return Redirect::to(&format!("/work?lead={lead}&told=booked")).into_response();
    }
    let open = match still_open(&context, &viewer, &form, (lead, lease)).await {
        Ok(open) => open,
        Err(refusal) => return refused(&refusal).into_response(),
    };
    let (status, told) = match (is_booked, is_beside_newer) {
        (true, _) => (StatusCode::OK, "booked_newer"),
        (false, true) => (StatusCode::UNPROCESSABLE_ENTITY, "beside_newer"),
        (false, false) => (StatusCode::UNPROCESSABLE_ENTITY, ""),
    };
    let ask = LeadAsk { typed: Some(form), troubles: &troubles, told, shows_slots: !is_booked, ..LeadAsk::of(&open) };
    lead_page(&context, &viewer, status, ask).await
}
