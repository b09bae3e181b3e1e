//! E-mail addresses and phone numbers that must not be contacted, for one client or the whole firm: added one by one or by the
//! million, looked up, and lifted.

use ripen_domain::{
    actor::{Actor, Permission},
    contact::Identity,
    id::ClientId,
};
use ripen_store::{
    client::client_record::ClientRecord,
    suppression::{
        read::SuppressionRecord,
        write::{LiftedSuppression, NewSuppression, SuppressionEffect},
    },
};
use serde_json::json;

use crate::{
    Action, Actions, FieldErrors, Refusal, Work, client,
    lead::LONGEST_WHY,
    person::PersonQuery,
    work::{AuditChange, permit},
};

/// So many entries are written by one statement.
const CHUNK: usize = 20_000;

/// Has nobody contact whoever is reached under an address or a number, whatever their name.
#[derive(Debug, Clone)]
pub struct SuppressIdentity {
    /// The address, the number, or both.
    pub of: PersonQuery,
    /// For which client: its slug; for the whole firm where none.
    pub client: Option<String>,
    /// Why.
    pub why: String,
}

/// What a suppression came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SuppressedIdentities {
    /// Entries that were not there yet.
    pub added: u64,
    /// What follows.
    pub effect: SuppressionEffect,
}

impl Action for SuppressIdentity {
    type Done = SuppressedIdentities;

    const PERMISSION: Permission = Permission::Work;

    fn is_for_any_client(&self) -> bool {
        true
    }

    async fn act(&self, work: &mut Work<'_>) -> Result<SuppressedIdentities, Refusal> {
        let mut errors = FieldErrors::default();
        let why = reason(&self.why, &mut errors);
        let client = of_client(work, self.client.as_deref(), &mut errors).await?;
        let country = country(work, client.as_ref()).await?;
        let identities = self.of.identities(country.as_deref(), &mut errors);
        errors.finish()?;
        suppress(work, (client.as_ref(), &why), &identities).await
    }
}

/// Suppresses everything that a list holds.
#[derive(Debug, Clone)]
pub struct SuppressList {
    /// Addresses and numbers, as they were read.
    pub identities: Vec<Identity>,
    /// For which client: its slug; for the whole firm where none.
    pub client: Option<String>,
    /// Whose list it is, of which day.
    pub why: String,
}

impl Action for SuppressList {
    type Done = SuppressedIdentities;

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<SuppressedIdentities, Refusal> {
        let mut errors = FieldErrors::default();
        let why = reason(&self.why, &mut errors);
        let client = of_client(work, self.client.as_deref(), &mut errors).await?;
        errors.finish()?;
        suppress(work, (client.as_ref(), &why), &self.identities).await
    }
}

/// Lets an address or a number be contacted again. Leads that were closed stay closed; a new enquiry opens a new one.
#[derive(Debug, Clone)]
pub struct LiftSuppression {
    /// The address or number.
    pub of: PersonQuery,
    /// The client's entry: its slug; the firm's where none.
    pub client: Option<String>,
    /// Why.
    pub why: String,
}

impl Action for LiftSuppression {
    type Done = LiftedSuppression;

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<LiftedSuppression, Refusal> {
        let (scope, now) = (work.scope(), work.now);
        let mut errors = FieldErrors::default();
        let why = errors.needed_words("why", &self.why, LONGEST_WHY, "say who allows it, and since when");
        let client = of_client(work, self.client.as_deref(), &mut errors).await?;
        let country = country(work, client.as_ref()).await?;
        let identities = self.of.identities(country.as_deref(), &mut errors);
        errors.finish()?;
        let id = client.as_ref().map(|client| client.id);
        let all = work.tx.suppressions_lift(scope, (id, identities.as_slice()), now).await?;
        if !all.was_there {
            let whose = client.map_or_else(|| "the firm".to_owned(), |client| client.slug);
            return Err(Refusal::conflict("not_suppressed", format!("it is not suppressed for {whose}")));
        }
        let after = json!({"why": why, "free": all.free, "still_suppressed": all.still_barred});
        work.changed("suppression.lift", object(id), AuditChange { client: id, before: None, after: Some(after) });
        Ok(all)
    }
}

