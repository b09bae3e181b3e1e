//! What the keys of arrivals say: a key must not come with another body, and what an earlier version stored under another id is
//! the same.
//!
//! One of the cases of a sender's retries: all of them stand at the head of [`crate::load_batch`].

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use ripen_domain::{
    arrival::{Arrival, QuarantineReason, variant_id},
    id::ArrivalId,
};
use ripen_store::{StoreError, Transaction, arrival::common_key::NewKey};

use crate::{arrival_row::stored_raw, new_arrival::NewArrival, unit_of_work::RepeatedArrival};

/// Messages whose key came with the same body before: the same requests. By their keys and when they were received.
#[derive(Debug, Default)]
pub struct Retries(BTreeSet<(ArrivalId, Timestamp)>);

impl Retries {
    /// Whether this message is one of them.
    pub fn contains(&self, arrival: &Arrival) -> bool {
        arrival.key.is_some_and(|key| self.0.contains(&(key, arrival.received_at)))
    }
}

/// What the keys of a batch say.
#[derive(Debug, Default)]
pub struct NotedKeys<'a> {
    /// Arrivals whose key came with another body, to be quarantined.
    pub reused: Vec<NewArrival<'a>>,
    /// Those whose key came with the same.
    pub retries: Retries,
    /// Keys that nobody noted before.
    pub brought: BTreeSet<ArrivalId>,
}

/// Of these stored arrivals those whose body is, byte for byte, that of the message beside it. What a version before read of it
/// otherwise has another hash, and is the same request all the same.
pub async fn of_one_body(
    batch: &mut Transaction,
    pairs: &[(ArrivalId, &Arrival)],
) -> Result<BTreeSet<ArrivalId>, StoreError> {
    if pairs.is_empty() {
        return Ok(BTreeSet::new());
    }
    let stored: Vec<_> = pairs.iter().map(|(stored, _)| *stored).collect();
    let raw = batch.arrivals_raw(&stored).await?;
    let is_same = |(stored, arrival): &&(ArrivalId, &Arrival)| raw.get(stored) == Some(&stored_raw(arrival));
    Ok(pairs.iter().filter(is_same).map(|(stored, _)| *stored).collect())
}

/// Notes the keys of arrivals that go by something else, such as their external ids. Takes out of the arrivals those whose key came with another body;
/// says of those that an earlier version stored under their key that they are the same.
pub async fn note<'a>(
    batch: &mut Transaction,
    arrivals: &mut Vec<&'a Arrival>,
    same: &mut Vec<RepeatedArrival>,
    now: Timestamp,
) -> Result<NotedKeys<'a>, StoreError> {
    let mut keys: BTreeMap<ArrivalId, NewKey> = BTreeMap::new();
    for arrival in arrivals.iter() {
        // Of two in one batch the first brought the key. What is quarantined brings none before it is let go.
        if let Some(key) = arrival.key.filter(|_| arrival.quarantine.is_none()) {
            keys.entry(key).or_insert(NewKey { key, content: arrival.content, arrival: arrival.id });
        }
    }
    if keys.is_empty() {
        return Ok(NotedKeys::default());
    }
    let known: BTreeMap<_, _> = batch
        .arrivals_note_keys(keys.into_values().collect(), now)
        .await?
        .into_iter()
        .map(|known| (known.key, known))
        .collect();
    let known_of = |arrival: &Arrival| {
        let key = arrival.key.filter(|_| arrival.quarantine.is_none())?;
        known.get(&key)
    };
    let differing = arrivals.iter().filter_map(|arrival| {
        let known = known_of(arrival).filter(|known| known.content != arrival.content)?;
        Some((known.arrival.unwrap_or(known.key), *arrival))
    });
    let of_one_body = of_one_body(batch, &differing.collect::<Vec<_>>()).await?;
    let mut noted = NotedKeys::default();
    arrivals.retain(|arrival| {
        let Some(known) = known_of(arrival) else { return true };
        let key = known.key;
        let is_same = known.content == arrival.content || of_one_body.contains(&known.arrival.unwrap_or(key));
        if !is_same {
            let id = variant_id(key, arrival.content);
            noted.reused.push(NewArrival {
                id,
                quarantine: Some(QuarantineReason::KeyReused),
                ..NewArrival::of(arrival)
            });
            return false;
        }
        // Taken in by a version that went by the key: on a lead under it, or dead, and waits with that. What that version
        // quarantined stands in nobody's way.
        let is_by_key = known.arrival.is_none_or(|stored| stored == key);
        if is_by_key && known.ended.covers_the_same() {
            same.push(RepeatedArrival { id: arrival.id, repeats: key });
        }
        // The first of the batch with a key that nobody noted before brought it.
        if !(known.is_new && noted.brought.insert(key)) {
            noted.retries.0.insert((key, arrival.received_at));
        }
        true
    });
    Ok(noted)
}

