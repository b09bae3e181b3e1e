//! The bytes that every attempt of a delivery sends, kept with the first of them. Of several updates of one lead that go out together
//! each tells what the one before it did not; one that has nothing left to tell goes to nobody, once the one that tells it was taken in.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    delivery::{ClientEvent, EventDetail, EventType, UpdateKind, outdates, tells_the_same},
    id::{EndpointId, LeadId},
};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{Store, StoreError, delivery::leased_delivery::LeasedDelivery};

/// So long an update waits for another one that tells the same.
const LOOKED_AT_AGAIN: SignedDuration = SignedDuration::from_mins(1);

/// Whom a body of a lead goes to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct ToldReader {
    endpoint: EndpointId,
    lead: LeadId,
}

/// Bodies that were written and are to be kept.
pub(crate) struct FreshBodies {
    /// Each with its delivery.
    pub(crate) bodies: Vec<(Vec<u8>, LeasedDelivery)>,
    /// Updates all of which was told already, as far as it is asked for.
    pub(crate) told_already: Vec<Uuid>,
    /// Updates all of which is on its way already: should that end nowhere, they are the only ones to tell it.
    pub(crate) under_way: Vec<Uuid>,
}

/// Writes the bodies of what was never sent, those that came to be owed first before the others: all of them were loaded before any of
/// them was written, and two updates would tell the same change.
pub(crate) fn in_order(mut fresh: Vec<LeasedDelivery>, write: impl Fn(&LeasedDelivery) -> Vec<u8>) -> FreshBodies {
    fresh.sort_by_key(|due| due.facts.delivery);
    let mut told: BTreeMap<ToldReader, Vec<u8>> = BTreeMap::new();
    let mut written =
        FreshBodies { bodies: Vec::with_capacity(fresh.len()), told_already: Vec::new(), under_way: Vec::new() };
    for mut due in fresh {
        let (reader, event) = (ToldReader { endpoint: due.endpoint, lead: due.facts.lead }, due.facts.event());
        if event == EventType::LeadUpdated
            && let Some(before) = told.get(&reader)
        {
            (due.told_before, due.was_told) = (Some(before.clone()), false);
        }
        let body = write(&due);
        if is_told_already(&due, &body) {
            let ended = if due.was_told || due.told_before.is_none() {
                &mut written.told_already
            } else {
                &mut written.under_way
            };
            ended.push(due.facts.delivery.uuid());
            continue;
        }
        if matches!(event, EventType::LeadMatured | EventType::LeadUpdated) {
            told.insert(reader, body.clone());
        }
        written.bodies.push((body, due));
    }
    written
}

/// Whether an update because of what arrived tells nothing that its reader was not told: a correction that corrects nothing, or one that
/// the update before it told with its own. What somebody did is told all the same. A reader who asks for no updates is sent what the
/// bytes before say wrong, and no more: a program that takes each body for a lead would have it twice.
fn is_told_already(due: &LeasedDelivery, body: &[u8]) -> bool {
    let EventDetail::Updated(update) = &due.facts.detail else { return false };
    if due.told_before.is_none() {
        // The lead never came there, and a correction that was not asked for would be taken for a lead. That it is no A any more is
        // told: where an answer is missing it may have come.
        return !due.asks && matches!(update.kind.get(), Some(UpdateKind::Arrival | UpdateKind::Corrected));
    }
    let read = |body: &[u8]| ClientEvent::read(body);
    let (before, now) = (due.told_before.as_deref().and_then(read), read(body));
    let both = before.as_ref().and_then(ClientEvent::lead).zip(now.as_ref().and_then(ClientEvent::lead));
    let Some((before, now)) = both else { return false };
    match update.kind.get() {
        Some(UpdateKind::Arrival | UpdateKind::Corrected) if tells_the_same(before, now) => true,
        Some(UpdateKind::Arrival | UpdateKind::Corrected | UpdateKind::Grade) => !due.asks && !outdates(before, now),
        _ => false,
    }
}

impl Store {
    /// Keeps bodies; returns the deliveries that had none. An update is kept only where its endpoint was told nothing since it was
    /// loaded: it says what is otherwise than was told last.
    pub(crate) async fn freeze(
        &self,
        fresh: &[(Vec<u8>, LeasedDelivery)],
        now: Timestamp,
    ) -> Result<BTreeSet<Uuid>, StoreError> {
        if fresh.is_empty() {
            return Ok(BTreeSet::new());
        }
        if !fresh.iter().any(|(_, due)| due.facts.event() == EventType::LeadUpdated) {
            return keep(&self.pool, fresh, now).await;
        }
        let ids: Vec<_> = fresh.iter().map(|(_, due)| due.facts.delivery.uuid()).collect();
        let mut batch = self.begin().await?;
        // One reader's updates are kept one after the other, over all processes; in the order of the keys, so that nobody waits in a
        // circle.
        sqlx::query!(
            r#"-- delivery.freeze_lock
            select pg_advisory_xact_lock(key)::text as "locked!" from (
              select distinct hashtextextended('told ' || d.lead_id::text || d.endpoint_id::text, 0) as key from delivery d
              where d.id = any($1) and d.event = 'lead.updated' order by key) keys"#,
            &ids
        )
        .fetch_all(batch.connection())
        .await?;
        let kept = keep(batch.connection(), fresh, now).await?;
        batch.commit().await?;
        Ok(kept)
    }

