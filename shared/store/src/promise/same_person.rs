//! The work that a held A lead is: somebody has to say whether it is the same person's as one that the client has.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::{ClientId, LeadId};

use crate::{StoreError, Transaction, person::pair::PairWord};

/// Work to be made of a held lead.
#[derive(Debug, Clone, Copy)]
pub struct SamePersonWork {
    /// The lead that is held.
    pub lead: LeadId,
    /// Whose.
    pub client: ClientId,
    /// Its place among the lead's promises.
    pub generation: i64,
    /// The lead that the client has.
    pub first: LeadId,
}

impl Transaction {
    /// Makes work of held leads, which no decision takes away.
    pub async fn same_person_ask(&mut self, rows: &[SamePersonWork], now: Timestamp) -> Result<(), StoreError> {
        let leads: Vec<_> = rows.iter().map(|row| row.lead.uuid()).collect();
        let clients: Vec<_> = rows.iter().map(|row| row.client.uuid()).collect();
        let generations: Vec<_> = rows.iter().map(|row| row.generation).collect();
        let why: Vec<_> =
            rows.iter().map(|row| format!("say whether it is the same person's as {}", row.first)).collect();
        sqlx::query!(
            "-- promise.ask_same_person
            insert into promise (lead_id, generation, client_id, kind, state, due_at, why, from_whom, agreed, offered_until, created_at)
            select ($1::uuid[])[i], ($2::bigint[])[i], ($3::uuid[])[i], 'same_person', 'work', $5, ($4::text[])[i], 'criteria', false,
                   $5, $5
            from generate_subscripts($1::uuid[], 1) i
            -- A question that stands is asked once.
            on conflict (lead_id, kind) where state in ('scheduled', 'work') do nothing",
            &leads,
            &generations,
            &clients,
            &why,
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Ends that work: by a person, with what was said, or because it is no question any more.
    pub async fn same_person_end(
        &mut self,
        leads: &[LeadId],
        said: Option<&PairWord<'_>>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let leads: Vec<_> = leads.iter().map(|lead| lead.uuid()).collect();
        sqlx::query!(
            "-- promise.end_same_person
            update promise set state = case when $2::text is null then 'dropped' else 'kept' end, ended_at = $4, ended_by = $2,
                               ended_why = $3
            where lead_id = any($1) and kind = 'same_person' and state = 'work'",
            &leads,
            said.map(|word| word.by.name()),
            said.map(|word| word.why),
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
