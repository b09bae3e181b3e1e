//! Clients: the companies leads are qualified for.

mod set;

use ripen_domain::{
    actor::{Actor, Permission, Scope},
    id::ClientId,
};
use ripen_store::{
    StoreError,
    client::client_record::{ClientRecord, NewClient},
    source::source_record::State,
};
use serde_json::{Value, json};

pub use self::set::{ClientSet, SetClient, preview, show};
use crate::{Action, Actions, FieldErrors, Refusal, Work, check, work::AuditChange};

/// Longest slug, in letters.
const LONGEST_SLUG: usize = 64;

/// Adds a client.
#[derive(Debug, Clone)]
pub struct AddClient {
    /// Name as people write it.
    pub name: String,
    /// Short name; made from the name where missing.
    pub slug: Option<String>,
    /// ISO 3166 alpha-2.
    pub country: String,
    /// IANA name.
    pub time_zone: String,
}

impl Action for AddClient {
    type Done = ClientRecord;

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<ClientRecord, Refusal> {
        let mut errors = FieldErrors::default();
        let name = check::name(&self.name, &mut errors);
        let slug = self.slug.clone().unwrap_or_else(|| slug_of(&self.name));
        errors.require(is_slug(&slug), "slug", "invalid", || {
            format!("{slug:?} cannot be a slug: use small letters, digits and single dashes")
        });
        let country = errors.take("country", check::country(&self.country));
        errors.take("time_zone", check::time_zone(&self.time_zone));
        errors.finish()?;
        let new = NewClient {
            id: ClientId::from_uuid(work.fresh_id()),
            slug,
            name,
            country: country.unwrap_or_default(),
            time_zone: self.time_zone.clone(),
        };
        // The unique index decides and not a look before: between the two, another could take the slug.
        match work.tx.client_add(&new, work.now).await {
            Err(StoreError::Taken(_)) => {
                return Err(Refusal::field("slug", "taken", format!("there is a client {:?} already", new.slug)));
            }
            result => result?,
        }
        let NewClient { id, slug, name, country, time_zone } = new;
        let client = ClientRecord { id, slug, name, country, time_zone, state: State::Active };
        work.changed("client.add", id, AuditChange::added(id, shown(&client)));
        Ok(client)
    }
}

/// Pauses a client, or ends its pause.
#[derive(Debug, Clone)]
pub struct SetClientState {
    /// The client's slug.
    pub client: String,
    /// What it is from now on.
    pub state: State,
}

impl Action for SetClientState {
    type Done = ClientRecord;

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<ClientRecord, Refusal> {
        let mut errors = FieldErrors::default();
        let found = work.client(&self.client, &mut errors).await?;
        errors.finish()?;
        let client = found.ok_or_else(|| Refusal::missing("client", &self.client))?;
        // Locked since it was looked up, so that a pause and a resume cannot cross.
        work.tx.client_set_state(work.scope(), client.id, self.state, work.now).await?;
        let after = ClientRecord { state: self.state, ..client.clone() };
        let action = if self.state == State::Paused { "client.pause" } else { "client.resume" };
        work.changed(action, client.id, AuditChange::of(client.id, shown(&client), shown(&after)));
        Ok(after)
    }
}

/// The clients in the actor's scope, by slug.
pub async fn list(actions: &Actions, actor: &Actor) -> Result<Vec<ClientRecord>, Refusal> {
    Ok(actions.store.clients(actor.scope()).await?)
}

/// The client of a slug.
///
/// # Errors
/// Names the clients there are where it is none of them.
pub async fn find(actions: &Actions, actor: &Actor, slug: &str) -> Result<ClientRecord, Refusal> {
    among(&list(actions, actor).await?, slug)
}

/// The client of a slug, as an action's transaction sees it. Nothing is locked.
pub(crate) async fn load(work: &mut Work<'_>, slug: &str) -> Result<ClientRecord, Refusal> {
    let scope = work.scope();
    among(&work.tx.clients(scope).await?, slug)
}

fn among(clients: &[ClientRecord], slug: &str) -> Result<ClientRecord, Refusal> {
    // Within the actor's scope already: a client of somebody else is unknown here.
    let found = clients.iter().find(|client| client.slug == slug).cloned();
    found.ok_or_else(|| Refusal::field("client", "unknown", check::unknown_client(slug, clients)))
}

/// What an actor may look at, cut down to one client where one is named.
///
/// # Errors
/// Names the clients there are where it is none of them.
pub(crate) async fn scope(actions: &Actions, actor: &Actor, slug: Option<&str>) -> Result<Scope, Refusal> {
    match slug {
        // Cut down and never widened: a name outside the scope is refused before.
        Some(slug) => Ok(actor.scope().within(find(actions, actor, slug).await?.id)),
        None => Ok(actor.scope()),
    }
}

/// What the audit keeps of a client.
fn shown(client: &ClientRecord) -> Value {
    json!({"slug": client.slug, "name": client.name, "country": client.country, "time_zone": client.time_zone,
           "state": client.state.word()})
}

fn is_slug(slug: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=LONGEST_SLUG).contains(&slug.len())
        && slug.chars().all(plain)
        && !slug.starts_with('-')
        && !slug.ends_with('-')
}

/// The name in small letters with dashes; empty where nothing of it is ASCII.
fn slug_of(name: &str) -> String {
    let dashed: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    // Empty parts are dropped, so that no dash is doubled or stands at an end.
    let slug = dashed.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    // Cut after the letters, which are ASCII by now.
    slug.chars().take(LONGEST_SLUG).collect::<String>().trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_a_slug() {
        assert_eq!(slug_of("Acme Homes & Sons, Inc."), "acme-homes-sons-inc");
        assert_eq!(slug_of("日本"), "");
    }
}
