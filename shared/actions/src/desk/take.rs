//! An agent takes a lead: the next one of the order, or one by its name.
//!
//! A lead that was looked at and may not be called is left out of the next search in one of two ways, both noted by `desk_wait_note`:
//!
//! | | stands in | read by | for |
//! |---|---|---|---|
//! | it waits | a row of `desk_wait`, with until when | every list, which joins it | each lead that was passed over: some hundreds |
//! | it sleeps | `lead.asleep` beside that row | the lists of those that nobody has called or reached, whose indices leave it out | the many of an import whose people are asleep for hours: joined one by one, they would be read before what lies behind them |
//!
//! The row says until when; the mark only keeps it out of an index. So a lead sleeps only where it has a row, and whatever clears the row
//! wakes the lead (`leads_wake`).

use std::collections::BTreeSet;

use jiff::Timestamp;
use ripen_domain::{
    actor::{Actor, Permission},
    desk::{
        AgentTerms, ClientTurn, DeskCandidate, FRESH, OrderedLead, Rank, RankSubject, callable_wait, charged, in_order,
        in_turn,
    },
    id::{ClientId, LeadId, UserId},
};
use ripen_store::{
    client::client_record::ClientRecord,
    desk::{
        draft::DraftRef,
        lease::{DeskLease, LeaseRef, NewLease},
        queue::{CandidatesFor, DeskList, QueuedLead},
        wait::DeskWait,
    },
    lead::last_touch::LastTouch,
    live::LiveKind,
};
use uuid::Uuid;

use super::{GatesFor, GatesRead, draft::CommittedWords, gates_read, nobody, pass_over::pass_over, user_of};
use crate::{Action, Actions, Refusal, Work, work::permit};

/// In this order lists are read: a lead of a later one never comes before one of an earlier.
pub(super) const LISTS: [DeskList; 6] =
    [DeskList::Promised, DeskList::Fresh, DeskList::Untouched, DeskList::Returned, DeskList::Due, DeskList::Rest];
/// The gates of so many leads are read at once: of few while the first may well be callable, of more once none of them was.
const AT_ONCE: usize = 16;
const MORE_AT_ONCE: usize = 64;
/// Of each client so many are read at first, and at most.
const OF_EACH: i64 = 6;
const MOST_OF_EACH: i64 = 96;
/// After so many leads of a list that may not be called, the next list is read: those were noted, and the next who asks goes on
/// behind them. A bound over all lists would keep what is due behind a list of people who are asleep.
const MOST: i64 = 200;

/// A lead that an agent has open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedLead {
    /// The lead.
    pub lead: LeadId,
    /// Whose.
    pub client: ClientId,
    /// This taking of it: `renew`, `leave` and `dispose` name it.
    pub lease: Uuid,
    /// Where it stood in the order.
    pub rank: Rank,
    /// Why this lead now, in words.
    pub why: String,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// Until when it is held, unless it is renewed.
    pub until: Timestamp,
}

impl From<DeskLease> for OpenedLead {
    fn from(lease: DeskLease) -> Self {
        let DeskLease { lead, client, lease, rank, why, taken_at, until, .. } = lease;
        Self { lead, client, lease, rank, why, taken_at, until }
    }
}

/// Takes the next lead of the order whose gates are all open. Whoever has one open already is given that one again.
#[derive(Debug, Clone, Copy)]
pub struct TakeNext;

impl Action for TakeNext {
    /// None where there is nothing to do now: see [`coming_up`](super::coming_up).
    type Done = Option<OpenedLead>;

    const PERMISSION: Permission = Permission::Work;

    async fn act(&self, work: &mut Work<'_>) -> Result<Option<OpenedLead>, Refusal> {
        let agent = agent(work).await?;
        let user = user_of(work)?;
        if let Some(held) = work.tx.desk_leases_of(user).await?.into_iter().next() {
            let of = LeaseRef { lead: held.lead, user, lease: held.lease };
            let until = work.tx.desk_lease_renew(of).await?.unwrap_or(held.until);
            return Ok(Some(OpenedLead { until, ..held.into() }));
        }
        let scope = work.scope();
        work.tx.desk_wait_clear(work.now).await?;
        let turns = work.tx.desk_turns(scope, &agent.clients).await?;
        let mut search = NextSearch { turns, seen: BTreeSet::new(), waits: Vec::new() };
        let mut found = None;
        for list in LISTS {
            found = search.of_list(work, list, &agent).await?;
            if found.is_some() {
                break;
            }
        }
        work.tx.desk_wait_note(&search.waits, work.now).await?;
        if let Some(lease) = &found {
            work.tell(LiveKind::Work, Some(lease.client));
        }
        Ok(found.map(Into::into))
    }
}

