//! Why a lead is decided now, if it is, and what the receipt says of that.

use ripen_domain::{criteria::Cause, promise::Occasion};
use ripen_store::client::grading_settings::GradingSettings;

use crate::unit_of_work::TrackedLead;

/// Whether it is decided because of what somebody of the firm did, and of nothing else.
pub(super) fn is_by_hand(lead: &TrackedLead, work: &GradingSettings) -> bool {
    let decided_by = lead.row.decided.map(|last| last.criteria);
    // Any other cause may have matured it without the person. What was said just before waits all the same: see `undo_time`.
    lead.regrade.is_some() && lead.fired.is_none() && lead.arrived.is_empty() && decided_by == work.criteria
}

/// Whether it is decided because a disposition was taken back, and because of nothing else: promises and rounds are as they were before.
pub(super) fn is_only_taken_back(lead: &TrackedLead, work: &GradingSettings) -> bool {
    lead.is_taken_back && lead.is_taken_back_last && is_by_hand(lead, work)
}

/// Why the lead is to be decided now, if it is.
pub(super) fn occasion_of(lead: &TrackedLead, work: &GradingSettings) -> Option<Occasion> {
    let decided_by = lead.row.decided.map(|last| last.criteria);
    // What fired comes first: only under this occasion may its round be counted and the promise be kept.
    if let Some(generation) = lead.fired {
        return Some(Occasion::Fired(generation));
    }
    if !lead.arrived.is_empty() {
        return Some(if lead.enquired { Occasion::Arrived } else { Occasion::Corrected });
    }
    (lead.regrade.is_some() || decided_by != work.criteria).then_some(Occasion::Regraded)
}

/// Other criteria than last time are a change too, when they meet a promise that falls due.
pub(super) fn cause_of(lead: &TrackedLead, work: &GradingSettings) -> Cause {
    let decided = lead.row.decided;
    let outdated = lead.fired.is_some() && decided.is_some_and(|last| Some(last.criteria) != work.criteria);
    Cause {
        arrivals: lead.arrived.clone(),
        promise: lead.fired,
        regrade: lead.regrade.is_some() || outdated,
        before: decided.map(|last| last.grade),
        barred: None,
        kept_back: lead.kept_back,
        recalled: lead.is_recalled,
    }
}
