//! How far a lead that is meant for its client is on its way there. That a lead became an A says that the client is to have it;
//! a receiver that refuses it, a mail that nobody took yet, or nobody who could be given it, says that nobody has it so far.

use jiff::Timestamp;

use crate::lead::words;

words! {
    /// How far it is.
    WayState "state of a hand-over" {
        /// The client has it.
        Had = "had",
        /// Its mail was written to a file, because there is no mail server.
        Filed = "filed",
        /// It was tried and not taken: it is tried again.
        TriedAgain = "tried_again",
        /// It goes out now, or when it can be taken back no more, and was not tried before.
        UnderWay = "under_way",
        /// It waits for somebody who can be given it, or for a receiver that works.
        Held = "held",
        /// It was given up.
        Dead = "dead",
    }
}

/// A lead on its way to its client: of several who get it, the one that is nearest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WayToClient {
    /// How far it is.
    pub state: WayState,
    /// How often it was tried.
    pub tried: u32,
    /// When it goes on by itself; none where it is there, or somebody has to do something first.
    pub next_at: Option<Timestamp>,
    /// Why it is not there yet, as the delivery says it.
    pub why: Option<String>,
}

impl WayToClient {
    /// Where it is, without why, which may be somebody's words.
    #[must_use]
    pub fn in_words(&self) -> String {
        match self.state {
            WayState::Had => "the client has it".to_owned(),
            WayState::Filed => "its mail was written to a file: there is no mail server".to_owned(),
            WayState::TriedAgain => format!("it is being delivered to the client: {}", self.tried_in_words()),
            WayState::UnderWay => "it is about to be delivered to the client".to_owned(),
            WayState::Held => "it waits to be delivered to the client".to_owned(),
            WayState::Dead => "it could not be delivered to the client".to_owned(),
        }
    }

    /// How often it was tried.
    #[must_use]
    pub fn tried_in_words(&self) -> String {
        match self.tried {
            0 => "not tried yet".to_owned(),
            1 => "tried once".to_owned(),
            times => format!("tried {times} times"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_taken_is_said_to_be_had() {
        let of = |state: WayState| WayToClient { state, tried: 2, next_at: None, why: None }.in_words();
        let had: Vec<_> = WayState::ALL.iter().copied().filter(|state| of(*state).contains("has it")).collect();
        assert_eq!(had, [WayState::Had]);
        assert_eq!(of(WayState::TriedAgain), "it is being delivered to the client: tried 2 times");
    }
}
