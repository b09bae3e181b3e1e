//! How an action is done: permission, transaction, audit, and again where another transaction was in the way.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use ripen_domain::{
    actor::{Actor, Permission, Scope},
    appointment::Terms,
    calling::{Hours, InvalidCalling},
    id::ClientId,
};
use ripen_runtime::{clock::Clock, config::Settings, random::uuid_v7};
use ripen_store::{
    Store, Transaction,
    audit::entry::AuditEntry,
    client::client_record::ClientRecord,
    criteria::document_cache::Documents,
    live::{LiveKind, LiveNews},
};
use serde_json::Value;
use uuid::Uuid;

use crate::{FieldErrors, Refusal, check};

/// Tries of an action whose transaction met another's.
const TRIES: usize = 3;

/// A typed request.
pub trait Action: Sync {
    /// What it gives back.
    type Done: Send;

    /// Who may ask for it.
    const PERMISSION: Permission;

    /// An agent may do it for clients, too, whom they do not work for: a note, a wish not to be contacted, and what ends a call that
    /// they were handed. Everything else that it changes of a client is refused to them (`other_client`).
    fn is_for_any_client(&self) -> bool {
        false
    }

    /// Checks everything at once, then does it within the transaction of `work`, and says there what it changed.
    fn act(&self, work: &mut Work<'_>) -> impl Future<Output = Result<Self::Done, Refusal>> + Send;
}

/// What actions work with; clones share it.
#[derive(Debug, Clone)]
pub struct Actions {
    /// The database.
    pub store: Store,
    /// The clock that dates what is done.
    pub clock: Clock,
    /// Criteria, each loaded once.
    pub documents: Documents,
    /// When people may be called.
    pub hours: Hours,
    /// Over what time new criteria, or another program, reach all open leads.
    pub spread: SignedDuration,
    /// How appointments are made.
    pub terms: Terms,
    /// For how long a disposition, and what it matured, can be taken back.
    pub undo: SignedDuration,
    /// How long a slot is held where nobody says for how long.
    pub hold: SignedDuration,
    /// Links in mails lead anywhere for who reads them.
    pub has_links_in_mails: bool,
}

impl Actions {
    /// The actions over a database, as it is configured; of a process that knows its roles, `has_links_in_mails` is by those.
    ///
    /// # Errors
    /// Hours in which nobody could be called.
    pub fn new(store: Store, clock: Clock, settings: &Settings) -> Result<Self, InvalidCalling> {
        Ok(Self {
            documents: Documents::new(store.clone()),
            hours: settings.calling.hours()?,
            spread: SignedDuration::from_secs(i64::try_from(settings.qualifier.criteria_spread_s).unwrap_or(i64::MAX)),
            terms: settings.appointments.terms(),
            undo: SignedDuration::from_secs(i64::try_from(settings.qualifier.undo_s).unwrap_or(0)),
            hold: SignedDuration::from_secs(i64::from(settings.appointments.hold_s)),
            has_links_in_mails: settings.has_links_in_mails(None),
            store,
            clock,
        })
    }

    /// Whether somebody can be mailed a link: the mail would be dropped where nobody could follow it.
    ///
    /// # Errors
    /// `Conflict`, which says what to set.
    pub fn can_mail_links(&self) -> Result<(), Refusal> {
        let why = "no mail is sent whose link nobody could follow: set http.public_url to how the outside names this installation";
        self.has_links_in_mails.then_some(()).ok_or_else(|| Refusal::conflict("no_links", why))
    }

    /// Does an action, whole or not at all.
    ///
    /// # Errors
    /// Why nothing was done.
    pub async fn run<A: Action>(&self, actor: &Actor, action: &A) -> Result<A::Done, Refusal> {
        self.attempt(actor, action, true).await
    }

    /// Does an action and takes it back: what it would have given. It waits for the locks that the action waits for, and holds them until
    /// it is taken back.
    ///
    /// # Errors
    /// Why it would not be done.
    pub async fn rehearse<A: Action>(&self, actor: &Actor, action: &A) -> Result<A::Done, Refusal> {
        self.attempt(actor, action, false).await
    }

    async fn attempt<A: Action>(&self, actor: &Actor, action: &A, keep: bool) -> Result<A::Done, Refusal> {
        // Before the transaction: nobody should hold locks for what they may not do.
        permit(actor, A::PERMISSION)?;
        // Once for all tries: an action that runs again after a conflict is still the same act.
        let now = self.clock.now();
        let mut tries = 1;
        loop {
            match self.once(actor, action, (now, keep)).await {
                // Serialization failure or deadlock: the database undid all of it, and the other one is through by now.
                Err(Refusal::Store(error)) if error.is_conflict() && tries < TRIES => tries += 1,
                result => return result,
            }
        }
    }

