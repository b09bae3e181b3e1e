//! Why there is no embedded server: what is wrong, where, and what to do about it.

use std::{io, path::PathBuf};

use super::options::OLDEST_MAJOR;

/// Why there is no embedded server.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// Another process has the folder.
    #[error("{} is in use by {}: stop it, or name another folder with --data-dir", .folder.display(), holder_named(*.pid))]
    Held {
        /// The data folder.
        folder: PathBuf,
        /// The process that has it, where it said so.
        pid: Option<u32>,
    },
    /// A file or folder could not be worked with.
    #[error("cannot use {}{}", .path.display(), what_to_do(.source))]
    File {
        /// Which one.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// No PostgreSQL on this machine, and none could be fetched.
    #[error("no PostgreSQL{} on this machine, and fetching it failed: install it ({}), or set database.url", version_named(*.major), packages(*.major))]
    NoBinaries {
        /// The major version that made the folder, where there is a folder.
        major: Option<u32>,
        /// Why fetching failed.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The folder was made by a version that Ripen's SQL does not run on.
    #[error(
        "{} was made by PostgreSQL {major}, and Ripen needs {} or newer: move it with pg_upgrade, or name another folder with --data-dir",
        .folder.display(),
        OLDEST_MAJOR
    )]
    TooOld {
        /// The cluster.
        folder: PathBuf,
        /// The version that made it.
        major: u32,
    },
    /// There is something where the cluster should be, and it is none.
    #[error("{} is not a PostgreSQL folder, its PG_VERSION cannot be read: move it away, or name another folder with --data-dir", .0.display())]
    NoCluster(PathBuf),
    /// Parts of a cluster.
    #[error("{} holds no whole database: part of it was removed, or a copy of it broke off. Put the whole folder back from a copy, move it away to begin anew, or name another folder with --data-dir", .0.display())]
    NotWhole(PathBuf),
    /// Started as root, and there is nobody else to run PostgreSQL as.
    #[error(
        "PostgreSQL does not run as root, and neither a user namespace nor another user is to be had: start Ripen as an ordinary user"
    )]
    OnlyRoot,
    /// A new cluster could not be made.
    #[error("{step} failed: {said}")]
    Initialise {
        /// The step.
        step: &'static str,
        /// The last lines the program wrote.
        said: String,
    },
    /// The server ended while it was starting.
    #[error("PostgreSQL ended while starting: {said}")]
    Ended {
        /// The last lines of its log.
        said: String,
    },
    /// The server took too long to start.
    #[error("PostgreSQL was not ready in time: {said}")]
    NotReady {
        /// The last lines of its log.
        said: String,
    },
    /// Processes of an earlier server do not end.
    #[error("processes of an earlier PostgreSQL still work on {}: {pids:?}", .folder.display())]
    Orphans {
        /// The cluster.
        folder: PathBuf,
        /// Their numbers.
        pids: Vec<i32>,
    },
    /// Restarting has become pointless.
    #[error("PostgreSQL died more than five times within a minute: see postgres.log in the data folder")]
    KeepsDying {
        /// Why the last restart failed, where it did.
        #[source]
        last: Option<Box<EmbeddedError>>,
    },
}

impl EmbeddedError {
    pub(super) fn file(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::File { path: path.into(), source }
    }
}

/// What a newcomer can do about a file or folder, where the system's words do not say it.
fn what_to_do(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::PermissionDenied => {
            ", this user may not: give it the folder, or name another one with --data-dir"
        }
        io::ErrorKind::ReadOnlyFilesystem => ", nothing can be written there: name another folder with --data-dir",
        io::ErrorKind::StorageFull => ", the disk is full: make room, or name another folder with --data-dir",
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            ", a file is where a folder belongs: move it away, or name another folder with --data-dir"
        }
        io::ErrorKind::NotFound => ", it is not there and cannot be made there: name another folder with --data-dir",
        _ => "",
    }
}

fn holder_named(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}

fn version_named(major: Option<u32>) -> String {
    major.map(|major| format!(" {major} (the version that made the data folder)")).unwrap_or_default()
}

fn packages(major: Option<u32>) -> String {
    let of = |major: u32| format!("Debian: postgresql-{major}, Homebrew: postgresql@{major}");
    major.map_or_else(|| "Debian: postgresql, Homebrew: postgresql@17".to_owned(), of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_cannot_be_used_is_named_with_what_to_do() {
        let said = |kind: io::ErrorKind| EmbeddedError::file("/srv/ripen-data", kind.into()).to_string();
        let text = said(io::ErrorKind::PermissionDenied);
        assert!(
            text.starts_with("cannot use /srv/ripen-data, this user may not") && text.contains("--data-dir"),
            "{text}"
        );
        assert!(said(io::ErrorKind::StorageFull).contains("make room"));
        assert!(said(io::ErrorKind::NotFound).ends_with("name another folder with --data-dir"));
        assert_eq!(said(io::ErrorKind::Interrupted), "cannot use /srv/ripen-data");
        let old = EmbeddedError::TooOld { folder: "/srv/ripen-data/postgres".into(), major: 9 }.to_string();
        assert!(old.starts_with("/srv/ripen-data/postgres was made by PostgreSQL 9"), "{old}");
    }

    #[test]
    fn a_missing_version_is_named_with_what_to_install() {
        assert_eq!(super::super::binaries::find("x".as_ref(), Some(99)).unwrap(), None);
        let missing = |major| EmbeddedError::NoBinaries { major, source: "no route to host".into() }.to_string();
        let text = missing(Some(99));
        assert!(text.contains("PostgreSQL 99 (the version that made the data folder)"), "{text}");
        assert!(text.contains("postgresql-99"), "{text}");
        assert!(missing(None).starts_with("no PostgreSQL on this machine"), "{}", missing(None));
    }
}
