//! Who holds a data folder: a lock for as long as the process lives, and a note for commands beside it.
//!
//! The lock is the kernel's (`flock`) and goes with its holder, however that ends; the note says only where the
//! holder's server is, and counts only while somebody holds the lock.

use std::{
    fs::{File, OpenOptions, Permissions},
    io::{Read, Seek, SeekFrom, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{EmbeddedError, connection::connection_url};

const LOCK: &str = "lock";
const NOTE: &str = "running.json";
const PAUSE: Duration = Duration::from_millis(20);
/// How long a holder may take from its lock to its note: the time of a first start.
const UNTIL_NOTE: Duration = Duration::from_secs(30);

/// A server that another process runs on a data folder.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct RunningInfo {
    /// The process that holds the folder.
    pub pid: u32,
    /// Where its PostgreSQL's socket lies.
    pub socket_dir: PathBuf,
    /// Where it takes requests, if it does.
    pub http_url: Option<String>,
}

impl RunningInfo {
    /// How to connect to its PostgreSQL.
    #[must_use]
    pub fn url(&self) -> String {
        connection_url(&self.socket_dir)
    }
}

/// The lock on a data folder.
#[derive(Debug)]
pub(super) struct Holder {
    _lock: File,
    data_dir: PathBuf,
}

impl Holder {
    /// Takes the folder, waiting for up to `limit`: a command that looks whether somebody holds it does so for an
    /// instant itself.
    pub(super) async fn take(data_dir: &Path, limit: Duration) -> Result<Self, EmbeddedError> {
        let path = data_dir.join(LOCK);
        let failed = |source| EmbeddedError::file(path.clone(), source);
        let mut options = OpenOptions::new();
        let mut lock =
            // Never truncated before it is held: it names the process that holds it.
            options.read(true).write(true).create(true).truncate(false).mode(0o600).open(&path).map_err(failed)?;
        let deadline = Instant::now() + limit;
        while let Err(error) = flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            if error != Errno::WOULDBLOCK {
                return Err(failed(error.into()));
            }
            if Instant::now() >= deadline {
                return Err(EmbeddedError::Held { folder: data_dir.to_path_buf(), pid: holder_pid(&mut lock) });
            }
            tokio::time::sleep(PAUSE).await;
        }
        // The same lock under a second handle, which goes with the holder; the first one writes the number.
        let holder = Self { _lock: lock.try_clone().map_err(failed)?, data_dir: data_dir.to_path_buf() };
        // The note of a holder that was killed would send commands to a socket that is gone.
        holder.withdraw();
        lock.set_len(0).and_then(|()| write!(lock, "{}", std::process::id())).map_err(failed)?;
        Ok(holder)
    }

    /// Leaves the note for commands beside this process.
    pub(super) fn announce(&self, socket_dir: &Path, http_url: Option<String>) -> Result<(), EmbeddedError> {
        let info = RunningInfo { pid: std::process::id(), socket_dir: socket_dir.to_path_buf(), http_url };
        // Beside it and renamed: a command must never read half a note.
        let (path, draft) = (self.data_dir.join(NOTE), self.data_dir.join("running.json.new"));
        let failed = |source| EmbeddedError::file(path.clone(), source);
        let text = serde_json::to_vec(&info).map_err(|error| failed(error.into()))?;
        std::fs::write(&draft, text).map_err(failed)?;
        // Before it gets its name: the note says where the database is.
        std::fs::set_permissions(&draft, Permissions::from_mode(0o600)).map_err(failed)?;
        std::fs::rename(&draft, &path).map_err(failed)
    }

    /// Takes the note away.
    pub(super) fn withdraw(&self) {
        let _not_there = std::fs::remove_file(self.data_dir.join(NOTE));
    }
}

fn holder_pid(lock: &mut File) -> Option<u32> {
    let mut text = String::new();
    // At most a few digits: the file may be anything.
    lock.seek(SeekFrom::Start(0)).and_then(|_| lock.take(32).read_to_string(&mut text)).ok()?;
    text.trim().parse().ok()
}

/// The server another process runs on this folder; none where nobody holds it.
///
/// # Errors
/// Where the folder cannot be read, or its holder has not brought its server up in half a minute.
pub async fn attach(data_dir: &Path) -> Result<Option<RunningInfo>, EmbeddedError> {
    let path = data_dir.join(LOCK);
    let deadline = Instant::now() + UNTIL_NOTE;
    loop {
        let mut lock = match File::open(&path) {
            Ok(lock) => lock,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(EmbeddedError::file(path, source)),
        };
        match flock(&lock, FlockOperation::NonBlockingLockShared) {
            // Nobody holds it: whatever note there is was left behind. The lock goes with this handle.
            Ok(()) => return Ok(None),
            Err(Errno::WOULDBLOCK) => {}
            Err(error) => return Err(EmbeddedError::file(path, error.into())),
        }
        let pid = holder_pid(&mut lock);
        let note = std::fs::read(data_dir.join(NOTE)).ok();
        let info: Option<RunningInfo> = note.and_then(|text| serde_json::from_slice(&text).ok());
        // A note of another process is left over from before; the one that holds the folder writes its own.
        if let Some(info) = info.filter(|info| Some(info.pid) == pid) {
            return Ok(Some(info));
        }
        if Instant::now() >= deadline {
            return Err(EmbeddedError::Held { folder: data_dir.to_path_buf(), pid });
        }
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_holds_the_folder_and_others_see_who() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(attach(folder.path()).await.unwrap(), None, "never held");
        let holder = Holder::take(folder.path(), Duration::ZERO).await.unwrap();
        let refused = Holder::take(folder.path(), Duration::from_millis(50)).await.unwrap_err();
        let text = refused.to_string();
        assert!(text.contains(&folder.path().display().to_string()), "{text}");
        assert!(text.contains(&std::process::id().to_string()), "{text}");

        holder.announce(Path::new("/run/x"), Some("http://127.0.0.1:8080".to_owned())).unwrap();
        let info = attach(folder.path()).await.unwrap().unwrap();
        assert_eq!((info.pid, info.socket_dir.as_path()), (std::process::id(), Path::new("/run/x")));
        assert_eq!(info.http_url.as_deref(), Some("http://127.0.0.1:8080"));

        drop(holder);
        assert!(folder.path().join(NOTE).exists(), "as after a kill -9");
        assert_eq!(attach(folder.path()).await.unwrap(), None, "a note nobody stands behind");
        let _next = Holder::take(folder.path(), Duration::ZERO).await.unwrap();
        assert!(!folder.path().join(NOTE).exists());
    }
}