    async fn once<A: Action>(
        &self,
        actor: &Actor,
        action: &A,
        (now, keep): (Timestamp, bool),
    ) -> Result<A::Done, Refusal> {
        let tx = self.store.begin().await?;
        let mut work = Work { tx, actor, now, actions: self, changes: Vec::new(), news: LiveNews::default() };
        // An error drops the transaction: what was done so far did not happen.
        let done = action.act(&mut work).await?;
        if !action.is_for_any_client() {
            work.require_own_clients().await?;
        }
        let Work { mut tx, mut changes, mut news, .. } = work;
        // Sorted, so that the audit of one action reads in the order in which things happened.
        in_order(&mut changes);
        tx.audit_record(actor, &changes, now).await?;
        changes.iter().for_each(|change| note(&mut news, change));
        // Nobody hears of it unless it is committed.
        tx.live_tell(&news).await?;
        match keep {
            true => tx.commit().await?,
            // At once, and not when the connection is used again: others wait for what it holds.
            false => tx.roll_back().await?,
        }
        Ok(done)
    }
}

/// What is new by a change that the audit keeps.
fn note(news: &mut LiveNews, change: &AuditEntry) {
    let kind = match change.action.split('.').next().unwrap_or_default() {
        "delivery" | "endpoint" | "outcome" | "rep" | "route" => LiveKind::Deliveries,
        "dead_letter" | "quarantine" | "consent_review" => LiveKind::Queues,
        "user" => LiveKind::Work,
        // Nobody looks at somebody's tokens, passwords and saved lists but themselves.
        "user_token" | "user_password" | "client_token" | "lead_view" => return,
        _ => LiveKind::Leads,
    };
    news.add(kind, change.client);
}

/// Ids made within one microsecond are in no order of their own; the audit reads what one action did in the order it did it.
fn in_order(changes: &mut [AuditEntry]) {
    let mut ids: Vec<_> = changes.iter().map(|change| change.id).collect();
    ids.sort_unstable();
    changes.iter_mut().zip(ids).for_each(|(change, id)| change.id = id);
}

/// Refuses an actor who may not do such a thing. Functions that read what only some may see begin with it.
///
/// # Errors
/// `Forbidden`.
pub(crate) fn permit(actor: &Actor, permission: Permission) -> Result<(), Refusal> {
    if actor.may(permission) { Ok(()) } else { Err(Refusal::Forbidden { who: actor.to_string() }) }
}

/// An action under way.
#[derive(Debug)]
pub struct Work<'a> {
    /// Its transaction.
    pub tx: Transaction,
    /// Who asked.
    pub actor: &'a Actor,
    /// When.
    pub now: Timestamp,
    /// What every action works with.
    pub actions: &'a Actions,
    changes: Vec<AuditEntry>,
    news: LiveNews,
}

impl Work<'_> {
    /// Whose data the actor may touch.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.actor.scope()
    }

    /// Refuses what an agent changed of clients whom they do not work for, whatever it was: by what the audit would say, so that no
    /// action can leave it out.
    async fn require_own_clients(&mut self) -> Result<(), Refusal> {
        let Some(user) = self.actor.user_id().filter(|_| !self.actor.may(Permission::Manage)) else { return Ok(()) };
        let changed: BTreeSet<_> = self.changes.iter().filter_map(|change| change.client).collect();
        if changed.is_empty() || !self.actor.may(Permission::Work) {
            return Ok(());
        }
        let own = self.tx.desk_agent_clients(user).await?;
        let Some(other) = changed.into_iter().find(|client| !own.is_empty() && !own.contains(client)) else {
            return Ok(());
        };
        let scope = self.scope();
        let clients = self.tx.clients(scope).await?;
        let name = clients.iter().find(|client| client.id == other).map_or("that client", |client| &client.name);
        Err(Refusal::other_client(name))
    }

    /// An id for something new.
    #[must_use]
    pub fn fresh_id(&self) -> Uuid {
        uuid_v7(self.now)
    }

    /// The client of a slug, locked until the action ends; adds to the wrong fields where there is none.
    ///
    /// # Errors
    /// When the transaction fails.
    pub async fn client(&mut self, slug: &str, errors: &mut FieldErrors) -> Result<Option<ClientRecord>, Refusal> {
        let scope = self.scope();
        // No key update: what refers to the client by a foreign key may still be written meanwhile.
        let found = self.tx.client_lock(scope, slug).await?;
        if found.is_none() {
            // Over this transaction's own connection: a second one of the pool would be waited for while this one is held.
            let known = self.tx.clients(scope).await?;
            errors.add("client", "unknown", check::unknown_client(slug, &known));
        }
        Ok(found)
    }

    /// Tells whoever looks at it of a change that the audit does not keep: a lead was opened, or given back.
    pub fn tell(&mut self, kind: LiveKind, client: Option<ClientId>) {
        self.news.add(kind, client);
    }

    /// Says what was changed: the action's name (`noun.verb`), the object, and what it was and is. Where that is the same
    /// nothing was changed, and the audit tells of nothing.
    pub fn changed(&mut self, action: &'static str, object: impl ToString, change: AuditChange) {
        let AuditChange { client, before, after } = change;
        // A setting set to what it was is nothing that anybody did.
        if before.is_some() && before == after {
            return;
        }
        self.changes.push(AuditEntry {
            id: uuid_v7(self.now),
            action,
            object: object.to_string(),
            client,
            before,
            after,
        });
    }
}

/// What an object was and is. Never a secret: the audit is read by people.
#[derive(Debug, Clone, Default)]
pub struct AuditChange {
    /// Whose data it is; none for what belongs to the whole firm.
    pub client: Option<ClientId>,
    /// None where there was nothing.
    pub before: Option<Value>,
    /// None where it is gone.
    pub after: Option<Value>,
}

impl AuditChange {
    /// Something new of a client.
    #[must_use]
    pub const fn added(client: ClientId, after: Value) -> Self {
        Self { client: Some(client), before: None, after: Some(after) }
    }

    /// Something of a client that is otherwise now.
    #[must_use]
    pub const fn of(client: ClientId, before: Value, after: Value) -> Self {
        Self { client: Some(client), before: Some(before), after: Some(after) }
    }
}
