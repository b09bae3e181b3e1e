//! Arrivals that wait for a person are let go and given up over one connection.

use ripen_actions::quarantine::{DropQuarantined, QuarantineChoice, ReleaseQuarantined, list};
use ripen_domain::id::ArrivalId;
use ripen_store::arrival::quarantine::QuarantineFilter;
use uuid::Uuid;

use crate::harness::{office_of, operator};

#[tokio::test]
async fn what_ends_in_quarantine_is_read_over_the_connection_that_ends_it() {
    let office = office_of(1).await;
    let client = office.client("Acme").await;
    let source = "insert into source (id, client_id, name, channel, token_hash, created_at)
        values ($1, $1, 'Web site', 'web_form', decode(repeat('00', 32), 'hex'), now())";
    sqlx::query(source).bind(client.id.uuid()).execute(&office.pool).await.unwrap();
    let arrivals = "with b as (
          insert into arrival_body (arrival_id, received_at, raw)
          select lpad(i::text, 32, '0')::uuid, '2026-11-20T09:00:00Z', 'as it came' from generate_series(1, 3) i)
        insert into arrival (id, client_id, source_id, sameness, state, reason, content, received_at, media_type, submission, flags)
        select lpad(i::text, 32, '0')::uuid, $1, $1, 'content', 'quarantined', 'key_reused', decode(repeat('00', 16), 'hex'),
               '2026-11-20T09:00:00Z', 'text/plain', '{\"email\":\"casey@example.com\"}', '{}' from generate_series(1, 3) i";
    sqlx::query(arrivals).bind(client.id.uuid()).execute(&office.pool).await.unwrap();
    let all = QuarantineFilter { limit: 10, ..QuarantineFilter::default() };
    let waiting = list(&office.actions, &operator(), &all).await.unwrap();
    assert_eq!(waiting.len(), 3);
    assert!(waiting.iter().all(|one| one.arrival.raw.text == "as it came"), "its body is in a table of its own");
    let named = |number| QuarantineChoice::Named(vec![ArrivalId::from_uuid(Uuid::from_u128(number))]);
    let released = office.done(&ReleaseQuarantined { which: named(1), why: None }).await;
    assert_eq!(released.done.len(), 1);
    assert_eq!(office.done(&DropQuarantined { which: named(2), why: None }).await.done.len(), 1);
    assert_eq!(office.done(&ReleaseQuarantined { which: QuarantineChoice::Found(all), why: None }).await.done.len(), 1);
}
