//! Endpoints of clients: added and listed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    delivery::EventType,
    id::{ClientId, EndpointId, RepId},
    masked_address::MaskedAddress,
    secret::Secret,
};
use uuid::Uuid;

use crate::{
    Scope, Store, StoreError, Transaction,
    endpoint::{
        credentials::{StoredHeaders, secret_place},
        settings::EndpointTerms,
    },
    error::{one_row, word},
    sealing::StoreKeys,
};

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
    pub to: MaskedAddress,
    /// The rep behind it.
    pub rep: Option<RepId>,
    /// Loopback and private addresses may be called.
    pub allow_private: bool,
    /// First signing secret of a webhook.
    pub secret: Option<Secret>,
    /// All it is told of; where none, what every receiver of its kind understands.
    pub events: Option<Vec<EventType>>,
}

/// An endpoint as staff see it.
#[derive(Debug, Clone)]
pub struct EndpointRecord {
    /// Its id.
    pub id: EndpointId,
    /// Whose it is.
    pub client_id: ClientId,
    /// The client's slug.
    pub client: String,
    /// Webhook or e-mail.
    pub kind: EndpointKind,
    /// The URL or the address.
    pub to: MaskedAddress,
    /// The rep behind it.
    pub rep: Option<RepId>,
    /// Loopback and private addresses may be called.
    pub allow_private: bool,
    /// Works.
    pub enabled: bool,
    /// Why it does not.
    pub reason: Option<String>,
    /// How its deliveries go out.
    pub terms: EndpointTerms,
    /// Failed attempts since the last one that did not fail.
    pub failing: Option<FailingSince>,
    /// When the next probe may be made, where the circuit is open.
    pub probe_at: Option<Timestamp>,
    /// Live secrets, newest first.
    pub secrets: Vec<SecretRecord>,
}

/// When a signing secret was made, and how long it signs; never the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretRecord {
    /// When it was made.
    pub made: Timestamp,
    /// From when it no longer signs; none for one that was not replaced.
    pub until: Option<Timestamp>,
}

/// Attempts that failed one after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailingSince {
    /// How many.
    pub failures: i32,
    /// When the first of them was.
    pub since: Timestamp,
}

/// An endpoint's columns, as both statements give them.
struct EndpointColumns {
    id: Uuid,
    client_id: Uuid,
    slug: String,
    kind: String,
    to: String,
    sealed_url: Option<Vec<u8>>,
    rep_id: Option<Uuid>,
    state: String,
    state_reason: Option<String>,
    allow_private: bool,
    concurrency: i32,
    rate: Option<f64>,
    timeout_s: Option<i32>,
    headers: Option<Vec<String>>,
    sealed_headers: Option<Vec<u8>>,
    events: Vec<String>,
    by_name: bool,
    failures: i32,
    failing_since: Option<jiff_sqlx::Timestamp>,
    probe_at: Option<jiff_sqlx::Timestamp>,
    made: Vec<jiff_sqlx::Timestamp>,
    expire: Vec<Option<jiff_sqlx::Timestamp>>,
}

