//! Routing: which of a client's reps and endpoints get which A leads.

use std::collections::BTreeSet;

use jiff::Timestamp;
use ripen_domain::{
    actor::{Actor, Permission, Scope},
    criteria::{Criteria, Mistake},
    id::{EndpointId, LeadId},
    routing::{LoadedRouting, NamedRecipient, Recipient, RecipientId, Routing, Surroundings},
};
use ripen_store::{
    StoreError, Transaction,
    client::{client_record::ClientRecord, settings::WhenDead},
    team::route::{NewRoute, RouteRecord, RoutedRecord},
};
use serde_json::json;

use crate::{
    Action, Actions, FieldErrors, Refusal, Work, client,
    work::{AuditChange, permit},
};

/// A document without mistakes.
#[derive(Debug)]
pub struct CheckedRouting {
    /// Whose.
    pub client: ClientRecord,
    /// The document.
    pub routing: Routing,
    /// What is probably not meant.
    pub warnings: Vec<Mistake>,
    /// Webhooks of the whole team that it names: they get the leads of every rep too, which is probably not meant.
    pub shared: Vec<SharedWebhook>,
}

/// A webhook of the whole team.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SharedWebhook {
    /// As the document calls it.
    pub name: String,
    /// Which it is.
    pub endpoint: EndpointId,
}

/// Checks a document without putting it in force; gives back it, or every mistake in it. Waits for no batch that routes.
///
/// # Errors
/// When there is no such client in the actor's scope.
pub async fn check(
    actions: &Actions,
    actor: &Actor,
    slug: &str,
    document: &str,
) -> Result<Result<CheckedRouting, Vec<Mistake>>, Refusal> {
    permit(actor, Permission::Manage)?;
    let client = client::find(actions, actor, slug).await?;
    let mut tx = actions.store.begin().await?;
    let ground = Ground::read(&mut tx, actor.scope(), &client, actions.clock.now()).await?;
    // The transaction ends here by its drop: nothing was changed.
    Ok(ground.load(client, document))
}

/// Puts a document in force. What is held is routed by it at once.
#[derive(Debug, Clone)]
pub struct SetRouting {
    /// The client's slug.
    pub client: String,
    /// The document.
    pub document: String,
    /// What becomes of leads that could not be delivered while it is in force; none where the client's own setting says.
    pub when_dead: Option<WhenDead>,
}

/// The routing in force.
#[derive(Debug)]
pub struct RoutingInForce {
    /// What was checked.
    pub checked: CheckedRouting,
    /// Counts the client's documents from 1.
    pub version: i32,
}

impl Action for SetRouting {
    type Done = RoutingInForce;

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<RoutingInForce, Refusal> {
        let mut errors = FieldErrors::default();
        let client = work.client(&self.client, &mut errors).await?;
        let Some(client) = client else {
            errors.finish()?;
            return Err(Refusal::missing("client", &self.client));
        };
        let (id, scope) = (client.id, work.scope());
        // Under the client's lock: a rep that the document names cannot be renamed before it is in force. What is held is routed
        // again after, as a batch does: the client, then its deliveries.
        let ground = Ground::read(&mut work.tx, scope, &client, work.now).await?;
        let checked = match ground.load(client, &self.document) {
            Ok(checked) => Some(checked),
            // Every mistake of the document at once.
            Err(mistakes) => {
                mistakes.iter().for_each(|mistake| errors.add("document", "invalid", mistake.to_string()));
                None
            }
        };
        errors.finish()?;
        let checked = checked.ok_or_else(|| Refusal::missing("client", &self.client))?;
        // Under the lock that the action has: the audit keeps which document it replaced.
        let before = work.tx.route_lock(scope, id).await?.flatten();
        let new = NewRoute { client: id, document: &self.document, when_dead: self.when_dead, by: work.actor };
        let version = work.tx.route_set(scope, &new, work.now).await?;
        let change = AuditChange::of(
            id,
            json!({"version": before}),
            json!({"version": version, "when_dead": self.when_dead.map(WhenDead::word)}),
        );
        work.changed("routing.set", id, change);
        Ok(RoutingInForce { checked, version })
    }
}

/// Takes a client's routing out of force: every enabled endpoint gets every lead.
#[derive(Debug, Clone)]
pub struct RemoveRouting {
    /// The client's slug.
    pub client: String,
}

