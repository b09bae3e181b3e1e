//! Who is told what of a lead that could not be delivered to one and is with another.

use jiff::SignedDuration;
use ripen_domain::{
    actor::Actor,
    delivery::{LeadRecall, LeadUpdate},
    id::RepId,
};

use super::*;
use crate::{
    delivery::{feed::ContactEnd, replay_range::NewReplay},
    team::rep_leads::RepLeadsWanted,
    tests::scene::{Scene, at, delivery},
};

const NOW: &str = "2026-11-24T12:00:00Z";

/// Dana's mail of the first lead was refused, and Lee has it.
const GIVEN_ON: &str = "
    select pg_temp.rep_with_mail(8, 'Dana'), pg_temp.rep_with_mail(7, 'Lee');
    update endpoint set events = '{lead.matured,lead.updated,lead.recalled,lead.outcome}';
    update maturation set routed_at = at;
    update delivery set endpoint_id = pg_temp.i(8), rep_id = pg_temp.i(8), state = 'dead', ended_at = '2026-11-24 09:50Z' where id = pg_temp.i(1);
    insert into attempt (delivery_id, number, at, duration_ms, status) values (pg_temp.i(1), 1, '2026-11-24 09:50Z', 1, 552);
    insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, rep_id, state, attempts, due_at, offered_until, created_at, ended_at,
                          first_delivered_at)
      select pg_temp.i(20), pg_temp.i(1), id, id, pg_temp.i(7), pg_temp.i(7), 'delivered', 1, at, at, at, at, at from n where id = pg_temp.i(1);
    insert into delivery_body (delivery_id, client_id, at, body)
      select id, client_id, created_at, '{}'::bytea from delivery where lead_id = pg_temp.i(1);";

/// Nobody said whether it came.
const UNANSWERED: &str = "update attempt set status = null, error = 'timeout';";
const BY_HAND: &str = "update delivery set state = 'withdrawn' where id = pg_temp.i(1);";
const LEE_OFF: &str =
    "update delivery set state = 'held', ended_at = null, first_delivered_at = null where id = pg_temp.i(20);
    update endpoint set state = 'disabled' where name = 'Lee';";
const UNROUTED: &str = "update maturation set routed_at = null;";
const FALLBACK: &str = "update delivery set endpoint_id = pg_temp.i(9), rep_id = null where id = pg_temp.i(20);";
/// A program of the client in the place of Dana's mailbox.
const PROGRAM: &str = "update delivery set endpoint_id = pg_temp.i(1), rep_id = null where id = pg_temp.i(1);
    update attempt set status = 422;";

/// What is told.
type NewsOf<'a> = &'a dyn Fn() -> EventDetail;

async fn scene(changes: &[&str]) -> Scene {
    let mut scene = Scene::new().await;
    set(&mut scene, changes).await;
    scene
}

async fn set(scene: &mut Scene, changes: &[&str]) {
    scene.run(GIVEN_ON).await;
    for change in changes {
        scene.run(change).await;
    }
}

/// Who is told of this, by name.
async fn told(scene: &mut Scene, detail: EventDetail) -> Vec<String> {
    told_unasked(scene, detail, false).await
}

async fn told_unasked(scene: &mut Scene, detail: EventDetail, unasked: bool) -> Vec<String> {
    let event = detail.event();
    let lead = LeadId::from_uuid(Uuid::from_u128(1));
    let mut tx = scene.store.begin().await.unwrap();
    tx.enqueue(&[Event { lead, detail, cause: Uuid::nil(), mailed: true, unasked, due_at: at(NOW) }], at(NOW))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let told = format!(
        "select e.name from delivery d join endpoint e on e.id = d.endpoint_id where d.event = '{event}' order by 1"
    );
    scene.texts(&told).await
}

