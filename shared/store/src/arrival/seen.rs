//! Which arrival ids were seen and how each ended, and what came earlier under the same content.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    contact::Identity,
    hash::ContentHash,
    id::{ArrivalId, ClientId, LeadId, PersonId, SourceId},
};
use uuid::Uuid;

use crate::{
    Scope, StoreError, Transaction,
    person::identity::{ClientIdentity, identity_columns},
};

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
    /// Erased at the person's request.
    Erased,
}

impl Ended {
    const ALL: [Self; 5] = [Self::Lead, Self::Same, Self::Quarantined, Self::Dead, Self::Erased];

    const fn word(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::Same => "same",
            Self::Quarantined => "quarantined",
            Self::Dead => "dead",
            Self::Erased => "erased",
        }
    }

    pub(crate) fn read(word: &str) -> Result<Self, StoreError> {
        let known = Self::ALL.into_iter().find(|ended| ended.word() == word);
        known.ok_or_else(|| StoreError::Corrupt(format!("the word {word:?}")))
    }

    /// Whether what says the same is done: it is on a lead, or waits with what is dead, or stays erased. What was quarantined
    /// stands in nobody's way.
    #[must_use]
    pub const fn covers_the_same(self) -> bool {
        !matches!(self, Self::Quarantined)
    }
}

/// An id that was seen before.
#[derive(Debug, Clone, Copy)]
pub struct SeenBefore {
    /// The id.
    pub id: ArrivalId,
    /// What came under it first.
    pub content: ContentHash,
    /// How it ended.
    pub ended: Ended,
    /// The arrival that holds it, where one does.
    pub arrival: Option<ArrivalId>,
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
    /// Under which id its sender asks for it, where that is another.
    pub came_as: Option<ArrivalId>,
}

/// Under what the person of an arrival is reached.
#[derive(Debug, Clone)]
pub struct ArrivalIdentity {
    /// The arrival that says so.
    pub arrival: ArrivalId,
    /// Under what.
    pub of: ClientIdentity,
}

/// On whose lead an arrival is.
#[derive(Debug, Clone, Copy)]
pub struct ArrivalOwner {
    /// The person.
    pub person: PersonId,
    /// The lead.
    pub lead: LeadId,
}

/// An arrival that may be repeated word for word.
#[derive(Debug, Clone, Copy)]
pub struct EarlierArrival {
    /// Its id.
    pub id: ArrivalId,
    /// When it came.
    pub received_at: Timestamp,
}

/// What a source said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceContent {
    /// The source.
    pub source: SourceId,
    /// The hash of what it said.
    pub content: ContentHash,
}

/// An earlier arrival that says the same.
#[derive(Debug, Clone, Copy)]
pub struct SameContent {
    /// What it says.
    pub of: SourceContent,
    /// Which it is.
    pub earlier: EarlierArrival,
}

/// What was new when ids were noted.
#[derive(Debug, Clone, Default)]
pub struct NewlySeen {
    /// Ids seen for the first time.
    pub new: BTreeSet<ArrivalId>,
    /// Identities that had no anchor before: nobody is reached under them.
    pub anchored: BTreeSet<ClientIdentity>,
}

