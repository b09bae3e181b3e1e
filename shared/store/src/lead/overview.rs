//! Leads as lists of them go, newest first.

use ripen_domain::{
    flag::FlagCode,
    id::{LeadId, SourceId},
    lead::{Grade, Stage},
};

use crate::{Scope, Store, StoreError};

/// Which leads are wanted; what is missing does not matter.
#[derive(Debug, Clone, Copy, Default)]
pub struct OverviewFilter {
    /// Whose first arrival came from this source.
    pub source: Option<SourceId>,
    /// Of this grade.
    pub grade: Option<Grade>,
    /// That have come so far.
    pub stage: Option<Stage>,
    /// With an arrival of which something was not understood for this reason.
    pub flag: Option<FlagCode>,
}

impl Store {
    /// Leads that fit, at most `limit` behind `after`, those first that came last.
    pub async fn leads_that_fit(
        &self,
        scope: Scope,
        filter: OverviewFilter,
        after: Option<LeadId>,
        limit: i64,
    ) -> Result<Vec<LeadId>, StoreError> {
        // By the first arrival and not by the last: a list that is read page by page must not move meanwhile.
        let rows = sqlx::query_scalar!(
            "-- lead.overview
            select l.id from lead l
            where ($1::uuid is null or l.client_id = $1) and ($2::uuid is null or l.source_id = $2)
              and ($3::text is null or l.grade = $3) and ($4::text is null or l.stage = $4)
              and ($5::text is null or exists (select from arrival a where a.lead_id = l.id and a.flags @> array[$5]))
              and ($6::uuid is null or (l.first_arrived_at, l.id) < (select b.first_arrived_at, b.id from lead b where b.id = $6))
            order by l.first_arrived_at desc, l.id desc limit $7",
            scope.client_uuid(),
            filter.source.map(SourceId::uuid),
            filter.grade.map(Grade::word),
            filter.stage.map(Stage::word),
            filter.flag.map(FlagCode::word),
            after.map(LeadId::uuid),
            limit
        )
        .fetch_all(&self.lists)
        .await?;
        Ok(rows.into_iter().map(LeadId::from_uuid).collect())
    }
}
