//! The embedded PostgreSQL: a private, real server under the data folder, run as a child of this process.
//!
//! For an installation that names no database. The same server, SQL and durability as with one; only its start, its
//! restart and its stop are Ripen's. It takes connections on a Unix socket in a closed folder and nowhere else, so
//! that no password is needed. What is stored in it is not this module's business.

mod binaries;
mod cluster;
mod connection;
mod error;
mod fetch;
mod holder;
mod identity;
mod leftover;
mod options;
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
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

pub use connection::{DATABASE, PORT, USER};
pub use error::EmbeddedError;
pub use holder::{RunningInfo, attach};
pub use options::EmbeddedOptions;

use binaries::Binaries;
use connection::connection_url;
use holder::Holder;
use identity::RunAs;
use process::Running;
use server::PostgresServer;

/// A running server, held by this process alone. Dropped without [`Embedded::stop`], it is told to stop and not
/// waited for.
#[derive(Debug, Clone)]
pub struct Embedded(Arc<SupervisedServer>);

#[derive(Debug)]
struct SupervisedServer {
    server: PostgresServer,
    running: RwLock<Running>,
    holder: Holder,
    stopping: CancellationToken,
    /// Held while the server is started again.
    starting: Mutex<()>,
}

impl Embedded {
    /// Takes the data folder, makes the cluster on the first start, and starts the server.
    ///
    /// # Errors
    /// See [`EmbeddedError`]; a second start on a folder that is in use is refused.
    pub async fn start(data_dir: &Path, options: EmbeddedOptions) -> Result<Self, EmbeddedError> {
        let data_dir = make_folder(data_dir).map_err(|source| EmbeddedError::file(data_dir, source))?;
        let holder = Holder::take(&data_dir, options.lock_wait).await?;
        let cluster = data_dir.join("postgres");
        let mark = socket::mark(&data_dir);
        // Before the cluster is read: a server of an earlier start may still be writing to it.
        leftover::clear(&cluster, &mark).await?;
        // The version that made the folder: no other one can read it.
        let major = binaries::cluster_major(&cluster)?;
        if major.is_some() && !PostgresServer::is_whole(&cluster) {
            return Err(EmbeddedError::NotWhole(cluster));
        }
        let binaries = match binaries::find(&cluster, major)? {
            Some(binaries) => binaries,
            None => fetch::cached_or_fetched(major, &data_dir).await?,
        };
        let identity = choose_identity(&binaries, &cluster, &data_dir, options.namespace).await?;
        if !PostgresServer::has_cluster(&cluster) {
            cluster::create(&binaries, &identity, &cluster).await?;
        }
        // After the cluster: until there is one, nobody can connect.
        let socket_dir = socket::prepare(&data_dir, identity.owner())?;
        let log = data_dir.join("postgres.log");
        let server = PostgresServer { binaries, identity, cluster, socket_dir, log, mark, options };
        let running = server.start().await?;
        let (running, stopping, starting) = (RwLock::new(running), CancellationToken::new(), Mutex::default());
        let inner = SupervisedServer { server, running, holder, stopping, starting };
        // Last, when connections are taken: a command beside this process connects as soon as it reads the note.
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
        // First, or the supervision would take the stop for a death and start it again.
        self.0.stopping.cancel();
        // Before the server goes: a command that starts now must not find an address without a server.
        self.0.holder.withdraw();
        // After a start that is under way: it is this server that has to go.
        let _none_starts = self.0.starting.lock().await;
        let running = self.0.running();
        // Sessions end at once and the cluster is left clean; there is nobody left who would end them.
        running.signal(Signal::INT);
        if !running.ended_within(self.0.server.options.stop_timeout).await {
            tracing::warn!("PostgreSQL takes long to stop: it will recover at the next start");
            running.signal(Signal::QUIT);
            running.ended_within(Duration::from_secs(5)).await;
        }
        // After the server: its socket lies in there.
        socket::remove(&self.0.server.socket_dir);
    }
}

impl SupervisedServer {
    fn running(&self) -> Running {
        self.running.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn replace(&self, running: Running) {
        *self.running.write().unwrap_or_else(PoisonError::into_inner) = running;
    }
}

impl Drop for SupervisedServer {
    fn drop(&mut self) {
        // Told and not waited for: a drop cannot wait, and the next start deals with whatever is left.
        self.running().signal(Signal::INT);
    }
}

/// Others may pass through, in case the server runs as another user, and see nothing.
fn make_folder(data_dir: &Path) -> io::Result<PathBuf> {
    let is_new = !data_dir.exists();
    DirBuilder::new().recursive(true).mode(0o711).create(data_dir)?;
    // A folder that was there keeps the rights its owner gave it.
    if is_new {
        std::fs::set_permissions(data_dir, Permissions::from_mode(0o711))?;
    }
    // In one form: the mark of the folder and its lock must not depend on how the path was written.
    std::fs::canonicalize(data_dir)
}

/// The first candidate under which PostgreSQL's own program runs at all.
async fn choose_identity(
    binaries: &Binaries,
    cluster: &Path,
    data_dir: &Path,
    namespace: bool,
) -> Result<RunAs, EmbeddedError> {
    // Tried and not assumed: whether a user namespace is to be had depends on the machine and its container.
    for identity in identity::candidates(cluster, namespace) {
        let mut probe = Command::new(binaries.program("postgres"));
        probe.arg("--version").stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null());
        let runs = process::run(probe, &identity, Duration::from_secs(10)).await;
        if !runs.is_ok_and(|output| output.status.success()) {
            tracing::debug!(?identity, "PostgreSQL does not run under this identity");
            continue;
        }
        // An earlier start may have run as root in a namespace: its files are root's.
        if let Some(owner) = identity.owner().filter(|_| cluster.exists()) {
            identity::give(cluster, owner).map_err(|source| EmbeddedError::file(data_dir, source))?;
        }
        return Ok(identity);
    }
    Err(EmbeddedError::OnlyRoot)
}
