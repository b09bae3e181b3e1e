//! What came to nobody: what stops somebody, offers, and leads of reps who left.

use ripen_domain::{
    actor::Actor,
    id::RepId,
    outcome::{How, Outcome},
    routing::Pause,
};

use super::*;
use crate::{
    outcome::record_outcome::{NewOutcome, Recorded},
    team::rep::RepChange,
    tests::scene::{Scene, at},
};

const NOW: &str = "2026-11-24T12:00:00Z";

/// The rep Dana has the first lead by mail; a mail that says this of it is in this state.
fn news(event: &str, state: &str) -> String {
    format!(
        "select pg_temp.rep_with_mail(8, 'Dana');
         update delivery set endpoint_id = pg_temp.i(8), state = 'delivered', ended_at = '2026-11-24 09:50Z' where id = pg_temp.i(1);
         insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, event, said, state, reason, attempts, due_at, offered_until,
                               created_at, ended_at)
           select pg_temp.i(20), pg_temp.i(1), id, id, pg_temp.i(8), '{event}', '{{}}', '{state}', 'no such address', 1, at, at,
                  '2026-11-24 10:00Z', case '{state}' when 'dead' then timestamptz '2026-11-24 11:59Z' end from n where id = pg_temp.i(1);"
    )
}

/// What is found and followed up, and how many copies the fallback is owed.
async fn followed(scene: &mut Scene) -> (Vec<(EventType, bool)>, Vec<String>) {
    let mut batch = scene.store.begin().await.unwrap();
    let found = batch.undelivered_events(at("2026-11-24T11:00:00Z"), 10).await.unwrap();
    batch.undelivered_events_follow_up(&found, at(NOW)).await.unwrap();
    batch.commit().await.unwrap();
    let copies = "select concat_ws(' ', d.event, d.state) from delivery d join endpoint e on e.id = d.endpoint_id where e.is_fallback";
    (found.iter().map(|one| (one.event, one.was_had)).collect(), scene.texts(copies).await)
}

#[tokio::test]
async fn that_somebody_must_be_stopped_is_not_lost_where_it_cannot_be_told() {
    let mut scene = Scene::new().await;
    for (event, kind) in [("lead.suppressed", EventType::LeadSuppressed), ("lead.recalled", EventType::LeadRecalled)] {
        scene.again().await;
        scene.run(&news(event, "dead")).await;
        assert_eq!(followed(&mut scene).await, (vec![(kind, true)], vec![format!("{event} pending")]));
        assert!(followed(&mut scene).await.0.is_empty(), "once");
    }
    scene.end().await;
}

#[tokio::test]
async fn what_is_new_of_a_lead_is_not_lost_where_it_was_given_up() {
    let mut scene = Scene::new().await;
    scene.run(&news("lead.updated", "dead")).await;
    assert_eq!(
        followed(&mut scene).await,
        (vec![(EventType::LeadUpdated, true)], vec!["lead.updated pending".to_owned()])
    );
    for (change, is_had) in [
        ("", true),
        ("update lead set recalled_at = '2026-11-24 11:00Z';", false),
        (
            "update lead set stage = 'closed', closed_at = at, closed_reason = 'lost' from n where n.id = lead.id;",
            false,
        ),
        ("update delivery set state = 'withdrawn' where id = pg_temp.i(1);", false),
    ] {
        scene.again().await;
        scene.run(&news("lead.updated", "dead")).await;
        scene.run(change).await;
        assert_eq!(followed(&mut scene).await.0, [(EventType::LeadUpdated, is_had)], "{change}");
    }
    // Until it is given up it goes out when the endpoint works again.
    scene.again().await;
    scene.run(&news("lead.updated", "held")).await;
    scene.run("update endpoint set state = 'disabled' where id = pg_temp.i(8)").await;
    assert!(followed(&mut scene).await.0.is_empty());
    scene.end().await;
}

#[tokio::test]
async fn what_an_endpoint_that_is_off_holds_comes_to_nobody_either() {
    let mut scene = Scene::new().await;
    scene.run(&news("lead.suppressed", "held")).await;
    assert!(followed(&mut scene).await.0.is_empty(), "it goes out as soon as the address works");
    scene
        .run("update endpoint set state = 'disabled', state_reason = 'three mails came back' where id = pg_temp.i(8)")
        .await;
    assert_eq!(followed(&mut scene).await.1, ["lead.suppressed pending"]);
    scene.end().await;
}

