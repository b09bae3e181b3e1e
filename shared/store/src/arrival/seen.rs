//! Which arrival ids were seen and how each ended, and what came earlier under the same content.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    contact::Identity,
    hash::ContentHash,
    id::{ArrivalId, ClientId, LeadId, PersonId, SourceId},
};

use crate::{StoreError, Transaction, person::identity::identity_columns};

/// How an arrival ended (invariant: exactly one of these).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Stored on a lead.
    Lead,
    /// The same as an earlier arrival.
    Same,
    /// Kept, not worked.
    Quarantined,
    /// Given up as a dead letter.
    Dead,
}

impl Ended {
    const fn word(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::Same => "same",
            Self::Quarantined => "quarantined",
            Self::Dead => "dead",
        }
    }
}

/// An id to note as seen.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// The id.
    pub id: ArrivalId,
    /// What came under it.
    pub content: ContentHash,
    /// How it ends.
    pub ended: Ended,
}

/// What was new when ids were noted.
#[derive(Debug, Clone, Default)]
pub struct NewlySeen {
    /// Ids seen for the first time.
    pub new: BTreeSet<ArrivalId>,
    /// Identities that had no anchor before: nobody is reached under them.
    pub anchored: BTreeSet<(ClientId, Identity)>,
}

impl Transaction {
    /// Notes ids as seen, and makes anchors for the identities of those that were new, where there are none; both in
    /// their order, so that two batches wait rather than deadlock. An anchor made here is locked by having been made, and
    /// leads to nobody yet.
    pub async fn arrivals_note_seen(
        &mut self,
        mut seen: Vec<Seen>,
        says: &[(ArrivalId, ClientId, Identity)],
        now: Timestamp,
    ) -> Result<NewlySeen, StoreError> {
        // In the order of ids, as every batch does it: two that share ids would otherwise wait for each other.
        seen.sort_by_key(|seen| seen.id);
        let ids: Vec<_> = seen.iter().map(|seen| seen.id.uuid()).collect();
        let contents: Vec<_> = seen.iter().map(|seen| seen.content.bytes().to_vec()).collect();
        let ended: Vec<_> = seen.iter().map(|seen| seen.ended.word().to_owned()).collect();
        let said_by: Vec<_> = says.iter().map(|(id, _, _)| id.uuid()).collect();
        let (clients, kinds, values) = identity_columns(says.iter().map(|(_, client, identity)| (*client, identity)));
        // One statement: identities are anchored only for ids that are new, so that a repeated message adds nothing.
        // Both inserts go in a fixed order against deadlocks.
        let rows = sqlx::query!(
            "-- arrival.note_seen
            with new as (
              insert into arrival_seen (id, content, ended, arrival_id, seen_at)
              select ($1::uuid[])[i], ($2::bytea[])[i], ($3::text[])[i], ($1::uuid[])[i], $4
              from generate_subscripts($1::uuid[], 1) i
              on conflict do nothing returning id
            ), anchored as (
              insert into identity (client_id, kind, value)
              select distinct ($6::uuid[])[i] as client_id, ($7::text[])[i] as kind, ($8::text[])[i] as value
              from generate_subscripts($5::uuid[], 1) i
              where ($5::uuid[])[i] in (select id from new) order by client_id, kind, value
              on conflict do nothing returning client_id, kind, value
            )
            select id, null::uuid as client_id, null as kind, null as value from new
            union all select null, client_id, kind, value from anchored",
            &ids,
            &contents,
            &ended,
            now.to_sqlx(),
            &said_by,
            &clients,
            &kinds,
            &values
        )
        .fetch_all(self.connection())
        .await?;
        let mut noted = NewlySeen::default();
        for row in rows {
            if let Some(id) = row.id {
                noted.new.insert(ArrivalId::from_uuid(id));
            } else if let (Some(client), Some(kind), Some(value)) = (row.client_id, row.kind, row.value) {
                let identity =
                    Identity::stored(&kind, &value).ok_or_else(|| StoreError::Corrupt("an identity".to_owned()))?;
                noted.anchored.insert((ClientId::from_uuid(client), identity));
            }
        }
        Ok(noted)
    }

