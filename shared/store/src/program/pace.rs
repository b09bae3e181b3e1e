//! How fast new criteria reach a program's open leads.

/// Leads of a program regraded in a second at the least, however far they could be spread.
pub(crate) const LEAST_PACE: f64 = 50.0;
/// As many as there is work for: leads that no criteria have graded yet are not to wait.
pub(crate) const AT_ONCE: f64 = 1e6;
