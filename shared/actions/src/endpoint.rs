//! Endpoints: where a client wants A leads. A webhook's signing secret is given out once, when it is made.

mod trial;

use std::{collections::BTreeMap, ops::RangeInclusive, time::Duration};

use jiff::Timestamp;
use ripen_domain::{
    actor::{Actor, Permission},
    delivery::EventType,
    hash::ContentHash,
    id::EndpointId,
    time::later,
};
use ripen_outbound::{
    guard::check_url,
    webhook::{OwnHeader, WebhookSecret},
};
use ripen_runtime::random::bytes32;
use ripen_store::endpoint::{
    record::{EndpointKind, EndpointRecord, NewEndpoint},
    secret::RotatedSecret,
    settings::EndpointChange,
};
use serde_json::{Value, json};

pub use self::trial::{TrialTerms, trial};
use crate::{
    Action, Actions, FieldErrors, Refusal, Work, check,
    work::{AuditChange, permit},
};

/// An endpoint has at most so many headers of its own.
const MOST_HEADERS: usize = 20;
/// Deliveries under way at once.
const CONCURRENCY: RangeInclusive<u16> = 1..=1000;
/// Deliveries in a second, where they are limited.
const RATE: RangeInclusive<f64> = 0.001..=10_000.0;
/// An attempt takes at most so long, in seconds: a lease must outlast it.
pub const LONGEST_TIMEOUT_S: u8 = 50;

/// So many characters of a hash stand in the audit for a header's value.
const FINGERPRINT: usize = 6;

/// Where an endpoint is.
#[derive(Debug, Clone)]
pub enum Destination {
    /// Leads are posted to a URL.
    Webhook {
        /// The URL.
        url: String,
        /// It may lie on this machine or in a private network.
        allow_private: bool,
    },
    /// Leads are mailed.
    Email {
        /// The address.
        address: String,
    },
}

/// Adds an endpoint.
#[derive(Debug, Clone)]
pub struct AddEndpoint {
    /// The client's slug.
    pub client: String,
    /// Where it is.
    pub to: Destination,
    /// What people and routing documents call it; its URL or address where missing.
    pub name: Option<String>,
}

/// An endpoint just made.
#[derive(Debug)]
pub struct AddedEndpoint {
    /// The endpoint.
    pub id: EndpointId,
    /// A webhook's signing secret.
    pub secret: Option<WebhookSecret>,
}

impl Action for AddEndpoint {
    type Done = AddedEndpoint;

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<AddedEndpoint, Refusal> {
        let mut errors = FieldErrors::default();
        let to = match &self.to {
            Destination::Webhook { url, allow_private } => {
                // Checked as it will be called: what is stored must get through the check of every attempt.
                errors.take("webhook", check_url(url, *allow_private)).map(|url| url.to_string())
            }
            Destination::Email { address } => {
                errors.take("email", check::email(address)).map(|email| email.as_str().to_owned())
            }
        };
        let client = work.client(&self.client, &mut errors).await?;
        errors.finish()?;
        let client = client.ok_or_else(|| Refusal::missing("client", &self.client))?;
        let (kind, allow_private) = match &self.to {
            Destination::Webhook { allow_private, .. } => (EndpointKind::Webhook, *allow_private),
            Destination::Email { .. } => (EndpointKind::Email, false),
        };
        // Shown once, in the answer; stored because webhooks are signed with it.
        let secret = (kind == EndpointKind::Webhook).then(|| WebhookSecret::new(bytes32()));
        let name = self.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
        let new = NewEndpoint {
            id: EndpointId::from_uuid(work.fresh_id()),
            client: client.id,
            kind,
            name: name.map(str::to_owned),
            to: to.unwrap_or_default(),
            rep: None,
            allow_private,
            secret: secret.as_ref().map(WebhookSecret::reveal),
        };
        add(work, &new).await?;
        Ok(AddedEndpoint { id: new.id, secret })
    }
}

/// Changes how deliveries go out to an endpoint. What is none stays.
#[derive(Clone)]
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
    pub headers: Option<Vec<String>>,
    /// All it is told of.
    pub events: Option<Vec<EventType>>,
    /// Where leads are routed, it gets only those that go to it by name.
    pub by_name: Option<bool>,
}

