//! `GET /api/v1/queues` and the lists behind its numbers.

use axum::{Json, extract::State};
use jiff::Timestamp;
use ripen_actions::queues::{QueueList, QueueListRow, QueueQuery, WaitingOfKind, list, numbered, overview};
use ripen_store::queues::{MOST, cursor::QueueCursor, waiting::WaitingCount};
use ripen_web::{
    Problem,
    extract::{NamedFields, PathId, Query},
};
use serde::{Deserialize, Serialize};
use serde_html_form::de::empty_as_none;
use utoipa::ToSchema;

use super::{LEADS_THE_DESK, act::acts, handed_out};
use crate::{
    context::DeskContext,
    people::{refused::refused, viewer::Viewer},
};

/// How many leads of a client wait.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClientWaiting {
    /// The client's slug.
    client: String,
    /// How many.
    waiting: i64,
    /// Since when the first of them waits.
    oldest: Option<Timestamp>,
    /// The client is paused: nobody is called for it.
    paused: bool,
}

/// A number, and the list it counts.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountedQueue {
    /// `promised`, `new`, `due`, `rest`, `no_number`, `late`, `held`, `dead`, `letters`, `quarantine` or `reviews`.
    #[schema(example = "promised")]
    list: &'static str,
    /// How many.
    count: i64,
    /// There are more: leads that wait are counted up to 100 of each client, what is stuck up to 500.
    more: bool,
    /// Since when the first of them waits; of what is held, until when.
    oldest: Option<Timestamp>,
    /// By client, of leads that wait.
    clients: Vec<ClientWaiting>,
}

/// Somebody who works.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgentNow {
    /// Who.
    #[schema(value_type = String, example = "user_01kahxq5z5e4y9wd3tvdnzxkqj")]
    user: String,
    /// Their name.
    name: String,
    /// When a page of theirs was last seen.
    seen_at: Option<Timestamp>,
    /// The lead they have open.
    lead: Option<String>,
    /// Since when.
    since: Option<Timestamp>,
}

/// What the desk looks like now.
#[derive(Debug, Serialize, ToSchema)]
pub struct QueuesAnswer {
    /// Every number.
    queues: Vec<CountedQueue>,
    /// Who works.
    agents: Vec<AgentNow>,
    /// In which order leads are handed out.
    order: Vec<HandedOutRank>,
}

/// A rank of the order in which leads are handed out.
#[derive(Debug, Serialize, ToSchema)]
pub struct HandedOutRank {
    /// Why a lead of this rank is handed out, in words.
    because: &'static str,
    /// Which of several comes first, in words.
    first_of: &'static str,
}

/// Is anything late or stuck?
#[utoipa::path(get, path = "/api/v1/queues", operation_id = "get_queues", tag = "desk",
    responses(
        (status = 200, description = "Numbers, and who works.", body = QueuesAnswer),
        (status = 401, description = "Nobody is signed in.", content_type = "application/problem+json", body = Problem),
        (status = 404, description = "For managers and admins alone.", content_type = "application/problem+json", body = Problem),
    ))]
pub async fn show(State(context): State<DeskContext>, viewer: Viewer) -> Result<Json<QueuesAnswer>, Problem> {
    viewer.require(LEADS_THE_DESK)?;
    let found = overview(&context.actions, &viewer.actor).await.map_err(|refusal| refused(&refusal))?;
    let mut queues: Vec<_> =
        found.waiting.iter().map(|waiting| counted(QueueList::Waiting(waiting.kind), waiting)).collect();
    queues.push(counted(QueueList::Late, &found.late));
    queues.extend(found.stuck.iter().map(|stuck| {
        let count = i64::try_from(stuck.rows.len()).unwrap_or(MOST);
        let oldest = stuck.rows.iter().find_map(|row| row.at);
        CountedQueue { list: stuck.kind.word(), count, more: count >= MOST, oldest, clients: Vec::new() }
    }));
    let agents = found.agents.into_iter().map(|agent| AgentNow {
        user: agent.user.to_string(),
        name: agent.name,
        seen_at: agent.seen_at,
        lead: agent.on.as_ref().map(|on| on.lead.to_string()),
        since: agent.on.map(|on| on.since),
    });
    let order = handed_out().map(|rank| HandedOutRank { because: rank.because(), first_of: rank.first_of() });
    Ok(Json(QueuesAnswer { queues, agents: agents.collect(), order: order.collect() }))
}

fn counted(list: QueueList, waiting: &WaitingOfKind) -> CountedQueue {
    let of = |one: &WaitingCount| ClientWaiting {
        client: one.client.clone(),
        waiting: one.waiting,
        oldest: one.oldest,
        paused: one.is_paused,
    };
    CountedQueue {
        list: list.word(),
        count: waiting.waiting(),
        more: waiting.has_more(),
        oldest: waiting.oldest(),
        clients: waiting.clients.iter().map(of).collect(),
    }
}

