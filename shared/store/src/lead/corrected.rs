//! Leads that were over when something about their person was corrected: nothing was decided, and somebody may want to know.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    id::{ArrivalId, LeadId, SourceId},
    lead::Stage,
};

use crate::{Scope, Store, StoreError, error::word};

/// A lead that was over (the person is a customer, or it is closed) when an arrival on it was corrected.
#[derive(Debug, Clone)]
pub struct CorrectedLead {
    /// The lead.
    pub lead: LeadId,
    /// The client's slug.
    pub client: String,
    /// The person's name, as far as it is known.
    pub person: Option<String>,
    /// How far it has come.
    pub stage: Stage,
    /// Why it is closed.
    pub closed: Option<String>,
    /// The correction.
    pub arrival: ArrivalId,
    /// Who sent it.
    pub source: SourceId,
    /// When it was received.
    pub corrected_at: Timestamp,
}

impl Store {
    /// Corrections of leads that were over, received since then, newest first; of each lead the last, of each client at most a
    /// thousand.
    pub async fn leads_corrected(&self, scope: Scope, since: Timestamp) -> Result<Vec<CorrectedLead>, StoreError> {
        let rows = sqlx::query!(
            r#"-- lead.corrected
            select lead_id as "lead_id!", slug as "slug!", person as "person?", stage as "stage!", closed_reason,
                   id as "id!", source_id as "source_id!", received_at as "received_at!"
            from (
              select *, row_number() over (partition by slug order by received_at desc, id desc) as place from (
              select distinct on (a.lead_id) a.lead_id, c.slug,
                     coalesce(nullif(concat_ws(' ', p.first_name, p.last_name), ''), p.name) as person, l.stage,
                     l.closed_reason, a.id, a.source_id, a.received_at
              from arrival a join lead l on l.id = a.lead_id join client c on c.id = a.client_id
              join person p on p.id = l.person_id
              where a.corrects_ended and a.received_at >= $2 and ($1::uuid is null or a.client_id = $1)
              order by a.lead_id, a.received_at desc, a.id desc
            ) corrected) placed where place <= 1000 order by received_at desc, id desc"#,
            scope.client_uuid(),
            since.to_sqlx()
        )
        .fetch_all(&self.lists)
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(CorrectedLead {
                    lead: LeadId::from_uuid(row.lead_id),
                    client: row.slug,
                    person: row.person,
                    stage: word(&row.stage)?,
                    closed: row.closed_reason,
                    arrival: ArrivalId::from_uuid(row.id),
                    source: SourceId::from_uuid(row.source_id),
                    corrected_at: row.received_at.to_jiff(),
                })
            })
            .collect()
    }
}
