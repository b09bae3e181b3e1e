//! Which leads a mailbox that is busy loses, and which it keeps.

use crate::tests::scene::{Scene, at};

/// The first lead was mailed to Dana, whose mailbox put it off at 9:42 and at 9:58; the office is the fallback.
const BUSY_MAILBOX: &str = "
    select pg_temp.rep_with_mail(8, 'Dana');
    delete from delivery where id <> pg_temp.i(1);
    update delivery set endpoint_id = pg_temp.i(8), rep_id = pg_temp.i(8), attempts = 2, reason = '450 mailbox full', due_at = '2026-11-24 11:00Z';
    insert into attempt (delivery_id, number, at, duration_ms, status, error)
      values (pg_temp.i(1), 1, '2026-11-24 09:42Z', 1, 450, 'smtp'), (pg_temp.i(1), 2, '2026-11-24 09:58Z', 1, 450, 'smtp');";

/// Whether it is given up, a quarter of an hour being too long.
async fn is_given_up(scene: &mut Scene, sql: &str) -> bool {
    scene.run(BUSY_MAILBOX).await;
    scene.run(sql).await;
    let given_up = scene
        .store
        .give_up_of_busy_mailboxes(at("2026-11-24T09:45:00Z"), 50, at("2026-11-24T10:00:00Z"))
        .await
        .unwrap();
    let dead = scene.texts("select reason from delivery where state = 'dead'").await;
    assert_eq!(given_up, dead.len(), "{sql}");
    assert!(dead.iter().all(|why| why == "its mailbox took no mail for too long: 450 mailbox full"), "{dead:?}");
    scene.run("truncate rep, mail_refusal, mail_circuit, appointment cascade").await;
    scene.again().await;
    given_up == 1
}

#[tokio::test]
async fn a_lead_leaves_a_mailbox_that_is_busy_for_too_long_where_somebody_else_is_there() {
    let mut scene = Scene::new().await;
    for leaves in [
        "",
        "update client set when_dead = 'fallback'",
        // Another rep, and no fallback.
        "delete from endpoint where is_fallback;
         select pg_temp.rep_with_mail(7, 'Lee');",
        // A probe of an hour before counts for nothing, and neither does it keep the lead.
        "update delivery set attempts = 3, excused = 1; update attempt set number = number + 10;
         insert into attempt (delivery_id, number, at, duration_ms, error) values (pg_temp.i(1), 1, '2026-11-24 09:00Z', 1, 'smtp')",
    ] {
        assert!(is_given_up(&mut scene, leaves).await, "{leaves}");
    }
    scene.end().await;
}

#[tokio::test]
async fn a_lead_stays_with_a_mailbox_that_may_take_it_soon_or_that_nobody_can_stand_in_for() {
    let mut scene = Scene::new().await;
    for stays in [
        "update attempt set at = '2026-11-24 09:50Z' where number = 1",
        "update attempt set status = 421 where number = 1",
        "update attempt set status = null, error = 'smtp'",
        "update attempt set status = 554 where number = 2",
        "delete from endpoint where is_fallback",
        "update client set when_dead = 'wait'",
        "update client set state = 'paused'",
        "update delivery set excused = 2",
        "update delivery set event = 'lead.updated'",
        "update delivery set state = 'leased', lease = gen_random_uuid(), leased_until = '2026-11-25Z'",
        "update delivery set first_delivered_at = '2026-11-20Z'",
        "update lead set stage = 'closed', closed_at = '2026-11-24 09:50Z', closed_reason = 'lost'",
        "insert into mail_circuit (failures, failing_since, probe_at, why) values (3, '2026-11-24Z', '2026-11-25Z', 'no answer')",
        "insert into mail_refusal (since, why, client_id, probe_at) values ('2026-11-24Z', 'no', pg_temp.i(1), '2026-11-25Z')",
        "insert into appointment (id, client_id, lead_id, rep_id, state, starts_at, ends_at, made_by, created_at, changed_at)
         select pg_temp.i(40), pg_temp.i(1), pg_temp.i(1), pg_temp.i(8), 'booked', '2026-11-25 10:00Z', '2026-11-25 10:30Z', 'Kim', at, at from n limit 1",
        // The office is mailed already.
        "insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, state, due_at, offered_until, created_at)
         select pg_temp.i(31), pg_temp.i(1), id, id, pg_temp.i(9), 'pending', at, at, at from n where id = pg_temp.i(1)",
    ] {
        assert!(!is_given_up(&mut scene, stays).await, "{stays}");
    }
    scene.end().await;
}
