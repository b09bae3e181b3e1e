//! Promises as they were before a disposition, and brought back when it is taken back.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    actor::Actor,
    id::{LeadId, UserId},
};
use serde::{Deserialize, Serialize};

use crate::{Scope, StoreError, Transaction};

/// A promise as it stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromiseBefore {
    /// Its place among the lead's promises.
    pub generation: i64,
    /// `scheduled` or `work`.
    pub state: String,
    /// When somebody had worked on it.
    pub worked_at: Option<Timestamp>,
}

impl Transaction {
    /// A lead's open promises as they stand, under its lock.
    pub(crate) async fn promises_before(&mut self, lead: LeadId) -> Result<Vec<PromiseBefore>, StoreError> {
        let rows = sqlx::query!(
            "-- promise.before
            select generation, state, worked_at from promise where lead_id = $1 and state in ('scheduled', 'work') order by generation",
            lead.uuid()
        )
        .fetch_all(self.connection())
        .await?;
        let before = rows.into_iter().map(|row| PromiseBefore {
            generation: row.generation,
            state: row.state,
            worked_at: row.worked_at.map(jiff_sqlx::Timestamp::to_jiff),
        });
        Ok(before.collect())
    }

    /// Ends what was promised since, also by decisions, and brings back what stood before.
    pub(crate) async fn promises_bring_back(
        &mut self,
        lead: LeadId,
        before: &[PromiseBefore],
        by: &Actor,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let generations: Vec<_> = before.iter().map(|one| one.generation).collect();
        let states: Vec<_> = before.iter().map(|one| one.state.clone()).collect();
        let worked: Vec<_> = before.iter().map(|one| one.worked_at.map(ToSqlx::to_sqlx)).collect();
        // Those that are open now first: a lead has one open promise of a kind, by a unique index.
        sqlx::query!(
            "-- promise.drop_since
            update promise set state = 'dropped', ended_at = $3, ended_by = $4, ended_why = 'the disposition was taken back'
            where lead_id = $1 and state in ('scheduled', 'work') and generation <> all($2)",
            lead.uuid(),
            &generations,
            now.to_sqlx(),
            by.name()
        )
        .execute(self.connection())
        .await?;
        sqlx::query!(
            "-- promise.bring_back
            update promise p set state = n.state, worked_at = n.worked_at, ended_at = null, ended_by = null, ended_why = null
            from unnest($2::bigint[], $3::text[], $4::timestamptz[]) as n (generation, state, worked_at)
            where p.lead_id = $1 and p.generation = n.generation",
            lead.uuid(),
            &generations,
            &states,
            &worked[..] as &[Option<jiff_sqlx::Timestamp>]
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Who promised the call of this generation.
    pub(crate) async fn promise_set_user(
        &mut self,
        lead: LeadId,
        generation: i64,
        user: UserId,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "-- promise.set_user
            update promise set user_id = $3 where lead_id = $1 and generation = $2",
            lead.uuid(),
            generation,
            user.uuid()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Everything that a user promised is anybody's from now on; how many calls.
    pub async fn promises_pass_on(&mut self, scope: Scope, user: UserId) -> Result<u64, StoreError> {
        let done = sqlx::query!(
            "-- promise.pass_on
            update promise set user_id = null
            where user_id = $1 and state in ('scheduled', 'work') and ($2::uuid is null or client_id = $2)",
            user.uuid(),
            scope.client_uuid()
        )
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected())
    }
}
