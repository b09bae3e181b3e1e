//! An installation of the real binary in a folder of its own, with a client, sources and endpoints to try things on.

pub mod audit;
pub mod browser;
pub mod posters;
pub mod process;
pub mod proxy;
pub mod scenario;
pub mod workbook;

use std::{path::PathBuf, process::Output, time::Duration};

use ripen_domain::{
    calling::{CallingRules, RuleSubject},
    sealed_secret::{Keyring, MasterKey},
};
use ripen_store::{Store, StoreOptions};
use ripen_testkit::{keys, postgres, rabbit};
use serde_json::Value;
use sqlx::PgPool;
use tempfile::TempDir;
use tokio::process::Command;

use self::process::Process;

/// How long a condition is waited for, on a machine that may be busy.
pub const LIMIT: Duration = Duration::from_secs(120);

/// Criteria that give an A to whoever wants to move soon, a B within a year, and a C to the rest.
pub const CRITERIA: &str = r#"
name = "test"

[[question]]
id = "timeframe_days"
ask = "When?"
type = "number"
unit = "days"
min = 0
max = 3650

[[rule]]
id = "soon"
when = "answers.timeframe_days <= 90"
points = 70
because = "Wants to move within three months"

[[rule]]
id = "this_year"
when = "answers.timeframe_days > 90 && answers.timeframe_days <= 365"
points = 40
because = "Wants to move within a year"

[grades]
A = 70
B = 40
confirm_within = "3650d"

[requalify]
B = "30d"
C = "90d"
rounds = 6
"#;

/// Which transport an installation uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Queues in the process.
    Local,
    /// RabbitMQ.
    Rabbit,
}

/// One installation: a configuration that every process and command of it is given.
pub struct Installation {
    folder: TempDir,
    env: Vec<(String, String)>,
    pool: Option<PgPool>,
    database: Option<postgres::TestDatabase>,
}

/// A client's source, with its secrets.
#[derive(Debug, Clone)]
pub struct Source {
    pub id: String,
    pub key: String,
    pub token: String,
}

impl Installation {
    /// On the shared PostgreSQL, with a database of its own, and on RabbitMQ with a vhost of its own.
    pub async fn new(kind: Kind) -> Self {
        let database = postgres::database().await;
        let amqp = if kind == Kind::Rabbit { rabbit::shared_vhost().await } else { String::new() };
        let url = database.url().to_owned();
        let installation = Self::on(&url, &amqp).await;
        Self { database: Some(database), ..installation }
    }

    /// On this database and this broker; an empty broker means queues in the process.
    pub async fn on(database: &str, amqp: &str) -> Self {
        let mut installation = Self::embedded();
        installation.set("DATABASE__URL", database);
        installation.set("DATABASE__MAX_CONNECTIONS", "12");
        installation.set("AMQP__URL", amqp);
        installation.set("SECRETS__KEY", &keys::master_key().reveal());
        installation.pool = Some(PgPool::connect(database).await.unwrap());
        installation
    }

