//! Partitions as ranges of ids, across the turn of the year, and the partitions made of them in a real database.

use ripen_testkit::postgres::database;

use super::{Partitioned::Decisions, *};
use crate::StoreOptions;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn names(now: &str) -> Vec<String> {
    Month::of(at(now)).and_on().take(AHEAD + 1).map(|month| Decisions.partition(month)).collect()
}

#[test]
fn months_go_on_over_the_end_of_a_year() {
    let over = ["decision_2026_11", "decision_2026_12", "decision_2027_01", "decision_2027_02"];
    assert_eq!(names("2026-11-30T23:59:59.999999Z"), over);
    assert_eq!(names("2026-12-01T00:00:00Z")[0], "decision_2026_12");
    assert_eq!(names("2027-01-31T12:00:00Z")[1], "decision_2027_02");
    assert_eq!(Month::of(Timestamp::MAX).and_on().take(3).count(), 3, "the end of time is no panic");
}

#[test]
fn a_month_has_the_ids_that_are_made_in_it() {
    let december = Month::of(at("2026-12-17T00:00:00Z"));
    let id = |time: &str, rest: u128| {
        Uuid::from_u128((u128::try_from(at(time).as_millisecond()).unwrap() << 80) | (7 << 76) | rest)
    };
    assert!(december.first_id() <= id("2026-12-01T00:00:00Z", 0));
    assert!(december.first_id() > id("2026-11-30T23:59:59.999Z", (1 << 76) - 1));
    assert!(december.next().first_id() > id("2026-12-31T23:59:59.999Z", (1 << 76) - 1));
}

async fn decide(store: &Store, id: Uuid) {
    try_to_decide(store, id).await.unwrap();
}

async fn try_to_decide(store: &Store, id: Uuid) -> Result<(), StoreError> {
    let row = sqlx::query(
        "insert into decision (id, lead_id, client_id, criteria_id, at, grade, score, receipt)
         values ($1, $1, $1, $1, '2026-12-31T00:00:00Z', 'B', 0, 'null')",
    );
    row.bind(id).execute(&store.pool).await?;
    Ok(())
}

async fn lies_in(store: &Store, id: Uuid) -> String {
    let sql = "select tableoid::regclass::text from decision where id = $1";
    sqlx::query_scalar(sql).bind(id).fetch_one(&store.pool).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_that_meets_its_month_being_made_is_decided_again() {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), 4)).unwrap();
    let december = Month::of(at("2026-12-31T00:00:00Z"));
    let mut making = store.pool.begin().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(Decisions.make(december))).execute(making.bounded()).await.unwrap();
    let deciding = tokio::spawn({
        let store = store.clone();
        async move { try_to_decide(&store, december.first_id()).await }
    });
    database.until_a_session_waits().await;
    making.commit().await.unwrap();
    assert!(deciding.await.unwrap().unwrap_err().is_conflict(), "so it is tried again and split from nobody");
    decide(&store, december.first_id()).await;
    assert_eq!(lies_in(&store, december.first_id()).await, "decision_2026_12");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_that_is_read_while_its_month_is_made_is_found_by_the_next_look() {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), 4)).unwrap();
    let december = Month::of(at("2026-12-31T00:00:00Z"));
    let id = december.first_id();
    decide(&store, id).await;
    let mut making = store.pool.begin().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(Decisions.make(december))).execute(making.bounded()).await.unwrap();
    let look = |store: Store| async move {
        let sql = "select count(*) from decision where id = $1";
        sqlx::query_scalar::<_, i64>(sql).bind(id).fetch_one(&store.pool).await.unwrap()
    };
    let looking = tokio::spawn(look(store.clone()));
    database.until_a_session_waits().await;
    making.commit().await.unwrap();
    assert_eq!(looking.await.unwrap(), 0, "PostgreSQL took its snapshot before it waited: see Store::deliveries_lease");
    assert_eq!(look(store).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn decisions_lie_in_their_month_and_strays_are_moved_there() {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), 4)).unwrap();
    let now = at("2026-12-31T00:00:00Z");
    let tables = ["decision", "attempt", "delivery_body", "arrival_body"];
    let missing: Vec<_> =
        tables.iter().flat_map(|table| ["2026_12", "2027_01"].map(|month| format!("{table}_{month}"))).collect();
    assert_eq!(store.partitions(now).await.unwrap(), Partitions { missing, stray: 0 });
    let [december, january] = [Month::of(now).first_id(), Month::of(now).next().first_id()];
    decide(&store, december).await;
    assert_eq!(lies_in(&store, december).await, "decision_default");
    assert_eq!(store.partitions(now).await.unwrap().stray, 1);

    let others = [store.clone(), Store::open(&StoreOptions::new(database.url(), 2)).unwrap()];
    let (one, two) = tokio::join!(others[0].partitions_make(now), others[1].partitions_make(now));
    assert_eq!(one.unwrap() + two.unwrap(), (AHEAD + 1) * tables.len(), "both at once make each month once");
    assert_eq!(store.partitions_make(now).await.unwrap(), 0, "and not again");
    assert_eq!(store.partitions(now).await.unwrap(), Partitions { missing: Vec::new(), stray: 0 });
    assert_eq!(lies_in(&store, december).await, "decision_2026_12", "the stray was moved");
    decide(&store, january).await;
    assert_eq!(lies_in(&store, january).await, "decision_2027_01");
    let old = Month::of(at("2019-05-05T00:00:00Z")).first_id();
    decide(&store, old).await;
    assert_eq!(lies_in(&store, old).await, "decision_default");

    let unlike: i64 = sqlx::query_scalar(
        "select count(*) from pg_inherits i join pg_attribute a on a.attrelid = i.inhrelid and a.attname = 'receipt'
         where i.inhparent = 'decision'::regclass and a.attstorage <> 'e'",
    )
    .fetch_one(&store.pool)
    .await
    .unwrap();
    assert_eq!(unlike, 0, "no month compresses again what is compressed");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_holds_the_table_too_long_only_puts_it_off() {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), 4)).unwrap();
    let now = at("2026-12-31T00:00:00Z");
    let mut holder = store.pool.begin().await.unwrap();
    sqlx::query("select from decision").fetch_all(holder.bounded()).await.unwrap();
    assert!(store.partitions_make(now).await.unwrap_err().is_conflict());
    decide(&store, Month::of(now).first_id()).await;
    holder.commit().await.unwrap();
    assert_eq!(store.partitions_make(now).await.unwrap(), AHEAD + 1, "the other tables' months were made all the same");
}

