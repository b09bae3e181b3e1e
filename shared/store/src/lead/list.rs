//! Lists of leads: which fit a filter in which order, page by page, how many there are up to a bound, and what a list shows of each.
//!
//! Which leads a page has is found first, by the index of its order; what is shown is read for those alone.

use jiff::{Timestamp, tz::TimeZone};
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    desk::day_alone,
    id::{LeadId, SourceId},
    lead::{Channel, Grade, Stage},
    promise::{Kind, State},
};
use uuid::Uuid;

use crate::{
    Scope, Store, StoreError,
    lead::fitting::{FitArguments, query_fitting_page, query_fitting_steps},
};

pub use crate::lead::lead_filter::{GradeFilter, LeadFilter};

/// In which order leads are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LeadOrder {
    /// The earliest next step first; only leads that have one.
    #[default]
    Step,
    /// The last arrival first.
    Arrival,
    /// The most points first.
    Score,
}

/// Where a page ended: the next begins behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeadCursor {
    /// Microseconds since 1970 of what the list is ordered by, or the points.
    pub at: i64,
    /// The last lead.
    pub lead: LeadId,
}

impl LeadCursor {
    /// Of a list by next steps: with the day alone by this clock, as its beginning.
    #[must_use]
    pub fn day(self, zone: &TimeZone) -> Self {
        Self { at: micros(day_alone(instant(self.at.max(0)).to_jiff(), zone)), ..self }
    }
}

/// A page of leads.
#[derive(Debug, Clone, Copy)]
pub struct LeadSpan {
    /// In which order.
    pub order: LeadOrder,
    /// Behind which.
    pub after: Option<LeadCursor>,
    /// At most so many.
    pub limit: i64,
}

impl LeadSpan {
    /// Where a page by arrival begins.
    pub(super) fn after_arrival(&self) -> LeadCursor {
        self.after.unwrap_or(LeadCursor { at: LAST, lead: LeadId::from_uuid(Uuid::max()) })
    }
}

/// What is next for a lead in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedStep {
    /// What happens.
    pub kind: Kind,
    /// Scheduled, or work for a person.
    pub state: State,
    /// When; none where it waits for criteria.
    pub due_at: Option<Timestamp>,
    /// Of `due_at` only the day by this clock is told, as its beginning; none where the hour is told too.
    pub day_by: Option<TimeZone>,
    /// What is promised, in words.
    pub why: String,
    /// Agreed with the person.
    pub is_agreed: bool,
    /// Given back to the desk: by its client, or opened again.
    pub is_put_back: bool,
}

/// A lead in a list.
#[derive(Debug, Clone)]
pub struct ListedLead {
    /// Its id.
    pub id: LeadId,
    /// The client's slug.
    pub client: String,
    /// The client's name.
    pub client_name: String,
    /// The program's name.
    pub program: String,
    /// The person's name, as far as it is known.
    pub name: Option<String>,
    /// The number they are reached under.
    pub phone: Option<String>,
    /// The address they are reached under.
    pub email: Option<String>,
    /// How far it has come.
    pub stage: Stage,
    /// Why it is closed.
    pub closed: Option<String>,
    /// The grade of the last decision.
    pub grade: Option<Grade>,
    /// Its points.
    pub score: Option<i32>,
    /// The source of the first arrival.
    pub source: SourceId,
    /// Its name.
    pub source_name: String,
    /// Of its arrivals' channels the one closest to a conversation.
    pub channel: Channel,
    /// Arrivals on it.
    pub arrivals: i32,
    /// The last of them.
    pub last_arrived_at: Timestamp,
    /// How the last touch went.
    pub last_disposition: Option<String>,
    /// When it was.
    pub last_touch_at: Option<Timestamp>,
    /// What is next.
    pub step: Option<ListedStep>,
    /// The client has or had it, and it was not taken back.
    pub is_handed_over: bool,
}

impl ListedLead {
    /// Where a page that ends with it ends.
    #[must_use]
    pub fn cursor(&self, order: LeadOrder) -> LeadCursor {
        let at = match order {
            // Whatever waits for criteria comes last, as the statement has it.
            LeadOrder::Step => self.step.as_ref().and_then(|step| step.due_at).map_or(LAST, micros),
            LeadOrder::Arrival => micros(self.last_arrived_at),
            LeadOrder::Score => i64::from(self.score.unwrap_or(i32::MIN)),
        };
        LeadCursor { at, lead: self.id }
    }
}

