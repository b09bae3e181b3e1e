//! Notes of a lead: what its sources and the people who worked it wrote.

use jiff::Timestamp;
use ripen_domain::id::LeadId;

use crate::{Scope, Store, StoreError};

/// A note of a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteRecord {
    /// When it was written.
    pub at: Timestamp,
    /// Who wrote it: a source's or a person's name.
    pub by: String,
    /// The words.
    pub text: String,
}

impl Store {
    /// Every note of a lead, oldest first.
    pub async fn notes_of_lead(&self, scope: Scope, lead: LeadId) -> Result<Vec<NoteRecord>, StoreError> {
        let rows = sqlx::query!(
            "-- note.of_lead
            select n.at, n.by, n.text from note n join lead l on l.id = n.lead_id
            where n.lead_id = $1 and ($2::uuid is null or l.client_id = $2) order by n.at, n.by, n.origin",
            lead.uuid(),
            scope.client_uuid()
        )
        .fetch_all(&self.pool)
        .await?;
        let notes = rows.into_iter().map(|row| NoteRecord { at: row.at.to_jiff(), by: row.by, text: row.text });
        Ok(notes.collect())
    }
}
