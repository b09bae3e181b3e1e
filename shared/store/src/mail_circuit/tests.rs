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

fn away(probe: bool) -> EndpointHealth {
    EndpointHealth::Failing { probe, why: "no answer".to_owned(), not_before: None }
}

#[tokio::test]
async fn what_one_process_learns_of_the_mail_server_holds_for_all() {
    let database = database().await;
    let open = || Store::open(&StoreOptions::new(database.url(), 2)).unwrap();
    let (one, other) = (open(), open());
    assert_eq!(one.mail_circuit().await.unwrap(), MailServerState::THERE);
    assert!(one.mail_circuit_probe(at(0), at(9)).await.unwrap(), "nothing is known against it");
    for (store, second) in [(&one, 0), (&other, 1)] {
        let state = store.mail_circuit_note(&away(false), &TERMS, 1.0, at(second)).await.unwrap();
        assert!(matches!(state.circuit, Circuit::Closed { failing: Some(_) }), "{state:?}");
    }
    // Neither of them met three.
    let state = one.mail_circuit_note(&away(false), &TERMS, 1.0, at(2)).await.unwrap();
    assert!(matches!(state.circuit, Circuit::Open { probe_at, .. } if probe_at == at(7)), "{state:?}");
    assert_eq!(other.mail_circuit().await.unwrap(), state);

    assert!(!other.mail_circuit_probe(at(6), at(20)).await.unwrap(), "it is too early");
    assert!(other.mail_circuit_probe(at(7), at(20)).await.unwrap());
    assert!(!one.mail_circuit_probe(at(7), at(20)).await.unwrap(), "one mail of all processes is enough");
    let state = other.mail_circuit_note(&away(true), &TERMS, 1.0, at(8)).await.unwrap();
    assert!(matches!(state.circuit, Circuit::Open { probes: 1, probe_at, .. } if probe_at == at(18)), "{state:?}");

    assert!(one.mail_circuit_probe(at(18), at(40)).await.unwrap());
    let state = one.mail_circuit_note(&EndpointHealth::Working, &TERMS, 1.0, at(19)).await.unwrap();
    assert_eq!((&state, &other.mail_circuit().await.unwrap()), (&MailServerState::THERE, &state));
    one.close().await;
    other.close().await;
}
