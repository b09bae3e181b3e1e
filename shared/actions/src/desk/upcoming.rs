//! Nothing to do: when there is, and what the day was.

use jiff::{Span, Timestamp, tz::TimeZone};
use ripen_domain::actor::{Actor, Permission};
use ripen_store::desk::upcoming::{DispositionCount, NextDue};

use super::{
    nobody,
    ready::{ReadyLeads, ready, terms_of},
};
use crate::{Actions, Refusal, work::permit};

/// When the next work comes due, and what the agent did today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpcomingWork {
    /// What the agent could be handed now.
    pub ready: ReadyLeads,
    /// When the next work comes due; none where nothing is dated.
    pub next_at: Option<Timestamp>,
    /// What it is then, in words.
    pub next_why: Option<&'static str>,
    /// Calls that the agent promised for later today.
    pub promised_today: i64,
    /// What the agent did today, by their clock; what was done most first.
    pub today: Vec<DispositionCount>,
}

/// When the next work comes due for the actor, and what their day was by the clock of `zone`.
///
/// # Errors
/// `Conflict` (`no_user`) for who does not sign in.
pub async fn coming_up(actions: &Actions, actor: &Actor, zone: &TimeZone) -> Result<UpcomingWork, Refusal> {
    permit(actor, Permission::Work)?;
    let user = actor.user_id().ok_or_else(nobody)?;
    let now = actions.clock.now();
    let agent = terms_of(actions, actor).await?;
    let due = actions.store.desk_next_due(actor.scope(), &agent.clients, now).await?;
    let today = now.to_zoned(zone.clone()).start_of_day();
    let begin = today.as_ref().map_or(now, jiff::Zoned::timestamp);
    let tomorrow = today.and_then(|today| today.checked_add(Span::new().days(1)));
    let end = tomorrow.map_or(Timestamp::MAX, |tomorrow| tomorrow.timestamp());
    let (next_at, next_why) = next(&due);
    Ok(UpcomingWork {
        ready: ready(actions, actor, &agent).await?,
        next_at,
        next_why,
        promised_today: actions.store.desk_promised_by(user, (now, end)).await?,
        today: actions.store.desk_done_by(user, begin).await?,
    })
}

fn next(due: &NextDue) -> (Option<Timestamp>, Option<&'static str>) {
    let of = [
        (due.promised_at, "a call is promised"),
        (due.computed_at, "a lead is looked at again"),
        (due.opens_at, "a lead that waits may be called"),
    ];
    let first = of.into_iter().filter_map(|(at, why)| Some((at?, why))).min_by_key(|(at, _)| *at);
    (first.map(|(at, _)| at), first.map(|(_, why)| why))
}
