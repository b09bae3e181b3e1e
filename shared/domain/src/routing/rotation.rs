//! Whose turn it is. Start-time fair queueing (Goyal, Vin and Cheng, 1996): every lead given moves a recipient's mark on by
//! one step divided by its weight, and the recipient with the lowest mark is next. With equal weights the counts of those
//! who are always there differ by at most one, over any sequence of leads in batches of any size.
//!
//! Who was away does not get what it missed: its mark counts as no lower than the mark of the lead given last, so that on
//! return it is next once and then takes turns like everybody. The same holds for who joins. What a capacity kept from
//! somebody yesterday is likewise not made up for today.

use std::{cmp::Reverse, collections::BTreeMap};

use serde::{Deserialize, Serialize};

use super::recipient::RecipientId;

/// What one lead moves a mark of weight 1: divisible by every weight up to 20 and by the common parts of a hundred.
const STEP: u64 = 1_163_962_800;

/// Where a recipient stands in a rotation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// Its mark.
    pub mark: u64,
    /// Leads it was given.
    pub given: u64,
    /// Which lead of the rotation it was given last, counted from 1; 0 for none.
    pub last: u64,
}

/// The turns of one rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// The mark of the lead given last.
    pub level: u64,
    /// Leads given.
    pub given: u64,
    /// By recipient. Who was never given a lead need not be here.
    pub turns: BTreeMap<RecipientId, Turn>,
}

impl Rotation {
    /// Who of these is next. Ties go to the one whose last turn is longest ago, then to the heavier, then by id.
    #[must_use]
    pub fn next(&self, present: &[(RecipientId, u32)]) -> Option<RecipientId> {
        // Ties go to who waited longest, then to the heavier weight, then by id: the same inputs always give the same
        // recipient.
        let rank = |(id, weight): &(RecipientId, u32)| (self.mark(*id), self.turn(*id).last, Reverse(*weight), *id);
        present.iter().min_by_key(|one| rank(one)).map(|(id, _)| *id)
    }

    /// The rotation after a lead was given to this recipient of this weight.
    #[must_use]
    pub fn after(mut self, id: RecipientId, weight: u32) -> Self {
        let mark = self.mark(id);
        // Who comes back from a holiday starts here and not where they stopped: else they would get every lead until they caught up.
        self.level = mark;
        self.given += 1;
        let turn = self.turns.entry(id).or_default();
        // No document has a weight of 0; dividing by one would be a panic all the same.
        turn.mark = mark.saturating_add(STEP / u64::from(weight.max(1)));
        turn.given += 1;
        turn.last = self.given;
        self
    }

    fn turn(&self, id: RecipientId) -> Turn {
        self.turns.get(&id).copied().unwrap_or_default()
    }

    fn mark(&self, id: RecipientId) -> u64 {
        // Computed, not stored: whoever is away keeps an old mark and is lifted when looked at.
        self.turn(id).mark.max(self.level)
    }
}
