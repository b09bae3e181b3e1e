//! Gates as a client and its brokers read them: that the person speaks with the firm for somebody else, who of the firm does what,
//! what somebody wrote about the person, and at which hours people are called where they are, is not theirs to know.

use jiff::{Timestamp, tz::TimeZone};

use super::{
    CallGate, GateKind,
    gates::{closed, open},
    opens_at, shut,
};

/// A client whose people read gates.
#[derive(Debug, Clone, Copy)]
pub struct GateReader<'a> {
    /// The client's clock.
    pub zone: &'a TimeZone,
    /// The client has the lead.
    pub is_handed_over: bool,
}

/// The gates as this client's people read them. Before they have the lead, why it is over is none of it. Of when somebody is called next
/// they are told the day on which it opens, as its beginning: one that opens later today has its beginning behind it, as the next step has.
/// The beginning of the day behind would be an instant that is not so, and contradict that step.
#[must_use]
pub fn softened(gates: Vec<CallGate>, reader: GateReader<'_>) -> Vec<CallGate> {
    let mut shown = Vec::with_capacity(gates.len());
    let mut resting = Vec::new();
    let is_over = |gate: &CallGate| matches!(gate.kind, GateKind::Closed | GateKind::DoNotContact) && !gate.is_open;
    let is_over = !reader.is_handed_over && gates.iter().any(is_over);
    for gate in gates {
        match gate.kind {
            // All three as one, shut or open: which of them it is, and when exactly it began, tells of calls for others.
            GateKind::Attempts | GateKind::Elsewhere | GateKind::Calls => resting.push(gate),
            GateKind::AgentClients | GateKind::Language if gate.is_open => {}
            GateKind::AgentClients | GateKind::Language => {
                shown.push(CallGate { words: "waits for somebody who works for it".to_owned(), ..gate });
            }
            // The same by day and by night: at which hour it opens tells the zone, and with it the country, of a number that is not
            // theirs to know yet.
            GateKind::Hours => shown.push(open(GateKind::Hours, "called within the hours of where the person is")),
            // Why somebody closed it, and why nobody may call, are words about a person, and may be of another client's call.
            GateKind::Closed if is_over || !gate.is_open => {
                shown.push(closed(GateKind::Closed, "the lead is not open any more", None));
            }
            GateKind::DoNotContact if is_over => {}
            GateKind::DoNotContact if !gate.is_open => {
                shown.push(CallGate { words: "nobody may contact this person".to_owned(), ..gate });
            }
            GateKind::Lease if !gate.is_open => shown.push(CallGate { words: "being worked on".to_owned(), ..gate }),
            // A next step falls due at an hour at which people are called there.
            GateKind::Promise => {
                shown.push(CallGate { opens_at: gate.opens_at.map(|at| day_alone(at, reader.zone)), ..gate });
            }
            _ => shown.push(gate),
        }
    }
    shown.push(match shut(&resting).next() {
        None => open(GateKind::Resting, "not resting"),
        Some(_) => closed(GateKind::Resting, "resting", opens_at(&resting).map(|at| day_alone(at, reader.zone))),
    });
    shown
}

/// The day alone of an instant, as its beginning by this clock: people are called at nine where they are, and the hour would say
/// where that is.
#[must_use]
pub fn day_alone(at: Timestamp, zone: &TimeZone) -> Timestamp {
    at.to_zoned(zone.clone()).start_of_day().map_or(at, |day| day.timestamp())
}

/// The beginning of the next day by this clock; none at the end of time.
#[must_use]
pub fn day_after(at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    at.to_zoned(zone.clone()).tomorrow().ok()?.start_of_day().ok().map(|day| day.timestamp())
}
