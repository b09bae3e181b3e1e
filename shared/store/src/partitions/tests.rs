//! Partitions as ranges of ids, across the turn of the year, and the partitions made of them in a real database.

use ripen_testkit::postgres::database;

use super::*;
use crate::StoreOptions;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn names(now: &str) -> Vec<String> {
    Month::of(at(now)).and_on().take(AHEAD + 1).map(Month::partition).collect()
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
    sqlx::raw_sql(AssertSqlSafe(december.statement())).execute(&mut *making).await.unwrap();
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
    sqlx::raw_sql(AssertSqlSafe(december.statement())).execute(&mut *making).await.unwrap();
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
    let missing = ["decision_2026_12".to_owned(), "decision_2027_01".to_owned()];
    assert_eq!(store.partitions(now).await.unwrap(), Partitions { missing: missing.to_vec(), stray: 0 });
    let [december, january] = [Month::of(now).first_id(), Month::of(now).next().first_id()];
    decide(&store, december).await;
    assert_eq!(lies_in(&store, december).await, "decision_default");
    assert_eq!(store.partitions(now).await.unwrap().stray, 1);

    let others = [store.clone(), Store::open(&StoreOptions::new(database.url(), 2)).unwrap()];
    let (one, two) = tokio::join!(others[0].partitions_make(now), others[1].partitions_make(now));
    assert_eq!(one.unwrap() + two.unwrap(), AHEAD + 1, "both at once make each month once");
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
    sqlx::query("select from decision").fetch_all(&mut *holder).await.unwrap();
    assert!(store.partitions_make(now).await.unwrap_err().is_conflict());
    decide(&store, Month::of(now).first_id()).await;
    holder.commit().await.unwrap();
    assert_eq!(store.partitions_make(now).await.unwrap(), AHEAD + 1);
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
        ("select receipt from decision where id = $1", true),
        ("select x.receipt from (select $1::uuid as id offset 0) m join decision x on x.id = m.id", false),
        ("select receipt from decision where lead_id = $1 order by at", false),
    ] {
        let prepared = format!("prepare hot (uuid) as {sql}");
        sqlx::raw_sql(AssertSqlSafe(prepared)).execute(&mut *connection).await.unwrap();
        let explain = format!("explain (analyze, costs off, timing off, summary off) execute hot ('{id}')");
        let plan: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(explain)).persistent(false).fetch_all(&mut *connection).await.unwrap();
        let plan = plan.join("\n");
        assert!(!plan.contains("Seq Scan"), "{plan}");
        assert_eq!(plan.contains("Subplans Removed: 4"), removed, "{plan}");
        sqlx::raw_sql("deallocate hot").execute(&mut *connection).await.unwrap();
    }
}
