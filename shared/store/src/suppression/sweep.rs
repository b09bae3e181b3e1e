//! How far the arrivals of versions before were searched for wishes not to be contacted.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::ArrivalId;
use uuid::Uuid;

use crate::{Scope, StoreError, Transaction};

impl Transaction {
    /// The arrival up to which all were searched, by their ids; nobody else searches until this transaction ends. Of the whole firm alone:
    /// a client's scope finds nothing to go on from.
    pub async fn suppression_sweep_begin(&mut self, scope: Scope, now: Timestamp) -> Result<ArrivalId, StoreError> {
        let after = sqlx::query_scalar!(
            "-- suppression_sweep.begin
            insert into suppression_sweep as s (after_id, at) select $2::uuid, $1::timestamptz where $3::uuid is null
            on conflict (only_one) do update set at = excluded.at returning s.after_id",
            now.to_sqlx(),
            Uuid::nil(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(ArrivalId::from_uuid(after.unwrap_or(Uuid::max())))
    }

    /// Notes how far it is now. Never back: what was searched is searched once.
    pub async fn suppression_sweep_note(&mut self, scope: Scope, last: ArrivalId) -> Result<(), StoreError> {
        sqlx::query!(
            "-- suppression_sweep.note
            update suppression_sweep set after_id = greatest(after_id, $1) where $2::uuid is null",
            last.uuid(),
            scope.client_uuid()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
