//! Who may use which address of the desk: the one table. A test asks every address as everybody, and an address that is missing here
//! fails it. [`Viewer`](super::viewer::Viewer) keeps to it.

use axum::http::Method;
use ripen_domain::actor::UserRole;

/// Who may use an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MayUse {
    /// Whoever opens it.
    Anybody,
    /// Whoever has the signed link.
    LinkHolder,
    /// A client's program, by its token.
    ClientProgram,
    /// A system that signs what it posts, with a secret of the configuration.
    SigningSystem,
    /// Whoever is signed in, in one of these roles. To all others it does not exist.
    Roles(&'static [UserRole]),
}

/// What the part of an address in braces names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedThing {
    /// There is no such part.
    Nothing,
    /// A delivery of a client.
    Delivery,
    /// A lead of a client.
    Lead,
    /// Something that was entered by hand, which shows its lead once that is there.
    Entered,
    /// A list of the queues, which are the firm's.
    QueueList,
    /// Somebody who signs in.
    User,
    /// A token of a user.
    UserToken,
    /// A browser in which a user is signed in.
    UserSession,
    /// A list of leads that a user saved.
    SavedList,
    /// A signed link to a delivery.
    OutcomeLink,
    /// A signed link to a rep's page.
    RepLink,
    /// The signed part of a return path.
    ReturnPath,
    /// A signed link to choose a password.
    UserLink,
}

/// An address with who may use it.
#[derive(Debug, Clone, Copy)]
pub struct RouteRule {
    /// In capitals.
    pub method: &'static str,
    /// As it is registered.
    pub path: &'static str,
    /// Who may use it.
    pub may: MayUse,
    /// What the first part in braces names.
    pub named: NamedThing,
    /// What may stand for a second part in braces; empty where there is none.
    pub second: &'static str,
}

const fn rule(method: &'static str, path: &'static str, may: MayUse) -> RouteRule {
    RouteRule { method, path, may, named: NamedThing::Nothing, second: "" }
}

impl RouteRule {
    const fn of(self, named: NamedThing) -> Self {
        Self { named, ..self }
    }

    const fn then(self, second: &'static str) -> Self {
        Self { second, ..self }
    }
}

const EVERYBODY: MayUse = MayUse::Roles(&UserRole::ALL);
const STAFF: MayUse = MayUse::Roles(&[UserRole::Admin, UserRole::Manager, UserRole::Agent]);
const MANAGERS: MayUse = MayUse::Roles(&[UserRole::Admin, UserRole::Manager]);
const ADMINS: MayUse = MayUse::Roles(&[UserRole::Admin]);

