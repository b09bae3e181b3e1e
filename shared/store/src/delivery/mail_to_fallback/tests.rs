//! Which deliveries go by mail: in every state of theirs, of their endpoint, their lead and the addresses there are.

use ripen_domain::{actor::Actor, id::ClientId};

use super::*;
use crate::{
    delivery::dead::DeadFollowUp,
    endpoint::fallback_address::NewFallback,
    tests::scene::{Scene, at},
};

const WORKS: &str = "";
const FAILS: &str = "update endpoint set failures = 5, failing_since = '2026-11-24 09:30Z' where kind = 'webhook';";
const FAILS_SINCE_NOW: &str =
    "update endpoint set failures = 1, failing_since = '2026-11-24 09:59Z' where kind = 'webhook';";
const GONE: &str = "update endpoint set state = 'disabled', disabled_by = 'answers', state_reason = 'answered 410 Gone' where kind = 'webhook';";
const OFF: &str = "update endpoint set state = 'disabled', disabled_by = 'firm', state_reason = 'disabled by the firm' where kind = 'webhook';";

const NOW: &str = "2026-11-24T10:00:00Z";

/// One step; who was mailed, by the name of the endpoint, each lead once.
async fn step(scene: &Scene, limit: i64) -> u64 {
    scene.store.mail_to_fallback(at("2026-11-24T09:45:00Z"), limit, at(NOW)).await.unwrap()
}

async fn mailed(scene: &mut Scene, sql: &str) -> Vec<String> {
    scene.again().await;
    scene.run(sql).await;
    let made = step(scene, 500).await;
    let found = scene
        .texts(
            "select e.name from delivery d join endpoint e on e.id = d.endpoint_id where d.reason = 'the webhook fails' order by 1",
        )
        .await;
    assert_eq!(made, u64::try_from(found.len()).unwrap(), "{sql}");
    assert_eq!(step(scene, 500).await, 0, "each is mailed once: {sql}");
    found
}

#[tokio::test]
async fn a_lead_is_mailed_while_it_waits_for_a_webhook_that_does_not_work_and_in_no_other_state() {
    let mut scene = Scene::new().await;
    let states = [
        ("update delivery set state = 'pending';", true),
        ("update delivery set state = 'held', due_at = '2026-11-25Z';", true),
        ("update delivery set state = 'leased', lease = gen_random_uuid(), leased_until = '2026-11-25Z';", false),
        ("update delivery set state = 'dead', ended_at = '2026-11-24 09:50Z';", false),
        ("update delivery set state = 'withdrawn', ended_at = '2026-11-24 09:50Z';", false),
        (
            "update delivery set state = 'delivered', ended_at = '2026-11-24 09:50Z', first_delivered_at = '2026-11-24 09:50Z';",
            false,
        ),
    ];
    for (webhook, fails) in [(WORKS, false), (FAILS_SINCE_NOW, false), (FAILS, true), (GONE, true), (OFF, true)] {
        for (state, waits) in states {
            let expected = if fails && waits { vec!["Office"; 3] } else { Vec::new() };
            assert_eq!(mailed(&mut scene, &format!("{webhook} {state}")).await, expected, "{webhook} {state}");
            let nobody =
                mailed(&mut scene, &format!("{webhook} {state} delete from endpoint where is_fallback;")).await;
            assert!(nobody.is_empty(), "there is no address: {webhook} {state}");
        }
    }
    // What the firm switched off a moment ago it may switch on again.
    let fresh = format!("{OFF} update delivery set created_at = '2026-11-24 09:50Z';");
    assert!(mailed(&mut scene, &fresh).await.is_empty());
    scene.end().await;
}