#[tokio::test]
async fn who_could_not_be_given_a_lead_that_somebody_else_has_is_told_nothing_new_of_it() {
    let updated = || EventDetail::Updated(LeadUpdate::default());
    let recalled = || EventDetail::Recalled(LeadRecall::default());
    let outcome = || EventDetail::Outcome(Box::default());
    let table: [(&str, NewsOf<'_>, &[&str]); 13] = [
        ("", &updated, &["Lee"]),
        ("", &outcome, &["Lee"]),
        ("", &recalled, &["Lee"]),
        (UNANSWERED, &updated, &["Lee"]),
        (UNANSWERED, &outcome, &["Lee"]),
        (UNANSWERED, &recalled, &["Dana", "Lee"]),
        (BY_HAND, &updated, &["Lee"]),
        (BY_HAND, &recalled, &["Lee"]),
        (LEE_OFF, &updated, &["Dana", "Lee"]),
        (FALLBACK, &updated, &["Office"]),
        (UNROUTED, &updated, &["Lee"]),
        (PROGRAM, &updated, &["Lee"]),
        (PROGRAM, &recalled, &["Lee"]),
    ];
    let mut scene = Scene::new().await;
    for (change, detail, expected) in table {
        scene.again().await;
        set(&mut scene, &[change]).await;
        assert_eq!(told(&mut scene, detail()).await, expected, "{change} {}", detail().event());
    }
    // Where every endpoint gets every lead, Lee has it in nobody's place.
    scene.again().await;
    set(&mut scene, &[UNROUTED, UNANSWERED]).await;
    assert_eq!(told(&mut scene, updated()).await, ["Dana", "Lee"]);
    scene.end().await;
}

#[tokio::test]
async fn that_a_lead_is_somebody_elses_is_told_to_who_has_it_whatever_they_ask_for() {
    let mut scene = scene(&["update endpoint set events = '{lead.matured}'"]).await;
    let updated = || EventDetail::Updated(LeadUpdate { kind: UpdateKind::Corrected.into(), ..LeadUpdate::default() });
    assert!(told(&mut scene, updated()).await.is_empty());
    assert_eq!(told_unasked(&mut scene, updated(), true).await, ["Lee"], "and not to who has it no more");
    scene.end().await;
}

#[tokio::test]
async fn of_a_grade_that_it_was_told_last_nobody_hears_again() {
    let mut scene = scene(&[]).await;
    let detail = || EventDetail::Updated(LeadUpdate { kind: UpdateKind::Grade.into(), ..LeadUpdate::default() });
    let heard = async |scene: &Scene| {
        let lead = LeadId::from_uuid(Uuid::from_u128(1));
        let mut tx = scene.store.begin().await.unwrap();
        let event =
            Event { lead, detail: detail(), cause: Uuid::from_u128(77), mailed: true, unasked: false, due_at: at(NOW) };
        let heard = tx.enqueue(&[event], at(NOW)).await.unwrap();
        tx.commit().await.unwrap();
        heard
    };
    assert_eq!(heard(&scene).await, 0, "it fell and rose again before anybody was told");
    scene.run("update lead set grade = 'B'").await;
    assert_eq!(heard(&scene).await, 1);
    // Nobody was sent that yet.
    scene.run("update lead set grade = 'A'").await;
    assert_eq!(heard(&scene).await, 0);
    scene
        .run(
            "insert into decision (id, lead_id, client_id, criteria_id, at, grade, score, receipt)
               select pg_temp.i(77), id, pg_temp.i(1), pg_temp.i(1), at, 'B', 40, 'null' from n limit 1;
             update delivery set attempts = 1 where event = 'lead.updated'",
        )
        .await;
    assert_eq!(heard(&scene).await, 1, "it is an A again");
    scene.run("update lead set grade = 'B'").await;
    assert_eq!(heard(&scene).await, 0, "it rose and fell again before anybody was told");
    // Of which grade it was told by a decision that is not kept any more nobody knows.
    scene.run("delete from decision where id = pg_temp.i(77)").await;
    assert_eq!(heard(&scene).await, 1);
    scene.end().await;
}

#[tokio::test]
async fn what_is_new_is_not_sent_any_more_to_whose_lead_went_to_somebody_else_meanwhile() {
    // The mail came back after the update was owed.
    let mut scene = scene(&[]).await;
    let owed = "insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, rep_id, event, said, state, due_at, offered_until, created_at)
        select pg_temp.i(number), pg_temp.i(1), id, id, pg_temp.i(rep), pg_temp.i(rep), 'lead.updated', '{}', 'pending', at, at, at
        from n cross join (values (21, 8), (22, 7)) r (number, rep) where n.id = pg_temp.i(1)";
    scene.run(owed).await;
    assert_eq!(scene.lease(&[21, 22], at(NOW)).await, [22]);
    assert_eq!(scene.state(21).await, "withdrawn: somebody else has the lead");
    scene.end().await;
}

#[tokio::test]
async fn the_page_of_a_rep_shows_no_lead_that_somebody_else_has_in_their_place() {
    let scope = Actor::operator("Kim").scope();
    let mut scene = Scene::new().await;
    let said = "insert into outcome (client_id, lead_id, delivery_id, number, kind, said_by, how, at, happened_at)
        select pg_temp.i(1), id, id, 1, 'accepted', 'Dana', 'link', at, at from n where id = pg_temp.i(1);";
    for (change, is_shown) in
        [("", false), (UNANSWERED, false), (FALLBACK, false), (LEE_OFF, true), (UNROUTED, true), (said, true)]
    {
        scene.again().await;
        set(&mut scene, &[change]).await;
        let rep = RepId::from_uuid(Uuid::from_u128(8));
        let wanted = RepLeadsWanted { rep, link_made: at(NOW), now: at(NOW), limit: 10 };
        let leads = scene.store.rep_leads(scope, wanted).await.unwrap().leads;
        assert_eq!(!leads.is_empty(), is_shown, "{change}");
        let page = scene.store.sent(scope, delivery(1)).await.unwrap().unwrap().ended_for_reader();
        assert_eq!(page, (!is_shown).then_some(ContactEnd::GivenOn), "{change}");
        let lees = scene.store.sent(scope, delivery(20)).await.unwrap().unwrap();
        assert_eq!((lees.ended_for_reader(), lees.row.ended), (None, None), "{change}");
    }
    scene.end().await;
}

#[tokio::test]
async fn a_replay_of_a_range_passes_over_what_somebody_else_has_since() {
    let scope = Actor::operator("Kim").scope();
    let mut scene = Scene::new().await;
    for (endpoint, change, expected) in
        [(8, "", 0), (8, FALLBACK, 0), (8, LEE_OFF, 1), (8, UNROUTED, 1), (1, PROGRAM, 0)]
    {
        scene.again().await;
        set(
            &mut scene,
            &[change, "update delivery set state = 'withdrawn', ended_at = created_at where lead_id <> pg_temp.i(1);"],
        )
        .await;
        let endpoint = EndpointId::from_uuid(Uuid::from_u128(endpoint));
        // The scene's ids are of the beginning of time.
        let range = Timestamp::UNIX_EPOCH..Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1);
        let new = NewReplay { endpoint, range, only_failed: true };
        assert_eq!(scene.store.replay_range_count(scope, &new, at(NOW)).await.unwrap(), expected, "{change}");
        let mut tx = scene.store.begin().await.unwrap();
        tx.replay_range_begin(&Actor::operator("Kim"), Uuid::from_u128(40), &new, at(NOW)).await.unwrap();
        tx.commit().await.unwrap();
        scene.store.replay_range_step(at(NOW), 10).await.unwrap();
        let replayed = scene.texts("select replayed::text from replay").await;
        assert_eq!(replayed, [expected.to_string()], "{change}");
        // By its own id somebody means it.
        let mut tx = scene.store.begin().await.unwrap();
        if expected == 0 {
            tx.delivery_retry(scope, delivery(1), false, at(NOW)).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
    scene.end().await;
}