/// What an agent may be handed; refuses who signs in no more.
async fn agent(work: &mut Work<'_>) -> Result<AgentTerms, Refusal> {
    let user = user_of(work)?;
    match work.tx.desk_agent(user).await? {
        Some(agent) if !agent.is_paused => Ok(agent.terms),
        _ => Err(Refusal::Forbidden { who: work.actor.to_string() }),
    }
}

/// One agent's search for the next lead.
struct NextSearch {
    turns: Vec<ClientTurn>,
    seen: BTreeSet<LeadId>,
    waits: Vec<DeskWait>,
}

impl NextSearch {
    /// The first lead of a list that may be called now; what may not is passed over until it may be.
    async fn of_list(
        &mut self,
        work: &mut Work<'_>,
        list: DeskList,
        agent: &AgentTerms,
    ) -> Result<Option<DeskLease>, Refusal> {
        let clients: Vec<_> = self.turns.iter().map(|turn| turn.client).collect();
        let unspoken = agent.unspoken();
        let clients_here = i64::try_from(clients.len().max(1)).unwrap_or(i64::MAX);
        let most_of_each = (MOST / clients_here).clamp(OF_EACH, MOST_OF_EACH);
        let (mut of_each, mut looked_at, mut passed) = (OF_EACH, 0, 0_i64);
        loop {
            let whom = CandidatesFor { clients: &clients, unspoken: &unspoken, of_each, user: agent.user };
            let scope = work.scope();
            let queued = work.tx.desk_candidates(scope, list, whom, work.now).await?;
            let found = queued.len();
            let new: Vec<_> = queued.into_iter().filter(|one| !self.seen.contains(&one.lead)).collect();
            let mut ordered = self.ordered(work, &new, agent);
            if list == DeskList::Fresh {
                // The newest are not all fresh: those that have waited too long by now come with the untouched, the oldest first.
                ordered.retain(|one| one.rank == Rank::Fresh);
            }
            if ordered.is_empty() && (found == looked_at || of_each >= most_of_each) {
                return Ok(None);
            }
            self.seen.extend(ordered.iter().map(|one| one.candidate.lead));
            passed = passed.saturating_add(i64::try_from(ordered.len()).unwrap_or(MOST));
            let at_once = if of_each == OF_EACH { AT_ONCE } else { MORE_AT_ONCE };
            let taken = self.first_callable(work, &ordered, (agent, at_once)).await?;
            if taken.is_some() || passed >= MOST {
                return Ok(taken);
            }
            // Noted at once: what was passed over makes room for what lies behind it in the index. What others are taking this very
            // moment does not: then more is read at once.
            work.tx.desk_wait_note(&self.waits, work.now).await?;
            self.waits.clear();
            (looked_at, of_each) = (found, (of_each * 4).min(most_of_each));
        }
    }

    /// By the one order that there is; clients with work here take turns.
    fn ordered(&self, work: &Work<'_>, queued: &[QueuedLead], agent: &AgentTerms) -> Vec<OrderedLead> {
        let has_work = |turn: &&ClientTurn| queued.iter().any(|one| one.client == turn.client);
        let turns: Vec<_> = self.turns.iter().filter(has_work).copied().collect();
        let candidates = queued.iter().map(|one| candidate(work, one)).collect();
        in_order(candidates, agent.user, &in_turn(&turns), work.now)
    }