#[tokio::test]
async fn what_is_over_or_can_be_taken_back_or_waits_for_its_client_is_not_mailed() {
    let mut scene = Scene::new().await;
    for not_now in [
        "update delivery set attempts = 0, due_at = '2026-11-24 10:01Z', reason = 'can be taken back until then';",
        "update client set state = 'paused';",
        "update person set do_not_contact = true;",
        "update lead set stage = 'closed', closed_at = '2026-11-24 09:50Z', closed_reason = 'lost';",
        "update lead set returned_at = '2026-11-24 09:50Z';",
        "update lead set stage = 'customer';",
        // It was attempted, and so is not withdrawn: the webhook is sent it again, and nobody else hears of it.
        "update lead set grade = 'B';",
        "insert into maturation (id, lead_id, client_id, decision_id, at) select gen_random_uuid(), id, pg_temp.i(1), gen_random_uuid(), '2026-11-24 09:50Z' from n;",
        "insert into regrade (lead_id, version, why, taken_back, offered_until, created_at) select id, 1, 'a slip', true, at, at from n;",
        "update delivery set event = 'lead.updated';",
        // A replay sends again what the client has had for days.
        "update delivery set first_delivered_at = '2026-11-20 09:00Z', reason = 'replayed';",
        "update delivery set event = 'lead.offered', said = '{\"until\": \"2026-11-24T11:00:00Z\"}';",
    ] {
        assert!(mailed(&mut scene, &format!("{GONE} {not_now}")).await.is_empty(), "{not_now}");
    }
    // The time to take it back is over.
    let due = format!("{GONE} update delivery set attempts = 0, due_at = '2026-11-24 09:59Z';");
    assert_eq!(mailed(&mut scene, &due).await, ["Office"; 3]);
    scene.end().await;
}

#[tokio::test]
async fn a_new_lead_of_a_client_whose_only_webhook_is_disabled_is_mailed_without_an_endpoint() {
    let mut scene = Scene::new().await;
    let held = "update delivery set endpoint_id = null, state = 'held', attempts = 0, due_at = '2026-11-24 10:40Z';";
    assert_eq!(mailed(&mut scene, &format!("{GONE} {held}")).await, ["Office"; 3]);
    assert!(mailed(&mut scene, held).await.is_empty(), "it waits for a place, not for a webhook");
    let other = "insert into endpoint (id, client_id, kind, url, created_at)
                 select pg_temp.i(2), pg_temp.i(1), 'webhook', 'https://other.client.example/', at from n limit 1;";
    assert!(mailed(&mut scene, &format!("{GONE} {held} {other}")).await.is_empty(), "another one takes leads");
    let undo = "update delivery set undo_until = '2026-11-24 10:01Z';";
    assert!(mailed(&mut scene, &format!("{GONE} {held} {undo}")).await.is_empty(), "the desk may take it back");
    let same = "update delivery set same_as = pg_temp.i(7);";
    assert!(mailed(&mut scene, &format!("{GONE} {held} {same}")).await.is_empty(), "perhaps the client has it");
    let offer = "insert into claim (maturation_id, tier, offered_to, until) select id, 'recipients', '{}', '2026-11-24 11:00Z' from n;";
    assert!(mailed(&mut scene, &format!("{GONE} {held} {offer}")).await.is_empty(), "it is on offer");
    scene.end().await;
}

#[tokio::test]
async fn what_is_held_for_one_rep_whose_endpoint_is_off_is_mailed_whatever_the_others_have() {
    let mut scene = Scene::new().await;
    let held = "update delivery set endpoint_id = null, state = 'held', attempts = 0, due_at = '2026-11-24 10:40Z',
                                    waits_for = array[pg_temp.i(8)];";
    let off = |by: &str| {
        format!(
            "{held} {REP} update delivery set rep_id = null; update endpoint set state = 'disabled', disabled_by = '{by}' where name = 'Dana';"
        )
    };
    // The webhook of the scene takes leads all the while: of others.
    assert_eq!(mailed(&mut scene, &off("answers")).await, ["Office"; 3]);
    assert_eq!(mailed(&mut scene, &off("firm")).await, ["Office"; 3], "it is off for long");
    let fresh = format!("{} update delivery set created_at = '2026-11-24 09:50Z';", off("firm"));
    assert!(mailed(&mut scene, &fresh).await.is_empty(), "it may be switched on again in a moment");
    assert!(mailed(&mut scene, &format!("{held} {REP}")).await.is_empty(), "the rep has a way");
    let another = "update delivery set waits_for = array[pg_temp.i(7)];";
    assert!(mailed(&mut scene, &format!("{} {another}", off("answers"))).await.is_empty(), "it waits for another rep");
    scene.end().await;
}