impl SetEndpoint {
    /// What can be said without the endpoint; the headers as they are kept.
    fn check(&self, errors: &mut FieldErrors) -> Option<Vec<String>> {
        let counts = self.concurrency.is_none_or(|many| CONCURRENCY.contains(&many));
        errors.require(counts, "concurrency", "out_of_range", || "is from 1 to 1000".to_owned());
        let rate_is_possible = self.rate.is_none_or(|rate| rate == 0.0 || RATE.contains(&rate));
        // Zero and nothing else means no limit: a rate of a thousandth is one delivery in a quarter of an hour.
        errors.require(rate_is_possible, "rate", "out_of_range", || {
            "is between 0.001 and 10000 in a second; 0 takes the limit away".to_owned()
        });
        let ends = self.timeout_s.is_none_or(|seconds| seconds <= LONGEST_TIMEOUT_S);
        errors.require(ends, "timeout_s", "out_of_range", || format!("is at most {LONGEST_TIMEOUT_S} seconds"));
        // Not what is told to everybody by routing itself, which nobody subscribes to.
        let given = self.events.iter().flatten().any(|event| !event.is_asked_for());
        errors.require(!given, "events", "invalid", || {
            "an offered lead, and that it is gone, are told to whoever routing offers it".to_owned()
        });
        let headers = self.headers.as_ref()?;
        let few = headers.len() <= MOST_HEADERS;
        errors.require(few, "headers", "too_long", || format!("at most {MOST_HEADERS} headers"));
        // Checked again when it is sent; stored only where it can be.
        let read = |text: &String| {
            let header = OwnHeader::parse(text).map_err(|why| format!("this header cannot be sent: {why}"));
            errors.take("headers", header).map(|header| header.reveal())
        };
        Some(headers.iter().filter_map(read).collect())
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
        errors.finish()?;
        let change = EndpointChange {
            concurrency: self.concurrency.map(i32::from),
            rate: self.rate.map(|rate| Some(rate).filter(|rate| *rate > 0.0)),
            // Zero takes the limit away; a limit of no time would let no attempt succeed.
            timeout_s: self.timeout_s.map(|seconds| Some(i32::from(seconds)).filter(|seconds| *seconds > 0)),
            headers,
            events: self.events.clone(),
            by_name: self.by_name,
        };
        // With another rate the deliveries in line follow their endpoint; a lease locks deliveries first. Where the two meet, the
        // database ends one of them, and it runs again.
        work.tx.endpoint_change(work.actor.scope(), before.id, &change, work.now).await?;
        changed(work, "endpoint.set", &before).await
    }
}

/// Disables an endpoint, so that what it is owed waits, or enables it again.
#[derive(Debug, Clone, Copy)]
pub struct SetEndpointState {
    /// The endpoint.
    pub endpoint: EndpointId,
    /// Whether it works from now on.
    pub enabled: bool,
}

impl Action for SetEndpointState {
    type Done = EndpointRecord;

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<EndpointRecord, Refusal> {
        let before = locked(work, self.endpoint).await?;
        // The locked row is what it was: the audit keeps that and what it is since.
        if self.enabled {
            work.tx.endpoint_enable(work.actor.scope(), before.id, work.now).await?;
            return changed(work, "endpoint.resume", &before).await;
        }
        work.tx.endpoint_pause(work.actor.scope(), before.id).await?;
        changed(work, "endpoint.pause", &before).await
    }
}

/// Makes a new signing secret for a webhook. Those it has sign beside it for a while.
#[derive(Debug, Clone, Copy)]
pub struct RotateSecret {
    /// The webhook.
    pub endpoint: EndpointId,
    /// For how many hours the other secrets still sign.
    pub overlap_h: u16,
}

/// A secret just made.
#[derive(Debug)]
pub struct RotatedTo {
    /// The webhook.
    pub endpoint: EndpointId,
    /// Its new secret.
    pub secret: WebhookSecret,
    /// From when those before no longer sign.
    pub others_until: Timestamp,
}

impl Action for RotateSecret {
    type Done = RotatedTo;

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<RotatedTo, Refusal> {
        let before = locked(work, self.endpoint).await?;
        is_webhook(&before)?;
        // Random here, with the domain's own length.
        let secret = WebhookSecret::new(bytes32());
        let others_until = later(work.now, Duration::from_secs(u64::from(self.overlap_h) * 3600));
        let new = RotatedSecret { endpoint: before.id, secret: &secret.reveal(), others_until };
        work.tx.endpoint_rotate_secret(work.actor.scope(), &new, work.now).await?;
        changed(work, "endpoint.rotate_secret", &before).await?;
        Ok(RotatedTo { endpoint: before.id, secret, others_until })
    }
}

/// The endpoints in the actor's scope, by client.
pub async fn list(actions: &Actions, actor: &Actor) -> Result<Vec<EndpointRecord>, Refusal> {
    permit(actor, Permission::Manage)?;
    Ok(actions.store.endpoints(actor.scope(), None, actions.clock.now()).await?)
}

