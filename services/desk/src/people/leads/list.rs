//! `/leads`: which leads, and what is next for each.

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use ripen_actions::{
    Refusal, client,
    desk::may_open_of,
    lead_list::{self, COUNTED_AT_MOST, LeadsCounted},
    lead_search::{self, FOUND_AT_MOST},
    lead_view,
};
use ripen_domain::{
    actor::Permission,
    lead::{Channel, Stage},
};
use ripen_store::{
    client::client_record::ClientRecord, source::source_record::SourceRecord, user::lead_view::LeadViewRecord,
};

use super::{
    asked::AskedLeads,
    choices::{GradeChoice, LeadView, SortChoice, StepChoice},
    csv::MOST_ROWS,
    filter_chips::FilterChip,
    listed_row::ShownRow,
    own_work::LeadsReader,
    query::LeadsQuery,
};
use crate::{
    context::DeskContext,
    people::{
        frame::{DeskPage, Place},
        points::{hides_points, withhold_points},
        refused::refused,
        viewer::Viewer,
        when::When,
    },
};

/// A view with how many leads it has, where they were counted.
struct LeadTab {
    view: LeadView,
    href: String,
    count: String,
    is_here: bool,
    is_late: bool,
}

/// Which views are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TabCounts {
    All,
    /// The one that is looked at.
    Here,
    None,
}

/// A filter that is chosen from a list.
struct FilterSelect {
    name: &'static str,
    label: &'static str,
    options: Vec<FilterOption>,
}

/// One of its choices.
struct FilterOption {
    value: String,
    text: String,
    is_chosen: bool,
}

/// A list that the reader saved.
struct SavedView {
    name: String,
    href: String,
    is_here: bool,
}

/// A column that can be sorted by.
struct SortLink {
    href: String,
    is_here: bool,
}

#[derive(Template)]
#[template(path = "people/leads/list.html")]
struct LeadsTemplate<'a> {
    query: &'a LeadsQuery,
    /// Where its parts are fetched anew; empty of a search, which stays as it was found.
    fetched_from: String,
    tabs: Vec<LeadTab>,
    chips: Vec<FilterChip>,
    clear: String,
    rows: Vec<ShownRow>,
    /// How many there are, in words.
    count: String,
    csv: String,
    csv_label: String,
    csrf: String,
    saved: Vec<SavedView>,
    /// The query under which this list is saved; of a search none is.
    savable: String,
    says: ListSays<'a>,
    /// `51–100 of 204`
    range: String,
    next: Option<String>,
    first: Option<String>,
    by_step: SortLink,
    by_points: SortLink,
    by_arrival: SortLink,
    selects: Vec<FilterSelect>,
    /// What a filter keeps beside itself.
    kept: Vec<(&'static str, &'static str)>,
    from: String,
    to: String,
    may_enter: bool,
    /// Neither shown nor an order to choose.
    hides_points: bool,
    sees_clients: bool,
    /// Nothing is filtered away: no lead is open at all.
    is_bare: bool,
}

/// Shows a list of leads.
#[utoipa::path(get, path = "/leads", operation_id = "show_leads", tag = "pages", params(LeadsQuery),
    responses(
        (status = 200, description = "The page.", content_type = "text/html", body = String),
        (status = 303, description = "Nobody is signed in: to the form to sign in."),
        (status = 400, description = "A filter cannot be read, is given twice, needs another one, or contradicts one: the page says so in place of a list.", content_type = "text/html", body = String),
        (status = 422, description = "There is no such client.", content_type = "text/html", body = String),
    ))]
pub async fn show(
    State(context): State<DeskContext>,
    viewer: Viewer,
    headers: HeaderMap,
    asked: AskedLeads,
) -> Response {
    let parts = headers.get("x-part").and_then(|parts| parts.to_str().ok());
    let against = &asked.in_words();
    let status = if against.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let says = ListSays { parts, against, ..ListSays::default() };
    match page(&context, &viewer, &asked.query, (status, says)).await {
        Ok(response) => response,
        Err(refusal) => refused(&refusal).into_response(),
    }
}

/// What was typed to save the list, where it could not be, or which parts of the page are asked for.
#[derive(Clone, Copy, Default)]
pub(super) struct ListSays<'a> {
    /// What it was to be called.
    pub name: &'a str,
    /// Why it is not.
    pub wrong: &'a str,
    /// What of the address would count for nothing: said in place of a list, which would be another than was asked.
    pub against: &'a str,
    /// The parts that a page fetches again, by their ids; none where it is the whole page.
    pub parts: Option<&'a str>,
}

