//! Users: people who sign in. Added, changed and paused by admins; whoever leads the desk pauses agents, and says what they speak, for
//! whom they work and by which clock. Whoever is paused loses sessions at once, and what they held goes back to the desk.

use ripen_domain::{
    actor::{Actor, Permission, UserRole},
    id::UserId,
    user::Password,
};
use ripen_store::{
    StoreError,
    notice::owe::NoticeKind,
    user::account::{ActiveAdmin, NewUser, UserChange, UserRecord},
};
use serde_json::{Value, json};

use crate::{
    Action, Actions, FieldErrors, Refusal, Work, check, user_link,
    user_password::hashed,
    work::{AuditChange, permit},
};

/// Adds somebody who signs in.
#[derive(Debug, Clone)]
pub struct AddUser {
    /// What they sign in with.
    pub email: String,
    /// What colleagues read; the part of the address before the @ where none is given.
    pub name: Option<String>,
    /// What they are there for.
    pub role: UserRole,
    /// A broker's client, by its slug.
    pub client: Option<String>,
    /// What they sign in with at once; none where they are mailed an invitation to choose it.
    pub password: Option<Password>,
    /// IANA name of the clock by which they read times; none for their browser's.
    pub time_zone: Option<String>,
}

impl Action for AddUser {
    type Done = UserId;

    const PERMISSION: Permission = Permission::Administer;

    async fn act(&self, work: &mut Work<'_>) -> Result<UserId, Refusal> {
        let mut errors = FieldErrors::default();
        let email = errors.take("email", check::email(&self.email));
        let email = email.map(|email| email.as_str().to_lowercase()).unwrap_or_default();
        let of_address = email.split('@').next().unwrap_or_default().to_owned();
        // A name that is missing because the address is none is no second mistake.
        let name = match &self.name {
            None if of_address.is_empty() => String::new(),
            given => check::name(given.as_deref().unwrap_or(&of_address), &mut errors),
        };
        let client = match &self.client {
            Some(slug) => work.client(slug, &mut errors).await?,
            None => None,
        };
        brokers_have_a_client(self.role, self.client.is_some(), &mut errors);
        if let Some(zone) = &self.time_zone {
            errors.take("time_zone", check::time_zone(zone));
        }
        errors.finish()?;
        let id = UserId::from_uuid(work.fresh_id());
        let hashed = match &self.password {
            Some(password) => Some(hashed(password).await?),
            None => None,
        };
        let new = NewUser {
            id,
            email,
            name,
            role: self.role,
            client: client.map(|client| client.id),
            hashed,
            time_zone: self.time_zone.clone(),
        };
        // The unique index decides and not a look before: between the two, another could take the address.
        match work.tx.user_add(&new, work.now).await {
            Err(StoreError::Taken(_)) => {
                return Err(Refusal::field("email", "taken", "somebody signs in with this address already"));
            }
            result => result?,
        }
        let after = json!({"email": new.email, "name": new.name, "role": new.role.word(), "time_zone": new.time_zone});
        work.changed("user.add", id, AuditChange { client: new.client, before: None, after: Some(after) });
        if self.password.is_none() {
            let user = work.tx.user_lock(id).await?.ok_or_else(|| Refusal::missing("user", id))?;
            user_link::owe(work, &user, NoticeKind::UserInvited).await?;
        }
        Ok(id)
    }
}

fn brokers_have_a_client(role: UserRole, has_client: bool, errors: &mut FieldErrors) {
    let is_broker = role == UserRole::Broker;
    errors.require(!is_broker || has_client, "client", "required", || {
        "a broker reads one client's reports: name the client".to_owned()
    });
    errors.require(is_broker || !has_client, "client", "invalid", || {
        "only a broker belongs to one client; an agent's clients are a setting of its own".to_owned()
    });
}

