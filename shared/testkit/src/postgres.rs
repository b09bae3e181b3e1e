//! A private PostgreSQL server, for tests and benchmarks, and fresh databases on it.
//!
//! [`Postgres`] is a server of one's own, to be killed and started again by the tests of faults; [`database`] is a
//! migrated database on a server that many tests share. A server ends with the process that started it, however that
//! process ends: a watchdog waits on a pipe that closes with it. Nothing here knows Ripen's tables.

mod binaries;
mod database;

use std::{
    fs,
    io::Write as _,
    net::TcpListener,
    os::unix::{fs::chown, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use sqlx::{Connection as _, PgConnection};

pub use self::database::{TestDatabase, database, database_made_by, database_on};
use crate::wait;

/// How long a server may take to answer its first connection, or to be gone after it was killed.
const PATIENCE: Duration = Duration::from_secs(120);

/// Takes the server down and its folder away when the pipe closes. Each line on the pipe is the server's current pid.
const WATCHDOG: &str = r#"
pid=
while read -r line; do pid=$line; done
if [ -n "$pid" ]; then
    kill -QUIT "$pid"
    tries=0
    while kill -0 "$pid" && [ "$tries" -lt 100 ]; do tries=$((tries + 1)); sleep 0.05; done
    kill -KILL "$pid"
fi
rm -rf "$1"
"#;

/// A PostgreSQL server of this process's own, on a free port of the loopback address and a socket in its folder.
pub struct Postgres {
    folder: PathBuf,
    port: u16,
    fsync: bool,
    server: Option<Child>,
    watchdog: Child,
    pids: Option<ChildStdin>,
}

impl Postgres {
    /// Makes and starts a server that keeps what it has committed even when the machine fails (fsync on).
    pub async fn start() -> Self {
        Self::start_with(true).await
    }

    /// A server that survives the death of any process but not of the machine: several times quicker.
    pub async fn start_careless() -> Self {
        Self::start_with(false).await
    }

    async fn start_with(fsync: bool) -> Self {
        let folder = new_folder();
        let mut watchdog = watchdog(&folder);
        let pids = watchdog.stdin.take();
        initdb(&folder);
        let mut postgres = Self { folder, port: free_port(), fsync, server: None, watchdog, pids };
        postgres.start_again().await;
        postgres
    }

    /// Starts the server on the same data, port and socket, and returns when it takes connections.
    ///
    /// # Panics
    /// When it is running already, or does not come up.
    pub async fn start_again(&mut self) {
        assert!(self.server.is_none(), "PostgreSQL runs already");
        let fsync = if self.fsync { "on" } else { "off" };
        let log = fs::File::options().create(true).append(true).open(self.folder.join("log")).unwrap();
        let server = as_database_user(&binaries::path("postgres"))
            .arg("-D")
            .arg(self.folder.join("data"))
            .arg("-k")
            .arg(&self.folder)
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string()])
            .args(["-c", &format!("fsync={fsync}"), "-c", &format!("full_page_writes={fsync}")])
            .args(["-c", "max_connections=300", "-c", "shared_buffers=128MB"])
            .current_dir(&self.folder)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("PostgreSQL starts");
        self.tell_watchdog(&server.id().to_string());
        self.server = Some(server);
        let url = self.url();
        wait::until("PostgreSQL takes connections", PATIENCE, || {
            let ended = self.server.as_mut().and_then(|server| server.try_wait().unwrap());
            assert!(ended.is_none(), "PostgreSQL ended: {}", self.log());
            let url = url.clone();
            async move { PgConnection::connect(&url).await.ok() }
        })
        .await
        .close()
        .await
        .unwrap();
    }

    /// Kills the server and every one of its processes at once, as a failing machine would.
    ///
    /// # Panics
    /// When it is not running.
    pub fn kill9(&mut self) {
        let mut server = self.server.take().expect("PostgreSQL runs");
        let pid = Pid::from_child(&server);
        // Stopped first, so that it starts nothing between the look at its children and its end.
        kill_process(pid, Signal::STOP).unwrap();
        let children = children_of(pid);
        kill_process(pid, Signal::KILL).unwrap();
        for child in &children {
            // One that ended by itself in the meantime is as dead as it should be.
            let _ = kill_process(*child, Signal::KILL);
        }
        server.wait().unwrap();
        self.tell_watchdog("");
        wait_until_gone(&children);
    }

    /// Stops the server and every one of its processes where they are: connections stay open and nothing answers.
    ///
    /// # Panics
    /// When it is not running.
    pub fn freeze(&self) {
        self.signal_all(Signal::STOP);
    }

    /// Lets a frozen server go on.
    ///
    /// # Panics
    /// When it is not running.
    pub fn thaw(&self) {
        self.signal_all(Signal::CONT);
    }

    fn signal_all(&self, signal: Signal) {
        let server = Pid::from_child(self.server.as_ref().expect("PostgreSQL runs"));
        // The server first: stopped, it starts no more of them.
        kill_process(server, signal).unwrap();
        for child in children_of(server) {
            // One that ended by itself in the meantime is still enough.
            let _ = kill_process(child, signal);
        }
    }

    /// Stops the server in order: what is running is rolled back, what is committed is written out.
    ///
    /// # Panics
    /// When it is not running.
    pub fn stop(&mut self) {
        let mut server = self.server.take().expect("PostgreSQL runs");
        kill_process(Pid::from_child(&server), Signal::INT).unwrap();
        server.wait().unwrap();
        self.tell_watchdog("");
    }

    /// Where it is reached, as its administrator, in the database `postgres`; the same after every start.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// The process of the server, for measuring what it and its children use; nothing while it is killed.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.server.as_ref().map(Child::id)
    }

    /// The end of what the server has written to its log.
    #[must_use]
    pub fn log(&self) -> String {
        let log = fs::read(self.folder.join("log")).unwrap_or_default();
        String::from_utf8_lossy(&log[log.len().saturating_sub(4000)..]).into_owned()
    }

    fn tell_watchdog(&mut self, pid: &str) {
        if let Some(pids) = &mut self.pids {
            writeln!(pids, "{pid}").expect("the watchdog lives as long as the test");
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // The watchdog does the work, here as at the process's own end: the pipe closes, it stops and removes.
        self.pids = None;
        if let Some(mut server) = self.server.take() {
            let _ = server.wait();
        }
        let _ = self.watchdog.wait();
    }
}

