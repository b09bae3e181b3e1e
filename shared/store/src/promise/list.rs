//! Promises as people read them: what is due, what waits for a person, and every promise of one lead.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    id::LeadId,
    promise::{Kind, State},
};
use uuid::Uuid;

use crate::{Scope, Store, StoreError, error::word};

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
    /// Agreed with the person.
    pub agreed: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When, by whom and why it ended; by whom and why only where a person ended it.
    pub ended: Option<(Timestamp, Option<String>, Option<String>)>,
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
            created_at: self.created_at.to_jiff(),
            ended: self.ended_at.map(|at| (at.to_jiff(), self.ended_by, self.ended_why)),
        })
    }
}

impl Store {
    /// Open promises by date, at most `limit`: those that wait for a person, or those that fall due before `before`.
    pub async fn promises_open(
        &self,
        scope: Scope,
        state: State,
        before: Timestamp,
        limit: i64,
    ) -> Result<Vec<PromiseRecord>, StoreError> {
        let rows = sqlx::query_as!(
            PromiseColumns,
            "-- promise.list
            select p.lead_id, p.generation, c.slug as client, p.kind, p.state, p.due_at, p.due_until, p.why, p.from_whom, p.agreed,
                   p.created_at, p.ended_at, p.ended_by, p.ended_why
            from promise p join client c on c.id = p.client_id
            where p.state = $1 and p.due_at < $2 and ($3::uuid is null or p.client_id = $3)
              and not ($1 = 'work' and exists (
                select from lead l join person_identity i on i.person_id = l.person_id cross join suppression_key k
                join suppression s on s.hash = any(identity_hashes(k.inner_pad, k.outer_pad, i.kind, i.value))
                  and (s.client_id is null or s.client_id = i.client_id)
                where l.id = p.lead_id and (select true from suppression limit 1)))
            order by p.due_at limit $4",
            state.word(), before.to_sqlx(), scope.client_uuid(), limit
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
                   p.created_at, p.ended_at, p.ended_by, p.ended_why
            from promise p join client c on c.id = p.client_id
            where p.lead_id = $1 and ($2::uuid is null or p.client_id = $2) order by p.generation",
            lead.uuid(), scope.client_uuid()
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(PromiseColumns::record).collect()
    }
}
