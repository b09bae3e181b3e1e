//! What a page says of a lead after it was handed over.

use ripen_domain::{
    actor::Actor,
    id::{ClientId, LeadId},
    lead::Grade,
};
use serde_json::json;
use uuid::Uuid;

use crate::tests::scene::Scene;

/// The first lead's number was corrected, the corrected one is somebody else's, and it is no A any more.
const CHANGED: &str = "
    update person set first_name = 'Casey', email = 'right@example.com' where id = pg_temp.i(1);
    update lead set grade = 'C', score = 40 where id = pg_temp.i(1);
    insert into person_identity (client_id, kind, value, person_id, said_at, void_at, void_by) values
      (pg_temp.i(1), 'phone', '+14155550100', pg_temp.i(1), '2026-11-24 09:40Z', '2026-11-24 10:00Z', 'Kim'),
      (pg_temp.i(1), 'phone', '+14155550101', pg_temp.i(1), '2026-11-24 09:50Z', null, null),
      (pg_temp.i(1), 'email', 'right@example.com', pg_temp.i(1), '2026-11-24 09:50Z', null, null);
    insert into answer (lead_id, question, at, origin, value) values
      (pg_temp.i(1), 'budget', '2026-11-24 09:40Z', 'arrival:1', '450000'),
      (pg_temp.i(1), 'budget', '2026-11-24 09:50Z', 'arrival:2', '500000');
    insert into note (lead_id, at, by, text, origin) values (pg_temp.i(1), '2026-11-24 09:50Z', 'Site', 'a garden', 'arrival:2');";

#[tokio::test]
async fn it_is_of_now_and_has_no_number_that_is_somebody_elses() {
    let mut scene = Scene::new().await;
    scene.run(CHANGED).await;
    let scope = Actor::operator("Kim").scope();
    let [one, two] = [1, 2].map(|number| LeadId::from_uuid(Uuid::from_u128(number)));
    let known = scene.store.leads_known(scope, &[one, two]).await.unwrap();
    let lead = &known[&one];
    assert_eq!((lead.profile.first_name.as_deref(), lead.profile.phone.as_deref()), (Some("Casey"), None));
    assert_eq!((&lead.others.phones[..], lead.others.emails.len()), (&["+14155550101".to_owned()][..], 0));
    assert_eq!((lead.grade, lead.score), (Some(Grade::C), Some(40)));
    assert_eq!((&lead.answers["budget"], lead.notes.len()), (&json!(500_000), 1));
    // What erasure leaves of a receipt tells no reasons.
    assert!(lead.reasons.is_none());
    assert_eq!((known[&two].grade, known[&two].answers.len()), (Some(Grade::A), 0));
    let other = ClientId::from_uuid(Uuid::from_u128(2));
    assert!(scene.store.leads_known(scope.within(other), &[one]).await.unwrap().is_empty(), "another client's");
    assert!(scene.store.leads_known(scope, &[]).await.unwrap().is_empty());
    scene.end().await;
}
