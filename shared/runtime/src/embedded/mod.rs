//! The embedded PostgreSQL: a private, real server under the data folder, run as a child of this process.
//!
//! For an installation that names no database. The same server, SQL and durability as with one; only its start, its
//! restart and its stop are Ripen's. It takes connections on a Unix socket in a closed folder and nowhere else, so
//! that no password is needed. What is stored in it is not this module's business.

mod binaries;
mod cluster;
mod error;
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

pub use error::EmbeddedError;
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
#[derive(Debug, Clone)]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_folder_of_any_name_fits_into_the_url() {
        let url = connection_url(Path::new("/tmp/a b&c/é"));
        assert_eq!(url, "postgres://ripen@localhost:5432/ripen?host=%2Ftmp%2Fa%20b%26c%2F%C3%A9");
    }

    #[test]
    fn what_a_program_said_is_cut_to_its_end() {
        assert_eq!(last_lines("\n"), "it said nothing");
        assert_eq!(last_lines("1\n2\n\n3\n4\n5\n6\n7\n"), "2 | 3 | 4 | 5 | 6 | 7");
    }
}
