//! Leads in the order of the days of their next steps, for whoever is not told the hours. Who reads the order of two hours, and knows
//! one of them, reads half of the other.

use jiff::{Timestamp, tz::TimeZone};
use jiff_sqlx::ToSqlx;
use ripen_domain::desk::{day_after, day_alone};
use uuid::Uuid;

use crate::{
    Scope, Store, StoreError,
    lead::{
        fitting::{FitArguments, query_fitting_steps},
        list::{LeadCursor, LeadFilter, LeadOrder, LeadSpan, ListedLead, instant},
    },
};

fn marked_at(mark: LeadCursor) -> Timestamp {
    instant(mark.at.max(0)).to_jiff()
}

impl Store {
    /// The leads of a page, the earliest day of a next step by this clock first, and by id within a day. The page before ended with the
    /// lead of its mark, whose step was due then at some time of the mark's day; the lead itself is not asked.
    pub async fn leads_list_by_day(
        &self,
        scope: Scope,
        filter: &LeadFilter,
        span: LeadSpan,
        zone: &TimeZone,
    ) -> Result<Vec<ListedLead>, StoreError> {
        if filter.is_empty {
            return Ok(Vec::new());
        }
        let marked = span.after.map(marked_at);
        let next_day = marked.map(|at| day_after(at, zone));
        let until = match next_day {
            // Behind what has no date there is no other day.
            Some(None) => None,
            from => {
                let ahead = LeadFilter { due_from: filter.due_from.max(from.flatten()), ..filter.clone() };
                self.last_day_of(scope, &ahead, LeadSpan { after: None, ..span }, zone).await?
            }
        };
        let begin = marked.map(|at| day_alone(at, zone));
        let window = LeadFilter {
            due_from: filter.due_from.max(begin),
            due_before: [filter.due_before, until].into_iter().flatten().min(),
            ..filter.clone()
        };
        let ids = self.leads_by_day(scope, &window, span, zone).await?;
        self.leads_listed(scope, &ids).await
    }

    /// The end of the day that a page reaches at most: only the days before it are sorted. None where all that is left fits.
    async fn last_day_of(
        &self,
        scope: Scope,
        ahead: &LeadFilter,
        span: LeadSpan,
        zone: &TimeZone,
    ) -> Result<Option<Timestamp>, StoreError> {
        let ids = self.leads_by_step(scope, ahead, span).await?;
        let is_full = usize::try_from(span.limit).is_ok_and(|limit| ids.len() >= limit);
        let Some(last) = ids.last().filter(|_| is_full) else { return Ok(None) };
        let last = self.leads_listed(scope, &[*last]).await?.pop();
        Ok(last.and_then(|last| day_after(marked_at(last.cursor(LeadOrder::Step)), zone)))
    }

    async fn leads_by_day(
        &self,
        scope: Scope,
        filter: &LeadFilter,
        span: LeadSpan,
        zone: &TimeZone,
    ) -> Result<Vec<Uuid>, StoreError> {
        let next_day = span.after.and_then(|mark| day_after(marked_at(mark), zone));
        let among = self.leads_among(scope, filter, span.order).await?;
        let fits = FitArguments::new(scope, filter, among);
        let rows = query_fitting_steps!(
            "-- lead.by_step_day
            select p.lead_id from promise p join lead l on l.id = p.lead_id
            where ($16::uuid is null or coalesce(p.due_at, '9999-12-30 00:00:00+00') >= $15::timestamptz or p.lead_id > $16) and ",
            "order by (coalesce(p.due_at, '9999-12-30 00:00:00+00') at time zone $17)::date, p.lead_id limit $18",
            fits,
            next_day.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            span.after.map(|mark| mark.lead.uuid()),
            zone.iana_name().unwrap_or("UTC"),
            span.limit,
        )
        .fetch_all(&self.lists)
        .await?;
        Ok(rows)
    }
}
