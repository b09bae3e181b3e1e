//! Accounts: added, found by who signs in, listed, and what is set of each.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    actor::UserRole,
    id::{ClientId, UserId},
    user::HashedPassword,
};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{Scope, Store, StoreError, Transaction, error::one_row};

/// Somebody who signs in.
#[derive(Debug, Clone, PartialEq)]
pub struct UserRecord {
    /// Their id.
    pub id: UserId,
    /// In small letters.
    pub email: String,
    /// What colleagues read.
    pub name: String,
    /// What they are there for.
    pub role: UserRole,
    /// A broker's client.
    pub client: Option<ClientId>,
    /// They sign in no more.
    pub is_paused: bool,
    /// When their password was set; none before an invitation was followed.
    pub password_at: Option<Timestamp>,
    /// Invitations and resets made before open nothing.
    pub links_since: Timestamp,
    /// Languages they speak; empty for any.
    pub languages: Vec<String>,
    /// Clients they work for; empty for all.
    pub clients: Vec<ClientId>,
    /// IANA name.
    pub time_zone: Option<String>,
    /// BCP 47.
    pub locale: Option<String>,
    /// When they were added.
    pub created_at: Timestamp,
}

/// An account to add.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Its id.
    pub id: UserId,
    /// In small letters.
    pub email: String,
    /// What colleagues read.
    pub name: String,
    /// What they are there for.
    pub role: UserRole,
    /// A broker's client.
    pub client: Option<ClientId>,
    /// None where an invitation sets it.
    pub hashed: Option<HashedPassword>,
    /// IANA name; none for the browser's.
    pub time_zone: Option<String>,
}

/// What is to be changed of an account; what is none stays.
#[derive(Debug, Clone, Default)]
pub struct UserChange {
    /// What colleagues read.
    pub name: Option<String>,
    /// What they are there for, with a broker's client.
    pub role: Option<UserRole>,
    /// A broker's client.
    pub client: Option<Option<ClientId>>,
    /// They sign in no more, or again.
    pub is_paused: Option<bool>,
    /// Languages they speak.
    pub languages: Option<Vec<String>>,
    /// Clients they work for.
    pub clients: Option<Vec<ClientId>>,
    /// IANA name; `Some(None)` for none.
    pub time_zone: Option<Option<String>>,
    /// BCP 47; `Some(None)` for none.
    pub locale: Option<Option<String>>,
    /// Invitations and resets made until now open nothing any more.
    pub revoke_links: bool,
}

struct UserRow {
    id: Uuid,
    email: String,
    name: String,
    role: String,
    client_id: Option<Uuid>,
    state: String,
    password_at: Option<jiff_sqlx::Timestamp>,
    links_since: jiff_sqlx::Timestamp,
    languages: Vec<String>,
    clients: Vec<Uuid>,
    time_zone: Option<String>,
    locale: Option<String>,
    created_at: jiff_sqlx::Timestamp,
}

impl UserRow {
    fn record(self) -> Result<UserRecord, StoreError> {
        Ok(UserRecord {
            id: UserId::from_uuid(self.id),
            role: self.role.parse().map_err(|_| StoreError::Corrupt(format!("user_account.role {}", self.role)))?,
            email: self.email,
            name: self.name,
            client: self.client_id.map(ClientId::from_uuid),
            is_paused: self.state == "paused",
            password_at: self.password_at.map(jiff_sqlx::Timestamp::to_jiff),
            links_since: self.links_since.to_jiff(),
            languages: self.languages,
            clients: self.clients.into_iter().map(ClientId::from_uuid).collect(),
            time_zone: self.time_zone,
            locale: self.locale,
            created_at: self.created_at.to_jiff(),
        })
    }
}

impl Store {
    /// The account of an address in small letters; who signs in has no scope yet.
    pub async fn user_by_email(&self, email: &str) -> Result<Option<UserRecord>, StoreError> {
        by_email(&self.pool, email).await
    }

    /// The kept password of an account.
    pub async fn user_hashed_password(&self, user: UserId) -> Result<Option<HashedPassword>, StoreError> {
        let row = sqlx::query!("-- user.password\nselect password from user_account where id = $1", user.uuid())
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.and_then(|row| row.password).map(HashedPassword::stored))
    }

    /// An account by its id.
    pub async fn user(&self, user: UserId) -> Result<Option<UserRecord>, StoreError> {
        by_id(&self.pool, user).await
    }

    /// Everybody in a scope: for a client its brokers; by name.
    pub async fn users(&self, scope: Scope) -> Result<Vec<UserRecord>, StoreError> {
        let rows = sqlx::query_as!(
            UserRow,
            "-- user.list
            select id, email, name, role, client_id, state, password_at, links_since, languages, clients, time_zone, locale, created_at
            from user_account where ($1::uuid is null or client_id = $1) order by lower(name), id",
            scope.client_uuid()
        )
        .fetch_all(&self.lists)
        .await?;
        rows.into_iter().map(UserRow::record).collect()
    }

    /// Whether there is an admin who is not paused, invited ones included: whoever is invited is made by somebody who means it.
    pub async fn user_has_admin(&self) -> Result<bool, StoreError> {
        let row = sqlx::query!(
            r#"-- user.has_admin
            select exists (select from user_account where role = 'admin' and state = 'active') as "is_there!""#
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(row.is_there)
    }
}

