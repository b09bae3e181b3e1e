//! Reviews of consent: somebody said that they never enquired, and work stops until a manager has looked.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    actor::Actor,
    id::{ClientId, LeadId, SourceId},
};
use uuid::Uuid;

use crate::{Scope, Store, StoreError, Transaction};

/// A review to open.
#[derive(Debug, Clone, Copy)]
pub struct NewReview<'a> {
    /// Its id.
    pub id: Uuid,
    /// The lead.
    pub lead: LeadId,
    /// What was said.
    pub why: &'a str,
    /// To whom.
    pub by: &'a Actor,
    /// When.
    pub at: Timestamp,
}

/// A review that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentReview {
    /// The lead.
    pub lead: LeadId,
    /// Whose.
    pub client: ClientId,
    /// The source that brought it.
    pub source: Option<SourceId>,
    /// What was said.
    pub why: String,
    /// When.
    pub opened_at: Timestamp,
    /// To whom.
    pub opened_by: String,
}

/// How a review ends.
#[derive(Debug, Clone, Copy)]
pub struct ReviewVerdict<'a> {
    /// The person did agree to be called: work goes on.
    pub holds: bool,
    /// Who looked.
    pub by: &'a Actor,
    /// When.
    pub at: Timestamp,
}

impl Transaction {
    /// Opens a review; one that is open stays the one.
    pub async fn review_open(&mut self, scope: Scope, new: &NewReview<'_>) -> Result<(), StoreError> {
        sqlx::query!(
            "-- consent_review.open
            insert into consent_review (id, lead_id, client_id, source_id, why, opened_at, opened_by)
            select $1, id, client_id, source_id, $3, $4, $5 from lead where id = $2 and ($6::uuid is null or client_id = $6)
            on conflict (lead_id) where closed_at is null do nothing",
            new.id,
            new.lead.uuid(),
            new.why,
            new.at.to_sqlx(),
            new.by.name(),
            scope.client_uuid()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Ends the open review of a lead; whose lead it is, or none where none is open.
    pub async fn review_close(
        &mut self,
        scope: Scope,
        lead: LeadId,
        verdict: ReviewVerdict<'_>,
    ) -> Result<Option<ClientId>, StoreError> {
        let row = sqlx::query!(
            "-- consent_review.close
            update consent_review set closed_at = $3, closed_by = $4, verdict = case when $5 then 'consent_holds' else 'no_consent' end
            where lead_id = $1 and closed_at is null and ($2::uuid is null or client_id = $2) returning client_id",
            lead.uuid(),
            scope.client_uuid(),
            verdict.at.to_sqlx(),
            verdict.by.name(),
            verdict.holds
        )
        .fetch_optional(self.connection())
        .await?;
        // What was kept back for it is decided anew.
        if row.is_some() && verdict.holds {
            self.regrade_ask(lead, "its consent was looked at and holds", verdict.at).await?;
        }
        Ok(row.map(|row| ClientId::from_uuid(row.client_id)))
    }
}

impl Store {
    /// The reviews that are open, the oldest first; at most so many.
    pub async fn reviews_open(&self, scope: Scope, limit: i64) -> Result<Vec<ConsentReview>, StoreError> {
        let rows = sqlx::query!(
            "-- consent_review.list_open
            select lead_id, client_id, source_id, why, opened_at, opened_by from consent_review
            where closed_at is null and ($1::uuid is null or client_id = $1) order by opened_at limit $2",
            scope.client_uuid(),
            limit
        )
        .fetch_all(&self.lists)
        .await?;
        let review = rows.into_iter().map(|row| ConsentReview {
            lead: LeadId::from_uuid(row.lead_id),
            client: ClientId::from_uuid(row.client_id),
            source: row.source_id.map(SourceId::from_uuid),
            why: row.why,
            opened_at: row.opened_at.to_jiff(),
            opened_by: row.opened_by,
        });
        Ok(review.collect())
    }
}
