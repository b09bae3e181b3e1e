//! Circuits as tables: what each attempt makes of each state, and whole outages from the first failure to the end.

use super::*;

const TERMS: CircuitTerms = CircuitTerms {
    failures: 3,
    pause: Duration::from_secs(10),
    longest_pause: Duration::from_secs(60),
    disable_after: Duration::from_secs(5 * 24 * 3600),
};

fn start() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().unwrap()
}

fn at(seconds: i64) -> Timestamp {
    start() + SignedDuration::from_secs(seconds)
}

fn badly(probe: bool) -> EndpointHealth {
    EndpointHealth::Failing { probe, why: "answered 500".into(), not_before: None }
}

fn closed(failures: u32) -> Circuit {
    Circuit::Closed { failing: (failures > 0).then(|| Failing { failures, since: start() }) }
}

fn open(failures: u32, probes: u32, probe_at: i64) -> Circuit {
    Circuit::Open { failing: Failing { failures, since: start() }, probes, probe_at: at(probe_at) }
}

#[test]
fn each_attempt_makes_its_state_of_each_state() {
    let kept = Change::Kept;
    for (before, health, now, after, change) in [
        (Circuit::NEW, EndpointHealth::Working, 0, closed(0), kept.clone()),
        (Circuit::NEW, badly(false), 0, closed(1), kept.clone()),
        (closed(1), badly(false), 1, closed(2), kept.clone()),
        (closed(2), EndpointHealth::Working, 2, closed(0), kept.clone()),
        (closed(2), badly(false), 2, open(3, 0, 12), Change::Opened),
        // Sent before it opened.
        (open(3, 0, 12), badly(false), 3, open(4, 0, 12), kept.clone()),
        (open(3, 0, 12), EndpointHealth::Working, 3, closed(0), Change::Closed),
        // Probes.
        (open(3, 0, 12), badly(true), 13, open(4, 1, 33), kept.clone()),
        (open(4, 1, 33), badly(true), 34, open(5, 2, 74), kept.clone()),
        (open(5, 2, 74), badly(true), 80, open(6, 3, 140), kept.clone()),
        (open(6, 3, 140), badly(true), 150, open(7, 4, 210), kept.clone()),
        (open(99, u32::MAX, 0), badly(true), 0, open(100, u32::MAX, 60), kept),
        (open(7, 4, 210), EndpointHealth::Working, 211, closed(0), Change::Closed),
    ] {
        let got = before.after(&health, &TERMS, 1.0, at(now));
        assert_eq!(got, (after, change), "{before:?} after {health:?} at {now}");
    }
}

#[test]
fn a_wish_to_wait_is_heeded_up_to_the_longest_pause() {
    for (wish, probe_at) in [(5, 10), (30, 30), (3600, 60)] {
        let health = EndpointHealth::Failing { probe: false, why: "answered 429".into(), not_before: Some(at(wish)) };
        assert_eq!(closed(2).after(&health, &TERMS, 1.0, at(0)).0, open(3, 0, probe_at), "{wish}");
    }
}

#[test]
fn pauses_are_spread_by_the_jitter() {
    assert_eq!(closed(2).after(&badly(false), &TERMS, 1.1, at(0)).0, open(3, 0, 11));
    assert_eq!(closed(2).after(&badly(false), &TERMS, f64::NAN, at(0)).0, open(3, 0, 10));
}

#[test]
fn days_of_failure_disable_and_a_single_late_failure_does_not() {
    let day = 24 * 3600;
    let (circuit, change) = open(40, 9, 0).after(&badly(true), &TERMS, 1.0, at(5 * day));
    assert_eq!(change, Change::Disabled("failed for 5 days, last: answered 500".into()));
    assert!(matches!(circuit, Circuit::Open { probes: 10, .. }));
    assert_eq!(open(40, 9, 0).after(&badly(true), &TERMS, 1.0, at(5 * day - 1)).1, Change::Kept);
    assert_eq!(closed(1).after(&badly(false), &TERMS, 1.0, at(6 * day)).1, Change::Kept, "two failures are no outage");
    assert!(matches!(closed(2).after(&badly(false), &TERMS, 1.0, at(6 * day)).1, Change::Disabled(_)));
}

#[test]
fn an_outage_costs_few_probes_and_ends_with_the_first_that_goes_well() {
    let (mut circuit, mut now, mut probes) = (closed(2).after(&badly(false), &TERMS, 1.0, at(0)).0, at(0), 0);
    let over = at(15 * 60);
    while let Circuit::Open { probe_at, .. } = circuit {
        now = probe_at;
        let health = if now >= over { EndpointHealth::Working } else { badly(true) };
        probes += 1;
        circuit = circuit.after(&health, &TERMS, 1.0, now).0;
    }
    assert_eq!(circuit, Circuit::NEW);
    assert!(
        probes < 20 && now.duration_since(over) <= SignedDuration::from_secs(60),
        "{probes} probes, closed at {now}"
    );
}

#[test]
fn how_long_it_failed_is_said_in_words() {
    for (seconds, words) in
        [(0, "1 minute"), (120, "2 minutes"), (3600, "1 hour"), (7200, "2 hours"), (172_800, "2 days")]
    {
        assert_eq!(in_words(SignedDuration::from_secs(seconds)), words);
    }
}
