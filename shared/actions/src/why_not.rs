//! "Why is nobody calling this lead?": its gates, by the function that decides whether it is handed out.

use std::collections::BTreeSet;

use jiff::{Timestamp, tz::TimeZone};
use ripen_domain::{
    actor::{Actor, Permission},
    desk::{
        AgentTerms, CallGate, DeskTeam, GateKind, GateReader, NextWork, Rank, WayToClient, day_alone, for_team,
        next_work, opens_at, shut, softened,
    },
    id::{LeadId, UserId},
};

use crate::{
    Actions, Refusal,
    desk::{GatesFor, gates_read, team},
};

/// What stands against calling a lead now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadGates {
    /// The lead.
    pub lead: LeadId,
    /// Where it stands in the order.
    pub rank: Rank,
    /// Every gate; for a client's own people softened: who the firm speaks with for others is not told.
    pub gates: Vec<CallGate>,
    /// When all that are shut have opened by themselves; none where somebody has to open one, or all are open. To a client's people the
    /// day alone, as its beginning.
    pub opens_at: Option<Timestamp>,
    /// By whose clock that day begins; none where the instant is told.
    pub day_by: Option<TimeZone>,
    /// When it can be worked next: of this everything speaks that says what becomes of the lead. None for a client's people.
    pub next: Option<NextWork>,
    /// How far it is on its way to its client, where it is not the desk's; to a client's people without why.
    pub way: Option<WayToClient>,
    /// It is handed out as soon as an agent whose turn it is asks; to a client's people, as soon as it is an hour to call there.
    pub is_callable: bool,
}

/// The gates of a lead for one agent, or for whoever of the team could be handed it.
///
/// # Errors
/// `Missing` where the actor's scope has no such lead, or there is no such agent.
pub async fn gates(
    actions: &Actions,
    actor: &Actor,
    lead: LeadId,
    for_user: Option<UserId>,
) -> Result<LeadGates, Refusal> {
    let is_staff = actor.may(Permission::Work);
    let now = actions.clock.now();
    let agent = match for_user.filter(|_| is_staff) {
        None => AgentTerms::default(),
        Some(user) => {
            let account = actions.store.user(user).await?.ok_or_else(|| Refusal::missing("user", user))?;
            AgentTerms { user: Some(user), languages: account.languages, clients: account.clients }
        }
    };
    let scope = actor.scope();
    let team = match agent.user {
        Some(_) => None,
        None => Some(team(&actions.store, scope, now).await?),
    };
    let mut tx = actions.store.begin().await?;
    let terms = GatesFor { agent: &agent, hours: &actions.hours, now };
    let mut read = gates_read(&mut tx, scope, &[lead], terms).await?;
    let found = read.remove(&lead).ok_or_else(|| Refusal::missing("lead", lead))?;
    let rank = found.rank;
    let facts = &found.standing.facts;
    let next = next_work(facts, &agent, &actions.hours, now);
    let way = facts.way.clone().filter(|_| facts.is_with_client);
    let gates = match team {
        None => found.gates,
        // Callable is who somebody would be handed, not whom anybody could call.
        Some(team) if is_staff => for_team(found.gates, facts, &team),
        // Who of the firm is at work is not a client's to know.
        Some(team) => for_team(found.gates, facts, &DeskTeam { at_work: BTreeSet::new(), ..team }),
    };
    let next = for_whoever(next, &gates);
    let is_callable = shut(&gates).next().is_none();
    // Said to be callable, it is: what was found a moment ago, when it was not, must not keep it back.
    if is_callable && is_staff {
        tx.desk_wait_forget(scope, lead).await?;
        tx.commit().await?;
    }
    if !is_staff {
        let (zone, is_handed_over) = (&found.standing.client_zone, facts.is_handed_over);
        let gates = softened(gates, GateReader { zone, is_handed_over });
        let is_callable = shut(&gates).next().is_none();
        // Why it is not there yet may be words about the person.
        let way = way.map(|way| WayToClient { why: None, ..way });
        // Of the gates some tell their instant, and some the day: the later of both would be neither.
        let opens_at = opens_at(&gates).map(|at| day_alone(at, zone));
        let day_by = Some(zone.clone());
        return Ok(LeadGates { lead, rank, opens_at, day_by, gates, next: None, way, is_callable });
    }
    // Not the latest of the gates alone: what opens at night is called in the morning.
    let opens_at = match &next {
        NextWork::At(opening) => Some(opening.at),
        NextWork::Now | NextWork::Blocked { .. } => None,
    };
    Ok(LeadGates { lead, rank, opens_at, day_by: None, gates, next: Some(next), way, is_callable })
}

/// When whoever of the team could be handed a lead works it next, by its gates for them. Whom nobody could be handed waits for a
/// colleague, whatever opens; but what bars it for everybody comes first: no colleague at work opens that.
pub(crate) fn for_whoever(next: NextWork, gates: &[CallGate]) -> NextWork {
    let is_nobody = |gate: &&CallGate| matches!(gate.kind, GateKind::AgentClients | GateKind::Language);
    match shut(gates).find(|gate| gate.opens_at.is_none()).filter(is_nobody) {
        Some(gate) => NextWork::Blocked { gate: gate.kind, words: gate.words.clone() },
        None => next,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_bars_a_lead_for_everybody_is_said_before_that_nobody_speaks_with_its_person() {
        let gate =
            |kind: GateKind, is_open: bool| CallGate { kind, is_open, words: kind.word().to_owned(), opens_at: None };
        let blocked = |kind: GateKind| NextWork::Blocked { gate: kind, words: kind.word().to_owned() };
        for kind in [GateKind::ClientPaused, GateKind::DoNotContact, GateKind::Review, GateKind::Number] {
            let gates = [gate(kind, false), gate(GateKind::Language, false)];
            assert_eq!(for_whoever(blocked(kind), &gates), blocked(kind));
        }
        let gates = [gate(GateKind::Review, true), gate(GateKind::Language, false)];
        assert_eq!(for_whoever(NextWork::Now, &gates), blocked(GateKind::Language));
        assert_eq!(for_whoever(NextWork::Now, &[gate(GateKind::Language, true)]), NextWork::Now);
    }
}