    /// On nothing: the embedded default.
    pub fn embedded() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut installation = Self { folder, env: Vec::new(), pool: None, database: None };
        installation.set("HTTP__LISTEN", "127.0.0.1:0");
        installation.set("LIMITS__REQUESTS_PER_SECOND", "100000");
        installation.set("LIMITS__BURST", "100000");
        installation.set("LIMITS__VISITOR_FORMS_PER_MINUTE", "100000");
        installation.set("LIMITS__VISITOR_FORMS_BURST", "100000");
        installation.set("LOG__LEVEL", "warn,ripen=info");
        installation
    }

    /// Sets a key of the configuration for every process started from now on.
    pub fn set(&mut self, key: &str, value: &str) {
        self.env.retain(|(known, _)| known != &format!("RIPEN__{key}"));
        self.env.push((format!("RIPEN__{key}"), value.to_owned()));
    }

    /// What a key of the configuration is set to.
    pub fn env(&self, key: &str) -> Option<String> {
        self.env.iter().find(|(known, _)| known == &format!("RIPEN__{key}")).map(|(_, value)| value.clone())
    }

    /// The keys that its processes have.
    pub fn keyring(&self) -> Keyring {
        let key = self.env("SECRETS__KEY").expect("an installation on a database of its own");
        keys::keyring_of(MasterKey::parse(&key).unwrap())
    }

    /// Its store, beside its processes.
    pub fn store(&self, connections: u32) -> Store {
        let url = self.env("DATABASE__URL").expect("an installation on a database of its own");
        Store::open(&StoreOptions::new(&url, connections)).unwrap().with_keyring(self.keyring())
    }

    /// The folder that everything of it lies in.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// The database, looked at from beside.
    pub fn pool(&self) -> &PgPool {
        self.pool.as_ref().expect("this installation uses the embedded database")
    }

    /// Starts `ripen serve` with these roles (all, if empty) and waits until it is ready.
    pub async fn serve(&self, roles: &str) -> Process {
        let mut arguments = vec!["serve"];
        if !roles.is_empty() {
            arguments.extend(["--role", roles]);
        }
        Process::start(self.command(&arguments)).await
    }

    /// A command line with the installation's configuration.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(process::binary());
        command.args(arguments).current_dir(self.folder.path()).envs(self.env.iter().cloned()).kill_on_drop(true);
        command
    }

    /// Runs a command to its end.
    pub async fn run(&self, arguments: &[&str]) -> Output {
        tokio::time::timeout(LIMIT * 3, self.command(arguments).output()).await.expect("the command ends").unwrap()
    }

    /// Runs a command that must succeed, and reads its JSON.
    pub async fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat()).await;
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Adds a client with one source.
    pub async fn client(&self, name: &str) -> Source {
        self.json(&["client", "add", name, "--country", "US"]).await;
        self.source(name, "Web site").await
    }

    /// Puts a routing of a client in force.
    pub async fn route(&self, document: &str, client: &str) -> Value {
        let file = self.folder.path().join("routing.toml");
        std::fs::write(&file, document).unwrap();
        self.json(&["route", "set", file.to_str().unwrap(), "--client", client]).await
    }

    /// Adds a source to a client.
    pub async fn source(&self, client: &str, name: &str) -> Source {
        let added = self.json(&["source", "add", name, "--client", client, "--channel", "web_form"]).await;
        let text = |key: &str| added[key].as_str().unwrap().to_owned();
        Source { id: text("id"), key: text("key"), token: text("token") }
    }

    /// Switches criteria on: a program's first as they are, later ones after a back-test.
    pub async fn activate(&self, document: &str) {
        let file = self.folder.path().join("criteria.toml");
        std::fs::write(&file, document).unwrap();
        let file = file.to_str().unwrap();
        if self.json(&["criteria", "list"]).await.as_array().is_some_and(Vec::is_empty) {
            self.json(&["criteria", "activate", file]).await;
            return;
        }
        let backtest = self.json(&["criteria", "backtest", file]).await;
        self.json(&["criteria", "activate", file, "--backtest", backtest["id"].as_str().unwrap()]).await;
    }

    /// Waits until somebody waits for a lock in this database.
    pub async fn until_a_session_waits(&self) {
        self.database.as_ref().expect("a database of its own").until_a_session_waits().await;
    }

    /// A count from the database.
    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(self.pool()).await.unwrap()
    }
}

/// Calling hours that never close, on no day of the year and in no place: of a lead whose state nobody knows, the rules of
/// all states count.
pub fn always_open(installation: &mut Installation) {
    installation.set("CALLING__FROM", "00:00");
    installation.set("CALLING__TO", "24:00");
    installation.set("CALLING__DAYS", "mon,tue,wed,thu,fri,sat,sun");
    let closing = [RuleSubject::Hours, RuleSubject::Holidays];
    let rules = CallingRules::shipped().all().iter();
    let loosened = rules.flat_map(|rule| {
        let spoken = closing.into_iter().filter(|subject| rule.speaks_of(*subject));
        spoken.map(|subject| format!("{} {}: nobody is called", rule.place, subject.word()))
    });
    installation.set("CALLING__LOOSEN", &loosened.collect::<Vec<_>>().join(","));
}
