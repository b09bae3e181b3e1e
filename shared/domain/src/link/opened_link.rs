//! What a link opens, or why it opens nothing.

use jiff::Timestamp;

/// Why a link does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadLink {
    /// Not signed with a key of this installation, cut short or changed.
    #[error("the link is not whole")]
    Forged,
    /// It was good until then.
    #[error("the link has expired")]
    Expired(Timestamp),
    /// The key that it was made with was ended then, whatever time it had left.
    #[error("the link was ended")]
    Ended(Timestamp),
}

/// What a link opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenedLink<Id> {
    /// Whose page it is.
    pub id: Id,
    /// When the link was made, to the second: those made before an instant can be ended without storing any.
    pub made: Timestamp,
}

impl<Id> OpenedLink<Id> {
    /// Whether links made before this instant are ended, and this one with them.
    #[must_use]
    pub fn is_ended_by(&self, links_since: Timestamp) -> bool {
        // By the second, which is all that a link tells: one made in the second of the ending is ended too.
        self.made < links_since
    }
}
