//! The page, and the page of each list.

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use ripen_actions::queues::{
    QueueList, QueueListRow, QueueOverview, QueuePage, QueueQuery, StuckOfKind, WaitingOfKind, list, overview,
};
use ripen_domain::contact_link::shown_number;
use ripen_store::queues::{
    COUNTED, MOST, agents::AgentAtWork, cursor::QueueCursor, stuck::StuckKind, waiting::WaitingKind,
};
use ripen_web::extract::{PathId, Query};

use super::{
    LEADS_THE_DESK,
    act::{QueueAct, acts},
    handed_out, title,
    told::{QueueTold, QueuesQuery, RowsQuery},
};
use crate::{
    context::DeskContext,
    people::{
        frame::{DeskPage, Place},
        letters::capital,
        refused::refused,
        viewer::Viewer,
        when::When,
    },
};

/// Rows of a list on the page itself.
const SHOWN: usize = 6;

/// A number that leads to its list.
struct LinkedNumber {
    href: String,
    count: i64,
    is_more: bool,
}

/// One kind of waiting as a row.
struct WaitingLine {
    title: &'static str,
    /// Above a column.
    short: &'static str,
    all: LinkedNumber,
    oldest: Option<Timestamp>,
    clients: Vec<LinkedNumber>,
}

/// One list of what is stuck.
struct StuckCard {
    acts: &'static [QueueAct],
    title: &'static str,
    word: &'static str,
    all: LinkedNumber,
    /// Its times lie ahead.
    is_ahead: bool,
    /// Its rows are arrivals, each with who sent it.
    is_arrivals: bool,
    is_bad: bool,
    rows: Vec<QueueListRow>,
}

/// A leads that are held until somebody does something.
struct NobodyTakes {
    number: LinkedNumber,
    /// Their client's name; empty where they are several's.
    client: String,
    oldest: Option<Timestamp>,
}

impl NobodyTakes {
    /// None where all that is held goes on by itself.
    fn of(rows: &[QueueListRow]) -> Option<Self> {
        let undated: Vec<_> = rows.iter().filter(|row| row.at.is_none()).collect();
        let first = undated.first()?.client.clone().unwrap_or_default();
        let is_one = undated.iter().all(|row| row.client.as_ref() == Some(&first));
        Some(Self {
            number: LinkedNumber {
                href: format!("/queues/{}?undated=true", StuckKind::Held.word()),
                count: i64::try_from(undated.len()).unwrap_or(MOST),
                // Of those that are not read there may be more.
                is_more: rows.len() >= most(),
            },
            client: if is_one { first } else { String::new() },
            oldest: undated.iter().filter_map(|row| row.held_since()).min(),
        })
    }
}

/// A rank of the order, in words.
struct RankLine {
    because: String,
    first_of: &'static str,
}

#[derive(Template)]
#[template(path = "people/queues.html")]
struct QueuesTemplate {
    /// Names of clients of which anything waits.
    clients: Vec<String>,
    waiting: Vec<WaitingLine>,
    late: LinkedNumber,
    late_rows: Vec<QueueListRow>,
    unheld: Option<NobodyTakes>,
    /// A leads that could not be delivered.
    dead: LinkedNumber,
    agents: Vec<AgentAtWork>,
    stuck: Vec<StuckCard>,
    /// What of those is empty, in one line.
    empty: String,
    /// In which order leads are handed out, each with why and with which of several comes first.
    order: Vec<RankLine>,
    when: When,
    place: String,
    csrf: String,
    /// Where a button leads back to.
    back: &'static str,
    /// What became of what a button did.
    told: Option<QueueTold>,
}

impl QueuesTemplate {
    /// What somebody without a lead is doing.
    fn state(&self, agent: &AgentAtWork) -> &'static str {
        match agent.seen_at {
            None => "not signed in",
            Some(_) if agent.is_here(self.when.now()) => "waiting",
            Some(_) => "away",
        }
    }

    /// How many work or wait.
    fn here(&self) -> usize {
        self.agents.iter().filter(|agent| agent.is_here(self.when.now())).count()
    }
}

#[derive(Template)]
#[template(path = "people/queue.html")]
struct QueueTemplate<'a> {
    title: &'static str,
    word: &'static str,
    client: &'a str,
    /// Only what has no date is shown.
    is_undated: bool,
    rows: &'a [QueueListRow],
    /// Of leads that wait, why nobody calls yet; of what is stuck, why it is.
    why: &'static str,
    /// Its times lie ahead.
    is_ahead: bool,
    /// Its rows are arrivals, each with who sent it.
    is_arrivals: bool,
    /// Its times are past, and should not be.
    is_late: bool,
    /// Which row comes first.
    order: &'static str,
    /// The address of this very page: it is read again as rows come and go.
    here: String,
    /// The address of the first page, on those behind it.
    first: Option<String>,
    /// The address of the next page.
    next: Option<String>,
    when: When,
    acts: &'static [QueueAct],
    csrf: String,
    back: &'static str,
    told: Option<QueueTold>,
}