impl ListSays<'_> {
    /// Which views are counted: of a search, and of what cannot be asked so, none.
    fn counts(&self, searched: bool) -> TabCounts {
        match (searched || !self.against.is_empty(), self.has_views()) {
            (true, _) => TabCounts::None,
            (false, true) => TabCounts::All,
            (false, false) => TabCounts::Here,
        }
    }

    /// Whether the numbers of all views are asked for: eight counts, where each page that lies open asks for its list all the time.
    fn has_views(&self) -> bool {
        self.parts.is_none_or(|parts| parts.split_ascii_whitespace().any(|part| part == "views"))
    }
}

/// The page.
pub(super) async fn page(
    context: &DeskContext,
    viewer: &Viewer,
    query: &LeadsQuery,
    (status, says): (StatusCode, ListSays<'_>),
) -> Result<Response, Refusal> {
    let (actions, now) = (&context.actions, context.clock.now());
    let (when, reader) = (When::of(viewer, now), LeadsReader::of(viewer, now));
    let searched = !query.q.trim().is_empty();
    let hides_points = hides_points(context, viewer);
    let query = &if hides_points { query.without_points() } else { query.clone() };
    let (mut leads, next, found) = if !says.against.is_empty() {
        (Vec::new(), None, Some("not listed".to_owned()))
    } else if searched {
        let found = lead_search::search(actions, &viewer.actor, &query.q).await?;
        let count = match (found.leads.len(), found.has_more) {
            (n, _) if found.is_cut => format!("{n} of very many, perhaps not the newest: type more to find fewer"),
            (_, true) => format!("the newest {FOUND_AT_MOST}: type more to find fewer"),
            (1, false) => "1 found".to_owned(),
            (n, false) => format!("{n} found"),
        };
        (found.leads, None, Some(count))
    } else {
        let listed = lead_list::list(actions, &viewer.actor, &query.meant(&reader)).await?;
        (listed.leads, listed.next, None)
    };
    withhold_points(context, viewer, &mut leads);
    let tabs = tabs(context, viewer, (query, says.counts(searched)), &reader).await?;
    let of_view = tabs.iter().find(|tab| tab.is_here).map(|tab| tab.count.clone()).unwrap_or_default();
    let sources = lead_list::sources(actions, &viewer.actor).await?;
    // Which lines of business a firm has is not a client's to know.
    let programs = match viewer.actor.may(Permission::Work) {
        true => lead_list::programs(actions, &viewer.actor).await?,
        false => Vec::new(),
    };
    let own = may_open_of(actions, &viewer.actor).await?;
    let source_name = sources.iter().find(|one| Some(one.id) == query.source).map_or("", |one| one.name.as_str());
    let sort = |sort: SortChoice| {
        let there = query.sorted(sort);
        SortLink { is_here: !searched && there.order() == query.order(), href: there.address("/leads") }
    };
    let content = LeadsTemplate {
        fetched_from: if searched || !says.against.is_empty() { String::new() } else { query.address("/leads") },
        chips: query.chips(source_name),
        clear: query.bare().address("/leads"),
        rows: leads.iter().map(|lead| ShownRow::of(&when, lead, own.contains(&lead.client))).collect(),
        csv: query.first_page().address("/leads.csv"),
        csv_label: csv_label(&of_view),
        csrf: viewer.csrf(),
        saved: saved(lead_view::list(actions, &viewer.actor).await?, query),
        savable: if searched { String::new() } else { query.first_page().query() },
        says,
        range: range(query, leads.len(), &of_view),
        count: found.unwrap_or(of_view),
        next: next.map(|mark| query.behind(mark, leads.len()).address("/leads")),
        first: query.after.map(|_| query.first_page().address("/leads")),
        by_step: sort(SortChoice::Next),
        by_points: sort(SortChoice::Points),
        by_arrival: sort(SortChoice::Arrived),
        selects: selects(query, &client::list(actions, &viewer.actor).await?, (&sources, &programs)),
        kept: kept(query),
        from: query.from.map(|day| day.to_string()).unwrap_or_default(),
        to: query.to.map(|day| day.to_string()).unwrap_or_default(),
        hides_points,
        may_enter: viewer.actor.may(Permission::Work),
        sees_clients: viewer.actor.scope().client_uuid().is_none(),
        is_bare: !searched && *query == query.bare() && query.view() == LeadView::Open,
        tabs,
        query,
    };
    Ok(DeskPage { title: "Leads", place: Place::Leads, viewer, query: &query.q, content }.response(status))
}

/// Every view under the filters of the address, with how many leads it has: all of them are counted, or the one that is looked at.
async fn tabs(
    context: &DeskContext,
    viewer: &Viewer,
    (query, counts): (&LeadsQuery, TabCounts),
    reader: &LeadsReader,
) -> Result<Vec<LeadTab>, Refusal> {
    let searched = !query.q.trim().is_empty();
    let mut tabs = Vec::new();
    for view in LeadView::ALL {
        let there = query.in_view(view);
        let filter = there.filter(view, reader);
        // Whoever searches does not wait for numbers of lists that were not asked for.
        let is_counted = match counts {
            TabCounts::All => true,
            TabCounts::Here => view == query.view(),
            TabCounts::None => false,
        };
        let counted = match is_counted {
            false => None,
            true => Some(lead_list::count(&context.actions, &viewer.actor, query.client.as_deref(), &filter).await?),
        };
        tabs.push(LeadTab {
            view,
            href: LeadsQuery { q: String::new(), ..there }.address("/leads"),
            count: counted.map(in_words).unwrap_or_default(),
            is_here: !searched && view == query.view(),
            is_late: view == LeadView::Late && counted.is_some_and(|counted| counted.n > 0),
        });
    }
    Ok(tabs)
}

/// The lists that the reader saved.
fn saved(views: Vec<LeadViewRecord>, query: &LeadsQuery) -> Vec<SavedView> {
    let here = query.first_page().query();
    let shown = views.into_iter().map(|view| SavedView {
        is_here: view.query == here,
        href: if view.query.is_empty() { "/leads".to_owned() } else { format!("/leads?{}", view.query) },
        name: view.name,
    });
    shown.collect()
}

/// Which of them the page shows, and of how many.
fn range(query: &LeadsQuery, shown: usize, of: &str) -> String {
    let before = usize::try_from(query.before()).unwrap_or(usize::MAX);
    let (first, last) = (before.saturating_add(1), before.saturating_add(shown));
    match of {
        "" => format!("{first}–{last}"),
        of => format!("{first}–{last} of {of}"),
    }
}

/// What the form of the filters keeps: the view and the order.
fn kept(query: &LeadsQuery) -> Vec<(&'static str, &'static str)> {
    let view = query.view.map(|view| ("view", view.word()));
    view.into_iter().chain(query.sort.map(|sort| ("sort", sort.word()))).collect()
}

fn selects(
    query: &LeadsQuery,
    clients: &[ClientRecord],
    (sources, programs): (&[SourceRecord], &[String]),
) -> Vec<FilterSelect> {
    let option = |value: String, text: String, is_chosen: bool| FilterOption { value, text, is_chosen };
    let plain = |word: &str, is_chosen: bool| option(word.to_owned(), word.replace('_', " "), is_chosen);
    let chosen_client = |one: &ClientRecord| query.client.as_deref() == Some(one.slug.as_str());
    let clients = clients.iter().map(|one| option(one.slug.clone(), one.name.clone(), chosen_client(one))).collect();
    let grades = [
        (GradeChoice::A, "A", "A"),
        (GradeChoice::B, "B", "B"),
        (GradeChoice::C, "C", "C"),
        (GradeChoice::Undecided, "none", "not graded"),
    ];
    let grades = grades.map(|(grade, word, text)| option(word.to_owned(), text.to_owned(), query.grade == Some(grade)));
    let steps =
        [(StepChoice::Late, "late"), (StepChoice::Due, "due today"), (StepChoice::Agreed, "agreed with the person")];
    let step =
        |(step, text): (StepChoice, &str)| option(step.word().to_owned(), text.to_owned(), query.promise == Some(step));
    let source = |one: &SourceRecord| option(one.id.to_string(), one.name.clone(), query.source == Some(one.id));
    let select = |name, label, options| FilterSelect { name, label, options };
    vec![
        select("client", "Client", clients),
        select(
            "program",
            "Program",
            programs.iter().map(|one| plain(one, query.program.as_deref() == Some(one))).collect(),
        ),
        select("grade", "Grade", grades.into()),
        select("stage", "Stage", Stage::ALL.iter().map(|one| plain(one.word(), query.stage == Some(*one))).collect()),
        select("source", "Source", sources.iter().map(source).collect()),
        select(
            "channel",
            "Channel",
            Channel::ALL.iter().map(|one| plain(one.word(), query.channel == Some(*one))).collect(),
        ),
        select("promise", "Next step", steps.map(step).into()),
    ]
}

/// `37`, or `1,000+` where counting ended.
fn in_words(counted: LeadsCounted) -> String {
    match (counted.n, counted.is_more) {
        (COUNTED_AT_MOST, true) => "1,000+".to_owned(),
        (COUNTED_AT_MOST, false) => "1,000".to_owned(),
        (n, _) => n.to_string(),
    }
}

/// How many rows the file has is said before it is asked for.
fn csv_label(count: &str) -> String {
    match count {
        "" => "CSV of these".to_owned(),
        many if many.ends_with('+') => format!("CSV, at most {MOST_ROWS} rows"),
        count => format!("CSV of these {count}"),
    }
}