#[tokio::test]
async fn that_somebody_must_be_stopped_waits_for_no_endpoint_that_does_not_take_it_for_an_hour() {
    let mut scene = Scene::new().await;
    for (state, change, is_followed) in [
        ("pending", "", true),
        ("pending", "update delivery set excused = attempts where id = pg_temp.i(20)", false),
        ("pending", "update delivery set created_at = '2026-11-24 11:30Z' where id = pg_temp.i(20)", false),
        (
            "held",
            "update endpoint set failures = 9, failing_since = at, probe_at = '2026-11-24 12:10Z' from n where endpoint.id = pg_temp.i(8)",
            true,
        ),
    ] {
        scene.again().await;
        scene.run(&news("lead.suppressed", state)).await;
        scene.run(change).await;
        let expected = if is_followed { vec![(EventType::LeadSuppressed, true)] } else { Vec::new() };
        assert_eq!(followed(&mut scene).await.0, expected, "{state} {change}");
        assert!(scene.state(20).await.starts_with(state), "it is tried on");
        assert!(followed(&mut scene).await.0.is_empty(), "told once");
    }
    scene.end().await;
}

#[tokio::test]
async fn nobody_is_stopped_who_never_had_the_lead() {
    let mut scene = Scene::new().await;
    scene.run(&news("lead.recalled", "dead")).await;
    scene.run("update delivery set state = 'dead' where id = pg_temp.i(1)").await;
    assert_eq!(followed(&mut scene).await, (vec![(EventType::LeadRecalled, false)], vec![]));
    scene.end().await;
}

#[tokio::test]
async fn that_somebody_could_not_be_stopped_is_told_whatever_becomes_of_the_lead() {
    let mut scene = Scene::new().await;
    scene.run(&news("lead.recalled", "dead")).await;
    // Told of the events, and of an earlier delivery that was given up: the next one that is given up replaces this alone.
    scene
        .run(
            "truncate notice;
             insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, state, attempts, due_at, offered_until, created_at, ended_at)
               select pg_temp.i(21), pg_temp.i(1), id, id, pg_temp.i(1), 'dead', 1, at, at, at, at from n where id = pg_temp.i(1);
             insert into notice (id, client_id, kind, delivery_id, to_address, data, due_at, created_at, key)
               select d.id, pg_temp.i(1), 'lead_dead', d.id, 'office@client.example', '{}', d.due_at, d.due_at, d.id::text
               from delivery d where d.id in (pg_temp.i(20), pg_temp.i(21))",
        )
        .await;
    let mut batch = scene.store.begin().await.unwrap();
    batch.notices_of_dead_replace(&[crate::tests::scene::delivery(1)], at(NOW)).await.unwrap();
    batch.commit().await.unwrap();
    let told =
        "select concat_ws(' ', d.event, n.state) from notice n join delivery d on d.id = n.delivery_id order by 1";
    assert_eq!(scene.texts(told).await, ["lead.matured dropped", "lead.recalled pending"]);
    scene.end().await;
}

/// The first lead is on offer to two until 13:00, by a webhook in this state and an address.
fn offer(state: &str) -> String {
    let [first, second] = [1, 9].map(|number| EndpointId::from_uuid(Uuid::from_u128(number)));
    format!(
        "insert into claim (maturation_id, tier, offered_to, until) values (pg_temp.i(1), 'recipients', '{{{first},{second}}}', '2026-11-24 13:00Z');
         update delivery set event = 'lead.offered', said = '{{\"until\": \"2026-11-24T13:00:00Z\"}}', state = '{state}',
                             ended_at = case '{state}' when 'dead' then timestamptz '2026-11-24 11:59Z' end where id = pg_temp.i(1);
         insert into delivery (id, client_id, lead_id, maturation_id, state, due_at, offered_until, created_at)
           select pg_temp.i(30), pg_temp.i(1), id, id, 'held', '2026-11-24 13:00Z', at, at from n where id = pg_temp.i(1);"
    )
}

#[tokio::test]
async fn an_offer_that_came_to_nobody_goes_on_at_once() {
    let mut scene = Scene::new().await;
    let until = "select to_char(k.until at time zone 'UTC', 'HH24:MI') || ' ' || to_char(d.due_at at time zone 'UTC', 'HH24:MI')
                 from claim k join delivery d on d.maturation_id = k.maturation_id and d.endpoint_id is null";
    scene.run(&offer("pending")).await;
    assert_eq!(scene.store.offers_nobody_got(at(NOW)).await.unwrap(), 0);
    assert_eq!(scene.texts(until).await, ["13:00 13:00"], "it is on its way");
    scene.again().await;
    scene.run(&offer("dead")).await;
    let other = "insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, event, cause, said, state, due_at, offered_until, created_at)
                 select pg_temp.i(31), pg_temp.i(1), id, id, pg_temp.i(9), 'lead.offered', pg_temp.i(9), '{\"until\": \"2026-11-24T13:00:00Z\"}', 'pending',
                        at, at, at from n where id = pg_temp.i(1)";
    scene.run(other).await;
    assert_eq!(scene.store.offers_nobody_got(at(NOW)).await.unwrap(), 0, "another one may take it");
    scene.run("update delivery set state = 'dead', ended_at = '2026-11-24 11:59Z' where id = pg_temp.i(31)").await;
    assert_eq!(scene.store.offers_nobody_got(at(NOW)).await.unwrap(), 1);
    assert_eq!(scene.texts(until).await, ["12:00 12:00"]);
    scene.end().await;
}

