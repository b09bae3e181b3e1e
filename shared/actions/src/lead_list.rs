//! Lists of leads by filters, in pages, with counts up to a bound.

use ripen_domain::{
    actor::{Actor, Permission},
    id::LeadId,
    lead::Stage,
};
use ripen_store::{
    lead::list::{LeadCursor, LeadFilter, LeadOrder, LeadSpan, ListedLead},
    source::source_record::SourceRecord,
};

use crate::{Actions, Refusal, client, lead_withhold::withhold, work::permit};

/// Counting ends here: a list of more is told as "more than".
pub const COUNTED_AT_MOST: i64 = 1_000;

/// Stands in the mark of a page where the hour of its last lead's step is withheld: it is looked up again.
const HOUR_KEPT: i64 = i64::MIN;

/// The stages of a lead that is open.
pub const OPEN_STAGES: [Stage; 3] = [Stage::Lead, Stage::Contact, Stage::Opportunity];

/// Which leads are listed, and from where on.
#[derive(Debug, Clone, Default)]
pub struct LeadQuery {
    /// Of one client: its slug.
    pub client: Option<String>,
    /// Which.
    pub filter: LeadFilter,
    /// In which order.
    pub order: LeadOrder,
    /// Behind this one: where the page before ended.
    pub after: Option<LeadCursor>,
    /// At most so many.
    pub limit: u32,
}

/// A page of leads.
#[derive(Debug)]
pub struct LeadsPage {
    /// The leads.
    pub leads: Vec<ListedLead>,
    /// Where the next page begins; none where this is the last.
    pub next: Option<LeadCursor>,
}

/// How many leads fit, as far as it was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeadsCounted {
    /// So many, or [`COUNTED_AT_MOST`].
    pub n: i64,
    /// There are more.
    pub is_more: bool,
}

/// A page of the leads in the actor's scope. Who they are is absent where the actor does not work leads and the client does not have
/// them.
///
/// # Errors
/// When there is no such client in the scope.
pub async fn list(actions: &Actions, actor: &Actor, query: &LeadQuery) -> Result<LeadsPage, Refusal> {
    permit(actor, Permission::Own)?;
    let scope = client::scope(actions, actor, query.client.as_deref()).await?;
    // One more than fits tells whether there is another page.
    let limit = i64::from(query.limit);
    let kept = query.after.filter(|mark| mark.at == HOUR_KEPT);
    let after = match kept {
        None => query.after,
        Some(mark) => {
            let last = actions.store.leads_of_list(scope, &[mark.lead]).await?.pop();
            last.map(|last| last.cursor(query.order)).or(kept)
        }
    };
    let span = LeadSpan { order: query.order, after, limit: limit.saturating_add(1) };
    let mut leads = actions.store.leads_list(scope, &query.filter, span).await?;
    let fit = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = leads.len() > fit;
    leads.truncate(fit);
    let next = leads.last().filter(|_| has_more).map(|last| last.cursor(query.order));
    let withheld = withhold(actions, actor, &mut leads).await?;
    let is_step = |mark: &LeadCursor| query.order == LeadOrder::Step && withheld.contains(&mark.lead);
    let next = next.map(|mark| if is_step(&mark) { LeadCursor { at: HOUR_KEPT, ..mark } } else { mark });
    Ok(LeadsPage { leads, next })
}

/// These leads as a list shows them, those of the actor's scope alone.
///
/// # Errors
/// When the database is away.
pub async fn of_ids(actions: &Actions, actor: &Actor, leads: &[LeadId]) -> Result<Vec<ListedLead>, Refusal> {
    permit(actor, Permission::Own)?;
    let mut listed = actions.store.leads_of_list(actor.scope(), leads).await?;
    withhold(actions, actor, &mut listed).await?;
    Ok(listed)
}

/// The sources in the actor's scope, for whoever chooses among leads by where they come from.
///
/// # Errors
/// When the database is away.
pub async fn sources(actions: &Actions, actor: &Actor) -> Result<Vec<SourceRecord>, Refusal> {
    permit(actor, Permission::Own)?;
    Ok(actions.store.sources(actor.scope()).await?)
}

/// The names of the programs, for whoever chooses among leads by their line of business.
///
/// # Errors
/// When the database is away.
pub async fn programs(actions: &Actions, actor: &Actor) -> Result<Vec<String>, Refusal> {
    permit(actor, Permission::Work)?;
    let programs = actions.store.begin().await?.program_names().await?;
    Ok(programs.into_iter().map(|program| program.name).collect())
}

/// How many leads fit.
///
/// # Errors
/// When there is no such client in the scope.
pub async fn count(
    actions: &Actions,
    actor: &Actor,
    slug: Option<&str>,
    filter: &LeadFilter,
) -> Result<LeadsCounted, Refusal> {
    permit(actor, Permission::Own)?;
    let scope = client::scope(actions, actor, slug).await?;
    let n = actions.store.leads_count(scope, filter, COUNTED_AT_MOST.saturating_add(1)).await?;
    Ok(LeadsCounted { n: n.min(COUNTED_AT_MOST), is_more: n > COUNTED_AT_MOST })
}
