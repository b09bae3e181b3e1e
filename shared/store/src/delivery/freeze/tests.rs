//! When an update of which everything was told already ends, and when it is the only one that can still tell it.

use jiff::ToSpan as _;

use crate::tests::scene::{Scene, at};

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