/// Changes somebody who signs in. What is none stays; an inner none goes back to what holds without a setting.
#[derive(Debug, Clone)]
pub struct SetUser {
    /// Who.
    pub user: UserId,
    /// What colleagues read.
    pub name: Option<String>,
    /// What they are there for.
    pub role: Option<UserRole>,
    /// A broker's client, by its slug.
    pub client: Option<String>,
    /// They sign in no more, or again.
    pub is_paused: Option<bool>,
    /// Languages an agent speaks (BCP 47); none for any.
    pub languages: Option<Vec<String>>,
    /// Clients an agent works for, by their slugs; none for all.
    pub clients: Option<Vec<String>>,
    /// IANA name.
    pub time_zone: Option<Option<String>>,
    /// BCP 47.
    pub locale: Option<Option<String>>,
}

impl SetUser {
    /// Nothing to change yet.
    #[must_use]
    pub const fn of(user: UserId) -> Self {
        Self {
            user,
            name: None,
            role: None,
            client: None,
            is_paused: None,
            languages: None,
            clients: None,
            time_zone: None,
            locale: None,
        }
    }

    /// Whether it is a change of the desk's work: whether an agent works, in which languages, for whom, and by which clock.
    const fn is_of_desk(&self, before: &UserRecord) -> bool {
        let is_account = self.name.is_some() || self.role.is_some() || self.client.is_some() || self.locale.is_some();
        matches!(before.role, UserRole::Agent) && !is_account
    }

    /// The change, with every wrong field noted.
    async fn change(
        &self,
        work: &mut Work<'_>,
        before: &UserRecord,
        errors: &mut FieldErrors,
    ) -> Result<UserChange, Refusal> {
        if let Some(Some(zone)) = &self.time_zone {
            errors.take("time_zone", check::time_zone(zone));
        }
        let client = match &self.client {
            Some(slug) => work.client(slug, errors).await?.map(|client| Some(client.id)),
            // Whoever is no broker any more belongs to no client.
            None => self.role.filter(|role| *role != UserRole::Broker && before.client.is_some()).map(|_| None),
        };
        let role = self.role.unwrap_or(before.role);
        let keeps = role == UserRole::Broker && before.client.is_some();
        brokers_have_a_client(role, self.client.is_some() || keeps, errors);
        if let Some(Some(locale)) = &self.locale {
            errors.require(is_tag(locale), "locale", "invalid", || {
                format!("{locale:?} is no locale: write one such as en-US")
            });
        }
        let clients = match &self.clients {
            Some(slugs) => {
                let mut ids = Vec::with_capacity(slugs.len());
                for slug in slugs {
                    ids.extend(work.client(slug, errors).await?.map(|client| client.id));
                }
                Some(ids)
            }
            None => None,
        };
        let languages = self.languages.as_ref().map(|given| {
            let written = given.iter().map(|language| language.trim()).filter(|language| !language.is_empty());
            // A word that is none would be nobody's language, and this agent would be handed nothing.
            let read =
                |language: &str| errors.take("languages", check::language(language).map(|tag| tag.to_lowercase()));
            written.filter_map(read).collect::<Vec<_>>()
        });
        Ok(UserChange {
            name: self.name.as_deref().map(|name| check::name(name, errors)),
            role: self.role,
            client,
            is_paused: self.is_paused,
            languages,
            clients,
            time_zone: self.time_zone.clone(),
            locale: self.locale.clone(),
            revoke_links: self.is_paused == Some(true),
        })
    }
}

impl Action for SetUser {
    type Done = UserRecord;

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<UserRecord, Refusal> {
        // First, in one order for everybody: two admins who pause each other must not both succeed.
        let admins = work.tx.user_lock_admins().await?;
        let before = work.tx.user_lock(self.user).await?.ok_or_else(|| Refusal::missing("user", self.user))?;
        if !work.actor.may(Permission::Administer) && !self.is_of_desk(&before) {
            return Err(Refusal::Forbidden { who: work.actor.to_string() });
        }
        let mut errors = FieldErrors::default();
        let change = self.change(work, &before, &mut errors).await?;
        errors.finish()?;
        let leaves = self.is_paused == Some(true) || self.role.is_some_and(|role| role != UserRole::Admin);
        if leaves && is_last(&admins, self.user) {
            let words = "this is the only admin who can sign in: make another one first, and wait until they have chosen a password";
            return Err(Refusal::conflict("last_admin", words));
        }
        work.tx.user_set(self.user, &change, work.now).await?;
        let after = work.tx.user_lock(self.user).await?.ok_or_else(|| Refusal::missing("user", self.user))?;
        work.changed(
            "user.set",
            self.user,
            AuditChange { client: after.client, before: Some(shown(&before)), after: Some(shown(&after)) },
        );
        // What ends with a pause, for good: whoever has a lost laptop must not be let in again with its owner. Leases and promised
        // calls belong beside them.
        if after.is_paused && !before.is_paused {
            work.tx.sessions_end(self.user, None, work.now).await?;
            work.tx.user_tokens_revoke(self.user, work.now).await?;
        }
        let works = |user: &UserRecord| !user.is_paused && user.role != UserRole::Broker;
        if works(&before) && !works(&after) {
            // Whoever asks next is handed what was open, and the promised calls are anybody's.
            work.tx.desk_leases_end(self.user).await?;
            work.tx.promises_pass_on(work.actor.scope(), self.user).await?;
        }
        Ok(after)
    }
}