/// And to Dana, by mail.
fn danas(state: &str) -> String {
    let (dana, first) = (RepId::from_uuid(Uuid::from_u128(8)), EndpointId::from_uuid(Uuid::from_u128(1)));
    format!(
        "select pg_temp.rep_with_mail(8, 'Dana');
         update claim set offered_to = '{{{first},{dana}}}';
         insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, rep_id, event, cause, said, state, attempts, due_at, offered_until,
                               created_at, ended_at)
           select pg_temp.i(31), pg_temp.i(1), id, id, pg_temp.i(8), pg_temp.i(8), 'lead.offered', pg_temp.i(8),
                  '{{\"until\": \"2026-11-24T13:00:00Z\"}}', '{state}', 1, at, at, at, case '{state}' when 'delivered' then at end
           from n where id = pg_temp.i(1);"
    )
}

#[tokio::test]
async fn an_offer_that_only_who_left_holds_goes_on_at_once_whether_they_leave_first_or_last() {
    let mut scene = Scene::new().await;
    let until = "select to_char(until at time zone 'UTC', 'HH24:MI') from claim";
    let client = ClientId::from_uuid(Uuid::from_u128(1));
    let scope = Actor::operator("Kim").scope();
    let leaves = RepChange { pause: Some(Some(Pause::Open)), ..RepChange::default() };
    // What reached her, and what did not: nobody takes either.
    for state in ["pending", "delivered"] {
        for leaves_first in [true, false] {
            scene.again().await;
            scene.run(&format!("{} {}", offer("dead"), danas(state))).await;
            let leave = async |scene: &Scene| {
                let mut tx = scene.store.begin().await.unwrap();
                tx.rep_set(scope, RepId::from_uuid(Uuid::from_u128(8)), &leaves, at(NOW)).await.unwrap();
                tx.commit().await.unwrap();
            };
            if leaves_first {
                scene.run("update delivery set state = 'pending', ended_at = null where id = pg_temp.i(1)").await;
                leave(&scene).await;
                assert_eq!(scene.texts(until).await, ["13:00"], "the other one holds it");
                let dead = "update delivery set state = 'dead', ended_at = '2026-11-24 11:59Z' where id = pg_temp.i(1)";
                scene.run(dead).await;
                assert_eq!(scene.store.offers_nobody_got(at(NOW)).await.unwrap(), 1);
            } else {
                assert_eq!(scene.store.offers_nobody_got(at(NOW)).await.unwrap(), 0, "she holds it");
                leave(&scene).await;
            }
            assert_eq!(scene.texts(until).await, ["12:00"], "{state} {leaves_first}");
            assert_eq!(scene.store.clients_to_route(at(NOW), 10).await.unwrap(), [client]);
        }
    }
    scene.end().await;
}

#[tokio::test]
async fn an_offer_goes_on_at_once_when_the_last_one_passes_whom_it_reached() {
    let mut scene = Scene::new().await;
    let until = "select to_char(until at time zone 'UTC', 'HH24:MI') from claim";
    scene.run(&format!("{} {}", offer("dead"), danas("delivered"))).await;
    assert_eq!(scene.store.offers_nobody_got(at(NOW)).await.unwrap(), 0);
    let (outcome, kim) = (Outcome::Returned { reason: "busy".to_owned() }, Actor::operator("Kim"));
    let passes = NewOutcome {
        delivery: DeliveryId::from_uuid(Uuid::from_u128(31)),
        outcome: &outcome,
        how: How::Command,
        by: (&kim).into(),
        actor: &kim,
        fresh_id: |_| Uuid::nil(),
        confirmed: false,
        seen: None,
        answered_at: None,
    };
    let mut tx = scene.store.begin().await.unwrap();
    let said = tx.offer_said(kim.scope(), &passes, at(NOW)).await.unwrap();
    assert!(matches!(said, Some(Recorded::Done(_))), "{said:?}");
    tx.commit().await.unwrap();
    assert_eq!(scene.texts(until).await, ["12:00"], "nobody is left whom it reached");
    scene.end().await;
}