/// An endpoint.
///
/// # Errors
/// `Missing` where there is none in the actor's scope.
pub async fn find(actions: &Actions, actor: &Actor, endpoint: EndpointId) -> Result<EndpointRecord, Refusal> {
    permit(actor, Permission::Manage)?;
    let found = actions.store.endpoints(actor.scope(), Some(endpoint), actions.clock.now()).await?.pop();
    found.ok_or_else(|| Refusal::missing("endpoint", endpoint))
}

/// How many deliveries of each endpoint in the actor's scope, or of the one named, are not ended. One that is not here has none.
pub async fn backlog(
    actions: &Actions,
    actor: &Actor,
    only: Option<EndpointId>,
) -> Result<BTreeMap<EndpointId, i64>, Refusal> {
    permit(actor, Permission::Manage)?;
    Ok(actions.store.endpoints_backlog(actor.scope(), only).await?)
}

/// A rep's own e-mail endpoint.
pub(crate) fn of_rep(work: &Work<'_>, rep: &ripen_store::team::rep::RepRecord) -> NewEndpoint {
    NewEndpoint {
        id: EndpointId::from_uuid(work.fresh_id()),
        client: rep.client,
        kind: EndpointKind::Email,
        name: None,
        to: rep.email.clone(),
        rep: Some(rep.id),
        allow_private: false,
        secret: None,
    }
}

/// Adds an endpoint to a client that is held.
pub(crate) async fn add(work: &mut Work<'_>, new: &NewEndpoint) -> Result<(), Refusal> {
    work.tx.endpoint_add(work.actor.scope(), new, work.now).await?;
    let after = json!({"kind": new.kind.word(), "to": new.to, "name": new.name, "rep": new.rep,
                       "allow_private": new.allow_private});
    work.changed("endpoint.add", new.id, AuditChange::added(new.client, after));
    Ok(())
}

pub(crate) async fn locked(work: &mut Work<'_>, endpoint: EndpointId) -> Result<EndpointRecord, Refusal> {
    let found = work.tx.endpoint_lock(work.actor.scope(), endpoint, work.now).await?;
    found.ok_or_else(|| Refusal::missing("endpoint", endpoint))
}

/// Says what became of an endpoint and gives it back as it is now.
async fn changed(
    work: &mut Work<'_>,
    action: &'static str,
    before: &EndpointRecord,
) -> Result<EndpointRecord, Refusal> {
    let after = work.tx.endpoint(work.actor.scope(), before.id, work.now).await?;
    let after = after.ok_or_else(|| Refusal::missing("endpoint", before.id))?;
    work.changed(action, before.id, AuditChange::of(before.client_id, shown(before), shown(&after)));
    Ok(after)
}

fn is_webhook(endpoint: &EndpointRecord) -> Result<(), Refusal> {
    if endpoint.kind == EndpointKind::Webhook {
        return Ok(());
    }
    let message = format!("{} is an e-mail endpoint: this is for webhooks", endpoint.id);
    Err(Refusal::conflict("not_a_webhook", message))
}

/// What the audit keeps of an endpoint: of headers what shows that one was replaced, of secrets when they end.
fn shown(endpoint: &EndpointRecord) -> Value {
    let terms = &endpoint.terms;
    // Of a header only its name and a fingerprint: it may be a credential.
    let headers: Vec<_> = terms.headers.iter().map(|header| shown_header(endpoint.id, header)).collect();
    let secrets: Vec<_> = endpoint.secrets.iter().map(|one| json!({"made": one.made, "until": one.until})).collect();
    json!({"enabled": endpoint.enabled, "reason": endpoint.reason, "concurrency": terms.concurrency, "rate": terms.rate,
           "timeout_s": terms.timeout_s, "headers": headers, "events": terms.events, "by_name": terms.by_name,
           "secrets": secrets, "failures": endpoint.failing.map(|failing| failing.failures),
           "failing_since": endpoint.failing.map(|failing| failing.since), "probe_at": endpoint.probe_at})
}

/// A header's name and the beginning of a hash: enough to see that its value was replaced, too little to find the value, and
/// another at every endpoint.
fn shown_header(endpoint: EndpointId, header: &str) -> String {
    let name = header.split(':').next().unwrap_or_default();
    // With the endpoint in it, so that equal values at two endpoints are not equal here.
    let hash = ContentHash::of(format!("{endpoint}\n{header}").as_bytes()).to_string();
    format!("{name} #{}", hash.get(..FINGERPRINT).unwrap_or_default())
}
