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
    lead_new::{EnterLead, criteria, entered, kept_back, sources, without_source},
};
use ripen_domain::{
    actor::Permission,
    arrival::QuarantineReason,
    id::{ArrivalId, SourceId},
};
use ripen_runtime::random::uuid_v7;
use ripen_web::{
    Problem,
    extract::{NamedFields, PathId, Query},
};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    context::DeskContext,
    people::{
        csrf::CsrfForm,
        frame::{DeskPage, Place},
        refused::{FieldTrouble, refused, troubles},
        viewer::Viewer,
        work::{
            form::WorkForm,
            question::{QuestionInput, ShownQuestion, first_answers, first_questions},
        },
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
    /// Makes a second click the same lead. Another body under it is quarantined.
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
    /// What they answered to questions of the script, by the questions' ids.
    #[schema(value_type = Object)]
    pub answers: Map<String, Value>,
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
            is_form: false,
            name: self.name.clone(),
            phone: self.phone.clone(),
            email: self.email.clone(),
            locale: self.locale.clone(),
            note: self.note.clone(),
            consent: self.consent.clone(),
            answers: self.answers.clone(),
        })
    }

    /// What the form of the page has, but for its answers.
    fn of(form: &WorkForm) -> Self {
        let text = |name: &str| form.typed(name).to_owned();
        Self {
            source: text("source"),
            key: text("key"),
            name: text("name"),
            phone: text("phone"),
            email: text("email"),
            locale: text("locale"),
            note: text("note"),
            consent: text("consent"),
            answers: Map::new(),
        }
    }
}

/// What is known before anything is typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewLeadQuery {
    /// The number that rang.
    phone: String,
    /// What barred that number was lifted a moment ago.
    lifted: bool,
}

impl NamedFields for NewLeadQuery {
    fn hint(field: &str) -> &'static str {
        if field == "lifted" { "Write true or false." } else { "Write text." }
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
    /// The viewer's clients for whom nobody can be entered, by name; empty where there is none.
    without_source: String,
    /// The field to begin in: the first that is wrong, else the first that is empty.
    first: &'static str,
    /// Of the source that is chosen.
    questions: Vec<ShownQuestion>,
    /// What barred their number was lifted a moment ago.
    is_lifted: bool,
}

/// The fields in the order of the page.
const FIELDS: [&str; 7] = ["source", "name", "phone", "email", "locale", "note", "consent"];

fn first_field(form: &WorkForm, wrong: WrongFields<'_>) -> &'static str {
    let is_wrong = |field: &&&str| !wrong.of(field).is_empty();
    let is_empty = |field: &&&str| form.text(field).is_empty();
    let first = FIELDS.iter().find(is_wrong).or_else(|| FIELDS.iter().find(is_empty));
    first.copied().unwrap_or("source")
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
    /// Why it is kept, where it is in quarantine or was given up; empty while it is only not read yet.
    why: &'static str,
    /// Somebody gave it up.
    is_dropped: bool,
    /// It was let go, and found to be another arrival once more.
    is_same: bool,
    /// They let go what is in quarantine.
    may_release: bool,
    /// Whose words the browser keeps.
    user: String,
}

/// Shows the form to enter a lead.
#[utoipa::path(get, path = "/leads/new", operation_id = "show_new_lead", tag = "pages",
    params(
        ("phone" = Option<String>, Query, description = "The number that rang."),
        ("lifted" = Option<bool>, Query, description = "What barred that number was lifted a moment ago."),
    ),
    responses(
        (status = 200, description = "The page.", content_type = "text/html", body = String),
        (status = 303, description = "Nobody is signed in: to the form to sign in."),
        (status = 404, description = "For people who work leads.", content_type = "text/html", body = String),
    ))]
pub async fn show(State(context): State<DeskContext>, viewer: Viewer, Query(query): Query<NewLeadQuery>) -> Response {
    if let Err(problem) = viewer.require_staff() {
        return problem.into_response();
    }
    let mut form = WorkForm::default();
    form.set("key", uuid_v7(context.clock.now()).to_string());
    form.set("phone", query.phone);
    let says = NewLeadSays { form, wrong: &[], is_lifted: query.lifted };
    page(&context, &viewer, StatusCode::OK, says).await
}

/// Enters a lead.
#[utoipa::path(post, path = "/leads/new", operation_id = "enter_lead_page", tag = "pages",
    request_body(content_type = "application/x-www-form-urlencoded",
                 description = "`source`, `key`, `name`, `phone`, `email`, `locale`, `note`, `consent`, `csrf`; `a.QUESTION` for each question of the script; `ask`, to be shown the questions of the source and enter nothing yet.", content = String),
    responses(
        (status = 200, description = "The form with the questions of the source that is chosen, as a page.", content_type = "text/html", body = String),
        (status = 303, description = "Entered: to its lead; or nobody is signed in: to the form to sign in."),
        (status = 403, description = "The form is of another session.", content_type = "text/html", body = String),
        (status = 404, description = "For people who work leads.", content_type = "text/html", body = String),
        (status = 422, description = "The form with what is wrong, as a page.", content_type = "text/html", body = String),
    ))]
