//! What PostgreSQL does for one idle look at the ledger: the product's own statement, as its connections plan it.

use std::{fs, path::Path};

use sqlx::{Executor as _, PgPool, Row as _};

/// A plan that was run.
pub struct Plan {
    /// As PostgreSQL shows it.
    pub text: String,
    /// Pages read, from memory or not.
    pub pages: f64,
    /// How long it took.
    pub milliseconds: f64,
}

/// Runs the sweep of promises that are due now, of which there are none, and takes it back.
pub async fn of_idle_sweep(pool: &PgPool) -> Plan {
    let mut tx = pool.begin().await.expect("a transaction");
    let prepare = format!("prepare sweep as {}", statement("-- promise.sweep"));
    for sql in [
        "set local plan_cache_mode = force_generic_plan",
        "set local enable_seqscan = off",
        "set local enable_bitmapscan = off",
        "set local enable_hashjoin = off",
        "set local enable_mergejoin = off",
        "set local jit = off",
        &prepare,
    ] {
        tx.execute(sqlx::AssertSqlSafe(sql.to_owned())).await.expect("the statement is sound");
    }
    let execute = "execute sweep (now(), now() + interval '1 minute', 500, now() - interval '5 minutes', now())";
    let explain = format!("explain (analyze, buffers) {execute}");
    let mut lines = Vec::new();
    // The first run warms what the session caches.
    for _ in 0..2 {
        let rows = tx.fetch_all(sqlx::AssertSqlSafe(explain.clone())).await.expect("a plan");
        lines = rows.iter().map(|row| row.get::<String, _>(0)).collect();
    }
    tx.execute("deallocate sweep").await.expect("it was prepared");
    tx.rollback().await.expect("nothing is kept");
    let pages = lines.iter().find(|line| line.contains("Buffers:")).map_or(0.0, |line| pages(line));
    let took = lines.iter().find_map(|line| line.strip_prefix("Execution Time: ")?.strip_suffix(" ms")?.parse().ok());
    Plan { text: lines.join("\n"), pages, milliseconds: took.unwrap_or_default() }
}

/// The pages of a line such as `Buffers: shared hit=3 read=1`.
fn pages(line: &str) -> f64 {
    let counts = line.split([' ', '=']).filter_map(|word| word.parse::<f64>().ok());
    counts.sum()
}

/// The statement of this name, as the store's macro has written it down.
fn statement(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.sqlx");
    let files = fs::read_dir(folder).expect("the checked queries").filter_map(Result::ok);
    let queries = files.filter_map(|file| {
        let text = fs::read_to_string(file.path()).ok()?;
        let query: serde_json::Value = serde_json::from_str(&text).ok()?;
        Some(query["query"].as_str()?.to_owned())
    });
    let mut of_name = queries.filter(|query| query.lines().next() == Some(name));
    of_name.next().expect("the statement is there")
}
