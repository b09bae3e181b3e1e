//! A fresh, migrated database for each test.
//!
//! The migrations run once, in a template named after their content; each test gets a clone of it, which takes a
//! fraction of the time. The server is the one that `RIPEN_TEST_POSTGRES_URL` names (`tests/run` sets it), else one of
//! this process's own. Processes that need the same template at the same time wait for the first.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, migrate::Migrator};
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::{PATIENCE, Postgres};

/// The advisory lock under which a template is made: any number that nothing else locks.
const TEMPLATE_LOCK: i64 = 0x0052_6970_656e;

/// A database of one test's own, with the schema and no rows; dropped with this value.
pub struct TestDatabase {
    server: String,
    url: String,
    name: String,
}

/// Makes a database with the schema of `migrations/` on the server that the tests share.
///
/// # Panics
/// When the server cannot be reached or a migration fails.
pub async fn database() -> TestDatabase {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    let server = shared_server().await;
    let template = TEMPLATE.get_or_init(|| async { make_template(&server, &migrations()).await }).await;
    clone(&server, template).await
}

/// Makes a database with the schema that another folder's migrations make, as one of an earlier version is.
///
/// # Panics
/// When the server cannot be reached or a migration fails.
pub async fn database_made_by(migrations: &Path) -> TestDatabase {
    let server = shared_server().await;
    clone(&server, &make_template(&server, migrations).await).await
}

/// Makes a database with the schema of `migrations/` on this server, whose address ends in `/<database>`.
///
/// # Panics
/// When the server cannot be reached or a migration fails.
pub async fn database_on(server: &str) -> TestDatabase {
    clone(server, &make_template(server, &migrations()).await).await
}

async fn clone(server: &str, template: &str) -> TestDatabase {
    static DATABASES: AtomicU32 = AtomicU32::new(0);
    let name = format!("test_{}_{}", std::process::id(), DATABASES.fetch_add(1, Ordering::Relaxed));
    let mut admin = PgConnection::connect(server).await.expect("the test PostgreSQL answers");
    // A process of this number may have died here before and left its database behind.
    run(&mut admin, format!("drop database if exists {name} with (force)")).await;
    // As files: block by block through the log of writes, as is usual since PostgreSQL 15, each takes longer.
    run(&mut admin, format!("create database {name} template {template} strategy file_copy")).await;
    admin.close().await.unwrap();
    TestDatabase { url: with_database(server, &name), server: server.to_owned(), name }
}

impl TestDatabase {
    /// Where it is reached, as its owner.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Waits until one of its sessions waits for a lock that another one holds.
    ///
    /// # Panics
    /// When none does, in a long time.
    pub async fn until_a_session_waits(&self) {
        let waits = "select exists (select from pg_stat_activity where datname = $1 and wait_event_type = 'Lock')";
        let mut admin = PgConnection::connect(&self.server).await.expect("the test PostgreSQL answers");
        let started = Instant::now();
        while !sqlx::query_scalar::<_, bool>(waits).bind(&self.name).fetch_one(&mut admin).await.unwrap() {
            assert!(started.elapsed() < PATIENCE, "nobody waits for a lock");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Its name on the server.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // The test's own runtime may be ending. A server that a test has killed takes its databases with it.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                if let Ok(mut admin) = PgConnection::connect(&server).await {
                    run(&mut admin, format!("drop database if exists {name} with (force)")).await;
                }
            });
        });
        assert!(dropping.join().is_ok() || std::thread::panicking(), "the test's database could not be dropped");
    }
}

/// The server's address: the runner's, else that of a server started here at the first call.
async fn shared_server() -> String {
    static OWN: OnceCell<Postgres> = OnceCell::const_new();
    match given_server() {
        Some(url) => url,
        None => OWN.get_or_init(Postgres::start_careless).await.url(),
    }
}

#[allow(clippy::disallowed_methods, reason = "the test runner passes its server on in the environment")]
fn given_server() -> Option<String> {
    std::env::var("RIPEN_TEST_POSTGRES_URL").ok()
}

fn migrations() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations")
}

