//! The page without a lead: when there is work again, what is coming, what the day was; a number that rings is opened from
//! here.

use askama::Template;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use jiff::SignedDuration;
use ripen_actions::{
    Refusal,
    desk::{MadeAs, OwnDay, UpcomingWork, WorkedBy, coming_up, own_day, promised_within},
    lead_brief::promised,
};
use ripen_domain::{actor::Permission, time::zone, touch::Disposition};
use ripen_store::{lead::show::LeadRecord, promise::promised_calls::PromisedCall};

use super::{history::in_words, saved::SavedToast};
use crate::{
    context::DeskContext,
    people::{
        assets::WORK_SCRIPT,
        frame::{DeskPage, Place},
        leads::{
            own_work::{DayChoice, FollowedChoice, HowChoice, LeadsReader, WorkerChoice},
            query::{LeadView, LeadsQuery},
        },
        letters::capital,
        refused::refused,
        viewer::Viewer,
        when::When,
    },
};

/// Promised calls of so many hours ahead are told.
const AHEAD: SignedDuration = SignedDuration::from_hours(36);

/// A call that is coming.
struct ComingCall {
    near: String,
    whole: String,
    at: String,
    client: String,
    there: String,
    /// Who promised it.
    by: String,
    lead: String,
    is_late: bool,
}

/// A lead whose number was typed, of several.
struct FoundLead {
    id: String,
    name: String,
    client: String,
    program: String,
}

/// A figure of the day: so many leads, with the list of them.
struct DayFigure {
    words: String,
    n: usize,
    href: String,
    /// A part of the figure above it.
    is_part: bool,
    /// In per cent of the leads worked; none where that says nothing.
    share: Option<usize>,
    /// It counts As.
    is_a: bool,
}

/// What came of the leads that became an A in thirty days.
struct MonthOfAs {
    made: MadeAs,
    became: String,
    accepted: String,
    returned: String,
}

#[derive(Template)]
#[template(path = "people/work/idle.html")]
struct IdleTemplate<'a> {
    csrf: String,
    script: &'static str,
    user: String,
    toast: Option<&'a SavedToast>,
    told: &'a str,
    has_looked: bool,
    /// They asked for a lead and there was none: it opens by itself when there is one.
    opens: bool,
    /// There is one that could be handed out now.
    is_ready: bool,
    next: Option<ComingWork>,
    coming: Vec<ComingCall>,
    /// They manage the desk, and see what others promised too.
    sees_all: bool,
    day: Vec<DayFigure>,
    month: Option<MonthOfAs>,
    found: Vec<FoundLead>,
    phone: &'a str,
}

/// When there is work again.
struct ComingWork {
    hour: String,
    near: String,
    whole: String,
    at: String,
    why: String,
    is_now: bool,
}

/// What the page says beside what it shows.
#[derive(Default)]
pub struct IdleSays<'a> {
    /// What was just saved.
    pub toast: Option<&'a SavedToast>,
    /// What the last request came to.
    pub told: &'a str,
    /// The leads of the number that was typed.
    pub found: Vec<LeadRecord>,
    /// The number that was typed.
    pub phone: &'a str,
}

/// What the page is made of.
struct IdleRead {
    upcoming: UpcomingWork,
    promises: Vec<PromisedCall>,
    day: OwnDay,
    month: OwnDay,
    later_today: usize,
}

/// The page.
pub async fn idle_page(context: &DeskContext, viewer: &Viewer, status: StatusCode, says: IdleSays<'_>) -> Response {
    let now = context.clock.now();
    let before = now.saturating_add(AHEAD).unwrap_or(now);
    let reader = LeadsReader::of(viewer, now);
    let span = |day: DayChoice| day.span(now, &reader.zone);
    let (actions, actor) = (&context.actions, &viewer.actor);
    let read = async {
        Ok::<_, Refusal>(IdleRead {
            upcoming: coming_up(actions, actor, &reader.zone).await?,
            promises: promised(actions, actor, before).await?,
            day: own_day(actions, actor, span(DayChoice::Today)).await?,
            month: own_day(actions, actor, span(DayChoice::Month)).await?,
            later_today: promised_within(actions, actor, (now, span(DayChoice::Today).1)).await?,
        })
    };
    let IdleRead { upcoming, promises, day, month, later_today } = match read.await {
        Ok(read) => read,
        Err(refusal) => return refused(&refusal).into_response(),
    };
    let when = When::of(viewer, now);
    let content = IdleTemplate {
        csrf: viewer.csrf(),
        script: WORK_SCRIPT.address(),
        user: viewer.id().to_string(),
        toast: says.toast,
        told: says.told,
        has_looked: says.told == "nothing",
        opens: says.told == "nothing" || says.toast.is_some(),
        is_ready: upcoming.ready.leads > 0,
        next: next(&upcoming, &when),
        coming: promises.iter().map(|promise| coming(promise, &when)).collect(),
        sees_all: actor.may(Permission::Manage),
        day: figures(&day, later_today),
        month: (month.made.became > 0).then(|| month_of_as(month.made)),
        found: says.found.iter().map(found).collect(),
        phone: says.phone,
    };
    DeskPage { title: "Work", place: Place::Work, viewer, query: "", content }.response(status)
}