/// Is anything late or stuck?
#[utoipa::path(get, path = "/queues", operation_id = "show_queues", tag = "pages",
    params(("told" = inline(Option<QueueTold>), Query, description = "What became of what a button did.")),
    responses(
        (status = 200, description = "The page.", content_type = "text/html", body = String),
        (status = 303, description = "Nobody is signed in: to the form to sign in."),
        (status = 404, description = "For managers and admins alone.", content_type = "text/html", body = String),
    ))]
pub async fn show(
    State(context): State<DeskContext>,
    // First: to whom nothing is shown, an address that leads nowhere looks like any other.
    viewer: Viewer,
    Query(query): Query<QueuesQuery>,
) -> Response {
    if let Err(problem) = viewer.require(LEADS_THE_DESK) {
        return problem.into_response();
    }
    let found = match overview(&context.actions, &viewer.actor).await {
        Ok(found) => found,
        Err(refusal) => return refused(&refusal).into_response(),
    };
    let when = When::of(&viewer, context.clock.now());
    let content = QueuesTemplate { told: query.told, ..template(found, when, viewer.csrf()) };
    DeskPage { title: "Queues", place: Place::Queues, viewer: &viewer, query: "", content }.response(StatusCode::OK)
}

/// The rows behind a number.
#[utoipa::path(get, path = "/queues/{list}", operation_id = "show_queue", tag = "pages",
    params(
        ("list" = String, Path, description = "promised, new, due, rest, no_number, late, held, dead, letters, quarantine or reviews."),
        ("client" = Option<String>, Query, description = "Only of this client."),
        ("undated" = Option<bool>, Query, description = "Of what is held, only what has no date."),
        ("after" = Option<String>, Query, description = "Behind which row: where the page before ended."),
        ("told" = inline(Option<QueueTold>), Query, description = "What became of what a button did."),
    ),
    responses(
        (status = 200, description = "The page.", content_type = "text/html", body = String),
        (status = 303, description = "Nobody is signed in: to the form to sign in."),
        (status = 404, description = "There is no such list or client, or it is for managers and admins alone.", content_type = "text/html", body = String),
    ))]
pub async fn show_list(
    State(context): State<DeskContext>,
    // First: to whom nothing is shown, an address that leads nowhere looks like any other.
    viewer: Viewer,
    PathId(list_of): PathId<QueueList>,
    Query(query): Query<RowsQuery>,
) -> Response {
    if let Err(problem) = viewer.require(LEADS_THE_DESK) {
        return problem.into_response();
    }
    let asked = QueueQuery { list: list_of, client: query.client, is_undated: query.undated, after: query.after };
    let QueuePage { rows, next } = match list(&context.actions, &viewer.actor, &asked).await {
        Ok(page) => page,
        Err(refusal) => return refused(&refusal).into_response(),
    };
    let rows: Vec<_> = rows.into_iter().map(as_read).collect();
    let content = QueueTemplate {
        title: title(list_of),
        word: list_of.word(),
        client: asked.client.as_deref().unwrap_or_default(),
        is_undated: asked.is_undated,
        rows: &rows,
        why: if matches!(list_of, QueueList::Stuck(_)) { "Why" } else { "Why not yet" },
        is_ahead: list_of == QueueList::Stuck(StuckKind::Held),
        is_arrivals: list_of == QueueList::Stuck(StuckKind::Quarantine),
        is_late: list_of == QueueList::Late,
        // What was given up stands there until somebody does something of it: today's must not hide behind last month's.
        order: if list_of == QueueList::Stuck(StuckKind::Dead) { "newest" } else { "oldest" },
        here: address(&asked, asked.after),
        first: asked.after.map(|_| address(&asked, None)),
        next: next.map(|next| address(&asked, Some(next))),
        when: When::of(&viewer, context.clock.now()),
        acts: acts(list_of),
        csrf: viewer.csrf(),
        back: "list",
        told: query.told,
    };
    DeskPage { title: title(list_of), place: Place::Queues, viewer: &viewer, query: "", content }
        .response(StatusCode::OK)
}

/// A row with the number of who sent it as people write numbers.
fn as_read(mut row: QueueListRow) -> QueueListRow {
    if let Some(phone) = row.sender.as_mut().and_then(|sender| sender.phone.as_mut()) {
        *phone = shown_number(phone);
    }
    row
}

