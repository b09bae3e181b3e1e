//! What the keys of arrivals say: a key must not come with another body, and what an earlier version stored under another id is
//! the same.

use std::collections::BTreeMap;

use jiff::Timestamp;
use ripen_domain::{
    arrival::{Arrival, QuarantineReason, variant_id},
    id::ArrivalId,
};
use ripen_store::{StoreError, Transaction, arrival::keyed::NewKey};

use crate::{new_arrival::NewArrival, unit_of_work::RepeatedArrival};

/// Notes the keys of arrivals that go by their external ids. Takes out of the arrivals those whose key came with another body,
/// and returns them, to be quarantined; and those that an earlier version stored under their key, which are the same.
pub async fn note<'a>(
    batch: &mut Transaction,
    arrivals: &mut Vec<&'a Arrival>,
    same: &mut Vec<RepeatedArrival>,
    now: Timestamp,
) -> Result<Vec<NewArrival<'a>>, StoreError> {
    let mut keys: BTreeMap<ArrivalId, NewKey> = BTreeMap::new();
    for arrival in arrivals.iter() {
        // Of two in one batch the first brought the key.
        if let Some(key) = arrival.key {
            keys.entry(key).or_insert(NewKey { key, content: arrival.content, arrival: arrival.id });
        }
    }
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let known: BTreeMap<_, _> = batch
        .arrivals_note_keys(keys.into_values().collect(), now)
        .await?
        .into_iter()
        .map(|known| (known.key, known))
        .collect();
    let mut reused = Vec::new();
    arrivals.retain(|arrival| {
        let Some((key, known)) = arrival.key.and_then(|key| Some((key, known.get(&key)?))) else { return true };
        if known.content != arrival.content {
            let id = variant_id(key, arrival.content);
            reused.push(NewArrival { id, quarantine: Some(QuarantineReason::KeyReused), ..NewArrival::of(arrival) });
            return false;
        }
        match known.arrival {
            // Stored by a version that went by the key: there is no row under the external id.
            Some(stored) if stored == key => {
                same.push(RepeatedArrival { id: arrival.id, repeats: stored });
                true
            }
            _ => true,
        }
    });
    Ok(reused)
}

/// Takes out of the new arrivals those that an earlier version stored under another id.
pub async fn take_out_former(
    batch: &mut Transaction,
    fresh: &mut Vec<NewArrival<'_>>,
    same: &mut Vec<RepeatedArrival>,
) -> Result<(), StoreError> {
    let former: Vec<_> = fresh.iter().filter_map(|new| new.arrival.formerly).collect();
    if !former.is_empty() {
        let seen: BTreeMap<_, _> = batch.arrivals_seen(&former).await?.into_iter().collect();
        let stored = fresh.iter().filter_map(|new| {
            let former = new.arrival.formerly?;
            // Another body under it is another lead: the place in an array and a page's id never said which one is meant.
            (seen.get(&former) == Some(&new.arrival.content)).then_some(RepeatedArrival { id: new.id, repeats: former })
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