/// How many of those who are not paused can sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignInCounts {
    /// Admins with a password.
    pub admins: i64,
    /// Of any role, without a password yet: their invitation waits for them.
    pub invited: i64,
}

impl Store {
    /// How many can sign in.
    pub async fn user_counts(&self) -> Result<SignInCounts, StoreError> {
        let row = sqlx::query!(
            r#"-- user.counts
            select count(*) filter (where role = 'admin' and password is not null) as "admins!",
                   count(*) filter (where password is null) as "invited!"
            from user_account where state = 'active'"#
        )
        .fetch_one(&self.lists)
        .await?;
        Ok(SignInCounts { admins: row.admins, invited: row.invited })
    }
}

/// An admin who is not paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActiveAdmin {
    /// Who.
    pub user: UserId,
    /// They have chosen a password; an invitation may never be opened.
    pub can_sign_in: bool,
}

impl Transaction {
    /// An account by its id, locked until the transaction ends.
    pub async fn user_lock(&mut self, user: UserId) -> Result<Option<UserRecord>, StoreError> {
        // The row itself: two changes at once must not both leave the firm without an admin. Rows that only name the account are
        // written meanwhile.
        let locked =
            sqlx::query!("-- user.lock\nselect id from user_account where id = $1 for no key update", user.uuid())
                .fetch_optional(self.connection())
                .await?;
        match locked {
            Some(_) => by_id(self.connection(), user).await,
            None => Ok(None),
        }
    }

    /// Keeps everybody else from changing who is an admin until the transaction ends; gives the active admins.
    pub async fn user_lock_admins(&mut self) -> Result<Vec<ActiveAdmin>, StoreError> {
        let rows = sqlx::query!(
            r#"-- user.lock_admins
            select id, password is not null as "has_password!" from user_account
            where role = 'admin' and state = 'active' order by id for no key update"#
        )
        .fetch_all(self.connection())
        .await?;
        let admin = |id, can_sign_in| ActiveAdmin { user: UserId::from_uuid(id), can_sign_in };
        Ok(rows.into_iter().map(|row| admin(row.id, row.has_password)).collect())
    }

    /// Adds an account; `Taken` where the address has one.
    pub async fn user_add(&mut self, new: &NewUser, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query!(
            "-- user.add
            insert into user_account (id, email, name, role, client_id, password, password_at, created_at, time_zone)
            values ($1, $2, $3, $4, $5, $6, case when $6::text is not null then $7::timestamptz end, $7, $8)",
            new.id.uuid(),
            new.email,
            new.name,
            new.role.word(),
            new.client.map(ClientId::uuid),
            new.hashed.as_ref().map(HashedPassword::as_str),
            now.to_sqlx(),
            new.time_zone
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Changes an account; `Moved` where there is none.
    pub async fn user_set(&mut self, user: UserId, change: &UserChange, now: Timestamp) -> Result<(), StoreError> {
        let clients: Option<Vec<Uuid>> =
            change.clients.as_ref().map(|clients| clients.iter().map(|client| client.uuid()).collect());
        let done = sqlx::query!(
            "-- user.set
            update user_account set
                name = coalesce($2, name),
                role = coalesce($3, role),
                client_id = case when $4 then $5 else client_id end,
                state = case when $6::boolean is null then state when $6 then 'paused' else 'active' end,
                languages = coalesce($7, languages),
                clients = coalesce($8, clients),
                time_zone = case when $9 then $10 else time_zone end,
                locale = case when $11 then $12 else locale end,
                links_since = case when $13 then $14 else links_since end
            where id = $1",
            user.uuid(),
            change.name,
            change.role.map(UserRole::word),
            change.client.is_some(),
            change.client.flatten().map(ClientId::uuid),
            change.is_paused,
            change.languages.as_deref(),
            clients.as_deref(),
            change.time_zone.is_some(),
            change.time_zone.clone().flatten(),
            change.locale.is_some(),
            change.locale.clone().flatten(),
            change.revoke_links,
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "user")
    }

    /// Sets a password; links made until now open nothing any more. `Moved` where there is no such account.
    pub async fn user_set_password(
        &mut self,
        user: UserId,
        hashed: &HashedPassword,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "-- user.set_password
            update user_account set password = $2, password_at = $3, links_since = $3 where id = $1",
            user.uuid(),
            hashed.as_str(),
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        one_row(done.rows_affected(), "user")
    }
}

async fn by_email(executor: impl PgExecutor<'_>, email: &str) -> Result<Option<UserRecord>, StoreError> {
    let row = sqlx::query_as!(
        UserRow,
        "-- user.by_email
        select id, email, name, role, client_id, state, password_at, links_since, languages, clients, time_zone, locale, created_at
        from user_account where email = $1",
        email
    )
    .fetch_optional(executor)
    .await?;
    row.map(UserRow::record).transpose()
}

async fn by_id(executor: impl PgExecutor<'_>, user: UserId) -> Result<Option<UserRecord>, StoreError> {
    let row = sqlx::query_as!(
        UserRow,
        "-- user.by_id
        select id, email, name, role, client_id, state, password_at, links_since, languages, clients, time_zone, locale, created_at
        from user_account where id = $1",
        user.uuid()
    )
    .fetch_optional(executor)
    .await?;
    row.map(UserRow::record).transpose()
}
