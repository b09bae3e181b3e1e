//! `GET /work/waiting`: how many leads wait for whoever looks, as the rail shows it.

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{Html, IntoResponse, Response},
};
use ripen_actions::queues::waiting_for;
use ripen_store::queues::waiting::WaitingFor;
use ripen_web::Problem;

use crate::{
    context::DeskContext,
    people::{refused::refused, viewer::Viewer},
};

/// Counted so far: nobody acts otherwise on more.
const COUNTED: i64 = 100;
#[derive(Template)]
#[template(path = "people/waiting.html")]
struct WaitingTemplate {
    count: i64,
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
            let html = WaitingTemplate { count: count.min(COUNTED - 1), is_more: count >= COUNTED }.render();
            // A template without a condition that fails does not fail.
            let headers = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
            (headers, Html(html.unwrap_or_default())).into_response()
        }
        Err(problem) => problem.into_response(),
    }
}

async fn count(context: &DeskContext, viewer: &Viewer) -> Result<i64, Problem> {
    viewer.require_staff()?;
    let main = |tag: &String| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    let mut whom = WaitingFor {
        clients: viewer.user.clients.clone(),
        languages: viewer.user.languages.iter().map(main).collect(),
    };
    whom.clients.sort_unstable();
    whom.languages.sort_unstable();
    if let Some(count) = context.waiting.known(&whom) {
        return Ok(count);
    }
    let count = waiting_for(&context.actions, &viewer.actor, &whom, COUNTED).await;
    let count = count.map_err(|refusal| refused(&refusal))?;
    context.waiting.note(whom, count);
    Ok(count)
}