/// The entries that bar an address or a number: the firm's first, then clients'.
///
/// # Errors
/// When neither can be read, or there is no such client in the actor's scope.
pub async fn check(
    actions: &Actions,
    actor: &Actor,
    of: &PersonQuery,
    slug: Option<&str>,
) -> Result<Vec<SuppressionRecord>, Refusal> {
    permit(actor, Permission::Work)?;
    let found = match slug {
        Some(slug) => Some(client::find(actions, actor, slug).await?),
        None => None,
    };
    let mut errors = FieldErrors::default();
    let country = match &found {
        Some(client) => Some(client.country.clone()),
        None => common_country(&actions.store.clients(actor.scope()).await?),
    };
    let identities = of.identities(country.as_deref(), &mut errors);
    errors.finish()?;
    let mut entries = Vec::new();
    for identity in &identities {
        let client = found.as_ref().map(|client| client.id);
        entries.extend(actions.store.suppressions(actor.scope(), client, identity).await?);
    }
    Ok(entries)
}

/// Has nobody contact who is reached under these, for a client or the whole firm.
pub(crate) async fn suppress(
    work: &mut Work<'_>,
    (client, why): (Option<&ClientRecord>, &str),
    identities: &[Identity],
) -> Result<SuppressedIdentities, Refusal> {
    let scope = work.scope();
    let id = client.map(|client| client.id);
    let new = NewSuppression { client: id, why, by: work.actor.into(), at: work.now };
    let mut added = 0;
    // Every list in one order: of two that overlap the second waits for the first, and neither for the other's end.
    let mut identities = identities.to_vec();
    identities.sort_by(|one, other| (one.kind(), one.value()).cmp(&(other.kind(), other.value())));
    identities.dedup();
    let identities = identities.as_slice();
    for chunk in identities.chunks(CHUNK) {
        added += work.tx.suppress(scope, &new, chunk).await?;
    }
    // Also where every entry was there already: what is open nevertheless is closed.
    let effect = match identities {
        [] => SuppressionEffect::default(),
        _ => work.tx.suppression_follow(scope, &new, identities).await?,
    };
    if added > 0 || effect.leads > 0 {
        // Which address or number is kept nowhere but as a hash.
        let after = json!({"why": why, "entries": added, "persons": effect.persons, "leads": effect.leads, "told": effect.told});
        work.changed("suppression.add", object(id), AuditChange { client: id, before: None, after: Some(after) });
    }
    Ok(SuppressedIdentities { added, effect })
}

/// In which country a number without a country code is meant: the client's; for the whole firm that of its clients, where they
/// are all of one, as their enquiries are read.
async fn country(work: &mut Work<'_>, client: Option<&ClientRecord>) -> Result<Option<String>, Refusal> {
    match client {
        Some(client) => Ok(Some(client.country.clone())),
        None => Ok(common_country(&work.tx.clients(work.scope()).await?)),
    }
}

fn common_country(clients: &[ClientRecord]) -> Option<String> {
    let (first, others) = clients.split_first()?;
    others.iter().all(|other| other.country == first.country).then(|| first.country.clone())
}

/// What the audit names: the client, or the firm.
fn object(client: Option<ClientId>) -> String {
    client.map_or_else(|| "firm".to_owned(), |client| client.to_string())
}

fn reason(why: &str, errors: &mut FieldErrors) -> String {
    errors.needed_words("why", why, LONGEST_WHY, "say who asked for it, or whose list it is")
}

/// The client that is named; none for the firm, for whom only the firm's own people may speak.
async fn of_client(
    work: &mut Work<'_>,
    slug: Option<&str>,
    errors: &mut FieldErrors,
) -> Result<Option<ClientRecord>, Refusal> {
    let known = work.tx.clients(work.scope()).await?;
    let Some(slug) = slug else {
        let is_of_firm = work.scope().client_uuid().is_none();
        errors.require(is_of_firm, "client", "required", || "name the client".to_owned());
        return Ok(None);
    };
    let found = known.iter().find(|client| client.slug == slug).cloned();
    errors.require(found.is_some(), "client", "unknown", || crate::check::unknown_client(slug, &known));
    Ok(found)
}
