//! Calls to a number are counted over all clients.

use ripen_testkit::postgres::database;
use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::{Store, StoreOptions};

/// Two clients with a person each at one number, called at eight and at nine; a third one's number was another until ten.
const FILL: &str = "
    set session_replication_role = replica;
    create temporary table n as select i, lpad(to_hex(i), 32, '0')::uuid as id, timestamptz '2026-11-24 07:00Z' + i * interval '1 hour' as at
      from generate_series(1, 4) i;
    insert into client (id, slug, name, country, time_zone, created_at) select id, 'c' || i, 'C', 'US', 'UTC', at from n;
    insert into person_identity (client_id, kind, value, person_id, void_at, void_by)
      select id, 'phone', case i when 2 then '+14155550141;ext=7' when 4 then '+14155550149' else '+14155550141' end, id,
             case when i = 3 then at + interval '30 minutes' end, case when i = 3 then 'Kim' end from n;
    insert into lead (id, client_id, program_id, person_id, source_id, channel, arrivals, enquiries, first_arrived_at,
                      last_arrived_at, last_enquiry_at, created_at)
      select id, id, id, id, id, 'web_form', 1, 1, at, at, at, at from n;
    insert into touch (id, lead_id, client_id, at, by, disposition, answers, round)
      select gen_random_uuid(), n.id, n.id, n.at + more, 'Kim', 'no_answer', 0, true
      from n cross join unnest(array[interval '0', interval '2 hours']) more where n.i = 3 or more = interval '0';";

#[tokio::test]
async fn calls_to_a_number_count_whichever_client_they_were_for() {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), 2)).unwrap();
    store.pool.execute(FILL).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    let since = "2026-11-24T00:00:00Z".parse().unwrap();
    let calls = tx.calls_since(&["+14155550141".to_owned()], since).await.unwrap();
    let mut hours: Vec<_> = calls.iter().map(|call| call.at.to_string()).collect();
    hours.sort();
    assert_eq!(hours, ["2026-11-24T08:00:00Z", "2026-11-24T09:00:00Z", "2026-11-24T10:00:00Z"]);
    drop(tx);
    store.close().await;
}

/// The touch of eight o'clock is said of two calls, that of nine of one that failed. Others were dialed and nothing was said of
/// them, or what was said was taken back, or is a note.
const DIALED: &str = "
    insert into call (id, client_id, lead_id, touch_id, number, dialed_at, state)
      select gen_random_uuid(), n.id, n.id, t.id, '+14155550141', n.at - more, 'ended'
      from n join touch t on t.lead_id = n.id cross join unnest(array[interval '5 minutes', interval '2 minutes']) more where n.i = 1;
    insert into call (id, client_id, lead_id, touch_id, number, dialed_at, state)
      select gen_random_uuid(), n.id, n.id, t.id, '+14155550141;ext=7', n.at - interval '1 minute', 'failed'
      from n join touch t on t.lead_id = n.id where n.i = 2;
    insert into touch (id, lead_id, client_id, at, by, disposition, answers, round)
      select '00000000-0000-0000-0000-00000000000f', n.id, n.id, n.at + interval '20 hours', 'Kim', 'note', 0, false from n where n.i = 4;
    insert into call (id, client_id, lead_id, touch_id, number, dialed_at, state)
      select gen_random_uuid(), n.id, n.id, given.touch::uuid, given.number, timestamptz '2026-11-24 12:00Z' + given.late * interval '1 hour', given.state
      from n cross join (values (0, null, '+14155550141', 'dialed'), (1, null, '+14155550141;ext=9', 'ringing'),
                                (2, '00000000-0000-0000-0000-00000000000e', '+14155550141', 'answered'),
                                (3, '00000000-0000-0000-0000-00000000000f', '+14155550141', 'ended'),
                                (4, null, '+14155550141', 'failed'), (5, null, '+14155550142', 'ended')) as given (late, touch, number, state)
      where n.i = 4;";

#[tokio::test]
async fn a_call_that_was_dialed_counts_whatever_was_said_of_it() {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), 2)).unwrap();
    // One connection: the rows are filled from a temporary table of its own.
    let mut rows = PgConnection::connect(database.url()).await.unwrap();
    rows.execute(FILL).await.unwrap();
    rows.execute(DIALED).await.unwrap();
    rows.close().await.unwrap();
    let mut tx = store.begin().await.unwrap();
    let since = "2026-11-24T00:00:00Z".parse().unwrap();
    let calls = tx.calls_since(&["+14155550141".to_owned()], since).await.unwrap();
    let mut times: Vec<_> = calls.iter().map(|call| call.at.strftime("%H:%M").to_string()).collect();
    times.sort();
    // That of ten o'clock is a person's whose number it was until half past.
    assert_eq!(times, ["07:55", "07:58", "09:00", "10:00", "12:00", "13:00", "14:00", "15:00"]);
    drop(tx);
    store.close().await;
}
