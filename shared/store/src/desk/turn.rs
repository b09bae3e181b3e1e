//! Whose turn it is among clients: their weights and their virtual times.

use ripen_domain::{desk::ClientTurn, id::ClientId};

use crate::{Scope, StoreError, Transaction};

impl Transaction {
    /// The active clients with their turns: those named, or all where none is.
    pub async fn desk_turns(&mut self, scope: Scope, clients: &[ClientId]) -> Result<Vec<ClientTurn>, StoreError> {
        let clients: Vec<_> = clients.iter().map(|client| client.uuid()).collect();
        let rows = sqlx::query!(
            r#"-- desk_client.turns
            select c.id, coalesce(d.weight, 1) as "weight!", coalesce(d.served, 0) as "served!"
            from client c left join desk_client d on d.client_id = c.id
            where c.state = 'active' and (cardinality($1::uuid[]) = 0 or c.id = any($1)) and ($2::uuid is null or c.id = $2)
            order by c.id"#,
            &clients,
            scope.client_uuid()
        )
        .fetch_all(self.connection())
        .await?;
        let turn = |id, weight: i32, served| ClientTurn {
            client: ClientId::from_uuid(id),
            weight: u32::try_from(weight).unwrap_or(1),
            served,
        };
        Ok(rows.into_iter().map(|row| turn(row.id, row.weight, row.served)).collect())
    }

    /// Notes that a lead was handed out for a client, whose virtual time was read as the first of these and is the second now.
    pub async fn desk_turn_charge(&mut self, scope: Scope, turn: &ClientTurn, served: f64) -> Result<(), StoreError> {
        // By the difference where another agent was handed one of the same client meanwhile: both count.
        sqlx::query!(
            "-- desk_client.charge
            insert into desk_client as d (client_id, served)
            select id, $3 from client where id = $1 and ($2::uuid is null or id = $2)
            on conflict (client_id) do update set served = case when d.served = $4 then $3 else d.served + 1.0 / d.weight end",
            turn.client.uuid(),
            scope.client_uuid(),
            served,
            turn.served
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
