//! Whose turn it is among lists that are sent in: of one address, and of one source, a few are read at once, and of all of them as many
//! as memory has room for. The others wait unread, so that nothing of them is held here but their connection.
//!
//! Nobody is refused for the length of a line. Lists alone could hold every connection of the process, though, which would keep out
//! whoever sends a lead: beyond a part of them the next one is told to come back.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ripen_domain::id::SourceId;
use ripen_web::{
    Problem,
    address::{AddressPrefix, Visitor},
    catalogue,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Lists that are read at once; each holds a piece of its file and its rows.
const READ: usize = 64;
/// Of one source, so that all that its senders have begun leaves the turns of others.
const READ_OF_SOURCE: usize = 8;
/// Of one address: a second one, so that a sender that stands still does not hold up the one beside it.
const READ_OF_ADDRESS: usize = 2;
/// Lists may hold one connection in so many, and those of one address, or of one source, one in so many of these.
const SHARE: usize = 4;
/// Seconds after which whoever found no room asks again.
const COME_BACK_AFTER: u64 = 30;

/// The turns of lists of one kind of sender.
pub struct ListTurns {
    places: Arc<Semaphore>,
    addresses: QueuedLists<AddressPrefix>,
    sources: QueuedLists<SourceId>,
    all: Arc<Semaphore>,
}

/// A list's turn to be read, until it is dropped.
pub struct ListTurn<'t> {
    _all: Option<OwnedSemaphorePermit>,
    _of_source: KeyTurn<'t, SourceId>,
    _of_address: Option<KeyTurn<'t, AddressPrefix>>,
    _place: OwnedSemaphorePermit,
}

impl ListTurns {
    /// Of a process that holds so many connections.
    #[must_use]
    pub fn new(connections: usize) -> Self {
        let places = (connections / SHARE).max(1);
        let most = (places / SHARE).max(1);
        Self {
            places: Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS))),
            addresses: QueuedLists::new(READ_OF_ADDRESS, most),
            sources: QueuedLists::new(READ_OF_SOURCE, most),
            all: Arc::new(Semaphore::new(READ)),
        }
    }

    /// Waits until a list may be read. `visitor` is whose address counts; nobody's where its sender is known otherwise.
    ///
    /// # Errors
    /// 503 with `Retry-After` where there is no room to wait in.
    pub async fn turn(&self, visitor: Option<Visitor>, source: SourceId) -> Result<ListTurn<'_>, Problem> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| no_room())?;
        let of_address = visitor.map(|visitor| self.addresses.enter(AddressPrefix::of(visitor.address)));
        let of_address = of_address.transpose()?;
        let of_source = self.sources.enter(source)?;
        // Whoever waits behind lists of their own address holds no turn that others wait for.
        let of_address = match of_address {
            Some(waiting) => Some(waiting.turn().await),
            None => None,
        };
        let of_source = of_source.turn().await;
        // Never closed.
        let all = Arc::clone(&self.all).acquire_owned().await.ok();
        Ok(ListTurn { _all: all, _of_source: of_source, _of_address: of_address, _place: place })
    }
}

fn no_room() -> Problem {
    let detail =
        "As many lists wait here already as there is room for. Nothing of this one was read: send it again later.";
    Problem::new(&catalogue::TOO_MANY_LISTS, detail).retry_after(COME_BACK_AFTER)
}

/// A line for each key, kept while somebody stands in it.
struct QueuedLists<K: Copy + Eq + Hash> {
    at_once: usize,
    /// Those whose turn it is among them.
    most: usize,
    lines: Mutex<HashMap<K, Line>>,
}

struct Line {
    turns: Arc<Semaphore>,
    lists: usize,
}

impl<K: Copy + Eq + Hash> QueuedLists<K> {
    fn new(at_once: usize, most: usize) -> Self {
        Self { at_once, most, lines: Mutex::default() }
    }

    /// Takes a place at the end of a line.
    fn enter(&self, key: K) -> Result<InLine<'_, K>, Problem> {
        let mut lines = self.lines();
        let new = || Line { turns: Arc::new(Semaphore::new(self.at_once)), lists: 0 };
        let line = lines.entry(key).or_insert_with(new);
        if line.lists >= self.most {
            return Err(no_room());
        }
        line.lists += 1;
        Ok(InLine { lines: self, key, turns: Arc::clone(&line.turns) })
    }

    fn lines(&self) -> MutexGuard<'_, HashMap<K, Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in a line. Left when it is dropped, whether its turn came or not.
