//! Offers wait here, in a line per endpoint, until their endpoint has a free slot. Lines are bounded: what does not fit is
//! left to the sweeper.

use std::collections::{BTreeMap, VecDeque};

use ripen_domain::id::{DeliveryId, EndpointId};

use crate::in_flight::InFlight;

/// At most so many wait for one endpoint.
const LONGEST_LINE: usize = 4096;

/// Who waits for which endpoint, oldest first.
#[derive(Debug, Default)]
pub struct WaitingRoom {
    /// Offers that do not say where to are in a line of their own.
    lines: BTreeMap<Option<EndpointId>, VecDeque<DeliveryId>>,
    /// How many deliveries an endpoint takes at once, as far as it is known.
    slots: BTreeMap<EndpointId, i32>,
}

impl WaitingRoom {
    /// Puts a delivery at the end of its line; false where the line is full.
    pub fn line_up(&mut self, delivery: DeliveryId, endpoint: Option<EndpointId>) -> bool {
        let line = self.lines.entry(endpoint).or_default();
        let fits = line.len() < LONGEST_LINE;
        if fits {
            line.push_back(delivery);
        }
        fits
    }

    /// Puts deliveries that found no free slot where they were: before all others.
    pub fn put_back(&mut self, waiting: Vec<(DeliveryId, EndpointId)>) {
        for (delivery, endpoint) in waiting.into_iter().rev() {
            self.lines.entry(Some(endpoint)).or_default().push_front(delivery);
        }
    }

    /// Notes how many deliveries endpoints take at once.
    pub fn learn(&mut self, slots: BTreeMap<EndpointId, i32>) {
        self.slots.extend(slots);
    }

    /// Takes up to `most` deliveries whose endpoint has a free slot, from each line in turn.
    pub fn ready(&mut self, flights: &InFlight, most: usize) -> Vec<DeliveryId> {
        let busy: BTreeMap<_, _> = flights.counts().into_iter().collect();
        let slots = &self.slots;
        let free = |endpoint: &Option<EndpointId>| match endpoint {
            Some(endpoint) => slots
                .get(endpoint)
                .map_or(i32::MAX, |slots| slots.saturating_sub(busy.get(endpoint).copied().unwrap_or(0))),
            None => i32::MAX,
        };
        let mut lines: Vec<_> = self.lines.iter_mut().map(|(endpoint, line)| (free(endpoint), line)).collect();
        let mut ready = Vec::new();
        loop {
            let before = ready.len();
            for (free, line) in lines.iter_mut().filter(|(free, _)| *free > 0) {
                if ready.len() < most {
                    *free -= 1;
                    ready.extend(line.pop_front());
                }
            }
            if ready.len() == before {
                break;
            }
        }
        self.lines.retain(|_, line| !line.is_empty());
        ready
    }

    /// Everyone who still waits; nobody is kept in mind after it.
    pub fn leave(&mut self) -> Vec<DeliveryId> {
        std::mem::take(&mut self.lines).into_values().flatten().collect()
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

    fn room(offers: &[(u128, u128)], slots: &[(u128, i32)]) -> WaitingRoom {
        let mut room = WaitingRoom::default();
        room.learn(slots.iter().map(|(at, slots)| (endpoint(*at), *slots)).collect());
        for (number, at) in offers {
            assert!(room.line_up(delivery(*number), Some(endpoint(*at))));
        }
        room
    }

    #[test]
    fn a_freed_slot_goes_to_whoever_waited_longest_for_it() {
        let flights = InFlight::default();
        let mut room = room(&[(10, 1), (11, 1), (12, 1)], &[(1, 2)]);
        let busy: Vec<_> = (0..2).map(|_| flights.begin(endpoint(1))).collect();
        assert!(room.ready(&flights, 9).is_empty(), "both slots are taken");
        drop(busy);
        assert_eq!(numbers(&room.ready(&flights, 9)), [10, 11], "two are free");
        room.put_back(vec![(delivery(10), endpoint(1)), (delivery(11), endpoint(1))]);
        assert_eq!(numbers(&room.leave()), [10, 11, 12], "another worker was faster");
        assert!(room.leave().is_empty());
    }

    #[test]
    fn endpoints_take_turns() {
        let mut room = room(&[(10, 1), (11, 1), (12, 1), (30, 2)], &[(1, 32), (2, 32)]);
        assert_eq!(numbers(&room.ready(&InFlight::default(), 3)), [10, 30, 11]);
    }

    #[test]
    fn an_endpoint_nothing_is_known_of_and_none_at_all_hold_nobody_up() {
        let mut room = room(&[(10, 1), (11, 1)], &[]);
        assert!(room.line_up(delivery(12), None));
        assert_eq!(room.ready(&InFlight::default(), 9).len(), 3);
    }

    #[test]
    fn a_line_is_bounded() {
        let mut room = WaitingRoom::default();
        let taken = (0..5000).filter(|number| room.line_up(delivery(*number), Some(endpoint(1)))).count();
        assert_eq!(taken, LONGEST_LINE);
    }
}
