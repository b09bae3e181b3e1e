//! The embedded PostgreSQL as it is met in life: started, refused, killed in each way, and started again.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's harness stops at the first surprise"
)]

use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use ripen_runtime::{
    embedded::{Embedded, EmbeddedError, EmbeddedOptions, attach},
    lifecycle::{Stop, Tasks},
};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(120);
const HELD: &str = "RIPEN_TEST_HELD_FOLDER";

fn folder() -> (TempDir, PathBuf) {
    let outer = tempfile::tempdir().unwrap();
    // PostgreSQL may run as another user, who has to get through.
    fs::set_permissions(outer.path(), Permissions::from_mode(0o711)).unwrap();
    let data_dir = outer.path().join("data");
    (outer, data_dir)
}

async fn start(data_dir: &Path) -> Embedded {
    Embedded::start(data_dir, EmbeddedOptions::default()).await.unwrap()
}

fn psql(url: &str, statement: &str) -> io::Result<String> {
    let output =
        Command::new("psql").args([url, "-q", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement]).output()?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
        false => Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned())),
    }
}

async fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(LIMIT, waiting).await.unwrap_or_else(|_| panic!("never: {what}"));
}

fn kill(pid: i32, signal: Signal) {
    kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
}

fn lives(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.trim_start().starts_with('Z'))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_made_stopped_and_found_again() {
    let (_outer, data_dir) = folder();
    assert_eq!(attach(&data_dir).await.unwrap(), None);
    let first = start(&data_dir).await;
    assert_eq!(psql(&first.url(), "create table kept (n int); insert into kept values (1); select 1").unwrap(), "1");
    let settings = ["fsync", "data_checksums", "server_encoding", "listen_addresses", "max_connections"];
    for (setting, value) in settings.into_iter().zip(["on", "on", "UTF8", "", "60"]) {
        assert_eq!(psql(&first.url(), &format!("show {setting}")).unwrap(), value, "{setting}");
    }
    assert_eq!(psql(&first.url(), "select datcollate from pg_database where datname = 'ripen'").unwrap(), "C");
    assert!(psql("postgres://ripen@127.0.0.1:5432/ripen?connect_timeout=1", "select 1").is_err());

    let refused =
        Embedded::start(&data_dir, EmbeddedOptions { lock_wait: Duration::ZERO, ..EmbeddedOptions::default() }).await;
    let refused = refused.expect_err("a second start").to_string();
    assert!(refused.contains(&format!("process {}", std::process::id())), "{refused}");
    assert!(refused.contains(&fs::canonicalize(&data_dir).unwrap().display().to_string()), "{refused}");

    first.announce("http://127.0.0.1:8080").unwrap();
    let beside = attach(&data_dir).await.unwrap().unwrap();
    assert_eq!(beside.http_url.as_deref(), Some("http://127.0.0.1:8080"));
    assert_eq!(psql(&beside.url(), "select n from kept").unwrap(), "1");

    let (pid, socket_dir) = (first.server_pid(), first.socket_dir().to_path_buf());
    first.stop().await;
    assert!(!lives(pid) && !socket_dir.exists());
    assert_eq!(attach(&data_dir).await.unwrap(), None);

    let second = start(&data_dir).await;
    assert_eq!(psql(&second.url(), "select n from kept").unwrap(), "1");
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_is_started_again_when_its_backends_are_gone() {
    let (_outer, data_dir) = folder();
    let embedded = start(&data_dir).await;
    let (mut tasks, stop) = Tasks::new();
    tasks.spawn("postgres", embedded.supervise(stop.clone()));
    let supervised = tokio::spawn(tasks.run_until_stopped(false, LIMIT));
    psql(&embedded.url(), "create table kept (n int); insert into kept values (1)").unwrap();

    // Too busy to notice that its server is gone.
    let busy = "select count(*) from generate_series(1, 1000000000)";
    let mut client =
        Command::new("psql").args([&embedded.url(), "-X", "-c", busy]).stderr(Stdio::null()).spawn().unwrap();
    let backend = "select pid from pg_stat_activity where query like '%generate_series%' and pid <> pg_backend_pid()";
    wait_until("a busy backend", || psql(&embedded.url(), backend).is_ok_and(|pid| !pid.is_empty())).await;
    let backend: i32 = psql(&embedded.url(), backend).unwrap().parse().unwrap();

    let killed = embedded.server_pid();
    kill(killed, Signal::KILL);
    wait_until("another server", || embedded.server_pid() != killed).await;
    assert!(!lives(backend), "an old backend beside a new server");
    assert_eq!(psql(&embedded.url(), "select n from kept").unwrap(), "1");
    client.wait().unwrap();

    stop.stop();
    supervised.await.unwrap().unwrap();
    assert_eq!(psql(&embedded.url(), "select n from kept").unwrap(), "1", "the others still finish their work");
    embedded.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_while_the_server_is_started_again_leaves_none_behind() {
    for after in [0, 5, 20, 60, 150] {
        let (_outer, data_dir) = folder();
        let embedded = start(&data_dir).await;
        let supervised = tokio::spawn(embedded.supervise(Stop::default()));
        kill(embedded.server_pid(), Signal::KILL);
        // Wherever the restart happens to be by then.
        tokio::time::sleep(Duration::from_millis(after)).await;
        tokio::time::timeout(LIMIT, embedded.stop()).await.expect("it stops");
        supervised.await.unwrap().unwrap();
        let cluster = fs::canonicalize(&data_dir).unwrap().join("postgres");
        wait_until("nothing works on the folder", || servers_of(&cluster).is_empty()).await;
        // And none is started afterwards: the folder's claim is gone with the server.
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(servers_of(&cluster), Vec::<i32>::new(), "stopped {after} ms after the death of the server");
    }
}

/// The servers whose command line names this cluster.
fn servers_of(cluster: &Path) -> Vec<i32> {
    let processes = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let names = |pid: &i32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0).any(|part| part == cluster.as_os_str().as_encoded_bytes())
    };
    processes.filter(names).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn restarting_is_given_up_when_it_has_become_pointless() {
    let (_outer, data_dir) = folder();
    let embedded = start(&data_dir).await;
    let supervised = tokio::spawn(embedded.supervise(Stop::default()));
    for _ in 0..5 {
        let killed = embedded.server_pid();
        kill(killed, Signal::KILL);
        wait_until("another server", || embedded.server_pid() != killed).await;
    }
    kill(embedded.server_pid(), Signal::KILL);
    let gave_up = tokio::time::timeout(LIMIT, supervised).await.unwrap().unwrap();
    assert!(matches!(gave_up, Err(EmbeddedError::KeepsDying { .. })), "{gave_up:?}");
    embedded.stop().await;
}

/// Not a test of its own: the process that the next one kills.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "the child process of another test"]
async fn a_process_that_holds_a_folder() {
    #[allow(clippy::disallowed_methods, reason = "how the test tells its child the folder")]
    let Some(data_dir) = std::env::var_os(HELD) else { return };
    let embedded = start(Path::new(&data_dir)).await;
    psql(&embedded.url(), "create table if not exists kept (n int); insert into kept values (1)").unwrap();
    embedded.announce("http://127.0.0.1:1").unwrap();
    std::future::pending::<()>().await;
}

fn hold_in_another_process(data_dir: &Path) -> Child {
    let arguments = ["--exact", "a_process_that_holds_a_folder", "--ignored"];
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(arguments).env(HELD, data_dir).stdout(Stdio::null()).spawn().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_holder_leaves_its_data_and_nothing_in_the_way() {
    let (_outer, data_dir) = folder();
    for round in 1..=3 {
        let mut holder = hold_in_another_process(&data_dir);
        let announced = || fs::read_to_string(data_dir.join("running.json")).is_ok_and(|note| note.contains("http://"));
        wait_until("the other process's server", announced).await;
        let info = attach(&data_dir).await.unwrap().unwrap();
        assert_eq!(info.pid, holder.id());
        holder.kill().unwrap();
        holder.wait().unwrap();

        // With no patience for whoever holds the folder: nobody does.
        let options = EmbeddedOptions { lock_wait: Duration::ZERO, ..EmbeddedOptions::default() };
        let embedded = Embedded::start(&data_dir, options).await.unwrap();
        assert_eq!(psql(&embedded.url(), "select count(*) from kept").unwrap(), round.to_string());
        embedded.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_postmaster_pid_is_told_from_a_live_one() {
    let (_outer, data_dir) = folder();
    start(&data_dir).await.stop().await;
    let mut zombie = Command::new("true").spawn().unwrap();
    wait_until("a zombie", || !lives(zombie.id().try_into().unwrap())).await;
    let note = data_dir.join("postgres/postmaster.pid");
    for stale in [
        // Another program that has the number by now, a zombie, nobody, and no number at all.
        format!("{}\n/somewhere\n1\n5432\n\n\n\nready\n", std::process::id()),
        format!("{}\n/somewhere\n1\n5432\n\n\n\nready\n", zombie.id()),
        "4000000\n/somewhere\n".to_owned(),
        "rubbish".to_owned(),
        String::new(),
    ] {
        fs::write(&note, &stale).unwrap();
        let embedded = start(&data_dir).await;
        assert_eq!(psql(&embedded.url(), "select 1").unwrap(), "1", "{stale}");
        embedded.stop().await;
    }
    zombie.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_first_start_is_made_good() {
    let (_outer, data_dir) = folder();
    let half_made = data_dir.join("postgres.new-77/base");
    fs::create_dir_all(&half_made).unwrap();
    let embedded = start(&data_dir).await;
    assert_eq!(psql(&embedded.url(), "select 1").unwrap(), "1");
    assert!(!half_made.parent().unwrap().exists());
    embedded.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_namespace_root_gives_the_folder_to_another_user() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let (_outer, data_dir) = folder();
    start(&data_dir).await.stop().await;
    let owner = || fs::metadata(data_dir.join("postgres/PG_VERSION")).unwrap().uid();
    let embedded =
        Embedded::start(&data_dir, EmbeddedOptions { namespace: false, ..EmbeddedOptions::default() }).await.unwrap();
    assert_eq!(psql(&embedded.url(), "select 1").unwrap(), "1");
    assert_ne!(owner(), 0);
    embedded.stop().await;
    let embedded = start(&data_dir).await;
    assert_eq!(psql(&embedded.url(), "select 1").unwrap(), "1", "and it stays theirs");
    embedded.stop().await;
}
