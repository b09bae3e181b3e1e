//! The server that runs beside an import, found by what it says of itself in its data folder.

use std::{path::Path, time::Duration};

use ripen_runtime::embedded::{RunningInfo, attach};

/// Longer than the kernel takes to end a process.
const SECOND_LOOK: Duration = Duration::from_millis(50);
/// Looks at a server that is starting: 10 s in all.
const LOOKS: u32 = 200;

/// The server beside this command, by its process and address. One that was just killed still holds its folder for an
/// instant: it is looked at twice.
pub async fn living(data_dir: &Path) -> anyhow::Result<Option<(u32, String)>> {
    let at = |running: RunningInfo| running.http_url.map(|url| (running.pid, url));
    let mut seen = None;
    // One that is starting says its address soon; a command that holds the folder is gone soon.
    for _ in 0..LOOKS {
        let Some(running) = attach(data_dir).await? else { return Ok(None) };
        match at(running) {
            found @ Some(_) if found == seen => return Ok(found),
            found => seen = found,
        }
        tokio::time::sleep(SECOND_LOOK).await;
    }
    Ok(None)
}

/// Returns when this process holds the folder no more.
pub async fn ended(data_dir: &Path, pid: u32) {
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        if !matches!(attach(data_dir).await, Ok(Some(running)) if running.pid == pid) {
            return;
        }
    }
}
