//! What an earlier server left behind: processes that still work on the cluster, and a `postmaster.pid`.
//!
//! Called only with the data folder locked, so whatever still runs there is an orphan: a server whose Ripen was killed
//! and that is still shutting down, or backends whose postmaster was. A new server beside them would ruin the data;
//! they are waited for, then told, then killed.

use std::{fs, io, path::Path, time::Duration};

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::Instant;

use super::EmbeddedError;

const PAUSE: Duration = Duration::from_millis(20);

type Patience = &'static [(Duration, Signal)];

/// When an orphaned server gets which signal. It is shutting down already as a rule: its checkpoint may take its time,
/// and nothing is lost if it is broken off.
const SERVER: Patience = &[
    (Duration::from_secs(5), Signal::INT),
    (Duration::from_secs(30), Signal::QUIT),
    (Duration::from_secs(40), Signal::KILL),
];
/// When backends without a server get which. Idle ones end by themselves, busy ones do not notice; what they do can
/// no more be committed.
const BACKENDS: Patience = &[(Duration::from_millis(200), Signal::QUIT), (Duration::from_secs(5), Signal::KILL)];
const LIMIT: Duration = Duration::from_secs(45);

struct Orphan {
    pid: Pid,
    is_server: bool,
}

/// Waits until nothing works on the cluster any more, then removes a stale `postmaster.pid`. `mark` is what our
/// servers carry in their command line.
pub(super) async fn clear(cluster: &Path, mark: &str) -> Result<(), EmbeddedError> {
    let began = Instant::now();
    let mut sent = None;
    let failed = |source| EmbeddedError::file(cluster, source);
    loop {
        let orphans = orphans(cluster, mark).map_err(failed)?;
        if orphans.is_empty() {
            break;
        }
        if began.elapsed() >= LIMIT {
            let pids = orphans.iter().map(|orphan| orphan.pid.as_raw_nonzero().get()).collect();
            return Err(EmbeddedError::Orphans { folder: cluster.to_path_buf(), pids });
        }
        // Once per step: a signal that is sent again and again would only break off what the first one began.
        let due = due_signal(&orphans, began.elapsed());
        if due != sent {
            sent = due;
            tell(&orphans, due);
        }
        tokio::time::sleep(PAUSE).await;
    }
    // Only when nothing works there any more: while a server runs the file is its claim on the folder.
    remove_stale(cluster).map_err(failed)
}

fn due_signal(orphans: &[Orphan], waited: Duration) -> Option<Signal> {
    let patience = if orphans.iter().any(|orphan| orphan.is_server) { SERVER } else { BACKENDS };
    // The latest step whose time has come; a server among them is given its own time to shut down.
    patience.iter().rev().find(|(after, _)| waited >= *after).map(|(_, signal)| *signal)
}

/// A server tells its backends itself, unless it is to be killed.
fn tell(orphans: &[Orphan], signal: Option<Signal>) {
    let Some(signal) = signal else { return };
    tracing::warn!(processes = orphans.len(), ?signal, "PostgreSQL of an earlier start still runs: stopping it");
    let has_server = orphans.iter().any(|orphan| orphan.is_server);
    for orphan in orphans.iter().filter(|orphan| orphan.is_server || !has_server || signal == Signal::KILL) {
        let _already_gone = kill_process(orphan.pid, signal);
    }
}

/// PostgreSQL takes its old `postmaster.pid` for live when any process of this user has that number by now, a zombie
/// too. Nothing works on the cluster: it is stale, whoever has the number.
#[cfg(target_os = "linux")]
fn remove_stale(cluster: &Path) -> io::Result<()> {
    match fs::remove_file(cluster.join("postmaster.pid")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The processes that work on the cluster, zombies excepted: they have neither a command line nor a folder.
#[cfg(target_os = "linux")]
fn orphans(cluster: &Path, mark: &str) -> io::Result<Vec<Orphan>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw) else {
            continue;
        };
        let process = entry.path();
        // A process that ends meanwhile reads as nothing.
        let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
        // By name first: reading the folder of every process of the machine would take a while.
        if !matches!(name.trim(), "postgres" | "postmaster") {
            continue;
        }
        // The folder may be hidden from us where it runs as another user; the command line never is.
        let works_there = fs::read_link(process.join("cwd")).is_ok_and(|folder| folder == cluster);
        let command = fs::read(process.join("cmdline")).unwrap_or_default();
        if works_there || String::from_utf8_lossy(&command).contains(mark) {
            // Backends say what they do: `postgres: ripen-…: checkpointer`.
            found.push(Orphan { pid, is_server: !command.starts_with(b"postgres: ") });
        }
    }
    Ok(found)
}

/// Without `/proc` only the postmaster can be told, by the number it left and the name `ps` gives to that. Backends of
/// a killed postmaster are left to PostgreSQL, which finds them by its shared memory and refuses to start.
#[cfg(not(target_os = "linux"))]
fn orphans(cluster: &Path, _mark: &str) -> io::Result<Vec<Orphan>> {
    let text = fs::read_to_string(cluster.join("postmaster.pid")).unwrap_or_default();
    let pid = text.lines().next().and_then(|line| line.trim().parse().ok()).and_then(Pid::from_raw);
    let server = pid.filter(|pid| is_live_server(*pid)).map(|pid| Orphan { pid, is_server: true });
    Ok(server.into_iter().collect())
}

#[cfg(not(target_os = "linux"))]
fn is_live_server(pid: Pid) -> bool {
    let number = pid.as_raw_nonzero().to_string();
    let output = std::process::Command::new("ps").args(["-o", "stat=,comm=", "-p", &number]).output();
    output.is_ok_and(|output| {
        let line = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        !line.starts_with('Z') && line.contains("postgres")
    })
}

/// Where the number belongs to another program by now, the file is stale; where it belongs to nobody, PostgreSQL sees
/// that itself and looks for old backends by what the file says.
#[cfg(not(target_os = "linux"))]
fn remove_stale(cluster: &Path) -> io::Result<()> {
    let path = cluster.join("postmaster.pid");
    let text = fs::read_to_string(&path).unwrap_or_default();
    let pid = text.lines().next().and_then(|line| line.trim().parse().ok()).and_then(Pid::from_raw);
    match pid.is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok()) {
        true => fs::remove_file(path),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_has_time_for_its_checkpoint_and_backends_without_one_have_none() {
        let orphan = |is_server| Orphan { pid: rustix::process::getpid(), is_server };
        let (with_server, backends) = ([orphan(true), orphan(false)], [orphan(false)]);
        for (millis, server, alone) in [
            (0, None, None),
            (199, None, None),
            (200, None, Some(Signal::QUIT)),
            (5_000, Some(Signal::INT), Some(Signal::KILL)),
            (29_999, Some(Signal::INT), Some(Signal::KILL)),
            (30_000, Some(Signal::QUIT), Some(Signal::KILL)),
            (44_000, Some(Signal::KILL), Some(Signal::KILL)),
        ] {
            let waited = Duration::from_millis(millis);
            assert_eq!(due_signal(&with_server, waited), server, "{millis} ms");
            assert_eq!(due_signal(&backends, waited), alone, "{millis} ms");
        }
    }

    #[tokio::test]
    async fn other_programs_are_no_orphans_whatever_the_note_says() {
        let folder = tempfile::tempdir().unwrap();
        let note = folder.path().join("postmaster.pid");
        fs::write(&note, format!("{}\n", std::process::id())).unwrap();
        clear(folder.path(), "ripen-no-such-mark").await.unwrap();
        assert!(!note.exists());
    }
}
