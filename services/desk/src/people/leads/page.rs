//! `/leads/{id}`: what happens to this lead, and why.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use ripen_actions::{
    Refusal,
    desk::{held_by, may_open_of},
    lead_page::{ReadReceipt, WholeLead, earlier, show as whole},
    person_correct::shown_fields,
    why_not::gates,
};
use ripen_domain::{
    actor::Permission,
    id::{DecisionId, LeadId},
    lead::Stage,
};
use ripen_runtime::random::uuid_v7;
use ripen_web::extract::{NamedFields, PathId, Query};
use serde::Deserialize;
use serde_html_form::de::empty_as_none;
use uuid::Uuid;

use super::{
    changes::{ChangeBody, LeadChange, MOVED_IN_VAIN},
    next_step::{AgreedStep, StepOnPage, agreed_beside, agreed_by, next_step},
    panels::{
        BookedTime, LeadAnswerLine, OpenReturn, ShownConsent, ShownGates, ShownReceipt, ShownRelative, ShownSource,
        StageStep, booked, consent, household, open_returns, place, shown_answer, shown_gates, shown_receipt, sources,
        speaks, stages,
    },
    shown::{ShownStep, ShownWay, name},
    side_facts::{ToldBeside, told_beside},
    standing::{WhoHasLead, standing},
    timeline::{TimelineEntry, TimelineShow, entries},
};
use crate::{
    context::DeskContext,
    people::{
        clocks::{ClocksThere, settled_by},
        frame::{DeskPage, Place},
        points::hides_points_of,
        refused::{FieldTrouble, refused},
        slots::{OfferedSlot, offered},
        viewer::Viewer,
        when::When,
    },
};

/// What the page shows beside the lead.
#[derive(Debug, Default, Deserialize)]
pub struct LeadPageQuery {
    #[serde(default, deserialize_with = "empty_as_none")]
    open: Option<LeadChange>,
    #[serde(default, deserialize_with = "empty_as_none")]
    done: Option<LeadChange>,
    #[serde(default, deserialize_with = "empty_as_none")]
    entered: Option<bool>,
    #[serde(default, deserialize_with = "empty_as_none")]
    decision: Option<DecisionId>,
    #[serde(default, deserialize_with = "empty_as_none")]
    show: Option<TimelineShow>,
}

impl NamedFields for LeadPageQuery {
    fn hint(field: &str) -> &'static str {
        match field {
            "show" => "write all, notes, decisions or deliveries.",
            "entered" => "write true.",
            "decision" => "this is no decision's id; those begin with dec_.",
            _ => "write note, promise, close, reopen, stop, recall, appointment, person, verdict or judge_return.",
        }
    }
}

/// What the page says of what was done, or could not be.
#[derive(Debug, Default)]
pub struct LeadSays<'a> {
    /// Which form is open.
    pub open: Option<LeadChange>,
    /// What was typed into it.
    pub typed: Option<&'a ChangeBody>,
    /// Its wrong fields.
    pub wrong: Vec<FieldTrouble>,
    /// Fields of contact data that somebody else changed since they were shown: who sends the form once more has seen what stands there.
    pub newer: Vec<String>,
    /// What stands against it.
    pub against: String,
    /// What was done.
    pub done: Option<LeadChange>,
    /// It was entered by hand just now.
    pub is_entered: bool,
    /// The decision whose receipt is shown; the one that counts where none.
    pub decision: Option<DecisionId>,
    /// Which entries of the timeline are shown.
    pub show: TimelineShow,
}

/// A tab of the timeline, with how many entries it has.
struct TimelineTab {
    show: TimelineShow,
    n: usize,
    is_here: bool,
}

impl LeadSays<'_> {
    /// What is wrong with a field; empty where nothing is.
    fn wrong_of(&self, field: &str) -> &str {
        self.wrong.iter().find(|trouble| trouble.field == field).map_or("", |trouble| trouble.message.as_str())
    }
}

