//! A running `ripen serve`, and what can happen to it.

use std::{path::PathBuf, process::Stdio, sync::OnceLock, time::Duration};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    sync::watch,
};

use super::LIMIT;

/// The binary under test: the one that `tests/run` has built, else one built now, beside this test.
#[allow(clippy::disallowed_methods, reason = "tests/run says by a variable what it has built")]
pub fn binary() -> PathBuf {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| std::env::var_os("RIPEN_TEST_BINARY").map_or_else(build, PathBuf::from)).clone()
}

/// Builds with the features that all crates together ask for, as the tests themselves are built.
fn build() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let binary = test.parent().and_then(|deps| deps.parent()).unwrap().join("ripen");
    let built = std::process::Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--workspace", "--bin", "ripen"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .status()
        .unwrap();
    assert!(built.success() && binary.exists(), "{} is built", binary.display());
    binary
}

/// A process that serves.
pub struct Process {
    child: Child,
    /// Where it takes requests.
    pub url: String,
    said: watch::Receiver<String>,
}

/// The demonstration lives through six weeks before it is ready: on a busy machine that takes minutes.
const READY_WITHIN: Duration = Duration::from_secs(560);

impl Process {
    /// Starts it and waits until it says where it listens.
    pub async fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (say, mut said) = watch::channel(String::new());
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                say.send_modify(|text| {
                    text.push_str(&line);
                    text.push('\n');
                });
            }
        });
        let heard =
            tokio::time::timeout(READY_WITHIN, said.wait_for(|text| text.contains(" is ready on http://"))).await;
        let text = heard.ok().and_then(Result::ok).map(|text| text.clone());
        let Some(text) = text else {
            panic!("the process does not become ready; it said:\n{}", said.borrow().as_str())
        };
        let url = text.split(" is ready on ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
        Self { child, url, said }
    }

    /// What it wrote to standard error so far.
    pub fn said(&self) -> String {
        self.said.borrow().clone()
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id().expect("it runs")).unwrap()).unwrap()
    }

    /// Stops it where it stands: it answers nothing, and its connections stay.
    pub fn freeze(&self) {
        kill_process(self.pid(), Signal::STOP).unwrap();
    }

    /// Has it go on where it was stopped.
    pub fn go_on(&self) {
        kill_process(self.pid(), Signal::CONT).unwrap();
    }

    /// Ends it without a word.
    pub async fn kill9(mut self) {
        kill_process(self.pid(), Signal::KILL).unwrap();
        self.child.wait().await.unwrap();
    }

    /// Asks it to stop and returns its exit code.
    pub async fn stop(mut self) -> Option<i32> {
        kill_process(self.pid(), Signal::TERM).unwrap();
        let ended = tokio::time::timeout(LIMIT, self.child.wait()).await;
        ended.unwrap_or_else(|_| panic!("it does not stop; it said:\n{}", self.said.borrow().as_str())).unwrap().code()
    }

    /// `GET` of an address that needs no key: status and body.
    pub async fn get(&self, path: &str) -> (u16, String) {
        let answer = client().get(format!("{}{path}", self.url)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

/// A plain HTTP client. Reused: setting one up costs more than a request.
pub fn client() -> reqwest::Client {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    CLIENT
        .get_or_init(|| {
            let provider = rustls::crypto::ring::default_provider();
            let tls = rustls::ClientConfig::builder_with_provider(provider.into())
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_root_certificates(rustls::RootCertStore::empty())
                .with_no_client_auth();
            reqwest::Client::builder()
                .tls_backend_preconfigured(tls)
                .timeout(LIMIT)
                .redirect(reqwest::redirect::Policy::none())
                .pool_max_idle_per_host(0)
                .build()
                .unwrap()
        })
        .clone()
}
