//! What became of an attempt of a person to change a lead: a touch, or a next step moved by hand.

use jiff::Timestamp;
use ripen_domain::{contact::Phone, id::ClientId, touch::Effect};

/// A lead that was worked on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkedLead {
    /// Whose.
    pub client: ClientId,
    /// When its next step was due before.
    pub before: Option<Timestamp>,
    /// What follows.
    pub effect: Effect,
}

/// What became of an attempt to change a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Worked {
    /// It is recorded, and this follows from it.
    Done(WorkedLead),
    /// It was recorded before, under the same id.
    Again,
    /// Its id is another lead's or another user's touch.
    OtherTouch,
    /// The touch with its id was taken back.
    Undone,
    /// It gives up the number of the person, which is another by now than the one that was shown: this one, where there is one.
    /// Nothing is recorded.
    OtherNumber(Option<Phone>),
    /// There is no such lead in the scope.
    Unknown,
    /// The lead is closed, for this reason, or won.
    Closed(String),
}
