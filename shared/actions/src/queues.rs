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
    COUNTED,
    agents::AgentAtWork,
    stuck::{StuckKind, StuckRow},
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
const FIRST: usize = 6;
/// Rows of a list on one page.
pub const ON_A_PAGE: i64 = 100;

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
    /// The client's name, where it is known whose it is.
    pub client: Option<String>,
    /// Since when; of what is held, until when, and none where that has no date.
    pub at: Option<Timestamp>,
    /// Why it is stuck, or of a lead that waits why nobody calls yet, in words.
    pub why: String,
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
    /// Which page of [`ON_A_PAGE`] rows, from 0 on.
    pub page: u16,
}

/// Whether anything is late or stuck.
///
/// # Errors
/// `Forbidden` for who does not lead the desk.
pub async fn overview(actions: &Actions, actor: &Actor) -> Result<QueueOverview, Refusal> {
    permit(actor, Permission::Manage)?;
    let (store, scope, now) = (&actions.store, actor.scope(), actions.clock.now());
    let waits = async {
        let mut waiting = Vec::new();
        for kind in WaitingKind::ALL {
            waiting.push(WaitingOfKind { kind, clients: store.waiting_counts(scope, kind, now).await? });
        }
        Ok::<_, Refusal>((waiting, store.waiting_counts(scope, WaitingKind::Owed, late_by(now)).await?))
    };
    let others = async {
        let mut stuck = Vec::new();
        for kind in StuckKind::ALL {
            stuck.push(StuckOfKind { kind, rows: store.stuck(scope, kind).await? });
        }
        Ok::<_, Refusal>((stuck, late_rows(actions, scope, (now, 0), FIRST).await?))
    };
    // Both read much: one does not wait for the other.
    let ((waiting, late), (stuck, late_first)) = try_join(waits, others).await?;
    let late = WaitingOfKind { kind: WaitingKind::Owed, clients: late };
    Ok(QueueOverview { waiting, late, late_first, stuck, agents: store.agents_at_work(scope).await? })
}

/// The rows behind a number; one more than a page has where there are more.
///
/// # Errors
/// `Forbidden` for who does not lead the desk; names the clients there are where it is none of them.
pub async fn list(actions: &Actions, actor: &Actor, query: &QueueQuery) -> Result<Vec<QueueListRow>, Refusal> {
    permit(actor, Permission::Manage)?;
    let scope = client::scope(actions, actor, query.client.as_deref()).await?;
    let now = actions.clock.now();
    let offset = i64::from(query.page) * ON_A_PAGE;
    match query.list {
        QueueList::Waiting(kind) => {
            with_reasons(actions, (scope, now), waits(actions, scope, (kind, now), offset).await?).await
        }
        QueueList::Late => late_rows(actions, scope, (now, offset), usize::MAX).await,
        QueueList::Stuck(kind) => {
            let rows = actions.store.stuck(scope, kind).await?.into_iter();
            let rows = rows.filter(|row| kind != StuckKind::Held || !query.is_undated || row.at.is_none());
            let (behind, most) = (usize::try_from(offset), usize::try_from(ON_A_PAGE + 1));
            let page = rows.skip(behind.unwrap_or(usize::MAX)).take(most.unwrap_or(usize::MAX));
            Ok(page.map(|row| QueueListRow::of(kind, row)).collect())
        }
    }
}

fn late_by(now: Timestamp) -> Timestamp {
    now.checked_sub(LATE).unwrap_or(now)
}

/// Late promises, the first of them.
async fn late_rows(
    actions: &Actions,
    scope: Scope,
    (now, offset): (Timestamp, i64),
    most: usize,
) -> Result<Vec<QueueListRow>, Refusal> {
    let mut rows = waits(actions, scope, (WaitingKind::Owed, late_by(now)), offset).await?;
    rows.truncate(most);
    with_reasons(actions, (scope, now), rows).await
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

async fn waits(
    actions: &Actions,
    scope: Scope,
    (kind, due_by): (WaitingKind, Timestamp),
    offset: i64,
) -> Result<Vec<QueueListRow>, Refusal> {
    let filter = WaitingFilter { kind, due_by, limit: ON_A_PAGE + 1, offset };
    let rows = actions.store.waiting_list(scope, filter).await?;
    let row = rows.into_iter().map(|row| QueueListRow {
        id: row.lead.to_string(),
        lead: Some(row.lead),
        name: row.name,
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
        Self { id, lead: row.lead, name: row.name, client: row.client, at: row.at, why: row.why }
    }
}
