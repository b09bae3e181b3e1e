//! When a lead can be worked next, in words: the same before it is saved, after, and on the lead's page.

use jiff::{Timestamp, tz::TimeZone};
use ripen_domain::{
    calling::{Place, PossibleClocks},
    desk::{GateKind, NextOpening, NextWork},
};

use crate::people::when::When;

/// What becomes of a lead, after "it": `is tried again on Tue 1 Dec 2026, 10:00 London`, by the clock where the person is.
pub fn next_in_words(next: &NextWork, places: &[Place], when: &When) -> String {
    match next {
        NextWork::Now => "can be called now".to_owned(),
        NextWork::At(NextOpening { at, what }) => format!("{} on {}", what.becomes(), both_clocks(*at, places, when)),
        NextWork::Blocked { gate, words } => blocked_in_words(*gate, words),
    }
}

/// The time where the person is, with that of the other clock that may be theirs, and the reader's hour where theirs is another.
pub fn both_clocks(at: Timestamp, places: &[Place], when: &When) -> String {
    let there = there(places, when);
    let offset = |zone: TimeZone| zone.to_offset(at);
    // While it is not settled where they are, the clock that is named may not be theirs.
    let other = PossibleClocks::of(places, at).map(|clocks| when.there(clocks.other_than(&there.zone(), at).clone()));
    let other = other.map(|other| format!("{} if they are in {}", other.hour(at), other.place()));
    let own = (offset(there.zone()) != offset(when.zone())).then(|| format!("{} for you", when.hour(at)));
    let beside: Vec<_> = [other, own].into_iter().flatten().collect();
    match beside.is_empty() {
        true => there.whole(at),
        false => format!("{} ({})", there.whole(at), beside.join(", ")),
    }
}

/// By the clock where the person is.
pub fn there(places: &[Place], when: &When) -> When {
    when.there(places.first().map_or_else(|| when.zone(), |place| place.zone.clone()))
}

/// Who has to do something before anybody calls, after "it".
pub fn blocked_in_words(gate: GateKind, words: &str) -> String {
    match gate {
        GateKind::Review => "waits: a manager looks at the consent".to_owned(),
        GateKind::Number => "is called by nobody until another number is written down".to_owned(),
        GateKind::WithClient => "is for the client to call".to_owned(),
        GateKind::Promise => "has its next step once it is decided".to_owned(),
        _ => format!("is called by nobody: {words}"),
    }
}
