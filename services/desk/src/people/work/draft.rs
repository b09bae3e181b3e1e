//! What is typed: kept as a draft, and shown what it would come to.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use ripen_actions::{
    Refusal,
    desk::{DraftSaved, SaveDraft, held},
};
use ripen_domain::{id::LeadId, touch::Disposition};
use ripen_web::Problem;
use serde::Serialize;

use super::{
    became::became,
    callback::{CallbackTerms, picker},
    form::WorkForm,
    page::{TypedOutcome, outcome},
};
use crate::{
    context::DeskContext,
    people::{csrf::CsrfForm, refused::refused, viewer::Viewer, when::When},
};

/// What became of a draft.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DraftKept {
    /// The hour at which it was saved, as the viewer reads it.
    saved: String,
    /// With the date and the zone.
    whole: String,
    /// Its version, behind which the page counts on.
    pub version: i64,
    /// Another page has saved a newer one, which stays.
    pub is_newer: bool,
    /// The lead is open no more, and there is nothing to open again: it became an A, or is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    became: Option<String>,
}

/// What typed answers come to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TypedShown {
    /// The panel of the grade, as HTML.
    grade: String,
    /// What saving will do, as HTML.
    after: String,
    /// What stands on the button that saves, as HTML.
    save: String,
    /// What was picked for a call back, as HTML.
    said: String,
    /// The question that is worth most of those not answered; empty for none.
    hot: String,
    /// By question, the points that an answer could still bring.
    worth: BTreeMap<String, i32>,
    /// By question, why its answer cannot be used as typed.
    wrong: BTreeMap<String, String>,
}

/// Keeps what is typed.
#[utoipa::path(post, path = "/work/draft", operation_id = "save_work_draft", tag = "pages",
    request_body(content_type = "application/x-www-form-urlencoded", description = "The form of the page.", content = String),
    responses(
        (status = 200, description = "Kept, for a page that asks for JSON.", body = DraftKept),
        (status = 204, description = "Kept, for a page that was closed."),
        (status = 303, description = "Kept: back to the page, which shows what it would come to; or nobody is signed in: to the form to sign in."),
        (status = 403, description = "The form is of another session.", content_type = "text/html", body = String),
        (status = 404, description = "For staff alone, or there is no such lead.", content_type = "text/html", body = String),
        (status = 409, description = "It was committed meanwhile.", content_type = "text/html", body = String),
        (status = 422, description = "It is too long to be kept.", content_type = "text/html", body = String),
    ))]
pub async fn draft(State(context): State<DeskContext>, headers: HeaderMap, posted: CsrfForm<WorkForm>) -> Response {
    let CsrfForm { viewer, mut form } = posted;
    if let Err(problem) = viewer.require_staff() {
        return problem.into_response();
    }
    let Some(lead) = form.lead() else { return Problem::not_found().into_response() };
    if let Err(refusal) = preset(&context, &viewer, &mut form).await {
        return refused(&refusal).into_response();
    }
    let kept = match keep(&context, &viewer, &form).await {
        Ok(kept) => kept,
        Err(refusal) => return refused(&refusal).into_response(),
    };
    let wants_json = headers.get(header::ACCEPT).is_some_and(|accept| accept.as_bytes() == b"application/json");
    if wants_json {
        return match shut(&context, &viewer, lead).await {
            Ok(became) => Json(DraftKept { became, ..kept }).into_response(),
            Err(refusal) => refused(&refusal).into_response(),
        };
    }
    // A browser follows where a page that was closed is sent, and the lead that is shown there would be kept for nobody.
    if !form.text("beacon").is_empty() {
        return StatusCode::NO_CONTENT.into_response();
    }
    let told = if kept.is_newer { "&told=newer" } else { "" };
    let open = if form.text("open") == "appointment" { "&open=appointment#book" } else { "" };
    Redirect::to(&format!("/work?lead={lead}{told}{open}")).into_response()
}

/// What became of a lead that the viewer does not have open; none while they have.
async fn shut(context: &DeskContext, viewer: &Viewer, lead: LeadId) -> Result<Option<String>, Refusal> {
    let open = held(&context.actions, &viewer.actor).await?;
    if open.iter().any(|one| one.lead == lead) { Ok(None) } else { became(context, viewer, lead).await }
}

