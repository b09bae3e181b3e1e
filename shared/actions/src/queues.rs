//! What waits, is late or is stuck, for whoever leads the desk. Every number comes with the list it counts.

use std::str::FromStr;

use futures::future::try_join;
use jiff::{SignedDuration, Timestamp};
use ripen_domain::{
    actor::{Actor, Permission, Scope},
    desk::{AgentTerms, for_team, shut},
    id::{ArrivalId, DeliveryId, LeadId},
};
use ripen_store::queues::{
    COUNTED, MOST,
    agents::AgentAtWork,
    cursor::{QueueCursor, QueueSpan},
    stuck::{ArrivalSender, StuckKind, StuckRow},
    waiting::{WaitingCount, WaitingFilter, WaitingKind},
};

use crate::{
    Actions, Refusal, client,
    desk::{GatesFor, gates_read, team},
    work::permit,
};

/// A promised call is late from so long after its time on.
pub const LATE: SignedDuration = SignedDuration::from_mins(5);
/// Late promises that the overview shows.
const FIRST: i64 = 6;
/// Rows of a list on one page.
const ON_A_PAGE: usize = 100;
/// Pages that are found by their number: each page before it is read on the way.
const NUMBERED: u16 = 50;

/// A list that a number leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueList {
    /// Leads that wait for an agent.
    Waiting(WaitingKind),
    /// Promised calls that are late, also those that nobody can make.
    Late,
    /// What is stuck.
    Stuck(StuckKind),
}

impl QueueList {
    /// As addresses have it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiting(kind) => kind.word(),
            Self::Late => "late",
            Self::Stuck(kind) => kind.word(),
        }
    }

    /// Every list.
    pub fn all() -> impl Iterator<Item = Self> {
        let waiting = WaitingKind::ALL.into_iter().map(Self::Waiting);
        waiting.chain([Self::Late]).chain(StuckKind::ALL.into_iter().map(Self::Stuck))
    }
}

/// There is no such list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownList;

impl FromStr for QueueList {
    type Err = UnknownList;

    fn from_str(text: &str) -> Result<Self, UnknownList> {
        Self::all().find(|list| list.word() == text).ok_or(UnknownList)
    }
}

/// Leads of one kind that wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingOfKind {
    /// Of which kind.
    pub kind: WaitingKind,
    /// By client; those of which none waits are left out.
    pub clients: Vec<WaitingCount>,
}

impl WaitingOfKind {
    /// How many in all.
    #[must_use]
    pub fn waiting(&self) -> i64 {
        self.clients.iter().map(|one| one.waiting).sum()
    }

    /// Since when the first of them waits.
    #[must_use]
    pub fn oldest(&self) -> Option<Timestamp> {
        self.clients.iter().filter_map(|one| one.oldest).min()
    }

    /// Whether more wait than were counted.
    #[must_use]
    pub fn has_more(&self) -> bool {
        self.clients.iter().any(|one| one.waiting >= COUNTED)
    }
}

/// What is stuck of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StuckOfKind {
    /// Of which kind.
    pub kind: StuckKind,
    /// The oldest first; at most [`MOST`](ripen_store::queues::MOST).
    pub rows: Vec<StuckRow>,
}

/// What the desk looks like now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueOverview {
    /// By kind, in the order of the desk.
    pub waiting: Vec<WaitingOfKind>,
    /// Promised calls that are late.
    pub late: WaitingOfKind,
    /// The first of those.
    pub late_first: Vec<QueueListRow>,
    /// What is stuck.
    pub stuck: Vec<StuckOfKind>,
    /// Who works.
    pub agents: Vec<AgentAtWork>,
}

/// One row of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueListRow {
    /// What it is, by its id.
    pub id: String,
    /// The lead, where there is one.
    pub lead: Option<LeadId>,
    /// Who, where that is known; of an arrival its source.
    pub name: Option<String>,
    /// Of an arrival, who sent it.
    pub sender: Option<ArrivalSender>,
    /// The client's name, where it is known whose it is.
    pub client: Option<String>,
    /// Since when; of what is held, until when, and none where that has no date.
    pub at: Option<Timestamp>,
    /// Why it is stuck, or of a lead that waits why nobody calls yet, in words.
    pub why: String,
    /// Where a page that ends with it ends.
    pub cursor: QueueCursor,
}

