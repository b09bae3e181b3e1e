//! Decisions to store. They are inserted with their leads, in the statement of `lead/write.rs`.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    id::{ClientId, CriteriaId, DecisionId, LeadId},
    lead::Grade,
};
use uuid::Uuid;

/// A decision to store.
#[derive(Debug, Clone)]
pub struct NewDecision {
    /// Its id.
    pub id: DecisionId,
    /// The lead decided.
    pub lead: LeadId,
    /// Whose lead.
    pub client: ClientId,
    /// The version applied.
    pub criteria: CriteriaId,
    /// The instant.
    pub at: Timestamp,
    /// Grade given.
    pub grade: Grade,
    /// Points.
    pub score: i32,
    /// The receipt's bytes.
    pub receipt: String,
}

#[derive(Default)]
pub(crate) struct DecisionArrays {
    pub(crate) ids: Vec<Uuid>,
    pub(crate) leads: Vec<Uuid>,
    pub(crate) clients: Vec<Uuid>,
    pub(crate) criteria: Vec<Uuid>,
    pub(crate) at: Vec<jiff_sqlx::Timestamp>,
    pub(crate) grades: Vec<String>,
    pub(crate) scores: Vec<i32>,
}

impl From<&[NewDecision]> for DecisionArrays {
    fn from(rows: &[NewDecision]) -> Self {
        let mut columns = Self::default();
        for row in rows {
            columns.ids.push(row.id.uuid());
            columns.leads.push(row.lead.uuid());
            columns.clients.push(row.client.uuid());
            columns.criteria.push(row.criteria.uuid());
            columns.at.push(row.at.to_sqlx());
            columns.grades.push(row.grade.word().to_owned());
            columns.scores.push(row.score);
        }
        columns
    }
}
