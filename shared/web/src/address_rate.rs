//! How often one address may come: a token bucket for each, in a table of bounded size.
//!
//! Beside [`crate::rate`], whose keys are senders that were set up. Anybody has addresses, and of IPv6 more than fit into any
//! memory: where the table is full, newcomers share the bucket of the network around them, so that a scan through one network
//! fills up that bucket and locks out nobody else.

use std::{
    collections::HashMap,
    net::IpAddr,
    num::NonZeroU32,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::{Problem, address::AddressPrefix, catalogue};

/// How often idle buckets are looked for while the table is full: each look goes through all of it.
const LOOKED_THROUGH_EVERY: Duration = Duration::from_secs(1);

/// What one address may do.
#[derive(Debug, Clone, Copy)]
pub struct AddressQuota {
    /// On average.
    pub per_minute: NonZeroU32,
    /// At once, after a pause.
    pub burst: NonZeroU32,
    /// How many addresses have a bucket of their own, and how many networks one for those beyond.
    pub most: usize,
    /// What whoever is over it is told.
    pub refusal: &'static str,
}

/// A rate for each address. A bucket is the instant at which it is full again (GCRA); one that is full is the same as none.
pub struct AddressRate {
    quota: AddressQuota,
    /// The time in which one more fits into a bucket.
    interval: Duration,
    buckets: Mutex<Buckets>,
}

struct Buckets {
    own: HashMap<AddressPrefix, Instant>,
    shared: HashMap<AddressPrefix, Instant>,
    look_through_at: Instant,
}

impl AddressRate {
    /// With all buckets full.
    #[must_use]
    pub fn new(quota: AddressQuota) -> Self {
        let interval = Duration::from_secs(60) / quota.per_minute.get();
        let buckets = Buckets { own: HashMap::new(), shared: HashMap::new(), look_through_at: Instant::now() };
        Self { quota, interval, buckets: Mutex::new(buckets) }
    }

    /// Takes one from the address's bucket.
    ///
    /// # Errors
    /// 429 with the wait until the next one.
    pub fn take(&self, address: IpAddr) -> Result<(), Problem> {
        self.take_many(address, NonZeroU32::MIN)
    }

    /// Takes so many at once. Where there is room for one there is for all of them, as no bucket might ever hold so many; what
    /// follows waits for as long as they would have taken.
    ///
    /// # Errors
    /// 429 with the wait until the next one.
    pub fn take_many(&self, address: IpAddr, count: NonZeroU32) -> Result<(), Problem> {
        self.take_or_wait(address, count).map_err(|missing| self.refused(missing))
    }

    /// Takes so many as soon as there is room for one, for who is made to wait where others are refused.
    pub async fn pace_many(&self, address: IpAddr, count: NonZeroU32) {
        while let Err(missing) = self.take_or_wait(address, count) {
            tokio::time::sleep(missing).await;
        }
    }

    /// Takes so many, or says how long it is until there is room for one.
    fn take_or_wait(&self, address: IpAddr, count: NonZeroU32) -> Result<(), Duration> {
        let now = Instant::now();
        let mut buckets = self.buckets();
        let full_at = buckets.bucket(AddressPrefix::of(address), self.quota.most, now);
        self.room(*full_at, now)?;
        *full_at = (*full_at).max(now) + self.interval.saturating_mul(count.get());
        Ok(())
    }

    /// Looks whether there is one left, and takes none.
    ///
    /// # Errors
    /// 429 with the wait until the next one.
    pub fn look(&self, address: IpAddr) -> Result<(), Problem> {
        let now = Instant::now();
        let full_at = self.buckets().find(AddressPrefix::of(address), self.quota.most);
        full_at.map_or(Ok(()), |full_at| self.room(full_at, now)).map_err(|missing| self.refused(missing))
    }

    /// Forgets the buckets that are full again. To be called now and then.
    pub fn forget_idle(&self) {
        let mut buckets = self.buckets();
        buckets.forget_idle(Instant::now());
        // What is removed still has its room, which one scan would have made for good.
        buckets.own.shrink_to_fit();
        buckets.shared.shrink_to_fit();
    }

    fn room(&self, full_at: Instant, now: Instant) -> Result<(), Duration> {
        let most = self.interval.saturating_mul(self.quota.burst.get() - 1);
        let missing = full_at.saturating_duration_since(now).saturating_sub(most);
        if missing.is_zero() { Ok(()) } else { Err(missing) }
    }

    fn refused(&self, missing: Duration) -> Problem {
        // Rounded up: whoever comes back a moment too early would be refused again.
        Problem::new(&catalogue::TOO_MANY_REQUESTS, self.quota.refusal).retry_after(missing.as_secs() + 1)
    }

    fn buckets(&self) -> MutexGuard<'_, Buckets> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Buckets {
    /// The bucket of an address: its own, or where there is no room for one, that of its network; beyond those, everybody's.
    fn bucket(&mut self, own: AddressPrefix, most: usize, now: Instant) -> &mut Instant {
        if self.own.len() >= most && !self.own.contains_key(&own) && now >= self.look_through_at {
            self.look_through_at = now + LOOKED_THROUGH_EVERY;
            self.forget_idle(now);
        }
        if self.own.len() < most || self.own.contains_key(&own) {
            return self.own.entry(own).or_insert(now);
        }
        let network = own.wider();
        let has_room = self.shared.len() < most || self.shared.contains_key(&network);
        self.shared.entry(if has_room { network } else { AddressPrefix::ALL }).or_insert(now)
    }

    fn find(&self, own: AddressPrefix, most: usize) -> Option<Instant> {
        if self.own.len() < most || self.own.contains_key(&own) {
            return self.own.get(&own).copied();
        }
        self.shared.get(&own.wider()).or_else(|| self.shared.get(&AddressPrefix::ALL)).copied()
    }

    fn forget_idle(&mut self, now: Instant) {
        self.own.retain(|_, full_at| *full_at > now);
        self.shared.retain(|_, full_at| *full_at > now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(burst: u32, most: usize) -> AddressRate {
        let number = |number| NonZeroU32::new(number).unwrap();
        AddressRate::new(AddressQuota { per_minute: number(60), burst: number(burst), most, refusal: "Too many." })
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn one_address_at_its_limit_does_not_stop_another() {
        let (rate, bot) = (rate(3, 100), ip("2001:db8::1"));
        for host in 1..=3_u16 {
            // Each from another address of the same customer.
            rate.take(IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, host])).unwrap();
        }
        let refused = rate.take(bot).unwrap_err();
        assert_eq!((refused.kind(), refused.detail()), (&catalogue::TOO_MANY_REQUESTS, "Too many."));
        assert!(rate.look(bot).is_err() && rate.look(ip("2001:db8:0:1::1")).is_ok());
        rate.take(ip("2001:db8:0:1::1")).unwrap();
        tokio::time::advance(Duration::from_secs(1)).await;
        rate.look(bot).unwrap();
        rate.look(bot).unwrap();
        rate.take(bot).unwrap();
        assert!(rate.take(bot).is_err(), "one fits in a second, and a look takes none");
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!((0..10).filter(|_| rate.take(bot).is_ok()).count(), 3, "no more than the burst after any pause");
    }

    #[tokio::test(start_paused = true)]
    async fn many_at_once_are_taken_and_waited_for() {
        let (rate, sender) = (rate(3, 100), ip("192.0.2.1"));
        rate.take_many(sender, NonZeroU32::new(10).unwrap()).unwrap();
        tokio::time::advance(Duration::from_secs(7)).await;
        assert!(rate.take(sender).is_err());
        tokio::time::advance(Duration::from_secs(1)).await;
        rate.take(sender).unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_paced_waits_and_is_not_refused() {
        let (rate, sender) = (rate(3, 100), ip("192.0.2.1"));
        let began = Instant::now();
        for _ in 0..3 {
            rate.pace_many(sender, NonZeroU32::new(10).unwrap()).await;
        }
        let took = began.elapsed();
        assert!((Duration::from_secs(17)..Duration::from_secs(19)).contains(&took), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_scan_through_a_network_fills_neither_the_memory_nor_the_way_of_others() {
        let rate = rate(2, 50);
        let scanned = |number: u16| IpAddr::from([0x2001, 0xdb8, number, 0, 0, 0, 0, 1]);
        let taken = (0..5_000).filter(|number| rate.take(scanned(*number)).is_ok()).count();
        assert_eq!(taken, 52, "beyond the table a network has one bucket");
        for (one, other) in (0..=255_u8).zip(0..=255_u8) {
            // Many networks besides.
            let _ = rate.take(IpAddr::from([1, one, 7, other]));
        }
        let sizes = |rate: &AddressRate| {
            let buckets = rate.buckets();
            (buckets.own.len(), buckets.shared.len())
        };
        assert_eq!(sizes(&rate), (50, 51));
        assert!(rate.look(scanned(4_999)).is_err());
        tokio::time::advance(Duration::from_secs(2)).await;
        rate.take(ip("192.0.2.1")).unwrap();
        assert_eq!(sizes(&rate), (1, 0), "what is idle makes room");
        tokio::time::advance(Duration::from_secs(2)).await;
        rate.forget_idle();
        assert_eq!(sizes(&rate), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_table_locks_out_nobody_of_another_network() {
        let rate = rate(2, 50);
        for number in 0..5_000 {
            let _ = rate.take(IpAddr::from([0x2001, 0xdb8, number, 0, 0, 0, 0, 1]));
        }
        rate.look(ip("192.0.2.1")).unwrap();
        rate.take(ip("192.0.2.1")).unwrap();
    }
}
