//! Whom the team's programs name, and who of them is told that it is somebody else.

use ripen_domain::{actor::Actor, id::DeliveryId};

use crate::tests::scene::{Scene, at, delivery};

/// The first lead was Dana's: the webhook of the team has it, Dana's mail (11) died, and Lee's (12) is on its way.
const GIVEN_ON: &str = "
    insert into rep (id, client_id, name, email, created_at)
      select pg_temp.i(30 + k), pg_temp.i(1), (array['Dana', 'Lee'])[k], (array['Dana', 'Lee'])[k] || '@client.example', at
      from n, generate_series(1, 2) k where n.id = pg_temp.i(1);
    insert into endpoint (id, client_id, kind, rep_id, address, created_at)
      select pg_temp.i(20 + k), pg_temp.i(1), 'email', pg_temp.i(30 + k), (array['Dana', 'Lee'])[k] || '@client.example', at
      from n, generate_series(1, 2) k where n.id = pg_temp.i(1);
    update endpoint set events = '{lead.matured,lead.updated}' where id = pg_temp.i(1);
    update delivery set state = 'delivered', rep_id = pg_temp.i(31), ended_at = due_at where id = pg_temp.i(1);
    insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, state, attempts, due_at, offered_until, created_at, ended_at)
      select pg_temp.i(10 + k), pg_temp.i(1), id, id, pg_temp.i(20 + k), (array['dead', 'pending'])[k], 2 - k, at, at, at,
             case k when 1 then at end
      from n, generate_series(1, 2) k where n.id = pg_temp.i(1);";

async fn now_with(scene: &Scene, given: DeliveryId) {
    let mut batch = scene.store.begin().await.unwrap();
    // Twice: a follow-up that runs again tells nothing twice.
    batch.deliveries_now_with(&[given], at("2026-11-24T10:00:00Z")).await.unwrap();
    batch.deliveries_now_with(&[given], at("2026-11-24T10:00:00Z")).await.unwrap();
    batch.commit().await.unwrap();
}

/// Of the webhook: what it is, whom it names, and what an update says.
async fn of_webhook(scene: &mut Scene) -> Vec<String> {
    let sql = "select concat_ws(' ', d.event, r.name, d.said ->> 'kind', d.said ->> 'with') from delivery d left join rep r on r.id = d.rep_id
               where d.endpoint_id = pg_temp.i(1) and d.lead_id = pg_temp.i(1) order by d.event";
    scene.texts(sql).await
}

#[tokio::test]
async fn the_teams_webhook_is_told_who_has_what_the_first_rep_could_not_be_mailed() {
    let mut scene = Scene::new().await;
    let to_fallback = "update delivery set endpoint_id = pg_temp.i(9) where id = pg_temp.i(12)";
    let never_sent = "update delivery set attempts = 0, state = 'pending', ended_at = null where id = pg_temp.i(1)";
    let asks_nothing = "update endpoint set events = '{lead.matured}' where id = pg_temp.i(1)";
    let dana_has_it = "update delivery set state = 'delivered', ended_at = due_at where id = pg_temp.i(11)";
    let died_too = "update delivery set state = 'dead', ended_at = due_at where id = pg_temp.i(12)";
    let own = "update endpoint set rep_id = pg_temp.i(31) where id = pg_temp.i(1)";
    // Everybody has each lead: a mailbox of the office bounces, and Lee had it from the beginning.
    let office = "update endpoint set rep_id = null where id = pg_temp.i(21); update delivery set rep_id = null where id = pg_temp.i(1);
                  update delivery set ended_at = ended_at + interval '1 minute' where id = pg_temp.i(11);";
    let given_on = format!(
        "{office} update delivery set created_at = created_at + interval '2 minutes' where id = pg_temp.i(12);"
    );
    for (meanwhile, expected) in [
        (office, &["lead.matured"][..]),
        (&given_on, &["lead.matured Lee", "lead.updated Lee assigned"]),
        ("", &["lead.matured Lee", "lead.updated Lee assigned"]),
        (to_fallback, &["lead.matured", "lead.updated assigned Office"]),
        (never_sent, &["lead.matured Lee"]),
        (asks_nothing, &["lead.matured Lee"]),
        // Two have it, or nobody: nobody has it in another's place.
        (dana_has_it, &["lead.matured Dana"]),
        (died_too, &["lead.matured Dana"]),
        (own, &["lead.matured Dana"]),
    ] {
        scene.again().await;
        scene.run(GIVEN_ON).await;
        scene.run(meanwhile).await;
        now_with(&scene, delivery(12)).await;
        assert_eq!(of_webhook(&mut scene).await, expected, "{meanwhile}");
    }
    scene.end().await;
}

#[tokio::test]
async fn the_teams_webhook_is_told_that_the_first_rep_has_it_after_all() {
    let mut scene = Scene::new().await;
    let scope = Actor::operator("Kim").scope();
    // Each came to the webhook before anything else happened.
    let sent = "update delivery set state = 'delivered', attempts = 1, ended_at = due_at where event = 'lead.updated';";
    let lee_died = "update delivery set state = 'dead', attempts = 1, ended_at = due_at, followed_up_at = due_at where id = pg_temp.i(12);";
    let dana_died = "update delivery set state = 'dead', attempts = 2, ended_at = due_at where id = pg_temp.i(11);";
    let accepted = "insert into outcome (client_id, lead_id, delivery_id, number, kind, said_by, how, at, happened_at)
        select pg_temp.i(1), id, pg_temp.i(11), 1, 'accepted', 'Dana', 'link', at, at from n where id = pg_temp.i(1);";
    for is_accepted in [false, true] {
        scene.again().await;
        scene.run(GIVEN_ON).await;
        now_with(&scene, delivery(12)).await;
        scene.run(&format!("{sent} {lee_died}")).await;
        let mut tx = scene.store.begin().await.unwrap();
        if is_accepted {
            scene.run(accepted).await;
            tx.dead_accepted(delivery(11), at("2026-11-24T10:05:00Z")).await.unwrap();
        } else {
            tx.delivery_retry(scope, delivery(11), false, at("2026-11-24T10:05:00Z")).await.unwrap();
        }
        tx.commit().await.unwrap();
        let told = of_webhook(&mut scene).await;
        assert_eq!(told[0], "lead.matured Dana", "{is_accepted}");
        assert_eq!(
            told.iter().filter(|one| *one == "lead.updated Dana assigned").count(),
            1,
            "{is_accepted}: {told:?}"
        );
    }
    // Back to Lee, who was named by an update already.
    scene.again().await;
    scene.run(GIVEN_ON).await;
    now_with(&scene, delivery(12)).await;
    for (number, meanwhile) in [(11, lee_died), (12, dana_died)] {
        scene.run(&format!("{sent} {meanwhile}")).await;
        let mut tx = scene.store.begin().await.unwrap();
        tx.delivery_retry(scope, delivery(number), false, at("2026-11-24T10:05:00Z")).await.unwrap();
        tx.commit().await.unwrap();
    }
    let told = of_webhook(&mut scene).await;
    assert_eq!(told[0], "lead.matured Lee");
    assert_eq!(told.iter().filter(|one| *one == "lead.updated Lee assigned").count(), 2, "{told:?}");
    scene.end().await;
}
