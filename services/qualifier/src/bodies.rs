//! Bodies under one external id: which of them counts. The newest by the sender's time does, else by receipt; one that was there
//! before and comes back after another is what counts again.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use ripen_domain::{
    arrival::{Arrival, return_id, variant_id},
    hash::ContentHash,
    id::ArrivalId,
};
use ripen_store::{StoreError, Transaction};

use crate::new_arrival::NewArrival;

/// One body of an external id.
#[derive(Debug, Clone, Copy)]
struct Body {
    content: ContentHash,
    received_at: Timestamp,
    submitted_at: Option<Timestamp>,
}

impl Body {
    const fn of(arrival: &Arrival) -> Self {
        Self {
            content: arrival.content,
            received_at: arrival.received_at,
            submitted_at: arrival.submission.submitted_at,
        }
    }

    /// Whether this one counts, and not the other.
    fn is_newer(&self, other: &Self) -> bool {
        let by_sender = self.submitted_at.zip(other.submitted_at).filter(|(one, other)| one != other);
        by_sender.map_or(self.received_at > other.received_at, |(one, other)| one > other)
    }
}

/// Of messages under external ids that came before, in this batch or an earlier one, those that correct what is known, each under
/// an id of its own. What says what counts already is done.
pub async fn corrections<'a>(
    batch: &mut Transaction,
    fresh: &[NewArrival<'a>],
    mut again: Vec<&'a Arrival>,
) -> Result<BTreeMap<ArrivalId, NewArrival<'a>>, StoreError> {
    if again.is_empty() {
        return Ok(BTreeMap::new());
    }
    let ids: BTreeSet<_> = again.iter().map(|arrival| arrival.id).collect();
    let mut bodies: BTreeMap<ArrivalId, Vec<Body>> = BTreeMap::new();
    for earlier in batch.arrivals_bodies(&ids.iter().copied().collect::<Vec<_>>()).await? {
        let body =
            Body { content: earlier.content, received_at: earlier.received_at, submitted_at: earlier.submitted_at };
        bodies.entry(earlier.original).or_default().push(body);
    }
    for new in fresh.iter().filter(|new| ids.contains(&new.id)) {
        bodies.entry(new.id).or_default().push(Body::of(new.arrival));
    }
    let contents: BTreeMap<_, _> =
        batch.arrivals_seen(&ids.into_iter().collect::<Vec<_>>()).await?.into_iter().collect();
    again.sort_by_key(|arrival| arrival.received_at);
    let mut corrections = BTreeMap::new();
    for arrival in again {
        let known = bodies.entry(arrival.id).or_default();
        let new = Body::of(arrival);
        let Some(counts) = known.iter().copied().reduce(|one, other| if other.is_newer(&one) { other } else { one })
        else {
            // What came first is kept nowhere: it is dead, and waits with what says the same.
            if contents.get(&arrival.id) != Some(&arrival.content) {
                let id = variant_id(arrival.id, arrival.content);
                corrections.entry(id).or_insert(NewArrival { id, amends: Some(arrival.id), ..NewArrival::of(arrival) });
            }
            continue;
        };
        // The message itself, delivered again; or what counts, sent again.
        let is_there = |body: &Body| body.content == new.content && body.received_at == new.received_at;
        if counts.content == new.content || known.iter().any(is_there) {
            continue;
        }
        let is_stale = !new.is_newer(&counts);
        let was_there = known.iter().any(|body| body.content == new.content);
        if was_there && is_stale {
            // A late repetition of what was corrected since.
            continue;
        }
        let id = match was_there {
            true => return_id(arrival.id, arrival.content, arrival.received_at),
            false => variant_id(arrival.id, arrival.content),
        };
        known.push(new);
        let new = NewArrival { id, amends: Some(arrival.id), is_stale, ..NewArrival::of(arrival) };
        corrections.entry(id).or_insert(new);
    }
    Ok(corrections)
}
