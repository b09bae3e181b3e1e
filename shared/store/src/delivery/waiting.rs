//! Which clients have held leads that are to be routed just now: what is new of these is routed with them, so that a place that
//! became free goes to the best that waits and not to whoever comes first.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::ClientId;

use crate::{StoreError, Transaction};

impl Transaction {
    /// Those of these clients that have held leads due to be routed at `now`. Comes after the lock of the clients.
    pub(crate) async fn clients_with_leads_to_route(
        &mut self,
        clients: &BTreeSet<ClientId>,
        now: Timestamp,
    ) -> Result<BTreeSet<ClientId>, StoreError> {
        let clients: Vec<_> = clients.iter().map(|client| client.uuid()).collect();
        // One probe of the index for each client: of thousands that wait one is enough.
        let rows = sqlx::query_scalar!(
            r#"-- waiting.clients
            select c.id as "id!" from unnest($1::uuid[]) c (id)
            where exists (select 1 from delivery d where d.client_id = c.id and d.endpoint_id is null and d.state = 'held'
                            and d.same_as is null and d.due_at <= $2)"#,
            &clients,
            now.to_sqlx()
        )
        .fetch_all(self.connection())
        .await?;
        Ok(rows.into_iter().map(ClientId::from_uuid).collect())
    }
}
