//! Endpoints and reps: where a client wants A leads, and who works them.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    delivery::EventType,
    id::{ClientId, EndpointId, RepId},
};

use crate::{Store, StoreError, endpoint::settings::EndpointTerms, error::one_row};

/// Webhook or e-mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointKind {
    /// Posted to a URL.
    Webhook,
    /// Sent to an address.
    Email,
}

impl EndpointKind {
    pub(crate) fn read(text: &str) -> Result<Self, StoreError> {
        match text {
            "webhook" => Ok(Self::Webhook),
            "email" => Ok(Self::Email),
            other => Err(StoreError::Corrupt(format!("the endpoint kind {other:?}"))),
        }
    }

    /// The word the database keeps.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Email => "email",
        }
    }
}

/// An endpoint to be added.
#[derive(Debug, Clone)]
pub struct NewEndpoint {
    /// Its id.
    pub id: EndpointId,
    /// Whose endpoint.
    pub client: ClientId,
    /// Webhook or e-mail.
    pub kind: EndpointKind,
    /// As people call it; the URL or the address where none.
    pub name: Option<String>,
    /// The URL or the address.
    pub to: String,
    /// The rep behind it.
    pub rep: Option<RepId>,
    /// Loopback and private addresses may be called.
    pub allow_private: bool,
    /// First signing secret of a webhook.
    pub secret: Option<String>,
}

/// An endpoint as staff see it.
#[derive(Debug, Clone)]
pub struct EndpointRecord {
    /// Its id.
    pub id: EndpointId,
    /// The client's slug.
    pub client: String,
    /// Webhook or e-mail.
    pub kind: EndpointKind,
    /// The URL or the address.
    pub to: String,
    /// Loopback and private addresses may be called.
    pub allow_private: bool,
    /// Works.
    pub enabled: bool,
    /// Why it does not.
    pub reason: Option<String>,
    /// Deliveries not ended.
    pub open: i64,
    /// How its deliveries go out.
    pub terms: EndpointTerms,
    /// Failed attempts since the last one that did not fail, and when the first of them was.
    pub failing: Option<(i32, Timestamp)>,
    /// When the next probe may be made, where the circuit is open.
    pub probe_at: Option<Timestamp>,
    /// When each live secret was made, and from when it no longer signs; newest first.
    pub secrets: Vec<(Timestamp, Option<Timestamp>)>,
}

/// A rep.
#[derive(Debug, Clone)]
pub struct RepRecord {
    /// Its id.
    pub id: RepId,
    /// The client.
    pub client: ClientId,
    /// Name as people write it.
    pub name: String,
    /// E-mail address.
    pub email: String,
}

impl Store {
    /// Adds an endpoint, enabled.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn endpoint_add(&self, new: &NewEndpoint, now: Timestamp) -> Result<(), StoreError> {
        let (url, address) = match new.kind {
            EndpointKind::Webhook => (Some(new.to.as_str()), None),
            EndpointKind::Email => (None, Some(new.to.as_str())),
        };
        let events: &[EventType] = match new.kind {
            EndpointKind::Webhook => &[EventType::LeadMatured],
            EndpointKind::Email => &EventType::BY_MAIL,
        };
        let events: Vec<_> = events.iter().map(|event| event.word().to_owned()).collect();
        let mut tx = self.pool.begin().await?;
        sqlx::query!(
            "-- endpoint.add
            insert into endpoint (id, client_id, kind, url, address, rep_id, allow_private, created_at, name, events)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            new.id.uuid(),
            new.client.uuid(),
            new.kind.word(),
            url,
            address,
            new.rep.map(RepId::uuid),
            new.allow_private,
            now.to_sqlx(),
            new.name,
            &events
        )
        .execute(&mut *tx)
        .await?;
        if let Some(secret) = &new.secret {
            sqlx::query!(
                "-- endpoint.add_secret
                insert into endpoint_secret (endpoint_id, secret, created_at) values ($1, $2, $3)",
                new.id.uuid(),
                secret,
                now.to_sqlx()
            )
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        self.route_again(new.client, now).await?;
        Ok(())
    }

    /// Enables an endpoint again: what waits for it goes out within seconds.
    ///
    /// # Errors
    /// `Moved` when there is no such endpoint.
    pub async fn endpoint_enable(&self, endpoint: EndpointId, now: Timestamp) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "-- endpoint.enable
            update endpoint set state = 'enabled', state_reason = null, failures = 0, failing_since = null, probes = 0,
                   probe_at = null, release_at = $2 where id = $1",
            endpoint.uuid(),
            now.to_sqlx()
        )
        .execute(&self.pool)
        .await?;
        one_row(done.rows_affected(), "endpoint")?;
        sqlx::query!(
            "-- endpoint.tell_anew
            update notice set key = null where endpoint_id = $1 and key is not null",
            endpoint.uuid()
        )
        .execute(&self.pool)
        .await?;
        self.route_again_for(endpoint, now).await
    }

    /// Adds a rep.
    ///
    /// # Errors
    /// `Taken` when the client has a rep of that address.
    pub async fn rep_add(&self, rep: &RepRecord, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query!(
            "-- rep.add
            insert into rep (id, client_id, name, email, created_at) values ($1, $2, $3, $4, $5)",
            rep.id.uuid(),
            rep.client.uuid(),
            rep.name,
            rep.email,
            now.to_sqlx()
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The reps of a client by name.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn reps(&self, client: ClientId) -> Result<Vec<RepRecord>, StoreError> {
        let rows = sqlx::query!(
            "-- rep.list
            select id, name, email from rep where client_id = $1 order by name, id",
            client.uuid()
        )
        .fetch_all(&self.pool)
        .await?;
        let rep = |id, name, email| RepRecord { id: RepId::from_uuid(id), client, name, email };
        Ok(rows.into_iter().map(|row| rep(row.id, row.name, row.email)).collect())
    }
}
