//! This process' share of every endpoint's slots, so that an endpoint's concurrency holds over all processes.
//!
//! Each process renews a row every few seconds and sees the others. Whoever sees that they are others than before takes only what
//! it has both before and after, says so as soon as it has no more than that under way, and takes its whole new share once
//! everybody has said the same. At no time do the shares that are taken add up to more than there are slots. A process that dies
//! is forgotten when its row is over, which is when no webhook that it began can still be under way.
//!
//! A process that works alone has all slots and none of this.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use ripen_runtime::{
    every::{NextTick, every},
    lifecycle::Stop,
};
use ripen_store::{
    StoreError,
    slot::{SlotMembers, SlotPlace, SlotRenewal},
};
use tokio::sync::{OwnedRwLockReadGuard, RwLock};
use uuid::Uuid;

use crate::{context::DispatcherContext, in_flight::InFlight};

/// How often a row is renewed while everybody agrees.
const RENEWED_EVERY: Duration = Duration::from_secs(5);
/// And while they do not, or the database is away.
const UNSETTLED: Duration = Duration::from_millis(500);
/// How long a renewal is good for beginning attempts: one may be late.
const GOOD_FOR: Duration = Duration::from_secs(10);
/// Beside the attempt itself: what clocks may be off by, and an attempt may begin after its lease.
const MARGIN: Duration = Duration::from_secs(5);

/// The share of this process. Clones are the same share.
#[derive(Debug, Clone)]
pub struct SlotShare(Arc<ShareState>);

#[derive(Debug)]
struct ShareState {
    /// None where this process works alone.
    process: Option<Uuid>,
    /// Read while deliveries are leased, so that a new bound is in force when it is said to be.
    sharing: Arc<RwLock<Sharing>>,
    /// Until when attempts may begin.
    good_until: Mutex<Option<Instant>>,
}

/// What a lease may take, for as long as this lives.
#[derive(Debug)]
pub struct SlotGuard {
    /// The least share of these.
    pub places: Vec<SlotPlace>,
    _sharing: OwnedRwLockReadGuard<Sharing>,
}

impl SlotShare {
    /// All slots.
    pub fn alone() -> Self {
        Self::new(None)
    }

    /// A share beside others; none until they agree.
    pub fn shared(process: Uuid) -> Self {
        Self::new(Some(process))
    }

    fn new(process: Option<Uuid>) -> Self {
        let sharing = Arc::new(RwLock::new(Sharing::new(process.unwrap_or_default())));
        Self(Arc::new(ShareState { process, sharing, good_until: Mutex::default() }))
    }

    /// What may be leased now; none while nobody knows, because the row could not be renewed.
    pub async fn guard(&self) -> Option<SlotGuard> {
        let sharing = Arc::clone(&self.0.sharing).read_owned().await;
        let places = self.good_places(&sharing)?;
        Some(SlotGuard { places, _sharing: sharing })
    }

    /// The places of this process where it shares with others and knows how.
    pub async fn among_others(&self) -> Option<Vec<SlotPlace>> {
        self.0.process?;
        let sharing = self.0.sharing.read().await;
        // Without a share it finds nothing to send itself, and still what anybody can.
        Some(self.good_places(&sharing).unwrap_or_else(|| sharing.places()))
    }

    fn good_places(&self, sharing: &Sharing) -> Option<Vec<SlotPlace>> {
        if self.0.process.is_none() {
            return Some(vec![SlotPlace::ALONE]);
        }
        let good_until = *self.0.good_until.lock().unwrap_or_else(PoisonError::into_inner);
        good_until.filter(|until| Instant::now() < *until)?;
        Some(sharing.places())
    }

