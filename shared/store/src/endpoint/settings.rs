//! How deliveries go out to an endpoint: how many at once and in a second, for how long, with what headers and secrets.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    delivery::EventType,
    id::{ClientId, EndpointId},
    masked_address::MaskedAddress,
    secret::Secret,
};

use crate::{Scope, StoreError, Transaction};

/// How deliveries go out to an endpoint.
#[derive(Debug, Clone)]
pub struct EndpointTerms {
    /// How many at once.
    pub concurrency: i32,
    /// How many in a second, over all processes; none for no limit.
    pub rate: Option<f64>,
    /// How long an attempt may take, in seconds; none for what the configuration says.
    pub timeout_s: Option<i32>,
    /// Headers of its own, each as `name: value`. They may be credentials.
    pub headers: Vec<Secret>,
    /// What it is told of.
    pub events: Vec<EventType>,
    /// Where leads are routed, it gets only those that go to it by name.
    pub by_name: bool,
}

/// Where an endpoint is.
#[derive(Debug, Clone)]
pub struct EndpointAddress {
    /// The URL of a webhook, the address of a mail endpoint.
    pub to: MaskedAddress,
    /// Loopback and private addresses may be called.
    pub allow_private: bool,
}

/// What to change; what is none stays. Inner none takes a limit away.
#[derive(Debug, Clone, Default)]
pub struct EndpointChange {
    /// How many at once.
    pub concurrency: Option<i32>,
    /// How many in a second.
    pub rate: Option<Option<f64>>,
    /// How long an attempt may take, in seconds.
    pub timeout_s: Option<Option<i32>>,
    /// All headers of its own.
    pub headers: Option<Vec<Secret>>,
    /// All event types.
    pub events: Option<Vec<EventType>>,
    /// Whether, where leads are routed, it gets only those that go to it by name.
    pub by_name: Option<bool>,
    /// Where it is.
    pub to: Option<EndpointAddress>,
}

impl Transaction {
    /// Changes how deliveries go out. Those that a rate made wait are given new places by the new one. `Moved` when there is no
    /// such endpoint in the scope.
    pub async fn endpoint_change(
        &mut self,
        scope: Scope,
        endpoint: EndpointId,
        change: &EndpointChange,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let events =
            change.events.as_ref().map(|events| events.iter().map(|event| event.word().to_owned()).collect::<Vec<_>>());
        let headers = change.headers.as_deref().map(|headers| self.keys().sealed_headers(endpoint, headers));
        let sealed = headers.transpose()?.flatten();
        // Of a webhook; an e-mail address is no credential.
        let url = change.to.as_ref().map(|at| at.to.reveal()).filter(|to| to.contains("://"));
        let sealed_url = url.map(|url| self.keys().sealed_url(endpoint, url)).transpose()?;
        // What comes back from the address that was says nothing of the one that is.
        // A new rate begins with an empty line: instants computed by the old one could lie hours ahead. `coalesce`
        // cannot take a limit away, hence the flags.
        let changed = sqlx::query!(
            "-- endpoint.change
            update endpoint set concurrency = coalesce($2, concurrency),
                   rate = case when $3 then $4::double precision else rate end,
                   rate_from = case when $3 then 'epoch' else rate_from end,
                   rate_line = case when $3 then 'epoch' else rate_line end,
                   timeout_s = case when $5 then $6::integer else timeout_s end,
                   headers = case when not $7 then headers when $11::bytea is null then '{}' end,
                   sealed_headers = case when $7 then $11::bytea else sealed_headers end, events = coalesce($8::text[], events),
                   by_name = coalesce($9, by_name), url = case when $15::bytea is null then url end,
                   sealed_url = coalesce($15, sealed_url), shown_url = case when $15 is null then shown_url else url_shown($12) end,
                   address = case kind when 'email' then coalesce($12, address) end, allow_private = coalesce($13, allow_private),
                   bounces_from = case when $12 is distinct from address then coalesce($14, bounces_from) else bounces_from end
            where id = $1 and ($10::uuid is null or client_id = $10) returning client_id",
            endpoint.uuid(),
            change.concurrency,
            change.rate.is_some(),
            change.rate.flatten(),
            change.timeout_s.is_some(),
            change.timeout_s.flatten(),
            change.headers.is_some(),
            events.as_deref(),
            change.by_name,
            scope.client_uuid(),
            sealed.as_deref(),
            change.to.as_ref().map(|at| at.to.reveal()),
            change.to.as_ref().map(|at| at.allow_private),
            change.to.as_ref().map(|_| now.to_sqlx()) as Option<jiff_sqlx::Timestamp>,
            sealed_url.as_deref()
        )
        .fetch_optional(self.connection())
        .await?;
        let client = ClientId::from_uuid(changed.ok_or(StoreError::Moved("endpoint"))?.client_id);
        // Places given by the old rate would be kept otherwise, however fast the new one is.
        if change.rate.is_some() {
            self.deliveries_leave_line(endpoint, now).await?;
        }
        if change.to.is_some() {
            self.endpoint_moved(scope, endpoint, now).await?;
        }
        // An endpoint that now asks for matured leads may take what is held for want of one.
        if change.events.is_some() {
            self.reroute(client, now).await?;
        }
        Ok(())
    }

    /// What failed at another address says nothing of this one: the circuit starts closed, and what waited goes out.
    async fn endpoint_moved(&mut self, scope: Scope, endpoint: EndpointId, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query!(
            "-- endpoint.moved
            update endpoint set failures = 0, failing_since = null, probes = 0, probe_at = null, refused_leads = '{}', refused_since = null,
                   release_at = case when failing_since is null then release_at else $2 end
            where id = $1 and (failing_since is not null or refused_since is not null) and state = 'enabled' and ($3::uuid is null or client_id = $3)",
            endpoint.uuid(),
            now.to_sqlx(),
            scope.client_uuid()
        )
        .execute(self.connection())
        .await?;
        self.notices_tell_anew(endpoint).await
    }
}