/// A rep with an address, whose leads these are.
const REP: &str = "
    insert into endpoint (id, client_id, kind, name, address, rep_id, created_at)
      select pg_temp.i(8), pg_temp.i(1), 'email', 'Dana', 'dana@client.example', pg_temp.i(8), at from n limit 1;
    update delivery set rep_id = pg_temp.i(8);";

/// A mail of the first lead to this address.
fn mail(endpoint: u8, state: &str) -> String {
    format!(
        "insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, state, due_at, offered_until, created_at, ended_at)
         select gen_random_uuid(), pg_temp.i(1), id, id, pg_temp.i({endpoint}), '{state}', at, at, at,
                case when '{state}' in ('dead', 'delivered', 'withdrawn') then at end from n where id = pg_temp.i(1);"
    )
}

#[tokio::test]
async fn the_next_address_has_what_the_one_before_could_not_take() {
    let mut scene = Scene::new().await;
    for (before, expected) in [
        (String::new(), vec!["Dana", "Dana", "Dana"]),
        (mail(8, "pending"), vec!["Dana", "Dana"]),
        (mail(8, "delivered"), vec!["Dana", "Dana"]),
        (mail(9, "delivered"), vec!["Dana", "Dana"]),
        (mail(8, "dead"), vec!["Dana", "Dana", "Office"]),
        (format!("{} {}", mail(8, "dead"), mail(9, "dead")), vec!["Dana", "Dana"]),
        (format!("{} update endpoint set state = 'disabled' where name = 'Dana';", mail(8, "held")), vec!["Office"; 3]),
    ] {
        assert_eq!(mailed(&mut scene, &format!("{FAILS} {REP} {before}")).await, expected, "{before}");
    }
    scene.end().await;
}

#[tokio::test]
async fn mails_that_died_keep_nobody_else_from_theirs() {
    let mut scene = Scene::new().await;
    scene.run(&format!("{FAILS} {}", mail(9, "dead"))).await;
    assert_eq!((step(&scene, 1).await, step(&scene, 1).await, step(&scene, 1).await), (1, 1, 0));
    scene.end().await;
}