impl Action for RemoveRouting {
    type Done = ClientRecord;

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<ClientRecord, Refusal> {
        let mut errors = FieldErrors::default();
        let client = work.client(&self.client, &mut errors).await?;
        errors.finish()?;
        let client = client.ok_or_else(|| Refusal::missing("client", &self.client))?;
        let scope = work.scope();
        let before = work.tx.route_lock(scope, client.id).await?.flatten();
        work.tx.route_use(scope, client.id, None, work.now).await?;
        let change = AuditChange::of(client.id, json!({"version": before}), json!({"version": null}));
        work.changed("routing.remove", client.id, change);
        Ok(client)
    }
}

/// A client's documents, oldest first.
///
/// # Errors
/// When there is no such client in the actor's scope.
pub async fn list(actions: &Actions, actor: &Actor, slug: &str) -> Result<Vec<RouteRecord>, Refusal> {
    permit(actor, Permission::Manage)?;
    let client = client::find(actions, actor, slug).await?;
    Ok(actions.store.routes(actor.scope(), client.id).await?)
}

/// The document in force, or an earlier one.
///
/// # Errors
/// When there is no such client in the actor's scope, or no such document.
pub async fn find(actions: &Actions, actor: &Actor, slug: &str, version: Option<i32>) -> Result<RouteRecord, Refusal> {
    let all = list(actions, actor, slug).await?;
    // None asks for the one in force; a version that never was is named as unknown.
    let wanted = |one: &RouteRecord| version.map_or(one.active, |version| one.version == version);
    all.into_iter().find(wanted).ok_or_else(|| match version {
        Some(version) => Refusal::field("version", "unknown", format!("{slug} has no routing {version}")),
        None => {
            Refusal::conflict("no_routing", format!("{slug} has no routing: every enabled endpoint gets every lead"))
        }
    })
}

/// How a lead was routed last; none where it never matured, or is in no scope of the actor's.
pub async fn explain(actions: &Actions, actor: &Actor, lead: LeadId) -> Result<Option<RoutedRecord>, Refusal> {
    permit(actor, Permission::Work)?;
    Ok(actions.store.routed(actor.scope(), lead).await?)
}

/// What a document may name and ask.
struct Ground {
    recipients: Vec<Recipient>,
    /// The criteria whose questions conditions may read; none before the first activation.
    script: Option<Criteria>,
}

impl Ground {
    async fn read(tx: &mut Transaction, scope: Scope, client: &ClientRecord, now: Timestamp) -> Result<Self, Refusal> {
        let script = match tx.client_criteria(scope, client.id).await? {
            None => None,
            Some(active) => {
                let broken = |_| StoreError::Corrupt(format!("the criteria {}", active.id));
                // Loaded here and not from the cache, over the connection that the transaction has.
                Some(Criteria::load(&active.document).map_err(broken)?.criteria)
            }
        };
        let team = tx.team(scope, client.id, now).await?;
        Ok(Self { recipients: team.map(|team| team.sales.recipients).unwrap_or_default(), script })
    }

    fn load(&self, client: ClientRecord, document: &str) -> Result<CheckedRouting, Vec<Mistake>> {
        let named =
            self.recipients.iter().map(|one| NamedRecipient { id: one.id, name: one.name.as_str().into() }).collect();
        let loaded = Routing::load(document, &Surroundings::new(named, self.script.as_ref()))?;
        let LoadedRouting { routing, warnings } = loaded;
        let shared = self.shared(&routing);
        Ok(CheckedRouting { client, routing, warnings, shared })
    }

    fn shared(&self, routing: &Routing) -> Vec<SharedWebhook> {
        let reps = self.recipients.iter().filter(|one| matches!(one.id, RecipientId::Rep(_)));
        // What every rep gets: a webhook without a rep of its own is the whole team's.
        let shared: BTreeSet<_> = reps.flat_map(|rep| &rep.endpoints).collect();
        let shares = routing.rules().flat_map(|rule| rule.recipients.iter().chain(&rule.fallback));
        let named = shares.chain(routing.owner()).filter_map(|share| match share.id {
            Some(RecipientId::Endpoint(endpoint)) if shared.contains(&endpoint) => {
                Some(SharedWebhook { name: share.name.to_string(), endpoint })
            }
            _ => None,
        });
        named.collect::<BTreeSet<_>>().into_iter().collect()
    }
}
