//! The database a command works on: the configured one; else the embedded one of a running server; else the embedded one,
//! started for the command and stopped after it.

use std::{path::Path, time::Duration};

use anyhow::Context as _;
use ripen_actions::Actions;
use ripen_domain::actor::Actor;
use ripen_runtime::{
    clock::Clock,
    config::Settings,
    embedded::{Embedded, EmbeddedOptions, RunningInfo, attach},
    secrets,
};
use ripen_store::{Store, StoreOptions, schema::SchemaState};

use crate::{cli::Common, output, unlock::unlocked};

/// Connections of a command.
const CONNECTIONS: u32 = 4;

/// Whoever runs commands on this machine.
pub fn operator() -> Actor {
    Actor::operator(secrets::operator())
}

/// How many readers a command has that goes through everything: one for each core, each over a connection.
pub fn readers() -> usize {
    // More readers than connections would wait for each other until the acquire timeout.
    std::thread::available_parallelism().map_or(1, usize::from).min(CONNECTIONS as usize)
}

/// The pools of a command, which runs by itself for as long as it takes.
fn options(url: &str, settings: &Settings) -> StoreOptions {
    StoreOptions {
        // One more than there are readers: they keep theirs while a list is read beside them.
        list_connections: CONNECTIONS + 1,
        // Whoever waits for a command can stop it, and a back-test over years may take longer than any page.
        list_timeout: Duration::ZERO,
        acquire_timeout: Duration::from_secs(settings.database.acquire_timeout_s),
        ..StoreOptions::new(url, CONNECTIONS)
    }
}

/// An open database.
pub struct Database {
    /// Its statements.
    pub store: Store,
    /// The configuration it came from.
    pub settings: Settings,
    /// The server that runs beside this command.
    pub beside: Option<RunningInfo>,
    /// The server that was started for this command.
    embedded: Option<Embedded>,
}

impl Database {
    /// Opens the database and refuses one whose schema is not this binary's. The embedded one is migrated by itself.
    ///
    /// # Errors
    /// Says what is missing and what to do.
    pub async fn open(common: &Common) -> anyhow::Result<Self> {
        let settings = Settings::load(common.config.as_deref(), Vec::new())?;
        refuse_new_folder(common, &settings)?;
        Self::opened(common, settings).await
    }

    /// The same for the first command of an installation: where there is no embedded database yet, it is made.
    ///
    /// # Errors
    /// Says what is missing and what to do.
    pub async fn open_or_make(common: &Common) -> anyhow::Result<Self> {
        Self::opened(common, Settings::load(common.config.as_deref(), Vec::new())?).await
    }

    async fn opened(common: &Common, settings: Settings) -> anyhow::Result<Self> {
        let mut database = Self::connect(common, settings).await?;
        // An embedded database has no operator who migrates it.
        let data_dir = secrets::data_dir(common.data_dir.as_deref());
        let fit = match database.settings.database.url.is_empty() {
            true => migrate_embedded(&database.store, &data_dir).await,
            false => check_schema(&database.store).await,
        };
        if let Err(error) = fit {
            // What was started for the command would go on running.
            database.close().await;
            return Err(error);
        }
        match unlocked(database.store.clone(), &database.settings, &data_dir).await {
            Ok(store) => database.store = store,
            Err(error) => {
                // What was started for the command would go on running.
                database.close().await;
                return Err(error);
            }
        }
        Ok(database)
    }

    /// Opens the database whatever its schema.
    ///
    /// # Errors
    /// Says what is missing and what to do.
    pub async fn connect(common: &Common, settings: Settings) -> anyhow::Result<Self> {
        // The same rule as the server has, or a command would work on another database.
        if !settings.database.url.is_empty() {
            let options = options(settings.database.url.reveal(), &settings);
            let store = Store::open(&options)?;
            // The address was written by hand: what is wrong with it is said before anything else fails for it.
            store.reach(&options).await.context("database.url")?;
            return Ok(Self { store, settings, beside: None, embedded: None });
        }
        let data_dir = secrets::data_dir(common.data_dir.as_deref());
        // Before starting one: two servers on one folder would destroy it, and the holder's lock refuses the second.
        if let Some(running) = attach(&data_dir).await? {
            let store = Store::open(&options(&running.url(), &settings))?;
            return Ok(Self { store, settings, beside: Some(running), embedded: None });
        }
        let embedded = Embedded::start(&data_dir, EmbeddedOptions::default()).await?;
        let store = Store::open(&options(&embedded.url(), &settings))?;
        Ok(Self { store, settings, beside: None, embedded: Some(embedded) })
    }

    /// What may be done to it.
    ///
    /// # Errors
    /// Where the configuration has hours in which nobody could be called.
    pub fn actions(&self) -> anyhow::Result<Actions> {
        Ok(Actions::new(self.store.clone(), Clock::system(), &self.settings)?)
    }

    /// Whoever runs the command.
    pub fn actor(&self) -> Actor {
        operator()
    }

    /// Whom the command is run for, where somebody else is named than who runs it.
    pub fn actor_or(&self, by: Option<String>) -> Actor {
        // Audit entries then name the person who decided, not whoever typed it.
        by.map_or_else(|| self.actor(), Actor::operator)
    }

    /// Closes connections and stops what was started.
    pub async fn close(self) {
        self.store.close().await;
        if let Some(embedded) = self.embedded {
            embedded.stop().await;
        }
    }
}

/// Refuses a folder in which Ripen never ran: whoever is in the wrong one would get a new database with nothing in it.
///
/// # Errors
/// Says which folder, and what to do.
pub fn refuse_new_folder(common: &Common, settings: &Settings) -> anyhow::Result<()> {
    let data_dir = secrets::data_dir(common.data_dir.as_deref());
    if !settings.database.url.is_empty() || data_dir.join("postgres").exists() {
        return Ok(());
    }
    anyhow::bail!(
        "there is no Ripen database in {} and no database.url is set: start `ripen` here first, or name the folder with --data-dir",
        data_dir.display()
    )
}

/// Brings the database of a data folder to this version's schema.
///
/// # Errors
/// Names the folder where another version made it, and says what to do.
pub async fn migrate_embedded(store: &Store, data_dir: &Path) -> anyhow::Result<()> {
    // Before the migrator, which would say that a migration is missing and not what that means.
    match store.schema().await? {
        SchemaState::Current => {}
        SchemaState::Older { .. } => output::say("preparing the database (once) …"),
        SchemaState::Newer => anyhow::bail!(
            "{} belongs to a newer version of Ripen than this one: use that version, or name another folder with --data-dir",
            data_dir.display()
        ),
        SchemaState::Differs => anyhow::bail!(
            "{} was made by another edition of this version of Ripen: use the one that it belongs to, or name another folder with --data-dir",
            data_dir.display()
        ),
    }
    store.migrate(Clock::system().now()).await.context("migrating the embedded database")?;
    Ok(())
}

/// Refuses a schema that is not this binary's.
///
/// # Errors
/// Says what to run.
pub async fn check_schema(store: &Store) -> anyhow::Result<()> {
    match store.schema().await? {
        // A newer schema is read: migrations only add, so that old processes work on during an upgrade.
        SchemaState::Current | SchemaState::Newer => Ok(()),
        SchemaState::Older { missing } => {
            anyhow::bail!("the database is {missing} migration(s) behind this version: run `ripen migrate` first")
        }
        // Statements checked against these migrations may mean something else there.
        SchemaState::Differs => {
            anyhow::bail!(
                "the database was migrated by another edition of the same migrations: use the version of Ripen it belongs to"
            )
        }
    }
}