#[tokio::test]
async fn what_waits_for_who_left_is_given_up_and_nothing_else_is_mailed_to_them() {
    let mut scene = Scene::new().await;
    scene.run(&news("lead.updated", "pending")).await;
    scene.run("update delivery set endpoint_id = pg_temp.i(8) where id = pg_temp.i(2);").await;
    assert_eq!(scene.store.give_up_of_who_left(at(NOW)).await.unwrap(), 0);
    scene.run("update rep set is_paused = true, back_on = '2026-12-01'").await;
    assert_eq!(scene.store.give_up_of_who_left(at(NOW)).await.unwrap(), 0, "a holiday is none");
    scene.run("update rep set back_on = null").await;
    assert!(scene.lease(&[2, 20], at(NOW)).await.is_empty());
    assert_eq!(scene.state(20).await, "withdrawn: its rep has left");
    assert_eq!(scene.state(2).await, "held: its rep has left");
    assert_eq!(scene.store.give_up_of_who_left(at(NOW)).await.unwrap(), 1);
    assert_eq!(scene.state(2).await, "dead: its rep has left");
    scene.run("update delivery set event = 'lead.suppressed', state = 'pending', ended_at = null, reason = null where id = pg_temp.i(20)").await;
    assert_eq!(scene.lease(&[20], at(NOW)).await, [20], "what stops somebody goes out all the same");
    scene.end().await;
}

#[tokio::test]
async fn a_recall_is_told_to_nobody_who_never_got_the_lead() {
    let mut scene = Scene::new().await;
    let dead = "update endpoint set events = '{lead.matured,lead.recalled}';
                update delivery set state = 'dead', ended_at = at from n where delivery.id = n.id and n.id = pg_temp.i(1);";
    for (kind, answer, expected) in [
        ("webhook", "422, null", 0),
        ("webhook", "500, null", 1),
        ("webhook", "null, 'timeout'", 1),
        ("email", "550, 'smtp'", 0),
        ("email", "null, 'smtp'", 1),
    ] {
        scene.again().await;
        scene.run(dead).await;
        if kind == "email" {
            scene.run("update endpoint set kind = 'email', address = url, url = null where id = pg_temp.i(1)").await;
        }
        let tried = format!(
            "insert into attempt (delivery_id, number, at, duration_ms, status, error) select id, 1, at, 1, {answer} from n where id = pg_temp.i(1)"
        );
        scene.run(&tried).await;
        let lead = LeadId::from_uuid(Uuid::from_u128(1));
        let detail = ripen_domain::delivery::EventDetail::Recalled(ripen_domain::delivery::LeadRecall::default());
        let event = crate::delivery::event::Event {
            lead,
            detail,
            cause: Uuid::nil(),
            mailed: true,
            unasked: false,
            due_at: at(NOW),
        };
        let mut tx = scene.store.begin().await.unwrap();
        assert_eq!(tx.enqueue(&[event], at(NOW)).await.unwrap(), expected, "{kind} {answer}");
        tx.commit().await.unwrap();
    }
    scene.end().await;
}

#[tokio::test]
async fn a_lead_that_is_recalled_just_after_it_was_given_on_goes_to_nobody() {
    let mut scene = Scene::new().await;
    scene
        .run(
            "update delivery set state = 'dead', ended_at = at from n where delivery.id = n.id and n.id = pg_temp.i(1)",
        )
        .await;
    let mut batch = scene.store.begin().await.unwrap();
    let dead = batch.dead_lock(1, None).await.unwrap();
    assert!(matches!(dead[0].follow_up, crate::delivery::dead::DeadFollowUp::Fallback(_)));
    batch.dead_follow_up(&dead, at(NOW)).await.unwrap();
    batch.commit().await.unwrap();
    // By somebody who waited for the lead's lock, and read before that what there was to be stopped.
    scene.run("update lead set returned_at = '2026-11-24 11:59Z', recalled_at = '2026-11-24 11:59Z' where id = pg_temp.i(1)").await;
    let given = "select id::text from delivery where endpoint_id = pg_temp.i(9)";
    let given = Uuid::parse_str(&scene.texts(given).await[0]).unwrap().as_u128();
    assert!(scene.lease(&[given], at("2026-11-24T12:01:00Z")).await.is_empty());
    assert_eq!(scene.state(given).await, "withdrawn: the lead was taken back");
    scene.end().await;
}
