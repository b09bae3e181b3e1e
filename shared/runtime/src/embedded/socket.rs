//! The runtime folder of PostgreSQL's socket: short, and closed to everybody else.
//!
//! Short, because a socket's path may have 107 bytes and data folders lie deep; closed, because whoever reaches the
//! socket is let in without a password.

use std::{
    fs::{self, DirBuilder, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, lchown},
    path::{Path, PathBuf},
};

use ripen_domain::hash::ContentHash;

use super::{EmbeddedError, connection::PORT, identity::User};
use crate::secrets::variable;

/// What `sockaddr_un` holds, less the byte at its end.
const LONGEST: usize = 107;

/// A short name for a data folder, the same at every start.
pub(super) fn mark(data_dir: &Path) -> String {
    use std::os::unix::ffi::OsStrExt;
    // A hash, because the path may be longer than a socket's address holds; cut, because it only has to differ
    // between folders.
    let hash = ContentHash::of(data_dir.as_os_str().as_bytes()).to_string();
    format!("ripen-{}", &hash[..16])
}

/// Makes the folder, or takes over the one of an earlier start without the sockets left in it.
pub(super) fn prepare(data_dir: &Path, owner: Option<User>) -> Result<PathBuf, EmbeddedError> {
    let own = rustix::process::geteuid().as_raw();
    let name = format!("ripen-{own}-{}", &mark(data_dir)["ripen-".len()..]);
    // A folder of the session is closed to the user PostgreSQL runs as, where that is another.
    let session = variable("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|_| owner.is_none());
    let session = session.filter(|folder| folder.is_absolute() && fits(&folder.join(&name)));
    if let Some(path) = session.map(|folder| folder.join(&name)).filter(|path| make(path, own, owner).is_ok()) {
        return Ok(path);
    }
    let path = Path::new("/tmp").join(name);
    make(&path, own, owner).map_err(|source| EmbeddedError::file(path.clone(), source))?;
    Ok(path)
}

fn fits(folder: &Path) -> bool {
    folder.join(socket_name()).as_os_str().len() <= LONGEST
}

fn socket_name() -> String {
    format!(".s.PGSQL.{PORT}")
}

fn make(path: &Path, own: u32, owner: Option<User>) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    // In /tmp anybody may have made it first, or put a link there.
    let found = fs::symlink_metadata(path)?;
    let ours = found.uid() == own || owner.is_some_and(|owner| found.uid() == owner.uid);
    if !found.is_dir() || !ours {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the folder belongs to somebody else"));
    }
    // Every time: a folder of an earlier start may have been opened since.
    fs::set_permissions(path, Permissions::from_mode(0o700))?;
    if let Some(owner) = owner {
        lchown(path, Some(owner.uid), Some(owner.gid))?;
    }
    clear(path)
}

/// Takes the sockets away: PostgreSQL refuses to start over one whose noted process number is in use again.
fn clear(path: &Path) -> io::Result<()> {
    let socket = path.join(socket_name());
    for leftover in [socket.with_file_name(format!("{}.lock", socket_name())), socket] {
        // The note of the lock first: a socket without it would be taken for one in use.
        match fs::remove_file(leftover) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Takes the folder away after an orderly stop.
pub(super) fn remove(path: &Path) {
    let _stays_until_the_next_start = clear(path).and_then(|()| fs::remove_dir(path));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_short_closed_and_free_of_old_sockets() {
        let deep = PathBuf::from(format!("/{}", "deep/".repeat(60)));
        let path = prepare(&deep, None).unwrap();
        assert!(fits(&path), "{}", path.display());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        fs::write(path.join(".s.PGSQL.5432.lock"), "1\n").unwrap();
        assert_eq!(prepare(&deep, None).unwrap(), path, "the same at every start");
        assert_eq!(fs::read_dir(&path).unwrap().count(), 0);
        remove(&path);
        assert!(!path.exists());
    }

    #[test]
    fn a_link_in_its_place_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        fs::create_dir(&target).unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let own = rustix::process::geteuid().as_raw();
        assert_eq!(make(&link, own, None).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        assert_eq!(make(&target, own + 1, None).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
    }
}
