//! The keys of a batch's arrivals: their Idempotency-Keys, and what bodies have in common that may correct each other, an
//! external id or a form. What came earlier under them is in [`super::bodies_per_key`].

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    arrival::Arrival,
    hash::ContentHash,
    id::{ArrivalId, LeadId, SourceId},
};

use crate::{
    StoreError, Transaction,
    arrival::seen::{Ended, hash},
    person::identity::lock_key_of,
};

/// An Idempotency-Key that came with an arrival that goes by something else, such as its external id.
#[derive(Debug, Clone, Copy)]
pub struct NewKey {
    /// What the key makes.
    pub key: ArrivalId,
    /// What came with it.
    pub content: ContentHash,
    /// The arrival.
    pub arrival: ArrivalId,
}

/// What came first with a key.
#[derive(Debug, Clone, Copy)]
pub struct KnownKey {
    /// What the key makes.
    pub key: ArrivalId,
    /// What came with it.
    pub content: ContentHash,
    /// How that ended.
    pub ended: Ended,
    /// The arrival, where one is kept.
    pub arrival: Option<ArrivalId>,
    /// It was noted just now: it did not come before.
    pub is_new: bool,
}

/// What bodies have in common that may correct each other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum CommonKey {
    /// The sender's own id of the lead.
    ExternalId {
        /// Whose id it is.
        source: SourceId,
        /// As it came.
        external_id: String,
    },
    /// What a form's submission id makes.
    Form(ArrivalId),
}

impl CommonKey {
    /// That of an arrival, where it has one.
    #[must_use]
    pub fn of(arrival: &Arrival) -> Option<Self> {
        let external = arrival.submission.external_id.clone();
        let external = external.map(|external_id| Self::ExternalId { source: arrival.source, external_id });
        external.or_else(|| arrival.form.map(Self::Form))
    }

    /// The number under which PostgreSQL locks it: 64 bits of a hash.
    fn lock_key(&self) -> i64 {
        let text = match self {
            Self::ExternalId { source, external_id } => format!("external id {} {external_id}", source.uuid()),
            Self::Form(form) => format!("form {}", form.uuid()),
        };
        lock_key_of(&text)
    }
}

impl Transaction {
    /// Notes keys, and returns those that came before with what came with them first. A key is noted as the same as the arrival
    /// that it came with.
    pub async fn arrivals_note_keys(
        &mut self,
        mut keys: Vec<NewKey>,
        now: Timestamp,
    ) -> Result<Vec<KnownKey>, StoreError> {
        // In one order, as every batch notes them: two that share keys would otherwise wait for each other.
        keys.sort_by_key(|new| new.key);
        let ids: Vec<_> = keys.iter().map(|new| new.key.uuid()).collect();
        let contents: Vec<_> = keys.iter().map(|new| new.content.bytes().to_vec()).collect();
        let arrivals: Vec<_> = keys.iter().map(|new| new.arrival.uuid()).collect();
        let noted = sqlx::query!(
            "-- arrival.note_keys
            insert into arrival_seen (id, content, ended, arrival_id, seen_at)
            select ($1::uuid[])[i], ($2::bytea[])[i], 'same', ($3::uuid[])[i], $4 from generate_subscripts($1::uuid[], 1) i
            on conflict do nothing returning id",
            &ids,
            &contents,
            &arrivals,
            now.to_sqlx()
        )
        .fetch_all(self.connection())
        .await?;
        let noted: BTreeSet<_> = noted.into_iter().map(|row| row.id).collect();
        // A statement of its own: who noted a key at the same time has committed by now, and is seen only from here on.
        let rows = sqlx::query!(
            "-- arrival.known_keys
            select id, content, ended, arrival_id from arrival_seen where id = any($1)",
            &ids
        )
        .fetch_all(self.connection())
        .await?;
        rows.into_iter()
            .map(|row| {
                let arrival = row.arrival_id.map(ArrivalId::from_uuid);
                let (key, ended) = (ArrivalId::from_uuid(row.id), Ended::read(&row.ended)?);
                let is_new = noted.contains(&row.id);
                Ok(KnownKey { key, content: hash(row.content)?, ended, arrival, is_new })
            })
            .collect()
    }

    /// Locks what these bodies have in common until the transaction ends, without waiting; returns what somebody else holds.
    /// Without it two workers that take two bodies of one form at the same time would not see each other's.
    pub async fn arrivals_try_lock(&mut self, wanted: &BTreeSet<CommonKey>) -> Result<BTreeSet<CommonKey>, StoreError> {
        let mut keys: Vec<_> = wanted.iter().map(CommonKey::lock_key).collect();
        keys.sort_unstable();
        keys.dedup();
        let held = self.locks_try(&keys).await?;
        Ok(wanted.iter().filter(|key| held.contains(&key.lock_key())).cloned().collect())
    }

    /// Locks the ids under which arrivals are noted until the transaction ends, without waiting; returns those that somebody else
    /// holds. Whoever notes an id that another has noted and not committed waits for it.
    pub async fn arrivals_try_lock_ids(
        &mut self,
        wanted: &BTreeSet<ArrivalId>,
    ) -> Result<BTreeSet<ArrivalId>, StoreError> {
        let lock_key = |id: &ArrivalId| lock_key_of(&format!("arrival {}", id.uuid()));
        let mut keys: Vec<_> = wanted.iter().map(lock_key).collect();
        keys.sort_unstable();
        keys.dedup();
        let held = self.locks_try(&keys).await?;
        Ok(wanted.iter().filter(|id| held.contains(&lock_key(id))).copied().collect())
    }

    /// When the first arrival of each of these leads was received.
    pub async fn arrivals_first_received(&mut self, leads: &[LeadId]) -> Result<Vec<(LeadId, Timestamp)>, StoreError> {
        let leads: Vec<_> = leads.iter().map(|lead| lead.uuid()).collect();
        let rows = sqlx::query!(
            r#"-- arrival.first_received
            select lead_id as "lead_id!", min(received_at) as "received_at!" from arrival where lead_id = any($1) group by lead_id"#,
            &leads
        )
        .fetch_all(self.connection())
        .await?;
        Ok(rows.into_iter().map(|row| (LeadId::from_uuid(row.lead_id), row.received_at.to_jiff())).collect())
    }
}
