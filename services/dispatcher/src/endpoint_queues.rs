//! Offers that wait for a free slot of their endpoint: a bounded queue for each endpoint. What does not fit is left to the
//! sweeper.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ripen_domain::id::{DeliveryId, EndpointId};
use ripen_store::delivery::lease::WaitingDelivery;

use crate::in_flight::InFlight;

/// At most so many wait for one endpoint.
const LONGEST_QUEUE: usize = 4096;

/// Which deliveries wait for which endpoint, oldest first.
#[derive(Debug, Default)]
pub struct EndpointQueues {
    /// Offers that name no endpoint have a queue of their own.
    queues: BTreeMap<Option<EndpointId>, VecDeque<DeliveryId>>,
    /// How many deliveries an endpoint takes at once from this process, as far as it is known.
    slots: BTreeMap<EndpointId, i32>,
    /// Endpoints that take mails, as far as they are known.
    mailed: BTreeSet<EndpointId>,
}

/// How many deliveries can be sent.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// In all.
    pub most: usize,
    /// How many of them may be mails.
    pub mails: usize,
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
    pub fn requeue(&mut self, waiting: Vec<WaitingDelivery>) {
        // From the back, so that the first stays the first.
        for WaitingDelivery { delivery, endpoint } in waiting.into_iter().rev() {
            self.queues.entry(Some(endpoint)).or_default().push_front(delivery);
        }
    }

    /// Sets how many deliveries endpoints take at once, and which of them take mails.
    pub fn set_slots(&mut self, slots: BTreeMap<EndpointId, i32>, mailed: BTreeSet<EndpointId>) {
        self.slots.extend(slots);
        self.mailed.extend(mailed);
    }

    /// Takes deliveries whose endpoint has a free slot, from each queue in turn, as far as there is room.
    pub fn take_ready(&mut self, flights: &InFlight, room: Room) -> Vec<DeliveryId> {
        // Counted once for the whole round; what is taken in it is subtracted below.
        let busy: BTreeMap<_, _> = flights.counts().into_iter().map(|one| (one.endpoint, one.attempts)).collect();
        let slots = &self.slots;
        let free = |endpoint: &Option<EndpointId>| match endpoint {
            Some(endpoint) => slots
                .get(endpoint)
                // None here: what is offered all the same is asked for, so that it is left to a process that has one.
                .filter(|slots| **slots > 0)
                // Unknown until the first lease answers: then the lease statement itself says no.
                .map_or(i32::MAX, |slots| slots.saturating_sub(busy.get(endpoint).copied().unwrap_or(0))),
            None => i32::MAX,
        };
        let is_mail = |endpoint: &Option<EndpointId>| endpoint.is_some_and(|endpoint| self.mailed.contains(&endpoint));
        let queues = self.queues.iter_mut();
        let mut queues: Vec<_> = queues
            .map(|(endpoint, queue)| QueueTurn { free: free(endpoint), is_mail: is_mail(endpoint), queue })
            .collect();
        let (mut ready, mut mails) = (Vec::new(), room.mails);
        loop {
            let before = ready.len();
            // One from each in turn: an endpoint with thousands waiting must not starve the others.
            for turn in queues.iter_mut().filter(|turn| turn.free > 0) {
                // Mail waits for its own places, and must not take those of the others meanwhile.
                if ready.len() < room.most && (!turn.is_mail || mails > 0) {
                    let taken = turn.queue.pop_front();
                    turn.free -= 1;
                    mails -= usize::from(turn.is_mail && taken.is_some());
                    ready.extend(taken);
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

/// An endpoint's queue in one round.
struct QueueTurn<'q> {
    free: i32,
    is_mail: bool,
    queue: &'q mut VecDeque<DeliveryId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn room(most: usize) -> Room {
        Room { most, mails: usize::MAX }
    }

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
        queues.set_slots(slots.iter().map(|(at, slots)| (endpoint(*at), *slots)).collect(), BTreeSet::new());
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
        assert!(queues.take_ready(&flights, room(9)).is_empty(), "both slots are taken");
        drop(busy);
        assert_eq!(numbers(&queues.take_ready(&flights, room(9))), [10, 11], "two are free");
        let waiting = |number| WaitingDelivery { delivery: delivery(number), endpoint: endpoint(1) };
        queues.requeue(vec![waiting(10), waiting(11)]);
        assert_eq!(numbers(&queues.drain()), [10, 11, 12], "another worker was faster");
        assert!(queues.drain().is_empty());
    }

    #[test]
    fn endpoints_take_turns() {
        let mut queues = queues(&[(10, 1), (11, 1), (12, 1), (30, 2)], &[(1, 32), (2, 32)]);
        assert_eq!(numbers(&queues.take_ready(&InFlight::default(), room(3))), [10, 30, 11]);
    }

    #[test]
    fn an_endpoint_nothing_is_known_of_and_none_at_all_hold_nobody_up() {
        let mut queues = queues(&[(10, 1), (11, 1)], &[]);
        assert!(queues.enqueue(delivery(12), None));
        assert_eq!(queues.take_ready(&InFlight::default(), room(9)).len(), 3);
    }

    #[test]
    fn mail_waits_for_a_place_of_its_own_and_holds_up_nobody() {
        let mut queues = queues(&[(10, 1), (11, 1), (12, 1), (30, 2), (31, 2)], &[(1, 32), (2, 32)]);
        queues.set_slots(BTreeMap::new(), BTreeSet::from([endpoint(1)]));
        let flights = InFlight::default();
        assert_eq!(numbers(&queues.take_ready(&flights, Room { most: 9, mails: 1 })), [10, 30, 31]);
        assert!(queues.take_ready(&flights, Room { most: 9, mails: 0 }).is_empty());
        assert_eq!(numbers(&queues.take_ready(&flights, room(9))), [11, 12]);
    }

    #[test]
    fn what_has_no_slot_here_is_asked_for_so_that_it_is_left_to_others() {
        let mut queues = queues(&[(10, 1), (11, 1)], &[(1, 0)]);
        assert_eq!(numbers(&queues.take_ready(&InFlight::default(), room(9))), [10, 11]);
    }

    #[test]
    fn a_queue_is_bounded() {
        let mut queues = EndpointQueues::default();
        let taken = (0..5000).filter(|number| queues.enqueue(delivery(*number), Some(endpoint(1)))).count();
        assert_eq!(taken, LONGEST_QUEUE);
    }
}
