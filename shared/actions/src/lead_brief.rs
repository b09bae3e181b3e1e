//! A lead as whoever is about to call reads it: the person, the script's criteria, what was answered, what happened before.

use std::sync::Arc;

use jiff::Timestamp;
use ripen_domain::{
    actor::{Actor, Permission},
    criteria::Criteria,
    id::LeadId,
};
use ripen_store::{
    lead::{
        brief::{EarlierEntry, LeadBackground},
        show::{LeadAnswer, LeadRecord},
    },
    promise::{list::PromiseRecord, promised_calls::PromisedCall},
};

use crate::{Actions, Refusal, lead::find, lead_earlier::earlier, work::permit};

/// Promised calls that are read.
const PROMISES: i64 = 8;

/// What a lead is asked, and what is known of it.
#[derive(Debug)]
pub struct LeadScript {
    /// The lead with its person.
    pub lead: LeadRecord,
    /// Whose, and where it came from.
    pub background: LeadBackground,
    /// The newest answer to each question.
    pub answers: Vec<LeadAnswer>,
    /// The criteria that ask the questions; none where the program has none yet.
    pub criteria: Option<Arc<Criteria>>,
}

/// A lead as whoever is about to call reads it.
#[derive(Debug)]
pub struct LeadBrief {
    /// What it is asked, and what is known of it.
    pub script: LeadScript,
    /// What happened, the newest first.
    pub earlier: Vec<EarlierEntry>,
    /// Its promises, oldest first.
    pub promises: Vec<PromiseRecord>,
}

/// Whose lead it is, and whether it is decided.
///
/// # Errors
/// `Missing` where there is none in the actor's scope.
pub async fn background(
    actions: &Actions,
    actor: &Actor,
    lead: LeadId,
) -> Result<(LeadRecord, LeadBackground), Refusal> {
    let record = find(actions, actor, lead).await?;
    let background = actions.store.lead_background(actor.scope(), lead).await?;
    Ok((record, background.ok_or_else(|| Refusal::missing("lead", lead))?))
}

/// What a lead is asked, and what is known of it.
///
/// # Errors
/// `Missing` where there is none in the actor's scope.
pub async fn script(actions: &Actions, actor: &Actor, lead: LeadId) -> Result<LeadScript, Refusal> {
    let (record, background) = background(actions, actor, lead).await?;
    let criteria = match record.program.criteria {
        Some(id) => actions.documents.get(&[id]).await?.remove(&id),
        None => None,
    };
    let answers = actions.store.answers_of_lead(actor.scope(), lead).await?;
    Ok(LeadScript { lead: record, background, answers, criteria })
}

/// A lead as whoever is about to call reads it.
///
/// # Errors
/// `Missing` where there is none in the actor's scope.
pub async fn brief(actions: &Actions, actor: &Actor, lead: LeadId) -> Result<LeadBrief, Refusal> {
    let (store, scope) = (&actions.store, actor.scope());
    Ok(LeadBrief {
        script: script(actions, actor, lead).await?,
        earlier: earlier(store, scope, lead).await?,
        promises: store.promises_of_lead(scope, lead).await?,
    })
}

/// The calls that the actor promised for before this instant, the next one first; everybody's for whoever manages the desk.
///
/// # Errors
/// Where the actor works no leads.
pub async fn promised(actions: &Actions, actor: &Actor, before: Timestamp) -> Result<Vec<PromisedCall>, Refusal> {
    permit(actor, Permission::Work)?;
    if actor.may(Permission::Manage) {
        return Ok(actions.store.promises_of_everybody(actor.scope(), before, PROMISES).await?);
    }
    let Some(user) = actor.user_id() else { return Ok(Vec::new()) };
    Ok(actions.store.promises_of_user(actor.scope(), user, before, PROMISES).await?)
}
