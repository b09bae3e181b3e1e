//! One run of the server: its command line, and the wait until it takes connections.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use rustix::process::Signal;
use tokio::time::Instant;

use super::{
    EmbeddedError, EmbeddedOptions,
    binaries::Binaries,
    connection::PORT,
    identity::RunAs,
    process::{self, Running},
};

const PAUSE: Duration = Duration::from_millis(10);
/// A log beyond this is put aside at the next start, and the one put aside before that is dropped.
const LARGEST_LOG: u64 = 16 * 1024 * 1024;

/// Everything needed to run the server, again and again.
#[derive(Debug)]
pub(super) struct PostgresServer {
    pub(super) binaries: Binaries,
    pub(super) identity: RunAs,
    pub(super) cluster: PathBuf,
    pub(super) socket_dir: PathBuf,
    pub(super) log: PathBuf,
    /// Carried in the command line of the server and of each of its processes.
    pub(super) mark: String,
    pub(super) options: EmbeddedOptions,
}

impl PostgresServer {
    /// Starts the server and waits until it takes connections.
    pub(super) async fn start(&self) -> Result<Running, EmbeddedError> {
        // How long it is before this run, so that only what this run says is quoted.
        let (log, before) = self.open_log().map_err(|source| EmbeddedError::file(self.log.clone(), source))?;
        let program = self.binaries.program("postgres");
        let failed = |source| EmbeddedError::file(program.clone(), source);
        let mut command = Command::new(&program);
        command.arg("-D").arg(&self.cluster).arg("-k").arg(&self.socket_dir).arg("-p").arg(PORT.to_string());
        for setting in self.settings() {
            command.arg("-c").arg(setting);
        }
        command.stdin(Stdio::null()).stdout(log.try_clone().map_err(failed)?).stderr(log);
        // SIGINT is PostgreSQL's fast shutdown: sessions end at once, and the cluster is left clean rather than to be
        // recovered, also for other programs. SIGTERM would wait for sessions that nobody ends any more; SIGKILL
        // would leave backends behind.
        let child = process::start(command, &self.identity, Signal::INT).map_err(failed)?;
        let running = Running::watch(child).map_err(failed)?;
        self.until_ready(&running, before).await?;
        Ok(running)
    }

    fn settings(&self) -> Vec<String> {
        let EmbeddedOptions { max_connections, shared_buffers_mb, .. } = self.options;
        let mut settings = vec![
            format!("cluster_name={}", self.mark),
            format!("max_connections={max_connections}"),
            format!("shared_buffers={shared_buffers_mb}MB"),
        ];
        let fixed = [
            // No network: whoever reaches the socket is let in without a password.
            "listen_addresses=",
            "unix_socket_permissions=0700",
            // Said although they are the defaults: a configuration in the folder must not take durability away.
            "fsync=on",
            "full_page_writes=on",
            "synchronous_commit=on",
            "max_wal_size=1GB",
            "work_mem=8MB",
            "maintenance_work_mem=64MB",
            // Parallel workers talk through /dev/shm, of which containers have 64 MB.
            "max_parallel_workers_per_gather=0",
            "max_parallel_maintenance_workers=0",
            // Lookups are short: compiling one costs more than it saves.
            "jit=off",
            "timezone=UTC",
            "log_timezone=UTC",
            "logging_collector=off",
            "log_destination=stderr",
            "log_checkpoints=off",
            // Statements and details can carry a lead's e-mail address: neither belongs in a log.
            "log_min_error_statement=panic",
            "log_error_verbosity=terse",
        ];
        settings.extend(fixed.map(str::to_owned));
        settings
    }

    fn open_log(&self) -> io::Result<(File, u64)> {
        // Only at a start: PostgreSQL holds the file open while it runs.
        if fs::metadata(&self.log).is_ok_and(|log| log.len() > LARGEST_LOG) {
            fs::rename(&self.log, self.log.with_extension("log.1"))?;
        }
        let log = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.log)?;
        let length = log.metadata()?.len();
        Ok((log, length))
    }

    /// The server notes in `postmaster.pid` when it is ready; no client is needed to find out.
    async fn until_ready(&self, running: &Running, log_before: u64) -> Result<(), EmbeddedError> {
        let deadline = Instant::now() + self.options.start_timeout;
        while !self.is_ready(running) {
            if running.exit().is_some() {
                return Err(EmbeddedError::Ended { said: self.said_since(log_before) });
            }
            if Instant::now() >= deadline {
                // Told to go before it is reported: the next start would find it still recovering.
                running.signal(Signal::QUIT);
                return Err(EmbeddedError::NotReady { said: self.said_since(log_before) });
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    fn is_ready(&self, running: &Running) -> bool {
        let text = fs::read_to_string(self.cluster.join("postmaster.pid")).unwrap_or_default();
        // Lines 1 and 8: process number and status.
        let mut lines = text.lines();
        // Its own number: the file of an earlier run may still be there for a moment.
        let own = lines.next().and_then(|line| line.trim().parse().ok()) == Some(running.pid().as_raw_nonzero().get());
        own && lines.nth(6).is_some_and(|status| status.trim() == "ready")
    }

    fn said_since(&self, before: u64) -> String {
        let mut said = Vec::new();
        let read = |said: &mut Vec<u8>| -> io::Result<()> {
            let mut log = File::open(&self.log)?;
            log.seek(SeekFrom::Start(before))?;
            // Bounded: a log that grew to megabytes is not read into an error.
            log.take(64 * 1024).read_to_end(said).map(drop)
        };
        match read(&mut said) {
            Ok(()) => process::last_lines(&String::from_utf8_lossy(&said)),
            Err(error) => format!("its log cannot be read: {error}"),
        }
    }

    /// Whether what PostgreSQL cannot start without is there.
    pub(super) fn is_whole(cluster: &Path) -> bool {
        cluster.join("global/pg_control").is_file() && cluster.join("postgresql.conf").is_file()
    }

    /// Whether the cluster is there.
    pub(super) fn has_cluster(cluster: &Path) -> bool {
        cluster.join("PG_VERSION").is_file()
    }
}
