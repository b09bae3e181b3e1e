//! Who is handed out before whom.

use jiff::ToSpan;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::calling::Region;

fn now() -> Timestamp {
    at("2026-11-30T14:00:00Z")
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn client(number: u128) -> ClientId {
    ClientId::from_uuid(Uuid::from_u128(number))
}

fn user(number: u128) -> UserId {
    UserId::from_uuid(Uuid::from_u128(number))
}

/// A lead of client 1 that came an hour ago, with nothing due.
fn candidate(number: u128) -> DeskCandidate {
    DeskCandidate {
        lead: LeadId::from_uuid(Uuid::from_u128(number)),
        client: client(1),
        subject: RankSubject { is_touched: true, ..RankSubject::default() },
        promised_by: None,
        enquired_at: now() - 1.hour(),
        grade: None,
        score: 0,
    }
}

fn untouched(number: u128, waited: i64, is_bulk: bool) -> DeskCandidate {
    let subject = RankSubject { waited: SignedDuration::from_mins(waited), is_bulk, ..RankSubject::default() };
    DeskCandidate { subject, enquired_at: now() - waited.minutes(), ..candidate(number) }
}

fn due(number: u128, since: i64, is_agreed: bool) -> DeskCandidate {
    let subject =
        RankSubject { due_at: Some(now() - since.minutes()), is_agreed, is_touched: true, ..RankSubject::default() };
    DeskCandidate { subject, ..candidate(number) }
}

fn ids(ordered: &[OrderedLead]) -> Vec<u128> {
    ordered.iter().map(|one| one.candidate.lead.uuid().as_u128()).collect()
}

#[test]
fn what_a_client_gave_back_is_no_promised_call_and_comes_before_what_is_due() {
    let back = RankSubject { is_put_back: true, ..due(3, 5, false).subject };
    let all = vec![
        due(4, 60, false),
        DeskCandidate { subject: back, ..candidate(3) },
        untouched(2, 300, false),
        due(1, 1, true),
    ];
    let ordered = in_order(all, None, &[client(1)], now());
    assert_eq!(ids(&ordered), [1, 2, 3, 4]);
    assert_eq!(ordered[2].rank, Rank::Returned);
}

#[test]
fn promised_fresh_untouched_due_plan_rest() {
    let step = RankSubject { step_at: Some(now()), is_touched: true, ..RankSubject::default() };
    let plan = DeskCandidate { subject: step, ..candidate(5) };
    let all =
        vec![candidate(6), plan, due(4, 60, false), untouched(3, 300, false), untouched(2, 5, false), due(1, 1, true)];
    let ordered = in_order(all, None, &[client(1)], now());
    assert_eq!(ids(&ordered), [1, 2, 3, 4, 5, 6]);
    let ranks: Vec<_> = ordered.iter().map(|one| one.rank.word()).collect();
    assert_eq!(ranks, ["promised", "fresh", "untouched", "due", "plan", "rest"]);
}

#[test]
fn whoever_was_never_touched_comes_before_every_unpromised_step() {
    let old = DeskCandidate {
        subject: RankSubject { due_at: Some(now() - 90.hours()), ..untouched(1, 9_000, false).subject },
        ..untouched(1, 9_000, false)
    };
    assert_eq!(rank(&old.subject, now()), Rank::Untouched);
    assert_eq!(ids(&in_order(vec![due(2, 9_000, false), old], None, &[], now())), [1, 2]);
}

#[test]
fn what_is_ahead_is_not_due_yet() {
    for is_agreed in [true, false] {
        assert_eq!(rank(&due(1, -1, is_agreed).subject, now()), Rank::Rest);
    }
}

#[test]
fn of_promised_calls_the_agents_own_come_first_then_who_waits_longest() {
    let own = DeskCandidate { promised_by: Some(user(7)), ..due(1, 1, true) };
    let others = DeskCandidate { promised_by: Some(user(8)), ..due(2, 30, true) };
    let all = || vec![due(3, 60, true), others, own];
    assert_eq!(ids(&in_order(all(), Some(user(7)), &[client(1)], now())), [1, 3, 2]);
    assert_eq!(ids(&in_order(all(), None, &[client(1)], now())), [3, 2, 1]);
}

#[test]
fn fresh_ones_come_newest_first_and_bulk_comes_oldest_first_behind_them() {
    let all = vec![untouched(4, 20, true), untouched(3, 30, true), untouched(2, 9, false), untouched(1, 3, false)];
    assert_eq!(ids(&in_order(all, None, &[client(1)], now())), [1, 2, 3, 4]);
}

#[test]
fn the_rest_goes_by_grade_then_points_then_age() {
    let of = |number, grade, score, hours: i64| DeskCandidate {
        grade,
        score,
        enquired_at: now() - hours.hours(),
        ..candidate(number)
    };
    let all = vec![
        of(5, None, 90, 1),
        of(4, Some(Grade::C), 95, 1),
        of(3, Some(Grade::B), 40, 1),
        of(2, Some(Grade::B), 60, 1),
        of(1, Some(Grade::B), 60, 9),
    ];
    assert_eq!(ids(&in_order(all, None, &[client(1)], now())), [1, 2, 3, 4, 5]);
}

#[test]
fn an_import_of_one_client_leaves_the_others_turn_as_it_was() {
    let of = |owner, one: DeskCandidate| DeskCandidate { client: client(owner), ..one };
    let import = (0..3_000).map(|number| of(1, untouched(1_000 + number, 400, true)));
    let others = [of(2, untouched(1, 500, false)), of(2, untouched(2, 450, false)), of(3, untouched(3, 420, true))];
    let fresh = of(2, untouched(4, 10, false));
    let all: Vec<_> = import.chain(others).chain([fresh]).collect();
    let ordered = in_order(all, None, &[client(1), client(2), client(3)], now());
    // The fresh one before all of the import; of the rank both are in, each client has one in every round.
    assert_eq!(ids(&ordered)[..7], [4, 1_000, 1, 3, 1_001, 2, 1_002]);
}

#[test]
fn on_monday_morning_the_weekend_is_fresh() {
    let chicago =
        Place { region: "US-IL".parse::<Region>().ok(), zone: jiff::tz::TimeZone::get("America/Chicago").unwrap() };
    let hours = Hours::default();
    let waited =
        |from: &str, to: &str| callable_wait((at(from), at(to)), FRESH, &hours, std::slice::from_ref(&chicago));
    // Saturday evening after the close to Monday 09:30 by the clock there.
    assert_eq!(waited("2026-11-29T04:00:00Z", "2026-11-30T15:30:00Z"), SignedDuration::from_mins(30));
    assert_eq!(waited("2026-11-30T15:30:00Z", "2026-11-30T15:37:00Z"), SignedDuration::from_mins(7));
    assert_eq!(waited("2026-11-23T15:30:00Z", "2026-11-30T15:37:00Z"), FRESH, "no more is counted");
    assert_eq!(waited("2026-11-30T15:37:00Z", "2026-11-30T15:30:00Z"), SignedDuration::ZERO);
}

proptest! {
    #[test]
    fn every_candidate_is_in_the_order_once_and_ranks_never_go_back(
        kinds in proptest::collection::vec((0_u8..4, -200_i64..2_000, 1_u128..4), 0..40)
    ) {
        let make = |(number, (kind, minutes, owner)): (usize, (u8, i64, u128))| {
            let number = number as u128;
            let one = match kind {
                0 => due(number, minutes, true),
                1 => due(number, minutes, false),
                2 => untouched(number, minutes.max(0), false),
                _ => untouched(number, minutes.max(0), true),
            };
            DeskCandidate { client: client(owner), ..one }
        };
        let all: Vec<_> = kinds.into_iter().enumerate().map(make).collect();
        let ordered = in_order(all.clone(), Some(user(1)), &[client(2), client(1)], now());
        prop_assert!(ordered.is_sorted_by_key(|one| one.rank));
        let mut found = ids(&ordered);
        found.sort_unstable();
        prop_assert_eq!(found, (0..all.len() as u128).collect::<Vec<_>>());
    }
}
