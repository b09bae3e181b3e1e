//! When an update of which everything was told already ends, and when it is the only one that can still tell it.

use jiff::ToSpan as _;
use ripen_domain::{actor::Actor, contact::Identity, delivery::ClientEvent, id::ClientId, said_by::SaidBy};
use uuid::Uuid;

use crate::{
    delivery::feed::FeedStart,
    suppression::write::NewSuppression,
    tests::scene::{Scene, at, delivery},
};

/// The lead was taken in; then its number is corrected, which the first update tells.
const TAKEN_IN: &str = "
    update delivery set state = 'delivered', lease = null, leased_until = null, ended_at = '2026-11-24 10:01Z', first_delivered_at = '2026-11-24 10:01Z'
    where id = pg_temp.i(1);
    update person set phone = '+14155550101' where id = pg_temp.i(1);";

/// Owes updates because of arrivals: these numbers.
fn owed(numbers: &str) -> String {
    format!(
        r#"insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, event, cause, said, state, due_at, offered_until, created_at)
         select pg_temp.i(n), pg_temp.i(1), pg_temp.i(1), pg_temp.i(1), pg_temp.i(1), 'lead.updated', pg_temp.i(n + 100), '{{"kind": "arrival"}}',
                'pending', '2026-11-24 10:00Z', '2026-11-24 10:00Z', '2026-11-24 10:00Z' from unnest(array[{numbers}]) n"#
    )
}

/// Leases at so many minutes past ten.
async fn leased(scene: &Scene, numbers: &[u128], minute: i64) -> Vec<u128> {
    let now = at("2026-11-24T10:00:00Z").checked_add(minute.minutes()).unwrap();
    scene.lease_writing(numbers, now, |due| due.facts.to_event(now).to_bytes()).await
}

#[tokio::test]
async fn an_update_whose_news_another_one_was_to_tell_ends_only_once_that_was_taken_in() {
    let dead = "update delivery set state = 'dead', reason = '422', lease = null, leased_until = null, ended_at = '2026-11-24 10:03Z' where id = pg_temp.i(11)";
    let taken =
        "update delivery set state = 'delivered', lease = null, leased_until = null, ended_at = '2026-11-24 10:03Z',
                        first_delivered_at = '2026-11-24 10:03Z' where id = pg_temp.i(11)";
    for (becomes, goes_out, ends) in [(dead, vec![12], "leased"), (taken, vec![], "withdrawn")] {
        let mut scene = Scene::new().await;
        assert_eq!(leased(&scene, &[1], 0).await, [1]);
        scene.run(TAKEN_IN).await;
        scene.run(&owed("11, 12")).await;
        // Both in one lease: the second has nothing to tell, and waits for what becomes of the first.
        assert_eq!(leased(&scene, &[11, 12], 2).await, [11]);
        assert_eq!(scene.state(12).await, "held: waits for what tells the same");
        let kept = "select concat_ws(' ', attempts, excused, due_at at time zone 'UTC') from delivery where id = pg_temp.i(12)";
        assert_eq!(scene.texts(kept).await, ["0 0 2026-11-24 10:03:00"]);
        // Still under way at the next look.
        assert!(leased(&scene, &[12], 4).await.is_empty());
        assert_eq!(scene.state(12).await, "held: waits for what tells the same");
        scene.run(becomes).await;
        assert_eq!(leased(&scene, &[12], 6).await, goes_out, "{becomes}");
        assert!(scene.state(12).await.starts_with(ends), "{becomes}");
        scene.end().await;
    }
}

#[tokio::test]
async fn what_a_body_told_that_nobody_took_is_told_by_the_next_one() {
    let mut scene = Scene::new().await;
    assert_eq!(leased(&scene, &[1], 0).await, [1]);
    scene.run(TAKEN_IN).await;
    scene.run(&owed("11")).await;
    assert_eq!(leased(&scene, &[11], 2).await, [11]);
    scene
        .run("update delivery set state = 'dead', reason = '422', lease = null, leased_until = null, ended_at = '2026-11-24 10:03Z' where id = pg_temp.i(11)")
        .await;
    // Sent once more, as programs do after a failure.
    scene.run(&owed("12")).await;
    assert_eq!(leased(&scene, &[12], 6).await, [12]);
    scene.end().await;
}

#[tokio::test]
async fn who_never_took_the_lead_is_sent_no_news_of_it_that_it_did_not_ask_for() {
    for (events, goes_out) in [("{lead.matured}", vec![]), ("{lead.matured,lead.updated}", vec![11])] {
        let mut scene = Scene::new().await;
        scene.run(&format!("update endpoint set events = '{events}'")).await;
        assert_eq!(leased(&scene, &[1], 0).await, [1]);
        scene
            .run("update delivery set state = 'dead', reason = '503', lease = null, leased_until = null, ended_at = '2026-11-24 10:01Z' where id = pg_temp.i(1)")
            .await;
        scene.run("update person set phone = '+14155550102' where id = pg_temp.i(1)").await;
        scene.run(&owed("11")).await;
        assert_eq!(leased(&scene, &[11], 2).await, goes_out, "{events}");
        let left = if events.contains("updated") { "leased" } else { "withdrawn" };
        assert!(scene.state(11).await.starts_with(left), "{}", scene.state(11).await);
        scene.end().await;
    }
}