#[tokio::test]
async fn what_waits_for_a_fallback_goes_to_the_next_and_ends_with_the_last() {
    let mut scene = Scene::new().await;
    let waits =
        format!("{FAILS} {} {}", mail(9, "held"), "update delivery set attempts = 1 where endpoint_id = pg_temp.i(9);");
    scene.run(&waits).await;
    let (scope, client) = (Actor::operator("Kim").scope(), ClientId::from_uuid(Uuid::from_u128(1)));
    let next =
        NewFallback { id: EndpointId::from_uuid(Uuid::from_u128(10)), address: "desk@client.example".to_owned() };
    let mails =
        "select concat_ws(' ', e.address, d.state, d.reason) from delivery d join endpoint e on e.id = d.endpoint_id
                 where e.kind = 'email' order by 1";
    for (to, expected) in [
        (Some(&next), "desk@client.example pending"),
        (None, "desk@client.example withdrawn the client has no fallback any more"),
    ] {
        let mut tx = scene.store.begin().await.unwrap();
        tx.client_set_fallback(scope, client, to, at(NOW)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(scene.texts(mails).await, [expected]);
    }
    scene.end().await;
}

/// The fallback has the second lead, and a delivery that tells this of it, or of the first one, is in this state.
fn news(number: u8, lead: u8, event: &str, state: &str) -> String {
    format!(
        "insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, event, said, state, attempts, due_at, offered_until, created_at)
         select pg_temp.i({number}), pg_temp.i(1), id, id, pg_temp.i(9), '{event}', '{{}}', '{state}', 1, at, at, at from n where id = pg_temp.i({lead});"
    )
}

async fn set_fallback(scene: &Scene, to: Option<&NewFallback>) {
    let mut tx = scene.store.begin().await.unwrap();
    let client = ClientId::from_uuid(Uuid::from_u128(1));
    tx.client_set_fallback(Actor::operator("Kim").scope(), client, to, at(NOW)).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn what_stops_somebody_stays_where_the_lead_is_whatever_becomes_of_the_fallback() {
    let next =
        NewFallback { id: EndpointId::from_uuid(Uuid::from_u128(10)), address: "desk@client.example".to_owned() };
    let mut scene = Scene::new().await;
    for to in [Some(&next), None] {
        scene.again().await;
        scene.run(&mail(9, "delivered")).await;
        scene.run("update delivery set attempts = 1").await;
        for (number, event, state) in
            [(21, "lead.recalled", "pending"), (22, "lead.suppressed", "held"), (23, "lead.updated", "pending")]
        {
            scene.run(&news(number, 1, event, state)).await;
        }
        set_fallback(&scene, to).await;
        let left =
            "select concat_ws(' ', d.event, d.state, e.address) from delivery d join endpoint e on e.id = d.endpoint_id
                    where d.event <> 'lead.matured' order by 1";
        let update = if to.is_some() { "pending desk@client.example" } else { "dead office@client.example" };
        assert_eq!(
            scene.texts(left).await,
            [
                "lead.recalled pending office@client.example",
                "lead.suppressed held office@client.example",
                &format!("lead.updated {update}")
            ]
        );
        // An hour later somebody hears of it, and the new address has a copy.
        scene.run("update delivery set state = 'held' where event = 'lead.recalled'").await;
        let mut batch = scene.store.begin().await.unwrap();
        let found = batch.undelivered_events(at("2026-11-24T10:59:00Z"), 10).await.unwrap();
        batch.undelivered_events_follow_up(&found, at("2026-11-24T11:00:00Z")).await.unwrap();
        batch.commit().await.unwrap();
        let expected = if to.is_some() { 2 } else { 3 };
        assert_eq!((found.len(), found.iter().all(|one| one.was_had)), (expected, true), "{found:?}");
        let copies =
            "select event from delivery where endpoint_id = pg_temp.i(10) and event <> 'lead.updated' order by 1";
        let copied: &[&str] = if to.is_some() { &["lead.recalled", "lead.suppressed"] } else { &[] };
        assert_eq!(scene.texts(copies).await, copied);
    }
    scene.end().await;
}

const EARLIER: &str = "2026-11-24T09:55:00Z";

/// What becomes of those that were given up.
async fn follow_up(scene: &Scene, now: &str) -> Vec<DeadFollowUp> {
    let mut batch = scene.store.begin().await.unwrap();
    let dead = batch.dead_lock(10, None).await.unwrap();
    batch.dead_follow_up(&dead, at(now)).await.unwrap();
    batch.commit().await.unwrap();
    dead.iter().map(|one| one.follow_up).collect()
}

#[tokio::test]
async fn a_lead_that_only_the_fallback_was_to_have_is_somebodys_work_again_once_there_is_none() {
    let mut scene = Scene::new().await;
    scene.run("insert into given (recipient_id, day, leads) values (pg_temp.i(1), '2026-11-24', 3)").await;
    scene.run("update delivery set state = 'dead', ended_at = '2026-11-24 09:50Z' where id = pg_temp.i(1)").await;
    let office = EndpointId::from_uuid(Uuid::from_u128(9));
    assert_eq!(follow_up(&scene, EARLIER).await, [DeadFollowUp::Fallback(office)]);
    let given = scene.texts("select leads::text from given").await;
    assert!(follow_up(&scene, EARLIER).await.is_empty());
    set_fallback(&scene, None).await;
    assert_eq!(follow_up(&scene, NOW).await, [DeadFollowUp::Waits], "people are told once more");
    assert_eq!(scene.texts("select leads::text from given").await, given, "its place was given back once");
    assert!(follow_up(&scene, NOW).await.is_empty());
    scene.end().await;
}

#[tokio::test]
async fn who_left_gets_nothing_by_mail_be_it_theirs_or_as_the_first_rep() {
    let mut scene = Scene::new().await;
    let dana = "insert into rep (id, client_id, name, email, is_paused, created_at)
                select pg_temp.i(8), pg_temp.i(1), 'Dana', 'dana@client.example', true, at from n limit 1;";
    assert_eq!(mailed(&mut scene, &format!("{FAILS} {REP} {dana}")).await, ["Office"; 3], "theirs");
    let nobodys = "update delivery set rep_id = null; delete from endpoint where is_fallback;";
    assert!(mailed(&mut scene, &format!("{FAILS} {REP} {dana} {nobodys}")).await.is_empty());
    let back = "update rep set back_on = '2026-12-01';";
    assert_eq!(mailed(&mut scene, &format!("{FAILS} {REP} {dana} {nobodys} {back}")).await, ["Dana"; 3]);
    scene.end().await;
}

#[tokio::test]
async fn what_the_desk_can_take_back_waits_whatever_changes_meanwhile() {
    let mut scene = Scene::new().await;
    scene
        .run(
            "update delivery set endpoint_id = null, state = 'held', attempts = 0, due_at = '2026-11-24 11:00Z',
                                 undo_until = case id when pg_temp.i(1) then timestamptz '2026-11-24 10:30Z' end",
        )
        .await;
    let mut tx = scene.store.begin().await.unwrap();
    assert_eq!(tx.reroute(ClientId::from_uuid(Uuid::from_u128(1)), at(NOW)).await.unwrap(), 3);
    tx.commit().await.unwrap();
    let due = "select to_char(due_at at time zone 'UTC', 'HH24:MI') from delivery order by id";
    assert_eq!(scene.texts(due).await, ["10:30", "10:00", "10:00"]);
    scene.end().await;
}

/// What the rep was given and the client, on the day of the scene.
const GIVEN: &str = "insert into given (recipient_id, day, leads) values (pg_temp.i(1), '2026-11-24', 3);
    update delivery set state = 'dead', ended_at = '2026-11-24 09:50Z';";

#[tokio::test]
async fn a_place_is_given_back_by_what_took_one_and_by_nothing_else() {
    let mut scene = Scene::new().await;
    scene.run("truncate given").await;
    scene.run(GIVEN).await;
    scene.run("update delivery set took_no_place = true where id = pg_temp.i(1)").await;
    let mut tx = scene.store.begin().await.unwrap();
    let given = [1, 2].map(|number| DeliveryId::from_uuid(Uuid::from_u128(number)));
    tx.given_back(&given).await.unwrap();
    tx.commit().await.unwrap();
    // The endpoint and the client have one id here, and so one count.
    assert_eq!(scene.texts("select leads::text from given").await, ["2"], "of three");
    scene.end().await;
}

#[tokio::test]
async fn the_place_of_an_offer_is_given_back_on_the_day_on_which_it_was_taken() {
    let mut scene = Scene::new().await;
    // Offered shortly before midnight and taken after; the rep has an id of their own, the client another.
    scene
        .run(
            "truncate given;
             select pg_temp.rep_with_mail(8, 'Dana');
             update maturation set routed_at = '2026-11-24 23:50Z';
             insert into claim (maturation_id, tier, offered_to, until, taken_by, taken_at, counted_on)
               values (pg_temp.i(1), 'recipients', '{}', '2026-11-25 00:10Z', 'rep', '2026-11-25 00:05Z', '2026-11-24');
             insert into given (recipient_id, day, leads)
               values (pg_temp.i(8), '2026-11-24', 2), (pg_temp.i(8), '2026-11-25', 2), (pg_temp.i(1), '2026-11-24', 2), (pg_temp.i(1), '2026-11-25', 2);
             update delivery set endpoint_id = pg_temp.i(8), rep_id = pg_temp.i(8), state = 'dead', ended_at = '2026-11-25 00:06Z'
             where id = pg_temp.i(1)",
        )
        .await;
    let mut tx = scene.store.begin().await.unwrap();
    tx.given_back(&[DeliveryId::from_uuid(Uuid::from_u128(1))]).await.unwrap();
    tx.commit().await.unwrap();
    let given = "select concat_ws(' ', right(recipient_id::text, 1), day, leads) from given order by 1";
    assert_eq!(scene.texts(given).await, ["1 2026-11-24 1", "1 2026-11-25 1", "8 2026-11-24 2", "8 2026-11-25 1"]);
    scene.end().await;
}
