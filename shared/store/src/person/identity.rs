//! Identities: the locks that every writer of a person takes first, the anchors of releases before, and who is reached under
//! each.

use std::collections::BTreeSet;

use ripen_domain::{
    contact::Identity,
    hash::ContentHash,
    id::{ClientId, PersonId},
};

use crate::{Scope, StoreError, Transaction};

/// Under what somebody is reached: an identity means something within a client alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClientIdentity {
    /// Whose person it is.
    pub client: ClientId,
    /// The identity.
    pub identity: Identity,
}

/// An identity that leads to a person from now on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NewIdentity {
    /// Under what.
    pub of: ClientIdentity,
    /// To whom.
    pub person: PersonId,
}

/// The number under which PostgreSQL locks an identity of a client: 64 bits of a hash. Two identities that share one wait
/// for each other now and then, and nothing else comes of it.
fn lock_key(client: ClientId, identity: &Identity) -> i64 {
    lock_key_of(&format!("identity {} {} {}", client.uuid(), identity.kind(), identity.value()))
}

/// The number under which PostgreSQL locks what this text names.
pub(crate) fn lock_key_of(text: &str) -> i64 {
    let mut first = [0; 8];
    first.copy_from_slice(&ContentHash::of(text.as_bytes()).bytes()[..8]);
    i64::from_be_bytes(first)
}