/// Root may not run PostgreSQL: a command for its own user, or for nobody, when this process is root's.
fn as_database_user(program: &Path) -> Command {
    let mut command = Command::new(program);
    if let Some((user, group)) = database_user() {
        command.uid(user).gid(group);
    }
    // A password or a service file of the developer's must not change what a test connects to.
    command.env_clear().env("LC_ALL", "C");
    command
}

fn database_user() -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let accounts = fs::read_to_string("/etc/passwd").expect("root's machine has /etc/passwd");
    let account = |name: &str| {
        let fields = accounts.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|line| line[0] == name)?;
        Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?))
    };
    Some(account("postgres").or_else(|| account("nobody")).expect("a user `postgres` or `nobody` to run PostgreSQL as"))
}

#[allow(clippy::disallowed_methods, reason = "a folder's name is taken at random, so that no two servers share one")]
fn new_folder() -> PathBuf {
    // Short, because a socket's path is limited to 107 bytes and a test's temporary folder may be deep.
    let parent = if std::env::temp_dir().as_os_str().len() < 60 { std::env::temp_dir() } else { "/tmp".into() };
    let folder = parent.join(format!("ripen-postgres-{}-{:08x}", std::process::id(), rand::random::<u32>()));
    fs::create_dir(&folder).unwrap();
    if let Some((user, group)) = database_user() {
        chown(&folder, Some(user), Some(group)).unwrap();
    }
    folder
}

fn initdb(folder: &Path) {
    let made = as_database_user(&binaries::path("initdb"))
        .arg("-D")
        .arg(folder.join("data"))
        .args(["-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("initdb runs");
    assert!(made.status.success(), "initdb failed: {}", String::from_utf8_lossy(&made.stderr));
}

fn watchdog(folder: &Path) -> Child {
    // A group of its own: neither Ctrl-C nor a test runner that kills a test's whole group takes the watchdog with it.
    Command::new("sh")
        .args(["-c", WATCHDOG, "watchdog"])
        .arg(folder)
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("sh runs")
}

/// A port that nothing listens on, below those the kernel hands out by itself: while a killed server is away, no
/// outgoing connection takes its port.
#[allow(clippy::disallowed_methods, reason = "at random, so that processes starting together do not pick the same")]
fn free_port() -> u16 {
    (0..1000)
        .map(|_| rand::random_range(15_000..32_000))
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port among seventeen thousand")
}

fn children_of(parent: Pid) -> Vec<Pid> {
    let of_parent = |entry: fs::DirEntry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        // `pid (name) state parent …`, and the name may hold blanks and brackets.
        let parent_field = stat.rsplit(')').next()?.split_whitespace().nth(1)?;
        (parent_field == parent.to_string()).then(|| Pid::from_raw(pid)).flatten()
    };
    fs::read_dir("/proc").expect("Linux").filter_map(|entry| of_parent(entry.ok()?)).collect()
}

fn wait_until_gone(processes: &[Pid]) {
    // Their shared memory is in use until the last has ended, and a server started before that refuses.
    let started = Instant::now();
    while processes.iter().any(|pid| is_running(*pid)) {
        assert!(started.elapsed() < PATIENCE, "PostgreSQL's processes outlive kill -9");
        std::thread::yield_now();
    }
}

fn is_running(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // A zombie holds nothing; where no one reaps orphans it stays for ever.
    stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().next()).is_some_and(|state| state != "Z")
}

#[cfg(test)]
mod tests {
    use sqlx::Executor as _;

    use super::*;

    #[tokio::test]
    async fn what_was_committed_outlives_kill_9() {
        let mut postgres = Postgres::start().await;
        let mut before = PgConnection::connect(&postgres.url()).await.unwrap();
        before.execute("create table kept (n int); insert into kept values (7)").await.unwrap();
        let children = children_of(Pid::from_child(postgres.server.as_ref().unwrap()));
        assert!(children.len() > 3, "PostgreSQL has helper processes: {children:?}");

        postgres.kill9();
        assert!(children.iter().all(|pid| !is_running(*pid)));
        assert!(before.execute("select 1").await.is_err(), "the connection died with the server");
        assert!(PgConnection::connect(&postgres.url()).await.is_err());

        postgres.start_again().await;
        let mut after = PgConnection::connect(&postgres.url()).await.unwrap();
        assert_eq!(sqlx::query_scalar::<_, i32>("select n from kept").fetch_one(&mut after).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn stopping_and_dropping_leave_nothing() {
        let mut postgres = Postgres::start_careless().await;
        postgres.stop();
        postgres.start_again().await;
        let (folder, url) = (postgres.folder.clone(), postgres.url());
        let server = Pid::from_child(postgres.server.as_ref().unwrap());
        drop(postgres);
        assert!(!folder.exists() && !is_running(server));
        assert!(PgConnection::connect(&url).await.is_err());
    }
}
