//! How deliveries go out to an endpoint: how many at once and in a second, for how long, with what headers and secrets.

use jiff::Timestamp;
use ripen_domain::{
    delivery::EventType,
    id::{ClientId, EndpointId},
};

use crate::{Scope, StoreError, Transaction};

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
            // How many and not which: a header may hold the receiver's credential.
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
        // A new rate begins with an empty line: instants computed by the old one could lie hours ahead. `coalesce`
        // cannot take a limit away, hence the flags.
        let changed = sqlx::query!(
            "-- endpoint.change
            update endpoint set concurrency = coalesce($2, concurrency),
                   rate = case when $3 then $4::double precision else rate end,
                   rate_from = case when $3 then 'epoch' else rate_from end,
                   rate_line = case when $3 then 'epoch' else rate_line end,
                   timeout_s = case when $5 then $6::integer else timeout_s end,
                   headers = coalesce($7::text[], headers), events = coalesce($8::text[], events),
                   by_name = coalesce($9, by_name)
            where id = $1 and ($10::uuid is null or client_id = $10) returning client_id",
            endpoint.uuid(),
            change.concurrency,
            change.rate.is_some(),
            change.rate.flatten(),
            change.timeout_s.is_some(),
            change.timeout_s.flatten(),
            change.headers.as_deref(),
            events.as_deref(),
            change.by_name,
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        let client = ClientId::from_uuid(changed.ok_or(StoreError::Moved("endpoint"))?.client_id);
        // Places given by the old rate would be kept otherwise, however fast the new one is.
        if change.rate.is_some() {
            self.deliveries_leave_line(endpoint, now).await?;
        }
        // An endpoint that now asks for matured leads may take what is held for want of one.
        if change.events.is_some() {
            self.reroute(client, now).await?;
        }
        Ok(())
    }
}
