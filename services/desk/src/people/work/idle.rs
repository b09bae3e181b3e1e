//! The page without a lead: when there is work again, what is coming, what the day was; a number that rings is opened from
//! here.

use askama::Template;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use jiff::{SignedDuration, Timestamp};
use ripen_actions::{
    Refusal,
    desk::{
        MadeAs, OwnDay, UpcomingWork, WorkAhead, WorkOpening, WorkedBy, ahead, coming_up, own_day, promised_within,
    },
    lead_brief::promised,
};
use ripen_domain::{actor::Permission, time::zone, touch::Disposition};
use ripen_store::promise::promised_calls::PromisedCall;
use tokio::time::Instant;

use super::{
    history::in_words,
    ready::{address, opening_name, opening_words},
    saved::SavedToast,
    shown_rings::{RingsSay, ShownRings},
};
use crate::{
    context::DeskContext,
    people::{
        assets::WORK_SCRIPT,
        frame::{DeskPage, Place},
        leads::{
            choices::LeadView,
            own_work::{DayChoice, FollowedChoice, HowChoice, LeadsReader, WorkerChoice},
            query::LeadsQuery,
        },
        letters::capital,
        queues::count::note,
        refused::refused,
        viewer::Viewer,
        when::When,
    },
};

/// Promised calls of so many hours ahead are told.
const AHEAD: SignedDuration = SignedDuration::from_hours(36);
/// So many times at which something opens are told.
const OPENINGS: usize = 8;

/// Something that is coming: a call that was promised, hours that open somewhere, a lead that is looked at again.
struct ComingLine {
    near: String,
    whole: String,
    /// For programs, and by what the lines are ordered.
    at: Timestamp,
    /// What.
    why: String,
    client: String,
    there: String,
    /// Who promised it.
    by: String,
    /// Where it leads; empty for nowhere.
    href: String,
    /// Of several leads, how many, with the list of them.
    several: Option<ReadyNumber>,
    is_late: bool,
}

/// A number with its list.
struct ReadyNumber {
    n: usize,
    has_more: bool,
    href: String,
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
    /// What can be called now, with the list of it.
    ready: Option<ReadyNumber>,
    coming: Vec<ComingLine>,
    /// They manage the desk, and see what others promised too.
    sees_all: bool,
    day: Vec<DayFigure>,
    month: Option<MonthOfAs>,
    rings: ShownRings,
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
    /// What is known of the number that was typed.
    pub rings: RingsSay<'a>,
    /// The number that was typed.
    pub phone: &'a str,
}

/// What the page is made of, and what programs are told in its place.
pub struct IdleRead {
    /// What could be handed out now, and when there is more.
    pub upcoming: UpcomingWork,
    /// Calls that were promised: the viewer's own, everybody's for whoever manages the desk.
    pub promises: Vec<PromisedCall>,
    /// What the viewer did today, by their clock.
    pub day: OwnDay,
    /// What they did in the thirty days that end with today.
    pub month: OwnDay,
    /// Leads that they promised to call later today.
    pub later_today: usize,
    /// What opens later.
    pub ahead: WorkAhead,
}

impl IdleRead {
    /// Reads it for a viewer.
    ///
    /// # Errors
    /// `Conflict` (`no_user`) for who does not sign in.
    pub async fn of(context: &DeskContext, viewer: &Viewer) -> Result<Self, Refusal> {
        let now = context.clock.now();
        let before = now.saturating_add(AHEAD).unwrap_or(now);
        let reader = LeadsReader::of(viewer, now);
        let span = |day: DayChoice| day.span(now, &reader.zone);
        let (actions, actor) = (&context.actions, &viewer.actor);
        let began = Instant::now();
        let read = Self {
            upcoming: coming_up(actions, actor, &reader.zone).await?,
            promises: promised(actions, actor, before).await?,
            day: own_day(actions, actor, span(DayChoice::Today)).await?,
            month: own_day(actions, actor, span(DayChoice::Month)).await?,
            later_today: promised_within(actions, actor, (now, span(DayChoice::Today).1)).await?,
            ahead: ahead(actions, actor).await?,
        };
        note(context, viewer, &read.upcoming.ready, began);
        Ok(read)
    }
}