#[tokio::test]
async fn who_asks_for_no_updates_is_sent_what_outdates_the_bytes_and_nothing_else() {
    let note = "insert into note (lead_id, at, by, text, origin) select pg_temp.i(1), '2026-11-24 10:01Z', 'Site', 'a garden', 'arrival:1'";
    let number = "update person set phone = '+14155550102' where id = pg_temp.i(1)";
    for (events, changed, goes_out) in [
        ("{lead.matured}", note, vec![]),
        ("{lead.matured}", number, vec![11]),
        ("{lead.matured,lead.updated}", note, vec![11]),
    ] {
        let mut scene = Scene::new().await;
        scene.run(&format!("update endpoint set events = '{events}'")).await;
        assert_eq!(leased(&scene, &[1], 0).await, [1]);
        scene.run(TAKEN_IN).await;
        scene.run("update person set phone = null").await;
        scene.run(changed).await;
        scene.run(&owed("11")).await;
        assert_eq!(leased(&scene, &[11], 2).await, goes_out, "{events}: {changed}");
        scene.end().await;
    }
}

/// These must not be contacted, for the client.
async fn suppress(scene: &Scene, ways: &[(&str, &str)]) {
    let identities: Vec<_> = ways.iter().filter_map(|(kind, value)| Identity::stored(kind, value)).collect();
    let client = ClientId::from_uuid(Uuid::from_u128(1));
    let kim = Actor::operator("kim");
    let new =
        NewSuppression { client: Some(client), why: "asked", by: SaidBy::Actor(&kim), at: at("2026-11-24T10:01:00Z") };
    let mut tx = scene.store.begin().await.unwrap();
    tx.suppress(kim.scope(), &new, &identities).await.unwrap();
    tx.commit().await.unwrap();
}

/// The attempt failed, and is due again.
const FAILED: &str = "update delivery set state = 'pending', lease = null, leased_until = null, due_at = '2026-11-24 10:02Z' where id = pg_temp.i(1)";
/// It was taken in.
const TAKEN: &str = "
    update delivery set state = 'delivered', lease = null, leased_until = null, ended_at = '2026-11-24 10:04Z', first_delivered_at = '2026-11-24 10:04Z'
    where id = pg_temp.i(1)";
/// Who the lead is of, and under what they are reached.
const CARA: &str = "
    update person set name = 'Cara Edit', phone = '+17205550101' where id = pg_temp.i(1);
    insert into person_identity (client_id, kind, value, person_id) values (pg_temp.i(1), 'phone', '+17205550101', pg_temp.i(1));";
/// A correction said that it is somebody else; what led to the first leads to nobody.
const OTTO: &str = "
    delete from person_identity;
    update person set name = 'Otto Other', phone = '+17205550102' where id = pg_temp.i(1);
    insert into person_identity (client_id, kind, value, person_id) values (pg_temp.i(1), 'phone', '+17205550102', pg_temp.i(1));";

async fn stored_body(scene: &mut Scene) -> String {
    scene.texts("select convert_from(body, 'UTF8') from delivery_body where delivery_id = pg_temp.i(1)").await.concat()
}

/// What the client's program reads of what it was sent.
async fn read_by_program(scene: &Scene) -> Vec<String> {
    let client = ClientId::from_uuid(Uuid::from_u128(1));
    let (start, scope) = (FeedStart { after: None, since: None }, Actor::operator("kim").scope());
    let listed = scene.store.sent_to(scope, client, start, 10).await.unwrap().unwrap();
    let shown = scene.store.sent(scope, delivery(1)).await.unwrap().unwrap();
    let bodies = listed.into_iter().chain([shown.row]).map(|row| row.body);
    bodies.map(|body| String::from_utf8(body).unwrap()).collect()
}