    /// Renews the row and takes in who else is there.
    async fn renew(&self, ctx: &DispatcherContext, flights: &InFlight) -> Result<NextTick, StoreError> {
        let Some(process) = self.0.process else { return Ok(NextTick::InAPeriod) };
        // Begun before the row is renewed: it cannot be over before this says so.
        let begun = Instant::now();
        let (agrees, place) = {
            let sharing = self.0.sharing.read().await;
            (sharing.latest().to_vec(), place_among(process, sharing.latest()))
        };
        let seen = ctx
            .store
            .slots_renew(&SlotRenewal {
                process,
                begins_for: GOOD_FOR,
                attempt_takes: Duration::from_secs(ctx.settings.dispatcher.timeout_s) + MARGIN,
                agrees: &agrees,
                place,
                // Counted under the bound that is agreed to: from here on they only become fewer.
                busy: &flights.counts(),
            })
            .await?;
        if seen.is_new {
            // Forgotten by the others: nothing may begin on the strength of before.
            *self.0.good_until.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        let sight = self.0.sharing.read().await.sight(&seen);
        if sight != Sight::Unchanged {
            // Waits for the lease under way, which was within the bound of before.
            self.0.sharing.write().await.take_in(&seen);
        }
        *self.0.good_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(begun + GOOD_FOR);
        Ok(match (sight, self.0.sharing.read().await.is_settled()) {
            (Sight::Others, _) => NextTick::After(Duration::ZERO),
            (_, true) => NextTick::After(RENEWED_EVERY),
            (_, false) => NextTick::InAPeriod,
        })
    }

    /// Gives the share back.
    pub async fn leave(&self, ctx: &DispatcherContext) {
        let Some(process) = self.0.process else { return };
        if let Err(error) = ctx.store.slots_leave(process).await {
            tracing::info!(%error, "this process' share of the endpoints' slots comes back by itself");
        }
    }
}

/// Renews the share until asked to stop.
pub async fn run(ctx: DispatcherContext, (slots, flights): (SlotShare, InFlight), stop: Stop) {
    if slots.0.process.is_some() {
        every("renewing the share of the endpoints' slots", UNSETTLED, stop.soft(), || slots.renew(&ctx, &flights))
            .await;
    }
}

/// How what is seen differs from what was known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    /// In nothing.
    Unchanged,
    /// Others are there than before.
    Others,
    /// Everybody agrees.
    Agreed,
}

/// Between whom this process shares, and still shared before.
#[derive(Debug)]
struct Sharing {
    process: Uuid,
    /// In the order they were seen, each by its sorted ids. The least share of them is taken; when everybody agrees to the last,
    /// that alone counts.
    among: Vec<Vec<Uuid>>,
}

impl Sharing {
    fn new(process: Uuid) -> Self {
        // Among nobody: no share.
        Self { process, among: vec![Vec::new()] }
    }

    fn latest(&self) -> &[Uuid] {
        self.among.last().map_or(&[], Vec::as_slice)
    }

    fn places(&self) -> Vec<SlotPlace> {
        self.among.iter().map(|members| place_among(self.process, members)).collect()
    }

    const fn is_settled(&self) -> bool {
        self.among.len() == 1
    }

    fn sight(&self, seen: &SlotMembers) -> Sight {
        let members = ids(seen);
        if seen.is_new || members != self.latest() {
            return Sight::Others;
        }
        let all_agree = seen.members.iter().all(|one| one.agreed == members);
        if all_agree && !self.is_settled() { Sight::Agreed } else { Sight::Unchanged }
    }

    fn take_in(&mut self, seen: &SlotMembers) {
        let members = ids(seen);
        match self.sight(seen) {
            Sight::Unchanged => {}
            Sight::Agreed => self.among = vec![members],
            Sight::Others => {
                if seen.is_new || self.among.len() > LONGEST_DISAGREEMENT {
                    // Less is always right, and the list stays short.
                    self.among = vec![Vec::new()];
                }
                // Once is enough: the order tells only which is the last.
                self.among.retain(|known| *known != members);
                self.among.push(members);
            }
        }
    }
}

/// So many groups are remembered while nobody agrees.
const LONGEST_DISAGREEMENT: usize = 16;

fn ids(seen: &SlotMembers) -> Vec<Uuid> {
    let ids: BTreeSet<_> = seen.members.iter().map(|one| one.process).collect();
    ids.into_iter().collect()
}

fn place_among(process: Uuid, members: &[Uuid]) -> SlotPlace {
    let place = members.iter().position(|member| *member == process).and_then(|place| i32::try_from(place).ok());
    place.map_or(SlotPlace::NOWHERE, |place| SlotPlace {
        members: i32::try_from(members.len()).unwrap_or(i32::MAX),
        place,
    })
}

#[cfg(test)]
mod tests;
