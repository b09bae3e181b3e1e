//! `POST /leads/views`: the list that is looked at is saved under a name, or a saved one is forgotten.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use ripen_actions::{
    Refusal,
    lead_view::{DropLeadView, SaveLeadView},
};
use ripen_web::extract::{NamedFields, form_fields};
use serde::Deserialize;

use super::{
    asked::wrong_of_saved,
    list::{ListSays, page},
    query::LeadsQuery,
};
use crate::{
    context::DeskContext,
    people::{
        csrf::CsrfForm,
        refused::{PageRefusals, refused},
    },
};

/// Which list, and what becomes of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LeadViewForm {
    /// As it is called.
    name: String,
    /// The query of the list that is looked at.
    query: String,
    /// `save`, or `drop`.
    what: String,
}

impl NamedFields for LeadViewForm {
    fn hint(_: &str) -> &'static str {
        "Write text."
    }
}

/// Saves the list under a name, or forgets one.
#[utoipa::path(post, path = "/leads/views", operation_id = "save_lead_view", tag = "pages",
    request_body(content_type = "application/x-www-form-urlencoded",
        description = "`name`; `query`, that of the list's address, which is also where this leads back to; `what`: `save` or `drop`; `csrf`.", content = String),
    responses(
        (status = 303, description = "Done: to the list; or nobody is signed in: to the form to sign in."),
        (status = 400, description = "The query is that of no list.", content_type = "text/html", body = String),
        (status = 422, description = "The list with what is wrong, as a page: the name, or a filter that counts for nothing as it stands.", content_type = "text/html", body = String),
        PageRefusals,
    ))]
pub async fn keep(State(context): State<DeskContext>, posted: CsrfForm<LeadViewForm>) -> Response {
    let CsrfForm { viewer, form } = posted;
    let query: LeadsQuery = match form_fields(form.query.as_bytes()) {
        Ok(query) => query,
        Err(problem) => return problem.into_response(),
    };
    // Written anew: what is kept is a list, whatever was sent. A search finds somebody, and is no list.
    let shown = LeadsQuery { q: String::new(), ..query.first_page() };
    let (actions, actor) = (&context.actions, &viewer.actor);
    let done = if form.what == "drop" {
        actions.run(actor, &DropLeadView { name: form.name.clone() }).await.map(drop)
    } else if let Some(wrong) = wrong_of_saved(&form.query, &shown) {
        Err(Refusal::field("query", wrong.code, format!("{}: {}", wrong.name, wrong.message)))
    } else {
        actions.run(actor, &SaveLeadView { name: form.name.clone(), query: shown.query() }).await
    };
    match done {
        Ok(()) => Redirect::to(&shown.address("/leads")).into_response(),
        Err(Refusal::Invalid(errors)) => {
            let wrong = errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join("; ");
            let says = ListSays { name: &form.name, wrong: &wrong, ..ListSays::default() };
            match page(&context, &viewer, &shown, (StatusCode::UNPROCESSABLE_ENTITY, says)).await {
                Ok(response) => response,
                Err(refusal) => refused(&refusal).into_response(),
            }
        }
        Err(refusal) => refused(&refusal).into_response(),
    }
}
