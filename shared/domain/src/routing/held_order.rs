//! In which order leads that were held go on: the highest score first, of equal ones the one that has waited longest. Who
//! lets them go, and when, is the dispatcher's business.

use std::cmp::Ordering;

use jiff::Timestamp;

use crate::id::LeadId;

/// A lead that is held. Sorted, those to be released first come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitingLead {
    /// The lead.
    pub lead: LeadId,
    /// Points of the decision that matured it.
    pub score: i32,
    /// When it matured.
    pub matured_at: Timestamp,
}

impl Ord for WaitingLead {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_score = other.score.cmp(&self.score);
        // The id last: without it equals would go on in any order, and two processes in different ones.
        by_score.then(self.matured_at.cmp(&other.matured_at)).then(self.lead.cmp(&other.lead))
    }
}

impl PartialOrd for WaitingLead {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_go_first_and_of_equal_ones_the_oldest() {
        let waiting = |lead: u128, score, second| WaitingLead {
            lead: LeadId::from_uuid(uuid::Uuid::from_u128(lead)),
            score,
            matured_at: Timestamp::from_second(second).unwrap(),
        };
        let sorted = [waiting(5, 90, 7), waiting(1, 80, 3), waiting(4, 80, 3), waiting(2, 80, 9), waiting(3, -5, 0)];
        let mut mixed = [sorted[3], sorted[2], sorted[4], sorted[0], sorted[1]];
        mixed.sort();
        assert_eq!(mixed, sorted);
    }
}
