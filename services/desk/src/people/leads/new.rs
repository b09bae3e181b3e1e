//! `/leads/new`: whoever walked in, rang, or stood at the booth.

use std::time::Duration;

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use ripen_actions::{
    Refusal, client,
    lead_new::{EnterLead, entered, sources},
};
use ripen_domain::{
    actor::Permission,
    id::{ArrivalId, SourceId},
};
use ripen_runtime::random::uuid_v7;
use ripen_web::{
    Problem,
    extract::{NamedFields, PathId},
};
use serde::Deserialize;

use crate::{
    context::DeskContext,
    people::{
        csrf::CsrfForm,
        frame::{DeskPage, Place},
        refused::{FieldTrouble, refused, troubles},
        viewer::Viewer,
    },
};

/// So often it is looked whether the lead is there, before a page says that it comes.
const LOOKS: u32 = 20;
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// The form to enter somebody.
#[derive(Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct EnterForm {
    /// The source that it came by: its id.
    pub source: String,
    /// Makes a second click the same lead.
    pub key: String,
    /// Who it is.
    pub name: String,
    /// Phone number, as in the client's country.
    pub phone: String,
    /// Mail address.
    pub email: String,
    /// BCP 47 tag of the language they speak.
    pub locale: String,
    /// What they said.
    pub note: String,
    /// The words that they agreed to.
    pub consent: String,
}

/// Contact data from end to end.
impl std::fmt::Debug for EnterForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EnterForm(…)")
    }
}

impl NamedFields for EnterForm {
    fn hint(_: &str) -> &'static str {
        "write text."
    }
}

impl EnterForm {
    /// What is asked of the action; a source that is none is named among the wrong fields.
    ///
    /// # Errors
    /// The source.
    pub fn request(&self) -> Result<EnterLead, Refusal> {
        let source: SourceId = self
            .source
            .parse()
            .map_err(|_| Refusal::field("source", "required", "choose how and for whom they came"))?;
        Ok(EnterLead {
            source,
            key: self.key.clone(),
            name: self.name.clone(),
            phone: self.phone.clone(),
            email: self.email.clone(),
            locale: self.locale.clone(),
            note: self.note.clone(),
            consent: self.consent.clone(),
        })
    }
}

/// A source that can be chosen.
struct SourceOption {
    value: String,
    text: String,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "people/leads/new.html")]
struct NewLeadTemplate<'a> {
    csrf: String,
    /// Whose words the browser keeps.
    user: String,
    typed: &'a EnterForm,
    wrong: WrongFields<'a>,
    sources: Vec<SourceOption>,
}

/// The wrong fields of a form.
#[derive(Clone, Copy)]
struct WrongFields<'a>(&'a [FieldTrouble]);

impl WrongFields<'_> {
    fn of(&self, field: &str) -> &str {
        self.0.iter().find(|trouble| trouble.field == field).map_or("", |trouble| trouble.message.as_str())
    }
}

#[derive(Template)]
#[template(path = "people/leads/coming.html")]
struct ComingTemplate {
    arrival: String,
    /// Whose words the browser keeps.
    user: String,
}

/// Shows the form to enter a lead.
#[utoipa::path(get, path = "/leads/new", operation_id = "show_new_lead", tag = "pages",
    responses(
        (status = 200, description = "The page.", content_type = "text/html", body = String),
        (status = 303, description = "Nobody is signed in: to the form to sign in."),
        (status = 404, description = "For people who work leads.", content_type = "text/html", body = String),
    ))]
pub async fn show(State(context): State<DeskContext>, viewer: Viewer) -> Response {
    if let Err(problem) = viewer.require_staff() {
        return problem.into_response();
    }
    let typed = EnterForm { key: uuid_v7(context.clock.now()).to_string(), ..EnterForm::default() };
    page(&context, &viewer, StatusCode::OK, (&typed, &[])).await
}

