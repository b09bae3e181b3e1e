//! Two processes that find out about one mail server.

use std::time::Duration;

use ripen_testkit::postgres::database;

use super::*;
use crate::StoreOptions;

const TERMS: CircuitTerms = CircuitTerms {
    failures: 3,
    pause: Duration::from_secs(5),
    longest_pause: Duration::from_secs(60),
    disable_after: Duration::MAX,
};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

const fn away(probe: bool) -> MailServerFound<'static> {
    MailServerFound::Away { probe, why: "no answer" }
}

const fn broke_off(address: &str) -> MailServerFound<'_> {
    MailServerFound::BrokeOff { probe: false, why: "it hung up", address }
}

fn is_open(state: &MailServerState) -> bool {
    matches!(state.circuit, Circuit::Open { .. })
}

#[test]
fn one_address_counts_once_until_the_server_takes_a_mail() {
    let after = |state: MailServerState, address, second| state.after(broke_off(address), &TERMS, 1.0, at(second));
    let mut state = MailServerState::THERE;
    for second in 0..50 {
        state = after(state, "dana@late.example", second);
        assert!(!is_open(&state), "the server breaks off for one alone");
    }
    state = after(state, "Dana@late.example", 50);
    state = after(state, "lee@late.example", 51);
    assert!(!is_open(&state));
    let third = after(state.clone(), "kim@other.example", 52);
    assert!(is_open(&third), "three addresses in a row hear it");
    // In between it took a mail.
    let state = state.after(MailServerFound::There, &TERMS, 1.0, at(52));
    assert!(!is_open(&after(state, "kim@other.example", 53)));
    // A probe counts whoever it is to: the pause grows.
    let probe = MailServerFound::BrokeOff { probe: true, why: "it hung up", address: "kim@other.example" };
    let state = third.after(probe, &TERMS, 1.0, at(60));
    assert!(matches!(state.circuit, Circuit::Open { probes: 1, .. }), "{state:?}");
}

#[tokio::test]
async fn processes_count_the_addresses_in_whose_mails_the_server_breaks_off_together() {
    let database = database().await;
    let open = || Store::open(&StoreOptions::new(database.url(), 2)).unwrap();
    let (one, other) = (open(), open());
    for (store, address, opens) in [
        (&one, "a@x.example", false),
        (&other, "a@x.example", false),
        (&one, "b@x.example", false),
        (&other, "c@x.example", true),
    ] {
        let state = store.mail_circuit_note(broke_off(address), &TERMS, 1.0, at(0)).await.unwrap();
        assert_eq!((is_open(&state), one.mail_circuit().await.unwrap()), (opens, state), "{address}");
    }
    one.close().await;
    other.close().await;
}

#[tokio::test]
async fn what_one_process_learns_of_the_mail_server_holds_for_all() {
    let database = database().await;
    let open = || Store::open(&StoreOptions::new(database.url(), 2)).unwrap();
    let (one, other) = (open(), open());
    assert_eq!(one.mail_circuit().await.unwrap(), MailServerState::THERE);
    assert!(one.mail_circuit_probe(at(0), at(9)).await.unwrap(), "nothing is known against it");
    for (store, second) in [(&one, 0), (&other, 1)] {
        let state = store.mail_circuit_note(away(false), &TERMS, 1.0, at(second)).await.unwrap();
        assert!(matches!(state.circuit, Circuit::Closed { failing: Some(_) }), "{state:?}");
    }
    // Neither of them met three.
    let state = one.mail_circuit_note(away(false), &TERMS, 1.0, at(2)).await.unwrap();
    assert!(matches!(state.circuit, Circuit::Open { probe_at, .. } if probe_at == at(7)), "{state:?}");
    assert_eq!(other.mail_circuit().await.unwrap(), state);

    assert!(!other.mail_circuit_probe(at(6), at(20)).await.unwrap(), "it is too early");
    assert!(other.mail_circuit_probe(at(7), at(20)).await.unwrap());
    assert!(!one.mail_circuit_probe(at(7), at(20)).await.unwrap(), "one mail of all processes is enough");
    let state = other.mail_circuit_note(away(true), &TERMS, 1.0, at(8)).await.unwrap();
    assert!(matches!(state.circuit, Circuit::Open { probes: 1, probe_at, .. } if probe_at == at(18)), "{state:?}");

    assert!(one.mail_circuit_probe(at(18), at(40)).await.unwrap());
    let state = one.mail_circuit_note(MailServerFound::There, &TERMS, 1.0, at(19)).await.unwrap();
    assert_eq!((&state, &other.mail_circuit().await.unwrap()), (&MailServerState::THERE, &state));
    one.close().await;
    other.close().await;
}
