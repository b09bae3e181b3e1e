//! Rules that can never be reached: of a routing's rules the first that holds counts, and what stands behind one that holds
//! wherever it holds itself is dead. No mistake, but hardly what the manager meant.

use super::route_reader::{Earlier, RouteReader};
use crate::{
    criteria::Condition,
    document::{Located, Section, quoted},
};

impl<'d> RouteReader<'d, '_> {
    /// Warns of a rule that never counts, and remembers it for those that follow.
    pub(super) fn doubt_unreachable(&mut self, section: &Section<'d>, text: &Located<&'d str>, condition: &Condition) {
        let at = text.span.start;
        // Before the others: a condition that never holds is covered by each, which would name the wrong cause.
        if self.conditions.never_holds(condition) {
            self.doubts.add(at, || "this rule is never reached: its condition holds for no lead".into());
            return;
        }
        let before = self.earlier.iter().find(|earlier| earlier.condition.covers(condition));
        if let Some(Earlier { id, .. }) = before {
            self.doubts.add(at, || {
                format!("this rule is never reached: wherever it holds, the rule {} before it holds too", quoted(id))
            });
            return;
        }
        // Only what can be reached is kept: a dead rule hides nothing behind it.
        if let Some(id) = section.get("id").and_then(|id| id.get_ref().as_str()) {
            self.earlier.push(Earlier { id, condition: condition.clone() });
        }
    }
}
