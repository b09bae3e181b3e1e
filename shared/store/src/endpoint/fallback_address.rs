//! A client's fallback: the address that its leads are mailed to while their webhook fails and no rep has them.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    delivery::EventType,
    id::{ClientId, EndpointId},
};

use crate::{Scope, StoreError, Transaction};

/// An address that leads are mailed to.
#[derive(Debug, Clone)]
pub struct NewFallback {
    /// The endpoint's id.
    pub id: EndpointId,
    /// Normalised e-mail address.
    pub address: String,
}

impl Transaction {
    /// Where a client's leads are mailed while their webhook fails and no rep has them: nowhere from now on where none. What
    /// waits for the address before goes to the new one.
    pub async fn client_set_fallback(
        &mut self,
        scope: Scope,
        client: ClientId,
        to: Option<&NewFallback>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // Disabled and not deleted: deliveries and their attempts refer to it.
        let past = sqlx::query_scalar!(
            "-- endpoint.remove_fallback
            update endpoint set is_fallback = false, state = 'disabled', disabled_by = 'firm', state_reason = 'disabled by the firm'
            where client_id = $1 and is_fallback and ($2::uuid is null or client_id = $2) returning id",
            client.uuid(),
            scope.client_uuid()
        )
        .fetch_all(self.connection())
        .await?;
        // After the old one is gone: a client has one fallback at a time.
        if let Some(NewFallback { id, address }) = to {
            let events: Vec<_> = EventType::BY_MAIL.iter().map(|event| event.word().to_owned()).collect();
            sqlx::query!(
                "-- endpoint.set_fallback
                insert into endpoint (id, client_id, kind, name, address, by_name, is_fallback, events, created_at)
                select $1, $2, 'email', 'Fallback', $3, true, true, $4, $5 where $6::uuid is null or $2 = $6",
                id.uuid(),
                client.uuid(),
                address,
                &events,
                now.to_sqlx(),
                scope.client_uuid()
            )
            .execute(self.connection())
            .await?;
        }
        // Left with an endpoint that is off, it would wait for ever, and the lead would count as mailed.
        let past: Vec<_> = past.into_iter().map(EndpointId::from_uuid).collect();
        self.deliveries_leave_fallback(&past, to.map(|to| to.id), now).await
    }
}