/// The name of the migrated template on this server, made if this content of the migrations has none yet.
async fn make_template(server: &str, migrations: &Path) -> String {
    let name = format!("ripen_template_{}", fingerprint(migrations));
    let mut admin = PgConnection::connect(server).await.expect("the test PostgreSQL answers");
    sqlx::query("select pg_advisory_lock($1)").bind(TEMPLATE_LOCK).execute(&mut admin).await.unwrap();
    let is_there = "select exists (select from pg_database where datname = $1)";
    if !sqlx::query_scalar::<_, bool>(is_there).bind(&name).fetch_one(&mut admin).await.unwrap() {
        // Under another name until it is whole: one left half made by a killed process is never cloned.
        let unfinished = format!("{name}_unfinished");
        run(&mut admin, format!("drop database if exists {unfinished} with (force)")).await;
        run(&mut admin, format!("create database {unfinished}")).await;
        migrate(&with_database(server, &unfinished), migrations).await;
        run(&mut admin, format!("alter database {unfinished} rename to {name}")).await;
        run(&mut admin, format!("alter database {name} allow_connections false")).await;
    }
    // The lock ends with the session.
    admin.close().await.unwrap();
    name
}

async fn migrate(url: &str, migrations: &Path) {
    let migrator = Migrator::new(migrations).await.expect("the migrations are readable");
    let mut connection = PgConnection::connect(url).await.unwrap();
    migrator.run(&mut connection).await.unwrap_or_else(|error| panic!("the migrations fail: {error}"));
    connection.close().await.unwrap();
}

/// Sixteen hexadecimal digits of the migrations' names and content.
fn fingerprint(migrations: &Path) -> String {
    let mut files: Vec<PathBuf> = fs::read_dir(migrations).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut content = Vec::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "sql")) {
        content.extend_from_slice(file.file_name().unwrap().as_encoded_bytes());
        content.push(0);
        content.extend(fs::read(file).unwrap());
        content.push(0);
    }
    let mut digits = Uuid::new_v5(&Uuid::NAMESPACE_OID, &content).simple().to_string();
    digits.truncate(16);
    digits
}

/// The same server's other database. The test server's address has no parameters.
fn with_database(server: &str, name: &str) -> String {
    let (host, _) = server.rsplit_once('/').expect("an address with a database");
    format!("{host}/{name}")
}

async fn run(admin: &mut PgConnection, statement: String) {
    let shown = statement.clone();
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(admin).await.unwrap_or_else(|error| panic!("{shown}: {error}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn two_databases_are_migrated_and_apart() {
        let (one, other) = tokio::join!(database(), database());
        assert_ne!(one.name(), other.name());
        let mut first = PgConnection::connect(one.url()).await.unwrap();
        let mut second = PgConnection::connect(other.url()).await.unwrap();
        run(&mut first, "create table only_here ()".into()).await;
        let there = sqlx::query_scalar::<_, bool>("select to_regclass('only_here') is not null");
        assert!(!there.fetch_one(&mut second).await.unwrap());
        let files = fs::read_dir(migrations()).unwrap().count();
        let applied = sqlx::query_scalar::<_, i64>("select count(*) from _sqlx_migrations where success");
        assert_eq!(usize::try_from(applied.fetch_one(&mut second).await.unwrap()).unwrap(), files);
    }

    #[tokio::test]
    async fn a_database_is_gone_with_its_value() {
        let database = database().await;
        let url = database.url().to_owned();
        let open = PgConnection::connect(&url).await.unwrap();
        drop(database);
        assert!(PgConnection::connect(&url).await.is_err(), "even while a connection was open");
        drop(open);
    }

    #[tokio::test]
    async fn a_template_is_named_after_the_migrations() {
        let folder = std::env::temp_dir().join(format!("ripen-migrations-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("0001_first.sql"), "create table first ()").unwrap();
        let before = fingerprint(&folder);
        let (made, again) = tokio::join!(async { make_template(&shared_server().await, &folder).await }, async {
            make_template(&shared_server().await, &folder).await
        });
        assert_eq!((&made, &made), (&again, &format!("ripen_template_{before}")));
        fs::write(folder.join("0002_second.sql"), "create table second ()").unwrap();
        assert_ne!(fingerprint(&folder), before);
        fs::remove_dir_all(&folder).unwrap();
    }
}