/// The page.
pub async fn idle_page(context: &DeskContext, viewer: &Viewer, status: StatusCode, says: IdleSays<'_>) -> Response {
    let IdleRead { upcoming, promises, day, month, later_today, ahead } = match IdleRead::of(context, viewer).await {
        Ok(read) => read,
        Err(refusal) => return refused(&refusal).into_response(),
    };
    let when = When::of(viewer, context.clock.now());
    let sees_all = viewer.actor.may(Permission::Manage);
    let is_ready = !upcoming.ready.leads.is_empty();
    let content = IdleTemplate {
        csrf: viewer.csrf(),
        script: WORK_SCRIPT.address(),
        user: viewer.id().to_string(),
        toast: says.toast,
        told: says.told,
        has_looked: says.told == "nothing",
        opens: says.told == "nothing" || says.toast.is_some(),
        is_ready,
        next: next(&upcoming, &when),
        ready: is_ready.then(|| ReadyNumber {
            n: upcoming.ready.leads.len(),
            has_more: upcoming.ready.has_more,
            href: "/work/ready".to_owned(),
        }),
        coming: coming(&promises, &ahead, (sees_all, &when)),
        sees_all,
        day: figures(&day, later_today),
        month: (month.made.became > 0).then(|| month_of_as(month.made)),
        rings: ShownRings::of(&says.rings, viewer, &when),
        phone: says.phone,
    };
    DeskPage { title: "Work", place: Place::Work, viewer, query: "", content }.response(status)
}

fn next(upcoming: &UpcomingWork, when: &When) -> Option<ComingWork> {
    let is_now = !upcoming.ready.leads.is_empty();
    let at = if is_now { when.now() } else { upcoming.next_at? };
    Some(ComingWork {
        hour: when.hour(at),
        near: when.near(at),
        whole: when.whole(at),
        at: at.to_string(),
        why: if is_now { String::new() } else { upcoming.next_why.map(capital).unwrap_or_default() },
        is_now,
    })
}

/// Everything that is coming, the first first.
fn coming(promises: &[PromisedCall], ahead: &WorkAhead, (sees_all, when): (bool, &When)) -> Vec<ComingLine> {
    let mut all: Vec<_> = promises.iter().map(|promise| promised_line(promise, (sees_all, when))).collect();
    all.extend(ahead.openings.iter().take(OPENINGS).map(|opening| opening_line(opening, ahead.is_cut, when)));
    all.sort_by_key(|line| line.at);
    all
}

fn promised_line(promise: &PromisedCall, (sees_all, when): (bool, &When)) -> ComingLine {
    let at = promise.due_at;
    let there = promise.zone.as_deref().and_then(zone).map(|zone| when.there(zone));
    ComingLine {
        near: format!("{}, {}", when.hour(at), when.near(at)),
        whole: when.whole(at),
        at,
        why: "Promised call".to_owned(),
        client: promise.client.clone(),
        there: there.map(|there| clock(&there, at)).unwrap_or_default(),
        by: promise.by.clone().unwrap_or_default(),
        // Whoever is handed leads does not pick them.
        href: if sees_all { format!("/leads/{}", promise.lead) } else { String::new() },
        several: None,
        is_late: at <= when.now(),
    }
}

fn opening_line(opening: &WorkOpening, is_cut: bool, when: &When) -> ComingLine {
    let there = opening.zone.clone().map(|zone| when.there(zone));
    let mut clients = opening.clients.iter();
    let client = match (clients.next(), clients.count()) {
        (None, _) => String::new(),
        (Some(first), 0) => first.clone(),
        (Some(first), more) => format!("{first} and {more} more"),
    };
    ComingLine {
        near: format!("{}, {}", when.hour(opening.at), when.near(opening.at)),
        whole: when.whole(opening.at),
        at: opening.at,
        why: opening_words(opening, when),
        client,
        there: there.map(|there| clock(&there, opening.at)).unwrap_or_default(),
        by: String::new(),
        href: String::new(),
        several: Some(ReadyNumber { n: opening.leads.len(), has_more: is_cut, href: address(&opening_name(opening)) }),
        is_late: false,
    }
}

/// What time it is there then; of what is late, now.
fn clock(there: &When, at: Timestamp) -> String {
    format!("{} {}", there.hour(at.max(there.now())), there.place())
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
