//! A disposition that is taken back: what nobody has of the lead waits for the decision, whoever asks for it.

use ripen_domain::id::ClientId;

use super::*;
use crate::{
    delivery::catch_up::CatchUp,
    tests::scene::{Scene, at},
};

const UNDONE: &str = "2026-11-24T10:00:15Z";
const LATER: &str = "2026-11-24T10:01:15Z";
const DECIDED: &str = "2026-11-24T10:05:00Z";

fn lead(number: u128) -> LeadId {
    LeadId::from_uuid(Uuid::from_u128(number))
}

/// It is A again, and nothing is new of it.
fn owed(number: u128, due: Timestamp) -> OwedAgain {
    OwedAgain { lead: lead(number), due, has_news: false }
}

/// The first lead goes out five seconds later, the second could not be delivered, and the third is to be routed again.
const WAYS: &str = "
    update delivery set attempts = 0, due_at = '2026-11-24 10:00:20Z', undo_until = '2026-11-24 10:00:20Z' where id = pg_temp.i(1);
    update delivery set state = 'dead', ended_at = '2026-11-24 09:59Z' where id = pg_temp.i(2);
    update delivery set endpoint_id = null, state = 'held', attempts = 0 where id = pg_temp.i(3);";

async fn taken_back(scene: &Scene) {
    let mut tx = scene.store.begin().await.unwrap();
    for number in 1..=3 {
        tx.deliveries_stop_until_decided(lead(number), at(UNDONE)).await.unwrap();
        tx.regrade_ask_taken_back(lead(number), at(UNDONE)).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// How many are found by each way: given up, to be routed, to be read by the client's program, to be mailed instead.
async fn found(scene: &mut Scene, now: &str) -> [usize; 4] {
    let mut tx = scene.store.begin().await.unwrap();
    let dead = tx.dead_lock(10, None).await.unwrap().len();
    let held = tx.held_lock(&[lead(3)], at(now)).await.unwrap().len();
    tx.commit().await.unwrap();
    scene.run("update endpoint set state = 'disabled', disabled_by = 'answers' where kind = 'webhook'").await;
    let wanted = CatchUp { client: ClientId::from_uuid(Uuid::from_u128(1)), only: None, limit: 10 };
    let read = scene.store.read_ahead(wanted, at(now)).await.unwrap().len();
    let mailed = scene.store.mail_to_fallback(at("2026-11-24T09:45:00Z"), 10, at(now)).await.unwrap();
    scene.run("update endpoint set state = 'enabled', disabled_by = null where kind = 'webhook'").await;
    scene.run("delete from delivery where reason = 'the webhook fails'").await;
    [dead, held, read, usize::try_from(mailed).unwrap()]
}

#[tokio::test]
async fn nothing_of_a_lead_goes_to_anybody_before_it_is_decided_after_a_disposition_was_taken_back() {
    let mut scene = Scene::new().await;
    scene.run(WAYS).await;
    taken_back(&scene).await;
    let waits = format!("held: {UNDECIDED}");
    assert_eq!(scene.state(1).await, waits);
    // Over the time in which it could be taken back, and over the first time for which it was put off.
    for now in [LATER, "2026-11-24T10:03:00Z"] {
        assert!(scene.lease(&[1], at(now)).await.is_empty());
        assert_eq!(found(&mut scene, now).await, [0; 4]);
        assert_eq!((scene.state(1).await, scene.state(3).await), (waits.clone(), waits.clone()));
    }
    let mut tx = scene.store.begin().await.unwrap();
    let read = tx.regrades_of(&[lead(1), lead(2), lead(3)]).await.unwrap();
    let older: Vec<_> = read.iter().map(|(lead, version)| (*lead, version - 1)).collect();
    tx.regrades_delete(&older, at(DECIDED)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(found(&mut scene, DECIDED).await, [0; 4], "that decision did not know of it");

    let mut tx = scene.store.begin().await.unwrap();
    tx.regrades_delete(&read, at(DECIDED)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(found(&mut scene, "2026-11-24T10:06:00Z").await, [1, 1, 1, 2], "it is A all the same");
    assert_eq!(scene.lease(&[1], at("2026-11-24T10:06:00Z")).await, [1]);
    scene.end().await;
}

#[tokio::test]
async fn what_is_no_a_any_more_is_given_to_nobody_new() {
    let mut scene = Scene::new().await;
    for (change, why) in [
        ("update lead set grade = 'B'", "the lead is no longer A"),
        ("update lead set returned_at = '2026-11-24 09:50Z'", "the lead was given back"),
        ("update lead set recalled_at = '2026-11-24 09:50Z', returned_at = '2026-11-24 09:50Z'", "the lead was taken back"),
        ("update lead set stage = 'closed', closed_at = '2026-11-24 09:50Z', closed_reason = 'lost'", "the lead was closed"),
        ("update person set do_not_contact = true", "the person asked not to be contacted"),
        (
            "insert into maturation (id, lead_id, client_id, decision_id, at)
             select pg_temp.i(number + 40), pg_temp.i(number), pg_temp.i(1), pg_temp.i(number + 40), '2026-11-24 09:50Z' from generate_series(1, 3) number",
            "the lead matured again since",
        ),
    ] {
        scene.again().await;
        scene.run(WAYS).await;
        scene.run(change).await;
        let mut tx = scene.store.begin().await.unwrap();
        assert!(tx.held_lock(&[lead(3)], at(LATER)).await.unwrap().is_empty(), "{change}");
        tx.commit().await.unwrap();
        assert_eq!(scene.state(3).await, format!("withdrawn: {why}"));
        assert_eq!(found(&mut scene, LATER).await[3], 0, "{change}");
    }
    scene.end().await;
}

#[tokio::test]
async fn what_was_withdrawn_because_the_grade_fell_is_owed_again_where_the_lead_is_an_a_again() {
    let mut scene = Scene::new().await;
    scene.run("update delivery set state = 'held', attempts = 0 where id in (pg_temp.i(1), pg_temp.i(2))").await;
    let (fell, again) = (at(UNDONE), at(LATER));
    let mut batch = scene.store.begin().await.unwrap();
    batch.deliveries_withdraw(&[lead(1)], fell).await.unwrap();
    batch.commit().await.unwrap();
    // The other one was withdrawn for another reason.
    scene.run("update delivery set state = 'withdrawn', reason = 'recalled', ended_at = '2026-11-24 10:00Z' where id = pg_temp.i(2)").await;
    assert_eq!(scene.state(1).await, "withdrawn: the lead is no longer A");
    let mut batch = scene.store.begin().await.unwrap();
    batch.deliveries_owe_again(&[1, 2].map(|number| owed(number, again)), again).await.unwrap();
    batch.commit().await.unwrap();
    assert_eq!((scene.state(1).await, scene.state(2).await), ("pending".to_owned(), "withdrawn: recalled".to_owned()));

    let undo =
        "select (undo_until = due_at and due_at = '2026-11-24 10:01:15Z')::text from delivery where id = pg_temp.i(1)";
    assert_eq!(scene.texts(undo).await, ["true"], "a later decision keeps to it too");
    // Owed again before that, it says why it waits, and what a decision lets go does.
    let mut batch = scene.store.begin().await.unwrap();
    batch.deliveries_withdraw(&[lead(1)], fell).await.unwrap();
    batch.deliveries_owe_again(&[owed(1, again)], fell).await.unwrap();
    batch.commit().await.unwrap();
    assert_eq!(scene.state(1).await, format!("pending: {CAN_BE_TAKEN_BACK}"));
    let mut batch = scene.store.begin().await.unwrap();
    batch.deliveries_stop_until_decided(lead(1), fell).await.unwrap();
    batch.deliveries_of_decided(&[lead(1).uuid()], fell).await.unwrap();
    batch.commit().await.unwrap();
    assert_eq!(scene.state(1).await, format!("pending: {CAN_BE_TAKEN_BACK}"));

    // A process of the version before owes it again and withdraws it for another reason, and leaves the code as it was.
    scene
        .run("update delivery set state = 'withdrawn', reason = 'recalled', reason_code = 'no_longer_a', ended_at = '2026-11-24 10:00Z' where id = pg_temp.i(1)")
        .await;
    let mut batch = scene.store.begin().await.unwrap();
    batch.deliveries_owe_again(&[owed(1, again)], again).await.unwrap();
    batch.commit().await.unwrap();
    assert_eq!(scene.state(1).await, "withdrawn: recalled");

    // What a version before withdrew has no code.
    scene.run("update delivery set reason_code = null where id = pg_temp.i(1)").await;
    let before = "update delivery set state = 'withdrawn', reason = 'the lead is no longer A', ended_at = '2026-11-24 10:00Z' where id = pg_temp.i(1)";
    scene.run(before).await;
    let mut batch = scene.store.begin().await.unwrap();
    batch.deliveries_owe_again(&[owed(1, again)], again).await.unwrap();
    batch.commit().await.unwrap();
    assert_eq!(scene.state(1).await, "pending");
    scene.end().await;
}

#[tokio::test]
async fn what_waits_for_a_decision_goes_by_its_code_and_leaves_it_where_it_goes_out() {
    let mut scene = Scene::new().await;
    scene.run(WAYS).await;
    taken_back(&scene).await;
    let mut tx = scene.store.begin().await.unwrap();
    tx.held_lock(&[lead(3)], at(UNDONE)).await.unwrap();
    tx.commit().await.unwrap();
    scene.run("update delivery set reason = 'in other words'").await;
    let codes = "select coalesce(reason_code, '') from delivery where id in (pg_temp.i(1), pg_temp.i(3)) order by id";
    assert_eq!(scene.texts(codes).await, ["undecided", "undecided"]);
    let mut tx = scene.store.begin().await.unwrap();
    tx.deliveries_of_decided(&[lead(1).uuid(), lead(3).uuid()], at(DECIDED)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!((scene.state(1).await, scene.state(3).await), ("pending".to_owned(), "held".to_owned()));
    assert_eq!(scene.texts(codes).await, ["", ""], "nothing waits for a decision any more");
    scene.end().await;
}

/// That each lead is no A any more: 11 and 12 nobody was sent yet, 13 somebody was.
const NO_A_ANY_MORE: &str = r#"
    insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, event, cause, said, state, attempts, due_at, offered_until, created_at)
      select pg_temp.i(n + 10), pg_temp.i(1), pg_temp.i(n), pg_temp.i(n), pg_temp.i(1), 'lead.updated', pg_temp.i(n + 20), '{"kind": "grade"}',
             'pending', case n when 3 then 1 else 0 end, '2026-11-24 10:00:20Z', '2026-11-24 10:00Z', '2026-11-24 10:00Z'
      from generate_series(1, 3) n"#;

#[tokio::test]
async fn that_a_lead_is_no_a_any_more_is_told_to_nobody_where_it_was_taken_back() {
    let mut scene = Scene::new().await;
    scene.run("update delivery set state = 'delivered', first_delivered_at = due_at, ended_at = due_at").await;
    scene.run(NO_A_ANY_MORE).await;
    taken_back(&scene).await;
    let waits = format!("held: {UNDECIDED}");
    assert_eq!((scene.state(11).await, scene.state(13).await), (waits.clone(), "pending".to_owned()));
    // What the decision before enqueued after it was taken back waits too.
    scene
        .run("update delivery set state = 'pending', reason = null, reason_code = null where id = pg_temp.i(12)")
        .await;
    assert!(scene.lease(&[11, 12], at(LATER)).await.is_empty());
    assert_eq!((scene.state(11).await, scene.state(12).await), (waits.clone(), waits));

    let mut batch = scene.store.begin().await.unwrap();
    batch.deliveries_owe_again(&[1, 3].map(|number| owed(number, at(DECIDED))), at(DECIDED)).await.unwrap();
    let read = batch.regrades_of(&[lead(1), lead(2), lead(3)]).await.unwrap();
    batch.regrades_delete(&read, at(DECIDED)).await.unwrap();
    batch.commit().await.unwrap();
    assert_eq!(scene.state(11).await, "withdrawn: the lead is A again");
    assert_eq!(scene.state(12).await, "pending", "the second is no A all the same");
    assert_eq!(scene.state(13).await, "pending", "it may have been read");
    assert_eq!(scene.lease(&[11, 12], at("2026-11-24T10:06:00Z")).await, [12]);
    scene.end().await;
}

/// What was said of each lead, which nobody was sent yet.
const SAID: &str = r#"
    insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, event, cause, said, state, attempts, due_at, offered_until, created_at)
      select pg_temp.i(n + 30), pg_temp.i(1), pg_temp.i(n), pg_temp.i(n), pg_temp.i(1), 'lead.updated', pg_temp.i(n + 40), '{"kind": "note"}',
             'pending', 0, '2026-11-24 09:55Z', '2026-11-24 09:55Z', '2026-11-24 09:55Z'
      from generate_series(1, 3) n"#;

#[tokio::test]
async fn what_was_said_is_owed_again_where_the_news_that_held_it_was_sent_to_nobody() {
    let mut scene = Scene::new().await;
    let (fell, again) = (at(UNDONE), at(LATER));
    for (has_news, was_taken_back, expected) in [
        (false, false, ["pending", "pending", "withdrawn: the lead is no longer A"]),
        // It is told anew with all that was said.
        (true, false, ["withdrawn: the lead is no longer A"; 3]),
        (false, true, ["withdrawn: taken back", "pending", "withdrawn: the lead is no longer A"]),
    ] {
        scene.again().await;
        scene.run(SAID).await;
        let mut batch = scene.store.begin().await.unwrap();
        batch.deliveries_withdraw(&[1, 2, 3].map(lead), fell).await.unwrap();
        batch.commit().await.unwrap();
        // Of the third lead somebody was sent that it is no A any more, and what was said with it.
        scene
            .run(
                &NO_A_ANY_MORE.replace(
                    "'2026-11-24 10:00Z', '2026-11-24 10:00Z'",
                    "'2026-11-24 10:00:15Z', '2026-11-24 10:00:15Z'",
                ),
            )
            .await;
        let mut batch = scene.store.begin().await.unwrap();
        if was_taken_back {
            batch.updates_withdraw(lead(1), Uuid::from_u128(41), again).await.unwrap();
        }
        let all = [1, 2, 3].map(|number| OwedAgain { has_news, ..owed(number, again) });
        batch.deliveries_owe_again(&all, again).await.unwrap();
        batch.commit().await.unwrap();
        for (number, expected) in (31..).zip(expected) {
            assert_eq!(scene.state(number).await, expected, "{number} {has_news} {was_taken_back}");
        }
        assert_eq!(scene.state(11).await, "withdrawn: the lead is A again");
    }
    scene.end().await;
}

#[tokio::test]
async fn what_a_conversation_told_that_was_taken_back_is_owed_never_again() {
    let mut scene = Scene::new().await;
    scene.run(&SAID.replace("note", "conversation")).await;
    taken_back(&scene).await;
    let mut batch = scene.store.begin().await.unwrap();
    batch.deliveries_withdraw(&[lead(1)], at(DECIDED)).await.unwrap();
    batch.deliveries_owe_again(&[owed(1, at(DECIDED))], at(DECIDED)).await.unwrap();
    batch.commit().await.unwrap();
    assert_eq!(scene.state(31).await, "withdrawn: taken back");
    scene.end().await;
}