#[tokio::test]
async fn whom_a_lead_is_not_of_any_more_is_told_to_nobody_once_they_must_not_be_contacted() {
    let mut scene = Scene::new().await;
    scene.run(CARA).await;
    assert_eq!(leased(&scene, &[1], 0).await, [1]);
    scene.run(FAILED).await;
    scene.run(OTTO).await;
    let first = stored_body(&mut scene).await;
    assert!(first.contains("Cara Edit") && first.contains("+17205550101"), "{first}");
    assert!(read_by_program(&scene).await.iter().all(|body| body.contains("+17205550101")), "it was sent so");
    suppress(&scene, &[("phone", "+17205550101")]).await;
    for body in read_by_program(&scene).await {
        assert!(!body.contains("17205550101"), "{body}");
        assert!(ClientEvent::read(body.as_bytes()).unwrap().lead().unwrap().lead.get().unwrap().phone.get().is_none());
    }
    // The next attempt is what was sent before, without a way to her: whoever took it drops this one as a double.
    assert_eq!(leased(&scene, &[1], 3).await, [1]);
    let second = stored_body(&mut scene).await;
    assert!(second.contains("Cara Edit") && !second.contains("17205550101") && !second.contains("Otto"), "{second}");
    scene.run(FAILED).await;
    assert_eq!(leased(&scene, &[1], 4).await, [1]);
    assert_eq!(stored_body(&mut scene).await, second, "the same bytes from then on");
    // And whose it is now follows, although this endpoint asks for no updates; without the number that it was.
    scene.run("update endpoint set events = '{lead.matured}'").await;
    scene.run(TAKEN).await;
    scene.run(&owed("11")).await;
    assert_eq!(leased(&scene, &[11], 5).await, [11]);
    let told = "select convert_from(body, 'UTF8') from delivery_body where delivery_id = pg_temp.i(11)";
    let told = scene.texts(told).await.concat();
    assert!(told.contains("Otto Other") && told.contains("+17205550102") && !told.contains("17205550101"), "{told}");
    scene.end().await;
}

#[tokio::test]
async fn what_was_told_before_is_not_named_by_what_tells_of_its_change_once_it_must_not_be_contacted() {
    let mut scene = Scene::new().await;
    scene.run(CARA).await;
    assert_eq!(leased(&scene, &[1], 0).await, [1]);
    scene.run(TAKEN).await;
    scene.run(OTTO).await;
    suppress(&scene, &[("phone", "+17205550101")]).await;
    scene.run(&owed("11")).await;
    let mut bodies = Vec::new();
    for minute in [5, 7] {
        assert_eq!(leased(&scene, &[11], minute).await, [11]);
        let told = "select convert_from(body, 'UTF8') from delivery_body where delivery_id = pg_temp.i(11)";
        bodies.push(scene.texts(told).await.concat());
        scene.run("update delivery set state = 'pending', lease = null, leased_until = null, due_at = '2026-11-24 10:06Z' where id = pg_temp.i(11)").await;
    }
    assert!(bodies[0].contains("+17205550102") && !bodies[0].contains("17205550101"), "{}", bodies[0]);
    assert_eq!(bodies[0], bodies[1]);
    scene.end().await;
}

#[tokio::test]
async fn who_a_lead_is_of_is_sent_nowhere_where_a_body_names_them_and_another() {
    let mut scene = Scene::new().await;
    scene.run(CARA).await;
    assert_eq!(leased(&scene, &[1], 0).await, [1]);
    scene.run(FAILED).await;
    suppress(&scene, &[("phone", "+17205550101")]).await;
    assert!(leased(&scene, &[1], 3).await.is_empty());
    assert!(scene.state(1).await.starts_with("withdrawn: must not be contacted"), "{}", scene.state(1).await);
    scene.end().await;
}

#[tokio::test]
async fn a_number_in_a_note_is_taken_out_of_what_was_frozen_before_it_was_suppressed() {
    const NOTE: &str = "insert into note (lead_id, at, by, text, origin)
        select pg_temp.i(1), '2026-11-24 09:40Z', 'Site', 'My wife is at (720) 555-0199', 'arrival:1'";
    let mut scene = Scene::new().await;
    scene.run(CARA).await;
    scene.run(NOTE).await;
    assert_eq!(leased(&scene, &[1], 0).await, [1]);
    scene.run(FAILED).await;
    suppress(&scene, &[("phone", "+17205550199")]).await;
    for body in read_by_program(&scene).await {
        assert!(body.contains("My wife is at [must not be contacted]") && body.contains("+17205550101"), "{body}");
    }
    assert_eq!(leased(&scene, &[1], 3).await, [1]);
    let sent = stored_body(&mut scene).await;
    assert!(sent.contains("My wife is at [must not be contacted]") && sent.contains("+17205550101"), "{sent}");
    scene.end().await;
}

#[tokio::test]
async fn what_is_of_nobody_who_must_not_be_contacted_is_sent_as_it_was_frozen() {
    let mut scene = Scene::new().await;
    scene.run(CARA).await;
    assert_eq!(leased(&scene, &[1], 0).await, [1]);
    scene.run(FAILED).await;
    scene.run(OTTO).await;
    let first = stored_body(&mut scene).await;
    suppress(&scene, &[("phone", "+17205550103")]).await;
    assert_eq!(leased(&scene, &[1], 3).await, [1]);
    assert_eq!(stored_body(&mut scene).await, first, "what is new is told by an update");
    scene.end().await;
}
