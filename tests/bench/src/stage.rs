//! What a measurement stands on: private services, and an installation of Ripen on a fresh database with a client, a
//! source, criteria and a webhook.

use ripen_testkit::{
    postgres::{Postgres, TestDatabase, database_on},
    rabbit::Rabbit,
};
use serde_json::Value;
use sqlx::PgPool;
use tempfile::TempDir;
use tokio::process::Command;

use crate::{
    lead,
    load_generator::Target,
    process::{self, Process},
    usage,
};

/// What carries the messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// RabbitMQ.
    Rabbit,
    /// Queues in the process of Ripen.
    Local,
}

impl Kind {
    /// Its name in the figures.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rabbit => "rabbit",
            Self::Local => "local",
        }
    }
}

/// PostgreSQL and RabbitMQ of this run, with fsync on; they end with it.
pub struct Services {
    /// The database server.
    pub postgres: Postgres,
    /// The broker, where one is needed.
    pub rabbit: Option<Rabbit>,
}

impl Services {
    /// Starts what these transports need.
    pub async fn start(kinds: &[Kind]) -> Self {
        crate::report::note("starting PostgreSQL and RabbitMQ");
        let rabbit = if kinds.contains(&Kind::Rabbit) { Some(Rabbit::start().await) } else { None };
        Self { postgres: Postgres::start().await, rabbit }
    }

    /// A new virtual host of RabbitMQ.
    pub async fn vhost(&self) -> String {
        self.rabbit.as_ref().expect("RabbitMQ was started").vhost().await
    }

    /// Processor seconds used so far by PostgreSQL and by RabbitMQ.
    pub fn cpu(&self) -> (f64, f64) {
        let postgres = self.postgres.pid().map_or(0.0, usage::cpu);
        let rabbit = self.rabbit.as_ref().and_then(|_| usage::rabbit()).map_or(0.0, usage::cpu);
        (postgres, rabbit)
    }

    /// Writes out what earlier measurements left in memory, so that the next one does not pay for it.
    pub async fn settle(&self) {
        let pool = PgPool::connect(&self.postgres.url()).await.expect("PostgreSQL answers");
        sqlx::query("checkpoint").execute(&pool).await.expect("the administrator may");
        pool.close().await;
    }
}

/// One installation.
pub struct Stage {
    folder: TempDir,
    env: Vec<(String, String)>,
    database: TestDatabase,
    /// Its virtual host; empty for the local transport.
    pub amqp: String,
    /// A look at its database from beside.
    pub pool: PgPool,
}

impl Stage {
    /// A fresh database, and for RabbitMQ a fresh virtual host. `settings` are tried out: `section.key=value`.
    pub async fn new(services: &Services, kind: Kind, settings: &[String]) -> Self {
        let database = database_on(&services.postgres.url()).await;
        let amqp = if kind == Kind::Rabbit { services.vhost().await } else { String::new() };
        let pool = PgPool::connect(database.url()).await.expect("PostgreSQL answers");
        let mut stage = Self { folder: tempfile::tempdir().expect("a folder"), env: Vec::new(), database, amqp, pool };
        for (key, value) in [
            ("database.url", stage.database.url().to_owned()),
            ("amqp.url", stage.amqp.clone()),
            ("secrets.key", ripen_testkit::keys::master_key().reveal()),
            ("http.listen", "127.0.0.1:0".to_owned()),
            ("limits.requests_per_second", "1000000".to_owned()),
            ("limits.burst", "1000000".to_owned()),
            ("log.level", "warn".to_owned()),
        ] {
            stage.set(key, &value);
        }
        for setting in settings {
            let (key, value) = setting.split_once('=').expect("--set is given KEY=VALUE");
            stage.set(key, value);
        }
        stage
    }

    fn set(&mut self, key: &str, value: &str) {
        self.env.push((format!("RIPEN__{}", key.replace('.', "__").to_uppercase()), value.to_owned()));
    }

    #[allow(clippy::disallowed_methods, reason = "Ripen finds its programs by the path that the benchmark was given")]
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(process::ripen());
        command.args(arguments).current_dir(self.folder.path()).env_clear().envs(self.env.iter().cloned());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).kill_on_drop(true);
        command
    }

    /// What a command says with `--json`.
    pub async fn json(&self, arguments: &[&str]) -> Value {
        let output = self.command(&[arguments, &["--json"]].concat()).output().await.expect("the command runs");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("--json gives JSON")
    }

    /// Adds client, source, criteria and, where given, a webhook. Returns the source's key.
    pub async fn set_up(&self, webhook: Option<&str>) -> String {
        self.json(&["client", "add", "bench", "--country", "US"]).await;
        let source = self.json(&["source", "add", "Web site", "--client", "bench", "--channel", "web_form"]).await;
        self.json(&["criteria", "activate", &self.file("criteria.toml", lead::CRITERIA)]).await;
        if let Some(url) = webhook {
            self.json(&["endpoint", "add", "--client", "bench", "--webhook", url, "--allow-private"]).await;
        }
        source["key"].as_str().expect("a source has a key").to_owned()
    }

    /// Writes a file and returns its path.
    pub fn file(&self, name: &str, content: &str) -> String {
        let file = self.folder.path().join(name);
        std::fs::write(&file, content).expect("a folder of ours");
        file.to_str().expect("a plain path").to_owned()
    }

    /// Where its database is reached.
    pub fn url(&self) -> &str {
        self.database.url()
    }

    /// Starts `ripen serve` with these roles; all, where none is named.
    pub async fn serve(&self, roles: &str) -> Process {
        let roles: &[&str] = if roles.is_empty() { &["serve"] } else { &["serve", "--role", roles] };
        Process::start(self.command(roles)).await
    }

    /// Where leads are posted to.
    pub fn target(process: &Process, key: &str) -> Target {
        Target::new(process.address, &format!("authorization: Bearer {key}\r\n"))
    }

    /// A number from the database.
    pub async fn count(&self, sql: &'static str) -> u64 {
        let count: i64 = sqlx::query_scalar(sql).fetch_one(&self.pool).await.expect("the database answers");
        u64::try_from(count).expect("a count")
    }

    /// Closes the look at the database, so that it can be dropped.
    pub async fn end(self) {
        self.pool.close().await;
    }
}
