//! Lists that once found something, each with what it found. A list is kept as it was printed.

use ripen_domain::touch::Disposition;

use super::{
    operation::{Fate, Fault, Key, Operation, Operation::*, Point, Post, Waiting::*, Way::*},
    run,
    world::World,
};

async fn finds_nothing(list: &[Operation]) {
    let mut world = World::new().await;
    run(&mut world, list).await.unwrap();
}

/// The second body was counted as an arrival of its own, and amended nothing.
#[tokio::test]
async fn a_correction_in_the_batch_of_what_it_corrects() {
    finds_nothing(&[
        Arrive(Post { person: 3, key: Key::External(2), body: 5, trapped: false }),
        Arrive(Post { person: 3, key: Key::External(2), body: 1, trapped: false }),
    ])
    .await;
}

/// The person's enquiry ended as the same as what had been quarantined, and nobody worked it.
#[tokio::test]
async fn an_enquiry_that_says_what_was_quarantined() {
    finds_nothing(&[
        Arrive(Post { person: 1, key: Key::Nothing, body: 0, trapped: true }),
        Arrive(Post { person: 1, key: Key::Nothing, body: 4, trapped: false }),
        Decide(Arrivals, Once),
        Arrive(Post { person: 1, key: Key::Nothing, body: 0, trapped: false }),
    ])
    .await;
}

/// The repetition was taken for a further correction: it undid the first.
#[tokio::test]
async fn a_repetition_of_the_first_body_in_the_batch_of_its_correction() {
    finds_nothing(&[
        Arrive(Post { person: 4, key: Key::External(2), body: 4, trapped: false }),
        Decide(Arrivals, Once),
        Arrive(Post { person: 4, key: Key::External(2), body: 6, trapped: false }),
        Repeat(0),
    ])
    .await;
}

/// The spool kept one body under an id: deciding the second took the first, which was acknowledged, with it.
#[tokio::test]
async fn a_correction_while_what_it_corrects_rests_in_the_spool() {
    finds_nothing(&[
        Arrive(Post { person: 4, key: Key::External(2), body: 4, trapped: false }),
        Decide(Arrivals, Crash(Point::Lead, Fault::Refused)),
        Arrive(Post { person: 4, key: Key::External(2), body: 6, trapped: false }),
        Decide(Arrivals, Twice),
    ])
    .await;
}

/// A promise that was to wait for the morning was ended by another decision of the same batch, and then put off.
#[tokio::test]
async fn a_promise_that_falls_due_at_night_when_the_criteria_changed() {
    finds_nothing(&[
        Activate(2),
        Arrive(Post { person: 0, key: Key::External(2), body: 0, trapped: false }),
        Decide(Arrivals, Crash(Point::Maturation, Fault::Cut)),
        Days(29),
        Activate(1),
    ])
    .await;
}

/// The second touch found no promise to replace, and two would have been open.
#[tokio::test]
async fn a_date_is_agreed_on_what_was_worked_on_and_not_decided_yet() {
    finds_nothing(&[
        Activate(0),
        Arrive(Post { person: 1, key: Key::Nothing, body: 3, trapped: false }),
        Decide(Arrivals, Once),
        Touch { person: 1, how: Disposition::NoAnswer, agreed: None },
        Touch { person: 1, how: Disposition::CallBack, agreed: Some(30) },
    ])
    .await;
}

/// What was new took the A away, and the client was told of it as an update.
#[tokio::test]
async fn an_arrival_that_takes_away_the_a_of_a_delivered_lead() {
    finds_nothing(&[
        Activate(1),
        Arrive(Post { person: 4, key: Key::Nothing, body: 0, trapped: false }),
        Decide(Arrivals, AtOnce),
        Arrive(Post { person: 4, key: Key::Nothing, body: 3, trapped: false }),
        Deliver(Fate::Taken),
    ])
    .await;
}