/// Which rows are meant.
#[derive(Debug, Clone)]
pub struct QueueQuery {
    /// Of which list.
    pub list: QueueList,
    /// Of this client alone, by its slug; what is stuck is listed of all.
    pub client: Option<String>,
    /// Of what is held, only what has no date: it goes on when somebody does something.
    pub is_undated: bool,
    /// Behind this row: where the page before ended.
    pub after: Option<QueueCursor>,
}

/// A page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueuePage {
    /// At most a hundred.
    pub rows: Vec<QueueListRow>,
    /// Where the next page begins; none where this is the last.
    pub next: Option<QueueCursor>,
}

impl QueuePage {
    /// As many rows as fit, of one more where there are more.
    fn cut(mut rows: Vec<QueueListRow>) -> Self {
        let has_more = rows.len() > ON_A_PAGE;
        rows.truncate(ON_A_PAGE);
        let next = rows.last().filter(|_| has_more).map(|last| last.cursor);
        Self { rows, next }
    }
}

/// Whether anything is late or stuck.
///
/// # Errors
/// `Forbidden` for who does not lead the desk.
pub async fn overview(actions: &Actions, actor: &Actor) -> Result<QueueOverview, Refusal> {
    permit(actor, Permission::Manage)?;
    let (store, scope, now) = (&actions.store, actor.scope(), actions.clock.now());
    let counts = async {
        let mut waiting = Vec::new();
        for kind in WaitingKind::ALL {
            waiting.push(WaitingOfKind { kind, clients: store.waiting_counts(scope, kind, now).await? });
        }
        Ok::<_, Refusal>((waiting, store.waiting_counts(scope, WaitingKind::Owed, late_by(now).due_by).await?))
    };
    let others = async {
        let mut stuck = Vec::new();
        for kind in StuckKind::ALL {
            stuck.push(StuckOfKind { kind, rows: store.stuck(scope, kind, QueueSpan::first(MOST)).await? });
        }
        let late = waits(actions, scope, WaitingFilter { limit: FIRST, ..late_by(now) }).await?;
        Ok::<_, Refusal>((stuck, with_reasons(actions, (scope, now), late).await?))
    };
    // Both read much: one does not wait for the other.
    let ((waiting, late), (stuck, late_first)) = try_join(counts, others).await?;
    let late = WaitingOfKind { kind: WaitingKind::Owed, clients: late };
    Ok(QueueOverview { waiting, late, late_first, stuck, agents: store.agents_at_work(scope).await? })
}

/// A page of the rows behind a number.
///
/// # Errors
/// `Forbidden` for who does not lead the desk; names the clients there are where it is none of them.
pub async fn list(actions: &Actions, actor: &Actor, query: &QueueQuery) -> Result<QueuePage, Refusal> {
    permit(actor, Permission::Manage)?;
    let scope = client::scope(actions, actor, query.client.as_deref()).await?;
    let now = actions.clock.now();
    let found = page(actions, scope, now, query).await?;
    match query.list {
        QueueList::Stuck(_) => Ok(found),
        _ => Ok(QueuePage { rows: with_reasons(actions, (scope, now), found.rows).await?, ..found }),
    }
}

/// The page of this number, from 0 on, for programs that count pages: as [`list`] where nothing came or went since the page before. A page
/// behind the last one has no rows.
///
/// # Errors
/// As [`list`]; and where the number is so high that finding its page would read too many others.
pub async fn numbered(actions: &Actions, actor: &Actor, query: &QueueQuery, number: u16) -> Result<QueuePage, Refusal> {
    permit(actor, Permission::Manage)?;
    if number > NUMBERED {
        let told = format!("pages are counted to {NUMBERED}: go on with after, which is the next of the page before");
        return Err(Refusal::field("page", "out_of_range", told));
    }
    let scope = client::scope(actions, actor, query.client.as_deref()).await?;
    let (now, mut query) = (actions.clock.now(), query.clone());
    for _ in 0..number {
        let before = page(actions, scope, now, &query).await?;
        let Some(next) = before.next else { return Ok(QueuePage::default()) };
        query.after = Some(next);
    }
    list(actions, actor, &query).await
}