/// Every address of the desk.
pub const RULES: &[RouteRule] = &[
    // Clients' programs and holders of links.
    rule("GET", "/v1/deliveries", MayUse::ClientProgram),
    rule("GET", "/v1/deliveries/held", MayUse::ClientProgram),
    rule("GET", "/v1/deliveries/{id}", MayUse::ClientProgram).of(NamedThing::Delivery),
    rule("POST", "/v1/deliveries/{id}/outcomes", MayUse::ClientProgram).of(NamedThing::Delivery),
    rule("POST", "/v1/bounces/{token}", MayUse::LinkHolder).of(NamedThing::ReturnPath),
    rule("GET", "/o/{token}", MayUse::LinkHolder).of(NamedThing::OutcomeLink),
    rule("POST", "/o/{token}", MayUse::LinkHolder).of(NamedThing::OutcomeLink),
    rule("GET", "/r/{token}", MayUse::LinkHolder).of(NamedThing::RepLink),
    rule("POST", "/r/{token}", MayUse::LinkHolder).of(NamedThing::RepLink),
    rule("GET", "/o/style.css", MayUse::Anybody),
    // What the pages are made of, and signing in.
    rule("GET", "/assets/desk.css", MayUse::Anybody),
    rule("GET", "/assets/app.js", MayUse::Anybody),
    rule("GET", "/", MayUse::Anybody),
    rule("GET", "/login", MayUse::Anybody),
    rule("POST", "/login", MayUse::Anybody),
    rule("GET", "/forgotten", MayUse::Anybody),
    rule("POST", "/forgotten", MayUse::Anybody),
    rule("GET", "/welcome/{token}", MayUse::LinkHolder).of(NamedThing::UserLink),
    rule("POST", "/welcome/{token}", MayUse::LinkHolder).of(NamedThing::UserLink),
    rule("POST", "/logout", EVERYBODY),
    // One's own.
    rule("GET", "/account", EVERYBODY),
    rule("POST", "/account/password", EVERYBODY),
    rule("POST", "/account/theme", EVERYBODY),
    rule("POST", "/account/time-zone", EVERYBODY),
    rule("POST", "/account/sessions/end", EVERYBODY),
    rule("POST", "/account/tokens", EVERYBODY),
    rule("POST", "/account/tokens/{id}/revoke", EVERYBODY).of(NamedThing::UserToken),
    rule("GET", "/api/v1/me", EVERYBODY),
    rule("PATCH", "/api/v1/me", EVERYBODY),
    rule("GET", "/api/v1/me/figures", STAFF),
    rule("POST", "/api/v1/me/password", EVERYBODY),
    rule("GET", "/api/v1/sessions", EVERYBODY),
    rule("DELETE", "/api/v1/sessions/{id}", EVERYBODY).of(NamedThing::UserSession),
    rule("GET", "/api/v1/tokens", EVERYBODY),
    rule("POST", "/api/v1/tokens", EVERYBODY),
    rule("DELETE", "/api/v1/tokens/{id}", EVERYBODY).of(NamedThing::UserToken),
    // Working leads.
    rule("GET", "/assets/work.js", MayUse::Anybody),
    rule("POST", "/v1/calls", MayUse::SigningSystem),
    rule("GET", "/keys", EVERYBODY),
    rule("GET", "/style", STAFF),
    rule("GET", "/api/v1/events", EVERYBODY),
    rule("GET", "/work", STAFF),
    rule("GET", "/work/ready", STAFF),
    rule("GET", "/work/saved", STAFF),
    rule("GET", "/work/waiting", STAFF),
    rule("POST", "/work/book", STAFF),
    rule("POST", "/work/dial", STAFF),
    rule("POST", "/work/dispose", STAFF),
    rule("POST", "/work/draft", STAFF),
    rule("POST", "/work/leave", STAFF),
    rule("POST", "/work/next", STAFF),
    rule("POST", "/work/preview", STAFF),
    rule("POST", "/work/rang", STAFF),
    rule("POST", "/work/refuse", STAFF),
    rule("POST", "/work/renew", STAFF),
    rule("POST", "/work/take", STAFF),
    rule("POST", "/work/undo", STAFF),
    rule("GET", "/api/v1/work", STAFF),
    rule("GET", "/api/v1/work/ready", STAFF),
    rule("POST", "/api/v1/work/dial", STAFF),
    rule("POST", "/api/v1/work/dispose", STAFF),
    rule("POST", "/api/v1/work/draft", STAFF),
    rule("POST", "/api/v1/work/late-note", STAFF),
    rule("POST", "/api/v1/work/leave", STAFF),
    rule("POST", "/api/v1/work/next", STAFF),
    rule("POST", "/api/v1/work/preview", STAFF),
    rule("POST", "/api/v1/work/rang", STAFF),
    rule("POST", "/api/v1/work/refuse", STAFF),
    rule("POST", "/api/v1/work/renew", STAFF),
    rule("POST", "/api/v1/work/undo", STAFF),
    rule("GET", "/api/v1/work/upcoming", STAFF),
    rule("GET", "/api/v1/work/{id}", STAFF).of(NamedThing::Lead),
    rule("POST", "/api/v1/work/{id}", STAFF).of(NamedThing::Lead),
    rule("GET", "/api/v1/work/{id}/dispositions", STAFF).of(NamedThing::Lead),
    rule("GET", "/api/v1/leads/{id}/calls", STAFF).of(NamedThing::Lead),
    rule("GET", "/api/v1/leads/{id}/slots", STAFF).of(NamedThing::Lead),
    rule("GET", "/api/v1/consent-reviews", MANAGERS),
    rule("POST", "/api/v1/leads/{id}/consent", MANAGERS).of(NamedThing::Lead),
    // Leads: of a broker, the own client's.
    rule("GET", "/leads", EVERYBODY),
    rule("GET", "/leads.csv", EVERYBODY),
    rule("POST", "/leads/views", EVERYBODY),
    rule("GET", "/leads/{id}", EVERYBODY).of(NamedThing::Lead),
    rule("GET", "/leads/new", STAFF),
    rule("POST", "/leads/new", STAFF),
    rule("GET", "/leads/entered/{id}", STAFF).of(NamedThing::Entered),
    rule("POST", "/leads/{id}/{change}", STAFF).of(NamedThing::Lead).then("note"),
    rule("GET", "/api/v1/leads", EVERYBODY),
    rule("POST", "/api/v1/leads", STAFF),
    rule("GET", "/api/v1/lead-views", EVERYBODY),
    rule("POST", "/api/v1/lead-views", EVERYBODY),
    rule("DELETE", "/api/v1/lead-views/{name}", EVERYBODY).of(NamedThing::SavedList),
    rule("GET", "/api/v1/leads/choices", EVERYBODY),
    rule("GET", "/api/v1/leads/counts", EVERYBODY),
    rule("GET", "/api/v1/leads/entered/{id}", STAFF).of(NamedThing::Entered),
    rule("GET", "/api/v1/leads/{id}", EVERYBODY).of(NamedThing::Lead),
    rule("GET", "/api/v1/leads/{id}/why", EVERYBODY).of(NamedThing::Lead),
    rule("POST", "/api/v1/leads/{id}/{change}", STAFF).of(NamedThing::Lead).then("note"),
    rule("GET", "/api/v1/leads/{id}/decisions/{decision}", STAFF)
        .of(NamedThing::Lead)
        .then("dec_01kahxq5z5e4y9wd3tvdnzxkqj"),
    rule("GET", "/queues", MANAGERS),
    rule("GET", "/queues/{list}", MANAGERS).of(NamedThing::QueueList),
    rule("POST", "/queues/{list}", MANAGERS).of(NamedThing::QueueList),
    rule("GET", "/api/v1/queues", MANAGERS),
    rule("GET", "/api/v1/queues/{list}", MANAGERS).of(NamedThing::QueueList),
    rule("POST", "/api/v1/queues/{list}", MANAGERS).of(NamedThing::QueueList),
    // The firm's.
    rule("GET", "/users", MANAGERS),
    rule("POST", "/users", ADMINS),
    rule("POST", "/users/{id}/state", MANAGERS).of(NamedThing::User),
    rule("POST", "/users/{id}/desk", MANAGERS).of(NamedThing::User),
    rule("POST", "/users/{id}/invite", ADMINS).of(NamedThing::User),
    rule("GET", "/api/v1/users", MANAGERS),
    rule("POST", "/api/v1/users", ADMINS),
    rule("GET", "/api/v1/users/{id}", MANAGERS).of(NamedThing::User),
    rule("PATCH", "/api/v1/users/{id}", MANAGERS).of(NamedThing::User),
    rule("POST", "/api/v1/users/{id}/invite", ADMINS).of(NamedThing::User),
    rule("GET", "/audit", MANAGERS),
    rule("GET", "/api/v1/audit", MANAGERS),
];

/// Whether the table keeps this role from an address. One that is not in the table is left to its handler, and to the test.
#[must_use]
pub fn is_closed(method: &Method, path: &str, role: UserRole) -> bool {
    // What answers GET answers HEAD.
    let method = if *method == Method::HEAD { "GET" } else { method.as_str() };
    let rule = RULES.iter().find(|rule| rule.path == path && rule.method == method);
    matches!(rule, Some(RouteRule { may: MayUse::Roles(roles), .. }) if !roles.contains(&role))
}
