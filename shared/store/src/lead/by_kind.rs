//! Leads of few kinds among very many: a kind is a stage, a grade and a channel, and each is looked up by an index that has its leads
//! by arrival. However few fit, no look reads more than was asked for of each kind.

use jiff_sqlx::ToSqlx;
use ripen_domain::{
    id::SourceId,
    lead::{Channel, Grade, Stage},
};
use uuid::Uuid;

use crate::{
    Scope, Store, StoreError,
    lead::list::{GradeFilter, LeadFilter, LeadOrder, LeadSpan, instant},
};

/// So few are sorted, or looked up one by one; where there are more, the next that fits is not far in any order.
const FEW: i64 = 1_000;
/// The same of leads with a step that is asked for: in another order than that of the steps they may all come last.
const FEW_STEPS: i64 = 20_000;

/// The kinds that a filter asks for.
struct KindsAsked {
    stages: Vec<String>,
    grades: Vec<String>,
    channels: Vec<String>,
}

impl KindsAsked {
    fn of(filter: &LeadFilter) -> Self {
        let all = || Stage::ALL.iter().map(|stage| stage.word().to_owned()).collect();
        let grades = match filter.grade {
            Some(grade) => vec![grade],
            None => [Grade::A, Grade::B, Grade::C]
                .map(GradeFilter::Is)
                .into_iter()
                .chain([GradeFilter::Undecided])
                .collect(),
        };
        let channels = filter.channel.map_or_else(|| Channel::ALL.to_vec(), |channel| vec![channel]);
        Self {
            stages: filter.stage_words().unwrap_or_else(all),
            grades: grades.into_iter().map(|grade| grade.word().to_owned()).collect(),
            channels: channels.into_iter().map(|channel| channel.word().to_owned()).collect(),
        }
    }
}

impl LeadFilter {
    /// It asks for some kinds, or for a source: few may fit. What clients have is found by an index of its own.
    pub(super) const fn is_of_kinds(&self) -> bool {
        !self.is_with_client
            && (self.grade.is_some() || self.source.is_some() || self.channel.is_some() || self.stages.len() == 1)
    }
}

impl Store {
    /// The leads among which those that fit are found at once; none where no such list is known, and all have to be looked through.
    pub(super) async fn leads_among(
        &self,
        scope: Scope,
        filter: &LeadFilter,
        order: LeadOrder,
    ) -> Result<Option<Vec<Uuid>>, StoreError> {
        if let Some(named) = self.leads_named(scope, filter).await? {
            return Ok(Some(named));
        }
        let is_few = |leads: &Vec<Uuid>, most: i64| i64::try_from(leads.len()).is_ok_and(|found| found <= most);
        if filter.is_of_kinds() {
            let found = self.leads_of_kinds(scope, filter, FEW.saturating_add(1)).await?;
            if is_few(&found, FEW) {
                return Ok(Some(found));
            }
        }
        if filter.is_about_steps() && order != LeadOrder::Step {
            let found = self.leads_of_steps(scope, filter, FEW_STEPS.saturating_add(1)).await?;
            return Ok(Some(found).filter(|found| is_few(found, FEW_STEPS)));
        }
        Ok(None)
    }