impl EndpointColumns {
    fn record(self, keys: &StoreKeys) -> Result<EndpointRecord, StoreError> {
        let row = self;
        let stored = StoredHeaders { endpoint: row.id, clear: row.headers, sealed: row.sealed_headers };
        // One endpoint's headers that cannot be opened must not hide all others; nothing is sent with this in their place.
        let headers = keys.headers(stored).unwrap_or_else(|error| {
            tracing::error!(endpoint.id = %row.id, %error, "the headers of an endpoint cannot be opened");
            vec![Secret::given("(cannot be opened)")]
        });
        // The same of its URL: what is shown of it stands in its place, and is no address to be posted to.
        let opened = row.sealed_url.map(|sealed| keys.url(row.id, &sealed)).transpose().unwrap_or_else(|error| {
            tracing::error!(endpoint.id = %row.id, %error, "the URL of an endpoint cannot be opened");
            None
        });
        // An event that this version does not know was written by a newer one: showing fewer than there are would let
        // a save drop it.
        let events = row.events.iter().map(|event| word(event)).collect::<Result<_, _>>()?;
        let (concurrency, rate, timeout_s) = (row.concurrency, row.rate, row.timeout_s);
        let secret = |(made, until): (jiff_sqlx::Timestamp, Option<jiff_sqlx::Timestamp>)| SecretRecord {
            made: made.to_jiff(),
            until: until.map(jiff_sqlx::Timestamp::to_jiff),
        };
        let failing = row.failing_since.map(|since| FailingSince { failures: row.failures, since: since.to_jiff() });
        Ok(EndpointRecord {
            id: EndpointId::from_uuid(row.id),
            client_id: ClientId::from_uuid(row.client_id),
            client: row.slug,
            kind: EndpointKind::read(&row.kind)?,
            to: opened.unwrap_or(row.to).into(),
            rep: row.rep_id.map(RepId::from_uuid),
            allow_private: row.allow_private,
            enabled: row.state == "enabled",
            reason: row.state_reason,
            terms: EndpointTerms { concurrency, rate, timeout_s, headers, events, by_name: row.by_name },
            failing,
            probe_at: row.probe_at.map(jiff_sqlx::Timestamp::to_jiff),
            secrets: row.made.into_iter().zip(row.expire).map(secret).collect(),
        })
    }
}

/// A statement on endpoints as they are shown: its name, which, and its arguments, `$2` of them the present. A macro because a checked
/// statement is known whole when it is compiled.
macro_rules! query_endpoints {
    ($name:tt, $which:tt, $($arguments:expr),+ $(,)?) => {
        // Secrets are shown by their dates alone; the two arrays have one order, so that they pair up.
        sqlx::query_as!(
            EndpointColumns,
            $name + r#"
            select e.id, e.client_id, c.slug, e.kind, coalesce(e.url, e.address, e.shown_url) as "to!", e.sealed_url, e.rep_id, e.state, e.state_reason, e.allow_private,
                   e.concurrency, e.rate, e.timeout_s, e.headers, e.sealed_headers, e.events, e.by_name, e.failures, e.failing_since, e.probe_at,
                   array(select created_at from endpoint_secret s
                         where s.endpoint_id = e.id and (expires_at is null or expires_at > $2)
                         order by created_at desc, id) as "made!: Vec<jiff_sqlx::Timestamp>",
                   array(select expires_at from endpoint_secret s
                         where s.endpoint_id = e.id and (expires_at is null or expires_at > $2)
                         order by created_at desc, id) as "expire!: Vec<Option<jiff_sqlx::Timestamp>>"
            from endpoint e join client c on c.id = e.client_id
            "# + $which,
            $($arguments),+
        )
    };
}

impl Store {
    /// The endpoints of a scope by client, or the one named.
    pub async fn endpoints(
        &self,
        scope: Scope,
        only: Option<EndpointId>,
        now: Timestamp,
    ) -> Result<Vec<EndpointRecord>, StoreError> {
        let rows = query_endpoints!(
            "-- endpoint.list",
            "where ($1::uuid is null or e.id = $1) and ($3::uuid is null or e.client_id = $3)
            order by c.slug, e.created_at",
            only.map(EndpointId::uuid),
            now.to_sqlx(),
            scope.client_uuid()
        )
        .fetch_all(&self.lists)
        .await?;
        rows.into_iter().map(|row| row.record(&self.keys)).collect()
    }