#[derive(Template)]
#[template(path = "people/leads/page.html")]
struct LeadTemplate<'a> {
    page: &'a WholeLead,
    says: &'a LeadSays<'a>,
    /// Where its parts are fetched anew.
    fetched_from: String,
    /// What a manager is to judge; empty for all others.
    returns: Vec<OpenReturn>,
    open: &'static str,
    done: &'static str,
    /// Under what the browser keeps the words that are saved by now; empty for none.
    kept_until: String,
    /// Whose words the browser keeps.
    user: String,
    values: ChangeBody,
    /// What is shown in the form of contact data, or was when it was opened.
    seen: String,
    csrf: String,
    touch: Uuid,
    id: String,
    name: String,
    grade: &'static str,
    stages: Vec<StageStep>,
    is_open: bool,
    /// Who has it, where its grade alone does not say.
    standing: WhoHasLead,
    /// What is to be done first: the one button that stands out.
    first: &'static str,
    /// The person as a button names them.
    called: String,
    step: Option<ShownStep>,
    /// Its day, by the clock where the person is; empty where no date says it.
    step_day: String,
    /// Its hour there, and the reader's where that is another.
    step_clock: String,
    /// How far that is; empty where the date says it.
    step_near: String,
    promised: String,
    /// A call that was agreed, where another step comes before it.
    agreed: Option<AgreedStep>,
    receipt: Option<ShownReceipt>,
    gates: ShownGates,
    may_judge: bool,
    answers: Vec<LeadAnswerLine>,
    flags: Vec<String>,
    entries: Vec<TimelineEntry>,
    tabs: Vec<TimelineTab>,
    ways: Vec<ShownWay>,
    there: String,
    place: String,
    speaks: String,
    household: Vec<ShownRelative>,
    consent: Option<ShownConsent>,
    sources: Vec<ShownSource>,
    slots: Vec<OfferedSlot>,
    booked: Vec<BookedTime>,
    /// The appointment comes before the next step.
    booked_first: bool,
    told: ToldBeside,
    takes_links: bool,
    /// Who else has it open; empty for nobody.
    held_by: String,
    may_work: bool,
    /// They may open it by its name.
    may_take: bool,
    may_recall: bool,
    sees_audit: bool,
}

/// Shows a lead.
#[utoipa::path(get, path = "/leads/{id}", operation_id = "show_lead", tag = "pages",
    params(
        ("id" = String, Path, description = "The lead's id, lead_…."),
        ("open" = Option<LeadChange>, Query, description = "The form that is open."),
        ("done" = Option<LeadChange>, Query, description = "What was just done."),
        ("entered" = Option<bool>, Query, description = "It was entered by hand just now."),
        ("show" = Option<TimelineShow>, Query, description = "Which entries of the timeline are shown."),
        ("decision" = Option<String>, Query, description = "An earlier decision, dec_…, whose receipt is shown."),
    ),
    responses(
        (status = 200, description = "The page.", content_type = "text/html", body = String),
        (status = 303, description = "Nobody is signed in: to the form to sign in."),
        (status = 404, description = "There is no such lead.", content_type = "text/html", body = String),
    ))]
pub async fn show(
    State(context): State<DeskContext>,
    viewer: Viewer,
    PathId(lead): PathId<LeadId>,
    Query(query): Query<LeadPageQuery>,
) -> Response {
    let show = query.show.unwrap_or_default();
    let says = LeadSays {
        open: query.open,
        done: query.done,
        is_entered: query.entered == Some(true),
        decision: query.decision,
        show,
        ..LeadSays::default()
    };
    match render(&context, &viewer, lead, (StatusCode::OK, says)).await {
        Ok(response) => response,
        Err(refusal) => refused(&refusal).into_response(),
    }
}