impl Transaction {
    /// Notes ids as seen, and makes anchors for the identities of those that were new, where there are none; both in
    /// their order, so that two batches wait rather than deadlock. An anchor made here is locked by having been made, and
    /// leads to nobody yet.
    pub async fn arrivals_note_seen(
        &mut self,
        mut seen: Vec<Seen>,
        says: &[ArrivalIdentity],
        now: Timestamp,
    ) -> Result<NewlySeen, StoreError> {
        // In the order of ids, as every batch does it: two that share ids would otherwise wait for each other.
        seen.sort_by_key(|seen| seen.id);
        let ids: Vec<_> = seen.iter().map(|seen| seen.id.uuid()).collect();
        let contents: Vec<_> = seen.iter().map(|seen| seen.content.bytes().to_vec()).collect();
        let ended: Vec<_> = seen.iter().map(|seen| seen.ended.word().to_owned()).collect();
        let came_as: Vec<_> = seen.iter().map(|seen| seen.came_as.map(ArrivalId::uuid)).collect();
        let said_by: Vec<_> = says.iter().map(|one| one.arrival.uuid()).collect();
        let (clients, kinds, values) = identity_columns(says.iter().map(|one| (one.of.client, &one.of.identity)));
        // One statement: identities are anchored only for ids that are new, so that a repeated message adds nothing.
        // Both inserts go in a fixed order against deadlocks. An id that was forgotten and has its arrival still is seen again as
        // what that is: taken for new, it would be worked once more and have nowhere to be stored.
        let rows = sqlx::query!(
            "-- arrival.note_seen
            with noted as (
              insert into arrival_seen (id, content, ended, arrival_id, seen_at, came_as)
              select ($1::uuid[])[i], coalesce(a.content, ($2::bytea[])[i]),
                     case a.state when 'graded' then 'lead' when 'quarantined' then 'quarantined' else ($3::text[])[i] end,
                     ($1::uuid[])[i], $4, ($9::uuid[])[i]
              from generate_subscripts($1::uuid[], 1) i
              left join lateral (select content, state from arrival where id = ($1::uuid[])[i]) a on true
              order by i
              on conflict do nothing returning id
            ), new as (
              select n.id from noted n where not exists (select from arrival a where a.id = n.id)
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
            &values,
            &came_as[..] as &[Option<Uuid>]
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
                noted.anchored.insert(ClientIdentity { client: ClientId::from_uuid(client), identity });
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

    /// What came earlier under these ids from sources of the scope.
    pub async fn arrivals_seen_in(&mut self, scope: Scope, ids: &[ArrivalId]) -> Result<Vec<SeenBefore>, StoreError> {
        let ids = self.arrivals_in(scope, ids).await?;
        self.arrivals_seen(&ids).await
    }

    /// Which of these are of clients of the scope; of the firm's all, also those whose arrival is not kept any more.
    async fn arrivals_in(&mut self, scope: Scope, ids: &[ArrivalId]) -> Result<Vec<ArrivalId>, StoreError> {
        let ids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
        let rows = sqlx::query_scalar!(
            r#"-- arrival.seen_in
            select s.id from arrival_seen s
            where s.id = any($1)
              and ($2::uuid is null or exists (select from arrival a where a.id = coalesce(s.arrival_id, s.id) and a.client_id = $2))"#,
            &ids,
            scope.client_uuid()
        )
        .fetch_all(self.connection())
        .await?;
        Ok(rows.into_iter().map(ArrivalId::from_uuid).collect())
    }

    /// What came earlier under these ids.
    pub async fn arrivals_seen(&mut self, ids: &[ArrivalId]) -> Result<Vec<SeenBefore>, StoreError> {
        let ids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
        // A statement of its own: the winner of a conflict in `arrivals_note_seen` committed after that statement's
        // snapshot.
        let rows = sqlx::query!(
            "-- arrival.seen
            select id, content, ended, arrival_id from arrival_seen where id = any($1)",
            &ids
        )
        .fetch_all(self.connection())
        .await?;
        rows.into_iter()
            .map(|row| {
                let (id, arrival) = (ArrivalId::from_uuid(row.id), row.arrival_id.map(ArrivalId::from_uuid));
                Ok(SeenBefore { id, content: hash(row.content)?, ended: Ended::read(&row.ended)?, arrival })
            })
            .collect()
    }

    /// The bodies of these arrivals as they came, where they are kept still.
    pub async fn arrivals_raw(&mut self, ids: &[ArrivalId]) -> Result<BTreeMap<ArrivalId, String>, StoreError> {
        let ids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
        let rows = sqlx::query!(
            r#"-- arrival.raw
            select a.id, coalesce((select b.raw from arrival_body b where b.arrival_id = a.id and b.received_at = a.received_at),
                                  a.raw, '') as "raw!"
            from arrival a where a.id = any($1)"#,
            &ids
        )
        .fetch_all(self.connection())
        .await?;
        let kept = rows.into_iter().filter(|row| !row.raw.is_empty());
        Ok(kept.map(|row| (ArrivalId::from_uuid(row.id), row.raw)).collect())
    }

    /// Earlier arrivals that say the same, per source and content, received at `since` or later.
    pub async fn arrivals_by_content(
        &mut self,
        wanted: &[SourceContent],
        since: Timestamp,
    ) -> Result<Vec<SameContent>, StoreError> {
        let sources: Vec<_> = wanted.iter().map(|one| one.source.uuid()).collect();
        let contents: Vec<_> = wanted.iter().map(|one| one.content.bytes().to_vec()).collect();
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
                let of = SourceContent { source: SourceId::from_uuid(row.source_id), content: hash(row.content)? };
                let earlier =
                    EarlierArrival { id: ArrivalId::from_uuid(row.id), received_at: row.received_at.to_jiff() };
                Ok(SameContent { of, earlier })
            })
            .collect()
    }

    /// On which person and lead earlier arrivals are, where they are on one.
    pub async fn arrivals_owners(
        &mut self,
        ids: &[ArrivalId],
    ) -> Result<BTreeMap<ArrivalId, ArrivalOwner>, StoreError> {
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
        let owner = |person, lead| ArrivalOwner { person: PersonId::from_uuid(person), lead: LeadId::from_uuid(lead) };
        Ok(rows.into_iter().map(|row| (ArrivalId::from_uuid(row.id), owner(row.person_id, row.lead_id))).collect())
    }

    /// Ends ids as the same as an earlier arrival; where that is dead or erased, as it ended.
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
            update arrival_seen s set ended = coalesce(f.ended, $3), arrival_id = n.earlier, source_id = f.source_id
            from unnest($1::uuid[], $2::uuid[]) as n (id, earlier)
            left join arrival_seen f on f.id = n.earlier and f.ended in ('dead', 'erased')
            where s.id = n.id",
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
