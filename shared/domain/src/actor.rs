//! Who acts, and whose data they may touch.
//!
//! Only authentication and start-up make an [`Actor`]; a [`Scope`] comes from an actor and from nothing else. Everything a
//! person or a program does is done as an actor, and the audit keeps the actor's text form. Nothing here looks anybody up.

use std::{fmt, str::FromStr};

use uuid::Uuid;

use crate::id::{ClientId, RepId, SourceId, TokenId, UserId};

/// What a user of the firm is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UserRole {
    /// Everything, users included.
    Admin,
    /// Clients, sources, criteria, queues, and everything an agent does.
    Manager,
    /// Works leads at the desk.
    Agent,
    /// A client's owner or manager: reads that client's reports.
    Broker,
}

impl UserRole {
    /// Every role, the mightiest first.
    pub const ALL: [Self; 4] = [Self::Admin, Self::Manager, Self::Agent, Self::Broker];

    /// As it is stored and typed.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Agent => "agent",
            Self::Broker => "broker",
        }
    }
}

/// A word that names no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a role is admin, manager, agent or broker")]
pub struct UnknownRole;

impl FromStr for UserRole {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|role| role.word() == text).ok_or(UnknownRole)
    }
}

/// A part of Ripen that acts by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// Receives leads.
    Intake,
    /// Decides and promises.
    Qualifier,
    /// The criteria themselves, where a decision of theirs ends something.
    Criteria,
    /// Sends, and records what endpoints answer.
    Dispatcher,
    /// Serves pages, and verifies the links in mails.
    Desk,
    /// Sets up `serve --demo`.
    Demo,
}

impl System {
    const fn word(self) -> &'static str {
        match self {
            Self::Intake => "intake",
            Self::Qualifier => "qualifier",
            Self::Criteria => "criteria",
            Self::Dispatcher => "dispatcher",
            Self::Desk => "desk",
            Self::Demo => "demo",
        }
    }
}

/// A kind of thing that somebody may be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Users: who signs in, and what they may do.
    Administer,
    /// Set up and change clients, sources, endpoints, reps, routing, criteria; replay and drop.
    Manage,
    /// Work leads: touches, promises, appointments, recalls.
    Work,
    /// Say what became of a delivered lead.
    Report,
    /// Change what is one's own: password, sessions, tokens.
    Own,
}

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor(ActorKind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum ActorKind {
    User { id: UserId, name: String, role: UserRole, client: Option<ClientId> },
    Token { id: TokenId, name: String, client: ClientId },
    RepLink { rep: RepId, name: String, client: ClientId },
    MailLink { name: String, client: ClientId },
    SourceKey { source: SourceId, client: ClientId },
    Operator { name: String },
    System(System),
}

impl Actor {
    /// A user who signed in; a broker's client is whose data the broker reads.
    #[must_use]
    pub fn user(id: UserId, name: impl Into<String>, role: UserRole, client: Option<ClientId>) -> Self {
        Self(ActorKind::User { id, name: name.into(), role, client })
    }

    /// A client's program, by its token.
    #[must_use]
    pub fn token(id: TokenId, name: impl Into<String>, client: ClientId) -> Self {
        Self(ActorKind::Token { id, name: name.into(), client })
    }

    /// A rep, by a signed link.
    #[must_use]
    pub fn rep_link(rep: RepId, name: impl Into<String>, client: ClientId) -> Self {
        Self(ActorKind::RepLink { rep, name: name.into(), client })
    }

    /// Whoever reads the mails of an address that belongs to no rep, by a signed link.
    #[must_use]
    pub fn mail_link(name: impl Into<String>, client: ClientId) -> Self {
        Self(ActorKind::MailLink { name: name.into(), client })
    }

    /// A vendor or form, by its source's key or token.
    #[must_use]
    pub const fn source_key(source: SourceId, client: ClientId) -> Self {
        Self(ActorKind::SourceKey { source, client })
    }

    /// Whoever runs commands on the machine: the name is that person's, or of whom they act for.
    #[must_use]
    pub fn operator(name: impl Into<String>) -> Self {
        Self(ActorKind::Operator { name: name.into() })
    }

    /// A part of Ripen by itself.
    #[must_use]
    pub const fn system(system: System) -> Self {
        Self(ActorKind::System(system))
    }

    /// Whose data this actor may touch.
    #[must_use]
    pub const fn scope(&self) -> Scope {
        match &self.0 {
            ActorKind::User { role: UserRole::Broker, client, .. } => match client {
                Some(client) => Scope(ScopeReach::Client(*client)),
                // A broker without a client is a mistake in the users' table, and must not see the whole firm.
                None => Scope(ScopeReach::Nothing),
            },
            // Staff see the whole firm; only brokers and what acts for one client are confined.
            ActorKind::User { .. } | ActorKind::Operator { .. } | ActorKind::System(_) => Scope(ScopeReach::Firm),
            ActorKind::Token { client, .. }
            | ActorKind::RepLink { client, .. }
            | ActorKind::MailLink { client, .. }
            | ActorKind::SourceKey { client, .. } => Scope(ScopeReach::Client(*client)),
        }
    }

    /// Whether this actor may do such a thing at all; on whose data, the scope says.
    #[must_use]
    pub const fn may(&self, permission: Permission) -> bool {
        match &self.0 {
            ActorKind::Operator { .. } | ActorKind::System(_) | ActorKind::User { role: UserRole::Admin, .. } => true,
            ActorKind::User { role: UserRole::Manager, .. } => !matches!(permission, Permission::Administer),
            ActorKind::User { role: UserRole::Agent, .. } => {
                matches!(permission, Permission::Work | Permission::Report | Permission::Own)
            }
            ActorKind::Token { .. } | ActorKind::RepLink { .. } | ActorKind::MailLink { .. } => {
                matches!(permission, Permission::Report)
            }
            ActorKind::User { role: UserRole::Broker, .. } => matches!(permission, Permission::Own),
            ActorKind::SourceKey { .. } => false,
        }
    }

    /// The user who acts; none where it is somebody else.
    #[must_use]
    pub const fn user_id(&self) -> Option<UserId> {
        match &self.0 {
            ActorKind::User { id, .. } => Some(*id),
            _ => None,
        }
    }

    /// Whether this user acts.
    #[must_use]
    pub fn is_user(&self, user: UserId) -> bool {
        self.user_id() == Some(user)
    }

    /// The name that timelines and clients read.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.0 {
            ActorKind::User { name, .. }
            | ActorKind::Token { name, .. }
            | ActorKind::RepLink { name, .. }
            | ActorKind::MailLink { name, .. }
            | ActorKind::Operator { name } => name.clone(),
            ActorKind::SourceKey { source, .. } => source.to_string(),
            ActorKind::System(system) => system.word().to_owned(),
        }
    }
}

