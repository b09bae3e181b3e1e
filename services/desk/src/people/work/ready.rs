//! `GET /work/ready`: the leads that a number of the page without a lead counts: those that could be handed to whoever looks now, or
//! those of one opening that lies ahead. Nobody picks from it: the next one is the first of the order.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use ripen_actions::{
    Refusal,
    desk::{WorkOpening, ahead, ready_now},
    lead_list::of_ids,
};
use ripen_domain::{desk::NextCall, id::LeadId};
use ripen_web::extract::{NamedFields, Query};
use serde::Deserialize;
use tokio::time::Instant;

use crate::{
    context::DeskContext,
    people::{
        frame::{DeskPage, Place},
        letters::capital,
        queues::count::note,
        refused::refused,
        viewer::Viewer,
        when::When,
    },
};

/// Which leads are meant.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReadyQuery {
    /// An opening that lies ahead, as its link names it; those that could be handed out now where there is none.
    opening: String,
}

impl NamedFields for ReadyQuery {
    fn hint(_: &str) -> &'static str {
        "Write an opening as a link names it."
    }
}

/// A lead of the list.
struct ReadyLine {
    lead: String,
    name: String,
    client: String,
    why: String,
}

#[derive(Template)]
#[template(path = "people/work/ready.html")]
struct ReadyTemplate {
    title: String,
    rows: Vec<ReadyLine>,
    has_more: bool,
    is_now: bool,
    /// Where it is fetched anew.
    fetched_from: String,
}

/// What an opening is called in the address of its list.
pub(super) fn opening_name(opening: &WorkOpening) -> String {
    let zone = opening.zone.as_ref().and_then(jiff::tz::TimeZone::iana_name).unwrap_or_default();
    format!("{} {} {zone}", opening.at, opening.what.name())
}

/// The address of its list.
pub(super) fn address(opening: &str) -> String {
    let name = form_urlencoded::byte_serialize(opening.as_bytes()).collect::<String>();
    format!("/work/ready?opening={name}")
}

/// What an opening is, in words.
pub fn opening_words(opening: &WorkOpening, when: &When) -> String {
    match (opening.what, &opening.zone) {
        (NextCall::Call, Some(zone)) => format!("{} opens", when.there(zone.clone()).place()),
        (NextCall::Call, None) => "May be called".to_owned(),
        (NextCall::Look, _) => "Looked at again".to_owned(),
        (what, _) => capital(what.name()),
    }
}

struct CountedLeads {
    title: String,
    leads: Vec<(LeadId, String)>,
    has_more: bool,
}

/// Shows which leads a number counts.
#[utoipa::path(get, path = "/work/ready", operation_id = "show_ready_work", tag = "pages",
    params(("opening" = Option<String>, Query, description = "An opening that lies ahead, as its link names it; those that could be handed out now where there is none.")),
    responses(
        (status = 200, description = "The page.", content_type = "text/html", body = String),
        (status = 303, description = "Nobody is signed in: to the form to sign in."),
        (status = 404, description = "For staff alone.", content_type = "text/html", body = String),
    ))]
pub async fn ready(State(context): State<DeskContext>, viewer: Viewer, Query(query): Query<ReadyQuery>) -> Response {
    if let Err(problem) = viewer.require_staff() {
        return problem.into_response();
    }
    match page(&context, &viewer, &query.opening).await {
        Ok(content) => {
            DeskPage { title: "Work", place: Place::Work, viewer: &viewer, query: "", content }.response(StatusCode::OK)
        }
        Err(refusal) => refused(&refusal).into_response(),
    }
}

async fn page(context: &DeskContext, viewer: &Viewer, opening: &str) -> Result<ReadyTemplate, Refusal> {
    let is_now = opening.is_empty();
    let found = if is_now { now(context, viewer).await? } else { later(context, viewer, opening).await? };
    let ids: Vec<_> = found.leads.iter().map(|(lead, _)| *lead).collect();
    let listed = of_ids(&context.actions, &viewer.actor, &ids).await?;
    let by_id: BTreeMap<_, _> = listed.into_iter().map(|lead| (lead.id, lead)).collect();
    let line = |(lead, why): &(LeadId, String)| {
        let listed = by_id.get(lead)?;
        Some(ReadyLine {
            lead: lead.to_string(),
            name: listed.name.clone().unwrap_or_else(|| "somebody without a name".to_owned()),
            client: listed.client_name.clone(),
            why: capital(why),
        })
    };
    let rows = found.leads.iter().filter_map(line).collect();
    let fetched_from = if is_now { "/work/ready".to_owned() } else { address(opening) };
    Ok(ReadyTemplate { title: found.title, rows, has_more: found.has_more, is_now, fetched_from })
}

async fn now(context: &DeskContext, viewer: &Viewer) -> Result<CountedLeads, Refusal> {
    let began = Instant::now();
    let ready = ready_now(&context.actions, &viewer.actor).await?;
    note(context, viewer, &ready, began);
    let leads = ready.leads.into_iter().map(|one| (one.lead, one.why)).collect();
    Ok(CountedLeads { title: "Can be called now".to_owned(), leads, has_more: ready.has_more })
}

/// Those of an opening; none where it is over by now.
async fn later(context: &DeskContext, viewer: &Viewer, named: &str) -> Result<CountedLeads, Refusal> {
    let coming = ahead(&context.actions, &viewer.actor).await?;
    let when = When::of(viewer, context.clock.now());
    let Some(opening) = coming.openings.into_iter().find(|one| opening_name(one) == named) else {
        return Ok(CountedLeads { title: "That time is over".to_owned(), leads: Vec::new(), has_more: false });
    };
    let title = format!("{}, {}", opening_words(&opening, &when), when.whole(opening.at));
    let why = opening.what.becomes();
    Ok(CountedLeads {
        title,
        leads: opening.leads.into_iter().map(|lead| (lead, why.to_owned())).collect(),
        has_more: coming.is_cut,
    })
}
