//! A database of the test's own, and actors of several kinds.

use jiff::{SignedDuration, Timestamp};
use ripen_actions::{Action, Actions, Refusal, client::AddClient};
use ripen_domain::{
    actor::{Actor, UserRole},
    id::{ClientId, TokenId, UserId},
};
use ripen_runtime::{clock::Clock, config::Settings};
use ripen_store::{
    Store, StoreOptions,
    audit::list::{AuditFilter, AuditRecord},
    client::client_record::ClientRecord,
};
use ripen_testkit::{
    keys::keyring,
    postgres::{TestDatabase, database},
};
use sqlx::PgPool;
use uuid::Uuid;

/// The actions over a database, which is dropped with it.
pub struct Office {
    pub actions: Actions,
    pub pool: PgPool,
    database: TestDatabase,
}

/// An office with nothing in it.
pub async fn office() -> Office {
    office_of(8).await
}

/// An office whose actions have so many connections for lookups and writes.
pub async fn office_of(connections: u32) -> Office {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), connections)).unwrap().with_keyring(keyring());
    let clock = Clock::mock("2026-11-20T10:00:00Z".parse::<Timestamp>().unwrap());
    let pool = PgPool::connect(database.url()).await.unwrap();
    Office { actions: Actions::new(store, clock, &Settings::default()).unwrap(), pool, database }
}

/// Whoever runs commands.
pub fn operator() -> Actor {
    Actor::operator("dana")
}

/// A user of a role; a broker's of a client.
pub fn user(role: UserRole, client: Option<ClientId>) -> Actor {
    Actor::user(UserId::from_uuid(Uuid::from_u128(1)), "Lee", role, client)
}

/// A client's program.
pub fn program(client: ClientId) -> Actor {
    Actor::token(TokenId::from_uuid(Uuid::from_u128(2)), "CRM", client)
}

/// The fields that a refusal names, in order.
pub fn fields<T>(refused: Result<T, Refusal>) -> Vec<String> {
    let Err(Refusal::Invalid(errors)) = refused else { panic!("it was not refused for its fields") };
    errors.into_iter().map(|error| error.field).collect()
}

impl Office {
    /// Waits until one of its sessions waits for a lock that another one holds.
    pub async fn until_a_session_waits(&self) {
        self.database.until_a_session_waits().await;
    }

    /// The same database over connections of its own.
    pub fn second_store(&self) -> Store {
        Store::open(&StoreOptions::new(self.database.url(), 1)).unwrap().with_keyring(keyring())
    }

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

    /// What an operator does a second later: entries of the audit that are of one microsecond are in no order.
    pub async fn done<A: Action>(&self, action: &A) -> A::Done {
        assert!(self.actions.clock.advance(SignedDuration::from_secs(1)));
        self.actions.run(&operator(), action).await.unwrap()
    }

    /// What was changed, newest first.
    pub async fn audit(&self) -> Vec<AuditRecord> {
        let filter = AuditFilter { limit: 100, ..AuditFilter::default() };
        self.actions.store.audit_list(operator().scope(), &filter).await.unwrap()
    }

    /// What was changed of an object, newest first.
    pub async fn audit_of(&self, object: impl ToString) -> Vec<AuditRecord> {
        let filter = AuditFilter { object: Some(object.to_string()), limit: 100, ..AuditFilter::default() };
        self.actions.store.audit_list(operator().scope(), &filter).await.unwrap()
    }
}
