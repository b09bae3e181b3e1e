//! How many leads an agent could be handed now: by the lists and the gates by which the next one is.

use std::collections::BTreeSet;

use jiff::Timestamp;
use ripen_domain::{actor::Actor, desk::AgentTerms};
use ripen_store::desk::queue::CandidatesFor;

use super::{GatesFor, GatesRead, gates_read, take::LISTS};
use crate::{Actions, Refusal};

/// Of each client so many are read of a list.
const OF_EACH: i64 = 32;
/// So many are looked at: what is behind them makes no difference to whoever asks whether there is work.
const MOST: usize = 128;

/// Leads that could be handed out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReadyLeads {
    /// How many were found.
    pub leads: usize,
    /// Not all were looked at: there may be more.
    pub has_more: bool,
}

/// Counts what this agent could be handed now.
pub(super) async fn ready(
    actions: &Actions,
    actor: &Actor,
    agent: &AgentTerms,
    now: Timestamp,
) -> Result<ReadyLeads, Refusal> {
    let scope = actor.scope();
    let mut tx = actions.store.begin().await?;
    // As whoever asks for the next does: what was asleep until now is found.
    tx.desk_wait_clear(now).await?;
    let clients: Vec<_> = tx.desk_turns(scope, &agent.clients).await?.into_iter().map(|turn| turn.client).collect();
    let languages: Vec<_> = agent.languages.iter().filter_map(|tag| tag.split('-').next()).map(str::to_owned).collect();
    let whom = CandidatesFor { clients: &clients, languages: &languages, of_each: OF_EACH, user: agent.user };
    let (mut seen, mut found) = (BTreeSet::new(), ReadyLeads::default());
    for list in LISTS {
        let queued = tx.desk_candidates(scope, list, whom, now).await?;
        let leads: Vec<_> = queued.iter().map(|one| one.lead).filter(|lead| seen.insert(*lead)).collect();
        let terms = GatesFor { agent, hours: &actions.hours, now };
        let read = gates_read(&mut tx, scope, &leads, terms).await?;
        found.leads += read.values().filter(|one| GatesRead::is_callable(one)).count();
        if seen.len() >= MOST {
            found.has_more = true;
            break;
        }
    }
    tx.commit().await?;
    Ok(found)
}
