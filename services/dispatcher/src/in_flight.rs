//! Counts the attempts that this process has under way at each endpoint.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use ripen_domain::id::EndpointId;
use ripen_store::slot::BusyEndpoint;
use tokio::sync::Notify;

/// Counts attempts under way per endpoint.
#[derive(Debug, Clone, Default)]
pub struct InFlight(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    busy: Mutex<BTreeMap<EndpointId, i32>>,
    /// Rung when an attempt is over.
    freed: Notify,
}

/// One attempt under way; dropping it ends the count.
#[derive(Debug)]
pub struct InFlightGuard {
    of: InFlight,
    endpoint: EndpointId,
}

impl InFlight {
    /// Counts one more.
    pub fn begin(&self, endpoint: EndpointId) -> InFlightGuard {
        *self.0.busy.lock().unwrap_or_else(PoisonError::into_inner).entry(endpoint).or_default() += 1;
        InFlightGuard { of: self.clone(), endpoint }
    }

    /// Every endpoint with attempts under way, and how many.
    pub fn counts(&self) -> Vec<BusyEndpoint> {
        self.0
            .busy
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .map(|(endpoint, attempts)| BusyEndpoint { endpoint: *endpoint, attempts: *attempts })
            .collect()
    }

    /// Returns when an attempt is over that was not waited for yet.
    pub async fn freed(&self) {
        self.0.freed.notified().await;
    }
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        let mut counts = self.of.0.busy.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.endpoint) {
            *count -= 1;
            if *count <= 0 {
                // Removed at zero, so that the map holds what is busy and not every endpoint there ever was.
                counts.remove(&self.endpoint);
            }
        }
        // Before the ring: whoever is woken counts at once.
        drop(counts);
        // One permit is kept when nobody waits, so that an attempt that ends before the next wait is not missed.
        self.of.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_counted_while_attempts_are_under_way() {
        let flights = InFlight::default();
        let endpoint = EndpointId::from_uuid(uuid::Uuid::from_u128(1));
        let (one, two) = (flights.begin(endpoint), flights.begin(endpoint));
        assert_eq!(flights.counts(), [BusyEndpoint { endpoint, attempts: 2 }]);
        drop(one);
        assert_eq!(flights.counts(), [BusyEndpoint { endpoint, attempts: 1 }]);
        drop(two);
        assert!(flights.counts().is_empty());
    }
}
