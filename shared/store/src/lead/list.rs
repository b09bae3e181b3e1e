//! Lists of leads: which fit a filter in which order, page by page, how many there are up to a bound, and what a list shows of each.
//!
//! Which leads a page has is found first, by the index of its order; what is shown is read for those alone.

use jiff::{Timestamp, tz::TimeZone};
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    id::{LeadId, SourceId},
    lead::{Channel, Grade, Stage},
    promise::{Kind, State},
};
use uuid::Uuid;

use crate::{
    Scope, Store, StoreError,
    lead::touched::{PromisedFilter, TouchedFilter},
};

/// Which leads are meant; what says nothing asks for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeadFilter {
    /// Of these stages; of all where empty.
    pub stages: Vec<Stage>,
    /// Of this grade.
    pub grade: Option<GradeFilter>,
    /// Of this program, by its name.
    pub program: Option<String>,
    /// Whose first arrival came from this source.
    pub source: Option<SourceId>,
    /// That came by this channel.
    pub channel: Option<Channel>,
    /// Whose last arrival came then or later.
    pub from: Option<Timestamp>,
    /// Whose last arrival came before.
    pub to: Option<Timestamp>,
    /// Whose next step is due then or later.
    pub due_from: Option<Timestamp>,
    /// Whose next step is due before.
    pub due_before: Option<Timestamp>,
    /// Whose next step was agreed with the person.
    pub is_agreed: bool,
    /// That nobody touched.
    pub is_untouched: bool,
    /// Of which something is held back.
    pub is_held: bool,
    /// That a client has, whatever their grade is by now, or is about to have.
    pub is_with_client: bool,
    /// None at all: what is asked for contradicts itself.
    pub is_empty: bool,
    /// That a user touched.
    pub touched: Option<TouchedFilter>,
    /// That a user promised to call.
    pub promised: Option<PromisedFilter>,
}

/// A grade that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GradeFilter {
    /// This one.
    Is(Grade),
    /// None yet.
    Undecided,
}

impl GradeFilter {
    /// As it is typed: a grade, or `none`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Is(grade) => grade.word(),
            Self::Undecided => "none",
        }
    }
}

impl LeadFilter {
    /// Only leads that have a next step fit.
    #[must_use]
    pub const fn is_about_steps(&self) -> bool {
        self.due_from.is_some() || self.due_before.is_some() || self.is_agreed
    }

    /// It asks for what few leads have, which are known by name then.
    pub(super) const fn is_named(&self) -> bool {
        self.is_held || self.touched.is_some() || self.promised.is_some()
    }