/// The address of a page of the same list.
fn address(query: &QueueQuery, after: Option<QueueCursor>) -> String {
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    if let Some(client) = &query.client {
        pairs.append_pair("client", client);
    }
    if query.is_undated {
        pairs.append_pair("undated", "true");
    }
    if let Some(after) = after {
        pairs.append_pair("after", &after.to_string());
    }
    let (path, pairs) = (format!("/queues/{}", query.list.word()), pairs.finish());
    if pairs.is_empty() { path } else { format!("{path}?{pairs}") }
}

fn number(list: QueueList, client: Option<&str>, (count, is_more): (i64, bool)) -> LinkedNumber {
    // A slug is small letters, digits and hyphens: it stands in an address as it is.
    let query = client.map(|client| format!("?client={client}")).unwrap_or_default();
    LinkedNumber { href: format!("/queues/{}{query}", list.word()), count, is_more }
}

/// Of what is stuck, all that was read.
fn stuck_number(kind: StuckKind, read: usize) -> LinkedNumber {
    number(QueueList::Stuck(kind), None, (i64::try_from(read).unwrap_or(MOST), read >= most()))
}

/// So many rows are read at most.
fn most() -> usize {
    usize::try_from(MOST).unwrap_or(usize::MAX)
}

/// What a kind is called above a column.
const fn short(kind: WaitingKind) -> &'static str {
    match kind {
        WaitingKind::Promised => "Promised",
        WaitingKind::New => "New",
        WaitingKind::Due => "Due",
        WaitingKind::Rest => "Tried",
        WaitingKind::NoNumber => "No number",
        WaitingKind::Owed => "Late",
    }
}

fn all(list: QueueList, waiting: &WaitingOfKind) -> LinkedNumber {
    number(list, None, (waiting.waiting(), waiting.has_more()))
}

/// As the desk goes by it.
fn order() -> Vec<RankLine> {
    handed_out().map(|rank| RankLine { because: capital(rank.because()), first_of: rank.first_of() }).collect()
}

fn template(found: QueueOverview, when: When, csrf: String) -> QueuesTemplate {
    let mut clients: Vec<_> = found.waiting.iter().flat_map(|kind| &kind.clients).collect();
    clients.sort_by(|one, other| (&one.client_name, &one.client).cmp(&(&other.client_name, &other.client)));
    clients.dedup_by(|one, other| one.client == other.client);
    let line = |kind: &WaitingOfKind| {
        let list = QueueList::Waiting(kind.kind);
        let of_client = |slug: &str| {
            let count = kind.clients.iter().find(|one| one.client == slug).map_or(0, |one| one.waiting);
            number(list, Some(slug), (count, count >= COUNTED))
        };
        WaitingLine {
            title: title(list),
            short: short(kind.kind),
            all: all(list, kind),
            oldest: kind.oldest(),
            clients: clients.iter().map(|client| of_client(&client.client)).collect(),
        }
    };
    let waiting = found.waiting.iter().map(line).collect();
    let names = clients.iter().map(|one| match one.is_paused {
        true => format!("{} (paused)", one.client_name),
        false => one.client_name.clone(),
    });
    let names = names.collect();
    let late = all(QueueList::Late, &found.late);
    let of_kind = |stuck: StuckOfKind| {
        let kind = stuck.kind;
        (kind, stuck.rows.into_iter().map(|row| as_read(QueueListRow::of(kind, row))).collect::<Vec<_>>())
    };
    let (empty, full): (Vec<_>, Vec<_>) = found.stuck.into_iter().map(of_kind).partition(|(_, rows)| rows.is_empty());
    let rows_of =
        |kind: StuckKind| full.iter().find(|(of, _)| *of == kind).map_or(&[][..], |(_, rows)| rows.as_slice());
    let unheld = NobodyTakes::of(rows_of(StuckKind::Held));
    let dead = stuck_number(StuckKind::Dead, rows_of(StuckKind::Dead).len());
    let empty: Vec<_> = empty.into_iter().map(|(kind, _)| title(QueueList::Stuck(kind)).to_lowercase()).collect();
    let stuck = full.into_iter().map(|(kind, rows)| {
        let list = QueueList::Stuck(kind);
        StuckCard {
            title: title(list),
            word: list.word(),
            acts: acts(list),
            all: stuck_number(kind, rows.len()),
            is_ahead: kind == StuckKind::Held,
            is_arrivals: kind == StuckKind::Quarantine,
            is_bad: matches!(kind, StuckKind::Dead | StuckKind::Letters) || kind == StuckKind::Held && unheld.is_some(),
            rows: rows.into_iter().take(SHOWN).collect(),
        }
    });
    let stuck = stuck.collect();
    let place = format!("{} {}", when.hour(when.now()), when.place());
    QueuesTemplate {
        clients: names,
        waiting,
        late,
        late_rows: found.late_first,
        unheld,
        dead,
        agents: found.agents,
        stuck,
        empty: empty.join(", no "),
        order: order(),
        when,
        place,
        csrf,
        back: "all",
        told: None,
    }
}