/// 30 December 9999: when a step without a date is due. Instants go no further than that day.
const LAST: i64 = 253_402_128_000_000_000;

fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

pub(super) fn instant(at: i64) -> jiff_sqlx::Timestamp {
    Timestamp::from_microsecond(at.min(LAST)).unwrap_or(Timestamp::UNIX_EPOCH).to_sqlx()
}

impl Store {
    /// The leads of a page, in its order.
    pub async fn leads_list(
        &self,
        scope: Scope,
        filter: &LeadFilter,
        span: LeadSpan,
    ) -> Result<Vec<ListedLead>, StoreError> {
        if filter.is_empty {
            return Ok(Vec::new());
        }
        let ids = match span.order {
            LeadOrder::Step => self.leads_by_step(scope, filter, span).await?,
            LeadOrder::Arrival => self.leads_by_arrival(scope, filter, span).await?,
            LeadOrder::Score => self.leads_by_score(scope, filter, span).await?,
        };
        self.leads_listed(scope, &ids).await
    }

    pub(super) async fn leads_by_step(
        &self,
        scope: Scope,
        filter: &LeadFilter,
        span: LeadSpan,
    ) -> Result<Vec<Uuid>, StoreError> {
        let after = span.after.unwrap_or(LeadCursor { at: i64::MIN, lead: LeadId::from_uuid(Uuid::nil()) });
        let among = self.leads_among(scope, filter, span.order).await?;
        let fits = FitArguments::new(scope, filter, among);
        let rows = query_fitting_steps!(
            "-- lead.by_step
            select p.lead_id from promise p join lead l on l.id = p.lead_id
            where (coalesce(p.due_at, '9999-12-30 00:00:00+00'), p.lead_id) > ($15::timestamptz, $16::uuid) and ",
            "order by coalesce(p.due_at, '9999-12-30 00:00:00+00'), p.lead_id limit $17",
            fits,
            instant(after.at.max(0)),
            after.lead.uuid(),
            span.limit,
        )
        .fetch_all(&self.lists)
        .await?;
        Ok(rows)
    }

    async fn leads_by_arrival(
        &self,
        scope: Scope,
        filter: &LeadFilter,
        span: LeadSpan,
    ) -> Result<Vec<Uuid>, StoreError> {
        if filter.is_of_kinds() && !filter.is_about_steps() && !filter.is_named() {
            return self.leads_of_kinds_by_arrival(scope, filter, span).await;
        }
        let after = span.after_arrival();
        let among = self.leads_among(scope, filter, span.order).await?;
        let fits = FitArguments::new(scope, filter, among);
        let rows = query_fitting_page!(
            "-- lead.by_arrival",
            "(l.last_arrived_at, l.id) < ($16::timestamptz, $17::uuid)",
            "order by l.last_arrived_at desc, l.id desc limit $18",
            fits,
            filter.is_about_steps(),
            instant(after.at),
            after.lead.uuid(),
            span.limit,
        )
        .fetch_all(&self.lists)
        .await?;
        Ok(rows)
    }

    async fn leads_by_score(&self, scope: Scope, filter: &LeadFilter, span: LeadSpan) -> Result<Vec<Uuid>, StoreError> {
        let after = span.after.unwrap_or(LeadCursor { at: i64::MAX, lead: LeadId::from_uuid(Uuid::max()) });
        let points = i32::try_from(after.at).unwrap_or(i32::MAX);
        let among = self.leads_among(scope, filter, span.order).await?;
        let fits = FitArguments::new(scope, filter, among);
        let rows = query_fitting_page!(
            "-- lead.by_score",
            "(coalesce(l.score, -2147483648), l.id) < ($16::integer, $17::uuid)",
            "order by coalesce(l.score, -2147483648) desc, l.id desc limit $18",
            fits,
            filter.is_about_steps(),
            points,
            after.lead.uuid(),
            span.limit,
        )
        .fetch_all(&self.lists)
        .await?;
        Ok(rows)
    }

    /// What lists show of these leads, in this order; those outside of the scope are left out.
    pub async fn leads_of_list(&self, scope: Scope, leads: &[LeadId]) -> Result<Vec<ListedLead>, StoreError> {
        let ids: Vec<_> = leads.iter().map(|lead| lead.uuid()).collect();
        self.leads_listed(scope, &ids).await
    }
}

#[cfg(test)]
mod tests;
