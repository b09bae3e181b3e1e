//! Which leads an agent could be handed now: by the lists and the gates by which the next one is. Of a number and the list that it
//! counts there is one reading.

use std::collections::BTreeSet;

use ripen_domain::{
    actor::{Actor, Permission},
    desk::AgentTerms,
    id::LeadId,
};
use ripen_store::desk::queue::CandidatesFor;

use super::{GatesFor, GatesRead, gates_read, nobody, take::LISTS};
use crate::{Actions, Refusal, work::permit};

/// Of each client so many are read of a list.
const OF_EACH: i64 = 32;
/// So many are looked at: what is behind them makes no difference to whoever asks whether there is work.
const MOST: usize = 128;

/// Leads that could be handed out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadyLeads {
    /// Those that were found, about in the order in which they come.
    pub leads: Vec<ReadyLead>,
    /// Not all were looked at: there may be more.
    pub has_more: bool,
}

/// A lead that could be handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadyLead {
    /// Which.
    pub lead: LeadId,
    /// Why it would be, in words.
    pub why: String,
}

/// What the actor may be handed.
pub(super) async fn terms_of(actions: &Actions, actor: &Actor) -> Result<AgentTerms, Refusal> {
    let user = actor.user_id().ok_or_else(nobody)?;
    let account = actions.store.user(user).await?.ok_or_else(|| Refusal::missing("user", user))?;
    Ok(AgentTerms { user: Some(user), languages: account.languages, clients: account.clients })
}

/// What the actor could be handed now.
///
/// # Errors
/// `Conflict` (`no_user`) for who does not sign in.
pub async fn ready_now(actions: &Actions, actor: &Actor) -> Result<ReadyLeads, Refusal> {
    permit(actor, Permission::Work)?;
    let agent = terms_of(actions, actor).await?;
    ready(actions, actor, &agent).await
}

/// What this agent could be handed now.
pub(super) async fn ready(actions: &Actions, actor: &Actor, agent: &AgentTerms) -> Result<ReadyLeads, Refusal> {
    let (scope, now) = (actor.scope(), actions.clock.now());
    let mut tx = actions.store.begin().await?;
    // As whoever asks for the next does: what was asleep until now is found.
    tx.desk_wait_clear(now).await?;
    let clients: Vec<_> = tx.desk_turns(scope, &agent.clients).await?.into_iter().map(|turn| turn.client).collect();
    let unspoken = agent.unspoken();
    let whom = CandidatesFor { clients: &clients, unspoken: &unspoken, of_each: OF_EACH, user: agent.user };
    let (mut seen, mut found) = (BTreeSet::new(), ReadyLeads::default());
    for list in LISTS {
        let queued = tx.desk_candidates(scope, list, whom, now).await?;
        found.has_more |= clients.iter().any(|client| {
            let of_client = queued.iter().filter(|one| one.client == *client).count();
            i64::try_from(of_client).is_ok_and(|read| read >= OF_EACH)
        });
        let leads: Vec<_> = queued.iter().map(|one| one.lead).filter(|lead| seen.insert(*lead)).collect();
        let terms = GatesFor { agent, hours: &actions.hours, now };
        let read = gates_read(&mut tx, scope, &leads, terms).await?;
        let callable = leads.iter().filter_map(|lead| Some((*lead, read.get(lead).filter(|one| one.is_callable())?)));
        found.leads.extend(callable.map(|(lead, read)| ReadyLead { lead, why: GatesRead::because(read).to_owned() }));
        if seen.len() >= MOST {
            found.has_more = true;
            break;
        }
    }
    tx.commit().await?;
    Ok(found)
}