/// As the audit keeps it: `user_…`, `token_…`, `rep_…`, `mail:…`, `source_…`, `operator:…`, `system:…`.
impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            ActorKind::User { id, .. } => id.fmt(f),
            ActorKind::Token { id, .. } => id.fmt(f),
            ActorKind::RepLink { rep, .. } => rep.fmt(f),
            // With its kind in front: a name alone could be that of another actor.
            ActorKind::MailLink { name, .. } => write!(f, "mail:{name}"),
            ActorKind::SourceKey { source, .. } => source.fmt(f),
            ActorKind::Operator { name } => write!(f, "operator:{name}"),
            ActorKind::System(system) => write!(f, "system:{}", system.word()),
        }
    }
}

/// Whose data may be read and changed: all clients', or one client's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope(ScopeReach);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ScopeReach {
    Firm,
    Client(ClientId),
    Nothing,
}

impl Scope {
    /// This scope, cut down to one client; what lay outside of it stays outside.
    #[must_use]
    pub fn within(self, client: ClientId) -> Self {
        // Narrows and never widens: a request for another client's data finds nothing.
        if self.covers(client) { Self(ScopeReach::Client(client)) } else { Self(ScopeReach::Nothing) }
    }

    /// Whether a client's data lies in it.
    #[must_use]
    pub fn covers(self, client: ClientId) -> bool {
        match self.0 {
            ScopeReach::Firm => true,
            ScopeReach::Client(own) => own == client,
            ScopeReach::Nothing => false,
        }
    }

    /// The client's id as statements compare it; null for all clients.
    #[must_use]
    pub const fn client_uuid(self) -> Option<Uuid> {
        match self.0 {
            ScopeReach::Firm => None,
            ScopeReach::Client(client) => Some(client.uuid()),
            // No client has this id, so that nothing is found.
            ScopeReach::Nothing => Some(Uuid::max()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(number: u128) -> ClientId {
        ClientId::from_uuid(Uuid::from_u128(number))
    }

    fn user(role: UserRole, client: Option<ClientId>) -> Actor {
        Actor::user(UserId::from_uuid(Uuid::from_u128(1)), "Dana", role, client)
    }

    #[test]
    fn the_firm_sees_everyone_and_everybody_else_one_client() {
        for actor in [user(UserRole::Agent, None), Actor::operator("kim"), Actor::system(System::Qualifier)] {
            assert_eq!(actor.scope().client_uuid(), None, "{actor}");
        }
        let token = Actor::token(TokenId::from_uuid(Uuid::from_u128(2)), "CRM", client(7));
        for actor in [token, Actor::mail_link("a@example.com", client(7)), user(UserRole::Broker, Some(client(7)))] {
            assert!(actor.scope().covers(client(7)) && !actor.scope().covers(client(8)), "{actor}");
        }
    }

    #[test]
    fn a_scope_is_only_ever_cut_down() {
        let firm = Actor::operator("kim").scope();
        assert_eq!(firm.within(client(7)).client_uuid(), Some(client(7).uuid()));
        let nothing = firm.within(client(7)).within(client(8));
        assert!(!nothing.covers(client(7)) && !nothing.covers(client(8)) && nothing.client_uuid().is_some());
        assert_eq!(user(UserRole::Broker, None).scope(), nothing, "a broker of no client sees nothing");
    }

    #[test]
    fn what_the_audit_keeps_says_who_it_was() {
        assert_eq!(Actor::operator("kim").to_string(), "operator:kim");
        assert_eq!(Actor::system(System::Dispatcher).to_string(), "system:dispatcher");
        assert!(user(UserRole::Agent, None).to_string().starts_with("user_"));
        assert_eq!(user(UserRole::Agent, None).name(), "Dana");
    }

    #[test]
    fn permissions_follow_roles() {
        use Permission::{Administer, Manage, Report, Work};
        let allowed = |actor: &Actor| [Administer, Manage, Work, Report].map(|permission| actor.may(permission));
        assert_eq!(allowed(&Actor::operator("kim")), [true; 4]);
        assert_eq!(allowed(&user(UserRole::Admin, None)), [true; 4]);
        assert_eq!(allowed(&user(UserRole::Manager, None)), [false, true, true, true]);
        assert_eq!(allowed(&user(UserRole::Agent, None)), [false, false, true, true]);
        assert_eq!(allowed(&user(UserRole::Broker, Some(client(7)))), [false; 4]);
        assert_eq!(allowed(&Actor::mail_link("a@example.com", client(7))), [false, false, false, true]);
        assert!(
            UserRole::ALL.iter().all(|role| role.word().parse() == Ok(*role)) && "boss".parse::<UserRole>().is_err()
        );
    }
}