/// Enters a lead.
#[utoipa::path(post, path = "/leads/new", operation_id = "enter_lead_page", tag = "pages",
    request_body(content_type = "application/x-www-form-urlencoded",
                 description = "`source`, `key`, `name`, `phone`, `email`, `locale`, `note`, `consent`, `csrf`.", content = String),
    responses(
        (status = 303, description = "Entered: to its lead; or nobody is signed in: to the form to sign in."),
        (status = 403, description = "The form is of another session.", content_type = "text/html", body = String),
        (status = 404, description = "For people who work leads.", content_type = "text/html", body = String),
        (status = 422, description = "The form with what is wrong, as a page.", content_type = "text/html", body = String),
    ))]
pub async fn enter(State(context): State<DeskContext>, posted: CsrfForm<EnterForm>) -> Response {
    let CsrfForm { viewer, form } = posted;
    if let Err(problem) = viewer.require_staff() {
        return problem.into_response();
    }
    let done = match form.request() {
        Ok(request) => context.actions.run(&viewer.actor, &request).await,
        Err(refusal) => Err(refusal),
    };
    match done {
        Ok(arrival) => Redirect::to(&format!("/leads/entered/{arrival}")).into_response(),
        Err(Refusal::Invalid(errors)) => {
            page(&context, &viewer, StatusCode::UNPROCESSABLE_ENTITY, (&form, &troubles(&errors))).await
        }
        Err(refusal) => refused(&refusal).into_response(),
    }
}

/// Leads to the lead of an arrival that was entered, as soon as it is there.
#[utoipa::path(get, path = "/leads/entered/{id}", operation_id = "show_entered_lead", tag = "pages",
    params(("id" = String, Path, description = "The arrival's id, arr_….")),
    responses(
        (status = 200, description = "It is not worked yet: a page that says so.", content_type = "text/html", body = String),
        (status = 303, description = "To its lead; or nobody is signed in: to the form to sign in."),
        (status = 404, description = "For people who work leads.", content_type = "text/html", body = String),
    ))]
pub async fn entered_lead(
    State(context): State<DeskContext>,
    viewer: Viewer,
    PathId(arrival): PathId<ArrivalId>,
) -> Response {
    if !viewer.actor.may(Permission::Work) {
        return Problem::not_found().into_response();
    }
    // The next sweep offers it to the qualifier: most often it is there before anybody could read a page.
    for _ in 0..LOOKS {
        match entered(&context.actions, &viewer.actor, arrival).await {
            Ok(Some(lead)) => return Redirect::to(&format!("/leads/{lead}?entered=true")).into_response(),
            Ok(None) => tokio::time::sleep(BETWEEN_LOOKS).await,
            Err(refusal) => return refused(&refusal).into_response(),
        }
    }
    let content = ComingTemplate { arrival: arrival.to_string(), user: viewer.id().to_string() };
    DeskPage { title: "Entered", place: Place::Leads, viewer: &viewer, query: "", content }.response(StatusCode::OK)
}

async fn page(
    context: &DeskContext,
    viewer: &Viewer,
    status: StatusCode,
    (typed, wrong): (&EnterForm, &[FieldTrouble]),
) -> Response {
    let (sources, clients) =
        match (sources(&context.actions, &viewer.actor).await, client::list(&context.actions, &viewer.actor).await) {
            (Ok(sources), Ok(clients)) => (sources, clients),
            (Err(refusal), _) | (_, Err(refusal)) => return refused(&refusal).into_response(),
        };
    let client = |id| clients.iter().find(|client| client.id == id).map_or("", |client| client.name.as_str());
    let mut options: Vec<_> = sources
        .iter()
        .map(|source| SourceOption {
            value: source.id.to_string(),
            text: format!("{}: {}, {}", client(source.client), source.name, source.channel.word().replace('_', " ")),
            is_chosen: source.id.to_string() == typed.source,
        })
        .collect();
    options.sort_by(|one, other| one.text.cmp(&other.text));
    let content = NewLeadTemplate {
        csrf: viewer.csrf(),
        user: viewer.id().to_string(),
        typed,
        wrong: WrongFields(wrong),
        sources: options,
    };
    DeskPage { title: "New lead", place: Place::Leads, viewer, query: "", content }.response(status)
}
