//! Leads in the order of the days of their next steps, for whoever is not told the hours. Who reads the order of two hours, and knows
//! one of them, reads half of the other.

use jiff::{Timestamp, tz::TimeZone};
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    desk::{day_after, day_alone},
    id::SourceId,
    lead::Channel,
};
use uuid::Uuid;

use crate::{
    Scope, Store, StoreError,
    lead::list::{GradeFilter, LeadCursor, LeadFilter, LeadOrder, LeadSpan, ListedLead, instant},
};

fn marked_at(mark: LeadCursor) -> Timestamp {
    instant(mark.at.max(0)).to_jiff()
}

impl Store {
    /// The leads of a page, the earliest day of a next step by this clock first, and by id within a day. The page before ended with the
    /// lead of its mark, whose step is due at some time of that day.
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
        let stages = filter.stage_words();
        let among = self.leads_among(scope, filter, span.order).await?;
        let rows = sqlx::query_scalar!(
            "-- lead.by_step_day
            select p.lead_id from promise p join lead l on l.id = p.lead_id
            where p.state in ('scheduled', 'work') and ($1::uuid is null or p.client_id = $1)
              and ($3::uuid is null or coalesce(p.due_at, '9999-12-30 00:00:00+00') >= $2::timestamptz or p.lead_id > $3)
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
            order by (coalesce(p.due_at, '9999-12-30 00:00:00+00') at time zone $18)::date, p.lead_id limit $16",
            scope.client_uuid(),
            next_day.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            span.after.map(|mark| mark.lead.uuid()),
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
            filter.program.as_deref(),
            zone.iana_name().unwrap_or("UTC")
        )
        .fetch_all(&self.lists)
        .await?;
        Ok(rows)
    }
}
