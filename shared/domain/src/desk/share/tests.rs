//! Whose turn it is by the agreed shares.

use std::collections::BTreeMap;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn client(number: usize) -> ClientId {
    ClientId::from_uuid(Uuid::from_u128(number as u128 + 1))
}

fn turns(weights: &[u32], served: &[f64]) -> Vec<ClientTurn> {
    let turn = |(at, (weight, served)): (usize, (&u32, &f64))| ClientTurn {
        client: client(at),
        weight: *weight,
        served: *served,
    };
    weights.iter().zip(served).enumerate().map(turn).collect()
}

/// Hands out so many leads among these; how many each got.
fn hand_out(turns: &mut [ClientTurn], leads: usize) -> BTreeMap<ClientId, usize> {
    let mut got = BTreeMap::new();
    for _ in 0..leads {
        let first = in_turn(turns)[0];
        let charged = charged(turns.iter().find(|turn| turn.client == first).unwrap(), turns);
        turns.iter_mut().find(|turn| turn.client == first).unwrap().served = charged;
        *got.entry(first).or_default() += 1;
    }
    got
}

#[test]
fn clients_get_what_their_weights_say() {
    let mut all = turns(&[3, 1, 1], &[0.0; 3]);
    let got = hand_out(&mut all, 500);
    assert_eq!([got[&client(0)], got[&client(1)], got[&client(2)]], [300, 100, 100]);
}

#[test]
fn who_comes_back_from_idle_has_no_credit() {
    let mut all = turns(&[1, 1, 1], &[0.0, 3_000.0, 3_000.5]);
    let got = hand_out(&mut all, 300);
    let first = got[&client(0)];
    assert!((100..=102).contains(&first), "{first} of 300");
}

#[test]
fn who_was_served_much_lately_has_no_debt() {
    // Its urgent leads were handed out one after another; the others had nothing urgent.
    let mut all = turns(&[1, 1], &[5_000.0, 1.0]);
    let got = hand_out(&mut all, 10);
    assert!(got[&client(0)] >= 4, "{got:?}");
}

#[test]
fn of_one_client_the_turn_is_its() {
    assert_eq!(in_turn(&turns(&[1], &[7.0])), [client(0)]);
    assert!(in_turn(&[]).is_empty());
}

proptest! {
    #[test]
    fn nobody_waits_longer_than_the_others_weights_allow(
        weights in proptest::collection::vec(1_u32..6, 1..6), begin in proptest::collection::vec(0.0_f64..1e6, 6)
    ) {
        let mut all = turns(&weights, &begin);
        let total: u32 = weights.iter().sum();
        // A round of everybody's weight, and one more for whoever was furthest behind.
        let rounds = 3 * total as usize;
        let got = hand_out(&mut all, rounds);
        for turn in &all {
            prop_assert!(got.get(&turn.client).copied().unwrap_or(0) >= 1, "{:?} of {:?}", turn, got);
        }
    }
}
