//! What there is where nobody has a lead open: what could be handed out now, what comes, and what the day was.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use jiff::{Timestamp, tz::TimeZone};
use ripen_actions::{
    Refusal,
    desk::{MadeAs, OwnDay, WorkOpening, WorkedBy},
    lead_list::of_ids,
};
use ripen_domain::{actor::Permission, id::LeadId, touch::Disposition};
use ripen_store::{lead::list::ListedLead, promise::promised_calls::PromisedCall};
use ripen_web::Problem;
use serde::Serialize;
use utoipa::ToSchema;

use super::WorkReadRefusals;
use crate::{
    context::DeskContext,
    people::{
        refused::refused,
        viewer::Viewer,
        when::When,
        work::{idle::IdleRead, ready::opening_words},
    },
};

/// What there is to do, and what was done.
#[derive(Serialize, ToSchema)]
pub struct ReadyWorkView {
    /// Leads that could be handed out now, about in the order in which they come. Nobody picks from it: `next` hands out the first.
    leads: Vec<ReadyLeadView>,
    /// Not all were looked at: there may be more.
    more: bool,
    /// When the next work comes due; none where nothing is dated.
    next_at: Option<Timestamp>,
    /// What it is then, in words.
    next_why: Option<&'static str>,
    /// Calls that were promised for the next hours, the first first: one's own; everybody's for who manages the desk.
    promised: Vec<PromisedCallView>,
    /// What opens in the next hours, the first first.
    openings: Vec<WorkOpeningView>,
    /// Not all leads were looked at: of each opening there may be more.
    more_openings: bool,
    /// What whoever asks did today, by their clock.
    today: OwnDayView,
    /// What became of the As of the thirty days that end with today.
    month: MadeAsView,
}

/// A lead that can be handed out.
#[derive(Serialize, ToSchema)]
pub struct ReadyLeadView {
    /// Its id.
    #[schema(value_type = String)]
    lead: LeadId,
    /// Who it is.
    name: Option<String>,
    /// The client's name.
    client: String,
    /// Why, in words.
    why: String,
}

/// A call that was promised.
#[derive(Serialize, ToSchema)]
pub struct PromisedCallView {
    /// When.
    at: Timestamp,
    /// It should have been made by now.
    is_due: bool,
    /// The client's name.
    client: String,
    /// Where the person is.
    #[schema(example = "America/Chicago")]
    time_zone: Option<String>,
    /// Who promised it; none where they have it no more.
    by: Option<String>,
    /// The lead, for who manages the desk: whoever is handed leads does not pick them.
    #[schema(value_type = Option<String>)]
    lead: Option<LeadId>,
}

/// Leads that can be worked from one time on.
#[derive(Serialize, ToSchema)]
pub struct WorkOpeningView {
    /// From when on.
    at: Timestamp,
    /// What, in words.
    #[schema(example = "Chicago opens")]
    words: String,
    /// Where their people are; none where nobody knows.
    time_zone: Option<String>,
    /// Which.
    leads: Vec<ReadyLeadView>,
}

/// What somebody did on a day. Each figure counts leads.
#[derive(Serialize, ToSchema)]
pub struct OwnDayView {
    /// Leads worked.
    worked: usize,
    /// With whom they spoke.
    spoke: usize,
    /// By how it went, what was done most first.
    by_disposition: Vec<WorkedByView>,
    /// Leads that were closed.
    closed: usize,
    /// What became an A, and what came of that.
    made: MadeAsView,
    /// To be called later today, as they promised.
    promised_later: usize,
}

/// How many leads went one way.
#[derive(Serialize, ToSchema)]
pub struct WorkedByView {
    /// Which way.
    #[schema(value_type = String, example = "answered")]
    disposition: Disposition,
    /// So many leads.
    leads: usize,
}

/// Leads that became an A, with what their clients said of them.
#[derive(Serialize, ToSchema)]
pub struct MadeAsView {
    /// So many became one.
    became_a: usize,
    /// The clients took so many of them.
    accepted: usize,
    /// The clients gave so many of them back.
    returned: usize,
}

impl From<MadeAs> for MadeAsView {
    fn from(made: MadeAs) -> Self {
        let MadeAs { became, accepted, returned } = made;
        Self { became_a: became, accepted, returned }
    }
}

impl OwnDayView {
    fn of(day: OwnDay, promised_later: usize) -> Self {
        let OwnDay { worked, spoke, by_disposition, closed, made } = day;
        let way = |one: WorkedBy| WorkedByView { disposition: one.disposition, leads: one.leads };
        let by_disposition = by_disposition.into_iter().map(way).collect();
        Self { worked, spoke, by_disposition, closed, made: made.into(), promised_later }
    }
}

/// What could be handed out now to whoever asks, what comes, and what their day was.
#[utoipa::path(get, path = "/api/v1/work/ready", operation_id = "ready_work", tag = "work",
    responses((status = 200, description = "What there is.", body = ReadyWorkView), WorkReadRefusals))]
pub async fn ready_work(State(context): State<DeskContext>, viewer: Viewer) -> Result<Json<ReadyWorkView>, Problem> {
    viewer.require_staff()?;
    read(&context, &viewer).await.map(Json).map_err(|refusal| refused(&refusal))
}

async fn read(context: &DeskContext, viewer: &Viewer) -> Result<ReadyWorkView, Refusal> {
    let IdleRead { upcoming, promises, day, month, later_today, ahead } = IdleRead::of(context, viewer).await?;
    let ready = upcoming.ready.leads.iter().map(|one| one.lead);
    let ids: Vec<_> = ready.chain(ahead.openings.iter().flat_map(|one| one.leads.iter().copied())).collect();
    let listed = of_ids(&context.actions, &viewer.actor, &ids).await?;
    let by_id: BTreeMap<_, _> = listed.into_iter().map(|lead| (lead.id, lead)).collect();
    let line = |lead: LeadId, why: &str| by_id.get(&lead).map(|listed| shown(listed, why));
    let when = When::of(viewer, context.clock.now());
    let opening = |one: WorkOpening| WorkOpeningView {
        at: one.at,
        words: opening_words(&one, &when),
        time_zone: one.zone.as_ref().and_then(TimeZone::iana_name).map(str::to_owned),
        leads: one.leads.iter().filter_map(|lead| line(*lead, one.what.becomes())).collect(),
    };
    let sees_all = viewer.actor.may(Permission::Manage);
    Ok(ReadyWorkView {
        leads: upcoming.ready.leads.iter().filter_map(|one| line(one.lead, &one.why)).collect(),
        more: upcoming.ready.has_more,
        next_at: upcoming.next_at,
        next_why: upcoming.next_why,
        promised: promises.into_iter().map(|one| promised(one, (sees_all, when.now()))).collect(),
        openings: ahead.openings.into_iter().map(opening).collect(),
        more_openings: ahead.is_cut,
        today: OwnDayView::of(day, later_today),
        month: month.made.into(),
    })
}

fn shown(listed: &ListedLead, why: &str) -> ReadyLeadView {
    let (name, client) = (listed.name.clone(), listed.client_name.clone());
    ReadyLeadView { lead: listed.id, name, client, why: why.to_owned() }
}

fn promised(one: PromisedCall, (sees_all, now): (bool, Timestamp)) -> PromisedCallView {
    let PromisedCall { lead, due_at, client, zone, by } = one;
    let is_due = due_at <= now;
    PromisedCallView { at: due_at, is_due, client, time_zone: zone, by, lead: sees_all.then_some(lead) }
}
