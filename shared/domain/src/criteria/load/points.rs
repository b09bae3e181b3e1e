//! The points that the rules of a document can come to together.

/// What the points of all rules together can come to.
#[derive(Debug, Default)]
pub(super) struct Points {
    pub(super) most: i64,
    pub(super) least: i64,
    /// The most, without the rules that never hold.
    pub(super) possible: i64,
    /// Some rule's points could not be read, so that nothing is known.
    pub(super) unknown: bool,
}

impl Points {
    /// Adds a rule: its points if they could be read, and whether it never holds.
    pub(super) fn add(&mut self, points: Option<i64>, never: bool) {
        let Some(points) = points else {
            self.unknown = true;
            return;
        };
        self.most += points.max(0);
        self.least += points.min(0);
        self.possible += if never { 0 } else { points.max(0) };
    }
}