/// The page with what it says.
///
/// # Errors
/// `Missing` where the viewer's scope has no such lead.
pub async fn render(
    context: &DeskContext,
    viewer: &Viewer,
    id: LeadId,
    (status, mut says): (StatusCode, LeadSays<'_>),
) -> Result<Response, Refusal> {
    let now = context.clock.now();
    let when = When::of(viewer, now);
    let mut page = whole(&context.actions, &viewer.actor, id).await?;
    let may_work = viewer.actor.may(Permission::Work);
    let is_managers = matches!(says.open, Some(LeadChange::JudgeReturn | LeadChange::Verdict));
    if !may_work || is_managers && !viewer.actor.may(Permission::Manage) {
        // What a role may not do is not on its page.
        says.open = None;
    }
    let receipt = match says.decision {
        Some(decision) => earlier(&context.actions, &viewer.actor, id, decision).await?,
        None => page.receipt.clone(),
    };
    let slots = match says.open {
        Some(LeadChange::Appointment) => offered(context, viewer, id).await?,
        _ => Vec::new(),
    };
    let mut gates = gates(&context.actions, &viewer.actor, id, None).await?;
    page.listed.next = gates.next.take();
    let stands = standing(&page, &when);
    let gates = shown_gates(gates, (&page, &stands), &when);
    let told = match may_work {
        true => told_beside(context, viewer, &page.lead, &when).await?,
        false => ToldBeside::default(),
    };
    let takes_links = context.phone.takes_links();
    let held_by = match may_work {
        true => held_by(&context.actions, &viewer.actor, id).await?.unwrap_or_default(),
        false => String::new(),
    };
    let hides_points = hides_points_of(context, viewer, id).await?;
    let may_take = may_open_of(&context.actions, &viewer.actor).await?.contains(&page.lead.client.slug);
    let beside = Beside {
        receipt,
        slots,
        gates,
        stands,
        touch: uuid_v7(now),
        told,
        takes_links,
        held_by,
        may_take,
        hides_points,
    };
    let content = template(&page, &says, (&when, viewer), beside);
    let title = name(&page.listed);
    Ok(DeskPage { title: &title, place: Place::Leads, viewer, query: "", content }.response(status))
}

/// What was read beside the lead.
struct Beside {
    receipt: Option<ReadReceipt>,
    slots: Vec<OfferedSlot>,
    gates: ShownGates,
    stands: WhoHasLead,
    touch: Uuid,
    told: ToldBeside,
    takes_links: bool,
    held_by: String,
    may_take: bool,
    hides_points: bool,
}

fn day_and_clock(at: String) -> (String, String) {
    match at.split_once(", ") {
        Some((day, clock)) => (day.to_owned(), clock.to_owned()),
        None => (at, String::new()),
    }
}

/// Under what the browser keeps the words that are saved by now.
fn kept_until(page: &WholeLead, says: &LeadSays<'_>) -> String {
    match says.done {
        Some(done) => format!("{}/{}", page.lead.id, done.word()),
        None if says.is_entered => "new".to_owned(),
        None => String::new(),
    }
}

/// Where the parts of the page are fetched anew: with the same entries and the same receipt, without what was just done.
fn fetched_from(page: &WholeLead, says: &LeadSays<'_>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if says.show != TimelineShow::default() {
        query.append_pair("show", says.show.word());
    }
    if let Some(decision) = says.decision {
        query.append_pair("decision", &decision.to_string());
    }
    // Its form takes the place of the notice that leads to it.
    if let Some(open @ LeadChange::JudgeReturn) = says.open {
        query.append_pair("open", open.word());
    }
    let (query, id) = (query.finish(), page.lead.id);
    if query.is_empty() { format!("/leads/{id}") } else { format!("/leads/{id}?{query}") }
}

fn template<'a>(
    page: &'a WholeLead,
    says: &'a LeadSays<'a>,
    (when, viewer): (&When, &Viewer),
    Beside { receipt, slots, gates, stands, touch, told, takes_links, held_by, may_take, hides_points }: Beside,
) -> LeadTemplate<'a> {
    let may_work = viewer.actor.may(Permission::Work);
    let newest = page.receipt.as_ref().map(|newest| newest.decision);
    let is_open = page.lead.stage.is_open();
    let StepOnPage { step, step_at } = next_step(page, when);
    let (step_day, step_clock) = day_and_clock(step_at);
    let due_at = page.listed.step.as_ref().and_then(|step| step.due_at);
    let booked = booked(page, when.now());
    let mut entries = entries(page, when, hides_points);
    let tabs = TimelineShow::ALL.map(|show| TimelineTab {
        show,
        n: entries.iter().filter(|entry| show.has(entry)).count(),
        is_here: show == says.show,
    });
    entries.retain(|entry| says.show.has(entry));
    let changed = receipt.as_ref().map(|receipt| receipt.changed.clone()).unwrap_or_default();
    LeadTemplate {
        fetched_from: fetched_from(page, says),
        open: says.open.map_or("", LeadChange::word),
        done: match says.is_entered {
            true => "The lead is entered.",
            false if gates.lacks_number && says.done == Some(LeadChange::Promise) => MOVED_IN_VAIN,
            false => says.done.map_or("", LeadChange::done),
        },
        kept_until: kept_until(page, says),
        held_by,
        user: viewer.id().to_string(),
        values: says.typed.cloned().unwrap_or_else(|| known(page)),
        seen: seen(page, says),
        csrf: viewer.csrf(),
        touch,
        id: page.lead.id.to_string(),
        name: name(&page.listed),
        grade: page.listed.grade.map_or("", ripen_domain::lead::Grade::word),
        stages: stages(page.lead.stage),
        is_open,
        standing: stands,
        first: first(page, &gates, (viewer, may_take)),
        called: called(page),
        step_day,
        step_clock,
        step_near: step.as_ref().map(step_near).unwrap_or_default(),
        promised: agreed_by(page, when),
        agreed: agreed_beside(page, when),
        step,
        may_judge: viewer.actor.may(Permission::Manage) && gates.in_review,
        gates,
        receipt: receipt.map(|receipt| shown_receipt(receipt, page, (when, newest), hides_points)),
        answers: page.answers.iter().map(|answer| shown_answer(answer, when, &changed)).collect(),
        flags: page.flags.iter().map(ripen_domain::flag::Flag::in_words).collect(),
        entries,
        tabs: tabs.into(),
        ways: page.ways.iter().map(|way| ShownWay::of_reader(when, way, may_take || !may_work)).collect(),
        there: there_now(page, when),
        place: place(page),
        speaks: speaks(page),
        household: household(page),
        consent: consent(page, when),
        sources: sources(page, when),
        slots,
        booked_first: booked.first().is_some_and(|one| due_at.is_none_or(|due| one.at <= due)),
        booked,
        told,
        takes_links,
        may_work,
        may_take,
        may_recall: may_work
            && is_open
            && page.lead.decided.is_some_and(|last| last.grade == ripen_domain::lead::Grade::A),
        sees_audit: viewer.actor.may(Permission::Manage),
        returns: if viewer.actor.may(Permission::Manage) { open_returns(page, when) } else { Vec::new() },
        page,
        says,
    }
}

