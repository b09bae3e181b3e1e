//! When the leads of a list can be worked next: by the same gates by which a lead's own page says it, read for all of them at once.

use ripen_domain::{
    actor::{Actor, Permission},
    desk::{AgentTerms, for_team, next_work},
};
use ripen_store::lead::list::ListedLead;

use crate::{
    Actions, Refusal,
    desk::{GatesFor, gates_read, team},
    why_not::for_whoever,
};

/// Notes of each of these leads when it can be worked next; of none for who does not work leads.
pub(crate) async fn note_next(actions: &Actions, actor: &Actor, leads: &mut [ListedLead]) -> Result<(), Refusal> {
    let open: Vec<_> = leads.iter().filter(|lead| lead.stage.is_open()).map(|lead| lead.id).collect();
    if open.is_empty() || !actor.may(Permission::Work) {
        return Ok(());
    }
    let (scope, now) = (actor.scope(), actions.clock.now());
    let team = team(&actions.store, scope, now).await?;
    let anybody = AgentTerms::default();
    let terms = GatesFor { agent: &anybody, hours: &actions.hours, now };
    let mut read = gates_read(&mut actions.store.begin().await?, scope, &open, terms).await?;
    for lead in leads {
        let Some(found) = read.remove(&lead.id) else { continue };
        let facts = &found.standing.facts;
        let next = next_work(facts, &anybody, &actions.hours, now);
        lead.next = Some(for_whoever(next, &for_team(found.gates, facts, &team)));
    }
    Ok(())
}
