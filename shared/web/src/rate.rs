//! How often one sender may come: a token bucket for each, kept only while it is not full.

use std::{hash::Hash, num::NonZeroU32};

use governor::{
    NotUntil, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    state::keyed::DashMapStateStore,
};

use crate::{Problem, catalogue};

/// A rate for each key. Keys are authenticated senders, so there are no more of them than were set up.
pub struct RateLimit<K: Hash + Eq + Clone> {
    limiter: RateLimiter<K, DashMapStateStore<K>, DefaultClock>,
    burst: NonZeroU32,
    clock: DefaultClock,
}

impl<K: Hash + Eq + Clone> RateLimit<K> {
    /// So many requests a second, and so many at once after a pause.
    #[must_use]
    pub fn new(per_second: NonZeroU32, burst: NonZeroU32) -> Self {
        let quota = Quota::per_second(per_second).allow_burst(burst);
        Self { limiter: RateLimiter::dashmap(quota), burst, clock: DefaultClock::default() }
    }

    /// Takes one request from the key's bucket.
    ///
    /// # Errors
    /// 429 with the wait until the next one.
    pub fn check(&self, key: &K) -> Result<(), Problem> {
        self.limiter.check_key(key).map_err(|not_until| self.refused(&not_until))
    }

    fn refused(&self, not_until: &NotUntil<<DefaultClock as Clock>::Instant>) -> Problem {
        let wait = not_until.wait_time_from(self.clock.now());
        Problem::new(&catalogue::TOO_MANY_REQUESTS, "Requests come faster than the rate limit.")
            // Rounded up: a sender that comes back a moment too early would be refused again.
            .retry_after(wait.as_secs() + 1)
    }

    /// Takes so many from the key's bucket, all or none. More than the bucket holds at once are taken as if it held them: a sender
    /// with a full bucket may send one large array, and then waits for it to fill.
    ///
    /// # Errors
    /// 429 with the wait until there is room again.
    pub fn check_many(&self, key: &K, count: NonZeroU32) -> Result<(), Problem> {
        let most = count.min(self.burst);
        match self.limiter.check_key_n(key, most) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(not_until)) => Err(self.refused(&not_until)),
            // Never: `most` is no more than the bucket holds.
            Err(_) => self.check(key),
        }
    }

    /// Forgets the keys whose bucket is full again. To be called now and then.
    pub fn forget_idle(&self) {
        // Both: what is removed from the map still has its room.
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_sender_at_its_limit_does_not_stop_another() {
        let one = NonZeroU32::MIN;
        let rate = RateLimit::new(one, one.saturating_add(1));
        assert!(rate.check(&1).is_ok() && rate.check(&1).is_ok());
        assert_eq!(rate.check(&1).unwrap_err().kind(), &catalogue::TOO_MANY_REQUESTS);
        assert!(rate.check(&2).is_ok());
        let many = NonZeroU32::MAX;
        assert!(rate.check_many(&3, many).is_ok() && rate.check(&3).is_err(), "an array empties the bucket");
        rate.forget_idle();
        assert!(rate.check(&1).is_err(), "a bucket that is not full is kept");
    }
}
