//! Who is told that an offer is none any more: whoever may have got it, and nobody else.

use ripen_domain::id::EndpointId;

use super::*;
use crate::tests::scene::{Scene, at};

/// The first lead is on offer to the webhook and to the office.
fn offers() -> String {
    let to = [1, 9].map(|endpoint| EndpointId::from_uuid(Uuid::from_u128(endpoint)).to_string()).join(",");
    format!(
        "insert into claim (maturation_id, tier, offered_to, until) values (pg_temp.i(1), 'recipients', '{{{to}}}', '2026-11-24 13:00Z');
         update delivery set event = 'lead.offered', said = '{{\"until\": \"2026-11-24T13:00:00Z\"}}', attempts = 0 where id = pg_temp.i(1);
         insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, event, cause, said, state, due_at, offered_until, created_at)
           select pg_temp.i(31), pg_temp.i(1), id, id, pg_temp.i(9), 'lead.offered', pg_temp.i(9), '{{\"until\": \"2026-11-24T13:00:00Z\"}}',
                  'pending', at, at, at from n where id = pg_temp.i(1);
         insert into delivery (id, client_id, lead_id, maturation_id, state, due_at, offered_until, created_at)
           select pg_temp.i(30), pg_temp.i(1), id, id, 'held', '2026-11-24 13:00Z', at, at from n where id = pg_temp.i(1);"
    )
}

/// An attempt at the webhook's offer (1) or the office's (31).
fn tried(delivery: u8, status: &str) -> String {
    format!(
        "update delivery set attempts = attempts + 1 where id = pg_temp.i({delivery});
         insert into attempt (delivery_id, number, at, duration_ms, status, error)
           select id, attempts, '2026-11-24 10:00Z', 1, {status}, case when {status} is null then 'timeout' end
           from delivery where id = pg_temp.i({delivery});"
    )
}

#[tokio::test]
async fn nobody_hears_that_an_offer_is_over_to_whom_it_never_came() {
    let mut scene = Scene::new().await;
    let delivered = "state = 'delivered', first_delivered_at = '2026-11-24 10:00Z', ended_at = '2026-11-24 10:00Z'";
    for (what, sql, told) in [
        ("nothing was sent", String::new(), 0),
        ("the office's mail server is busy", tried(31, "450"), 0),
        ("it did not answer", tried(31, "null::integer"), 0),
        ("the office has it", format!("update delivery set {delivered} where id = pg_temp.i(31);"), 1),
        (
            "its mail is on its way",
            "update delivery set state = 'leased', lease = gen_random_uuid(), leased_until = '2026-11-25Z' where id = pg_temp.i(31);".to_owned(),
            1,
        ),
        ("the webhook refuses such records", tried(1, "422"), 0),
        ("the webhook failed, perhaps behind what took it", tried(1, "503"), 1),
        ("the webhook said nothing", tried(1, "422") + &tried(1, "null::integer"), 1),
        ("whoever has the webhook fetched it", "update delivery set attempts = 1, excused = 1 where id = pg_temp.i(1);".to_owned(), 1),
        (
            "both have it",
            format!("update delivery set {delivered} where event = 'lead.offered';"),
            2,
        ),
    ] {
        scene.run(&offers()).await;
        scene.run(&sql).await;
        let mut batch = scene.store.begin().await.unwrap();
        let lead = LeadId::from_uuid(Uuid::from_u128(1));
        assert_eq!(batch.offers_over(&[lead], at("2026-11-24T10:05:00Z")).await.unwrap(), told, "{what}");
        batch.commit().await.unwrap();
        scene.again().await;
    }
    scene.end().await;
}
