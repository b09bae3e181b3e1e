//! Promises as people read them: what is due, what waits for a person, and every promise of one lead.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    id::LeadId,
    promise::{AgreedTime, Kind, PromiseCursor, State},
};
use uuid::Uuid;

use crate::{Scope, Store, StoreError, error::word};

/// Before every promise.
const FIRST: PromiseCursor =
    PromiseCursor { due_at: Timestamp::UNIX_EPOCH, lead: LeadId::from_uuid(Uuid::nil()), generation: 0 };

/// When and why a promise ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromiseEnding {
    /// When.
    pub at: Timestamp,
    /// By whom, where a person ended it.
    pub by: Option<String>,
    /// Why, where a person ended it.
    pub why: Option<String>,
}

/// A promise with whose it is.
#[derive(Debug, Clone)]
pub struct PromiseRecord {
    /// The lead.
    pub lead: LeadId,
    /// Its place among the lead's promises.
    pub generation: i64,
    /// The client's slug.
    pub client: String,
    /// What happens when it falls due.
    pub kind: Kind,
    /// Where it stands.
    pub state: State,
    /// When; none where it waits for criteria.
    pub due_at: Option<Timestamp>,
    /// The end of its window, where it is one.
    pub due_until: Option<Timestamp>,
    /// What was promised, in words.
    pub why: String,
    /// From whose words.
    pub from_whom: String,
    /// Agreed with the person, or given back to the desk: only a person replaces it.
    pub agreed: bool,
    /// The hour, where somebody named it.
    pub time: Option<AgreedTime>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its end, where it ended.
    pub ended: Option<PromiseEnding>,
}

impl PromiseRecord {
    /// Whether it was agreed with the person. What is made for the very moment was not: its client gave the lead back, or
    /// somebody opened it again.
    #[must_use]
    pub fn is_of_person(&self) -> bool {
        self.agreed && self.due_at != Some(self.created_at)
    }

    /// Where a page that ends with it ends; none where it waits for criteria and stands on no page.
    #[must_use]
    pub fn cursor(&self) -> Option<PromiseCursor> {
        Some(PromiseCursor { due_at: self.due_at?, lead: self.lead, generation: self.generation })
    }
}

struct PromiseColumns {
    lead_id: Uuid,
    generation: i64,
    client: String,
    kind: String,
    state: String,
    due_at: Option<jiff_sqlx::Timestamp>,
    due_until: Option<jiff_sqlx::Timestamp>,
    why: String,
    from_whom: String,
    agreed: bool,
    agreed_civil: Option<jiff_sqlx::DateTime>,
    zone: Option<String>,
    created_at: jiff_sqlx::Timestamp,
    ended_at: Option<jiff_sqlx::Timestamp>,
    ended_by: Option<String>,
    ended_why: Option<String>,
}

impl PromiseColumns {
    fn record(self) -> Result<PromiseRecord, StoreError> {
        Ok(PromiseRecord {
            lead: LeadId::from_uuid(self.lead_id),
            generation: self.generation,
            client: self.client,
            kind: word(&self.kind)?,
            state: word(&self.state)?,
            due_at: self.due_at.map(jiff_sqlx::Timestamp::to_jiff),
            due_until: self.due_until.map(jiff_sqlx::Timestamp::to_jiff),
            why: self.why,
            from_whom: self.from_whom,
            agreed: self.agreed,
            time: self.agreed_civil.zip(self.zone).map(|(civil, zone)| AgreedTime { civil: civil.to_jiff(), zone }),
            created_at: self.created_at.to_jiff(),
            ended: self.ended_at.map(|at| PromiseEnding { at: at.to_jiff(), by: self.ended_by, why: self.ended_why }),
        })
    }
}

impl Store {
    /// Promises that wait for a person, at most `limit` behind `after`, by date, lead and generation.
    pub async fn promises_to_work(
        &self,
        scope: Scope,
        after: Option<PromiseCursor>,
        limit: i64,
    ) -> Result<Vec<PromiseRecord>, StoreError> {
        let after = after.unwrap_or(FIRST);
        // The state stands in the statement: a plan for any state cannot use the index of the one.
        let pads = self.hash_pads().await?;
        let rows = sqlx::query_as!(
            PromiseColumns,
            "-- promise.list_work
            select p.lead_id, p.generation, c.slug as client, p.kind, p.state, p.due_at, p.due_until, p.why, p.from_whom, p.agreed,
                   p.agreed_civil, p.zone, p.created_at, p.ended_at, p.ended_by, p.ended_why
            from promise p join client c on c.id = p.client_id
            where p.state = 'work' and (p.due_at, p.lead_id, p.generation) > ($1, $2, $3)
              and ($4::uuid is null or p.client_id = $4)
              and not exists (
                 select from lead l join person_identity i on i.person_id = l.person_id and i.void_at is null
                 join suppression s on s.hash = any(identity_hashes($6, $7, i.kind, i.value))
                  and (s.client_id is null or s.client_id = i.client_id)
                where l.id = p.lead_id and (select true from suppression limit 1))
            order by p.due_at, p.lead_id, p.generation limit $5",
            after.due_at.to_sqlx(),
            after.lead.uuid(),
            after.generation,
            scope.client_uuid(),
            limit,
            &pads.inner,
            &pads.outer
        )
        .fetch_all(&self.lists)
        .await?;
        rows.into_iter().map(PromiseColumns::record).collect()
    }

    /// Promises that fall due before `before`, at most `limit` behind `after`, by date, lead and generation.
    pub async fn promises_ahead(
        &self,
        scope: Scope,
        before: Timestamp,
        after: Option<PromiseCursor>,
        limit: i64,
    ) -> Result<Vec<PromiseRecord>, StoreError> {
        let after = after.unwrap_or(FIRST);
        // The state stands in the statement: a plan for any state cannot use the index of the one.
        let rows = sqlx::query_as!(
            PromiseColumns,
            "-- promise.list_ahead
            select p.lead_id, p.generation, c.slug as client, p.kind, p.state, p.due_at, p.due_until, p.why, p.from_whom, p.agreed,
                   p.agreed_civil, p.zone, p.created_at, p.ended_at, p.ended_by, p.ended_why
            from promise p join client c on c.id = p.client_id
            where p.state = 'scheduled' and (p.due_at, p.lead_id, p.generation) > ($1, $2, $3)
              and ($4::uuid is null or p.client_id = $4) and p.due_at < $6
            order by p.due_at, p.lead_id, p.generation limit $5",
            after.due_at.to_sqlx(),
            after.lead.uuid(),
            after.generation,
            scope.client_uuid(),
            limit,
            before.to_sqlx()
        )
        .fetch_all(&self.lists)
        .await?;
        rows.into_iter().map(PromiseColumns::record).collect()
    }

    /// Every promise of a lead, oldest first.
    pub async fn promises_of_lead(&self, scope: Scope, lead: LeadId) -> Result<Vec<PromiseRecord>, StoreError> {
        let rows = sqlx::query_as!(
            PromiseColumns,
            "-- promise.of_lead
            select p.lead_id, p.generation, c.slug as client, p.kind, p.state, p.due_at, p.due_until, p.why, p.from_whom, p.agreed,
                   p.agreed_civil, p.zone, p.created_at, p.ended_at, p.ended_by, p.ended_why
            from promise p join client c on c.id = p.client_id
            where p.lead_id = $1 and ($2::uuid is null or p.client_id = $2) order by p.generation",
            lead.uuid(), scope.client_uuid()
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(PromiseColumns::record).collect()
    }
}
