//! Offers that wait for a free slot of their endpoint: a bounded queue for each endpoint. What does not fit is left to the
//! sweeper.

use std::collections::{BTreeMap, VecDeque};

use ripen_domain::id::{DeliveryId, EndpointId};

use crate::in_flight::InFlight;

/// At most so many wait for one endpoint.
const LONGEST_QUEUE: usize = 4096;

/// Which deliveries wait for which endpoint, oldest first.
#[derive(Debug, Default)]
pub struct EndpointQueues {
    /// Offers that name no endpoint have a queue of their own.
    queues: BTreeMap<Option<EndpointId>, VecDeque<DeliveryId>>,
    /// How many deliveries an endpoint takes at once, as far as it is known.
    slots: BTreeMap<EndpointId, i32>,
}

impl EndpointQueues {
    /// Puts a delivery at the end of its queue; false where that is full.
    pub fn enqueue(&mut self, delivery: DeliveryId, endpoint: Option<EndpointId>) -> bool {
        let queue = self.queues.entry(endpoint).or_default();
        // A bound on memory: offers are rows, and the sweeper makes them again.
        let fits = queue.len() < LONGEST_QUEUE;
        if fits {
            queue.push_back(delivery);
        }
        fits
    }

    /// Puts deliveries that found no free slot back to where they were: before all others.
    pub fn requeue(&mut self, waiting: Vec<(DeliveryId, EndpointId)>) {
        // From the back, so that the first stays the first.
        for (delivery, endpoint) in waiting.into_iter().rev() {
            self.queues.entry(Some(endpoint)).or_default().push_front(delivery);
        }
    }

    /// Sets how many deliveries endpoints take at once.
    pub fn set_slots(&mut self, slots: BTreeMap<EndpointId, i32>) {
        self.slots.extend(slots);
    }

    /// Takes up to `most` deliveries whose endpoint has a free slot, from each queue in turn.
    pub fn take_ready(&mut self, flights: &InFlight, most: usize) -> Vec<DeliveryId> {
        // Counted once for the whole round; what is taken in it is subtracted below.
        let busy: BTreeMap<_, _> = flights.counts().into_iter().collect();
        let slots = &self.slots;
        let free = |endpoint: &Option<EndpointId>| match endpoint {
            Some(endpoint) => slots
                .get(endpoint)
                // Unknown until the first lease answers: then the lease statement itself says no.
                .map_or(i32::MAX, |slots| slots.saturating_sub(busy.get(endpoint).copied().unwrap_or(0))),
            None => i32::MAX,
        };
        let mut queues: Vec<_> = self.queues.iter_mut().map(|(endpoint, queue)| (free(endpoint), queue)).collect();
        let mut ready = Vec::new();
        loop {
            let before = ready.len();
            // One from each in turn: an endpoint with thousands waiting must not starve the others.
            for (free, queue) in queues.iter_mut().filter(|(free, _)| *free > 0) {
                if ready.len() < most {
                    *free -= 1;
                    ready.extend(queue.pop_front());
                }
            }
            if ready.len() == before {
                break;
            }
        }
        // Empty queues would grow with every endpoint that ever had an offer.
        self.queues.retain(|_, queue| !queue.is_empty());
        ready
    }

    /// Empties every queue.
    pub fn drain(&mut self) -> Vec<DeliveryId> {
        std::mem::take(&mut self.queues).into_values().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(number: u128) -> EndpointId {
        EndpointId::from_uuid(uuid::Uuid::from_u128(number))
    }

    fn delivery(number: u128) -> DeliveryId {
        DeliveryId::from_uuid(uuid::Uuid::from_u128(number))
    }

    fn numbers(deliveries: &[DeliveryId]) -> Vec<u128> {
        deliveries.iter().map(|delivery| delivery.uuid().as_u128()).collect()
    }

    fn queues(offers: &[(u128, u128)], slots: &[(u128, i32)]) -> EndpointQueues {
        let mut queues = EndpointQueues::default();
        queues.set_slots(slots.iter().map(|(at, slots)| (endpoint(*at), *slots)).collect());
        for (number, at) in offers {
            assert!(queues.enqueue(delivery(*number), Some(endpoint(*at))));
        }
        queues
    }

    #[test]
    fn a_freed_slot_goes_to_whoever_waited_longest_for_it() {
        let flights = InFlight::default();
        let mut queues = queues(&[(10, 1), (11, 1), (12, 1)], &[(1, 2)]);
        let busy: Vec<_> = (0..2).map(|_| flights.begin(endpoint(1))).collect();
        assert!(queues.take_ready(&flights, 9).is_empty(), "both slots are taken");
        drop(busy);
        assert_eq!(numbers(&queues.take_ready(&flights, 9)), [10, 11], "two are free");
        queues.requeue(vec![(delivery(10), endpoint(1)), (delivery(11), endpoint(1))]);
        assert_eq!(numbers(&queues.drain()), [10, 11, 12], "another worker was faster");
        assert!(queues.drain().is_empty());
    }

    #[test]
    fn endpoints_take_turns() {
        let mut queues = queues(&[(10, 1), (11, 1), (12, 1), (30, 2)], &[(1, 32), (2, 32)]);
        assert_eq!(numbers(&queues.take_ready(&InFlight::default(), 3)), [10, 30, 11]);
    }

    #[test]
    fn an_endpoint_nothing_is_known_of_and_none_at_all_hold_nobody_up() {
        let mut queues = queues(&[(10, 1), (11, 1)], &[]);
        assert!(queues.enqueue(delivery(12), None));
        assert_eq!(queues.take_ready(&InFlight::default(), 9).len(), 3);
    }

    #[test]
    fn a_queue_is_bounded() {
        let mut queues = EndpointQueues::default();
        let taken = (0..5000).filter(|number| queues.enqueue(delivery(*number), Some(endpoint(1)))).count();
        assert_eq!(taken, LONGEST_QUEUE);
    }
}
