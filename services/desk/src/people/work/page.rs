//! The work page with a lead, put together: what the engine and the store say of it, and what is typed.

use askama::Template;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use ripen_actions::{
    FieldError, Refusal,
    call::of_lead,
    desk::{GradePreview, OpenedLead, PreviewRequest, draft_of, opened_number, preview, why_over},
    lead_brief::{LeadScript, brief},
    why_not::gates,
};
use ripen_domain::{
    contact_link::shown_phone, criteria::SpokenNotice, id::LeadId, outcome::currency_of, touch::Disposition,
};
use ripen_runtime::random::uuid_v7;
use ripen_store::desk::draft::DeskDraft;
use uuid::Uuid;

use super::{
    after::{AfterSaving, AfterTerms, SaidPart, SaveButton, after},
    callback::{CallbackPicker, CallbackSaid, CallbackTerms, picker, said},
    dispositions::{DISPOSITIONS, DispositionKey},
    form::WorkForm,
    grade::{GradePanel, panel},
    head::{MayCall, WorkHead, head},
    history::{HistoryLine, HistoryMark, past},
    lost::{KeptWords, LostLead},
    question::{QuestionChoice, QuestionInput, QuestionTerms, ShownQuestion, answers, questions, sentence},
    saved::SavedToast,
    script::{ScriptText, notices, texts},
    shown_number::{ShownNumber, number_of},
};
use crate::{
    context::DeskContext,
    people::{
        assets::WORK_SCRIPT,
        frame::{DeskPage, Place},
        phone::words::{DialedNumber, RefusalButton, refusable, refusals},
        points::hides_points,
        refused::refused,
        slots::{OfferedSlot, offered},
        viewer::Viewer,
        when::When,
    },
};

/// What the page is made of.
pub struct LeadAsk<'a> {
    /// The lead, and under which lease.
    pub open: &'a OpenedLead,
    /// What was just posted; none for what the draft has.
    pub typed: Option<WorkForm>,
    /// What was wrong with it.
    pub troubles: &'a [FieldError],
    /// What was just saved.
    pub toast: Option<&'a SavedToast>,
    /// What the last request came to.
    pub told: &'a str,
    /// The free times of reps are offered.
    pub shows_slots: bool,
    /// Where it is the viewer's no more: who has it, and what was saved of it.
    pub lost: Option<LostLead>,
}

impl<'a> LeadAsk<'a> {
    /// The lead with its draft, and nothing said beside it.
    pub const fn of(open: &'a OpenedLead) -> Self {
        Self { open, typed: None, troubles: &[], toast: None, told: "", shows_slots: false, lost: None }
    }
}

#[derive(Template)]
#[template(path = "people/work/lead.html")]
struct WorkTemplate<'a> {
    csrf: String,
    script: &'static str,
    user: String,
    lead: LeadId,
    lease: Uuid,
    touch: Uuid,
    version: i64,
    /// Which number stands there, and which may have.
    shown: ShownNumber,
    saved_hour: String,
    head: WorkHead,
    dial: Option<DialedNumber>,
    takes_links: bool,
    notices: Vec<SpokenNotice>,
    refused: Vec<String>,
    refusable: Vec<RefusalButton>,
    dispositions: &'a [DispositionKey],
    chosen: Option<Disposition>,
    texts: Vec<ScriptText>,
    briefing: &'a str,
    has_criteria: bool,
    questions: Vec<ShownQuestion>,
    grade: Option<GradePanel>,
    past: Vec<HistoryLine>,
    callback: CallbackPicker,
    after: AfterSaving,
    form: &'a WorkForm,
    stops: Vec<QuestionChoice>,
    money: String,
    said: CallbackSaid,
    troubles: Vec<String>,
    /// The call back lacks its time: it is picked above the dock.
    is_picker_wrong: bool,
    note_trouble: String,
    slots: Option<Vec<OfferedSlot>>,
    slot_trouble: String,
    hides_points: bool,
    toast: Option<&'a SavedToast>,
    told: &'a str,
    lost: Option<LostLead>,
    /// Why nobody works on it any more, as it was when the page was made; empty while it goes on.
    over: String,
}

/// What is shown anew while somebody types.
#[derive(Template)]
#[template(path = "people/work/grade.html")]
pub struct GradeFragment {
    grade: Option<GradePanel>,
    hides_points: bool,
}

/// What saving will do.
#[derive(Template)]
#[template(path = "people/work/after.html")]
pub struct AfterFragment {
    after: AfterSaving,
}

/// The button that saves.
#[derive(Template)]
#[template(path = "people/work/save.html")]
pub struct SaveFragment {
    after: AfterSaving,
}

