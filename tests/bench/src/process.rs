//! A process under measurement: `ripen serve`, or a floor. Started, waited for until it is ready, and stopped.

use std::{
    net::SocketAddr,
    path::PathBuf,
    process::Stdio,
    sync::{Arc, Mutex, OnceLock},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    sync::oneshot,
};

use crate::usage;

/// What each process says when it takes requests, before its address.
pub const READY: &str = " is ready on http://";
/// The lines of its log that say how long a page took.
pub const LOG_OF_REQUESTS: &str = "warn,ripen_web::edge=info";
const GET: &str = "http.method=\"GET\"";
const PATIENCE: Duration = Duration::from_secs(60);

/// The binary of Ripen by the same profile: beside this one, and built where it is missing.
pub fn ripen() -> PathBuf {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY
        .get_or_init(|| {
            let binary = std::env::current_exe().expect("Linux").with_file_name("ripen");
            if !binary.exists() {
                let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
                let profile = binary.parent().expect("a folder of the profile");
                let target = profile.parent().expect("a build folder");
                let built = std::process::Command::new(env!("CARGO"))
                    .args(["build", "--package", "ripen", "--profile"])
                    .arg(profile.file_name().expect("the profile's name"))
                    .arg("--target-dir")
                    .arg(target)
                    .current_dir(folder)
                    .stdout(Stdio::null())
                    .status();
                assert!(built.is_ok_and(|status| status.success()) && binary.exists(), "Ripen is built");
            }
            binary
        })
        .clone()
}

/// A process that takes requests.
pub struct Process {
    child: Child,
    /// Where it does.
    pub address: SocketAddr,
    /// When it was started.
    pub started: Instant,
    said: Arc<Mutex<String>>,
}

impl Process {
    /// Starts it and waits until it says where it listens.
    pub async fn start(mut command: Command) -> Self {
        let started = Instant::now();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("the process starts");
        let mut lines = BufReader::new(child.stderr.take().expect("its output is a pipe")).lines();
        let said = Arc::new(Mutex::new(String::new()));
        let (tell, told) = oneshot::channel();
        let heard = Arc::clone(&said);
        tokio::spawn(async move {
            let mut tell = Some(tell);
            while let Ok(Some(line)) = lines.next_line().await {
                if let Some(rest) = line.split(READY).nth(1)
                    && let Some(tell) = tell.take()
                {
                    let _ = tell.send(rest.split_whitespace().next().unwrap_or_default().to_owned());
                }
                let mut heard = heard.lock().expect("no holder panics");
                heard.push_str(&line);
                heard.push('\n');
            }
        });
        match tokio::time::timeout(PATIENCE, told).await {
            Ok(Ok(address)) => Self { child, address: address.parse().expect("an address"), started, said },
            _ => panic!("the process does not become ready; it said:\n{}", said.lock().expect("no holder panics")),
        }
    }

    /// How long each GET took that it served since the last one of an address that there is not, by its own clock and in the order in
    /// which they ended; so many are waited for. Only where its log has them.
    pub async fn served(&self, count: usize) -> Vec<Duration> {
        let begun = Instant::now();
        loop {
            let said = self.said.lock().expect("no holder panics").clone();
            let (_, since) = said.rsplit_once(&format!("{GET} http.route=\"unmatched\"")).unwrap_or_default();
            let times: Vec<_> = since.lines().skip(1).filter(|line| line.contains(GET)).filter_map(served_in).collect();
            if times.len() >= count {
                return times;
            }
            assert!(begun.elapsed() < PATIENCE, "{} of {count} requests are in its log", times.len());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Processor seconds it has used.
    pub fn cpu(&self) -> f64 {
        usage::cpu(self.pid())
    }

    /// Asks it to stop and waits until it has. What it had to complain of is printed.
    pub async fn stop(mut self) {
        let pid = Pid::from_raw(i32::try_from(self.pid()).expect("a process id")).expect("a process id");
        kill_process(pid, Signal::TERM).expect("it runs");
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        let said = self.said.lock().expect("no holder panics").clone();
        let complaints: Vec<_> = said.lines().filter(|line| line.contains("WARN") || line.contains("ERROR")).collect();
        for line in complaints.iter().take(5) {
            crate::report::note(line);
        }
        if complaints.len() > 5 {
            crate::report::note(&format!("… and {} lines more", complaints.len() - 5));
        }
        assert!(ended.is_ok_and(|ended| ended.is_ok_and(|status| status.success())), "it stops in order:\n{said}");
    }
}

/// The time that a line of the log says a request took.
fn served_in(line: &str) -> Option<Duration> {
    let (_, rest) = line.split_once("duration_us=")?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok().map(Duration::from_micros)
}
