//! `POST /work/dispose`: what was typed is committed, and the next lead comes.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use jiff::Timestamp;
use ripen_actions::{
    FieldError, Refusal,
    desk::{Dispose, Disposed, KeepLateNote, NewCoDecider, OpenedLead, StopContact, held, take_next, why_over},
    lead::NextWish,
    lead_brief::script,
    opportunity::NewOpportunity,
};
use ripen_domain::{id::LeadId, promise::When as Wish, touch::Disposition};
use uuid::Uuid;

use super::{
    callback::{USUAL_WHY, picked},
    draft::keep,
    form::WorkForm,
    lost::{KeptWords, LostLead, lost_lead},
    page::{LeadAsk, lead_page},
    question::answers,
};
use crate::{
    context::DeskContext,
    people::{csrf::CsrfForm, refused::refused, viewer::Viewer},
};

/// Said where two numbers may be meant.
const OTHER_NUMBER: &str =
    "the number was changed while you had this lead open: look above which one you called, and save again";

/// Why a disposition was not carried out.
enum NotDisposed {
    /// Something that was typed cannot be used.
    Wrong(Vec<FieldError>),
    /// The lead is not this agent's any more: somebody else has it, or it was saved or given back elsewhere.
    Lost,
    /// The lead was closed or stopped meanwhile.
    Ended,
    /// Something else stands against it.
    Refused(Refusal),
}

impl From<Refusal> for NotDisposed {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Invalid(errors) => Self::Wrong(errors),
            Refusal::Conflict { code: "lease_lost", .. } => Self::Lost,
            Refusal::Conflict { code: "closed", .. } => Self::Ended,
            Refusal::Conflict { code: "number_changed", .. } => Self::Wrong(vec![FieldError {
                field: "shown".to_owned(),
                code: "changed",
                message: OTHER_NUMBER.to_owned(),
            }]),
            other => Self::Refused(other),
        }
    }
}

/// Commits what was typed, and takes the next lead.
#[utoipa::path(post, path = "/work/dispose", operation_id = "dispose_work", tag = "pages",
    request_body(content_type = "application/x-www-form-urlencoded", description = "The form of the page.", content = String),
    responses(
        (status = 303, description = "Saved, or the lead ended meanwhile and its note is kept: to the next lead; or nobody is signed in: to the form to sign in."),
        (status = 403, description = "The form is of another session.", content_type = "text/html", body = String),
        (status = 404, description = "For staff alone, or there is no such lead.", content_type = "text/html", body = String),
        (status = 409, description = "The lead is not the agent's any more: the page, with what was typed and what was saved meanwhile.", content_type = "text/html", body = String),
        (status = 422, description = "The page with what is wrong and what was typed.", content_type = "text/html", body = String),
    ))]
pub async fn dispose(State(context): State<DeskContext>, posted: CsrfForm<WorkForm>) -> Response {
    let CsrfForm { viewer, mut form } = posted;
    if let Err(problem) = viewer.require_staff() {
        return problem.into_response();
    }
    let Some((lead, lease)) = form.lead().zip(form.lease()) else { return Redirect::to("/work").into_response() };
    let errors = match disposed(&context, &viewer, &form, (lead, lease)).await {
        Ok(done) => return saved(&context, &viewer, lead, done).await,
        Err(NotDisposed::Refused(refusal)) => return refused(&refusal).into_response(),
        Err(NotDisposed::Ended) => return ended(&context, &viewer, &form, (lead, lease)).await,
        Err(NotDisposed::Wrong(errors)) => Some(errors),
        Err(NotDisposed::Lost) => None,
    };
    // Nothing typed is lost, whatever becomes of the page.
    let kept = match keep(&context, &viewer, &form).await {
        Ok(kept) if kept.is_newer => KeptWords::BesideNewer,
        Ok(kept) => {
            form.set("version", kept.version.to_string());
            KeptWords::Draft
        }
        Err(refusal) => {
            tracing::warn!(lead.id = %lead, %refusal, "what was typed could not be kept as a draft");
            KeptWords::Nowhere
        }
    };
    let open = match still_open(&context, &viewer, &form, (lead, lease)).await {
        Ok(open) => open,
        Err(refusal) => return refused(&refusal).into_response(),
    };
    let mut ask = LeadAsk::of(&open);
    ask.typed = Some(form);
    if let Some(troubles) = &errors {
        ask.troubles = troubles;
        ask.told = if kept == KeptWords::BesideNewer { "beside_newer" } else { "" };
        return lead_page(&context, &viewer, StatusCode::UNPROCESSABLE_ENTITY, ask).await;
    }
    match lost_lead(&context, &viewer, lead).await {
        Ok(lost) => {
            let lost = Some(LostLead { kept, ..lost });
            lead_page(&context, &viewer, StatusCode::CONFLICT, LeadAsk { lost, ..ask }).await
        }
        Err(refusal) => refused(&refusal).into_response(),
    }
}

/// The lead was closed or stopped while it was open here: what was noted is kept with it, and the next lead comes.
async fn ended(context: &DeskContext, viewer: &Viewer, form: &WorkForm, (lead, lease): (LeadId, Uuid)) -> Response {
    let late = KeepLateNote {
        lead,
        lease,
        note: form.typed("note").to_owned(),
        typed: form.draft_answers(),
        version: Some(form.version()),
        touch: form.touch(),
    };
    let kept = match context.actions.run(&viewer.actor, &late).await {
        Ok(kept) => kept,
        Err(refusal) => return refused(&refusal).into_response(),
    };
    if let Err(refusal) = take_next(&context.actions, &viewer.actor).await {
        tracing::warn!(%refusal, "no next lead was taken behind one that ended");
    }
    let told = if kept.is_some() { "ended_noted" } else { "ended" };
    Redirect::to(&format!("/work?told={told}&lead={lead}")).into_response()
}