/// What was picked for a call back.
#[derive(Template)]
#[template(path = "people/work/said.html")]
pub struct SaidFragment {
    said: CallbackSaid,
}

/// What a typed form comes to, without the rest of the page.
pub struct TypedOutcome {
    /// The questions, with what is wrong and what is worth asking.
    pub questions: Vec<ShownQuestion>,
    /// The grade.
    pub grade: GradeFragment,
    /// What saving will do.
    pub after: AfterFragment,
    /// The button that saves.
    pub save: SaveFragment,
    /// What was picked for a call back.
    pub said: SaidFragment,
}

/// The page of a lead.
pub async fn lead_page(context: &DeskContext, viewer: &Viewer, status: StatusCode, ask: LeadAsk<'_>) -> Response {
    match page(context, viewer, status, ask).await {
        Ok(response) => response,
        Err(refusal) => refused(&refusal).into_response(),
    }
}

/// What typed answers come to: nothing of it is kept.
///
/// # Errors
/// `Missing` where there is no such lead.
pub async fn outcome(
    context: &DeskContext,
    viewer: &Viewer,
    form: &WorkForm,
    lead: LeadId,
) -> Result<TypedOutcome, Refusal> {
    let now = context.clock.now();
    let script = ripen_actions::lead_brief::script(&context.actions, &viewer.actor, lead).await?;
    let preview = previewed(context, viewer, &script, form).await?;
    let when = When::of(viewer, now);
    let places = script.lead.places();
    let terms = CallbackTerms { hours: &context.actions.hours, places: &places, when: &when, zone: viewer.zone() };
    let callback = said(form, &terms);
    let hides_points = hides_points(context, viewer);
    let after = after(&AfterTerms {
        disposition: form.disposition(),
        for_firm: form.is_for_firm(),
        preview: &preview,
        client: &script.background.client_name,
        callback: &callback,
        when: &when,
        hides_points,
    });
    Ok(TypedOutcome {
        questions: questions(&QuestionTerms {
            script: &script,
            form,
            outlook: preview.outlook.as_ref(),
            wrong: &preview.wrong,
            hides_points,
            now,
        }),
        grade: GradeFragment { grade: panel(&preview, script.criteria.as_deref()), hides_points },
        save: SaveFragment { after: after.clone() },
        after: AfterFragment { after },
        said: SaidFragment { said: callback },
    })
}

/// What a decision would be, were what is typed saved.
///
/// # Errors
/// `Missing` where there is no such lead.
pub async fn previewed(
    context: &DeskContext,
    viewer: &Viewer,
    script: &LeadScript,
    form: &WorkForm,
) -> Result<GradePreview, Refusal> {
    let answer = answers(script, form, context.clock.now());
    let (disposition, phone) = (form.disposition(), form.given("shown"));
    let asked = PreviewRequest { lead: script.lead.id, answer, disposition, phone, next: None };
    preview(&context.actions, &viewer.actor, &asked).await
}