/// Sets the clock by which the actor reads times.
#[derive(Debug, Clone)]
pub struct SetOwnZone {
    /// IANA name; none for the browser's.
    pub time_zone: Option<String>,
}

impl Action for SetOwnZone {
    type Done = ();

    const PERMISSION: Permission = Permission::Own;

    async fn act(&self, work: &mut Work<'_>) -> Result<(), Refusal> {
        let user = work.actor.user_id().ok_or_else(|| Refusal::Forbidden { who: work.actor.to_string() })?;
        let mut errors = FieldErrors::default();
        if let Some(zone) = &self.time_zone {
            errors.take("time_zone", check::time_zone(zone));
        }
        errors.finish()?;
        let before = work.tx.user_lock(user).await?.ok_or_else(|| Refusal::missing("user", user))?;
        let change = UserChange { time_zone: Some(self.time_zone.clone()), ..UserChange::default() };
        work.tx.user_set(user, &change, work.now).await?;
        let after = UserRecord { time_zone: self.time_zone.clone(), ..before.clone() };
        let (was, is) = (Some(shown(&before)), Some(shown(&after)));
        work.changed("user.set", user, AuditChange { client: before.client, before: was, after: is });
        Ok(())
    }
}

/// Whether nobody could sign in as an admin any more without this one. Who is invited cannot yet, and their mail may never have come.
fn is_last(admins: &[ActiveAdmin], leaving: UserId) -> bool {
    let Some(own) = admins.iter().find(|admin| admin.user == leaving) else { return false };
    let mut others = admins.iter().filter(|admin| admin.user != leaving);
    // Where none of them can, it changes nothing that one who cannot leaves, but for the very last.
    if own.can_sign_in { !others.any(|admin| admin.can_sign_in) } else { others.next().is_none() }
}

/// Whether a text has the form of a tag of BCP 47, as far as anybody writes one.
fn is_tag(text: &str) -> bool {
    let is_part = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    let mut parts = text.split('-');
    let is_language = parts
        .next()
        .is_some_and(|first| (2..=8).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_alphabetic()));
    text.len() <= 35 && is_language && parts.all(is_part)
}

fn shown(user: &UserRecord) -> Value {
    json!({"name": user.name, "role": user.role.word(), "client": user.client, "paused": user.is_paused,
        "languages": user.languages, "clients": user.clients, "time_zone": user.time_zone, "locale": user.locale})
}

/// Everybody who signs in and lies in the actor's scope, by name.
///
/// # Errors
/// `Forbidden` for who does not lead the desk.
pub async fn list(actions: &Actions, actor: &Actor) -> Result<Vec<UserRecord>, Refusal> {
    permit(actor, Permission::Manage)?;
    Ok(actions.store.users(actor.scope()).await?)
}

/// Somebody by their id or address.
///
/// # Errors
/// `Forbidden` for who does not lead the desk; `Missing` where nobody has it.
pub async fn find(actions: &Actions, actor: &Actor, named: &str) -> Result<UserRecord, Refusal> {
    permit(actor, Permission::Manage)?;
    let found = match named.parse::<UserId>() {
        Ok(id) => actions.store.user(id).await?,
        Err(_) => actions.store.user_by_email(&named.trim().to_lowercase()).await?,
    };
    found.ok_or_else(|| Refusal::missing("user", named))
}
