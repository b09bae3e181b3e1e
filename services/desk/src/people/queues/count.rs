//! `GET /work/waiting`: how many leads could be handed now to whoever looks, as the rail shows it: as many as the page without a lead
//! says, and as its list has.

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{Html, IntoResponse, Response},
};
use ripen_actions::desk::{ReadyLeads, ready_now};
use ripen_web::Problem;
use tokio::time::Instant;

use super::cached_counts::{KnownCount, ReadyCount, WaitingFor};
use crate::{
    context::DeskContext,
    people::{refused::refused, viewer::Viewer},
};

#[derive(Template)]
#[template(path = "people/waiting.html")]
struct WaitingTemplate {
    count: usize,
    is_more: bool,
}

/// How many leads wait for whoever asks, as a fragment of a page.
#[utoipa::path(get, path = "/work/waiting", operation_id = "count_waiting", tag = "pages",
    responses(
        (status = 200, description = "The number, as part of a page.", content_type = "text/html", body = String),
        (status = 303, description = "Nobody is signed in: to the form to sign in."),
        (status = 404, description = "For who calls nobody.", content_type = "text/html", body = String),
    ))]
pub async fn waiting(State(context): State<DeskContext>, viewer: Viewer) -> Response {
    match count(&context, &viewer).await {
        Ok(count) => {
            let html = WaitingTemplate { count: count.leads, is_more: count.is_more }.render();
            // A template without a condition that fails does not fail.
            let headers = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
            (headers, Html(html.unwrap_or_default())).into_response()
        }
        Err(problem) => problem.into_response(),
    }
}

async fn count(context: &DeskContext, viewer: &Viewer) -> Result<ReadyCount, Problem> {
    viewer.require_staff()?;
    while let Some(known) = context.waiting.known(&whom(viewer)) {
        if !context.live.has_heard_since(known.began) {
            return Ok(known.count);
        }
        // A page asks because of what is new: answered with what was so before, it would show that until more is new.
        tokio::time::sleep_until(known.ends()).await;
    }
    let began = Instant::now();
    let ready = ready_now(&context.actions, &viewer.actor).await.map_err(|refusal| refused(&refusal))?;
    Ok(note(context, viewer, &ready, began))
}

/// Keeps what a page has just read for the rail beside it, beginning at that instant: the two never say different numbers.
pub fn note(context: &DeskContext, viewer: &Viewer, ready: &ReadyLeads, began: Instant) -> ReadyCount {
    let count = ReadyCount { leads: ready.leads.len(), is_more: ready.has_more };
    context.waiting.note(whom(viewer), KnownCount { count, began });
    count
}

fn whom(viewer: &Viewer) -> WaitingFor {
    let main = |tag: &String| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    let mut whom = WaitingFor {
        clients: viewer.user.clients.clone(),
        languages: viewer.user.languages.iter().map(main).collect(),
    };
    whom.clients.sort_unstable();
    whom.languages.sort_unstable();
    whom
}
