//! One lead under its locks, for whatever a person does with it.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    id::LeadId,
    promise::{Open, State},
};

use crate::{
    Scope, Store, StoreError, Transaction,
    error::one_row,
    lead::{load::LeadRow, touch::Worked},
    promise::agree::Agreed,
};

/// A lead under its locks, with its open promises.
pub(crate) struct LockedLead {
    pub(crate) batch: Transaction,
    pub(crate) row: LeadRow,
    pub(crate) promises: Vec<Open>,
}

impl LockedLead {
    /// Ends one promise and makes the next, which takes the lead's next generation.
    pub(crate) async fn replace(
        &mut self,
        replaced: Option<(i64, State)>,
        (next, agreed): (&Agreed<'_>, bool),
        (by, why): (&str, &str),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if let Some((generation, state)) = replaced {
            let done = sqlx::query!(
                "-- promise.replace
                update promise set state = $3, ended_at = $4, ended_by = $5, ended_why = $6
                where lead_id = $1 and generation = $2 and state in ('scheduled', 'work')",
                self.row.id.uuid(),
                generation,
                state.word(),
                now.to_sqlx(),
                by,
                why
            )
            .execute(self.batch.connection())
            .await?;
            one_row(done.rows_affected(), "promise")?;
        }
        self.row.generation = self.row.generation.saturating_add(1);
        sqlx::query!(
            "-- promise.agree
            insert into promise (lead_id, generation, client_id, kind, state, due_at, due_until, why, from_whom, agreed,
                                 offered_until, created_at)
            values ($1, $2, $3, 'requalify', 'scheduled', $4, $5, $6, $7, $8, $9, $9)",
            self.row.id.uuid(),
            self.row.generation,
            self.row.client.uuid(),
            next.due.at.to_sqlx(),
            next.due.until.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>,
            next.why,
            by,
            agreed,
            now.to_sqlx()
        )
        .execute(self.batch.connection())
        .await?;
        let done = sqlx::query!(
            "-- lead.set_generation
            update lead set generation = $2 where id = $1",
            self.row.id.uuid(),
            self.row.generation
        )
        .execute(self.batch.connection())
        .await?;
        one_row(done.rows_affected(), "lead")
    }
}

pub(crate) enum Lockable {
    LockedLead(Box<LockedLead>),
    Not(Worked),
}

impl Store {
    /// The lead under its locks, where it may be worked on.
    pub(crate) async fn hold(&self, scope: Scope, lead: LeadId) -> Result<Lockable, StoreError> {
        let mut batch = self.begin().await?;
        let Some(row) = batch.lock_lead(scope, lead).await? else { return Ok(Lockable::Not(Worked::Unknown)) };
        if !row.stage.is_open() {
            let why = row.closed.map_or_else(|| row.stage.word().to_owned(), |(_, why)| why);
            return Ok(Lockable::Not(Worked::Closed(why)));
        }
        let promises = batch.promises_of(&[lead]).await?.into_iter().map(|open| open.promise).collect();
        Ok(Lockable::LockedLead(Box::new(LockedLead { batch, row, promises })))
    }
}