/// Keeps what is typed in a form as the viewer's draft.
///
/// # Errors
/// `Missing` where there is no such lead; `Invalid` where it is too long; `Conflict` where it was committed.
pub async fn keep(context: &DeskContext, viewer: &Viewer, form: &WorkForm) -> Result<DraftKept, Refusal> {
    let lead = form.lead().ok_or_else(|| Refusal::missing("lead", "of this form"))?;
    let save = SaveDraft {
        lead,
        note: Some(form.typed("note").to_owned()),
        answers: Some(form.draft_answers()),
        version: form.version().saturating_add(1),
        touch: form.touch(),
    };
    let (draft, is_newer) = match context.actions.run(&viewer.actor, &save).await? {
        DraftSaved::Saved(draft) => (draft, false),
        DraftSaved::Newer(draft) => (draft, true),
    };
    let when = When::of(viewer, context.clock.now());
    let (saved, whole) = (when.hour(draft.saved_at), when.whole(draft.saved_at));
    Ok(DraftKept { saved, whole, version: draft.version, is_newer, became: None })
}

/// A button with a time on it says the time as if it was typed.
async fn preset(context: &DeskContext, viewer: &Viewer, form: &mut WorkForm) -> Result<(), Refusal> {
    let (Some(key), Some(lead)) = (form.given("preset"), form.lead()) else { return Ok(()) };
    let lead = ripen_actions::lead::find(&context.actions, &viewer.actor, lead).await?;
    let places = lead.places();
    let when = When::of(viewer, context.clock.now());
    let terms = CallbackTerms { hours: &context.actions.hours, places: &places, when: &when, zone: viewer.zone() };
    if let Some(chosen) = picker(form, &terms).presets.into_iter().find(|one| one.key == key) {
        form.set("cb_date", chosen.date);
        form.set("cb_clock", chosen.time);
        form.set("disposition", Disposition::CallBack.word().to_owned());
    }
    Ok(())
}

/// Shows what typed answers come to. Nothing of it is kept.
#[utoipa::path(post, path = "/work/preview", operation_id = "preview_work", tag = "pages",
    request_body(content_type = "application/x-www-form-urlencoded", description = "The form of the page.", content = String),
    responses(
        (status = 200, description = "What they come to.", body = TypedShown),
        (status = 303, description = "Nobody is signed in: to the form to sign in."),
        (status = 403, description = "The form is of another session.", content_type = "text/html", body = String),
        (status = 404, description = "For staff alone, or there is no such lead.", content_type = "text/html", body = String),
    ))]
pub async fn preview(State(context): State<DeskContext>, posted: CsrfForm<WorkForm>) -> Response {
    let CsrfForm { viewer, form } = posted;
    if let Err(problem) = viewer.require_staff() {
        return problem.into_response();
    }
    let Some(lead) = form.lead() else { return Problem::not_found().into_response() };
    let typed = match outcome(&context, &viewer, &form, lead).await {
        Ok(typed) => typed,
        Err(refusal) => return refused(&refusal).into_response(),
    };
    match shown(&typed) {
        Ok(shown) => Json(shown).into_response(),
        Err(error) => {
            tracing::error!(%error, "what is typed could not be shown");
            Problem::internal().into_response()
        }
    }
}

fn shown(typed: &TypedOutcome) -> askama::Result<TypedShown> {
    let questions = &typed.questions;
    let troubled = questions.iter().filter(|question| !question.trouble.is_empty());
    Ok(TypedShown {
        grade: typed.grade.render()?,
        after: typed.after.render()?,
        save: typed.save.render()?,
        said: typed.said.render()?,
        hot: questions.iter().find(|question| question.is_hot).map(|one| one.id.clone()).unwrap_or_default(),
        worth: questions.iter().map(|question| (question.id.clone(), question.worth)).collect(),
        wrong: troubled.map(|question| (question.id.clone(), question.trouble.clone())).collect(),
    })
}