    async fn first_callable(
        &mut self,
        work: &mut Work<'_>,
        ordered: &[OrderedLead],
        (agent, at_once): (&AgentTerms, usize),
    ) -> Result<Option<DeskLease>, Refusal> {
        for piece in ordered.chunks(at_once) {
            let leads: Vec<_> = piece.iter().map(|one| one.candidate.lead).collect();
            let scope = work.scope();
            let terms = GatesFor { agent, hours: &work.actions.hours, now: work.now };
            let mut read = gates_read(&mut work.tx, scope, &leads, terms).await?;
            for one in piece {
                let Some(gates) = read.remove(&one.candidate.lead) else { continue };
                if !gates.is_callable() {
                    self.pass_over(&gates, work.now);
                    continue;
                }
                if let Some(lease) = self.take(work, &gates, agent, ordered).await? {
                    return Ok(Some(lease));
                }
            }
        }
        Ok(None)
    }

    /// Takes a lead, unless somebody was quicker, and looks once more under its lock: between the look and the lock somebody may
    /// have ended work on it.
    async fn take(
        &mut self,
        work: &mut Work<'_>,
        found: &GatesRead,
        agent: &AgentTerms,
        rivals: &[OrderedLead],
    ) -> Result<Option<DeskLease>, Refusal> {
        let (scope, now, user) = (work.scope(), work.now, user_of(work)?);
        let (lead, client) = (found.standing.lead, found.standing.client);
        let why = found.because();
        let new = NewLease { lead, user, lease: work.fresh_id(), rank: found.rank, why, phone: None };
        let Some(lease) = work.tx.desk_lease_take(scope, &new, now).await? else { return Ok(None) };
        let terms = GatesFor { agent, hours: &work.actions.hours, now };
        let again = gates_read(&mut work.tx, scope, &[lead], terms).await?;
        if !again.get(&lead).is_some_and(GatesRead::is_callable) {
            work.tx.desk_lease_end(LeaseRef { lead, user, lease: lease.lease }).await?;
            return Ok(None);
        }
        // Before the client's row: everybody writes these two in the same order, or two agents would wait for each other.
        work.tx.desk_wait_note(&self.waits, now).await?;
        self.waits.clear();
        let has_work = |turn: &&ClientTurn| rivals.iter().any(|one| one.candidate.client == turn.client);
        let rivals: Vec<_> = self.turns.iter().filter(has_work).copied().collect();
        if let Some(turn) = self.turns.iter().find(|turn| turn.client == client) {
            work.tx.desk_turn_charge(scope, turn, charged(turn, &rivals)).await?;
        }
        Ok(Some(lease))
    }

    /// Notes a lead that may not be called, unless it is only not for this agent.
    fn pass_over(&mut self, gates: &GatesRead, now: Timestamp) {
        let GatesRead { standing, gates, rank } = gates;
        let sleeps = matches!(rank, Rank::Untouched | Rank::Rest);
        let wait = pass_over((standing.lead, standing.client), gates, standing.facts.step, now);
        self.waits.extend(wait.map(|wait| DeskWait { sleeps, ..wait }));
    }
}

fn candidate(work: &Work<'_>, queued: &QueuedLead) -> DeskCandidate {
    let is_bulk = queued.is_bulk;
    let waited = match queued.is_touched || is_bulk {
        true => FRESH,
        false => callable_wait((queued.enquired_at, work.now), FRESH, &work.actions.hours, &queued.places),
    };
    DeskCandidate {
        lead: queued.lead,
        client: queued.client,
        subject: RankSubject {
            due_at: queued.due_at,
            is_agreed: queued.is_agreed,
            is_put_back: queued.is_put_back,
            step_at: None,
            is_touched: queued.is_touched,
            is_bulk,
            waited,
        },
        promised_by: queued.promised_by,
        enquired_at: queued.enquired_at,
        grade: queued.grade,
        score: queued.score,
    }
}

/// Opens a lead by its name, whatever its gates say but two: somebody calls back, or a manager looks after it. Also one whose person
/// speaks another language: who calls knows whom.
/// `Conflict` (`held`) where somebody else has it open, (`review`) while a manager looks at its consent, (`other_client`) where an agent
/// works for other clients alone.
#[derive(Debug, Clone, Copy)]
pub struct TakeLead {
    /// The lead.
    pub lead: LeadId,
}

impl Action for TakeLead {
    type Done = OpenedLead;

    const PERMISSION: Permission = Permission::Work;

    async fn act(&self, work: &mut Work<'_>) -> Result<OpenedLead, Refusal> {
        open_as(work, self.lead, OpenFor { rank: Rank::Named, why: Rank::Named.because(), phone: None }).await
    }
}