/// What opens the gate that only somebody opens, else the call; nothing where the client has it.
fn first(page: &WholeLead, gates: &ShownGates, (viewer, may_take): (&Viewer, bool)) -> &'static str {
    match page.lead.stage {
        // Whoever must not be contacted is refused in either case.
        _ if page.suppressed.is_some() => "",
        Stage::Closed => "reopen",
        _ if !page.lead.stage.is_open() || gates.is_with_client => "",
        _ if gates.in_review && viewer.actor.may(Permission::Manage) => "verdict",
        _ if gates.in_review => "",
        _ if gates.lacks_number => "person",
        _ if may_take => "take",
        _ => "",
    }
}

/// What the clock shows where the person is: `10:03 in Chicago`, or between which two it lies and what settles which.
fn there_now(page: &WholeLead, when: &When) -> String {
    let (places, profile) = (page.lead.places(), &page.lead.profile);
    // Of who is withheld nothing is settled here, and nobody can settle it.
    let clocks = ClocksThere::of(&places, when, when.now()).filter(|_| !page.is_withheld);
    if let Some(ClocksThere { hours, places }) = clocks {
        let country = profile.country.as_deref().unwrap_or(&page.lead.client.country);
        return format!("{hours}, {places}. {} settles which.", settled_by(country, profile.postal_code.is_some()));
    }
    let there = places.into_iter().next().map(|place| when.there(place.zone));
    there.map(|there| format!("{} in {}", there.hour(when.now()), there.place())).unwrap_or_default()
}

/// The person by name, where one is known.
fn called(page: &WholeLead) -> String {
    let known = page.listed.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
    known.unwrap_or("this person").to_owned()
}

/// How far the next step is; empty where that would be its date once more.
fn step_near(step: &ShownStep) -> String {
    let is_said = |whole: &str, near: &str| whole.contains(near.strip_prefix("on ").unwrap_or(near));
    let is_date = step.at.as_ref().is_some_and(|at| is_said(&at.whole, &at.near));
    match (is_date, step.is_late) {
        (true, true) => "late".to_owned(),
        (true, false) => String::new(),
        (false, _) => step.text.clone(),
    }
}

/// What is known of the person, as the form to correct it begins.
fn known(page: &WholeLead) -> ChangeBody {
    let [first_name, last_name, name, email, phone, postal_code, country, time_zone, locale] =
        shown_fields(&page.lead.profile).map(|field| Some(field.text));
    ChangeBody {
        first_name,
        last_name,
        name,
        email,
        phone,
        postal_code,
        country,
        time_zone,
        locale,
        ..ChangeBody::default()
    }
}

/// What the fields of contact data are held against when the form is sent, as JSON. A form that was sent in vain keeps what it was opened
/// with: as shown anew, what somebody else changed meanwhile would look as if it was changed back here.
fn seen(page: &WholeLead, says: &LeadSays<'_>) -> String {
    let now = shown_fields(&page.lead.profile).into_iter().map(|field| (field.name.to_owned(), field.text));
    let seen: BTreeMap<_, _> = match says.typed {
        Some(typed) => {
            typed.seen.clone().into_iter().chain(now.filter(|(name, _)| says.newer.contains(name))).collect()
        }
        None => now.collect(),
    };
    // A map of texts always serialises.
    serde_json::to_string(&seen).unwrap_or_default()
}

#[cfg(test)]
mod tests;
