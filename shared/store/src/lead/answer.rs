//! Answers and notes: what is known of a lead, and who said so.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{actor::Actor, id::LeadId};
use serde_json::Value;

use crate::{StoreError, Transaction, lead::touch::NewTouch};

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
    /// The arrival that brought it, as `arrival:<id>`: several of one source may come in one moment.
    pub origin: String,
    /// The words.
    pub text: String,
}

impl Transaction {
    /// The newest answer per question of these leads. Of two at one instant the later origin counts, always the same.
    pub async fn answers_of(&mut self, leads: &[LeadId]) -> Result<Vec<AnswerRow>, StoreError> {
        let leads: Vec<_> = leads.iter().map(|lead| lead.uuid()).collect();
        // Without the origin as the second key, two answers at one instant would come in any order, and a decision
        // would not replay to the same bytes.
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

    /// Answers and words of a touch.
    pub(crate) async fn said_insert(
        &mut self,
        actor: &Actor,
        new: &NewTouch<'_>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let questions: Vec<_> = new.answers.iter().map(|one| one.question.clone()).collect();
        let values: Vec<_> = new.answers.iter().map(|one| one.value.to_string()).collect();
        // The same touch again brings the same rows at the same instant.
        sqlx::query!(
            "-- answer.record
            insert into answer (lead_id, question, at, origin, value)
            select $1, ($2::text[])[i], $3, $4, ($5::text[])[i]::json from generate_subscripts($2::text[], 1) i
            on conflict do nothing",
            new.lead.uuid(),
            &questions,
            now.to_sqlx(),
            format!("person:{}", actor.name()),
            &values
        )
        .execute(self.connection())
        .await?;
        if let Some(text) = new.note {
            sqlx::query!(
                "-- note.record
                insert into note (lead_id, at, by, text) values ($1, $2, $3, $4) on conflict do nothing",
                new.lead.uuid(),
                now.to_sqlx(),
                actor.name(),
                text
            )
            .execute(self.connection())
            .await?;
        }
        Ok(())
    }
}
