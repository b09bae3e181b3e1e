//! The ledger of promises: the dated next steps of leads, and the regrades that changed facts ask for.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    id::{ClientId, LeadId},
    promise::{Kind, Open, State},
};

use crate::{StoreError, Transaction, error::word};

/// A lead's open promise.
#[derive(Debug, Clone)]
pub struct OpenPromise {
    /// The lead.
    pub lead: LeadId,
    /// What it is.
    pub promise: Open,
}

/// A promise to write.
#[derive(Debug, Clone)]
pub struct PromiseRow {
    /// The lead.
    pub lead: LeadId,
    /// Its place in the lead's promises.
    pub generation: i64,
    /// Whose lead.
    pub client: ClientId,
    /// What happens when it falls due.
    pub kind: Kind,
    /// When; none where it waits for criteria.
    pub due_at: Option<Timestamp>,
    /// What was promised, in words.
    pub why: String,
    /// From whose words.
    pub from_whom: String,
}

impl Transaction {
    /// The open promises of these leads.
    ///
    /// # Errors
    /// When the transaction fails.
    pub async fn promises_of(&mut self, leads: &[LeadId]) -> Result<Vec<OpenPromise>, StoreError> {
        let leads: Vec<_> = leads.iter().map(|lead| lead.uuid()).collect();
        let rows = sqlx::query!(
            "-- promise.open_of
            select lead_id, generation, kind, state, due_at, agreed, worked_at from promise
            where lead_id = any($1) and state in ('scheduled', 'work')",
            &leads
        )
        .fetch_all(self.connection())
        .await?;
        rows.into_iter()
            .map(|row| {
                let promise = Open {
                    generation: row.generation,
                    kind: word(&row.kind)?,
                    state: word(&row.state)?,
                    due_at: row.due_at.map(jiff_sqlx::Timestamp::to_jiff),
                    agreed: row.agreed,
                    worked: row.worked_at.is_some(),
                };
                Ok(OpenPromise { lead: LeadId::from_uuid(row.lead_id), promise })
            })
            .collect()
    }

    /// Moves open promises on, each to its state.
    ///
    /// # Errors
    /// `Moved` when one was no longer open.
    pub async fn promises_end(&mut self, ended: &[(LeadId, i64, State)], now: Timestamp) -> Result<(), StoreError> {
        let leads: Vec<_> = ended.iter().map(|(lead, _, _)| lead.uuid()).collect();
        let generations: Vec<_> = ended.iter().map(|(_, generation, _)| *generation).collect();
        let states: Vec<_> = ended.iter().map(|(_, _, state)| state.word().to_owned()).collect();
        let done = sqlx::query!(
            "-- promise.end
            update promise p set state = n.state, ended_at = case when n.state in ('scheduled', 'work') then null else $4::timestamptz end
            from unnest($1::uuid[], $2::bigint[], $3::text[]) as n (lead_id, generation, state)
            where p.lead_id = n.lead_id and p.generation = n.generation and p.state in ('scheduled', 'work')",
            &leads, &generations, &states, now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        if usize::try_from(done.rows_affected()) == Ok(ended.len()) {
            Ok(())
        } else {
            Err(StoreError::Moved("promise"))
        }
    }

    /// Puts off promises that came up when nobody may be called; nobody is offered them before.
    ///
    /// # Errors
    /// `Moved` when one was no longer scheduled.
    pub async fn promises_put_off(&mut self, put_off: &[(LeadId, i64, Timestamp)]) -> Result<(), StoreError> {
        let leads: Vec<_> = put_off.iter().map(|(lead, _, _)| lead.uuid()).collect();
        let generations: Vec<_> = put_off.iter().map(|(_, generation, _)| *generation).collect();
        let until: Vec<_> = put_off.iter().map(|(_, _, until)| until.to_sqlx()).collect();
        let done = sqlx::query!(
            "-- promise.put_off
            update promise p set due_at = n.until, due_until = case when p.due_until > n.until then p.due_until end,
                                 offered_until = n.until
            from unnest($1::uuid[], $2::bigint[], $3::timestamptz[]) as n (lead_id, generation, until)
            where p.lead_id = n.lead_id and p.generation = n.generation and p.state = 'scheduled'",
            &leads,
            &generations,
            &until[..]
        )
        .execute(self.connection())
        .await?;
        if usize::try_from(done.rows_affected()) == Ok(put_off.len()) {
            Ok(())
        } else {
            Err(StoreError::Moved("promise"))
        }
    }

    /// The regrades of these leads with the version read now.
    ///
    /// # Errors
    /// When the transaction fails.
    pub async fn regrades_of(&mut self, leads: &[LeadId]) -> Result<Vec<(LeadId, i64)>, StoreError> {
        let leads: Vec<_> = leads.iter().map(|lead| lead.uuid()).collect();
        let rows = sqlx::query!(
            "-- regrade.of
            select lead_id, version from regrade where lead_id = any($1)",
            &leads
        )
        .fetch_all(self.connection())
        .await?;
        Ok(rows.into_iter().map(|row| (LeadId::from_uuid(row.lead_id), row.version)).collect())
    }

    /// Removes regrades, each only at the version that the decision read.
    ///
    /// # Errors
    /// When the transaction fails.
    pub async fn regrades_delete(&mut self, read: &[(LeadId, i64)]) -> Result<(), StoreError> {
        let leads: Vec<_> = read.iter().map(|(lead, _)| lead.uuid()).collect();
        let versions: Vec<_> = read.iter().map(|(_, version)| *version).collect();
        sqlx::query!(
            "-- regrade.delete
            delete from regrade r using unnest($1::uuid[], $2::bigint[]) as n (lead_id, version)
            where r.lead_id = n.lead_id and r.version = n.version",
            &leads,
            &versions
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
