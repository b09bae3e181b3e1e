//! Whose data may be read. Every function that returns data of leads takes one, so that nothing is read across clients by
//! omission.

use ripen_domain::id::ClientId;
use uuid::Uuid;

/// Whose leads are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All clients': the firm's own staff and commands.
    Firm,
    /// One client's.
    Client(ClientId),
}

impl Scope {
    /// The client's id as statements compare it; null for the firm.
    pub(crate) fn column(self) -> Option<Uuid> {
        match self {
            Self::Firm => None,
            Self::Client(client) => Some(client.uuid()),
        }
    }
}
