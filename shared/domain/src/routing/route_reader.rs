//! A routing document while it is read: what was found so far, and what is wrong with it. Each part of a document reads its own with it.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::surroundings::Surroundings;
use crate::{
    criteria::{Condition, ConditionReader},
    document::{Notes, Section},
};

/// A rule that was read, for those behind it.
pub(super) struct Earlier<'d> {
    pub id: &'d str,
    pub condition: Condition,
}

/// What is needed while a document is read.
pub(super) struct RouteReader<'d, 'q> {
    pub around: &'q Surroundings,
    pub conditions: ConditionReader<'d, 'q>,
    pub notes: Notes,
    /// What is no mistake, but probably not meant.
    pub doubts: Notes,
    pub ids: BTreeSet<&'d str>,
    pub earlier: Vec<Earlier<'d>>,
    /// Some rule offers leads.
    pub claims: bool,
    is_stored: bool,
}

impl<'d, 'q> RouteReader<'d, 'q> {
    pub(super) fn new(text: &'d str, around: &'q Surroundings, notes: Notes, is_stored: bool) -> Self {
        let conditions = ConditionReader::new(text, &around.questions, notes.is_torn());
        let (doubts, ids, earlier) = (Notes::default(), BTreeSet::new(), Vec::new());
        Self { around, conditions, notes, doubts, ids, earlier, claims: false, is_stored }
    }

    /// Notes what does not fit the surroundings: a mistake while a document is checked, and later a warning.
    pub(super) fn unfit(&mut self, at: usize, message: impl FnOnce() -> String) {
        // A stored document that was right when it was set must load later, although a rep has gone: what no longer
        // fits is a warning there and a mistake in a new one.
        let notes = if self.is_stored { &mut self.doubts } else { &mut self.notes };
        notes.add(at, message);
    }

    /// A length of time such as `"15m"`, of so many minutes.
    pub(super) fn wait(
        &mut self,
        root: &Section<'d>,
        key: &'static str,
        minutes: std::ops::RangeInclusive<i64>,
    ) -> Option<SignedDuration> {
        let text = root.text(key, &mut self.notes)?;
        let wait = in_minutes(text.value).filter(|wait| minutes.contains(wait));
        if wait.is_none() {
            let (least, most) = (minutes.start(), minutes.end() / (24 * 60));
            self.notes.add(text.span.start, || {
                format!("'{key}' must be a length of time such as \"15m\", \"4h\" or \"3d\", from {least}m to {most}d")
            });
        }
        wait.map(SignedDuration::from_mins)
    }

    pub(super) fn check_claims(&mut self, root: &Section<'d>) {
        if self.claims && root.get("owner").is_none() {
            self.notes.add_missing(root.at, || {
                "mode = \"first_to_claim\" needs 'owner': who gets a lead that nobody claims".into()
            });
        }
        if let Some(unused) = root.get("claim_within").filter(|_| !self.claims) {
            self.doubts.add(unused.span().start, || "'claim_within' counts with mode = \"first_to_claim\" only".into());
        }
    }
}

fn in_minutes(text: &str) -> Option<i64> {
    let unit = text.chars().last()?;
    let minutes = match unit {
        'm' => 1,
        'h' => 60,
        'd' => 24 * 60,
        _ => return None,
    };
    // By the character's own length: the last one may be any of Unicode.
    let digits = &text[..text.len() - unit.len_utf8()];
    let count: i64 = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
    // Checked: a number that overflows is out of range, not a short wait.
    count.checked_mul(minutes)
}