    pub(super) fn stage_words(&self) -> Option<Vec<String>> {
        let words = || self.stages.iter().map(|stage| stage.word().to_owned()).collect();
        (!self.stages.is_empty()).then(words)
    }
}

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
        let stages = filter.stage_words();
        let among = self.leads_among(scope, filter, span.order).await?;
        let rows = sqlx::query_scalar!(
            "-- lead.by_step
            select p.lead_id from promise p join lead l on l.id = p.lead_id
            where p.state in ('scheduled', 'work') and ($1::uuid is null or p.client_id = $1)
              and (coalesce(p.due_at, '9999-12-30 00:00:00+00'), p.lead_id) > ($2::timestamptz, $3::uuid)
              and ($4::timestamptz is null or coalesce(p.due_at, '9999-12-30 00:00:00+00') >= $4)
              and ($5::timestamptz is null or coalesce(p.due_at, '9999-12-30 00:00:00+00') < $5) and (not $6 or (p.agreed and p.due_at > p.created_at))
              and not exists (select from promise e where e.lead_id = p.lead_id and e.state in ('scheduled', 'work')
                                and (coalesce(e.due_at, '9999-12-30 00:00:00+00'), e.generation)
                                  < (coalesce(p.due_at, '9999-12-30 00:00:00+00'), p.generation) offset 0)
              and ($7::text[] is null or l.stage = any($7)) and ($8::text is null or coalesce(l.grade, 'none') = $8)
              and ($9::uuid is null or l.source_id = $9) and ($10::text is null or l.channel = $10)
              and ($11::timestamptz is null or l.last_arrived_at >= $11) and ($12::timestamptz is null or l.last_arrived_at < $12)
              and (not $13 or l.touches = 0)
              and ($17::text is null or l.program_id = (select g.id from program g where g.name = $17))
              and ($14::uuid[] is null or l.id = any($14))
              and (not $15 or l.matured_at is not null and l.stage in ('lead', 'contact', 'opportunity')
                     and (l.returned_at is null or l.matured_at >= l.returned_at) and (l.grade = 'A' or lead_is_handed_over(l.id, l.matured_at, l.returned_at, l.recalled_at)))
            order by coalesce(p.due_at, '9999-12-30 00:00:00+00'), p.lead_id limit $16",
            scope.client_uuid(),
            instant(after.at.max(0)),
            after.lead.uuid(),
            filter.due_from.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            filter.due_before.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            filter.is_agreed,
            stages.as_deref(),
            filter.grade.map(GradeFilter::word),
            filter.source.map(SourceId::uuid),
            filter.channel.map(Channel::word),
            filter.from.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            filter.to.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            filter.is_untouched,
            among.as_deref(),
            filter.is_with_client,
            span.limit,
            filter.program.as_deref()
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
        let stages = filter.stage_words();
        let among = self.leads_among(scope, filter, span.order).await?;
        let rows = sqlx::query_scalar!(
            "-- lead.by_arrival
            select l.id from lead l
            left join lateral (select p.due_at, p.agreed, p.created_at from promise p where p.lead_id = l.id and p.state in ('scheduled', 'work')
                               order by coalesce(p.due_at, '9999-12-30 00:00:00+00'), p.generation limit 1) p on $15
            where ($1::uuid is null or l.client_id = $1) and (l.last_arrived_at, l.id) < ($2::timestamptz, $3::uuid)
              and ($4::text[] is null or l.stage = any($4)) and ($5::text is null or coalesce(l.grade, 'none') = $5)
              and ($5::text is distinct from 'none' or l.decision_id is null)
              and ($6::uuid is null or l.source_id = $6) and ($7::text is null or l.channel = $7)
              and ($8::timestamptz is null or l.last_arrived_at >= $8) and ($9::timestamptz is null or l.last_arrived_at < $9)
              and (not $10 or l.touches = 0)
              and ($18::text is null or l.program_id = (select g.id from program g where g.name = $18))
              and ($11::uuid[] is null or l.id = any($11))
              and (not $12 or l.matured_at is not null and l.stage in ('lead', 'contact', 'opportunity')
                     and (l.returned_at is null or l.matured_at >= l.returned_at) and (l.grade = 'A' or lead_is_handed_over(l.id, l.matured_at, l.returned_at, l.recalled_at)))
              and ($13::timestamptz is null or p.due_at >= $13) and ($14::timestamptz is null or p.due_at < $14)
              and (not $16 or coalesce(p.agreed and p.due_at > p.created_at, false))
            order by l.last_arrived_at desc, l.id desc limit $17",
            scope.client_uuid(),
            instant(after.at),
            after.lead.uuid(),
            stages.as_deref(),
            filter.grade.map(GradeFilter::word),
            filter.source.map(SourceId::uuid),
            filter.channel.map(Channel::word),
            filter.from.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            filter.to.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            filter.is_untouched,
            among.as_deref(),
            filter.is_with_client,
            filter.due_from.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            filter.due_before.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            filter.is_about_steps(),
            filter.is_agreed,
            span.limit,
            filter.program.as_deref()
        )
        .fetch_all(&self.lists)
        .await?;
        Ok(rows)
    }

    async fn leads_by_score(&self, scope: Scope, filter: &LeadFilter, span: LeadSpan) -> Result<Vec<Uuid>, StoreError> {
        let after = span.after.unwrap_or(LeadCursor { at: i64::MAX, lead: LeadId::from_uuid(Uuid::max()) });
        let points = i32::try_from(after.at).unwrap_or(i32::MAX);
        let stages = filter.stage_words();
        let among = self.leads_among(scope, filter, span.order).await?;
        let rows = sqlx::query_scalar!(
            "-- lead.by_score
            select l.id from lead l
            left join lateral (select p.due_at, p.agreed, p.created_at from promise p where p.lead_id = l.id and p.state in ('scheduled', 'work')
                               order by coalesce(p.due_at, '9999-12-30 00:00:00+00'), p.generation limit 1) p on $15
            where ($1::uuid is null or l.client_id = $1) and (coalesce(l.score, -2147483648), l.id) < ($2::integer, $3::uuid)
              and ($4::text[] is null or l.stage = any($4)) and ($5::text is null or coalesce(l.grade, 'none') = $5)
              and ($5::text is distinct from 'none' or l.decision_id is null)
              and ($6::uuid is null or l.source_id = $6) and ($7::text is null or l.channel = $7)
              and ($8::timestamptz is null or l.last_arrived_at >= $8) and ($9::timestamptz is null or l.last_arrived_at < $9)
              and (not $10 or l.touches = 0)
              and ($18::text is null or l.program_id = (select g.id from program g where g.name = $18))
              and ($11::uuid[] is null or l.id = any($11))
              and (not $12 or l.matured_at is not null and l.stage in ('lead', 'contact', 'opportunity')
                     and (l.returned_at is null or l.matured_at >= l.returned_at) and (l.grade = 'A' or lead_is_handed_over(l.id, l.matured_at, l.returned_at, l.recalled_at)))
              and ($13::timestamptz is null or p.due_at >= $13) and ($14::timestamptz is null or p.due_at < $14)
              and (not $16 or coalesce(p.agreed and p.due_at > p.created_at, false))
            order by coalesce(l.score, -2147483648) desc, l.id desc limit $17",
            scope.client_uuid(),
            points,
            after.lead.uuid(),
            stages.as_deref(),
            filter.grade.map(GradeFilter::word),
            filter.source.map(SourceId::uuid),
            filter.channel.map(Channel::word),
            filter.from.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            filter.to.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            filter.is_untouched,
            among.as_deref(),
            filter.is_with_client,
            filter.due_from.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            filter.due_before.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            filter.is_about_steps(),
            filter.is_agreed,
            span.limit,
            filter.program.as_deref()
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
