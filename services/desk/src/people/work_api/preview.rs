//! What a decision would be, while it is typed.

use axum::{Json, extract::State};
use ripen_actions::{
    desk::{PreviewRequest, preview},
    lead::NewAnswer,
    lead_brief::background,
};
use ripen_domain::{id::LeadId, touch::Disposition};
use ripen_web::Problem;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{
    WorkRefusals,
    after::{AfterView, CallBackView},
    outcome::{StopBody, next_time},
    view::PreviewView,
};
use crate::{
    context::DeskContext,
    people::{
        csrf::CsrfJson,
        points::hides_points,
        refused::refused,
        when::When,
        work::{
            after::{AfterTerms, after},
            callback::{CallbackTerms, promised},
        },
    },
};

/// What is typed so far.
#[derive(Deserialize, ToSchema)]
pub struct PreviewBody {
    /// The lead.
    #[schema(value_type = String)]
    lead: LeadId,
    /// Answers by question, as typed.
    #[serde(default)]
    #[schema(value_type = Object)]
    answers: Map<String, Value>,
    /// The disposition that is chosen; a conversation where none is.
    #[schema(value_type = Option<String>, example = "answered")]
    disposition: Option<Disposition>,
    /// With `wrong_number` and `number_dead`: the number that is shown, as it is named when it is saved.
    phone: Option<String>,
    /// When the next call is to be, as it is named when it is saved.
    next: Option<String>,
    /// With `do_not_contact`: how far the wish goes.
    stop: Option<StopBody>,
}

/// Says what a decision would be, and what saving will do. Nothing is written.
#[utoipa::path(post, path = "/api/v1/work/preview", operation_id = "preview_grade", tag = "work",
    request_body = PreviewBody,
    responses((status = 200, description = "The decision to be.", body = PreviewView), WorkRefusals))]
pub async fn preview_grade(
    State(context): State<DeskContext>,
    asked: CsrfJson<PreviewBody>,
) -> Result<Json<PreviewView>, Problem> {
    let CsrfJson { viewer, body } = asked;
    viewer.require_staff()?;
    // A field that is empty says nothing yet, and takes no answer away that was given before.
    let typed =
        body.answers.into_iter().filter(|(_, value)| !value.as_str().is_some_and(|text| text.trim().is_empty()));
    let answer = typed.map(|(question, value)| NewAnswer { question, value }).collect();
    let next = next_time(body.next.as_deref())?;
    let stop = body.stop.map(StopBody::read).transpose()?.unwrap_or_default();
    let (actions, actor) = (&context.actions, &viewer.actor);
    let (lead, disposition, phone) = (body.lead, body.disposition, body.phone);
    let asked = PreviewRequest { lead, answer, disposition, phone, next };
    let preview = preview(actions, actor, &asked).await.map_err(|refusal| refused(&refusal))?;
    let (_, behind) = background(actions, actor, body.lead).await.map_err(|refusal| refused(&refusal))?;
    let when = When::of(&viewer, context.clock.now());
    let terms = CallbackTerms { hours: &actions.hours, places: &preview.places, when: &when, zone: viewer.zone() };
    let callback = next.map(|next| promised(next, &terms)).unwrap_or_default();
    let hides_points = hides_points(&context, &viewer);
    let after = AfterView::from(after(&AfterTerms {
        disposition: body.disposition,
        for_firm: stop.for_firm,
        preview: &preview,
        client: &behind.client_name,
        callback: &callback,
        when: &when,
        hides_points,
    }));
    let call_back = next.map(|_| CallBackView::of(callback, &preview.places, &when));
    let view = PreviewView::from(preview);
    let view = if hides_points { view.without_points() } else { view };
    Ok(Json(view.with_after(after, call_back)))
}