fn next(upcoming: &UpcomingWork, when: &When) -> Option<ComingWork> {
    let ready = upcoming.ready;
    let is_now = ready.leads > 0;
    let at = if is_now { when.now() } else { upcoming.next_at? };
    let more = if ready.has_more { " or more" } else { "" };
    let can = match ready.leads {
        1 => format!("1{more} lead can be called now"),
        n => format!("{n}{more} leads can be called now"),
    };
    Some(ComingWork {
        hour: when.hour(at),
        near: when.near(at),
        whole: when.whole(at),
        at: at.to_string(),
        why: if is_now { can } else { upcoming.next_why.map(capital).unwrap_or_default() },
        is_now,
    })
}

fn coming(promise: &PromisedCall, when: &When) -> ComingCall {
    let at = promise.due_at;
    let there = promise.zone.as_deref().and_then(zone).map(|zone| when.there(zone));
    ComingCall {
        near: format!("{}, {}", when.hour(at), when.near(at)),
        whole: when.whole(at),
        at: at.to_string(),
        client: promise.client.clone(),
        there: there.map(|there| format!("{} {}", there.hour(when.now()), there.place())).unwrap_or_default(),
        by: promise.by.clone().unwrap_or_default(),
        lead: promise.lead.to_string(),
        is_late: at <= when.now(),
    }
}

fn href(query: LeadsQuery) -> String {
    LeadsQuery { view: Some(LeadView::All), ..query }.address("/leads")
}

/// The leads that the reader touched on these days.
fn touched(on: DayChoice) -> LeadsQuery {
    LeadsQuery { touched_by: Some(WorkerChoice::Me), on: Some(on), ..LeadsQuery::default() }
}

fn figures(day: &OwnDay, later_today: usize) -> Vec<DayFigure> {
    let today = || touched(DayChoice::Today);
    let figure = |words: &str, n, query| DayFigure {
        words: words.to_owned(),
        n,
        href: href(query),
        is_part: false,
        share: None,
        is_a: false,
    };
    let then = |words: &str, n, then| figure(words, n, LeadsQuery { then: Some(then), ..today() });
    let mut all = vec![figure("Leads worked", day.worked, today())];
    let share = (day.spoke * 100 + day.worked / 2).checked_div(day.worked);
    let spoke = figure("Spoken with", day.spoke, LeadsQuery { how: Some(HowChoice::Spoke), ..today() });
    all.push(DayFigure { share, ..spoke });
    // What was tried in vain is no part of those spoken with.
    let (spoken, vain): (Vec<&WorkedBy>, Vec<&WorkedBy>) =
        day.by_disposition.iter().partition(|way| way.disposition.is_conversation());
    let ways = spoken.into_iter().chain(vain).map(|way| {
        // The calls that are still ahead have their own line's words.
        let is_promise = way.disposition == Disposition::CallBack;
        let words = if is_promise { "Calls promised".to_owned() } else { capital(in_words(way.disposition)) };
        let query = LeadsQuery { how: Some(HowChoice::Was(way.disposition)), ..today() };
        let is_part = way.disposition.is_conversation();
        DayFigure { is_part, ..figure(&words, way.leads, query) }
    });
    all.extend(ways);
    // Never alone: an A is worth what the client says of it.
    let became = then("Became", day.made.became, FollowedChoice::BecameA);
    all.push(DayFigure { is_a: true, ..became });
    let accepted = then("Accepted by the client", day.made.accepted, FollowedChoice::Accepted);
    let returned = then("Returned by the client", day.made.returned, FollowedChoice::Returned);
    all.extend([accepted, returned].map(|one| DayFigure { is_part: true, ..one }));
    all.push(then("Closed", day.closed, FollowedChoice::Closed));
    let ahead = LeadsQuery { promised_by: Some(WorkerChoice::Me), on: Some(DayChoice::Today), ..LeadsQuery::default() };
    all.push(figure("To be called later today, as you promised", later_today, ahead));
    all
}

fn month_of_as(made: MadeAs) -> MonthOfAs {
    let then = |then| href(LeadsQuery { then: Some(then), ..touched(DayChoice::Month) });
    MonthOfAs {
        made,
        became: then(FollowedChoice::BecameA),
        accepted: then(FollowedChoice::Accepted),
        returned: then(FollowedChoice::Returned),
    }
}

fn found(lead: &LeadRecord) -> FoundLead {
    FoundLead {
        id: lead.id.to_string(),
        name: lead.profile.full_name().unwrap_or_else(|| "Somebody without a name".to_owned()),
        client: lead.client.slug.clone(),
        program: lead.program.name.replace(['-', '_'], " "),
    }
}
