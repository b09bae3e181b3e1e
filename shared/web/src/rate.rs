//! How often one sender may come: a token bucket for each, kept only while it is not full.

use std::{
    collections::HashMap,
    hash::Hash,
    num::NonZeroU32,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::{Problem, catalogue};

/// A rate for each key. Keys are authenticated senders, so there are no more of them than were set up. A bucket is the instant at
/// which it is full again (GCRA); one that is full is the same as none.
pub struct RateLimit<K: Hash + Eq + Clone> {
    /// The time in which one more fits into a bucket.
    interval: Duration,
    /// How long after it was empty a bucket is full.
    filled_in: Duration,
    full_at: Mutex<HashMap<K, Instant>>,
}

impl<K: Hash + Eq + Clone> RateLimit<K> {
    /// So many a second, and so many at once after a pause.
    #[must_use]
    pub fn new(per_second: NonZeroU32, burst: NonZeroU32) -> Self {
        let interval = Duration::from_secs(1) / per_second.get();
        Self { interval, filled_in: interval.saturating_mul(burst.get()), full_at: Mutex::default() }
    }

    /// Takes one from the key's bucket.
    ///
    /// # Errors
    /// 429 with the wait until the next one.
    pub fn check(&self, key: &K) -> Result<(), Problem> {
        self.check_many(key, NonZeroU32::MIN)
    }

    /// Takes so many from the key's bucket, all or none. Where there is room for one there is for all of them, as the bucket might
    /// never hold so many; what follows waits for as long as they would have taken, one by one.
    ///
    /// # Errors
    /// 429 with the wait until there is room again.
    pub fn check_many(&self, key: &K, count: NonZeroU32) -> Result<(), Problem> {
        self.take(key, count).map_err(|missing| {
            Problem::new(&catalogue::TOO_MANY_REQUESTS, "Requests come faster than the rate limit.")
                // Rounded up: a sender that comes back a moment too early would be refused again.
                .retry_after(missing.as_secs() + 1)
        })
    }

    /// Takes one from the key's bucket as soon as there is one: for senders that wait for each answer before they ask on.
    pub async fn pace(&self, key: &K) {
        self.pace_many(key, NonZeroU32::MIN).await;
    }

    /// Takes so many from the key's bucket as soon as there is room for one, as [`Self::check_many`] does.
    pub async fn pace_many(&self, key: &K, count: NonZeroU32) {
        while let Err(missing) = self.take(key, count) {
            tokio::time::sleep(missing).await;
        }
    }

    /// Takes so many, or says how long it is until there is room for one.
    fn take(&self, key: &K, count: NonZeroU32) -> Result<(), Duration> {
        let now = Instant::now();
        let mut buckets = self.buckets();
        let full_at = buckets.get(key).copied().filter(|at| *at > now).unwrap_or(now);
        let missing = (full_at + self.interval).saturating_duration_since(now).saturating_sub(self.filled_in);
        if !missing.is_zero() {
            return Err(missing);
        }
        buckets.insert(key.clone(), full_at + self.interval.saturating_mul(count.get()));
        Ok(())
    }

    /// Forgets the keys whose bucket is full again. To be called now and then.
    pub fn forget_idle(&self) {
        let now = Instant::now();
        let mut buckets = self.buckets();
        buckets.retain(|_, full_at| *full_at > now);
        // Both: what is removed from the map still has its room.
        buckets.shrink_to_fit();
    }

    fn buckets(&self) -> MutexGuard<'_, HashMap<K, Instant>> {
        self.full_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(number: u32) -> NonZeroU32 {
        NonZeroU32::new(number).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn one_sender_at_its_limit_does_not_stop_another() {
        let rate = RateLimit::new(number(1), number(2));
        assert!(rate.check(&1).is_ok() && rate.check(&1).is_ok());
        assert_eq!(rate.check(&1).unwrap_err().kind(), &catalogue::TOO_MANY_REQUESTS);
        assert!(rate.check(&2).is_ok());
        rate.forget_idle();
        assert!(rate.check(&1).is_err(), "a bucket that is not full is kept");
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!((0..10).filter(|_| rate.check(&1).is_ok()).count(), 2, "no more than the burst after any pause");
        tokio::time::advance(Duration::from_secs(60)).await;
        rate.forget_idle();
        assert!(rate.buckets().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_paced_waits_and_is_not_refused() {
        let rate = RateLimit::new(number(10), number(5));
        let began = Instant::now();
        for _ in 0..25 {
            rate.pace(&1).await;
        }
        let took = began.elapsed();
        assert!(
            (Duration::from_secs(2)..Duration::from_secs(3)).contains(&took),
            "five at once, twenty by and by: {took:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn many_that_are_paced_together_take_as_long_as_one_by_one() {
        let rate = RateLimit::new(number(10), number(5));
        let began = Instant::now();
        for _ in 0..5 {
            rate.pace_many(&1, number(50)).await;
        }
        let took = began.elapsed();
        // The last fifty are in as soon as there is room for one of them.
        assert!((Duration::from_secs(19)..Duration::from_secs(21)).contains(&took), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn arrays_larger_than_the_burst_are_waited_for_lead_by_lead() {
        let rate = RateLimit::new(number(10), number(50));
        rate.check_many(&1, number(1_000)).unwrap();
        // 95 s until there is room for one again: the burst was there, and the rest is owed.
        tokio::time::advance(Duration::from_secs(95)).await;
        assert!(rate.check(&1).is_err());
        tokio::time::advance(Duration::from_millis(101)).await;
        rate.check(&1).unwrap();
        let mut leads = 0;
        for _ in 0..600 {
            tokio::time::advance(Duration::from_secs(1)).await;
            leads += u32::from(rate.check_many(&1, number(1_000)).is_ok()) * 1_000;
        }
        assert!((5_000..=7_000).contains(&leads), "ten a second, whatever the arrays: {leads}");
        rate.check_many(&2, NonZeroU32::MAX).unwrap();
        assert!(rate.check(&2).is_err(), "no overflow");
    }
}
