//! Who has what a rep could not be mailed: a webhook of the team that names somebody is nobody.

use ripen_domain::actor::Actor;

use crate::tests::scene::{Scene, delivery};

/// The first lead was Lee's and then Sam's: both mails (11, 12) came back, and the team's webhook, which has it, names Sam.
const BOTH_DEAD: &str = "
    select pg_temp.rep_with_mail(31, 'Lee'), pg_temp.rep_with_mail(32, 'Sam');
    update maturation set routed_at = at;
    update delivery set state = 'delivered', rep_id = pg_temp.i(32), ended_at = due_at, first_delivered_at = due_at where id = pg_temp.i(1);
    insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, rep_id, state, attempts, due_at, offered_until, created_at, ended_at)
      select pg_temp.i(10 + k), pg_temp.i(1), id, id, pg_temp.i(30 + k), pg_temp.i(30 + k), 'dead', 1, at, at, at, '2026-11-24 09:50Z'
      from n, generate_series(1, 2) k where n.id = pg_temp.i(1);";

#[tokio::test]
async fn a_webhook_that_names_a_rep_whose_own_mail_came_back_is_not_that_rep() {
    let mut scene = Scene::new().await;
    let sam_has_it = "update delivery set state = 'delivered' where id = pg_temp.i(12)";
    let accepted = "insert into outcome (client_id, lead_id, delivery_id, number, kind, said_by, how, at, happened_at)
        select pg_temp.i(1), id, id, 1, 'accepted', 'Sam', 'api', at, at from n where id = pg_temp.i(1)";
    let accepted_dead =
        "insert into outcome (client_id, lead_id, delivery_id, number, kind, said_by, how, at, happened_at)
        select pg_temp.i(1), id, pg_temp.i(12), 1, 'accepted', 'Sam', 'link', at, at from n where id = pg_temp.i(1)";
    let given_after = "update delivery set created_at = '2026-11-24 09:55Z' where id = pg_temp.i(1)";
    for (change, who) in [
        ("", &[][..]),
        (sam_has_it, &["Sam"]),
        (accepted, &["Sam"]),
        (accepted_dead, &["Sam"]),
        (given_after, &["Sam"]),
    ] {
        scene.again().await;
        scene.run(&format!("{BOTH_DEAD} {change}")).await;
        let scope = Actor::operator("Kim").scope();
        assert_eq!(scene.store.delivery_with_whom(scope, delivery(11)).await.unwrap(), who, "{change}");
        // And so for whatever else goes by that: what may be said of it, news, a replay of a range.
        let given_on = scene.texts("select delivery_given_on(pg_temp.i(11))::text").await;
        assert_eq!(given_on, [(!who.is_empty()).to_string()], "{change}");
    }
    scene.end().await;
}
