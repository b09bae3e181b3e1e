//! A lead as whoever is about to call reads it: what the work page shows of it, for programs.

use axum::{Json, extract::State};
use jiff::{Timestamp, tz::TimeZone};
use ripen_actions::{
    Refusal,
    call::of_lead,
    desk::{OpenedLead, draft_of, held, why_over},
    lead_brief::{LeadBrief, brief},
    why_not::gates,
};
use ripen_domain::{
    id::LeadId,
    lead::{Channel, Stage},
};
use ripen_web::{Problem, extract::PathId};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    WorkReadRefusals,
    calls::CallRefusalView,
    lead_view::{
        AgreedCallView, CallBackTimesView, EarlierView, KeptDraftView, WorkClientView, WorkPersonView, WorkPlaceView,
        WorkScriptView,
    },
    question_view::{WorkQuestionView, work_questions},
    view::{GateView, OpenedLeadView, PreviewView},
};
use crate::{
    context::DeskContext,
    people::{
        points::hides_points,
        refused::refused,
        viewer::Viewer,
        when::When,
        work::{
            callback::{CallbackTerms, picker},
            form::WorkForm,
            head::{WaitingSince, because, waiting_since},
            history::past,
            page::previewed,
            question::QuestionTerms,
        },
    },
};

/// A lead as whoever is about to call reads it.
#[derive(Serialize, ToSchema)]
pub struct WorkLeadView {
    /// The lead.
    #[schema(value_type = String, example = "lead_01kahxq5z5e4y9wd3tvdnzxkqj")]
    lead: LeadId,
    /// The taking under which whoever asks has it open; none where they do not.
    opened: Option<OpenedLeadView>,
    /// Why this lead now, in words; none where it is not open.
    #[schema(example = "Promised call, 10:00 Chicago")]
    why: Option<String>,
    /// Since when it waits: when the call was due, or the enquiry came.
    waits_since: Option<Timestamp>,
    /// It should have been called by now.
    is_late: bool,
    /// Why nobody works on it any more; none while it goes on.
    over: Option<String>,
    /// What was agreed with the person.
    agreed: Option<AgreedCallView>,
    /// For whom is called.
    client: WorkClientView,
    /// Who is called.
    person: WorkPersonView,
    /// Where they are, and whether they may be called now.
    place: WorkPlaceView,
    /// Every gate, for whoever asks.
    gates: Vec<GateView>,
    /// The line of business.
    program: String,
    /// The source that brought it first.
    source: String,
    /// How it came.
    #[schema(value_type = String, example = "web_form")]
    channel: Channel,
    /// How often the person enquired.
    enquiries: i32,
    /// How far it has come.
    #[schema(value_type = String, example = "contact")]
    stage: Stage,
    /// Something changed since the last decision, and it is decided again in a moment.
    is_to_be_decided: bool,
    /// What is said.
    script: WorkScriptView,
    /// What is asked; empty without criteria.
    questions: Vec<WorkQuestionView>,
    /// What a decision would be with the answers of the draft.
    preview: PreviewView,
    /// When a call back is offered.
    call_back: CallBackTimesView,
    /// What the person refused on the telephone.
    refused: Vec<CallRefusalView>,
    /// What happened before, the newest first.
    earlier: Vec<EarlierView>,
    /// What whoever asks typed of it and did not commit.
    draft: Option<KeptDraftView>,
}

/// A lead as whoever is about to call reads it: script, questions with their answers, briefing, where the person is and until when they
/// may be called. It needs not be open, and nothing is taken or held on by it.
#[utoipa::path(get, path = "/api/v1/work/{id}", operation_id = "get_work_lead", tag = "work",
    params(("id" = String, Path, description = "The lead's id, lead_….")),
    responses((status = 200, description = "The lead.", body = WorkLeadView), WorkReadRefusals))]
pub async fn show_lead(
    State(context): State<DeskContext>,
    PathId(lead): PathId<LeadId>,
    viewer: Viewer,
) -> Result<Json<WorkLeadView>, Problem> {
    viewer.require_staff()?;
    read(&context, &viewer, lead).await.map(Json).map_err(|refusal| refused(&refusal))
}

async fn read(context: &DeskContext, viewer: &Viewer, lead: LeadId) -> Result<WorkLeadView, Refusal> {
    let (actions, actor, now) = (&context.actions, &viewer.actor, context.clock.now());
    let brief = brief(actions, actor, lead).await?;
    let opened = held(actions, actor).await?.into_iter().find(|open| open.lead == lead);
    let draft = draft_of(actions, actor, lead).await?;
    let form = draft.as_ref().map(WorkForm::of_draft).unwrap_or_default();
    let preview = previewed(context, viewer, &brief.script, &form).await?;
    let gates = gates(actions, actor, lead, Some(viewer.id())).await?.gates;
    let (hides_points, when) = (hides_points(context, viewer), When::of(viewer, now));
    let script = &brief.script;
    let places = script.lead.places();
    let terms = CallbackTerms { hours: &actions.hours, places: &places, when: &when, zone: viewer.zone() };
    let questions = work_questions(&QuestionTerms {
        script,
        form: &form,
        outlook: preview.outlook.as_ref(),
        wrong: &preview.wrong,
        hides_points,
        now,
    });
    let preview = PreviewView::from(preview);
    let WhyNow { why, since } = why_now(opened.as_ref(), &brief, &when);
    let background = &script.background;
    Ok(WorkLeadView {
        lead,
        why,
        waits_since: since.map(|since| since.at),
        is_late: since.is_some_and(|since| since.is_late),
        over: why_over(actions, actor, lead).await?,
        agreed: AgreedCallView::of(&brief),
        client: WorkClientView::of(script),
        person: WorkPersonView::of(script),
        place: WorkPlaceView::of(script, &actions.hours, &when),
        gates: gates.into_iter().map(GateView::from).collect(),
        program: script.lead.program.name.clone(),
        source: background.source.clone(),
        channel: background.channel,
        enquiries: background.enquiries,
        stage: script.lead.stage,
        is_to_be_decided: background.is_to_be_decided,
        script: WorkScriptView::of(script, &viewer.user.name),
        questions,
        preview: if hides_points { preview.without_points() } else { preview },
        call_back: picker(&form, &terms).into(),
        refused: of_lead(actions, actor, lead).await?.refused.into_iter().map(CallRefusalView::from).collect(),
        earlier: past(&brief.earlier, &when, hides_points).into_iter().map(EarlierView::from).collect(),
        opened: opened.map(OpenedLeadView::from),
        draft: draft.map(KeptDraftView::from),
    })
}

/// Why a lead that is open is called now.
#[derive(Default)]
struct WhyNow {
    why: Option<String>,
    since: Option<WaitingSince>,
}

fn why_now(opened: Option<&OpenedLead>, brief: &LeadBrief, when: &When) -> WhyNow {
    let Some(open) = opened else { return WhyNow::default() };
    let zone = brief.script.lead.places().first().map_or(TimeZone::UTC, |place| place.zone.clone());
    WhyNow { why: Some(because(open, brief, &when.there(zone))), since: waiting_since(open, brief, when.now()) }
}