async fn page(
    context: &DeskContext,
    viewer: &Viewer,
    status: StatusCode,
    ask: LeadAsk<'_>,
) -> Result<Response, Refusal> {
    let LeadAsk { open, typed, troubles, toast, told, shows_slots, lost } = ask;
    let (actions, actor, now) = (&context.actions, &viewer.actor, context.clock.now());
    let brief = brief(actions, actor, open.lead).await?;
    let draft = draft_of(actions, actor, open.lead).await?;
    let touch = typed.as_ref().and_then(WorkForm::touch).unwrap_or_else(|| uuid_v7(now));
    let version = shown_version(typed.as_ref(), draft.as_ref());
    let posted = typed.as_ref().and_then(|typed| typed.given("shown"));
    let form = typed.or_else(|| draft.as_ref().map(WorkForm::of_draft)).unwrap_or_default();
    let preview = previewed(context, viewer, &brief.script, &form).await?;
    let gates = gates(actions, actor, open.lead, Some(viewer.id())).await?;
    let refused = of_lead(actions, actor, open.lead).await?.refused;
    let slots = if shows_slots { Some(offered(context, viewer, open.lead).await?) } else { None };
    let hides_points = hides_points(context, viewer);
    let when = When::of(viewer, now);
    let places = brief.script.lead.places();
    let terms = CallbackTerms { hours: &actions.hours, places: &places, when: &when, zone: viewer.zone() };
    let callback = picker(&form, &terms);
    let troubles = &in_readers_time(troubles, &callback.said.trouble);
    let head = head(open, &brief, &actions.hours, Some(&gates), &when);
    let wrong = [troubles.as_slice(), preview.wrong.as_slice()].concat();
    let (script, outlook) = (&brief.script, preview.outlook.as_ref());
    let opened = opened_number(actions, actor, (open.lead, open.lease)).await?;
    let title = head.name.clone();
    let content = WorkTemplate {
        csrf: viewer.csrf(),
        script: WORK_SCRIPT.address(),
        user: viewer.id().to_string(),
        lead: open.lead,
        lease: open.lease,
        touch,
        version,
        shown: ShownNumber::of(number(script), posted, opened),
        saved_hour: draft.filter(|one| one.version == version).map(|one| when.hour(one.saved_at)).unwrap_or_default(),
        dial: number(script).map(|number| DialedNumber { number, call: uuid_v7(now) }),
        takes_links: context.phone.takes_links(),
        notices: notices(script, &viewer.user.name),
        refused: refusals(&refused, &when),
        refusable: refusable(&refused),
        dispositions: &DISPOSITIONS,
        chosen: form.disposition(),
        texts: texts(script, &viewer.user.name),
        briefing: script.background.briefing.trim(),
        has_criteria: script.criteria.is_some(),
        questions: questions(&QuestionTerms { script, form: &form, outlook, wrong: &wrong, hides_points, now }),
        grade: panel(&preview, script.criteria.as_deref()),
        past: past(&brief.earlier, &when, hides_points),
        after: after(&AfterTerms {
            disposition: form.disposition(),
            for_firm: form.is_for_firm(),
            preview: &preview,
            client: &script.background.client_name,
            callback: &callback.said,
            when: &when,
            hides_points,
        }),
        stops: stops(script, &form),
        money: currency_of(&script.lead.client.country).map(|money| money.to_string()).unwrap_or_default(),
        said: callback.said.clone(),
        troubles: general(troubles, (preview.wrong.is_empty(), shows_slots)),
        is_picker_wrong: troubles.iter().any(|error| error.field == "next" || error.field.starts_with("next.")),
        note_trouble: of_field(troubles, "note"),
        slots,
        slot_trouble: [of_field(troubles, "slot"), of_field(troubles, "at")].concat(),
        hides_points,
        callback,
        head,
        form: &form,
        toast,
        told,
        lost,
        over: why_over(actions, actor, open.lead).await?.unwrap_or_default(),
    };
    Ok(DeskPage { title: &title, place: Place::Work, viewer, query: "", content }.response(status))
}

/// The version of the draft whose words the page shows. Not that of a newer one beside what was typed here: the next saving would take it
/// for one that was seen, and drop it or write over it.
fn shown_version(typed: Option<&WorkForm>, draft: Option<&DeskDraft>) -> i64 {
    typed.map_or_else(|| draft.map_or(0, |draft| draft.version), WorkForm::version)
}

/// What the person can be reached by, each of which can be left alone by itself.
pub fn stops(script: &LeadScript, form: &WorkForm) -> Vec<QuestionChoice> {
    let profile = &script.lead.profile;
    let identity = |value: &String, words: String| QuestionChoice {
        is_chosen: form.ticked("stop").any(|ticked| ticked == value),
        value: value.clone(),
        words,
    };
    let phone = profile.phone.as_deref().zip(number(script));
    let phone = phone.map(|(phone, value)| identity(&value, shown_phone(phone, profile.phone_extension.as_deref())));
    phone.into_iter().chain(profile.email.as_ref().map(|email| identity(email, email.clone()))).collect()
}

/// The number as the person is known by it: with its extension.
pub fn number(script: &LeadScript) -> Option<String> {
    number_of(&script.lead.profile)
}

/// The date of a call back in the words of its picker, which are the reader's.
fn in_readers_time(troubles: &[FieldError], said: &str) -> Vec<FieldError> {
    let read = |error: &FieldError| match error.field == "next" && error.code == "invalid" && !said.is_empty() {
        true => FieldError { message: said.to_owned(), ..error.clone() },
        false => error.clone(),
    };
    troubles.iter().map(read).collect()
}

/// What is wrong with the form and stands at no field. An answer that a preview finds wrong stands at its question.
fn general(troubles: &[FieldError], (has_no_wrong_answers, shows_slots): (bool, bool)) -> Vec<String> {
    let has_place = |error: &FieldError| match error.field.as_str() {
        "note" => true,
        "slot" | "at" => shows_slots,
        // Beside what happened, which it contradicts.
        _ if error.code == "contradicts" => false,
        field => field.starts_with("answers.") && !has_no_wrong_answers,
    };
    troubles.iter().filter(|error| !has_place(error)).map(|error| sentence(&error.message)).collect()
}

fn of_field(troubles: &[FieldError], field: &str) -> String {
    let found = troubles.iter().find(|error| error.field == field);
    found.map(|error| sentence(&error.message)).unwrap_or_default()
}
