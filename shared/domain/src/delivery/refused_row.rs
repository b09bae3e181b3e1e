//! Records that a receiver does not take, told from a receiver that fails: one record that is wrong says nothing of whoever reads it,
//! and a row of different ones with nothing taken in between does.

use jiff::Timestamp;

use crate::id::LeadId;

/// So many different leads refused in a row are a failure of the endpoint.
const MOST: usize = 3;

/// Leads of which an endpoint did not take what it was sent, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RefusedRow {
    /// Which.
    pub leads: Vec<LeadId>,
    /// When the first of them was refused.
    pub since: Option<Timestamp>,
}

impl RefusedRow {
    /// The row after one more refusal, and whether the endpoint fails by it. `took_since` says that it took anything since the row began.
    #[must_use]
    pub fn after(self, lead: LeadId, took_since: bool, now: Timestamp) -> (Self, bool) {
        let mut row = if took_since { Self::default() } else { self };
        // The same lead again, by an update or by hand, is wrong for the same reason.
        if !row.leads.contains(&lead) {
            row.leads.push(lead);
        }
        row.since = row.since.or(Some(now));
        if row.leads.len() < MOST { (row, false) } else { (Self::default(), true) }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    /// Whether the endpoint fails after these refusals; before a number with `true` it took something.
    fn fails(refused: &[(u128, bool)]) -> Vec<bool> {
        let mut row = RefusedRow::default();
        let mut now: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
        let after = |(lead, took_since): &(u128, bool)| {
            let (next, fails) =
                std::mem::take(&mut row).after(LeadId::from_uuid(Uuid::from_u128(*lead)), *took_since, now);
            row = next;
            now += jiff::SignedDuration::from_secs(1);
            fails
        };
        refused.iter().map(after).collect()
    }

    #[test]
    fn three_different_leads_in_a_row_are_a_failure_and_less_is_none() {
        assert_eq!(fails(&[(1, false), (2, false), (3, false), (4, false)]), [false, false, true, false]);
        assert_eq!(fails(&[(1, false), (1, false), (1, false), (2, false)]), [false; 4], "one lead, however often");
        assert_eq!(
            fails(&[(1, false), (2, false), (3, true), (4, false), (5, false)]),
            [false, false, false, false, true]
        );
    }
}