/// The rows of a page; of leads that wait without what stands against calling.
async fn page(actions: &Actions, scope: Scope, now: Timestamp, query: &QueueQuery) -> Result<QueuePage, Refusal> {
    let (after, limit) = (query.after, one_more());
    let filter = match query.list {
        QueueList::Waiting(kind) => WaitingFilter { kind, due_by: now, after, limit },
        QueueList::Late => WaitingFilter { after, ..late_by(now) },
        QueueList::Stuck(kind) => {
            let span = QueueSpan { after, limit };
            let rows = match kind {
                StuckKind::Held if query.is_undated => actions.store.stuck_undated(scope, span).await?,
                kind => actions.store.stuck(scope, kind, span).await?,
            };
            return Ok(QueuePage::cut(rows.into_iter().map(|row| QueueListRow::of(kind, row)).collect()));
        }
    };
    Ok(QueuePage::cut(waits(actions, scope, filter).await?))
}

/// Promises that are late, from the first on.
fn late_by(now: Timestamp) -> WaitingFilter {
    let due_by = now.checked_sub(LATE).unwrap_or(now);
    WaitingFilter { kind: WaitingKind::Owed, due_by, after: None, limit: one_more() }
}

/// One more than fits on a page tells whether there is another.
fn one_more() -> i64 {
    i64::try_from(ON_A_PAGE).map_or(i64::MAX, |fit| fit.saturating_add(1))
}

/// Leads that wait, each with what stands against calling now: by the function that decides whether a lead is handed out.
async fn with_reasons(
    actions: &Actions,
    (scope, now): (Scope, Timestamp),
    mut rows: Vec<QueueListRow>,
) -> Result<Vec<QueueListRow>, Refusal> {
    let leads: Vec<_> = rows.iter().filter_map(|row| row.lead).collect();
    if leads.is_empty() {
        return Ok(rows);
    }
    let team = team(&actions.store, scope, now).await?;
    let anybody = AgentTerms::default();
    let terms = GatesFor { agent: &anybody, hours: &actions.hours, now };
    let read = gates_read(&mut actions.store.begin().await?, scope, &leads, terms).await?;
    let nothing = match team.here().next() {
        Some(_) => "can be called now: no agent has taken it yet",
        None => "can be called now: no agent is at work",
    };
    for row in &mut rows {
        let Some(found) = row.lead.and_then(|lead| read.get(&lead)) else { continue };
        let gates = for_team(found.gates.clone(), &found.standing.facts, &team);
        let standing: Vec<_> = shut(&gates).map(|gate| gate.words.as_str()).collect();
        row.why = if standing.is_empty() { nothing.to_owned() } else { standing.join("; ") };
    }
    Ok(rows)
}

async fn waits(actions: &Actions, scope: Scope, filter: WaitingFilter) -> Result<Vec<QueueListRow>, Refusal> {
    let rows = actions.store.waiting_list(scope, filter).await?;
    let row = rows.into_iter().map(|row| QueueListRow {
        cursor: row.cursor(),
        id: row.lead.to_string(),
        lead: Some(row.lead),
        name: row.name,
        sender: None,
        client: Some(row.client_name),
        at: Some(row.at),
        why: String::new(),
    });
    Ok(row.collect())
}

impl QueueListRow {
    /// Since when a delivery is held that has no date: its id is as old as it is.
    #[must_use]
    pub fn held_since(&self) -> Option<Timestamp> {
        let made = self.id.parse::<DeliveryId>().ok()?.uuid().get_timestamp()?;
        let (seconds, nanoseconds) = made.to_unix();
        Timestamp::new(i64::try_from(seconds).ok()?, i32::try_from(nanoseconds).ok()?).ok()
    }

    /// Of something that is stuck.
    #[must_use]
    pub fn of(kind: StuckKind, row: StuckRow) -> Self {
        let id = match kind {
            StuckKind::Held | StuckKind::Dead => DeliveryId::from_uuid(row.id).to_string(),
            StuckKind::Quarantine => ArrivalId::from_uuid(row.id).to_string(),
            StuckKind::Letters | StuckKind::Reviews => row.id.to_string(),
        };
        let StuckRow { lead, name, sender, client, at, why, cursor, .. } = row;
        Self { id, lead, name, sender, client, at, why, cursor }
    }
}
