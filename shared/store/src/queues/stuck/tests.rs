//! What was given up and nobody has: it stands in its list once.

use ripen_domain::actor::Actor;

use super::*;
use crate::tests::scene::Scene;

/// The first lead went to two webhooks of the team and to Lee, whose mail (11) came back at 9:50. Nothing else is there.
const TWO_WEBHOOKS: &str = "
    select pg_temp.rep_with_mail(31, 'Lee');
    insert into endpoint (id, client_id, kind, name, url, created_at)
      select pg_temp.i(2), pg_temp.i(1), 'webhook', 'Other', 'https://other.client.example/', at from n where id = pg_temp.i(1);
    delete from delivery where id <> pg_temp.i(1);
    update delivery set state = 'delivered', rep_id = pg_temp.i(31), ended_at = due_at, first_delivered_at = due_at, followed_up_at = '2026-11-24 10:00Z';
    insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, rep_id, state, attempts, due_at, offered_until, created_at, ended_at,
                          followed_up_at)
      select number, pg_temp.i(1), n.id, n.id, endpoint, pg_temp.i(31), state, 1, at, at, at, at + since, '2026-11-24 10:00Z'
      from n cross join (values (pg_temp.i(11), pg_temp.i(31), 'dead', interval '10 minutes'),
                                (pg_temp.i(12), pg_temp.i(2), 'delivered', interval '0')) o (number, endpoint, state, since)
      where n.id = pg_temp.i(1);";

#[tokio::test]
async fn a_lead_that_nobody_has_stays_listed_whichever_webhook_of_the_team_dies_beside_the_mail() {
    let mut scene = Scene::new().await;
    let died = |number: u8, minute: u8| {
        format!(
            "update delivery set state = 'dead', ended_at = '2026-11-24 09:{minute}Z' where id = pg_temp.i({number});"
        )
    };
    let accepted = "insert into outcome (client_id, lead_id, delivery_id, number, kind, said_by, how, at, happened_at)
        select pg_temp.i(1), id, pg_temp.i(12), 1, 'accepted', 'Lee', 'api', at, at from n where id = pg_temp.i(1);";
    for (change, listed) in [
        (String::new(), Some(11)),
        (died(12, 55), Some(11)),
        (died(12, 45), Some(11)),
        // Nobody has it at all: it stands there once, by what was given up last.
        (died(12, 55) + &died(1, 58), Some(1)),
        (died(12, 45) + &died(1, 46), Some(11)),
        (accepted.to_owned(), None),
    ] {
        scene.again().await;
        scene.run(&format!("{TWO_WEBHOOKS} {change}")).await;
        let span = QueueSpan::first(10);
        let rows = scene.store.stuck(Actor::operator("Kim").scope(), StuckKind::Dead, span).await.unwrap();
        let found: Vec<_> = rows.iter().map(|row| row.id.as_u128()).collect();
        assert_eq!(found, Vec::from_iter(listed), "{change}");
        // The lead's page goes by the same.
        let lead = LeadId::from_uuid(Uuid::from_u128(1));
        let nobody_has = scene.store.dead_that_nobody_has(Actor::operator("Kim").scope(), lead).await.unwrap();
        assert_eq!(nobody_has.last().map(|last| last.uuid().as_u128()), listed, "{change}");
    }
    scene.end().await;
}
