//! Endpoints: where a client wants A leads. A webhook's signing secret is given out once, when it is made.

mod set;
mod trial;

use std::{collections::BTreeMap, fmt, time::Duration};

use jiff::Timestamp;
use ripen_domain::{
    actor::{Actor, Permission},
    delivery::EventType,
    hash::ContentHash,
    id::EndpointId,
    masked_address::MaskedAddress,
    secret::Secret,
    shown_url::shown_url,
    time::later,
};
use ripen_outbound::{guard::check_url, webhook::WebhookSecret};
use ripen_runtime::random::bytes32;
use ripen_store::endpoint::{
    endpoint_record::{EndpointKind, EndpointRecord, NewEndpoint},
    secret::RotatedSecret,
};
use serde_json::{Value, json};

pub use self::{
    set::SetEndpoint,
    trial::{TrialTerms, trial},
};
use crate::{
    Action, Actions, FieldErrors, Refusal, Work, check,
    work::{AuditChange, permit},
};

/// An attempt takes at most so long, in seconds: a lease must outlast it.
pub const LONGEST_TIMEOUT_S: u8 = 50;

/// So many characters of a hash stand in the audit for a credential.
const FINGERPRINT: usize = 6;

/// Where an endpoint is.
#[derive(Clone)]
pub enum Destination {
    /// Leads are posted to a URL.
    Webhook {
        /// The URL.
        url: MaskedAddress,
        /// It may lie on this machine or in a private network.
        allow_private: bool,
    },
    /// Leads are mailed.
    Email {
        /// The address.
        address: String,
    },
}

/// Of a URL its host alone.
impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Webhook { url, allow_private } => {
                f.debug_struct("Webhook").field("url", url).field("allow_private", allow_private).finish()
            }
            // A person's, as often as not.
            Self::Email { .. } => f.debug_struct("Email").finish_non_exhaustive(),
        }
    }
}

impl Destination {
    /// As it is kept.
    fn check(&self, errors: &mut FieldErrors) -> Option<String> {
        match self {
            // Checked as it will be called: what is stored must get through the check of every attempt.
            Self::Webhook { url, allow_private } => {
                errors.take("webhook", check_url(url.reveal(), *allow_private)).map(|url| url.to_string())
            }
            Self::Email { address } => {
                errors.take("email", check::email(address)).map(|email| email.as_str().to_owned())
            }
        }
    }

    const fn kind(&self) -> EndpointKind {
        match self {
            Self::Webhook { .. } => EndpointKind::Webhook,
            Self::Email { .. } => EndpointKind::Email,
        }
    }
}

/// What an endpoint is to be told of, as it is kept: without what routing tells whoever it offers a lead, asked for or not.
fn asked_events(events: Option<&[EventType]>, errors: &mut FieldErrors) -> Option<Vec<EventType>> {
    let asked: Option<Vec<_>> =
        events.map(|events| events.iter().copied().filter(|event| event.is_asked_for()).collect());
    let is_some = events.is_none_or(<[_]>::is_empty) || asked.as_ref().is_some_and(|asked| !asked.is_empty());
    errors.require(is_some, "events", "invalid", || {
        "lead.offered and lead.taken are told to whoever routing offers a lead: name what it is told of besides"
            .to_owned()
    });
    asked
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
    /// All it is told of; where missing, a webhook of A leads and that one must not be contacted any more, a person of everything
    /// that changes what they do.
    pub events: Option<Vec<EventType>>,
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
        let to = self.to.check(&mut errors);
        let events = asked_events(self.events.as_deref(), &mut errors);
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
            to: to.unwrap_or_default().into(),
            rep: None,
            allow_private,
            secret: secret.as_ref().map(|secret| Secret::from(secret.reveal())),
            events,
        };
        add(work, &new).await?;
        Ok(AddedEndpoint { id: new.id, secret })
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
        let shown = Secret::from(secret.reveal());
        let new = RotatedSecret { endpoint: before.id, secret: &shown, others_until };
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
        to: rep.email.as_str().into(),
        rep: Some(rep.id),
        allow_private: false,
        secret: None,
        events: None,
    }
}

/// Adds an endpoint to a client that is held.
pub(crate) async fn add(work: &mut Work<'_>, new: &NewEndpoint) -> Result<(), Refusal> {
    work.tx.endpoint_add(work.actor.scope(), new, work.now).await?;
    let after = json!({"kind": new.kind.word(), "to": shown_to(new.id, new.to.reveal()), "name": new.name, "rep": new.rep,
                       "allow_private": new.allow_private, "events": new.events});
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
    let headers: Vec<_> = terms.headers.iter().map(|header| shown_header(endpoint.id, header.reveal())).collect();
    let secrets: Vec<_> = endpoint.secrets.iter().map(|one| json!({"made": one.made, "until": one.until})).collect();
    json!({"to": shown_to(endpoint.id, endpoint.to.reveal()), "allow_private": endpoint.allow_private,
           "enabled": endpoint.enabled, "reason": endpoint.reason, "concurrency": terms.concurrency, "rate": terms.rate,
           "timeout_s": terms.timeout_s, "headers": headers, "events": terms.events, "by_name": terms.by_name,
           "secrets": secrets, "failures": endpoint.failing.map(|failing| failing.failures),
           "failing_since": endpoint.failing.map(|failing| failing.since), "probe_at": endpoint.probe_at})
}

/// Where it is, without what may be a credential in it; of that what shows that it was replaced.
fn shown_to(endpoint: EndpointId, to: &str) -> String {
    let shown = shown_url(to);
    if shown == to { shown } else { format!("{shown} #{}", fingerprint(endpoint, to)) }
}

/// A header's name and the beginning of a hash: enough to see that its value was replaced, too little to find the value, and
/// another at every endpoint.
fn shown_header(endpoint: EndpointId, header: &str) -> String {
    let name = header.split(':').next().unwrap_or_default();
    format!("{name} #{}", fingerprint(endpoint, header))
}

fn fingerprint(endpoint: EndpointId, credential: &str) -> String {
    // With the endpoint in it, so that equal values at two endpoints are not equal here.
    let hash = ContentHash::of(format!("{endpoint}\n{credential}").as_bytes()).to_string();
    hash.get(..FINGERPRINT).unwrap_or_default().to_owned()
}
