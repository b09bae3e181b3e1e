//! `/api/v1/lead-views`: the lists of leads that whoever asks saved under a name. A list is the query of its address, the same for
//! `/leads` and for `/api/v1/leads`.

use axum::{Json, extract::State, http::StatusCode};
use ripen_actions::lead_view::{DropLeadView, SaveLeadView, list};
use ripen_store::user::lead_view::LeadViewRecord;
use ripen_web::{
    FieldProblem, Problem, catalogue,
    extract::{PathId, form_fields},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{asked::wrong_of_saved, query::LeadsQuery};
use crate::{
    context::DeskContext,
    people::{
        csrf::{CsrfHeader, CsrfJson},
        refused::{ApiRefusals, refused},
        viewer::Viewer,
    },
};

/// A list that was saved.
#[derive(Serialize, ToSchema)]
pub struct SavedList {
    /// As it is called.
    name: String,
    /// The query of its address, behind `/leads?` or `/api/v1/leads?`; empty for every open lead.
    #[schema(example = "view=due&client=acme")]
    query: String,
}

impl From<LeadViewRecord> for SavedList {
    fn from(view: LeadViewRecord) -> Self {
        Self { name: view.name, query: view.query }
    }
}

/// The lists of whoever asks.
#[derive(Serialize, ToSchema)]
pub struct SavedLists {
    /// By name.
    views: Vec<SavedList>,
}

/// Lists the lists of leads that one saved.
#[utoipa::path(get, path = "/api/v1/lead-views", operation_id = "list_lead_views", tag = "desk", security(("user_token" = [])),
    responses((status = 200, description = "The lists.", body = SavedLists), ApiRefusals))]
pub async fn many(State(context): State<DeskContext>, viewer: Viewer) -> Result<Json<SavedLists>, Problem> {
    let found = list(&context.actions, &viewer.actor).await.map_err(|refusal| refused(&refusal))?;
    Ok(Json(SavedLists { views: found.into_iter().map(SavedList::from).collect() }))
}

/// A list to save.
#[derive(Deserialize, ToSchema)]
pub struct NewListBody {
    /// As it is to be called; another one of that name is replaced.
    #[schema(max_length = 60)]
    name: String,
    /// The query of its address. A search is no list: `q` is left out, as is the page.
    #[serde(default)]
    #[schema(example = "view=due&client=acme")]
    query: String,
}

/// Saves a list of leads under a name.
#[utoipa::path(post, path = "/api/v1/lead-views", operation_id = "keep_lead_view", tag = "desk", security(("user_token" = [])),
    request_body = NewListBody,
    responses(
        (status = 200, description = "Saved, as it is kept.", body = SavedList),
        (status = 400, description = "The query is that of no list, or something of it counts for nothing as it stands.", content_type = "application/problem+json", body = Problem),
        ApiRefusals,
    ))]
pub async fn save(
    State(context): State<DeskContext>,
    CsrfJson { viewer, body }: CsrfJson<NewListBody>,
) -> Result<Json<SavedList>, Problem> {
    let request = SaveLeadView { query: kept(&body.query)?, name: body.name };
    context.actions.run(&viewer.actor, &request).await.map_err(|refusal| refused(&refusal))?;
    Ok(Json(SavedList { name: request.name.trim().to_owned(), query: request.query }))
}

/// The query of a list as it is kept: written anew, so that the same list is the same text.
fn kept(query: &str) -> Result<String, Problem> {
    let given = query.strip_prefix('?').unwrap_or(query);
    let read: LeadsQuery = form_fields(given.as_bytes()).map_err(|problem| unreadable(&problem))?;
    let list = LeadsQuery { q: String::new(), ..read.first_page() };
    let written = list.query();
    let is_kept = |name: &str| form_urlencoded::parse(written.as_bytes()).any(|(kept, _)| kept == name);
    let says = |name: &str, value: &str| !value.is_empty() && !["q", "after", "before"].contains(&name);
    // A mistyped name would save another list than is meant.
    if form_urlencoded::parse(given.as_bytes()).any(|(name, value)| says(&name, &value) && !is_kept(&name)) {
        return Err(no_list("unknown", "There is a filter in it that lists do not have.".to_owned()));
    }
    match wrong_of_saved(given, &list) {
        None => Ok(written),
        Some(wrong) => Err(no_list(wrong.code, format!("{}: {}", wrong.name, wrong.message))),
    }
}

/// Of a parameter that cannot be read the body has no field: it is named beside the one that holds it.
fn unreadable(problem: &Problem) -> Problem {
    match problem.errors().first() {
        Some(wrong) => no_list(wrong.code, format!("{}: {}", wrong.pointer.trim_start_matches('/'), wrong.message)),
        None => no_list("invalid", problem.detail().to_owned()),
    }
}

/// 400, as where the same query stands in an address.
fn no_list(code: &'static str, message: String) -> Problem {
    let problem = Problem::new(&catalogue::INVALID_PARAMETER, format!("query: {message}"));
    problem.with_errors(vec![FieldProblem { pointer: "/query".into(), code, message: message.into() }])
}

/// Forgets a list that one saved.
#[utoipa::path(delete, path = "/api/v1/lead-views/{name}", operation_id = "drop_lead_view", tag = "desk", security(("user_token" = [])),
    params(("name" = String, Path, description = "As the list is called.")),
    responses((status = 204, description = "Forgotten."), ApiRefusals))]
pub async fn forget(
    State(context): State<DeskContext>,
    PathId(name): PathId<String>,
    CsrfHeader(viewer): CsrfHeader,
) -> Result<StatusCode, Problem> {
    match context.actions.run(&viewer.actor, &DropLeadView { name }).await {
        Ok(true) => Ok(StatusCode::NO_CONTENT),
        Ok(false) => Err(Problem::not_found()),
        Err(refusal) => Err(refused(&refusal)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_kept_as_its_address_says_it_and_what_no_list_has_is_refused() {
        for (given, written) in [
            ("", ""),
            ("?client=acme&view=due", "view=due&client=acme"),
            ("view=late&after=0.lead_00000000000000000000000009&before=50&q=casey", "view=late"),
            ("grade=&untouched=false", "untouched=false"),
        ] {
            assert_eq!(kept(given).unwrap(), written, "{given}");
        }
        assert_eq!(kept("veiw=late").unwrap_err().errors()[0].pointer, "/query");
        let unread = kept("view=later").unwrap_err();
        assert_eq!((&*unread.errors()[0].pointer, unread.status().as_u16()), ("/query", 400));
        assert!(unread.errors()[0].message.starts_with("view: "), "{:?}", unread.errors());
        for (given, code) in [
            ("grade=A&grade=B", "repeated"),
            ("then=became_a", "required"),
            ("from=2027-01-01&to=2026-01-01", "contradicts"),
            ("view=ungraded&grade=A", "contradicts"),
        ] {
            let refused = kept(given).unwrap_err();
            let error = &refused.errors()[0];
            assert_eq!((&*error.pointer, error.code), ("/query", code), "{given}");
            assert_eq!(refused.status().as_u16(), 400, "as README says: {given}");
        }
        assert_eq!(kept("q=casey&q=nora&view=late").unwrap(), "view=late");
    }
}