async fn execute(store: &Store, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&store.pool).await.unwrap();
}

/// A delivery that came to be owed when the month began, with its body and one attempt then and one at `last`.
async fn attempted(store: &Store, month: Month, state: &str, last: &str) -> Uuid {
    let id = month.first_id();
    let (first, ended) = (month.begins(), if state == "held" { "null" } else { "'2026-12-31T00:00:00Z'" });
    execute(
        store,
        &format!(
            "insert into delivery (id, client_id, lead_id, maturation_id, state, due_at, offered_until, attempts, created_at, ended_at, endpoint_id)
             values ('{id}', '{id}', '{id}', '{id}', '{state}', '{first}', '{first}', 2, '{first}', {ended}, '{id}');
             insert into delivery_body (delivery_id, client_id, at, body) values ('{id}', '{id}', '{first}', 'body');
             insert into attempt (delivery_id, number, at, duration_ms, status) values ('{id}', 1, '{first}', 1, 500), ('{id}', 2, '{last}', 1, 200)"
        ),
    )
    .await;
    id
}

async fn found_in(store: &Store, sql: &str) -> Vec<String> {
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_all(&store.pool).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_and_bodies_lie_in_their_months_and_strays_are_moved_there() {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), 4)).unwrap();
    let now = at("2026-12-31T00:00:00Z");
    attempted(&store, Month::of(now), "delivered", "2027-02-03T00:00:00Z").await;
    let received = "insert into arrival_body (arrival_id, received_at, raw) values (gen_random_uuid(), '2026-12-31T23:59:59.999999Z', 'last of the month')";
    execute(&store, received).await;
    let places =
        "select tableoid::regclass::text from attempt union all select tableoid::regclass::text from delivery_body
                  union all select tableoid::regclass::text from arrival_body";
    let strays = ["attempt_default", "attempt_default", "delivery_body_default", "arrival_body_default"];
    assert_eq!(found_in(&store, places).await, strays, "nothing is refused where a month is missing");
    assert_eq!(store.partitions(now).await.unwrap().stray, 4);
    store.partitions_make(now).await.unwrap();
    let months = ["attempt_2026_12", "attempt_2026_12", "delivery_body_2026_12", "arrival_body_2026_12"];
    assert_eq!(found_in(&store, places).await, months);
    assert_eq!(store.partitions(now).await.unwrap(), Partitions { missing: Vec::new(), stray: 0 });
    let listed = "select place::text from delivery_place union all select count(*)::text from delivery_place where place is null";
    assert_eq!(found_in(&store, &format!("{listed} offset 1")).await, ["1"], "moved, it is not listed twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_month_is_dropped_whole_but_for_what_has_to_be_kept() {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), 4)).unwrap();
    let months: Vec<_> = Month::of(at("2025-01-01T00:00:00Z")).and_on().take(4).collect();
    for month in &months {
        store.partition_make(Partitioned::Attempts, *month).await.unwrap();
        store.partition_make(Partitioned::ArrivalBodies, *month).await.unwrap();
    }
    let before = at("2025-04-15T00:00:00Z");
    let gone = attempted(&store, months[0], "delivered", "2025-01-02T00:00:00Z").await;
    let again = attempted(&store, months[1], "delivered", "2025-04-20T00:00:00Z").await;
    let held = attempted(&store, months[2], "held", "2025-03-02T00:00:00Z").await;
    let young = attempted(&store, months[3], "delivered", "2025-04-02T00:00:00Z").await;
    let bodies = "insert into arrival_body (arrival_id, received_at, raw)
        select gen_random_uuid(), at, 'raw' from unnest('{2025-01-05T00:00Z,2025-03-05T00:00Z,2025-04-05T00:00Z}'::timestamptz[]) at";
    execute(&store, bodies).await;
    assert_eq!(store.attempts_delete(before, 100).await.unwrap(), 0, "months are dropped, not emptied by the row");
    assert_eq!(store.arrival_bodies_delete(before, 100).await.unwrap(), 0);

    assert_eq!(store.attempts_drop(before).await.unwrap(), 3, "the month that is not over yet stays");
    assert_eq!(store.arrival_bodies_drop(before).await.unwrap(), 3);
    assert_eq!(store.attempts_drop(before).await.unwrap() + store.arrival_bodies_drop(before).await.unwrap(), 0);
    assert_eq!(found_in(&store, "select raw from arrival_body").await.len(), 1);
    let left =
        "select delivery_id || ' ' || number || ' ' || tableoid::regclass from attempt order by delivery_id, number";
    let in_default = |id: Uuid, number| format!("{id} {number} attempt_default");
    let in_april = |number| format!("{young} {number} attempt_2025_04");
    let kept = [
        in_default(again, 1),
        in_default(again, 2),
        in_default(held, 1),
        in_default(held, 2),
        in_april(1),
        in_april(2),
    ];
    assert_eq!(found_in(&store, left).await, kept, "{gone} alone is gone");
    let may = at("2025-05-01T00:00:00Z");
    assert_eq!(store.partitions(may).await.unwrap().stray, 0, "what was kept is nobody's mistake");

    let later = at("2025-04-30T00:00:00Z");
    assert_eq!(
        store.attempts_delete(later, 100).await.unwrap(),
        2,
        "what was kept goes by the row when its time is over"
    );
    assert_eq!(found_in(&store, left).await, kept[2..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_that_somebody_writes_to_is_not_waited_for_and_loses_nothing() {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), 4)).unwrap();
    let month = Month::of(at("2025-01-01T00:00:00Z"));
    store.partition_make(Partitioned::Attempts, month).await.unwrap();
    let before = at("2025-04-15T00:00:00Z");
    let again = attempted(&store, month, "delivered", "2025-01-02T00:00:00Z").await;
    let mut writer = store.pool.begin().await.unwrap();
    let third = "insert into attempt (delivery_id, number, at, duration_ms, status) values ($1, 3, '2025-05-01T00:00:00Z', 1, 200)";
    sqlx::query(third).bind(again).execute(writer.bounded()).await.unwrap();
    assert!(store.attempts_drop(before).await.unwrap_err().is_conflict(), "it is tried again some minutes later");
    writer.commit().await.unwrap();
    assert_eq!(store.attempts_drop(before).await.unwrap(), 1);
    let numbers = "select number::text from attempt order by number";
    assert_eq!(found_in(&store, numbers).await, ["1", "2", "3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_that_a_crash_left_between_its_table_and_its_end_is_dropped_later_and_loses_nothing() {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), 4)).unwrap();
    let months: Vec<_> = Month::of(at("2025-01-01T00:00:00Z")).and_on().take(2).collect();
    for month in &months {
        store.partition_make(Partitioned::Attempts, *month).await.unwrap();
    }
    let before = at("2025-04-15T00:00:00Z");
    attempted(&store, months[0], "delivered", "2025-01-02T00:00:00Z").await;
    let there = store.month_partitions(Partitioned::Attempts).await.unwrap();
    assert!(store.partition_detach(Partitioned::Attempts, &there[0], before).await.unwrap());
    // Written after the month was looked through, before it was taken out.
    let late = format!(
        "insert into attempt_2025_01 (delivery_id, number, at, duration_ms, status) values ('{}', 3, '2025-05-01T00:00:00Z', 1, 200)",
        months[0].first_id()
    );
    execute(&store, &late).await;
    assert_eq!(store.attempts_drop(before).await.unwrap(), 2);
    assert_eq!(found_in(&store, "select number::text from attempt order by number").await, ["1", "2", "3"]);
    assert_eq!(found_in(&store, "select coalesce(to_regclass('attempt_2025_01')::text, 'gone')").await, ["gone"]);
    // A table that somebody else named so is theirs.
    execute(&store, "create table attempt_2019_01 (like attempt including all)").await;
    assert_eq!(store.attempts_drop(before).await.unwrap(), 0);
}

/// What was a table of its own once reaches up to the month it is named by.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_there_before_there_were_months_is_emptied_by_the_row_and_dropped_when_all_of_it_is_old() {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), 4)).unwrap();
    let now = at("2026-12-31T00:00:00Z");
    let february = Month::of(now).next().next();
    let past = format!(
        "create table attempt_2027_01 (like attempt including all);
         alter table attempt attach partition attempt_2027_01 for values from (minvalue) to ('{}')",
        february.first_id()
    );
    execute(&store, &past).await;
    let old = attempted(&store, Month::of(at("2024-05-01T00:00:00Z")), "delivered", "2024-05-02T00:00:00Z").await;
    store.partitions_make(now).await.unwrap();
    assert_eq!(store.partitions(now).await.unwrap(), Partitions { missing: Vec::new(), stray: 0 });
    let made = "select relname::text from pg_class where relname like 'attempt\\_2%\\_0_' or relname like 'attempt\\_2%\\_1_' order by 1";
    assert_eq!(found_in(&store, made).await, ["attempt_2027_01", "attempt_2027_02", "attempt_2027_03"]);
    attempted(&store, Month::of(now), "delivered", "2026-12-31T00:00:00Z").await;
    assert_eq!(store.attempts_drop(at("2026-12-01T00:00:00Z")).await.unwrap(), 0);
    assert_eq!(store.attempts_delete(at("2026-12-01T00:00:00Z"), 100).await.unwrap(), 2, "those of {old}");
    assert_eq!(store.attempts_drop(at("2027-02-01T00:00:00Z")).await.unwrap(), 1);
    assert_eq!(found_in(&store, "select number::text from attempt").await, [""; 0]);
}

/// Every plan of a hot statement touches a partition by its index, and by id only the one that has it.
#[tokio::test(flavor = "multi_thread")]
async fn lookups_go_by_index_and_by_id_to_one_month() {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), 4)).unwrap();
    let now = at("2026-12-31T00:00:00Z");
    store.partitions_make(now).await.unwrap();
    decide(&store, Month::of(now).first_id()).await;
    let id = Month::of(now).first_id();
    let mut connection = store.pool.acquire().await.unwrap();
    for (sql, removed) in [
        ("select status from attempt a where a.delivery_id = $1 order by number", true),
        ("select b.at from delivery d join delivery_body b on b.delivery_id = d.id where d.lead_id = $1", false),
        ("select d.id from delivery_place p join delivery_body b on b.delivery_id = p.delivery_id join delivery d on d.id = p.delivery_id
          where p.client_id = $1 and p.place > 5 order by p.place limit 100", false),
        ("select (select b.raw from arrival_body b where b.arrival_id = a.id and b.received_at = a.received_at) from arrival a where a.id = $1", false),
        ("select receipt from decision where id = $1", true),
        ("select x.receipt from (select $1::uuid as id offset 0) m join decision x on x.id = m.id", false),
        ("select receipt from decision where lead_id = $1 order by at", false),
    ] {
        let prepared = format!("prepare hot (uuid) as {sql}");
        sqlx::raw_sql(AssertSqlSafe(prepared)).execute(connection.bounded()).await.unwrap();
        let explain = format!("explain (analyze, costs off, timing off, summary off) execute hot ('{id}')");
        let plan: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(explain)).persistent(false).fetch_all(connection.bounded()).await.unwrap();
        let plan = plan.join("\n");
        assert!(!plan.contains("Seq Scan"), "{plan}");
        assert_eq!(plan.contains("Subplans Removed: 4"), removed, "{plan}");
        sqlx::raw_sql("deallocate hot").execute(connection.bounded()).await.unwrap();
    }
}
