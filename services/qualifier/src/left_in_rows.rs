//! Messages left for later that rest in rows: the row is offered again when its time has come, and the queue holds nothing for
//! it meanwhile.
//!
//! Kept in the queue as well, such a message would be one more with each offer that its row is due for, until nothing else finds
//! room there. What rests in the queue alone, a submission that RabbitMQ keeps, waits there.

use std::{collections::BTreeSet, time::Duration};

use jiff::Timestamp;
use ripen_domain::id::ArrivalId;
use ripen_queue::{Queue, Received, Settlement};
use ripen_store::{StoreError, arrival::spool::SpoolKey, sweep::LeftOffer};

use crate::{context::QualifierContext, message::Item};

/// What comes back sooner stays in the queue: a row would be written for nothing.
const AT_LEAST: Duration = Duration::from_secs(1);

/// Where a message rests that is left.
#[derive(Debug, Clone, Copy)]
enum RestsIn {
    /// In a row that is there, or that nothing is left to be done for.
    Row,
    /// In this row of the spool, where one was written: a queue that was thought to keep what it confirmed had none.
    Spool(SpoolKey),
}

/// The rows of messages that were left.
#[derive(Debug, Default)]
struct LeftRows {
    offers: Vec<LeftOffer>,
    spooled: Vec<(SpoolKey, Timestamp)>,
    released: Vec<(ArrivalId, Timestamp)>,
}

/// Has the rows of what was left for later wait; their messages are done. What has no row, or whose row could not be told, waits
/// in the queue.
pub async fn leave(ctx: &QualifierContext, queue: Queue, settled: &mut [(Received, Settlement)]) {
    let now = ctx.clock.now();
    let is_kept = ctx.transport.keeps(queue);
    let mut rows = LeftRows::default();
    let mut places = Vec::new();
    for (place, (message, settlement)) in settled.iter().enumerate() {
        if let Settlement::Later(pause) = settlement
            && *pause >= AT_LEAST
            && let Some(rests_in) = rows.add((queue, is_kept), message, now.saturating_add(*pause).unwrap_or(now))
        {
            places.push((place, rests_in));
        }
    }
    if places.is_empty() {
        return;
    }
    match rows.write(ctx).await {
        Ok(there) => {
            let is_left = |rests_in: &RestsIn| match rests_in {
                RestsIn::Row => true,
                RestsIn::Spool(key) => there.contains(key),
            };
            let done = places.iter().filter(|(_, rests_in)| is_left(rests_in));
            done.for_each(|(place, _)| settled[*place].1 = Settlement::Done);
        }
        // They wait in the queue as long, where the next offers of their rows find them.
        Err(error) => tracing::debug!(%error, "what was left for later stays in the queue"),
    }
}

impl LeftRows {
    /// Adds the row of a message, where it rests in one.
    fn add(&mut self, (queue, is_kept): (Queue, bool), message: &Received, until: Timestamp) -> Option<RestsIn> {
        let item =
            if queue == Queue::Requalify { Item::requalify(&message.body) } else { Item::arrival(&message.body) };
        match item.ok()? {
            Item::Requalify(offer) => {
                self.offers.push(LeftOffer { lead: offer.lead, generation: offer.generation, until });
                Some(RestsIn::Row)
            }
            Item::Arrival(arrival) if arrival.is_released => {
                self.released.push((arrival.id, until));
                Some(RestsIn::Row)
            }
            Item::Arrival(_) if is_kept => None,
            Item::Arrival(_) => {
                let key = SpoolKey::of(message.id, &message.body);
                self.spooled.push((key, until));
                Some(RestsIn::Spool(key))
            }
        }
    }

    /// Returns which rows of the spool are there.
    async fn write(self, ctx: &QualifierContext) -> Result<BTreeSet<SpoolKey>, StoreError> {
        let Self { offers, spooled, released } = self;
        if !offers.is_empty() {
            ctx.store.offers_later(&offers).await?;
        }
        if let Some(until) = released.iter().map(|(_, until)| *until).max() {
            // All of them with the last: they are few.
            let ids: Vec<_> = released.into_iter().map(|(id, _)| id).collect();
            ctx.store.released_offer_again(&ids, until).await?;
        }
        let there = if spooled.is_empty() { Vec::new() } else { ctx.store.spool_offer_later(&spooled).await? };
        Ok(there.into_iter().collect())
    }
}
