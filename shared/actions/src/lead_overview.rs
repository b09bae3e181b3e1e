//! Leads as lists of them go: those of one person, and those that fit, newest first.

use jiff::Timestamp;
use ripen_domain::{
    actor::{Actor, Permission},
    flag::FlagCode,
    id::LeadId,
    lead::{Grade, Stage},
};
use ripen_store::{
    Scope,
    lead::{overview::OverviewFilter, show::LeadRecord},
};

use crate::{Actions, Refusal, client, list_import::find_source, person::PersonQuery, work::permit};

/// Most leads of one page.
const MOST: u32 = 1_000;

/// A lead and when its next step is due.
#[derive(Debug)]
pub struct LeadSummary {
    /// The lead.
    pub lead: LeadRecord,
    /// Its earliest open promise.
    pub next: Option<Timestamp>,
}

/// Which leads are wanted; what is missing does not matter.
#[derive(Debug, Clone, Default)]
pub struct OverviewQuery {
    /// The client's slug.
    pub client: Option<String>,
    /// The source of the first arrival, by name or id.
    pub source: Option<String>,
    /// The grade.
    pub grade: Option<Grade>,
    /// How far they have come.
    pub stage: Option<Stage>,
    /// Why something of them was not understood.
    pub flag: Option<FlagCode>,
    /// Only what comes behind this lead.
    pub after: Option<LeadId>,
    /// At most so many.
    pub limit: u32,
}

/// The leads of one person, of every client or of the one named, newest first.
///
/// # Errors
/// When the person or the client cannot be read.
pub async fn leads_of_person(
    actions: &Actions,
    actor: &Actor,
    person: &PersonQuery,
    client: Option<&str>,
) -> Result<Vec<LeadSummary>, Refusal> {
    permit(actor, Permission::Work)?;
    let identity = person.identity()?;
    let scope = client::scope(actions, actor, client).await?;
    summaries(actions, scope, actions.store.leads_of(scope, &identity).await?).await
}

/// Leads that fit, newest first.
///
/// # Errors
/// Names the clients or sources there are where none is of that name, and refuses a page of none or of too many.
pub async fn leads(actions: &Actions, actor: &Actor, query: &OverviewQuery) -> Result<Vec<LeadSummary>, Refusal> {
    permit(actor, Permission::Work)?;
    if !(1..=MOST).contains(&query.limit) {
        return Err(Refusal::field("limit", "out_of_range", format!("a page has 1 to {MOST} leads")));
    }
    let scope = client::scope(actions, actor, query.client.as_deref()).await?;
    let source = match &query.source {
        Some(wanted) => Some(find_source(actions, actor, wanted, query.client.as_deref()).await?.id),
        None => None,
    };
    if let Some(after) = query.after {
        // Behind a lead that is not there is nothing, which would read as the end of the list.
        actions.store.lead(scope, after).await?.ok_or_else(|| Refusal::missing("lead", after))?;
    }
    let filter = OverviewFilter { source, grade: query.grade, stage: query.stage, flag: query.flag };
    let found = actions.store.leads_that_fit(scope, filter, query.after, query.limit.into()).await?;
    summaries(actions, scope, found).await
}

async fn summaries(actions: &Actions, scope: Scope, leads: Vec<LeadId>) -> Result<Vec<LeadSummary>, Refusal> {
    let mut summaries = Vec::new();
    for id in leads {
        if let Some(lead) = actions.store.lead(scope, id).await? {
            let promises = actions.store.promises_of_lead(scope, id).await?;
            // The earliest open one is the next step, of whatever kind it is.
            let open = promises.iter().filter(|promise| promise.ended.is_none());
            summaries.push(LeadSummary { lead, next: open.filter_map(|promise| promise.due_at).min() });
        }
    }
    Ok(summaries)
}
