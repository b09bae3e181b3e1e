//! The embedded PostgreSQL: a private, real server under the data folder, run as a child of this process.
//!
//! For an installation that names no database. The same server, SQL and durability as with one; only its start, its
//! restart and its stop are Ripen's. It takes connections on a Unix socket in a closed folder and nowhere else, so
//! that no password is needed. What is stored in it is not this module's business.

mod binaries;
mod cluster;
mod fetch;
mod holder;
mod identity;
mod leftover;
mod process;
mod server;
mod socket;
mod supervise;

use std::{
    fs::{DirBuilder, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use rustix::process::Signal;
use tokio_util::sync::CancellationToken;

pub use holder::{RunningInfo, attach};

use binaries::Binaries;
use holder::Holder;
use identity::Identity;
use process::Running;
use server::Server;

/// The user, who owns everything.
pub const USER: &str = "ripen";
/// The database.
pub const DATABASE: &str = "ripen";
/// Part of the socket's name; nothing listens on a network.
pub const PORT: u16 = 5432;

/// Bounds of an embedded server.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How long another holder of the folder is waited for.
    pub lock_wait: Duration,
    /// How long the server may take until it takes connections, recovery included.
    pub start_timeout: Duration,
    /// How long the server may take to stop before it is stopped the hard way, which loses nothing either.
    pub stop_timeout: Duration,
    /// The most connections.
    pub max_connections: u32,
    /// Its cache, in MiB.
    pub shared_buffers_mb: u32,
    /// Whether root tries a user namespace before another user.
    pub namespace: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            lock_wait: Duration::from_secs(1),
            start_timeout: Duration::from_secs(120),
            stop_timeout: Duration::from_secs(30),
            max_connections: 60,
            shared_buffers_mb: 128,
            namespace: true,
        }
    }
}

/// Why there is no embedded server.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// Another process has the folder.
    #[error("{} is in use by {}: stop it, or name another folder with --data-dir", .folder.display(), holder_named(*.pid))]
    Held {
        /// The data folder.
        folder: PathBuf,
        /// The process that has it, where it said so.
        pid: Option<u32>,
    },
    /// A file or folder could not be worked with.
    #[error("{}", .path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// No PostgreSQL on this machine, and none could be fetched.
    #[error("no PostgreSQL{} on this machine, and fetching it failed: install it ({}), or set database.url", version_named(*.major), packages(*.major))]
    NoBinaries {
        /// The major version that made the folder, where there is a folder.
        major: Option<u32>,
        /// Why fetching failed.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The folder was made by a version that Ripen's SQL does not run on.
    #[error(
        "the data folder was made by PostgreSQL {major}; Ripen needs {} or newer: move it with pg_upgrade",
        binaries::OLDEST_MAJOR
    )]
    TooOld {
        /// The version that made it.
        major: u32,
    },
    /// There is something where the cluster should be, and it is none.
    #[error("{} is not a PostgreSQL folder: its PG_VERSION cannot be read", .0.display())]
    NoCluster(PathBuf),
    /// Started as root, and there is nobody else to run PostgreSQL as.
    #[error(
        "PostgreSQL does not run as root, and neither a user namespace nor another user is to be had: start Ripen as an ordinary user"
    )]
    OnlyRoot,
    /// A new cluster could not be made.
    #[error("{step} failed: {said}")]
    Initialise {
        /// The step.
        step: &'static str,
        /// The last lines the program wrote.
        said: String,
    },
    /// The server ended while it was starting.
    #[error("PostgreSQL ended while starting: {said}")]
    Ended {
        /// The last lines of its log.
        said: String,
    },
    /// The server took too long to start.
    #[error("PostgreSQL was not ready in time: {said}")]
    NotReady {
        /// The last lines of its log.
        said: String,
    },
    /// Processes of an earlier server do not end.
    #[error("processes of an earlier PostgreSQL still work on {}: {pids:?}", .folder.display())]
    Orphans {
        /// The cluster.
        folder: PathBuf,
        /// Their numbers.
        pids: Vec<i32>,
    },
    /// Restarting has become pointless.
    #[error("PostgreSQL died more than five times within a minute: see postgres.log in the data folder")]
    KeepsDying {
        /// Why the last restart failed, where it did.
        #[source]
        last: Option<Box<EmbeddedError>>,
    },
}

impl EmbeddedError {
    pub(crate) fn file(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::File { path: path.into(), source }
    }
}

fn holder_named(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}

fn version_named(major: Option<u32>) -> String {
    major.map(|major| format!(" {major} (the version that made the data folder)")).unwrap_or_default()
}

fn packages(major: Option<u32>) -> String {
    let of = |major: u32| format!("Debian: postgresql-{major}, Homebrew: postgresql@{major}");
    major.map_or_else(|| "Debian: postgresql, Homebrew: postgresql@17".to_owned(), of)
}

/// What a program said at its end, as one line.
fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    match lines.as_slice() {
        [] => "it said nothing".to_owned(),
        lines => lines[lines.len().saturating_sub(6)..].join(" | "),
    }
}

