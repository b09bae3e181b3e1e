//! What an agent can be handed later: when the hours of which time zone open, which leads are looked at again. By the function that says of
//! each lead when it can be worked next.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use ripen_domain::{
    actor::{Actor, Permission},
    desk::{NextCall, NextWork, next_work},
    id::LeadId,
};
use ripen_store::queues::waiting::{WaitingFilter, WaitingKind};

use super::{GatesFor, gates_read, ready::terms_of};
use crate::{Actions, Refusal, work::permit};

/// What opens later than this is nothing to wait for.
const AHEAD: SignedDuration = SignedDuration::from_hours(36);
/// Of each kind of waiting so many leads are looked at.
const LOOKED_AT: i64 = 100;

/// What comes later.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WorkAhead {
    /// What opens, the first first.
    pub openings: Vec<WorkOpening>,
    /// Not all leads were looked at: there may be more of each.
    pub is_cut: bool,
}

/// Leads that can be worked from one time on, for one reason, in one place.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkOpening {
    /// From when on.
    pub at: Timestamp,
    /// What is done with them then.
    pub what: NextCall,
    /// Where their people are; none where nobody knows.
    pub zone: Option<TimeZone>,
    /// The names of their clients.
    pub clients: BTreeSet<String>,
    /// Which.
    pub leads: Vec<LeadId>,
}

/// What the actor can be handed later, but for the calls that are promised: those are told with who promised them.
///
/// # Errors
/// `Conflict` (`no_user`) for who does not sign in.
pub async fn ahead(actions: &Actions, actor: &Actor) -> Result<WorkAhead, Refusal> {
    permit(actor, Permission::Work)?;
    let agent = terms_of(actions, actor).await?;
    let (scope, now) = (actor.scope(), actions.clock.now());
    let until = now.saturating_add(AHEAD).unwrap_or(Timestamp::MAX);
    let (mut leads, mut names, mut is_cut) = (BTreeSet::new(), BTreeMap::new(), false);
    for (kind, due_by) in [(WaitingKind::New, now), (WaitingKind::Due, until), (WaitingKind::Rest, now)] {
        let filter = WaitingFilter { kind, due_by, after: None, limit: LOOKED_AT + 1 };
        let rows = actions.store.waiting_list(scope, filter).await?;
        let most = usize::try_from(LOOKED_AT).unwrap_or(usize::MAX);
        is_cut |= rows.len() > most;
        for row in rows.into_iter().take(most) {
            leads.insert(row.lead);
            names.insert(row.lead, row.client_name);
        }
    }
    let leads: Vec<_> = leads.into_iter().collect();
    let terms = GatesFor { agent: &agent, hours: &actions.hours, now };
    let read = gates_read(&mut actions.store.begin().await?, scope, &leads, terms).await?;
    let mut groups: BTreeMap<(Timestamp, &str, String), WorkOpening> = BTreeMap::new();
    for (lead, found) in read {
        let facts = &found.standing.facts;
        let NextWork::At(opening) = next_work(facts, &agent, &actions.hours, now) else { continue };
        // Who has it open gives it back at a time that means nothing.
        if opening.at > until || opening.what == NextCall::Agreed || facts.held_by.is_some() {
            continue;
        }
        let zone = facts.places.first().map(|place| place.zone.clone());
        let place = zone.as_ref().and_then(TimeZone::iana_name).unwrap_or_default().to_owned();
        let group = groups.entry((opening.at, opening.what.name(), place)).or_insert_with(|| WorkOpening {
            at: opening.at,
            what: opening.what,
            zone,
            clients: BTreeSet::new(),
            leads: Vec::new(),
        });
        group.clients.extend(names.get(&lead).cloned());
        group.leads.push(lead);
    }
    Ok(WorkAhead { openings: groups.into_values().collect(), is_cut })
}
