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

/// It matured again, as it should: it was taken back, and somebody spoke to the person since. The oracle knew nothing of the
/// recall, because no decision lay between, and held the second maturation for one of a lead that had been A all along.
#[tokio::test]
async fn a_lead_that_was_taken_back_is_an_a_again_without_a_decision_in_between() {
    finds_nothing(&[
        Activate(1),
        Arrive(Post { person: 4, key: Key::Nothing, body: 0, trapped: false }),
        Decide(Arrivals, Twice),
        Recall(4),
        Touch { person: 4, how: Disposition::NotInterested, agreed: Some(30) },
    ])
    .await;
}

/// A lead that is taken back while it is under way is not sent by the retry.
#[tokio::test]
async fn a_lead_is_taken_back_while_an_attempt_that_fails_is_under_way() {
    finds_nothing(&[
        Activate(1),
        Arrive(Post { person: 4, key: Key::Nothing, body: 0, trapped: false }),
        Decide(Arrivals, Once),
        Deliver(Fate::Unrecorded),
        Recall(4),
        Minutes(11),
        Deliver(Fate::Failed),
        Minutes(90),
        Deliver(Fate::Taken),
    ])
    .await;
}

/// The second body under one key was counted, and the first, which came before, was the one that was quarantined.
#[tokio::test]
async fn another_body_under_a_key_comes_after_a_batch_that_broke() {
    finds_nothing(&[
        Arrive(Post { person: 2, key: Key::Idempotency(0), body: 5, trapped: false }),
        Decide(Arrivals, Crash(Point::Maturation, Fault::Cut)),
        Arrive(Post { person: 1, key: Key::Idempotency(0), body: 3, trapped: false }),
    ])
    .await;
}

/// The decision that took the A away closed the lead, and the oracle held the news of that for news of a lead that is over: whoever
/// has it is told.
#[tokio::test]
async fn what_takes_the_a_away_closes_the_lead_and_is_told_all_the_same() {
    finds_nothing(&[
        Activate(1),
        Arrive(Post { person: 4, key: Key::Nothing, body: 0, trapped: false }),
        Decide(Arrivals, CrashAfter),
        Activate(2),
        Deliver(Fate::Unrecorded),
        Arrive(Post { person: 4, key: Key::Nothing, body: 4, trapped: false }),
    ])
    .await;
}
