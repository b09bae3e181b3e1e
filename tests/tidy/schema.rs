//! What the migrations make, asked of the database itself: every table and column is explained there.

use ripen_testkit::postgres::database;
use sqlx::{Connection as _, PgConnection};

use crate::{refuse, repository::root};

/// Tables and columns without a comment. Partitions carry their parent's; `_sqlx_migrations` is not ours.
const UNEXPLAINED: &str = "
    select c.relname || coalesce('.' || a.attname, '')
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
    cross join lateral (
        select null::name as attname, 0 as attnum
        union all
        select attname, attnum from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped
    ) a
    where c.relkind in ('r', 'p', 'v', 'm') and not c.relispartition and c.relname <> '_sqlx_migrations'
      and coalesce(btrim(case a.attnum when 0 then obj_description(c.oid, 'pg_class') else col_description(c.oid, a.attnum) end), '') = ''
    order by 1";

#[tokio::test]
async fn every_table_and_column_is_explained() {
    let database = database().await;
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    let tables = "select count(*) from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')";
    assert!(sqlx::query_scalar::<_, i64>(tables).fetch_one(&mut connection).await.unwrap() > 10, "there is a schema");
    let bare: Vec<String> = sqlx::query_scalar(UNEXPLAINED).fetch_all(&mut connection).await.unwrap();
    refuse(&bare.iter().map(|name| format!("{name}: comment on it in its migration")).collect::<Vec<_>>());

    sqlx::raw_sql("create table bare (a int); comment on table bare is 'Explained.'")
        .execute(&mut connection)
        .await
        .unwrap();
    let bare: Vec<String> = sqlx::query_scalar(UNEXPLAINED).fetch_all(&mut connection).await.unwrap();
    assert_eq!(bare, ["bare.a"], "the check finds what it is for");
}

#[test]
fn migrations_are_numbered_without_a_gap() {
    let folder = std::fs::read_dir(root().join("migrations")).unwrap();
    let mut names: Vec<String> = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let numbered = |(at, name): (usize, &String)| {
        let well_named = name.starts_with(&format!("{:04}_", at + 1)) && name.ends_with(".sql");
        (!well_named).then(|| format!("{name}: expected {:04}_<what>.sql", at + 1))
    };
    refuse(&names.iter().enumerate().filter_map(numbered).collect::<Vec<_>>());
}
