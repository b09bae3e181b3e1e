//! Notes of a lead: what its sources and the people who worked it wrote.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    actor::Actor,
    id::{ClientId, LeadId},
};

use crate::{Scope, Store, StoreError, Transaction};

/// Words that came too late for the call they are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LateNote {
    /// The lead they are kept with: the one that goes on, where the other was made one with it.
    pub lead: LeadId,
    /// Whose.
    pub client: ClientId,
}

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

impl Transaction {
    /// Keeps words with a lead, be it over or not: no touch, and no decision follows. None where the scope has no such lead.
    pub async fn note_late(
        &mut self,
        actor: &Actor,
        lead: LeadId,
        text: &str,
        now: Timestamp,
    ) -> Result<Option<LateNote>, StoreError> {
        // Under its lock: of a lead that is made one with another this very moment the words would stay where nobody reads.
        let Some(row) = self.lock_lead(actor.scope(), lead).await? else { return Ok(None) };
        let row = self.lead_that_goes_on(actor.scope(), row).await?;
        // A form that is sent twice says one thing.
        sqlx::query!(
            "-- note.late
            insert into note (lead_id, at, by, text)
            select $1, $2, $3, $4
            where not exists (select from note n where n.lead_id = $1 and n.by = $3 and n.text = $4 and n.at > $2::timestamptz - interval '1 minute')
            on conflict do nothing",
            row.id.uuid(),
            now.to_sqlx(),
            actor.name(),
            text
        )
        .execute(self.connection())
        .await?;
        Ok(Some(LateNote { lead: row.id, client: row.client }))
    }
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