    /// How many deliveries of each endpoint of a scope, or of the one named, are not ended. One that is not here has none.
    pub async fn endpoints_backlog(
        &self,
        scope: Scope,
        only: Option<EndpointId>,
    ) -> Result<BTreeMap<EndpointId, i64>, StoreError> {
        let rows = sqlx::query!(
            r#"-- endpoint.backlog
            select endpoint_id as "endpoint_id!", count(*) as "open!" from delivery
            where state in ('pending', 'held', 'leased') and endpoint_id is not null
              and ($1::uuid is null or endpoint_id = $1) and ($2::uuid is null or client_id = $2)
            group by endpoint_id"#,
            only.map(EndpointId::uuid),
            scope.client_uuid()
        )
        .fetch_all(&self.lists)
        .await?;
        Ok(rows.into_iter().map(|row| (EndpointId::from_uuid(row.endpoint_id), row.open)).collect())
    }
}

impl Transaction {
    /// Adds an endpoint, enabled: what is held for its client may go there. `Moved` when the client is not in the scope.
    pub async fn endpoint_add(&mut self, scope: Scope, new: &NewEndpoint, now: Timestamp) -> Result<(), StoreError> {
        let (url, address) = match new.kind {
            EndpointKind::Webhook => (Some(new.to.reveal()), None),
            EndpointKind::Email => (None, Some(new.to.reveal())),
        };
        let sealed_url = url.map(|url| self.keys().sealed_url(new.id, url)).transpose()?;
        let events: &[EventType] = match (&new.events, new.kind) {
            (Some(events), _) => events,
            (None, EndpointKind::Webhook) => &EventType::BY_WEBHOOK,
            (None, EndpointKind::Email) => &EventType::BY_MAIL,
        };
        let events: Vec<_> = events.iter().map(|event| event.word().to_owned()).collect();
        let done = sqlx::query!(
            "-- endpoint.add
            insert into endpoint (id, client_id, kind, shown_url, address, rep_id, allow_private, created_at, name, events, sealed_url)
            select $1, $2, $3, url_shown($4), $5, $6, $7, $8, $9, $10, $12 where $11::uuid is null or $2 = $11",
            new.id.uuid(),
            new.client.uuid(),
            new.kind.word(),
            url,
            address,
            new.rep.map(RepId::uuid),
            new.allow_private,
            now.to_sqlx(),
            new.name,
            &events,
            scope.client_uuid(),
            sealed_url.as_deref()
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "client")?;
        if let Some(secret) = &new.secret {
            let id = self.keys().fresh_id()?;
            let sealed = self.keys().seal(&secret_place(new.id.uuid(), id), secret.reveal().as_bytes())?;
            sqlx::query!(
                "-- endpoint.add_secret
                insert into endpoint_secret (id, endpoint_id, sealed, created_at) values ($1, $2, $3, $4)",
                id,
                new.id.uuid(),
                &sealed,
                now.to_sqlx()
            )
            .execute(self.connection())
            .await?;
        }
        // In the same transaction: leads held because nobody could take them would otherwise wait for their old due
        // date.
        self.reroute(new.client, now).await?;
        Ok(())
    }

    /// An endpoint, held until the transaction ends; none where the scope has no such endpoint.
    pub async fn endpoint_lock(
        &mut self,
        scope: Scope,
        id: EndpointId,
        now: Timestamp,
    ) -> Result<Option<EndpointRecord>, StoreError> {
        // No key update: deliveries may still be written for the endpoint while its settings are held.
        sqlx::query!(
            "-- endpoint.lock
            select id from endpoint where id = $1 and ($2::uuid is null or client_id = $2) for no key update",
            id.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        // A new statement: the one above cannot see what a change that it waited for has committed.
        self.endpoint(scope, id, now).await
    }

    /// An endpoint as this transaction sees it.
    pub async fn endpoint(
        &mut self,
        scope: Scope,
        id: EndpointId,
        now: Timestamp,
    ) -> Result<Option<EndpointRecord>, StoreError> {
        let row = query_endpoints!(
            "-- endpoint.show",
            "where e.id = $1 and ($3::uuid is null or e.client_id = $3)",
            id.uuid(),
            now.to_sqlx(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        row.map(|row| row.record(self.keys())).transpose()
    }
}
