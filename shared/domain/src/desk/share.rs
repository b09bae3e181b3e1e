//! How clients share the desk: weighted fair queueing. Each client has a virtual time that grows by one over its weight with
//! every lead handed out for it; the client that has been served least, by its weight, comes first.
//!
//! Nobody is counted as further behind whoever was served most than one lead of weight 1: a client that had no work for a while
//! comes back at the present of the others, because time without work is no credit, and one whose leads were pressing has no debt
//! that would keep its other leads waiting.
//!
//! After Demers, Keshav and Shenker, "Analysis and Simulation of a Fair Queueing Algorithm" (SIGCOMM 1989), with leads for
//! packets.

use crate::id::ClientId;

/// As far behind whoever was served most a client is counted at most. Where all have work nobody is further behind than this, because
/// no weight is less than 1.
const BEHIND: f64 = 1.0;

/// A client with work.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClientTurn {
    /// The client.
    pub client: ClientId,
    /// Its agreed share, beside the others'; at least 1.
    pub weight: u32,
    /// Its virtual time.
    pub served: f64,
}

/// The clients, whose turn it is first. Of two that are served alike the one that was further behind, then the heavier, then
/// the older.
#[must_use]
pub fn in_turn(clients: &[ClientTurn]) -> Vec<ClientId> {
    let most = most(clients);
    let mut ordered: Vec<_> = clients.iter().collect();
    ordered.sort_by(|one, other| {
        let counted = counted(one, most).total_cmp(&counted(other, most));
        let heavier = other.weight.cmp(&one.weight);
        counted.then(one.served.total_cmp(&other.served)).then(heavier).then(one.client.cmp(&other.client))
    });
    ordered.into_iter().map(|one| one.client).collect()
}

/// A client's virtual time after one more lead was handed out for it, among those that have work.
#[must_use]
pub fn charged(turn: &ClientTurn, clients: &[ClientTurn]) -> f64 {
    counted(turn, most(clients).max(turn.served)) + 1.0 / f64::from(turn.weight.max(1))
}

fn most(clients: &[ClientTurn]) -> f64 {
    clients.iter().map(|one| one.served).max_by(f64::total_cmp).unwrap_or(0.0)
}

fn counted(turn: &ClientTurn, most: f64) -> f64 {
    turn.served.max(most - BEHIND)
}

#[cfg(test)]
mod tests;
