//! What follows where a batch finds, and nobody adds, that persons must not be contacted.

use uuid::Uuid;

use super::*;
use crate::tests::scene::{Scene, at};

/// The webhook was sent the first person's two leads, of which somebody took the second back, and never the second person's.
const SENT: &str = "
    update lead set person_id = pg_temp.i(1), program_id = pg_temp.i(2) where id = pg_temp.i(3);
    update delivery set state = 'withdrawn', ended_at = created_at where id = pg_temp.i(3);
    update delivery set attempts = 0 where id = pg_temp.i(2);";
/// Who was told of which lead, by its number, and why.
const TOLD: &str = "
    select concat_ws(' ', right(d.lead_id::text, 1), e.name, d.said ->> 'reason') from delivery d join endpoint e on e.id = d.endpoint_id
    where d.event = 'lead.suppressed' order by 1";
const ASKED_AGAIN: &str = "select right(lead_id::text, 1) || ' ' || version from regrade order by 1";

fn person(number: u128) -> PersonId {
    PersonId::from_uuid(Uuid::from_u128(number))
}

async fn follow(scene: &Scene, found: &FoundBarred, now: &str) {
    let mut tx = scene.store.begin().await.unwrap();
    tx.suppression_found(found, at(now)).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn who_was_sent_a_lead_of_whom_a_batch_finds_barred_is_told_once_and_what_it_did_not_decide_is_decided() {
    let mut scene = Scene::new().await;
    scene.run(SENT).await;
    let barred = |number, why: &str| BarredPerson { person: person(number), why: why.to_owned() };
    let found = FoundBarred {
        persons: vec![barred(1, "asked"), barred(2, "on the register")],
        newly: vec![person(1), person(2)],
        decided: vec![LeadId::from_uuid(Uuid::from_u128(1))],
    };
    follow(&scene, &found, "2026-11-24T12:00:00Z").await;
    // An attempt that was made may have been taken, whatever became of the delivery.
    assert_eq!(scene.texts(TOLD).await, ["1 CRM asked", "3 CRM asked"]);
    assert_eq!(scene.texts(ASKED_AGAIN).await, ["2 1", "3 1"], "the batch decided the first itself");

    // More arrives of them, and later under another reason.
    let again = FoundBarred { persons: vec![barred(1, "rang and asked")], newly: Vec::new(), ..found };
    for now in ["2026-11-24T12:00:01Z", "2026-11-25T12:00:00Z"] {
        follow(&scene, &again, now).await;
    }
    assert_eq!(scene.texts(TOLD).await.len(), 2, "once");
    assert_eq!(scene.texts(ASKED_AGAIN).await, ["2 1", "3 1"]);
    follow(&scene, &FoundBarred::default(), "2026-11-25T12:00:00Z").await;
    assert_eq!(scene.texts(TOLD).await.len(), 2);
    scene.end().await;
}
