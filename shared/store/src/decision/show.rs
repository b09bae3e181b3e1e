//! Decisions as people look at them: one, a person's, or all of them in order.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    contact::Identity,
    id::{CriteriaId, DecisionId, LeadId},
    lead::Grade,
};

use crate::{
    Scope, Store, StoreError,
    decision::receipt::{PackedReceipt, Prepared},
    error::word,
};

/// A stored decision.
#[derive(Debug, Clone)]
pub struct DecisionRecord {
    /// Its id.
    pub id: DecisionId,
    /// The lead decided.
    pub lead: LeadId,
    /// The client's slug.
    pub client: String,
    /// The client's time zone.
    pub time_zone: String,
    /// The program's name.
    pub program: String,
    /// The criteria applied.
    pub criteria: CriteriaId,
    /// Their version.
    pub version: i32,
    /// The instant.
    pub at: Timestamp,
    /// The grade given.
    pub grade: Grade,
    /// The points.
    pub score: i32,
    /// The receipt.
    pub receipt: PackedReceipt,
}

struct DecisionColumns {
    id: uuid::Uuid,
    lead_id: uuid::Uuid,
    client: String,
    time_zone: String,
    program: String,
    criteria_id: uuid::Uuid,
    version: i32,
    at: jiff_sqlx::Timestamp,
    grade: String,
    score: i32,
    receipt: Vec<u8>,
}

impl DecisionColumns {
    fn record(self, prepared: &Prepared) -> Result<DecisionRecord, StoreError> {
        let (id, criteria) = (DecisionId::from_uuid(self.id), CriteriaId::from_uuid(self.criteria_id));
        Ok(DecisionRecord {
            id,
            lead: LeadId::from_uuid(self.lead_id),
            client: self.client,
            time_zone: self.time_zone,
            program: self.program,
            criteria,
            version: self.version,
            at: self.at.to_jiff(),
            grade: word(&self.grade)?,
            score: self.score,
            receipt: PackedReceipt::new((id, criteria), self.receipt, prepared),
        })
    }
}

impl Store {
    /// One decision.
    pub async fn decision(&self, scope: Scope, id: DecisionId) -> Result<Option<DecisionRecord>, StoreError> {
        let row = sqlx::query_as!(
            DecisionColumns,
            r#"-- decision.show
            select d.id, d.lead_id, c.slug as client, c.time_zone, g.name as program, d.criteria_id, k.version, d.at, d.grade,
                   d.score, d.receipt
            from decision d join client c on c.id = d.client_id
            join criteria k on k.id = d.criteria_id join program g on g.id = k.program_id
            where d.id = $1 and ($2::uuid is null or d.client_id = $2)"#,
            id.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(&self.pool)
        .await?;
        // Before unpacking: receipts are compressed against the dictionary of the criteria that wrote them.
        let prepared = self.dictionaries(row.iter().map(|row| row.criteria_id)).await?;
        row.map(|row| row.record(&prepared)).transpose()
    }

    /// The decisions about a lead, newest first.
    pub async fn decisions_of_lead(
        &self,
        scope: Scope,
        lead: LeadId,
        limit: i64,
    ) -> Result<Vec<DecisionRecord>, StoreError> {
        let rows = sqlx::query_as!(
            DecisionColumns,
            r#"-- decision.of_lead
            select d.id, d.lead_id, c.slug as client, c.time_zone, g.name as program, d.criteria_id, k.version, d.at, d.grade,
                   d.score, d.receipt
            from decision d join client c on c.id = d.client_id
            join criteria k on k.id = d.criteria_id join program g on g.id = k.program_id
            where d.lead_id = $1 and ($2::uuid is null or d.client_id = $2) order by d.at desc, d.id desc limit $3"#,
            lead.uuid(),
            scope.client_uuid(),
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        let prepared = self.dictionaries(rows.iter().map(|row| row.criteria_id)).await?;
        rows.into_iter().map(|row| row.record(&prepared)).collect()
    }

    /// The decisions about everyone reached under an identity, by lead and oldest first.
    pub async fn decisions_of(&self, scope: Scope, identity: &Identity) -> Result<Vec<DecisionRecord>, StoreError> {
        let rows = sqlx::query_as!(
            DecisionColumns,
            r#"-- decision.of_identity
            select d.id, d.lead_id, c.slug as client, c.time_zone, g.name as program, d.criteria_id, k.version, d.at, d.grade,
                   d.score, d.receipt
            from client c
            cross join lateral (
              select person_id from person_identity where client_id = c.id and kind = $1 and value = $2
              union
              select person_id from person_identity
              where client_id = c.id and kind = $1 and value like '%;ext=%' and split_part(value, ';ext=', 1) = $2) i
            join lead l on l.person_id = i.person_id join decision d on d.lead_id = l.id
            join criteria k on k.id = d.criteria_id join program g on g.id = k.program_id
            where c.id between coalesce($3::uuid, '00000000-0000-0000-0000-000000000000')
                       and coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
            order by c.slug, d.lead_id, d.at, d.id"#,
            identity.kind(),
            identity.value(),
            scope.client_uuid()
        )
        // The lists' pool: a person with many leads has many decisions, and the search must not delay the batches.
        .fetch_all(&self.lists)
        .await?;
        // Once for all rows: many decisions share few criteria.
        let prepared = self.dictionaries(rows.iter().map(|row| row.criteria_id)).await?;
        rows.into_iter().map(|row| row.record(&prepared)).collect()
    }

    /// How many decisions there are until then.
    pub async fn decisions_count(&self, scope: Scope, until: Timestamp) -> Result<i64, StoreError> {
        // Up to an instant: what is decided meanwhile is not read either, and a bar would not end at its end.
        let row = sqlx::query!(
            r#"-- decision.count
            select count(*) as "n!" from decision where at <= $1 and ($2::uuid is null or client_id = $2)"#,
            until.to_sqlx(),
            scope.client_uuid()
        )
        .fetch_one(&self.lists)
        .await?;
        Ok(row.n)
    }
}
