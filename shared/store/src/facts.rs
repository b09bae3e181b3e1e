//! Answers and notes: what a decision reads.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::LeadId;
use serde_json::Value;

use crate::{Batch, StoreError};

/// One answer about a lead.
#[derive(Debug, Clone)]
pub struct AnswerRow {
    /// The lead.
    pub lead: LeadId,
    /// The question's id.
    pub question: String,
    /// When it was said.
    pub at: Timestamp,
    /// Who recorded it, in its text form.
    pub origin: String,
    /// As given.
    pub value: Value,
}

/// One note about a lead.
#[derive(Debug, Clone)]
pub struct NoteRow {
    /// The lead.
    pub lead: LeadId,
    /// When it was written.
    pub at: Timestamp,
    /// Who wrote it.
    pub by: String,
    /// The words.
    pub text: String,
}

impl Batch {
    /// The newest answer per question of these leads. Of two at one instant the later origin counts, always the same.
    ///
    /// # Errors
    /// When the transaction fails.
    pub async fn answers_of(&mut self, leads: &[LeadId]) -> Result<Vec<AnswerRow>, StoreError> {
        let leads: Vec<_> = leads.iter().map(|lead| lead.uuid()).collect();
        let rows = sqlx::query!(
            "-- answer.newest
            select distinct on (lead_id, question) lead_id, question, at, origin, value
            from answer where lead_id = any($1) order by lead_id, question, at desc, origin desc",
            &leads
        )
        .fetch_all(self.connection())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| AnswerRow {
                lead: LeadId::from_uuid(row.lead_id),
                question: row.question,
                at: row.at.to_jiff(),
                origin: row.origin,
                value: row.value,
            })
            .collect())
    }

    /// Adds answers; one that stands already stays.
    ///
    /// # Errors
    /// When the transaction fails.
    pub async fn answers_insert(&mut self, rows: &[AnswerRow]) -> Result<(), StoreError> {
        let leads: Vec<_> = rows.iter().map(|row| row.lead.uuid()).collect();
        let questions: Vec<_> = rows.iter().map(|row| row.question.clone()).collect();
        let at: Vec<_> = rows.iter().map(|row| row.at.to_sqlx()).collect();
        let origins: Vec<_> = rows.iter().map(|row| row.origin.clone()).collect();
        let values: Vec<_> = rows.iter().map(|row| row.value.to_string()).collect();
        sqlx::query!(
            "-- answer.insert
            insert into answer (lead_id, question, at, origin, value)
            select lead_id, question, at, origin, value::json
            from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::text[], $5::text[]) as n (lead_id, question, at, origin, value)
            on conflict do nothing",
            &leads, &questions, &at[..], &origins, &values
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Adds notes; one that stands already stays.
    ///
    /// # Errors
    /// When the transaction fails.
    pub async fn notes_insert(&mut self, rows: &[NoteRow]) -> Result<(), StoreError> {
        let leads: Vec<_> = rows.iter().map(|row| row.lead.uuid()).collect();
        let at: Vec<_> = rows.iter().map(|row| row.at.to_sqlx()).collect();
        let by: Vec<_> = rows.iter().map(|row| row.by.clone()).collect();
        let texts: Vec<_> = rows.iter().map(|row| row.text.clone()).collect();
        sqlx::query!(
            "-- note.insert
            insert into note (lead_id, at, by, text)
            select * from unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[]) on conflict do nothing",
            &leads,
            &at[..],
            &by,
            &texts
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
