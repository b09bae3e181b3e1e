//! In whose name something is written down: mostly that of whoever acts, and else that of who is known to have said it.
//!
//! What timelines and clients read is a name; who acted stands in the audit in any case.

use std::fmt;

use crate::actor::Actor;

/// Who says what is written down.
#[derive(Debug, Clone, Copy)]
pub enum SaidBy<'a> {
    /// Whoever acts.
    Actor(&'a Actor),
    /// A client, by its name: it is its word, whoever of it or for it recorded that.
    Client(&'a str),
    /// The answer that an endpoint gave to what it was sent.
    Answer,
    /// A source, by its name: what it sent says so.
    Source(&'a str),
    /// The books of a client, by its slug: a file that came from it.
    Books(&'a str),
}

impl<'a> From<&'a Actor> for SaidBy<'a> {
    fn from(actor: &'a Actor) -> Self {
        Self::Actor(actor)
    }
}

/// As it is stored, and read by people.
impl fmt::Display for SaidBy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Actor(actor) => f.write_str(&actor.name()),
            Self::Client(name) | Self::Source(name) => f.write_str(name),
            Self::Answer => f.write_str("its answer"),
            Self::Books(slug) => write!(f, "{slug}'s books"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_a_name() {
        let kim = Actor::operator("kim");
        let said = [SaidBy::from(&kim), SaidBy::Client("Acme Homes"), SaidBy::Answer, SaidBy::Books("acme")];
        assert_eq!(said.map(|by| by.to_string()), ["kim", "Acme Homes", "its answer", "acme's books"]);
    }
}
