//! How deliveries go out to an endpoint: how many at once and in a second, for how long, with what headers and secrets.

use std::time::Duration;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{delivery::EventType, id::EndpointId, time::later};

use crate::{
    Store, StoreError,
    endpoint::record::{EndpointKind, EndpointRecord},
    error::{one_row, word},
};

/// How deliveries go out to an endpoint.
#[derive(Clone)]
pub struct EndpointTerms {
    /// How many at once.
    pub concurrency: i32,
    /// How many in a second, over all processes; none for no limit.
    pub rate: Option<f64>,
    /// How long an attempt may take, in seconds; none for what the configuration says.
    pub timeout_s: Option<i32>,
    /// Headers of its own, each as `name: value`. They may be credentials: `Debug` masks them.
    pub headers: Vec<String>,
    /// What it is told of.
    pub events: Vec<EventType>,
    /// Where leads are routed, it gets only those that go to it by name.
    pub by_name: bool,
}

impl std::fmt::Debug for EndpointTerms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EndpointTerms")
            .field("concurrency", &self.concurrency)
            .field("rate", &self.rate)
            .field("timeout_s", &self.timeout_s)
            .field("headers", &self.headers.len())
            .field("events", &self.events)
            .field("by_name", &self.by_name)
            .finish()
    }
}

/// What to change; what is none stays. Inner none takes a limit away.
#[derive(Clone, Default)]
pub struct EndpointChange {
    /// How many at once.
    pub concurrency: Option<i32>,
    /// How many in a second.
    pub rate: Option<Option<f64>>,
    /// How long an attempt may take, in seconds.
    pub timeout_s: Option<Option<i32>>,
    /// All headers of its own.
    pub headers: Option<Vec<String>>,
    /// All event types.
    pub events: Option<Vec<EventType>>,
    /// Whether, where leads are routed, it gets only those that go to it by name.
    pub by_name: Option<bool>,
}

impl Store {
    /// All endpoints by client, or the one named.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn endpoints(&self, only: Option<EndpointId>, now: Timestamp) -> Result<Vec<EndpointRecord>, StoreError> {
        let rows = sqlx::query!(
            r#"-- endpoint.list
            select e.id, c.slug, e.kind, coalesce(e.url, e.address) as "to!", e.state, e.state_reason, e.allow_private,
                   (select count(*) from delivery d where d.endpoint_id = e.id and d.state in ('pending', 'held', 'leased')) as "open!",
                   e.concurrency, e.rate, e.timeout_s, e.headers, e.events, e.by_name, e.failures, e.failing_since, e.probe_at,
                   array(select created_at from endpoint_secret s where s.endpoint_id = e.id and (expires_at is null or expires_at > $2)
                         order by created_at desc, secret) as "made!: Vec<jiff_sqlx::Timestamp>",
                   array(select expires_at from endpoint_secret s where s.endpoint_id = e.id and (expires_at is null or expires_at > $2)
                         order by created_at desc, secret) as "expire!: Vec<Option<jiff_sqlx::Timestamp>>"
            from endpoint e join client c on c.id = e.client_id where $1::uuid is null or e.id = $1
            order by c.slug, e.created_at"#,
            only.map(EndpointId::uuid),
            now.to_sqlx()
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                let events = row.events.iter().map(|event| word(event)).collect::<Result<_, _>>()?;
                let (concurrency, rate, timeout_s, headers) = (row.concurrency, row.rate, row.timeout_s, row.headers);
                let expire = row.expire.into_iter().map(|at| at.map(jiff_sqlx::Timestamp::to_jiff));
                Ok(EndpointRecord {
                    id: EndpointId::from_uuid(row.id),
                    client: row.slug,
                    kind: EndpointKind::read(&row.kind)?,
                    to: row.to,
                    allow_private: row.allow_private,
                    enabled: row.state == "enabled",
                    reason: row.state_reason,
                    open: row.open,
                    terms: EndpointTerms { concurrency, rate, timeout_s, headers, events, by_name: row.by_name },
                    failing: row.failing_since.map(|since| (row.failures, since.to_jiff())),
                    probe_at: row.probe_at.map(jiff_sqlx::Timestamp::to_jiff),
                    secrets: row.made.into_iter().map(jiff_sqlx::Timestamp::to_jiff).zip(expire).collect(),
                })
            })
            .collect()
    }

    /// Changes how deliveries go out. Those that a rate made wait are given new places by the new one.
    ///
    /// # Errors
    /// `Moved` when there is no such endpoint.
    pub async fn endpoint_change(
        &self,
        endpoint: EndpointId,
        change: &EndpointChange,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let events =
            change.events.as_ref().map(|events| events.iter().map(|event| event.word().to_owned()).collect::<Vec<_>>());
        let mut tx = self.pool.begin().await?;
        let done = sqlx::query!(
            "-- endpoint.change
            update endpoint set concurrency = coalesce($2, concurrency),
                   rate = case when $3 then $4::double precision else rate end,
                   rate_from = case when $3 then 'epoch' else rate_from end,
                   rate_line = case when $3 then 'epoch' else rate_line end,
                   timeout_s = case when $5 then $6::integer else timeout_s end,
                   headers = coalesce($7::text[], headers), events = coalesce($8::text[], events),
                   by_name = coalesce($9, by_name)
            where id = $1",
            endpoint.uuid(),
            change.concurrency,
            change.rate.is_some(),
            change.rate.flatten(),
            change.timeout_s.is_some(),
            change.timeout_s.flatten(),
            change.headers.as_deref(),
            events.as_deref(),
            change.by_name
        )
        .execute(&mut *tx)
        .await?;
        one_row(done.rows_affected(), "endpoint")?;
        if change.rate.is_some() {
            sqlx::query!(
                "-- endpoint.break_line
                update delivery set in_line = false, due_at = $2, offered_until = $2
                where endpoint_id = $1 and state = 'pending' and in_line",
                endpoint.uuid(),
                now.to_sqlx()
            )
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        if change.events.is_some() {
            self.route_again_for(endpoint, now).await?;
        }
        Ok(())
    }

    /// Gives an endpoint a new signing secret; those it has sign beside it for the time of overlap.
    ///
    /// # Errors
    /// `Moved` when there is no such webhook.
    pub async fn endpoint_rotate_secret(
        &self,
        endpoint: EndpointId,
        secret: &str,
        overlap: Duration,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await?;
        sqlx::query!(
            "-- endpoint.expire_secrets
            update endpoint_secret set expires_at = least(expires_at, $2) where endpoint_id = $1",
            endpoint.uuid(),
            later(now, overlap).to_sqlx()
        )
        .execute(&mut *tx)
        .await?;
        let done = sqlx::query!(
            "-- endpoint.new_secret
            insert into endpoint_secret (endpoint_id, secret, created_at)
            select id, $2, $3 from endpoint where id = $1 and kind = 'webhook'",
            endpoint.uuid(),
            secret,
            now.to_sqlx()
        )
        .execute(&mut *tx)
        .await?;
        one_row(done.rows_affected(), "webhook")?;
        tx.commit().await?;
        Ok(())
    }

    /// The secrets that sign now, newest first.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn endpoint_secrets(&self, endpoint: EndpointId, now: Timestamp) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query!(
            "-- endpoint.secrets
            select secret from endpoint_secret where endpoint_id = $1 and (expires_at is null or expires_at > $2)
            order by created_at desc, secret",
            endpoint.uuid(),
            now.to_sqlx()
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|row| row.secret).collect())
    }
}
