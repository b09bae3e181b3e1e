//! A database of the test's own, and actors of several kinds.

use jiff::Timestamp;
use ripen_actions::{Actions, client::AddClient};
use ripen_domain::{
    actor::{Actor, Role},
    id::{ClientId, TokenId, UserId},
};
use ripen_runtime::{clock::Clock, config::Settings};
use ripen_store::{
    Store,
    audit::list::{AuditFilter, AuditRecord},
    client::record::ClientRecord,
};
use ripen_testkit::postgres::{TestDatabase, database};
use uuid::Uuid;

/// The actions over a database, which is dropped with it.
pub struct Office {
    pub actions: Actions,
    _database: TestDatabase,
}

/// An office with nothing in it.
pub async fn office() -> Office {
    let database = database().await;
    let store = Store::open(database.url(), 8).unwrap();
    let clock = Clock::mock("2026-11-20T10:00:00Z".parse::<Timestamp>().unwrap());
    Office { actions: Actions::new(store, clock, &Settings::default()).unwrap(), _database: database }
}

/// Whoever runs commands.
pub fn operator() -> Actor {
    Actor::operator("dana")
}

/// A user of a role; a broker's of a client.
pub fn user(role: Role, client: Option<ClientId>) -> Actor {
    Actor::user(UserId::from_uuid(Uuid::from_u128(1)), "Lee", role, client)
}

/// A client's program.
pub fn program(client: ClientId) -> Actor {
    Actor::token(TokenId::from_uuid(Uuid::from_u128(2)), "CRM", client)
}

impl Office {
    /// A client of this name.
    pub async fn client(&self, name: &str) -> ClientRecord {
        let request = AddClient {
            name: name.to_owned(),
            slug: None,
            country: "us".to_owned(),
            time_zone: "America/Chicago".to_owned(),
        };
        self.actions.run(&operator(), &request).await.unwrap()
    }

    /// What was changed, newest first.
    pub async fn audit(&self) -> Vec<AuditRecord> {
        let filter = AuditFilter { limit: 100, ..AuditFilter::default() };
        self.actions.store.audit_list(operator().scope(), &filter).await.unwrap()
    }
}
