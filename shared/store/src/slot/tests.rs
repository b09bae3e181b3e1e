//! Shares of slots, as the database counts them.

use jiff::Timestamp;
use ripen_domain::id::DeliveryId;
use ripen_testkit::postgres::database;
use sqlx::{Connection as _, Executor as _, PgConnection};

use super::*;
use crate::{
    StoreOptions,
    delivery::{
        lease::{LeaseRequest, MailRoom},
        sweep::SweptDelivery,
    },
    sweep::Sweep,
};

const ENDPOINT: &str = "
    set session_replication_role = replica;
    insert into endpoint (id, client_id, kind, name, url, concurrency, created_at)
      values ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000001', 'webhook', 'x', 'https://example.com/', 2, now());";

#[tokio::test]
async fn shares_are_even_and_come_to_all_slots() {
    let database = database().await;
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    let wrong = "select count(*) from (
        select sum(share) as all_of_them, max(share) - min(share) as uneven, c from (
          select e, c, m, slot_share(e, c, m, p) as share from (select gen_random_uuid() as e from generate_series(1, 50)) e,
                 generate_series(1, 9) c, generate_series(1, 6) m, lateral generate_series(0, m - 1) p) s
        group by e, c, m) t where all_of_them <> c or uneven > 1";
    let wrong: i64 = sqlx::query_scalar(wrong).fetch_one(&mut connection).await.unwrap();
    assert_eq!(wrong, 0);
    let nobody: i32 =
        sqlx::query_scalar("select slot_share(gen_random_uuid(), 4, 0, 0)").fetch_one(&mut connection).await.unwrap();
    assert_eq!(nobody, 0);
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_process_agrees_when_it_has_no_more_than_its_share_and_is_forgotten_when_it_does_not_renew() {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), 2)).unwrap();
    let mut other = PgConnection::connect(database.url()).await.unwrap();
    other.execute(ENDPOINT).await.unwrap();
    let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let both = [one, two];
    let busy = |attempts| [BusyEndpoint { endpoint: EndpointId::from_uuid(Uuid::from_u128(1)), attempts }];
    let renewal = |process: Uuid, place| SlotRenewal {
        process,
        begins_for: Duration::from_secs(60),
        attempt_takes: Duration::from_secs(60),
        agrees: &both,
        place: SlotPlace { members: 2, place },
        busy: &[],
    };
    let agreed =
        |seen: &SlotMembers, process| seen.members.iter().find(|one| one.process == process).unwrap().agreed.clone();
    let first = store.slots_renew(&SlotRenewal { busy: &busy(2), ..renewal(one, 0) }).await.unwrap();
    assert!(first.is_new && agreed(&first, one).is_empty(), "it has two under way and may have one: {first:?}");
    let first = store.slots_renew(&SlotRenewal { busy: &busy(1), ..renewal(one, 0) }).await.unwrap();
    assert!(!first.is_new, "{first:?}");
    assert_eq!(agreed(&first, one), both);
    let second = store.slots_renew(&renewal(two, 1)).await.unwrap();
    assert_eq!((second.is_new, second.members.len(), agreed(&second, one)), (true, 2, both.to_vec()));
    other.execute("update dispatcher_process set expires_at = clock_timestamp() - interval '1 second'").await.unwrap();
    let second = store.slots_renew(&renewal(two, 1)).await.unwrap();
    assert_eq!((second.is_new, second.members.len()), (false, 1), "late, and nobody had forgotten it");
    let first = store.slots_renew(&renewal(one, 0)).await.unwrap();
    assert!(first.is_new, "it was forgotten: its share is others' by now");
    store.slots_leave(two).await.unwrap();
    assert_eq!(store.slots_renew(&renewal(one, 0)).await.unwrap().members.len(), 1);
    other.close().await.unwrap();
    store.close().await;
}

