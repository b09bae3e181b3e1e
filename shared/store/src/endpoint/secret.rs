//! The secrets that sign webhooks: rotation with an overlap.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{id::EndpointId, secret::Secret};

use crate::{
    Scope, Store, StoreError, Transaction, endpoint::credentials::secret_place, error::one_row, sealing::Stored,
};

/// A webhook's new signing secret.
#[derive(Clone, Copy)]
pub struct RotatedSecret<'a> {
    /// Which webhook's.
    pub endpoint: EndpointId,
    /// What webhooks are signed with.
    pub secret: &'a Secret,
    /// From when those before no longer sign.
    pub others_until: Timestamp,
}

impl Transaction {
    /// Gives a webhook a new signing secret; those it has sign beside it for the time of overlap. `Moved` when there is no
    /// such webhook in the scope.
    pub async fn endpoint_rotate_secret(
        &mut self,
        scope: Scope,
        new: &RotatedSecret<'_>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // `least` ignores null, so a secret that was to stay ends, and one that ends sooner still does. Expired ones
        // are kept until then: receivers need time to take the new one.
        sqlx::query!(
            "-- endpoint.expire_secrets
            update endpoint_secret set expires_at = least(expires_at, $2) where endpoint_id = $1",
            new.endpoint.uuid(),
            new.others_until.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        let id = self.keys().fresh_id()?;
        let place = secret_place(new.endpoint.uuid(), id);
        let sealed = self.keys().seal(&place, new.secret.reveal().as_bytes())?;
        let done = sqlx::query!(
            "-- endpoint.new_secret
            insert into endpoint_secret (id, endpoint_id, sealed, created_at)
            select $5, id, $2, $3 from endpoint where id = $1 and kind = 'webhook' and ($4::uuid is null or client_id = $4)",
            new.endpoint.uuid(),
            &sealed,
            now.to_sqlx(),
            scope.client_uuid(),
            id
        )
        .execute(self.connection())
        .await?;
        // No row means no such webhook in the scope, and the caller rolls the first statement back with it.
        one_row(done.rows_affected(), "webhook")
    }
}

impl Store {
    /// The secrets that sign now, newest first.
    pub async fn endpoint_secrets(
        &self,
        scope: Scope,
        endpoint: EndpointId,
        now: Timestamp,
    ) -> Result<Vec<Secret>, StoreError> {
        // In a fixed order: receivers try the signatures in the order of the header, and the newest matches first.
        let rows = sqlx::query!(
            "-- endpoint.secrets
            select s.id, s.secret, s.sealed from endpoint_secret s join endpoint e on e.id = s.endpoint_id
            where e.id = $1 and (s.expires_at is null or s.expires_at > $2) and ($3::uuid is null or e.client_id = $3)
            order by s.created_at desc, s.id",
            endpoint.uuid(),
            now.to_sqlx(),
            scope.client_uuid()
        )
        .fetch_all(&self.pool)
        .await?;
        let opened = rows.into_iter().map(|row| {
            let stored = Stored { clear: row.secret, sealed: row.sealed };
            self.keys.text(&secret_place(endpoint.uuid(), row.id), stored)
        });
        opened.collect()
    }
}
