//! Under which user PostgreSQL runs: it refuses to run as root.
//!
//! As root, its processes get a user namespace of their own in which root goes by an ordinary name: the files stay
//! root's, and nothing has to be chosen or chowned. Where namespaces are forbidden (many containers), they run as
//! `postgres` or `nobody`, and the folder is given to that user.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, lchown},
    path::Path,
};

/// Who a child is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RunAs {
    /// The same as this process.
    Same,
    /// Root outside, this user inside a namespace of its own.
    Namespace(User),
    /// This user.
    Other(User),
}

/// An entry of `/etc/passwd`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct User {
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl RunAs {
    /// The user that files must belong to, where that is not who creates them.
    pub(super) const fn owner(&self) -> Option<User> {
        match self {
            Self::Other(user) => Some(*user),
            Self::Same | Self::Namespace(_) => None,
        }
    }

    /// Everything the child needs, made before the fork.
    pub(super) fn prepare(self) -> Setup {
        let map = |inside: u32| format!("{inside} 0 1\n").into_bytes();
        match self {
            Self::Same => Setup::Nothing,
            Self::Namespace(user) => Setup::Namespace { uid_map: map(user.uid), gid_map: map(user.gid) },
            Self::Other(user) => Setup::Other(user),
        }
    }
}

/// The candidates for a cluster, the best first.
pub(super) fn candidates(cluster: &Path, namespace: bool) -> Vec<RunAs> {
    if !rustix::process::geteuid().is_root() {
        return vec![RunAs::Same];
    }
    // A folder that belongs to somebody was made by an earlier start in their name.
    if let Some(owner) = fs::metadata(cluster).ok().filter(|folder| folder.uid() != 0) {
        return vec![RunAs::Other(User { uid: owner.uid(), gid: owner.gid() })];
    }
    // It settles under whom the earlier start ran: giving the folder to somebody else would leave it unusable for
    // that one.
    let Some(user) = unprivileged_user(&fs::read_to_string("/etc/passwd").unwrap_or_default()) else {
        return Vec::new();
    };
    let mut candidates = Vec::new();
    // Before another user: nothing has to be given away, and the files stay root's.
    if namespace && cfg!(target_os = "linux") {
        candidates.push(RunAs::Namespace(user));
    }
    candidates.push(RunAs::Other(user));
    candidates
}

/// `postgres`, else `nobody`, else anybody but root: PostgreSQL looks its own name up.
fn unprivileged_user(passwd: &str) -> Option<User> {
    let users = || {
        passwd.lines().filter_map(|line| {
            let mut fields = line.split(':');
            let (name, _, uid, gid) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
            let user = User { uid: uid.parse().ok()?, gid: gid.parse().ok()? };
            (user.uid != 0).then_some((name, user))
        })
    };
    let named = |wanted: &str| users().find(|(name, _)| *name == wanted);
    named("postgres").or_else(|| named("nobody")).or_else(|| users().next()).map(|(_, user)| user)
}

/// Gives a folder and everything in it to a user.
pub(super) fn give(folder: &Path, user: User) -> io::Result<()> {
    // Not through links: a link in the folder could name any file of the machine, which would be given away.
    lchown(folder, Some(user.uid), Some(user.gid))?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            give(&entry.path(), user)?;
        } else {
            lchown(entry.path(), Some(user.uid), Some(user.gid))?;
        }
    }
    Ok(())
}

/// What happens in the child between fork and exec. Nothing here may allocate.
pub(super) enum Setup {
    Nothing,
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "namespaces are Linux's"))]
    Namespace {
        uid_map: Vec<u8>,
        gid_map: Vec<u8>,
    },
    Other(User),
}

impl Setup {
    pub(super) fn apply(&self) -> io::Result<()> {
        match self {
            Self::Nothing => Ok(()),
            Self::Namespace { uid_map, gid_map } => enter_namespace(uid_map, gid_map),
            Self::Other(user) => become_user(*user),
        }
    }
}

#[cfg(target_os = "linux")]
fn enter_namespace(uid_map: &[u8], gid_map: &[u8]) -> io::Result<()> {
    use rustix::{
        fs::{Mode, OFlags},
        thread::{UnshareFlags, unshare_unsafe},
    };
    let write = |path: &std::ffi::CStr, content: &[u8]| -> io::Result<()> {
        // Without allocating: between fork and exec another thread may have held the allocator's lock.
        let file = rustix::fs::open(path, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
        match rustix::io::write(file, content)? == content.len() {
            true => Ok(()),
            false => Err(io::Error::from_raw_os_error(rustix::io::Errno::IO.raw_os_error())),
        }
    };
    #[allow(unsafe_code, reason = "the call is unsafe for the flag FILES, which is not used")]
    // SAFETY: only `FILES` can take descriptors away from other threads; this makes a user namespace and nothing else.
    unsafe {
        unshare_unsafe(UnshareFlags::NEWUSER)?;
    }
    // Without this the kernel refuses the group map of a process that has no rights outside.
    write(c"/proc/self/setgroups", b"deny")?;
    write(c"/proc/self/uid_map", uid_map)?;
    write(c"/proc/self/gid_map", gid_map)
}

#[cfg(not(target_os = "linux"))]
fn enter_namespace(_uid_map: &[u8], _gid_map: &[u8]) -> io::Result<()> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

#[cfg(target_os = "linux")]
fn become_user(user: User) -> io::Result<()> {
    use rustix::thread::{Gid, Uid, set_thread_gid, set_thread_groups, set_thread_uid};
    // First, while still root: without it the new user would keep root's groups.
    set_thread_groups(&[])?;
    // The forked child has one thread, so that its own identity is the whole process's.
    set_thread_gid(Gid::from_raw(user.gid))?;
    set_thread_uid(Uid::from_raw(user.uid))?;
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn become_user(_user: User) -> io::Result<()> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unprivileged_user_is_found_in_the_order_of_preference() {
        let root = "root:x:0:0:root:/root:/bin/sh\n";
        let ann = "ann:x:1000:1001::/home/ann:/bin/sh\n";
        let nobody = "nobody:x:65534:65533::/:/sbin/nologin\n";
        let postgres = "postgres:x:101:104::/var/lib/postgresql:/bin/bash\n";
        for (passwd, expected) in [
            (format!("{root}{ann}{nobody}{postgres}"), Some((101, 104))),
            (format!("{root}{ann}{nobody}"), Some((65534, 65533))),
            (format!("{root}# a comment\n{ann}"), Some((1000, 1001))),
            (root.to_owned(), None),
        ] {
            let found = unprivileged_user(&passwd).map(|user| (user.uid, user.gid));
            assert_eq!(found, expected, "{passwd}");
        }
    }
}