/// Notes the keys of arrivals that were let go and did not go by them while they waited. Returns those that are the same as what
/// came under their key meanwhile, or before: a retry of what a pause kept.
pub async fn note_released(
    batch: &mut Transaction,
    released: &[&Arrival],
    now: Timestamp,
) -> Result<Vec<RepeatedArrival>, StoreError> {
    let mut keys: BTreeMap<ArrivalId, NewKey> = BTreeMap::new();
    for arrival in released {
        if let Some(key) = arrival.key {
            keys.entry(key).or_insert(NewKey { key, content: arrival.content, arrival: arrival.id });
        }
    }
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let known = batch.arrivals_note_keys(keys.into_values().collect(), now).await?;
    let same = released.iter().filter_map(|arrival| {
        let known = known.iter().find(|known| Some(known.key) == arrival.key)?;
        // Another body under the key was told so when it came, and is a lead of its own.
        let is_same = known.content == arrival.content && known.ended.covers_the_same();
        let repeats = known.arrival.unwrap_or(known.key);
        (is_same && repeats != arrival.id).then_some(RepeatedArrival { id: arrival.id, repeats })
    });
    Ok(same.collect())
}

/// Takes out of the new arrivals those that an earlier version stored under another id.
pub async fn take_out_former(
    batch: &mut Transaction,
    fresh: &mut Vec<NewArrival<'_>>,
    same: &mut Vec<RepeatedArrival>,
) -> Result<(), StoreError> {
    let former: Vec<_> = fresh.iter().filter_map(|new| new.arrival.formerly).collect();
    if !former.is_empty() {
        let seen = batch.arrivals_seen(&former).await?;
        let seen: BTreeMap<_, _> = seen.into_iter().map(|seen| (seen.id, seen)).collect();
        let differing = fresh.iter().filter_map(|new| {
            let seen = seen.get(&new.arrival.formerly?).filter(|seen| seen.content != new.arrival.content)?;
            Some((seen.arrival.unwrap_or(seen.id), new.arrival))
        });
        let of_one_body = of_one_body(batch, &differing.collect::<Vec<_>>()).await?;
        let stored = fresh.iter().filter_map(|new| {
            let former = new.arrival.formerly?;
            let seen = seen.get(&former)?;
            // Another body under it is another lead: the place in an array and a page's id never said which one is meant. And
            // what was quarantined under it, such as a filled honeypot, stands in nobody's way.
            let says_it = seen.content == new.arrival.content || of_one_body.contains(&seen.arrival.unwrap_or(former));
            let is_same = says_it && seen.ended.covers_the_same();
            // Where that is kept, if it was itself the same as another.
            is_same.then(|| RepeatedArrival { id: new.id, repeats: seen.arrival.unwrap_or(former) })
        });
        let stored: Vec<_> = stored.collect();
        same.extend(stored);
    }
    // Only of those that nobody stored under their new id meanwhile.
    let there: Vec<_> = fresh.iter().map(|new| new.id).collect();
    same.retain(|one| there.contains(&one.id));
    fresh.retain(|new| !same.iter().any(|one| one.id == new.id));
    Ok(())
}
