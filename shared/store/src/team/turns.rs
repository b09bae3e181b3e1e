//! Whose turn it is in each rotation, and how many leads each recipient was given on which day. Written under the lock of
//! the client's row.

use std::{collections::BTreeMap, sync::Arc};

use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use ripen_domain::{id::ClientId, routing::Rotation};
use uuid::Uuid;

use crate::{StoreError, Transaction};

/// What routing changed.
#[derive(Debug, Clone, Default)]
pub struct Turns {
    /// Rotations after the batch, by client and rule.
    pub rotations: BTreeMap<(ClientId, Arc<str>), Rotation>,
    /// Leads given, by recipient or client and its local day.
    pub given: BTreeMap<(Uuid, Date), i32>,
}

impl Transaction {
    /// Writes whose turn it is and what was given, under the lock of [`Transaction::teams_lock`].
    pub async fn turns_write(&mut self, turns: &Turns) -> Result<(), StoreError> {
        let clients: Vec<_> = turns.rotations.keys().map(|(client, _)| client.uuid()).collect();
        let rules: Vec<_> = turns.rotations.keys().map(|(_, rule)| rule.to_string()).collect();
        // A map of numbers always serialises.
        let states: Vec<_> = turns.rotations.values().map(|turns| serde_json::json!(turns)).collect();
        let ids: Vec<_> = turns.given.keys().map(|(id, _)| *id).collect();
        let days: Vec<_> = turns.given.keys().map(|(_, day)| day.to_sqlx()).collect();
        let leads: Vec<_> = turns.given.values().copied().collect();
        // Counts are added to and rotations replaced: a rotation was read under the client's lock, a count may belong
        // to a client that is in no rotation.
        sqlx::query!(
            "-- team.turns
            with turned as (
              insert into rotation (client_id, rule, turns)
              select ($1::uuid[])[i], ($2::text[])[i], ($3::json[])[i] from generate_subscripts($1::uuid[], 1) i
              on conflict (client_id, rule) do update set turns = excluded.turns
            )
            insert into given as g (recipient_id, day, leads)
            select ($4::uuid[])[i], ($5::date[])[i], ($6::integer[])[i] from generate_subscripts($4::uuid[], 1) i
            on conflict (recipient_id, day) do update set leads = g.leads + excluded.leads",
            &clients,
            &rules,
            &states,
            &ids,
            &days[..],
            &leads
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
