//! News of a lead names it as its reader knows it.

use ripen_domain::delivery::EventType;

use super::*;
use crate::tests::scene::{Scene, at};

/// The webhook was sent Gert, who is Tess by now.
const TOLD_OF_GERT: &str = r#"
    update delivery set state = 'delivered', ended_at = '2026-11-24 09:50Z', first_delivered_at = '2026-11-24 09:50Z' where id = pg_temp.i(1);
    insert into delivery_body (delivery_id, client_id, at, body) values (pg_temp.i(1), pg_temp.i(1), '2026-11-24 09:50Z',
      convert_to('{"type": "lead.matured", "data": {"lead": {"first_name": "Gert", "last_name": "Ree", "name": null}}}', 'UTF8'));
    update person set name = 'Tess Other' where id = pg_temp.i(1)"#;

/// What is told of lead 1 later, by the name that it says.
async fn named_in(scene: &mut Scene, event: EventType) -> String {
    let owed = format!(
        "insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, event, cause, said, state, due_at, offered_until, created_at)
         values (pg_temp.i(11), pg_temp.i(1), pg_temp.i(1), pg_temp.i(1), pg_temp.i(1), '{event}', pg_temp.i(12), '{{}}',
                 'pending', '2026-11-24 10:00Z', '2026-11-24 10:00Z', '2026-11-24 10:00Z')"
    );
    scene.run(&owed).await;
    let now = at("2026-11-24T10:00:00Z");
    assert_eq!(scene.lease_writing(&[11], now, |due| due.facts.to_event(now).to_bytes()).await, [11], "{event}");
    let told =
        "select coalesce(convert_from(body, 'UTF8')::json -> 'data' -> 'lead' ->> 'name', 'nobody') from delivery_body
                where delivery_id = pg_temp.i(11)";
    scene.texts(told).await.remove(0)
}

#[tokio::test]
async fn a_lead_is_named_as_its_reader_was_told_of_it_though_it_is_somebody_elses_by_now() {
    let mut scene = Scene::new().await;
    for event in [EventType::LeadSuppressed, EventType::LeadRecalled, EventType::LeadOutcome] {
        scene.run(TOLD_OF_GERT).await;
        assert_eq!(named_in(&mut scene, event).await, "Gert Ree", "{event}");
        scene.again().await;
    }
    // Nothing was sent, or it names nobody.
    scene.run("update person set name = 'Tess Other' where id = pg_temp.i(1)").await;
    assert_eq!(named_in(&mut scene, EventType::LeadSuppressed).await, "Tess Other");
    scene.end().await;
}

#[test]
fn a_body_that_names_nobody_leaves_the_name_that_is_known() {
    let mut profile = Profile { name: Some("Tess Other".to_owned()), ..Profile::default() };
    name_as_told(&mut profile, br#"{"type": "lead.matured", "data": {"lead": {"first_name": null}}}"#);
    name_as_told(&mut profile, b"gone");
    assert_eq!(profile.full_name().as_deref(), Some("Tess Other"));
    name_as_told(&mut profile, br#"{"type": "lead.updated", "data": {"lead": {"first_name": "Gert"}}}"#);
    assert_eq!(profile.full_name().as_deref(), Some("Gert"), "and nothing of the other name");
}