/// What a lead is opened for.
#[derive(Clone, Copy)]
pub(super) struct OpenFor<'a> {
    /// Where it stands in the order.
    pub(super) rank: Rank,
    /// Why, in words.
    pub(super) why: &'a str,
    /// The number that was shown of it before, where it is opened once more for the same call.
    pub(super) phone: Option<&'a str>,
}

/// Opens a lead for this reason, whatever its gates say; not while its consent is looked at, when nobody works on it, nor for an agent
/// of other clients.
pub(super) async fn open_as(
    work: &mut Work<'_>,
    lead: LeadId,
    OpenFor { rank, why, phone }: OpenFor<'_>,
) -> Result<OpenedLead, Refusal> {
    let agent = agent(work).await?;
    let (user, scope) = (user_of(work)?, work.scope());
    let standing = work.tx.desk_standings(scope, &[lead], work.now).await?.pop();
    if let Some(standing) = &standing
        && !may_open(work.actor, &agent, standing.client)
    {
        return Err(Refusal::other_client(&standing.facts.client_name));
    }
    if standing.is_some_and(|standing| standing.facts.review_since.is_some()) {
        let words = "the person says they never enquired: nobody works on it until a manager has looked at the consent";
        return Err(Refusal::conflict("review", words));
    }
    let new = NewLease { lead, user, lease: work.fresh_id(), rank, why, phone };
    if let Some(lease) = work.tx.desk_lease_open(scope, &new, work.now).await? {
        work.tell(LiveKind::Work, Some(lease.client));
        return Ok(lease.into());
    }
    match work.tx.desk_lease_holder(lead, user).await? {
        Some(name) => Err(Refusal::conflict("held", format!("{name} has this lead open"))),
        None => Err(Refusal::missing("lead", lead)),
    }
}

/// For whom an agent works is kept also where a lead is named; managers look after every client's.
fn may_open(actor: &Actor, agent: &AgentTerms, client: ClientId) -> bool {
    actor.may(Permission::Manage) || agent.serves(client)
}

/// Whether the actor may open, dial and enter leads of this client.
pub(crate) async fn works_for(work: &mut Work<'_>, client: ClientId) -> Result<bool, Refusal> {
    Ok(work.actor.may(Permission::Manage) || agent(work).await?.serves(client))
}

/// Refuses the lead to an agent who works for other clients alone (`other_client`).
pub(crate) async fn require_own_client(work: &mut Work<'_>, lead: LeadId) -> Result<(), Refusal> {
    let scope = work.scope();
    let Some(standing) = work.tx.desk_standings(scope, &[lead], work.now).await?.pop() else { return Ok(()) };
    match works_for(work, standing.client).await? {
        true => Ok(()),
        false => Err(Refusal::other_client(&standing.facts.client_name)),
    }
}

/// The clients, by their slugs, whose leads the actor may open by name.
///
/// # Errors
/// When the database is away.
pub async fn may_open_of(actions: &Actions, actor: &Actor) -> Result<BTreeSet<String>, Refusal> {
    Ok(clients_worked_for(actions, actor).await?.into_iter().map(|client| client.slug).collect())
}

/// The clients for whom the actor, who is a user, works.
pub(crate) async fn clients_worked_for(actions: &Actions, actor: &Actor) -> Result<Vec<ClientRecord>, Refusal> {
    let (true, Some(user)) = (actor.may(Permission::Work), actor.user_id()) else { return Ok(Vec::new()) };
    let account = actions.store.user(user).await?.ok_or_else(|| Refusal::missing("user", user))?;
    let agent = AgentTerms { user: Some(user), languages: account.languages, clients: account.clients };
    let mut clients = actions.store.clients(actor.scope()).await?;
    clients.retain(|client| may_open(actor, &agent, client.id));
    Ok(clients)
}

/// Keeps a lead that is open. `Conflict` (`lease_lost`) where it is held no more.
#[derive(Debug, Clone, Copy)]
pub struct RenewLease {
    /// The lead.
    pub lead: LeadId,
    /// As it was taken.
    pub lease: Uuid,
}

impl Action for RenewLease {
    /// Until when it is held.
    type Done = Timestamp;

    const PERMISSION: Permission = Permission::Work;

