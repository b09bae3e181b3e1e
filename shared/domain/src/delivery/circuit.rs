//! The circuit of an endpoint: after repeated failure nothing is sent but one probe now and then, until one goes well; after
//! days of failure the endpoint is switched off. Pure: whoever records attempts applies it to the endpoint's row.
//!
//! It decides nothing about deliveries: those wait while a circuit is open, and are released when it closes.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::{
    id::LeadId,
    time::{later, whole_micros},
};

/// What an endpoint's attempts came to so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Circuit {
    /// Deliveries go out.
    Closed {
        /// The failures since the last attempt that did not fail; none where that was the last one.
        failing: Option<Failing>,
    },
    /// Deliveries wait.
    Open {
        /// What opened it.
        failing: Failing,
        /// Probes that failed since.
        probes: u32,
        /// From when one probe may be made.
        probe_at: Timestamp,
    },
}

/// An unbroken row of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failing {
    /// How many; at least one.
    pub failures: u32,
    /// When the first one was.
    pub since: Timestamp,
}

/// What an attempt says about its endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndpointHealth {
    /// The endpoint took it.
    Working,
    /// It did not.
    Failing {
        /// Whether it was the probe of an open circuit.
        probe: bool,
        /// In a few words, without contact data.
        why: String,
        /// The time the endpoint asked for.
        not_before: Option<Timestamp>,
    },
    /// It answered, and does not take what it was sent of this lead: see [`super::RefusedRow`].
    Refusing {
        /// The lead.
        lead: LeadId,
        /// In a few words, without contact data.
        why: String,
    },
}

/// When circuits open, how long they wait, and when an endpoint is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CircuitTerms {
    /// Failures in a row that open it.
    pub failures: u32,
    /// The pause before the first probe; doubled after each that fails.
    pub pause: Duration,
    /// The longest pause, and the longest that an endpoint's wish to wait is heeded.
    pub longest_pause: Duration,
    /// An endpoint that failed for so long is disabled.
    pub disable_after: Duration,
}

/// What an attempt changed for the endpoint's deliveries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    Kept,
    /// Deliveries wait from now on.
    Opened,
    /// Everything that waits goes out now.
    Closed,
    /// The endpoint is to be disabled, for this reason.
    Disabled(String),
}

impl Circuit {
    /// A circuit nothing is known of.
    pub const NEW: Self = Self::Closed { failing: None };

    /// The circuit after one more attempt. `jitter` is a factor around 1 on the pause.
    #[must_use]
    pub fn after(self, health: &EndpointHealth, terms: &CircuitTerms, jitter: f64, now: Timestamp) -> (Self, Change) {
        let (probe, why, not_before) = match health {
            // Also an attempt that was sent before the circuit opened closes it: the endpoint takes deliveries again.
            EndpointHealth::Working => {
                let change = if matches!(self, Self::Open { .. }) { Change::Closed } else { Change::Kept };
                return (Self::NEW, change);
            }
            EndpointHealth::Refusing { .. } => return (self, Change::Kept),
            EndpointHealth::Failing { probe, why, not_before } => (*probe, why, *not_before),
        };
        // The beginning of the row of failures stays: `disable_after` counts from it.
        let failing = self.failing().map_or(Failing { failures: 1, since: now }, |failing| Failing {
            failures: failing.failures.saturating_add(1),
            ..failing
        });
        match self {
            // A few failures are normal traffic and must not stop the others.
            Self::Closed { .. } if failing.failures < terms.failures => {
                (Self::Closed { failing: Some(failing) }, Change::Kept)
            }
            Self::Closed { .. } => {
                // The first pause begins now; it grows only with failed probes.
                let probe_at = terms.probe_at(0, not_before, jitter, now);
                terms.given_up(Self::Open { failing, probes: 0, probe_at }, Change::Opened, why, now)
            }
            // It was sent before the circuit opened: it says nothing that is not known.
            Self::Open { probes, probe_at, .. } if !probe => (Self::Open { failing, probes, probe_at }, Change::Kept),
            // Longer after each failed probe: an endpoint that is down for days is not asked every minute.
            Self::Open { probes, .. } => {
                let probes = probes.saturating_add(1);
                let probe_at = terms.probe_at(probes, not_before, jitter, now);
                terms.given_up(Self::Open { failing, probes, probe_at }, Change::Kept, why, now)
            }
        }
    }

    /// The unbroken row of failures, if the last attempt failed.
    #[must_use]
    pub const fn failing(self) -> Option<Failing> {
        match self {
            Self::Closed { failing } => failing,
            Self::Open { failing, .. } => Some(failing),
        }
    }
}

impl CircuitTerms {
    fn probe_at(&self, probes: u32, not_before: Option<Timestamp>, jitter: f64, now: Timestamp) -> Timestamp {
        // Saturating: after enough probes the power of two is beyond any integer, and the bound counts.
        let doubled = self.pause.saturating_mul(2_u32.saturating_pow(probes)).min(self.longest_pause);
        // A factor that is negative or not finite makes no length of time: the plain pause stands in.
        let pause = Duration::try_from_secs_f64(doubled.as_secs_f64() * jitter).unwrap_or(doubled);
        // Bounded: an endpoint that asks for a year would never be probed.
        let wished = not_before.map_or(now, |at| at.min(later(now, self.longest_pause)));
        // Whole microseconds, as PostgreSQL keeps them: what is read back equals what was decided.
        whole_micros(later(now, pause).max(wished))
    }

    fn given_up(&self, circuit: Circuit, change: Change, why: &str, now: Timestamp) -> (Circuit, Change) {
        let failed_for = circuit.failing().map_or(SignedDuration::ZERO, |failing| now.duration_since(failing.since));
        // A configured limit beyond the type's range means "never".
        let limit = SignedDuration::try_from(self.disable_after).unwrap_or(SignedDuration::MAX);
        // The failures' time counts and not their number: an endpoint with much traffic fails a thousand times in a minute.
        if failed_for < limit {
            return (circuit, change);
        }
        (circuit, Change::Disabled(format!("failed for {}, last: {why}", in_words(failed_for))))
    }
}

fn in_words(lasted: SignedDuration) -> String {
    match lasted.as_hours() {
        hours @ 48.. => format!("{} days", hours / 24),
        1 => "1 hour".to_owned(),
        hours @ 2.. => format!("{hours} hours"),
        _ => match lasted.as_mins() {
            ..=1 => "1 minute".to_owned(),
            minutes => format!("{minutes} minutes"),
        },
    }
}

#[cfg(test)]
mod tests;
