//! A message that no batch took in before, and under which id it is kept.

use ripen_domain::{
    arrival::{Arrival, QuarantineReason},
    contact::Identity,
    id::{ArrivalId, ClientId},
};
use ripen_store::arrival::seen::{Ended, Seen};

/// A message that is new.
#[derive(Debug, Clone)]
pub struct NewArrival<'a> {
    /// The arrival.
    pub arrival: &'a Arrival,
    /// Its id, or the derived one where another body came under a known id.
    pub id: ArrivalId,
    /// The arrival it corrects.
    pub amends: Option<ArrivalId>,
    /// Why it is kept and not worked.
    pub quarantine: Option<QuarantineReason>,
    /// A correction that is older than what is known: it adds, and replaces nothing.
    pub is_stale: bool,
}

impl<'a> NewArrival<'a> {
    /// Under its own id, correcting nothing.
    pub const fn of(arrival: &'a Arrival) -> Self {
        Self { arrival, id: arrival.id, amends: None, quarantine: arrival.quarantine, is_stale: false }
    }
}

impl NewArrival<'_> {
    /// Its id, to be noted as seen.
    pub const fn seen(&self) -> Seen {
        let ended = if self.quarantine.is_some() { Ended::Quarantined } else { Ended::Lead };
        Seen { id: self.id, content: self.arrival.content, ended }
    }

    /// Under what its person is reached; nothing of what is not worked.
    pub fn identities(&self) -> impl Iterator<Item = (ArrivalId, ClientId, Identity)> {
        // What is quarantined must leave no anchor: its person may not exist.
        let worked = self.quarantine.is_none().then(|| self.arrival.submission.identities());
        worked.into_iter().flatten().map(|identity| (self.id, self.arrival.client, identity))
    }
}
