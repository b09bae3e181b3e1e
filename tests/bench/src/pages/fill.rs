//! An installation with very many leads: some go through the real pipeline, and all others are copies of them, written straight
//! into the tables.

use jiff::{SignedDuration, Timestamp};
use ripen_store::{Store, StoreOptions};
use sqlx::AssertSqlSafe;

use crate::{
    load_generator::{self, Plan, Until},
    receiver::Receiver,
    report::note,
    stage::{Services, Stage},
};

/// So many go through the pipeline; one in five is an A.
const TEMPLATES: u64 = 60;
const CLIENTS: [&str; 7] = ["acorn", "birch", "cedar", "dogwood", "elm", "fir", "ginkgo"];
const SOURCES: [(&str, &str); 3] =
    [("Fairs and lists", "list"), ("Landing pages", "landing_page"), ("Telephone", "phone")];
/// Who works the leads.
pub const AGENTS: usize = 10;

/// Whom pages are asked for as.
pub struct Account {
    /// What they sign in with.
    pub email: String,
    /// Shown once.
    pub password: String,
    /// admin, manager, agent or broker.
    pub role: &'static str,
}

/// Somebody of each role; agents come last.
pub async fn accounts(stage: &Stage) -> Vec<Account> {
    let mut accounts = Vec::new();
    let agents = (1..=AGENTS).map(|number| (format!("agent{number:02}@example.com"), "agent"));
    let others = ["admin", "manager", "broker"].map(|role| (format!("{role}@example.com"), role));
    for (email, role) in others.into_iter().chain(agents) {
        let mut arguments = vec!["user", "add", &email, "--role", role];
        if role == "broker" {
            arguments.extend(["--client", "bench"]);
        }
        let made = stage.json(&arguments).await;
        let password = made["password"].as_str().expect("a password is shown once").to_owned();
        accounts.push(Account { email, password, role });
    }
    accounts
}

/// Fills the installation with so many leads. `key` is that of a source.
#[allow(clippy::disallowed_methods, reason = "the months are those of the database, whose clock is this machine's")]
pub async fn leads(services: &Services, stage: &Stage, key: &str, receiver: &Receiver, count: u64) {
    for client in CLIENTS {
        stage.json(&["client", "add", client, "--country", "US"]).await;
    }
    for client in CLIENTS.iter().chain(&["bench"]) {
        for (name, channel) in SOURCES {
            stage.json(&["source", "add", name, "--client", *client, "--channel", channel]).await;
        }
    }
    stage.json(&["endpoint", "add", "--client", "bench", "--webhook", &receiver.url(), "--allow-private"]).await;
    templates(stage, key).await;
    let store = Store::open(&StoreOptions::new(stage.url(), 1)).expect("the address is sound");
    // Each makes its month and the three that follow.
    for part in 0..=3 {
        let at = Timestamp::now() - SignedDuration::from_hours(24 * (366 - 110 * part));
        store.partitions_make(at).await.expect("months can be made");
    }
    let mut connection = stage.pool.acquire().await.expect("a connection");
    let begun = std::time::Instant::now();
    let setting = sqlx::query(AssertSqlSafe(format!("set bench.leads = {count}")));
    setting.execute(&mut *connection).await.expect("a setting");
    sqlx::raw_sql(include_str!("fill.sql")).execute(&mut *connection).await.expect("the rows are sound");
    connection.close().await.expect("a connection of ours");
    sqlx::query("vacuum analyze").execute(&stage.pool).await.expect("the owner may");
    services.settle().await;
    note(&format!("{count} leads, written in {:.0} s", begun.elapsed().as_secs_f64()));
}

/// Leads that went through the pipeline, with receipts that pages can show.
async fn templates(stage: &Stage, key: &str) {
    let process = stage.serve("").await;
    let plan = Plan {
        target: Stage::target(&process, key),
        connections: 4,
        until: Until::Leads(TEMPLATES),
        first: 0,
        a_in: 5,
        stamps: None,
        wait_for_arrival: false,
    };
    load_generator::closed(plan).await;
    while stage.count("select count(*) from delivery where state = 'delivered'").await < TEMPLATES / 5
        || stage.count("select count(*) from decision").await < TEMPLATES
    {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    process.stop().await;
}
