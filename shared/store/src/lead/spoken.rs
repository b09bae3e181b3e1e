//! Whom the firm spoke with, by keyed hashes of what they are reached under: a person is not called for two clients on one day,
//! and no client learns for whom the other call was.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::{ClientId, PersonId};
use serde::{Deserialize, Serialize};

use crate::{Scope, StoreError, Transaction};

/// A conversation as it was noted under one of the hashes of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpokenBefore {
    /// The keyed hash, 16 bytes.
    pub hash: Vec<u8>,
    /// The last conversation.
    pub at: Timestamp,
}

impl Transaction {
    /// When the firm last spoke with a person for a client, under each hash.
    pub(crate) async fn spoken_before(
        &mut self,
        (client, person): (ClientId, PersonId),
    ) -> Result<Vec<SpokenBefore>, StoreError> {
        let pads = self.hash_pads().await?;
        let rows = sqlx::query!(
            "-- spoken.before
            select distinct s.hash, s.at from person_identity i
            join spoken s on s.hash = identity_hash($3, $4, i.kind, i.value) and s.client_id = $2
            where i.person_id = $1 order by s.hash",
            person.uuid(),
            client.uuid(),
            &pads.inner,
            &pads.outer
        )
        .fetch_all(self.connection())
        .await?;
        Ok(rows.into_iter().map(|row| SpokenBefore { hash: row.hash, at: row.at.to_jiff() }).collect())
    }

    /// Writes back what was noted before a conversation that was forgotten; a later one stays.
    pub(crate) async fn spoken_bring_back(
        &mut self,
        client: ClientId,
        before: &[SpokenBefore],
    ) -> Result<(), StoreError> {
        let hashes: Vec<_> = before.iter().map(|one| one.hash.clone()).collect();
        let at: Vec<_> = before.iter().map(|one| one.at.to_sqlx()).collect();
        sqlx::query!(
            "-- spoken.bring_back
            insert into spoken as s (hash, client_id, at)
            select b.hash, $1::uuid, b.at from unnest($2::bytea[], $3::timestamptz[]) as b (hash, at) order by 1
            on conflict (hash, client_id) do update set at = greatest(s.at, excluded.at)",
            client.uuid(),
            &hashes,
            &at[..] as &[jiff_sqlx::Timestamp]
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Notes a conversation with a person for a client. What is older than two days is forgotten alongside.
    pub(crate) async fn spoken_note(
        &mut self,
        (client, person): (ClientId, PersonId),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let pads = self.hash_pads().await?;
        sqlx::query!(
            "-- spoken.note
            with over as (
              delete from spoken where (hash, client_id) in (
                select hash, client_id from spoken where at < $3::timestamptz - interval '2 days' order by at limit 100
                for update skip locked)
            )
            insert into spoken as s (hash, client_id, at)
            select distinct identity_hash($4, $5, i.kind, i.value), $2::uuid, $3::timestamptz from person_identity i
            where i.person_id = $1 and i.void_at is null order by 1
            on conflict (hash, client_id) do update set at = greatest(s.at, excluded.at)",
            person.uuid(),
            client.uuid(),
            now.to_sqlx(),
            &pads.inner,
            &pads.outer
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Forgets a conversation that was none.
    pub(crate) async fn spoken_forget(
        &mut self,
        (client, person): (ClientId, PersonId),
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let pads = self.hash_pads().await?;
        sqlx::query!(
            "-- spoken.forget
            delete from spoken s using person_identity i
            where i.person_id = $1 and s.hash = identity_hash($4, $5, i.kind, i.value) and s.client_id = $2 and s.at = $3",
            person.uuid(),
            client.uuid(),
            at.to_sqlx(),
            &pads.inner,
            &pads.outer
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// When each of these persons last spoke with the firm for another client than their own.
    pub async fn spoken_elsewhere(
        &mut self,
        scope: Scope,
        persons: &[PersonId],
    ) -> Result<BTreeMap<PersonId, Timestamp>, StoreError> {
        let persons: Vec<_> = persons.iter().map(|person| person.uuid()).collect();
        let pads = self.hash_pads().await?;
        let rows = sqlx::query!(
            r#"-- spoken.elsewhere
            select i.person_id, max(s.at) as "at!" from person_identity i
            cross join lateral (
              select at from spoken where hash = identity_hash($3, $4, i.kind, i.value) and client_id <> i.client_id offset 0) s
            where i.person_id = any($1) and i.void_at is null and ($2::uuid is null or i.client_id = $2)
            group by i.person_id"#,
            &persons,
            scope.client_uuid(),
            &pads.inner,
            &pads.outer
        )
        .fetch_all(self.connection())
        .await?;
        Ok(rows.into_iter().map(|row| (PersonId::from_uuid(row.person_id), row.at.to_jiff())).collect())
    }
}