    async fn act(&self, work: &mut Work<'_>) -> Result<Timestamp, Refusal> {
        let user = user_of(work)?;
        let of = LeaseRef { lead: self.lead, user, lease: self.lease };
        match work.tx.desk_lease_renew(of).await? {
            Some(until) => Ok(until),
            None => Err(lost(work, self.lead).await?),
        }
    }
}

/// Why a lead is held no more, and what was saved of it meanwhile.
async fn lost(work: &mut Work<'_>, lead: LeadId) -> Result<Refusal, Refusal> {
    let last = work.tx.last_touch_of(work.scope(), lead).await?;
    lost_after(work, lead, (None, last.as_ref())).await
}

/// The same to whoever has written a touch already, which the refusal takes back: `last` was read before that. `sent` is what would have
/// been committed: only what a draft has of it is kept.
pub(super) async fn lost_after(
    work: &mut Work<'_>,
    lead: LeadId,
    (sent, last): (Option<&CommittedWords<'_>>, Option<&LastTouch>),
) -> Result<Refusal, Refusal> {
    let (user, scope) = (user_of(work)?, work.scope());
    let draft = work.tx.desk_draft(scope, DraftRef { user, lead }).await?;
    let kept = match (sent, draft.is_some()) {
        (Some(sent), _) if sent.are_in(draft.as_ref()) => "what you typed is kept as your draft",
        (Some(_), true) => "your draft is kept as it is, and what was sent now is not in it",
        (Some(_), false) => "what was sent is kept nowhere",
        (None, true) => "your draft is kept",
        (None, false) => "there is no draft of yours",
    };
    let words = match work.tx.desk_lease_holder(lead, user).await? {
        Some(name) => format!("{name} has this lead open by now; {kept}"),
        None => format!("this lead was given back; {kept}: open the lead again"),
    };
    let last = last.map(|last| format!(" ({})", in_words(last, user))).unwrap_or_default();
    Ok(Refusal::conflict("lease_lost", format!("{words}{last}")))
}

/// What was saved last of a lead, for programs: instants as they are.
fn in_words(last: &LastTouch, user: UserId) -> String {
    let by = if last.user == Some(user) { "you" } else { &last.by };
    let agreed = last.agreed_for.map(|at| format!("; the next call is agreed for {at}")).unwrap_or_default();
    format!("last saved by {by} at {}: {}{agreed}", last.at, last.disposition.word())
}

/// Gives a lead back without a disposition. What was typed stays a draft.
#[derive(Debug, Clone, Copy)]
pub struct LeaveLead {
    /// The lead.
    pub lead: LeadId,
    /// As it was taken.
    pub lease: Uuid,
}

impl Action for LeaveLead {
    /// Whether it was held.
    type Done = bool;

    const PERMISSION: Permission = Permission::Work;

    async fn act(&self, work: &mut Work<'_>) -> Result<bool, Refusal> {
        let of = LeaseRef { lead: self.lead, user: user_of(work)?, lease: self.lease };
        let was_held = work.tx.desk_lease_end(of).await?;
        if was_held {
            work.tell(LiveKind::Work, None);
        }
        Ok(was_held)
    }
}

/// Takes the next lead; see [`TakeNext`].
///
/// # Errors
/// `Conflict` (`no_user`) for who does not sign in.
pub async fn take_next(actions: &Actions, actor: &Actor) -> Result<Option<OpenedLead>, Refusal> {
    actions.run(actor, &TakeNext).await
}

/// Opens a lead by its name; see [`TakeLead`].
///
/// # Errors
/// `Missing` where there is none in the actor's scope, `Conflict` (`held`) where somebody else has it open.
pub async fn take(actions: &Actions, actor: &Actor, lead: LeadId) -> Result<OpenedLead, Refusal> {
    actions.run(actor, &TakeLead { lead }).await
}

/// The leads that the actor has open, the newest first.
///
/// # Errors
/// `Conflict` (`no_user`) for who does not sign in.
pub async fn held(actions: &Actions, actor: &Actor) -> Result<Vec<OpenedLead>, Refusal> {
    permit(actor, Permission::Work)?;
    let user = actor.user_id().ok_or_else(nobody)?;
    Ok(actions.store.open_leases_of(user).await?.into_iter().map(Into::into).collect())
}
