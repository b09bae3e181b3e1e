//! A client's fallback: the address that its leads are mailed to while their webhook fails and no rep has them.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    delivery::EventType,
    id::{ClientId, EndpointId},
};

use crate::{Store, StoreError};

impl Store {
    /// Where a client's leads are mailed while their webhook fails and no rep has them: nowhere from now on where none.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn client_set_fallback(
        &self,
        client: ClientId,
        to: Option<(EndpointId, &str)>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await?;
        sqlx::query!(
            "-- endpoint.remove_fallback
            update endpoint set is_fallback = false, state = 'disabled', state_reason = 'disabled by the firm'
            where client_id = $1 and is_fallback",
            client.uuid()
        )
        .execute(&mut *tx)
        .await?;
        if let Some((id, address)) = to {
            let events: Vec<_> = EventType::BY_MAIL.iter().map(|event| event.word().to_owned()).collect();
            sqlx::query!(
                "-- endpoint.set_fallback
                insert into endpoint (id, client_id, kind, name, address, by_name, is_fallback, events, created_at)
                values ($1, $2, 'email', 'Fallback', $3, true, true, $4, $5)",
                id.uuid(),
                client.uuid(),
                address,
                &events,
                now.to_sqlx()
            )
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(())
    }
}