struct InLine<'l, K: Copy + Eq + Hash> {
    lines: &'l QueuedLists<K>,
    key: K,
    turns: Arc<Semaphore>,
}

/// A place in a line whose turn it is.
struct KeyTurn<'l, K: Copy + Eq + Hash> {
    // First, as fields are dropped in order: who is next has its turn before the line is looked at.
    _permit: Option<OwnedSemaphorePermit>,
    _in_line: InLine<'l, K>,
}

impl<'l, K: Copy + Eq + Hash> InLine<'l, K> {
    async fn turn(self) -> KeyTurn<'l, K> {
        // Never closed.
        let permit = Arc::clone(&self.turns).acquire_owned().await.ok();
        KeyTurn { _permit: permit, _in_line: self }
    }
}

impl<K: Copy + Eq + Hash> Drop for InLine<'_, K> {
    fn drop(&mut self) {
        let mut lines = self.lines.lines();
        if let Some(line) = lines.get_mut(&self.key) {
            line.lists -= 1;
            // Addresses are without number: a line that nobody stands in takes no memory.
            if line.lists == 0 {
                lines.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use futures::FutureExt as _;
    use uuid::Uuid;

    use super::*;

    fn from(address: &str) -> Option<Visitor> {
        Some(Visitor::from(SocketAddr::new(address.parse().unwrap(), 4711)))
    }

    fn source(number: u128) -> SourceId {
        SourceId::from_uuid(Uuid::from_u128(number))
    }

    /// The turn, where it comes at once.
    fn at_once(turns: &ListTurns, address: &str, of: u128) -> Option<Result<u16, ()>> {
        turns.turn(from(address), source(of)).now_or_never().map(|turn| turn.map(|_| 0).map_err(|_| ()))
    }

    #[tokio::test]
    async fn the_third_list_of_an_address_waits_and_has_its_turn() {
        let turns = ListTurns::new(4096);
        let (home, other) = ("203.0.113.7", "203.0.113.8");
        let first = turns.turn(from(home), source(1)).await.unwrap();
        let second = turns.turn(from(home), source(2)).await.unwrap();
        let mut third = Box::pin(turns.turn(from(home), source(3)));
        assert!(third.as_mut().now_or_never().is_none(), "it waits");
        // In any order, whatever the others do.
        assert_eq!(at_once(&turns, other, 1), Some(Ok(0)));
        drop(first);
        let third = third.await.unwrap();
        drop((second, third));
        assert!(turns.addresses.lines().is_empty() && turns.sources.lines().is_empty());
    }

    #[tokio::test]
    async fn one_source_does_not_take_the_turns_of_others() {
        let turns = ListTurns::new(4096);
        let mut reading = Vec::new();
        for number in 0..READ_OF_SOURCE {
            reading.push(turns.turn(from(&format!("203.0.113.{number}")), source(1)).await.unwrap());
        }
        assert_eq!(at_once(&turns, "203.0.113.99", 1), None, "it waits");
        assert_eq!(at_once(&turns, "203.0.113.99", 2), Some(Ok(0)));
        // Who gave up waiting left its places too.
        assert_eq!(turns.sources.lines()[&source(1)].lists, READ_OF_SOURCE);
        drop(reading);
        assert_eq!(turns.places.available_permits(), 1024);
    }

    #[tokio::test]
    async fn with_no_room_left_the_next_one_is_told_to_come_back() {
        let turns = ListTurns::new(64);
        let mut reading = Vec::new();
        for number in 0..16_u8 {
            reading.push(turns.turn(from(&format!("203.0.{number}.1")), source(number.into())).await.unwrap());
        }
        let refused = turns.turn(from("203.0.113.1"), source(99)).await.err().unwrap();
        assert_eq!((refused.kind(), refused.status().as_u16()), (&catalogue::TOO_MANY_LISTS, 503));
        drop(reading.pop());
        assert_eq!(at_once(&turns, "203.0.113.1", 99), Some(Ok(0)));
        drop(reading);
        // One address has no more than its part of the room, and leaves the rest to others.
        let mut waiting: Vec<_> = (0..4).map(|_| Box::pin(turns.turn(from("192.0.2.1"), source(1)))).collect();
        let begun = waiting.iter_mut().map(|turn| turn.as_mut().now_or_never());
        let begun: Vec<_> = begun.collect();
        assert_eq!(begun.iter().filter(|turn| turn.is_some()).count(), READ_OF_ADDRESS);
        assert_eq!(at_once(&turns, "192.0.2.1", 2), Some(Err(())));
        assert_eq!(at_once(&turns, "192.0.2.2", 2), Some(Ok(0)));
    }
}