pub async fn enter(State(context): State<DeskContext>, posted: CsrfForm<WorkForm>) -> Response {
    let CsrfForm { viewer, form } = posted;
    if let Err(problem) = viewer.require_staff() {
        return problem.into_response();
    }
    if !form.text("ask").is_empty() {
        let says = NewLeadSays { form, wrong: &[], is_lifted: false };
        return page(&context, &viewer, StatusCode::OK, says).await;
    }
    match run(&context, &viewer, &form).await {
        Ok(arrival) => Redirect::to(&format!("/leads/entered/{arrival}")).into_response(),
        Err(Refusal::Invalid(errors)) => {
            let says = NewLeadSays { form, wrong: &troubles(&errors), is_lifted: false };
            page(&context, &viewer, StatusCode::UNPROCESSABLE_ENTITY, says).await
        }
        Err(refusal) => refused(&refusal).into_response(),
    }
}

async fn run(context: &DeskContext, viewer: &Viewer, form: &WorkForm) -> Result<ArrivalId, Refusal> {
    let request = EnterForm::of(form).request()?;
    let asked = criteria(&context.actions, &viewer.actor, request.source).await?;
    let answers = asked.map(|criteria| first_answers(&criteria, form)).unwrap_or_default();
    context.actions.run(&viewer.actor, &EnterLead { answers, is_form: true, ..request }).await
}

const fn why_kept(reason: QuarantineReason) -> &'static str {
    match reason {
        QuarantineReason::Honeypot => "the form's honeypot was filled in, as programs do that post spam",
        QuarantineReason::Test => "its sender marked it as a test",
        QuarantineReason::KeyReused => "another body came under the same Idempotency-Key before",
        QuarantineReason::SourcePaused => "it is a form of a source that is paused",
    }
}

/// Leads to the lead of an arrival that was entered, as soon as it is there.
#[utoipa::path(get, path = "/leads/entered/{id}", operation_id = "show_entered_lead", tag = "pages",
    params(("id" = String, Path, description = "The arrival's id, arr_….")),
    responses(
        (status = 200, description = "It has no lead: a page that says whether it is not read yet, in quarantine or given up, and why.", content_type = "text/html", body = String),
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
    let kept = match kept_back(&context.actions, &viewer.actor, arrival).await {
        // What was let go is offered anew by the next sweep.
        Ok(kept) => kept.filter(|kept| kept.is_dropped || !kept.is_released),
        Err(refusal) => return refused(&refusal).into_response(),
    };
    let content = ComingTemplate {
        arrival: arrival.to_string(),
        why: kept.map_or("", |kept| why_kept(kept.reason)),
        is_dropped: kept.is_some_and(|kept| kept.is_dropped),
        is_same: kept.is_some_and(|kept| kept.is_released),
        may_release: viewer.actor.may(Permission::Manage),
        user: viewer.id().to_string(),
    };
    DeskPage { title: "Entered", place: Place::Leads, viewer: &viewer, query: "", content }.response(StatusCode::OK)
}

/// What the page says beside what it shows.
struct NewLeadSays<'a> {
    form: WorkForm,
    wrong: &'a [FieldTrouble],
    is_lifted: bool,
}

async fn page(context: &DeskContext, viewer: &Viewer, status: StatusCode, says: NewLeadSays<'_>) -> Response {
    let (actions, actor) = (&context.actions, &viewer.actor);
    let NewLeadSays { mut form, wrong, is_lifted } = says;
    let (sources, clients) = match (sources(actions, actor).await, client::list(actions, actor).await) {
        (Ok(sources), Ok(clients)) => (sources, clients),
        (Err(refusal), _) | (_, Err(refusal)) => return refused(&refusal).into_response(),
    };
    let without_source = match without_source(actions, actor).await {
        Ok(names) => names.join(", "),
        Err(refusal) => return refused(&refusal).into_response(),
    };
    // Of one there is nothing to choose.
    if let ([only], "") = (sources.as_slice(), form.text("source")) {
        form.set("source", only.id.to_string());
    }
    let wrong = WrongFields(wrong);
    let chosen = sources.iter().find(|source| source.id.to_string() == form.text("source"));
    let questions = match chosen {
        Some(source) => match criteria(actions, actor, source.id).await {
            Ok(asked) => asked
                .map(|criteria| first_questions(&criteria, &form, &source.country, |field| wrong.of(field).to_owned())),
            Err(refusal) => return refused(&refusal).into_response(),
        },
        None => None,
    };
    let client = |id| clients.iter().find(|client| client.id == id).map_or("", |client| client.name.as_str());
    let mut options: Vec<_> = sources
        .iter()
        .map(|source| SourceOption {
            value: source.id.to_string(),
            text: format!("{}: {}, {}", client(source.client), source.name, source.channel.word().replace('_', " ")),
            is_chosen: source.id.to_string() == form.text("source"),
        })
        .collect();
    options.sort_by(|one, other| one.text.cmp(&other.text));
    let content = NewLeadTemplate {
        csrf: viewer.csrf(),
        user: viewer.id().to_string(),
        typed: &EnterForm::of(&form),
        first: first_field(&form, wrong),
        wrong,
        sources: options,
        without_source,
        questions: questions.unwrap_or_default(),
        is_lifted,
    };
    DeskPage { title: "New lead", place: Place::Leads, viewer, query: "", content }.response(status)
}