/// Two webhooks' leads at the endpoint above, with one slot, and two mails.
const DUE: &str = "
    update endpoint set concurrency = 1;
    insert into client (id, slug, name, country, time_zone, created_at)
      values ('00000000-0000-0000-0000-000000000001', 'c', 'C', 'US', 'UTC', now());
    insert into endpoint (id, client_id, kind, name, address, created_at)
      values ('00000000-0000-0000-0000-000000000002', '00000000-0000-0000-0000-000000000001', 'email', 'y', 'a@example.com', now());
    create temporary table n as select i, lpad(i::text, 32, '0')::uuid as id, lpad('1', 32, '0')::uuid as client,
      lpad(((i + 1) / 2)::text, 32, '0')::uuid as endpoint, timestamptz '2026-11-24 07:00Z' as at from generate_series(1, 4) i;
    insert into person (id, client_id, created_at, updated_at) select id, client, at, at from n;
    insert into lead (id, client_id, program_id, person_id, source_id, channel, arrivals, enquiries, first_arrived_at, last_arrived_at,
                      last_enquiry_at, created_at)
      select id, client, id, id, id, 'web_form', 1, 1, at, at, at, at from n;
    insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, state, due_at, offered_until, created_at)
      select id, client, id, id, endpoint, 'pending', at, at, at from n;";

fn numbers(deliveries: impl IntoIterator<Item = DeliveryId>) -> Vec<u128> {
    let mut numbers: Vec<_> = deliveries.into_iter().map(|delivery| delivery.uuid().as_u128()).collect();
    numbers.sort_unstable();
    numbers
}

#[tokio::test]
async fn what_has_no_slot_here_is_left_to_who_has_one_and_mail_waits_for_its_server() {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), 2)).unwrap();
    let mut other = PgConnection::connect(database.url()).await.unwrap();
    other.execute(ENDPOINT).await.unwrap();
    other.execute(DUE).await.unwrap();
    let now: Timestamp = "2026-11-24T18:00:00Z".parse().unwrap();
    let later = now + Duration::from_secs(60);
    let place = |place| [SlotPlace { members: 3, place }];
    let (without, with) = (place(0), place(1));
    let ids: Vec<_> = (1..=4).map(|number| DeliveryId::from_uuid(Uuid::from_u128(number))).collect();
    let request = |places, mail| LeaseRequest {
        deliveries: &ids,
        lease: Uuid::from_u128(9),
        lasts: Duration::from_secs(60),
        busy: &[],
        places,
        mail,
        kept_until: later,
    };
    let away = MailRoom { free: 0, wait_until: Some(later) };
    let grant = store.deliveries_lease(&request(&without, away), now, |_| Vec::new()).await.unwrap();
    assert_eq!(grant.slots.values().copied().collect::<Vec<_>>(), [0], "{grant:?}");
    assert!(grant.waiting.is_empty() && grant.ready.is_empty(), "nothing is kept in mind here: {grant:?}");
    let put_off =
        "select count(*) from delivery where due_at > '2026-11-24 18:00Z' and attempts = 0 and reason is not null";
    assert_eq!(sqlx::query_scalar::<_, i64>(put_off).fetch_one(&mut other).await.unwrap(), 2);

    let sweep = Sweep { now, until: now, limit: 100 };
    let elsewhere = store.sweep_deliveries_shared(sweep, &without, true).await.unwrap();
    assert!(elsewhere.here.is_empty() && elsewhere.anybody.is_empty(), "{elsewhere:?}");
    let full = store.sweep_deliveries_shared(sweep, &with, false).await.unwrap();
    assert!(full.here.is_empty(), "{full:?}");
    let here = store.sweep_deliveries_shared(Sweep { now: later, ..sweep }, &with, true).await.unwrap();
    let of = |offers: Vec<SweptDelivery>| numbers(offers.into_iter().map(|offer| offer.delivery));
    assert_eq!((of(here.here), of(here.anybody)), (vec![1, 2], vec![3, 4]));

    let one = MailRoom { free: 1, wait_until: None };
    let grant = store.deliveries_lease(&request(&with, one), later, |_| Vec::new()).await.unwrap();
    assert_eq!(numbers(grant.waiting.iter().map(|waiting| waiting.delivery)), [2, 4], "one slot, one place for mail");
    assert_eq!(grant.mailed.len(), 1);
    other.close().await.unwrap();
    store.close().await;
}
