//! Starting programs so that they do not outlive this process, under a user PostgreSQL accepts.
//!
//! All are started by one thread that lives as long as the process: Linux sends the "parent died" signal when the
//! *thread* that started the child ends, and a worker thread of the runtime may end long before the process does.

use std::{
    io,
    os::unix::process::CommandExt,
    process::{Child, Command, ExitStatus, Output},
    sync::{Mutex, PoisonError, mpsc},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::watch;

use super::identity::RunAs;

type Reply = mpsc::SyncSender<io::Result<Child>>;

static KEEPER: Mutex<Option<mpsc::Sender<(Command, Reply)>>> = Mutex::new(None);

/// Starts a program that gets `when_parent_dies` should this process end before it (Linux only; elsewhere it stays
/// behind, and the next start deals with it). It has a session of its own, so that Ctrl-C in the terminal reaches
/// Ripen alone, which then stops it in order.
pub(super) fn start(mut command: Command, identity: &RunAs, when_parent_dies: Signal) -> io::Result<Child> {
    // First, while the environment of this process is copied: a `PGDATA` of the shell's would name another server.
    without_foreign_settings(&mut command);
    let setup = identity.prepare();
    let parent = rustix::process::getpid();
    let in_child = move || -> io::Result<()> {
        // Before the identity changes, which may take the right to it.
        rustix::process::setsid()?;
        setup.apply()?;
        // After the change of user, which clears it.
        die_with(parent, when_parent_dies)
    };
    #[allow(unsafe_code, reason = "there is no other way to run code between fork and exec")]
    // SAFETY: the closure runs in the forked child, where only async-signal-safe calls are allowed. It makes system
    // calls only (setsid, prctl, getppid, unshare, open, write, set*id) on buffers made before the fork; it takes no
    // lock and allocates nothing, and an error carries nothing but its number.
    unsafe {
        command.pre_exec(in_child);
    }
    // One answer, with a place for it: the thread must not wait for whoever gave up.
    let (reply, answer) = mpsc::sync_channel(1);
    let gone = || io::Error::other("the thread that starts programs has ended");
    keeper()?.send((command, reply)).map_err(|_| gone())?;
    answer.recv().map_err(|_| gone())?
}

fn keeper() -> io::Result<mpsc::Sender<(Command, Reply)>> {
    let mut keeper = KEEPER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(orders) = &*keeper {
        return Ok(orders.clone());
    }
    let (orders, taken) = mpsc::channel::<(Command, Reply)>();
    let serve = move || {
        for (mut command, reply) in taken {
            let _nobody_waits = reply.send(command.spawn());
        }
    };
    std::thread::Builder::new().name("ripen-keeper".to_owned()).spawn(serve)?;
    *keeper = Some(orders.clone());
    Ok(orders)
}

#[cfg(target_os = "linux")]
fn die_with(parent: Pid, signal: Signal) -> io::Result<()> {
    rustix::process::set_parent_process_death_signal(Some(signal))?;
    // The parent may have died before the call above: then nobody would send the signal any more.
    match rustix::process::getppid() == Some(parent) {
        true => Ok(()),
        false => Err(io::Error::from_raw_os_error(rustix::io::Errno::SRCH.raw_os_error())),
    }
}

#[cfg(not(target_os = "linux"))]
fn die_with(_parent: Pid, _signal: Signal) -> io::Result<()> {
    Ok(())
}

/// `PGPORT`, `PGDATA`, … are meant for another server; the C locale keeps PostgreSQL's messages as they are known.
fn without_foreign_settings(command: &mut Command) {
    // All of them, because newer versions know names that this one does not.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"PG")) {
        command.env_remove(name);
    }
    command.env("LC_ALL", "C").env("LANG", "C");
}

/// Runs a program to its end; killed when it takes longer than `limit`.
pub(super) async fn run(command: Command, identity: &RunAs, limit: Duration) -> io::Result<Output> {
    let child = start(command, identity, Signal::TERM)?;
    let pid = pid_of(&child);
    // On a thread that may block: reading what a child says ends with the child.
    let ended = tokio::task::spawn_blocking(move || child.wait_with_output());
    match tokio::time::timeout(limit, ended).await {
        Ok(output) => output.map_err(io::Error::other)?,
        Err(_) => {
            if let Some(pid) = pid {
                // Killed: a program of ours that takes so long has hung, and holds the draft it works on.
                let _already_gone = kill_process(pid, Signal::KILL);
            }
            Err(io::Error::new(io::ErrorKind::TimedOut, format!("not done within {} s", limit.as_secs())))
        }
    }
}

fn pid_of(child: &Child) -> Option<Pid> {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw)
}

/// A program that is running, or has ended.
#[derive(Debug, Clone)]
pub(super) struct Running {
    pid: Pid,
    exit: watch::Receiver<Option<ExitStatus>>,
}

impl Running {
    /// Watches a child from a thread of its own.
    pub(super) fn watch(mut child: Child) -> io::Result<Self> {
        let pid = pid_of(&child).ok_or_else(|| io::Error::other("a process without a number"))?;
        let (ended, exit) = watch::channel(None);
        // A thread that waits: the number of a child that nobody waits for stays taken, and its end is not noticed.
        std::thread::Builder::new().name("ripen-wait".to_owned()).spawn(move || {
            // Fails only for a child that was waited for already, which is then gone too.
            let status = child.wait().unwrap_or_default();
            let _nobody_waits = ended.send(Some(status));
        })?;
        Ok(Self { pid, exit })
    }

    pub(super) const fn pid(&self) -> Pid {
        self.pid
    }

    /// How it ended, where it has.
    pub(super) fn exit(&self) -> Option<ExitStatus> {
        *self.exit.borrow()
    }

    /// Sends a signal, unless it has ended.
    pub(super) fn signal(&self, signal: Signal) {
        // A number that is free again may belong to anybody.
        if self.exit().is_none() {
            let _already_gone = kill_process(self.pid, signal);
        }
    }

    /// Waits for its end.
    pub(super) async fn ended(&self) -> ExitStatus {
        let mut exit = self.exit.clone();
        let status = exit.wait_for(Option::is_some).await.ok().and_then(|status| *status);
        status.unwrap_or_default()
    }

    /// Waits for its end up to a limit; false when it still runs.
    pub(super) async fn ended_within(&self, limit: Duration) -> bool {
        tokio::time::timeout(limit, self.ended()).await.is_ok()
    }
}

/// What a program said at its end, as one line.
pub(super) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    match lines.as_slice() {
        [] => "it said nothing".to_owned(),
        // The end of a log says why; the whole of it would bury the error.
        lines => lines[lines.len().saturating_sub(6)..].join(" | "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_said_is_cut_to_its_end() {
        assert_eq!(last_lines("\n"), "it said nothing");
        assert_eq!(last_lines("1\n2\n\n3\n4\n5\n6\n7\n"), "2 | 3 | 4 | 5 | 6 | 7");
    }
}
