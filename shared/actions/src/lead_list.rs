//! Lists of leads by filters, in pages, with counts up to a bound.

use jiff::{Timestamp, tz::TimeZone};
use ripen_domain::{
    actor::{Actor, Permission},
    desk::{day_after, day_alone},
    id::LeadId,
    lead::Stage,
};
use ripen_store::{
    Scope,
    lead::list::{LeadCursor, LeadFilter, LeadOrder, LeadSpan, ListedLead},
    source::source_record::SourceRecord,
};

use crate::{
    Actions, Refusal, client,
    lead_next::note_next,
    lead_withhold::{withhold, zone},
    work::permit,
};

/// Counting ends here: a list of more is told as "more than".
pub const COUNTED_AT_MOST: i64 = 1_000;

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

/// A page of the leads in the actor's scope, each with when it can be worked next; by next steps they stand by the dates that are
/// promised, and not by that. Who they are is absent where the actor does not work leads and the client does not have
/// them.
///
/// # Errors
/// When there is no such client in the scope.
pub async fn list(actions: &Actions, actor: &Actor, query: &LeadQuery) -> Result<LeadsPage, Refusal> {
    permit(actor, Permission::Own)?;
    let scope = client::scope(actions, actor, query.client.as_deref()).await?;
    // One more than fits tells whether there is another page.
    let limit = i64::from(query.limit);
    let zone = days_of(actions, actor, scope).await?;
    let by_day = zone.as_ref().filter(|_| query.order == LeadOrder::Step);
    // A mark is what somebody typed: by one hour after another they would read behind which the lead is.
    if let (Some(mark), Some(zone)) = (query.after, by_day)
        && mark.day(zone) != mark
    {
        return Err(Refusal::field("after", "invalid", "write the next of the page before"));
    }
    let span = LeadSpan { order: query.order, after: query.after, limit: limit.saturating_add(1) };
    let filter = filter_by_day(&query.filter, zone.as_ref(), actions.clock.now());
    let mut leads = match by_day {
        Some(zone) => actions.store.leads_list_by_day(scope, &filter, span, zone).await?,
        None => actions.store.leads_list(scope, &filter, span).await?,
    };
    let fit = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = leads.len() > fit;
    leads.truncate(fit);
    let next = leads.last().filter(|_| has_more).map(|last| last.cursor(query.order));
    // The day that is told anyway, and not the lead's of when the next page is asked for: it may be closed by then, or due in June.
    let next = next.map(|mark| by_day.map_or(mark, |zone| mark.day(zone)));
    withhold(actions, actor, &mut leads).await?;
    note_next(actions, actor, &mut leads).await?;
    Ok(LeadsPage { leads, next })
}

/// The clock of the client, by whose days whoever does not work leads reads next steps; none for who reads their hours.
async fn days_of(actions: &Actions, actor: &Actor, scope: Scope) -> Result<Option<TimeZone>, Refusal> {
    if actor.may(Permission::Work) {
        return Ok(None);
    }
    let client = actions.store.clients(scope).await?.into_iter().next();
    Ok(Some(zone(client.as_ref().map_or("", |client| client.time_zone.as_str()))))
}

/// The filter for whoever reads days alone: what is late is of an earlier day, and what is due later is due by the end of today, all by
/// the client's clock. A bound within a day, moved by the minute or by the zone of a browser, would tell the hour.
fn filter_by_day(filter: &LeadFilter, zone: Option<&TimeZone>, now: Timestamp) -> LeadFilter {
    let Some(zone) = zone else { return filter.clone() };
    let before = |at: Timestamp| if at > now { day_after(now, zone) } else { Some(day_alone(now, zone)) };
    LeadFilter {
        due_from: filter.due_from.map(|at| day_alone(at, zone)),
        due_before: filter.due_before.and_then(before),
        ..filter.clone()
    }
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
    let zone = days_of(actions, actor, scope).await?;
    let filter = filter_by_day(filter, zone.as_ref(), actions.clock.now());
    let n = actions.store.leads_count(scope, &filter, COUNTED_AT_MOST.saturating_add(1)).await?;
    Ok(LeadsCounted { n: n.min(COUNTED_AT_MOST), is_more: n > COUNTED_AT_MOST })
}
