//! Hours that were agreed, as the clock of a zone shows them: their instants are computed again when the rules of zones change.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{id::LeadId, promise::AgreedTime};
use uuid::Uuid;

use crate::{Store, StoreError};

/// A scheduled promise whose time somebody named.
#[derive(Debug, Clone)]
pub struct AgreedPromise {
    /// The lead.
    pub lead: LeadId,
    /// Its place among the lead's promises.
    pub generation: i64,
    /// When it falls due, by the rules that were known when it was written.
    pub due_at: Timestamp,
    /// What was agreed.
    pub agreed: AgreedTime,
}

/// A promise whose hour lies at another instant now.
#[derive(Debug, Clone, Copy)]
pub struct MovedHour {
    /// The lead.
    pub lead: LeadId,
    /// Its place among the lead's promises.
    pub generation: i64,
    /// Where it was.
    pub from: Timestamp,
    /// Where it is.
    pub to: Timestamp,
}

impl Store {
    /// Scheduled promises whose time somebody named, in the order of their keys, at most `limit` after this one.
    pub async fn agreed_promises(
        &self,
        after: Option<(LeadId, i64)>,
        limit: i64,
    ) -> Result<Vec<AgreedPromise>, StoreError> {
        let (lead, generation) = after.map_or((Uuid::nil(), -1), |(lead, generation)| (lead.uuid(), generation));
        let rows = sqlx::query!(
            r#"-- promise.agreed_after
            select lead_id, generation, due_at as "due_at!", agreed_civil as "agreed_civil!", zone as "zone!" from promise
            where state = 'scheduled' and agreed_civil is not null and due_at is not null and (lead_id, generation) > ($1, $2)
            order by lead_id, generation limit $3"#,
            lead,
            generation,
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| AgreedPromise {
                lead: LeadId::from_uuid(row.lead_id),
                generation: row.generation,
                due_at: row.due_at.to_jiff(),
                agreed: AgreedTime { civil: row.agreed_civil.to_jiff(), zone: row.zone },
            })
            .collect())
    }

    /// Moves promises to where their hours lie now, and the ends of their windows with them; how many were moved. One that was
    /// changed meanwhile is left alone.
    pub async fn agreed_promises_move(&self, moved: &[MovedHour]) -> Result<u64, StoreError> {
        let leads: Vec<_> = moved.iter().map(|one| one.lead.uuid()).collect();
        let generations: Vec<_> = moved.iter().map(|one| one.generation).collect();
        let from: Vec<_> = moved.iter().map(|one| one.from.to_sqlx()).collect();
        let to: Vec<_> = moved.iter().map(|one| one.to.to_sqlx()).collect();
        let done = sqlx::query!(
            "-- promise.agreed_move
            update promise p set due_at = n.to_at, due_until = p.due_until + (n.to_at - n.from_at)
            from unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::timestamptz[]) as n (lead_id, generation, from_at, to_at)
            where p.lead_id = n.lead_id and p.generation = n.generation and p.state = 'scheduled' and p.due_at = n.from_at",
            &leads,
            &generations,
            &from[..],
            &to[..]
        )
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected())
    }
}