    /// Takes out of frozen bodies, for good, who must not be contacted since. Where the lead's person is whom that is about, nothing is
    /// sent at all: here it is somebody whom the lead is not of any more, or a number in a note. Nothing else changes: whoever took an attempt
    /// before drops the next one as a double, and what is otherwise now follows as an update.
    pub(crate) async fn withhold_in_frozen(&self, frozen: &mut [LeasedDelivery]) -> Result<(), StoreError> {
        let bodies: Vec<_> =
            frozen.iter().map(|due| (due.facts.lead, due.body.as_deref().unwrap_or_default())).collect();
        let cut = self.bodies_outdated(&bodies).await?;
        if cut.is_empty() {
            return Ok(());
        }
        let (mut ids, mut left) = (Vec::new(), Vec::new());
        for (place, body) in cut {
            let Some(due) = frozen.get_mut(place) else { continue };
            ids.push(due.facts.delivery.uuid());
            left.push(body.clone());
            due.body = Some(body);
        }
        sqlx::query!(
            "-- delivery.withhold
            update delivery_body b set body = n.body
            from (select ($1::uuid[])[i] as id, ($2::bytea[])[i] as body from generate_subscripts($1::uuid[], 1) i) n
            where b.delivery_id = n.id",
            &ids,
            &left
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Takes the same out of bodies that are about to be kept: an update says what was told before, and that may be a number that must
    /// not be contacted by now.
    pub(crate) async fn withhold_in_fresh(&self, fresh: &mut FreshBodies) -> Result<(), StoreError> {
        let is_update = |(_, due): &&mut (Vec<u8>, LeasedDelivery)| due.facts.event() == EventType::LeadUpdated;
        let mut updates: Vec<_> = fresh.bodies.iter_mut().filter(is_update).collect();
        let bodies: Vec<_> = updates.iter().map(|(body, due)| (due.facts.lead, body.as_slice())).collect();
        for (place, left) in self.bodies_outdated(&bodies).await? {
            if let Some((body, _)) = updates.get_mut(place) {
                *body = left;
            }
        }
        Ok(())
    }

    /// Ends leased updates that have nothing left to tell. Nothing was sent, so that no attempt counts.
    pub(crate) async fn withdraw_told_already(
        &self,
        told: &[Uuid],
        lease: Uuid,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "-- delivery.told_already
            update delivery set state = 'withdrawn', reason = 'its endpoint has all of it that it asks for', reason_code = null, lease = null, leased_until = null,
                   attempts = attempts - 1, excused = least(excused, attempts - 1), ended_at = $3
            where id = any($1) and state = 'leased' and lease = $2",
            told,
            lease,
            now.to_sqlx()
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

impl Store {
    /// Puts off leased updates all of which is on its way with another one, until it is known whether that was taken in; its end wakes them. Nothing was
    /// sent, so that no attempt counts.
    pub(crate) async fn put_off_under_way(
        &self,
        later: &[Uuid],
        lease: Uuid,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let again = now.saturating_add(LOOKED_AT_AGAIN).unwrap_or(now);
        sqlx::query!(
            "-- delivery.told_under_way
            update delivery set state = 'held', reason = 'waits for what tells the same', reason_code = null, due_at = $4, offered_until = $3, lease = null, leased_until = null,
                   attempts = attempts - 1, excused = least(excused, attempts - 1)
            where id = any($1) and state = 'leased' and lease = $2",
            later,
            lease,
            now.to_sqlx(),
            again.to_sqlx()
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

async fn keep(
    executor: impl PgExecutor<'_>,
    fresh: &[(Vec<u8>, LeasedDelivery)],
    now: Timestamp,
) -> Result<BTreeSet<Uuid>, StoreError> {
    let ids: Vec<_> = fresh.iter().map(|(_, due)| due.facts.delivery.uuid()).collect();
    let bodies: Vec<_> = fresh.iter().map(|(body, _)| body.clone()).collect();
    let told_by: Vec<_> = fresh.iter().map(|(_, due)| due.told_by).collect();
    // `on conflict do nothing`: the first to freeze decides the bytes, and only that one may send in this round.
    let rows = sqlx::query!(
        "-- delivery.freeze
        insert into delivery_body (delivery_id, client_id, at, body)
        select d.id, d.client_id, $3, ($2::bytea[])[i]
        from generate_subscripts($1::uuid[], 1) i join delivery d on d.id = ($1::uuid[])[i]
        where d.event <> 'lead.updated' or ($4::uuid[])[i] is not distinct from (
          select h.id from delivery h join delivery_body b on b.delivery_id = h.id
          where h.maturation_id = d.maturation_id and h.endpoint_id = d.endpoint_id and h.id <> d.id
            and (h.state not in ('dead', 'withdrawn') or h.first_delivered_at is not null)
            and h.event in ('lead.matured', 'lead.updated') order by b.at desc, h.id desc limit 1)
        on conflict do nothing returning delivery_id",
        &ids,
        &bodies,
        now.to_sqlx(),
        &told_by[..] as &[Option<Uuid>]
    )
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(|row| row.delivery_id).collect())
}

#[cfg(test)]
mod tests;
