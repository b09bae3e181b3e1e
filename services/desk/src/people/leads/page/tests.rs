//! The next step on a lead's page: what is said of its date, by the reader's clock and by the person's.

use jiff::tz::TimeZone;
use ripen_domain::promise::{Kind, State};
use ripen_store::lead::list::ListedStep;

use super::*;

fn clock(zone: &str) -> When {
    When::at_clock("2026-11-24T16:03:00Z".parse().unwrap(), TimeZone::get(zone).unwrap())
}

#[test]
fn a_far_date_is_said_once() {
    let near = |due: &str| {
        let due_at = Some(due.parse().unwrap());
        let (kind, state, why) = (Kind::Requalify, State::Scheduled, String::new());
        step_near(&ShownStep::of(
            &clock("UTC"),
            &ListedStep { due_at, day_by: None, kind, state, why, is_agreed: false, is_put_back: false },
        ))
    };
    assert_eq!([near("2027-03-30T08:00:00Z"), near("2026-01-30T08:00:00Z")], ["", "late"]);
    assert_eq!([near("2026-11-24T20:03:00Z"), near("2026-11-21T16:03:00Z")], ["in 4 h", "3 days late"]);
}
