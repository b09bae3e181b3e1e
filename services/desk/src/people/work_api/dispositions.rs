//! The ways a call can go, and what saving each would do with what is typed so far.

use axum::{Json, extract::State};
use ripen_actions::{
    Refusal,
    desk::{PreviewRequest, draft_of, preview},
    lead_brief::script,
};
use ripen_domain::{id::LeadId, touch::Disposition};
use ripen_web::{Problem, extract::PathId};
use serde::Serialize;
use utoipa::ToSchema;

use super::{WorkReadRefusals, after::AfterView};
use crate::{
    context::DeskContext,
    people::{
        points::hides_points,
        refused::refused,
        viewer::Viewer,
        when::When,
        work::{
            after::{AfterTerms, after},
            callback::CallbackSaid,
            dispositions::DISPOSITIONS,
            form::WorkForm,
            question::answers,
        },
    },
};

/// A way a call can go.
#[derive(Serialize, ToSchema)]
pub struct DispositionView {
    /// As `dispose` takes it.
    #[schema(value_type = String, example = "answered")]
    disposition: Disposition,
    /// The digit that pages have for it.
    #[schema(example = "1")]
    key: &'static str,
    /// In words.
    words: &'static str,
    /// It happens seldom.
    is_rare: bool,
    /// New answers may be saved with it: somebody answered.
    takes_answers: bool,
    /// It needs `next`, the time of the call that was agreed. A reason is needed by none; `note` is kept with each.
    needs_next: bool,
    /// It takes `stop`: how far the wish goes.
    takes_stop: bool,
    /// What saving it now would do.
    after: AfterView,
}

/// Every way a call about this lead can go, in the order of their digits, with what saving it would do: the answers are those of the
/// draft. With answers that are not kept yet, `preview` says it of one.
#[utoipa::path(get, path = "/api/v1/work/{id}/dispositions", operation_id = "list_dispositions", tag = "work",
    params(("id" = String, Path, description = "The lead's id, lead_….")),
    responses((status = 200, description = "The dispositions.", body = Vec<DispositionView>), WorkReadRefusals))]
pub async fn list_dispositions(
    State(context): State<DeskContext>,
    PathId(lead): PathId<LeadId>,
    viewer: Viewer,
) -> Result<Json<Vec<DispositionView>>, Problem> {
    viewer.require_staff()?;
    all(&context, &viewer, lead).await.map(Json).map_err(|refusal| refused(&refusal))
}

async fn all(context: &DeskContext, viewer: &Viewer, lead: LeadId) -> Result<Vec<DispositionView>, Refusal> {
    let (actions, actor, now) = (&context.actions, &viewer.actor, context.clock.now());
    let script = script(actions, actor, lead).await?;
    let draft = draft_of(actions, actor, lead).await?;
    let form = draft.as_ref().map(WorkForm::of_draft).unwrap_or_default();
    let answer = answers(&script, &form, now);
    let mut asked = PreviewRequest { lead, answer, disposition: None, phone: None, next: None };
    let (when, callback) = (When::of(viewer, now), CallbackSaid::default());
    let mut shown = Vec::with_capacity(DISPOSITIONS.len());
    for one in DISPOSITIONS {
        asked.disposition = Some(one.disposition);
        let preview = preview(actions, actor, &asked).await?;
        let after = after(&AfterTerms {
            disposition: asked.disposition,
            for_firm: false,
            preview: &preview,
            client: &script.background.client_name,
            callback: &callback,
            when: &when,
            hides_points: hides_points(context, viewer),
        });
        shown.push(DispositionView {
            disposition: one.disposition,
            key: one.key,
            words: one.words,
            is_rare: one.is_rare(),
            takes_answers: !one.disposition.is_in_vain(),
            needs_next: one.disposition == Disposition::CallBack,
            takes_stop: one.disposition == Disposition::DoNotContact,
            after: after.into(),
        });
    }
    Ok(shown)
}
