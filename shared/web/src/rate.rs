//! How often one sender may come: a token bucket for each, kept only while it is not full.

use std::{hash::Hash, num::NonZeroU32};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    state::keyed::DashMapStateStore,
};

use crate::{Problem, catalogue};

/// A rate for each key. Keys are authenticated senders, so there are no more of them than were set up.
pub struct RateLimit<K: Hash + Eq + Clone> {
    limiter: RateLimiter<K, DashMapStateStore<K>, DefaultClock>,
    clock: DefaultClock,
}

impl<K: Hash + Eq + Clone> RateLimit<K> {
    /// So many requests a second, and so many at once after a pause.
    #[must_use]
    pub fn new(per_second: NonZeroU32, burst: NonZeroU32) -> Self {
        let quota = Quota::per_second(per_second).allow_burst(burst);
        Self { limiter: RateLimiter::dashmap(quota), clock: DefaultClock::default() }
    }

    /// Takes one request from the key's bucket.
    ///
    /// # Errors
    /// 429 with the wait until the next one.
    pub fn check(&self, key: &K) -> Result<(), Problem> {
        self.limiter.check_key(key).map_err(|not_until| {
            let wait = not_until.wait_time_from(self.clock.now());
            Problem::new(&catalogue::TOO_MANY_REQUESTS, "Requests come faster than the rate limit.")
                // Rounded up: a sender that comes back a moment too early would be refused again.
                .retry_after(wait.as_secs() + 1)
        })
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
        rate.forget_idle();
        assert!(rate.check(&1).is_err(), "a bucket that is not full is kept");
    }
}