/// The lead as it is held, or as the form had it where it is not held any more.
///
/// # Errors
/// When the database is away.
pub async fn still_open(
    context: &DeskContext,
    viewer: &Viewer,
    form: &WorkForm,
    (lead, lease): (LeadId, Uuid),
) -> Result<OpenedLead, Refusal> {
    let open = held(&context.actions, &viewer.actor).await?.into_iter().find(|one| one.lead == lead);
    Ok(open.unwrap_or_else(|| shut(form, (lead, lease), context.clock.now())))
}

/// The lead as the form had it, where it is not held any more.
fn shut(form: &WorkForm, (lead, lease): (LeadId, Uuid), now: Timestamp) -> OpenedLead {
    OpenedLead {
        lead,
        client: ripen_domain::id::ClientId::from_uuid(Uuid::nil()),
        lease,
        rank: ripen_domain::desk::Rank::Named,
        why: form.typed("why").to_owned(),
        taken_at: now,
        until: now,
    }
}

async fn saved(context: &DeskContext, viewer: &Viewer, lead: LeadId, done: Disposed) -> Response {
    if let Err(refusal) = take_next(&context.actions, &viewer.actor).await {
        // It is saved: the page says what to do next, and asks for the next one by itself.
        tracing::warn!(%refusal, "no next lead was taken after a disposition");
    }
    let until = done.undo_until.map_or(0, Timestamp::as_second);
    let told = if done.keeps_draft { "&told=draft_stays" } else { "" };
    Redirect::to(&format!("/work?saved={}&lead={lead}&until={until}{told}", done.touched.touch)).into_response()
}

async fn disposed(
    context: &DeskContext,
    viewer: &Viewer,
    form: &WorkForm,
    (lead, lease): (LeadId, Uuid),
) -> Result<Disposed, NotDisposed> {
    let request = request(context, viewer, form, (lead, lease)).await?;
    Ok(context.actions.run(&viewer.actor, &request).await?)
}

async fn request(
    context: &DeskContext,
    viewer: &Viewer,
    form: &WorkForm,
    (lead, lease): (LeadId, Uuid),
) -> Result<Dispose, NotDisposed> {
    let script = script(&context.actions, &viewer.actor, lead).await?;
    let mut errors = Vec::new();
    let Some(disposition) = form.disposition() else {
        // Of a lead that is over nothing is asked any more.
        if why_over(&context.actions, &viewer.actor, lead).await?.is_some() {
            return Err(NotDisposed::Ended);
        }
        return Err(NotDisposed::Wrong(vec![wrong("disposition", "choose what happened")]));
    };
    let opportunity = opportunity(form, &mut errors);
    let request = Dispose {
        touch: form.touch(),
        phone: form.given("shown"),
        answer: answers(&script, form, context.clock.now()),
        note: form.given("note"),
        next: next(form, disposition, &mut errors),
        stop: (disposition == Disposition::DoNotContact).then(|| StopContact {
            for_firm: form.is_for_firm(),
            identities: form.ticked("stop").map(str::to_owned).collect(),
        }),
        co_deciders: co_decider(form).into_iter().collect(),
        opportunity,
        draft: Some(form.draft_answers()),
        version: Some(form.version()),
        ..Dispose::of(lead, lease, disposition)
    };
    if errors.is_empty() { Ok(request) } else { Err(NotDisposed::Wrong(errors)) }
}

fn wrong(field: &str, message: &str) -> FieldError {
    FieldError { field: field.to_owned(), code: "required", message: message.to_owned() }
}

/// The call back that was agreed. What is picked for it counts with that disposition alone.
fn next(form: &WorkForm, disposition: Disposition, errors: &mut Vec<FieldError>) -> Option<NextWish> {
    if disposition != Disposition::CallBack {
        return None;
    }
    let Some(at) = picked(form) else {
        errors.push(wrong("next", "choose the day and the time of the call"));
        return None;
    };
    let why = form.given("cb_why").unwrap_or_else(|| USUAL_WHY.to_owned());
    Some(NextWish { when: Wish::Moment(at), why })
}

fn co_decider(form: &WorkForm) -> Option<NewCoDecider> {
    let given = |name: &str| form.given(name);
    let one = NewCoDecider {
        name: given("other_name").unwrap_or_default(),
        relation: given("other_relation").unwrap_or_default(),
        phone: given("other_phone"),
        email: given("other_email"),
    };
    (one != NewCoDecider::default()).then_some(one)
}

fn opportunity(form: &WorkForm, errors: &mut Vec<FieldError>) -> Option<NewOpportunity> {
    let business = form.given("business");
    let (amount, expected_on) = (form.given("amount"), form.given("expected_on"));
    let likelihood = form.given("likelihood").and_then(|text| {
        let read = text.parse::<u8>().ok();
        if read.is_none() {
            errors.push(wrong("opportunity.likelihood", "write the likelihood in per cent, 0 to 100"));
        }
        read
    });
    // The currency stands in its field from the beginning: alone it says nothing.
    let is_said = business.is_some() || amount.is_some() || expected_on.is_some() || likelihood.is_some();
    is_said.then(|| NewOpportunity {
        business: business.unwrap_or_default(),
        amount,
        currency: form.given("currency"),
        expected_on,
        likelihood,
    })
}