/// How to connect through the socket in a folder.
fn connection_url(socket_dir: &Path) -> String {
    use std::{fmt::Write as _, os::unix::ffi::OsStrExt};
    let mut host = String::new();
    for byte in socket_dir.as_os_str().as_bytes() {
        let _cannot_fail = match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                write!(host, "{}", char::from(*byte))
            }
            _ => write!(host, "%{byte:02X}"),
        };
    }
    format!("postgres://{USER}@localhost:{PORT}/{DATABASE}?host={host}")
}

/// A running server, held by this process alone. Dropped without [`Embedded::stop`], it is told to stop and not
/// waited for.
#[derive(Debug)]
pub struct Embedded(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    server: Server,
    running: RwLock<Running>,
    holder: Holder,
    stopping: CancellationToken,
}

impl Embedded {
    /// Takes the data folder, makes the cluster on the first start, and starts the server.
    ///
    /// # Errors
    /// See [`EmbeddedError`]; a second start on a folder that is in use is refused.
    pub async fn start(data_dir: &Path, options: Options) -> Result<Self, EmbeddedError> {
        let data_dir = make_folder(data_dir).map_err(|source| EmbeddedError::file(data_dir, source))?;
        let holder = Holder::take(&data_dir, options.lock_wait).await?;
        let cluster = data_dir.join("postgres");
        let mark = socket::mark(&data_dir);
        leftover::clear(&cluster, &mark).await?;
        let major = binaries::cluster_major(&cluster)?;
        let binaries = match binaries::find(major)? {
            Some(binaries) => binaries,
            None => fetch::cached_or_fetched(major, &data_dir).await?,
        };
        let identity = choose_identity(&binaries, &cluster, &data_dir, options.namespace).await?;
        if !Server::has_cluster(&cluster) {
            cluster::create(&binaries, &identity, &cluster).await?;
        }
        let socket_dir = socket::prepare(&data_dir, identity.owner())?;
        let log = data_dir.join("postgres.log");
        let server = Server { binaries, identity, cluster, socket_dir, log, mark, options };
        let running = server.start().await?;
        let inner = Inner { server, running: RwLock::new(running), holder, stopping: CancellationToken::new() };
        inner.holder.announce(&inner.server.socket_dir, None)?;
        Ok(Self(Arc::new(inner)))
    }

    /// How to connect, for sqlx and for PostgreSQL's own programs.
    #[must_use]
    pub fn url(&self) -> String {
        connection_url(self.socket_dir())
    }

    /// The folder of its socket.
    #[must_use]
    pub fn socket_dir(&self) -> &Path {
        &self.0.server.socket_dir
    }

    /// A program of the same version, such as `pg_dump`; it may be missing.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.0.server.binaries.program(name)
    }

    /// The server's own process number, which changes when it is restarted.
    #[must_use]
    pub fn server_pid(&self) -> i32 {
        self.0.running().pid().as_raw_nonzero().get()
    }

    /// Tells commands beside this process where it takes requests.
    ///
    /// # Errors
    /// Where the note cannot be written.
    pub fn announce(&self, http_url: &str) -> Result<(), EmbeddedError> {
        self.0.holder.announce(self.socket_dir(), Some(http_url.to_owned()))
    }

    /// Stops the server and gives the folder free. To be called when nobody needs the database any more.
    pub async fn stop(self) {
        self.0.stopping.cancel();
        self.0.holder.withdraw();
        let running = self.0.running();
        running.signal(Signal::INT);
        if !running.ended_within(self.0.server.options.stop_timeout).await {
            tracing::warn!("PostgreSQL takes long to stop: it will recover at the next start");
            running.signal(Signal::QUIT);
            running.ended_within(Duration::from_secs(5)).await;
        }
        socket::remove(&self.0.server.socket_dir);
    }
}

impl Inner {
    fn running(&self) -> Running {
        self.running.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn replace(&self, running: Running) {
        *self.running.write().unwrap_or_else(PoisonError::into_inner) = running;
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.running().signal(Signal::INT);
    }
}

/// Others may pass through, in case the server runs as another user, and see nothing.
fn make_folder(data_dir: &Path) -> io::Result<PathBuf> {
    let is_new = !data_dir.exists();
    DirBuilder::new().recursive(true).mode(0o711).create(data_dir)?;
    if is_new {
        std::fs::set_permissions(data_dir, Permissions::from_mode(0o711))?;
    }
    std::fs::canonicalize(data_dir)
}

/// The first candidate under which PostgreSQL's own program runs at all.
async fn choose_identity(
    binaries: &Binaries,
    cluster: &Path,
    data_dir: &Path,
    namespace: bool,
) -> Result<Identity, EmbeddedError> {
    for identity in identity::candidates(cluster, namespace) {
        let mut probe = Command::new(binaries.program("postgres"));
        probe.arg("--version").stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null());
        let runs = process::run(probe, &identity, Duration::from_secs(10)).await;
        if !runs.is_ok_and(|output| output.status.success()) {
            tracing::debug!(?identity, "PostgreSQL does not run under this identity");
            continue;
        }
        if let Some(owner) = identity.owner().filter(|_| cluster.exists()) {
            identity::give(cluster, owner).map_err(|source| EmbeddedError::file(data_dir, source))?;
        }
        return Ok(identity);
    }
    Err(EmbeddedError::OnlyRoot)
}
