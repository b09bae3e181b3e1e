//! The gates of leads as they stand, and their ranks: read the same way for whoever is handed the next lead and for whoever asks
//! why nobody is.

use std::collections::BTreeMap;

use jiff::Timestamp;
use ripen_domain::{
    calling::Hours,
    desk::{AgentTerms, CallGate, DeskTeam, FRESH, Rank, RankSubject, callable_wait, gates, rank, shut},
    id::LeadId,
};
use ripen_store::{Scope, Store, StoreError, Transaction, desk::standing::DeskStanding};

/// A lead with its gates and its rank.
#[derive(Debug)]
pub(crate) struct GatesRead {
    pub standing: DeskStanding,
    pub gates: Vec<CallGate>,
    pub rank: Rank,
}

impl GatesRead {
    /// Why it is handed out, in words.
    pub fn because(&self) -> &str {
        let put_back = self.standing.facts.put_back.as_deref().filter(|_| self.rank == Rank::Returned);
        put_back.unwrap_or_else(|| self.rank.because())
    }

    /// Nothing stands against calling now.
    pub fn is_callable(&self) -> bool {
        shut(&self.gates).next().is_none()
    }
}

/// For whom gates are read, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GatesFor<'a> {
    /// Who would call.
    pub agent: &'a AgentTerms,
    /// When people may be called.
    pub hours: &'a Hours,
    /// The instant that they are read for.
    pub now: Timestamp,
}

/// The gates of these leads for an agent, by lead; those outside of the scope are missing.
pub(crate) async fn gates_read(
    tx: &mut Transaction,
    scope: Scope,
    leads: &[LeadId],
    GatesFor { agent, hours, now }: GatesFor<'_>,
) -> Result<BTreeMap<LeadId, GatesRead>, StoreError> {
    let standings = tx.desk_standings(scope, leads, now).await?;
    let read = standings.into_iter().map(|standing| {
        let gates = gates(&standing.facts, agent, hours, now);
        let rank = rank(&subject(&standing, hours, now), now);
        (standing.lead, GatesRead { standing, gates, rank })
    });
    Ok(read.collect())
}

/// Who could be handed leads, and who of them is at work now.
pub(crate) async fn team(store: &Store, scope: Scope, now: Timestamp) -> Result<DeskTeam, StoreError> {
    let here = store.agents_at_work(scope).await?;
    let at_work = here.iter().filter(|agent| agent.is_here(now)).map(|agent| agent.user).collect();
    Ok(DeskTeam { members: store.begin().await?.desk_team().await?, at_work })
}

fn subject(standing: &DeskStanding, hours: &Hours, now: Timestamp) -> RankSubject {
    let facts = &standing.facts;
    let step = facts.step.filter(|step| !step.is_worked);
    let is_bulk = standing.is_bulk;
    let waited = match facts.is_untouched && !is_bulk {
        true => callable_wait((standing.enquired_at, now), FRESH, hours, &facts.places),
        false => FRESH,
    };
    RankSubject {
        due_at: step.map(|step| step.due_at),
        is_agreed: step.is_some_and(|step| step.is_agreed),
        is_put_back: facts.put_back.is_some(),
        step_at: None,
        is_touched: !facts.is_untouched,
        is_bulk,
        waited,
    }
}
