//! Leads that nobody can take now: until when they are held, why, and for whom.

use jiff::Timestamp;
use ripen_domain::{
    id::RepId,
    routing::{Assignment, Away, Later, Passed, PassedOver, RecipientId, Routed},
};

/// Why a lead waits that could be delivered to nobody of its client, in words.
pub const UNDELIVERABLE: &str = "it could be delivered to none of the client's endpoints";

/// A lead nobody can take now.
#[derive(Debug, Clone)]
pub struct Hold {
    /// When it is routed again.
    pub until: Timestamp,
    /// What it waits for, in words.
    pub why: String,
    /// No date says when it goes on: somebody has to do something first. `until` is when it is looked at again.
    pub is_undated: bool,
    /// Reps for whom alone it waits, none of whom has an endpoint that is enabled.
    pub waits_for: Vec<RepId>,
}

/// What of a lead is held, or all of it; looked at again at `later` where nobody knows a date.
pub(crate) fn held_of(routed: &Routed, later: Timestamp) -> Option<Hold> {
    match &routed.assignment {
        Assignment::Held { until, why } => {
            let waits_for = if until.is_none() { without_a_way(&routed.passed) } else { Vec::new() };
            let is_undated = why.is_undated();
            Some(Hold { until: until.unwrap_or(later), why: why.to_string(), is_undated, waits_for })
        }
        // At the earliest of them: the others are put off again then.
        Assignment::Given { later: others, .. } => {
            let until = others.iter().map(|one| one.until).min()?;
            Some(Hold { until, why: format!("waits for {}", names(others)), is_undated: false, waits_for: Vec::new() })
        }
        Assignment::Offered { to, until, .. } => {
            let names: Vec<_> = to.iter().map(|one| one.name.as_str()).collect();
            let why = format!("on offer to {}", names.join(", "));
            Some(Hold { until: *until, why, is_undated: false, waits_for: Vec::new() })
        }
    }
}

/// The reps whom the routing names for a lead, where each of them lacks an endpoint; none where anybody is passed over for anything
/// else, and is back by themselves or by what somebody decides.
fn without_a_way(passed: &[PassedOver]) -> Vec<RepId> {
    let rep = |one: &PassedOver| match (&one.why, one.id) {
        (Passed::Away(Away::NoEndpoint), Some(RecipientId::Rep(rep))) => Some(rep),
        _ => None,
    };
    let is_asked =
        |one: &&PassedOver| matches!(one.why, Passed::Away(_) | Passed::NotItsTurn { .. } | Passed::ClientFull);
    passed.iter().filter(is_asked).map(rep).collect::<Option<_>>().unwrap_or_default()
}

fn names(later: &[Later]) -> String {
    later.iter().map(|one| one.chosen.name.as_str()).collect::<Vec<_>>().join(", ")
}