    /// So many leads of the kinds that are asked for, in no order. Steps are not looked at.
    pub(super) async fn leads_of_kinds(
        &self,
        scope: Scope,
        filter: &LeadFilter,
        most: i64,
    ) -> Result<Vec<Uuid>, StoreError> {
        let kinds = KindsAsked::of(filter);
        // A source is looked for by its own index alone, and another client's not at all: the client of each lead is asked for besides,
        // in a way that no index answers.
        let rows = sqlx::query_scalar!(
            r#"-- lead.of_kinds
            select f.id as "id!" from unnest($2::text[]) as s (stage) cross join unnest($3::text[]) as g (grade)
            cross join unnest($4::text[]) as c (channel) cross join lateral (
              select l.id from lead l
              where l.stage = s.stage and coalesce(l.grade, 'none') = g.grade and l.channel = c.channel
                and ($1::uuid is null or $5::uuid is not null or l.client_id = $1) and ($1::uuid is null or (l.client_id = $1) is true)
                and ($5::uuid is null or l.source_id = $5)
                and ($6::timestamptz is null or l.last_arrived_at >= $6) and ($7::timestamptz is null or l.last_arrived_at < $7)
                and (not $8 or l.touches = 0)
                and ($10::text is null or l.program_id = (select g.id from program g where g.name = $10))
              order by l.last_arrived_at desc, l.id desc limit $9) f
            where $1::uuid is null or $5::uuid is null or exists (select from source o where o.id = $5 and o.client_id = $1)
            limit $9"#,
            scope.client_uuid(),
            &kinds.stages,
            &kinds.grades,
            &kinds.channels,
            filter.source.map(SourceId::uuid),
            filter.from.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            filter.to.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            filter.is_untouched,
            most,
            filter.program.as_deref()
        )
        .fetch_all(&self.lists)
        .await?;
        Ok(rows)
    }

    /// A page of them, those that arrived last first.
    pub(super) async fn leads_of_kinds_by_arrival(
        &self,
        scope: Scope,
        filter: &LeadFilter,
        span: LeadSpan,
    ) -> Result<Vec<Uuid>, StoreError> {
        let (kinds, after) = (KindsAsked::of(filter), span.after_arrival());
        let rows = sqlx::query_scalar!(
            r#"-- lead.of_kinds_by_arrival
            select f.id as "id!" from unnest($2::text[]) as s (stage) cross join unnest($3::text[]) as g (grade)
            cross join unnest($4::text[]) as c (channel) cross join lateral (
              select l.id, l.last_arrived_at from lead l
              where l.stage = s.stage and coalesce(l.grade, 'none') = g.grade and l.channel = c.channel
                and ($1::uuid is null or $5::uuid is not null or l.client_id = $1) and ($1::uuid is null or (l.client_id = $1) is true)
                and ($5::uuid is null or l.source_id = $5)
                and ($6::timestamptz is null or l.last_arrived_at >= $6) and ($7::timestamptz is null or l.last_arrived_at < $7)
                and (not $8 or l.touches = 0)
                and ($12::text is null or l.program_id = (select g.id from program g where g.name = $12))
                and (l.last_arrived_at, l.id) < ($9::timestamptz, $10::uuid)
              order by l.last_arrived_at desc, l.id desc limit $11) f
            where $1::uuid is null or $5::uuid is null or exists (select from source o where o.id = $5 and o.client_id = $1)
            order by f.last_arrived_at desc, f.id desc limit $11"#,
            scope.client_uuid(),
            &kinds.stages,
            &kinds.grades,
            &kinds.channels,
            filter.source.map(SourceId::uuid),
            filter.from.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            filter.to.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            filter.is_untouched,
            instant(after.at),
            after.lead.uuid(),
            span.limit,
            filter.program.as_deref()
        )
        .fetch_all(&self.lists)
        .await?;
        Ok(rows)
    }

    /// So many leads that have a step as it is asked for, the earliest first; which of its steps is the next is not looked at.
    async fn leads_of_steps(&self, scope: Scope, filter: &LeadFilter, most: i64) -> Result<Vec<Uuid>, StoreError> {
        let rows = sqlx::query_scalar!(
            "-- lead.of_steps
            select p.lead_id from promise p
            where p.state in ('scheduled', 'work') and ($1::uuid is null or p.client_id = $1)
              and ($2::timestamptz is null or coalesce(p.due_at, '9999-12-30 00:00:00+00') >= $2)
              and ($3::timestamptz is null or coalesce(p.due_at, '9999-12-30 00:00:00+00') < $3) and (not $4 or (p.agreed and p.due_at > p.created_at))
            order by coalesce(p.due_at, '9999-12-30 00:00:00+00'), p.lead_id limit $5",
            scope.client_uuid(),
            filter.due_from.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            filter.due_before.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            filter.is_agreed,
            most
        )
        .fetch_all(&self.lists)
        .await?;
        Ok(rows)
    }
}