/// Which rows are meant.
#[derive(Debug, Default, Deserialize)]
pub struct ListQuery {
    client: Option<String>,
    #[serde(default)]
    undated: bool,
    #[serde(default, deserialize_with = "empty_as_none")]
    after: Option<QueueCursor>,
    #[serde(default)]
    page: u16,
}

impl NamedFields for ListQuery {
    fn hint(field: &str) -> &'static str {
        match field {
            "after" => "Write the next of the page before.",
            "page" => "Write a number from 0 on.",
            "undated" => "Write true.",
            _ => "Write a client's slug.",
        }
    }
}

/// Who sent an arrival, as they said it.
#[derive(Serialize, ToSchema)]
pub struct QueueSenderAnswer {
    /// Their name.
    name: Option<String>,
    /// Their mail address.
    email: Option<String>,
    /// Their number: E.164, with `;ext=` and the extension where there is one.
    #[schema(example = "+17735550131")]
    phone: Option<String>,
    /// The name of the source that it came by.
    source: String,
}

/// Contact data, but for the source.
impl std::fmt::Debug for QueueSenderAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("QueueSenderAnswer").field("source", &self.source).finish_non_exhaustive()
    }
}

/// A row of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct QueueRowAnswer {
    /// What it is, by its id.
    id: String,
    /// The lead.
    lead: Option<String>,
    /// Who; of an arrival its source.
    name: Option<String>,
    /// Of an arrival in quarantine, who sent it; null of everything else.
    sender: Option<QueueSenderAnswer>,
    /// The client's name.
    client: Option<String>,
    /// Since when; of what is held, until when, and null where it waits for something that has no date.
    at: Option<Timestamp>,
    /// Why it is stuck; of a lead that waits, why nobody calls it yet.
    why: Option<String>,
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct QueueRowsAnswer {
    /// Up to 100.
    rows: Vec<QueueRowAnswer>,
    /// What `after` is for the next page; null on the last one.
    next: Option<String>,
    /// The number of the next page; null on the last one, and where the page was asked for by `after`. Between two numbers a row can be
    /// passed over that others moved up for: `next` never does.
    next_page: Option<u16>,
    /// What can be done about each row, by `POST` to this address: `again`, `release`, `drop`; nothing of most lists.
    acts: Vec<&'static str>,
}

/// The rows behind a number.
#[utoipa::path(get, path = "/api/v1/queues/{list}", operation_id = "list_queue", tag = "desk",
    params(
        ("list" = String, Path, description = "As in `queues.list`."),
        ("client" = Option<String>, Query, description = "Only of this client."),
        ("undated" = Option<bool>, Query, description = "Of what is held, only what has no date: it goes on when somebody does something."),
        ("after" = Option<String>, Query, description = "The `next` of the page before: the rows behind it, whatever came or went meanwhile."),
        ("page" = Option<u16>, Query, description = "Which page, from 0 to 50, for programs that count pages; `after` goes before."),
    ),
    responses(
        (status = 200, description = "The rows.", body = QueueRowsAnswer),
        (status = 400, description = "The query cannot be read.", content_type = "application/problem+json", body = Problem),
        (status = 401, description = "Nobody is signed in.", content_type = "application/problem+json", body = Problem),
        (status = 404, description = "There is no such list, or it is for managers and admins alone.", content_type = "application/problem+json", body = Problem),
        (status = 422, description = "There is no such client, or pages are not counted so far.", content_type = "application/problem+json", body = Problem),
    ))]
pub async fn show_list(
    State(context): State<DeskContext>,
    // First: to whom nothing is shown, an address that leads nowhere looks like any other.
    viewer: Viewer,
    PathId(list_of): PathId<QueueList>,
    Query(query): Query<ListQuery>,
) -> Result<Json<QueueRowsAnswer>, Problem> {
    viewer.require(LEADS_THE_DESK)?;
    let asked = QueueQuery { list: list_of, client: query.client, is_undated: query.undated, after: query.after };
    let (actions, actor) = (&context.actions, &viewer.actor);
    let found = match query.after {
        Some(_) => list(actions, actor, &asked).await,
        None => numbered(actions, actor, &asked, query.page).await,
    };
    let found = found.map_err(|refusal| refused(&refusal))?;
    let row = |row: QueueListRow| QueueRowAnswer {
        id: row.id,
        lead: row.lead.map(|lead| lead.to_string()),
        name: row.name,
        sender: row.sender.map(|sender| QueueSenderAnswer {
            name: sender.name,
            email: sender.email,
            phone: sender.phone,
            source: sender.source,
        }),
        client: row.client,
        at: row.at,
        why: Some(row.why).filter(|why| !why.is_empty()),
    };
    let acts = acts(list_of).iter().map(|act| act.what).collect();
    let next = found.next.map(|next| next.to_string());
    let next_page = found.next.filter(|_| query.after.is_none()).map(|_| query.page.saturating_add(1));
    Ok(Json(QueueRowsAnswer { rows: found.rows.into_iter().map(row).collect(), next, next_page, acts }))
}