    /// Ids that this transaction noted and leaves for another are as unseen as before.
    pub async fn arrivals_unnote(&mut self, ids: &[ArrivalId]) -> Result<(), StoreError> {
        let ids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
        sqlx::query!(
            "-- arrival.unnote
            delete from arrival_seen where id = any($1)",
            &ids
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// What came earlier under these ids.
    pub async fn arrivals_seen(&mut self, ids: &[ArrivalId]) -> Result<Vec<(ArrivalId, ContentHash)>, StoreError> {
        let ids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
        // A statement of its own: the winner of a conflict in `arrivals_note_seen` committed after that statement's
        // snapshot.
        let rows = sqlx::query!(
            "-- arrival.seen
            select id, content from arrival_seen where id = any($1)",
            &ids
        )
        .fetch_all(self.connection())
        .await?;
        rows.into_iter().map(|row| Ok((ArrivalId::from_uuid(row.id), hash(row.content)?))).collect()
    }

    /// Earlier arrivals that say the same, per source and content, received at `since` or later.
    pub async fn arrivals_by_content(
        &mut self,
        wanted: &[(SourceId, ContentHash)],
        since: Timestamp,
    ) -> Result<Vec<(SourceId, ContentHash, ArrivalId, Timestamp)>, StoreError> {
        let sources: Vec<_> = wanted.iter().map(|(source, _)| source.uuid()).collect();
        let contents: Vec<_> = wanted.iter().map(|(_, content)| content.bytes().to_vec()).collect();
        // The oldest first: what came first is the original, and the later ones repeat it. `since` bounds the search to
        // recent rows.
        let rows = sqlx::query!(
            "-- arrival.by_content
            select a.source_id, a.content, a.id, a.received_at
            from arrival a join unnest($1::uuid[], $2::bytea[]) as w (source_id, content)
              on a.source_id = w.source_id and a.content = w.content
            where a.received_at >= $3 order by a.received_at",
            &sources,
            &contents,
            since.to_sqlx()
        )
        .fetch_all(self.connection())
        .await?;
        rows.into_iter()
            .map(|row| {
                let source = SourceId::from_uuid(row.source_id);
                Ok((source, hash(row.content)?, ArrivalId::from_uuid(row.id), row.received_at.to_jiff()))
            })
            .collect()
    }

    /// On which person and lead earlier arrivals are, where they are on one.
    pub async fn arrivals_owners(
        &mut self,
        ids: &[ArrivalId],
    ) -> Result<Vec<(ArrivalId, PersonId, LeadId)>, StoreError> {
        let ids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
        // Without those of nobody: quarantined arrivals have neither person nor lead.
        let rows = sqlx::query!(
            r#"-- arrival.owners
            select id, person_id as "person_id!", lead_id as "lead_id!" from arrival
            where id = any($1) and person_id is not null and lead_id is not null"#,
            &ids
        )
        .fetch_all(self.connection())
        .await?;
        let owner = |id, person, lead| (ArrivalId::from_uuid(id), PersonId::from_uuid(person), LeadId::from_uuid(lead));
        Ok(rows.into_iter().map(|row| owner(row.id, row.person_id, row.lead_id)).collect())
    }

    /// Ends ids as the same as an earlier arrival.
    pub async fn arrivals_end_same(&mut self, pairs: &[(ArrivalId, ArrivalId)]) -> Result<(), StoreError> {
        let ids: Vec<_> = pairs.iter().map(|(id, _)| id.uuid()).collect();
        let earlier: Vec<_> = pairs.iter().map(|(_, earlier)| earlier.uuid()).collect();
        sqlx::query!(
            "-- arrival.end_same
            with given_up as (
              -- A released one that says the same as another is that other: nothing is left to be worked.
              update arrival a set dropped_at = a.released_at
              from unnest($1::uuid[]) as n (id) where a.id = n.id and a.state = 'quarantined'
            )
            update arrival_seen s set ended = $3, arrival_id = n.earlier
            from unnest($1::uuid[], $2::uuid[]) as n (id, earlier) where s.id = n.id",
            &ids,
            &earlier,
            Ended::Same.word()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

pub(crate) fn hash(bytes: Vec<u8>) -> Result<ContentHash, StoreError> {
    let bytes = bytes.try_into().map_err(|_| StoreError::Corrupt("a content hash".to_owned()))?;
    Ok(ContentHash::from_bytes(bytes))
}