fn lock_keys(wanted: &BTreeSet<(ClientId, Identity)>) -> Vec<i64> {
    let mut keys: Vec<_> = wanted.iter().map(|(client, identity)| lock_key(*client, identity)).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

impl Transaction {
    /// Locks these identities until the transaction ends, without waiting; returns those that somebody else holds. A statement
    /// of its own, before any other: what is read after it sees what the last holder committed.
    pub async fn identities_try_lock(
        &mut self,
        wanted: &BTreeSet<(ClientId, Identity)>,
    ) -> Result<BTreeSet<(ClientId, Identity)>, StoreError> {
        let held = self.locks_try(&lock_keys(wanted)).await?;
        if held.is_empty() {
            return Ok(BTreeSet::new());
        }
        Ok(wanted.iter().filter(|(client, identity)| held.contains(&lock_key(*client, identity))).cloned().collect())
    }

    /// Takes these locks until the transaction ends, without waiting; returns those that somebody else holds.
    pub(crate) async fn locks_try(&mut self, keys: &[i64]) -> Result<BTreeSet<i64>, StoreError> {
        let rows = sqlx::query!(
            r#"-- identity.try_lock
            select key as "key!" from unnest($1::bigint[]) as w (key) where not pg_try_advisory_xact_lock(key)"#,
            keys
        )
        .fetch_all(self.connection())
        .await?;
        Ok(rows.into_iter().map(|row| row.key).collect())
    }

    /// Locks these identities, waiting for each as long as `database.lock_timeout_ms` allows: for what somebody waits for.
    ///
    /// # Errors
    /// `Conflict` when one is still held then.
    pub(crate) async fn identities_wait_lock(
        &mut self,
        wanted: &BTreeSet<(ClientId, Identity)>,
    ) -> Result<(), StoreError> {
        let keys = lock_keys(wanted);
        sqlx::query!(
            r#"-- identity.wait_lock
            select pg_advisory_xact_lock(key)::text as "locked!" from unnest($1::bigint[]) as w (key)"#,
            &keys
        )
        .fetch_all(self.connection())
        .await?;
        self.identities_lock(wanted).await
    }

    /// Makes anchors for these identities where there are none, in the order of the key.
    pub async fn identities_anchor(&mut self, wanted: &BTreeSet<(ClientId, Identity)>) -> Result<(), StoreError> {
        let (clients, kinds, values) = columns(wanted);
        // In the order of the set, so that two batches that share identities wait for each other instead of
        // deadlocking.
        sqlx::query!(
            "-- identity.insert
            insert into identity (client_id, kind, value) select * from unnest($1::uuid[], $2::text[], $3::text[])
            on conflict do nothing",
            &clients,
            &kinds,
            &values
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Locks the anchors of these identities in the order of the key: processes of releases before lock nothing else. Whoever
    /// holds the identities' own locks meets no other of this release here.
    pub async fn identities_lock(&mut self, wanted: &BTreeSet<(ClientId, Identity)>) -> Result<(), StoreError> {
        let (clients, kinds, values) = columns(wanted);
        // In the order of the key for the same reason; `of i`, because the list of wanted ones has no rows to lock.
        sqlx::query!(
            r#"-- identity.lock
            select 1 as "locked" from identity i
            join unnest($1::uuid[], $2::text[], $3::text[]) as w (client_id, kind, value) using (client_id, kind, value)
            order by client_id, kind, value for update of i"#,
            &clients,
            &kinds,
            &values
        )
        .fetch_all(self.connection())
        .await?;
        Ok(())
    }

    /// Others were put in the place of these: they lead to their persons still, and nobody is told to reach them there until the person
    /// says them again.
    pub async fn identities_replaced(&mut self, replaced: &[NewIdentity]) -> Result<(), StoreError> {
        let (clients, kinds, values) = identity_columns(replaced.iter().map(|one| (one.of.client, &one.of.identity)));
        let persons: Vec<_> = replaced.iter().map(|one| one.person.uuid()).collect();
        sqlx::query!(
            "-- identity.replaced
            update person_identity i set said_at = null
            from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[]) as w (client_id, kind, value, person_id)
            where i.client_id = w.client_id and i.kind = w.kind and i.value = w.value and i.person_id = w.person_id",
            &clients,
            &kinds,
            &values,
            &persons
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Every identity that leads to a person of the scope.
    pub async fn person_identities(&mut self, scope: Scope, person: PersonId) -> Result<Vec<Identity>, StoreError> {
        let known = self.identities_of(&[person]).await?.into_iter();
        Ok(known.filter(|(client, _)| scope.covers(*client)).map(|(_, identity)| identity).collect())
    }

    /// Every identity that leads to these persons.
    pub(crate) async fn identities_of(
        &mut self,
        persons: &[PersonId],
    ) -> Result<Vec<(ClientId, Identity)>, StoreError> {
        let persons: Vec<_> = persons.iter().map(|person| person.uuid()).collect();
        // A person may be reached under several, and whoever changes the person locks them all.
        let rows = sqlx::query!(
            "-- person.identities_of
            select distinct client_id, kind, value from person_identity where person_id = any($1)",
            &persons
        )
        .fetch_all(self.connection())
        .await?;
        rows.into_iter()
            .map(|row| {
                let identity = Identity::stored(&row.kind, &row.value);
                let identity = identity.ok_or_else(|| StoreError::Corrupt("an identity".to_owned()))?;
                Ok((ClientId::from_uuid(row.client_id), identity))
            })
            .collect()
    }

    /// The same, each with whom it leads to.
    pub async fn identities_by_person(&mut self, persons: &[PersonId]) -> Result<Vec<NewIdentity>, StoreError> {
        let persons: Vec<_> = persons.iter().map(|person| person.uuid()).collect();
        let rows = sqlx::query!(
            "-- person.identities_by_person
            select client_id, kind, value, person_id from person_identity where person_id = any($1)",
            &persons
        )
        .fetch_all(self.connection())
        .await?;
        rows.into_iter()
            .map(|row| {
                let identity = Identity::stored(&row.kind, &row.value);
                let identity = identity.ok_or_else(|| StoreError::Corrupt("an identity".to_owned()))?;
                let of = ClientIdentity { client: ClientId::from_uuid(row.client_id), identity };
                Ok(NewIdentity { of, person: PersonId::from_uuid(row.person_id) })
            })
            .collect()
    }
}

type IdentityColumns = (Vec<uuid::Uuid>, Vec<String>, Vec<String>);

pub(crate) fn columns(wanted: &BTreeSet<(ClientId, Identity)>) -> IdentityColumns {
    identity_columns(wanted.iter().map(|(client, identity)| (*client, identity)))
}

/// Clients, kinds and values, each as a column.
pub(crate) fn identity_columns<'i>(identities: impl Iterator<Item = (ClientId, &'i Identity)>) -> IdentityColumns {
    let mut columns = IdentityColumns::default();
    for (client, identity) in identities {
        columns.0.push(client.uuid());
        columns.1.push(identity.kind().to_owned());
        columns.2.push(identity.value().to_owned());
    }
    columns
}
