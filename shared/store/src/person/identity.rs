//! Identities: the anchors that every writer of a person locks first, and who is reached under each.

use std::collections::BTreeSet;

use ripen_domain::{
    contact::Identity,
    id::{ClientId, PersonId},
};

use crate::{StoreError, Transaction};

impl Transaction {
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

    /// Locks the anchors of these identities in the order of the key. A statement of its own, so that what is read after
    /// it sees what a concurrent winner committed.
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

    /// Every identity that leads to these persons.
    pub async fn identities_of(&mut self, persons: &[PersonId]) -> Result<Vec<(ClientId, Identity)>, StoreError> {
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
