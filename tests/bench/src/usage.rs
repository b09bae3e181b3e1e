//! What processes use, from `/proc`: processor time of a process with its descendants, and its peak of memory.

use std::{collections::HashMap, fs};

/// Parts of a second that the kernel counts processor time in; the same on every Linux of today.
const TICKS_PER_SECOND: f64 = 100.0;

struct Stat {
    parent: u32,
    name: String,
    /// Its own, and that of children it has waited for.
    ticks: u64,
}

fn stat(pid: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // `pid (name) state parent …`, and the name may hold blanks and brackets.
    let (before, after) = text.rsplit_once(')')?;
    let fields: Vec<_> = after.split_whitespace().collect();
    let ticks = fields.get(11..15)?.iter().filter_map(|field| field.parse::<u64>().ok()).sum();
    Some(Stat { parent: fields.get(1)?.parse().ok()?, name: before.split_once('(')?.1.to_owned(), ticks })
}

fn all() -> HashMap<u32, Stat> {
    let entries = fs::read_dir("/proc").expect("Linux").filter_map(Result::ok);
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid| Some((pid, stat(pid)?))).collect()
}

fn descends(processes: &HashMap<u32, Stat>, mut pid: u32, root: u32) -> bool {
    while pid != root {
        match processes.get(&pid) {
            Some(stat) if stat.parent != 0 => pid = stat.parent,
            _ => return false,
        }
    }
    true
}

/// Processor time, in seconds, of a process and everything it has started and waited for or that still runs.
pub fn cpu(root: u32) -> f64 {
    let processes = all();
    let tree = processes.iter().filter(|(pid, _)| descends(&processes, **pid, root));
    tree.map(|(_, stat)| stat.ticks).sum::<u64>() as f64 / TICKS_PER_SECOND
}

/// The Erlang machine of the RabbitMQ node that this process has started.
pub fn rabbit() -> Option<u32> {
    let processes = all();
    let ours = |pid: u32| descends(&processes, pid, std::process::id());
    processes.iter().find(|(pid, stat)| stat.name == "beam.smp" && ours(**pid)).map(|(pid, _)| *pid)
}

/// The most memory a process has had resident so far, in megabytes.
pub fn peak_memory(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux counts it");
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse().expect("a number of kB");
    kilobytes / 1024.0
}

/// How busy the machine is: the load average of the last minute.
pub fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").expect("Linux");
    text.split_whitespace().next().unwrap_or_default().to_owned()
}
