//! Links about a delivery, ended: those that were made until now open nothing more.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::{ClientId, DeliveryId};

use crate::{Scope, StoreError, Transaction};

/// Until when links are ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndedLinks {
    /// Whose delivery or rep it is.
    pub client: ClientId,
    /// Links made before were ended until now.
    pub before: Timestamp,
}

impl Transaction {
    /// Ends the links about a delivery that were made before this instant, and those about whatever else was told of the same
    /// lead there: they lead to one page. None where the scope has no such delivery.
    pub async fn delivery_links_end(
        &mut self,
        scope: Scope,
        delivery: DeliveryId,
        now: Timestamp,
    ) -> Result<Option<EndedLinks>, StoreError> {
        let row = sqlx::query!(
            "-- delivery.end_links
            with meant as (
                select id, client_id, maturation_id, endpoint_id, links_since from delivery
                where id = $1 and ($2::uuid is null or client_id = $2)
            ), ended as (
                update delivery d set links_since = $3 from meant
                where d.id = meant.id or d.maturation_id = meant.maturation_id and d.endpoint_id = meant.endpoint_id
            )
            select client_id, links_since from meant",
            delivery.uuid(),
            scope.client_uuid(),
            now.to_sqlx()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|row| EndedLinks { client: ClientId::from_uuid(row.client_id), before: row.links_since.to_jiff() }))
    }
}
