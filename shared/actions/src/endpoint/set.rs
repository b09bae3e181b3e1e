//! What is set of an endpoint: where it is, what it is told of, and how deliveries go out to it.

use std::ops::RangeInclusive;

use ripen_domain::{
    actor::Permission,
    delivery::EventType,
    id::{EndpointId, RepId},
    secret::Secret,
};
use ripen_outbound::webhook::OwnHeader;
use ripen_store::{
    StoreError,
    endpoint::{
        endpoint_record::{EndpointKind, EndpointRecord},
        settings::{EndpointAddress, EndpointChange},
    },
};

use super::{Destination, LONGEST_TIMEOUT_S, asked_events, changed, locked};
use crate::{Action, FieldErrors, Refusal, Work};

/// An endpoint has at most so many headers of its own.
const MOST_HEADERS: usize = 20;
/// Deliveries under way at once.
const CONCURRENCY: RangeInclusive<u16> = 1..=1000;
/// Deliveries in a second, where they are limited.
const RATE: RangeInclusive<f64> = 0.001..=10_000.0;

/// Changes how deliveries go out to an endpoint. What is none stays.
#[derive(Debug, Clone)]
pub struct SetEndpoint {
    /// The endpoint.
    pub endpoint: EndpointId,
    /// How many deliveries may be under way at once.
    pub concurrency: Option<u16>,
    /// How many may go out in a second, over all processes; 0 for no limit.
    pub rate: Option<f64>,
    /// How long an attempt may take, in seconds; 0 for what the configuration says.
    pub timeout_s: Option<u8>,
    /// All headers of its own, each as `Name: value`. They may be credentials.
    pub headers: Option<Vec<Secret>>,
    /// All it is told of.
    pub events: Option<Vec<EventType>>,
    /// Where leads are routed, it gets only those that go to it by name.
    pub by_name: Option<bool>,
    /// Where it is from now on, of the kind that it is. What waits for it goes there too.
    pub to: Option<Destination>,
}

impl SetEndpoint {
    /// Nothing to change yet.
    #[must_use]
    pub const fn of(endpoint: EndpointId) -> Self {
        Self {
            endpoint,
            concurrency: None,
            rate: None,
            timeout_s: None,
            headers: None,
            events: None,
            by_name: None,
            to: None,
        }
    }

    /// What can be said without the endpoint; the headers as they are kept.
    fn check(&self, errors: &mut FieldErrors) -> Option<Vec<Secret>> {
        let counts = self.concurrency.is_none_or(|many| CONCURRENCY.contains(&many));
        errors.require(counts, "concurrency", "out_of_range", || "is from 1 to 1000".to_owned());
        let rate_is_possible = self.rate.is_none_or(|rate| rate == 0.0 || RATE.contains(&rate));
        // Zero and nothing else means no limit: a rate of a thousandth is one delivery in a quarter of an hour.
        errors.require(rate_is_possible, "rate", "out_of_range", || {
            "is between 0.001 and 10000 in a second; 0 takes the limit away".to_owned()
        });
        let ends = self.timeout_s.is_none_or(|seconds| seconds <= LONGEST_TIMEOUT_S);
        errors.require(ends, "timeout_s", "out_of_range", || format!("is at most {LONGEST_TIMEOUT_S} seconds"));
        let headers = self.headers.as_ref()?;
        let few = headers.len() <= MOST_HEADERS;
        errors.require(few, "headers", "too_long", || format!("at most {MOST_HEADERS} headers"));
        // Checked again when it is sent; stored only where it can be.
        let read = |text: &Secret| {
            let header = OwnHeader::parse(text.reveal()).map_err(|why| format!("this header cannot be sent: {why}"));
            errors.take("headers", header).map(|header| Secret::from(header.reveal()))
        };
        Some(headers.iter().filter_map(read).collect())
    }
}

impl SetEndpoint {
    /// Where the endpoint is from now on; none where that stays.
    fn moved_to(&self, before: &EndpointRecord, errors: &mut FieldErrors) -> Option<EndpointAddress> {
        let to = self.to.as_ref()?;
        let is_same_kind = to.kind() == before.kind;
        let kind = before.kind.word();
        errors.require(is_same_kind, "to", "invalid", || format!("{} is of kind {kind} and stays so", before.id));
        let allow_private = match to {
            Destination::Webhook { allow_private, .. } => *allow_private,
            Destination::Email { .. } => false,
        };
        Some(EndpointAddress { to: to.check(errors)?.into(), allow_private })
    }
}

impl Action for SetEndpoint {
    type Done = EndpointRecord;

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<EndpointRecord, Refusal> {
        let mut errors = FieldErrors::default();
        let headers = self.check(&mut errors);
        let before = locked(work, self.endpoint).await?;
        let is_mail = before.kind == EndpointKind::Email;
        let has_headers = headers.as_ref().is_some_and(|headers| !headers.is_empty());
        // Of a mail endpoint neither is meant: they would be stored and never used.
        for (field, given) in [("timeout_s", self.timeout_s.is_some()), ("headers", has_headers)] {
            errors.require(!(is_mail && given), field, "invalid", || {
                format!("{} is an e-mail endpoint: a time limit and headers are for webhooks", before.id)
            });
        }
        let to = self.moved_to(&before, &mut errors);
        let events = asked_events(self.events.as_deref(), &mut errors);
        errors.finish()?;
        let change = EndpointChange {
            to,
            concurrency: self.concurrency.map(i32::from),
            rate: self.rate.map(|rate| Some(rate).filter(|rate| *rate > 0.0)),
            // Zero takes the limit away; a limit of no time would let no attempt succeed.
            timeout_s: self.timeout_s.map(|seconds| Some(i32::from(seconds)).filter(|seconds| *seconds > 0)),
            headers,
            events,
            by_name: self.by_name,
        };
        if let (Some(rep), Some(at)) = (before.rep, &change.to) {
            rep_moves(work, rep, at.to.reveal()).await?;
        }
        // With another rate the deliveries in line follow their endpoint; a lease locks deliveries first. Where the two meet, the
        // database ends one of them, and it runs again.
        work.tx.endpoint_change(work.actor.scope(), before.id, &change, work.now).await?;
        changed(work, "endpoint.set", &before).await
    }
}

/// A rep's own endpoint is the rep's address: who is known by it, and is written to about appointments.
async fn rep_moves(work: &mut Work<'_>, rep: RepId, address: &str) -> Result<(), Refusal> {
    // The unique index decides: between a look and the change, another could take the address.
    match work.tx.rep_set_email(work.actor.scope(), rep, address).await {
        Err(StoreError::Taken(_)) => {
            Err(Refusal::field("email", "taken", "another rep of this client has this address".to_owned()))
        }
        result => Ok(result?),
    }
}
