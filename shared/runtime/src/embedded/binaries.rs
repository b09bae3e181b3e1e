//! Finding PostgreSQL's programs on this machine.
//!
//! A folder counts when it holds `postgres` and `initdb`. A cluster can only be run by the major version that made it;
//! a new one is made by the newest there is. Nothing is fetched here.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{EmbeddedError, options::OLDEST_MAJOR};
use crate::secrets::variable;

/// Folders that hold one folder for each version, and where in these the programs lie.
const VERSIONED: &[(&str, &str)] = &[
    ("/usr/lib/postgresql", "bin"),
    ("/usr/lib64/postgresql", "bin"),
    ("/opt/homebrew/opt", "bin"),
    ("/usr/local/opt", "bin"),
    ("/home/linuxbrew/.linuxbrew/opt", "bin"),
    ("/Applications/Postgres.app/Contents/Versions", "bin"),
    ("/usr", "bin"),
];
/// What the folders of one version begin with in folders that hold other things too.
const NAMES: &[&str] = &["postgresql", "pgsql-"];

/// PostgreSQL's programs of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binaries {
    folder: PathBuf,
    /// Major and minor.
    version: (u32, u32),
}

impl Binaries {
    /// The programs in a folder, where they are there and run.
    pub(super) fn in_folder(folder: &Path) -> Option<Self> {
        Self::at(&real_folder(folder)?)
    }

    fn at(folder: &Path) -> Option<Self> {
        let postgres = folder.join("postgres");
        // In a fixed language: the version is read from the words.
        let output = Command::new(&postgres).arg("--version").env("LC_ALL", "C").output().ok()?;
        let version = parse_version(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self { folder: folder.to_path_buf(), version })
    }

    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(super) const fn major(&self) -> u32 {
        self.version.0
    }
}

/// A link in /usr/local/bin leads to the folder where the rest of that version lies.
fn real_folder(folder: &Path) -> Option<PathBuf> {
    // Links are followed: `initdb` and the libraries lie beside the program and not beside the link.
    let postgres = fs::canonicalize(folder.join("postgres")).ok()?;
    postgres.parent().filter(|own| own.join("initdb").is_file()).map(Path::to_path_buf)
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`, `… 18beta1`
fn parse_version(text: &str) -> Option<(u32, u32)> {
    let version = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let mut numbers = version.split('.').map(|part| {
        let digits = part.find(|c: char| !c.is_ascii_digit()).map_or(part, |end| &part[..end]);
        digits.parse().unwrap_or(0)
    });
    Some((numbers.next()?, numbers.next().unwrap_or(0)))
}

/// The major version that made a cluster; none where there is no cluster.
pub(super) fn cluster_major(cluster: &Path) -> Result<Option<u32>, EmbeddedError> {
    match fs::read_to_string(cluster.join("PG_VERSION")) {
        // A folder with something unreadable in it is not taken for an empty one, or a cluster would be made over it.
        Ok(text) => text.trim().parse().map(Some).map_err(|_| EmbeddedError::NoCluster(cluster.to_path_buf())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(EmbeddedError::file(cluster.join("PG_VERSION"), source)),
    }
}

/// The newest usable programs for a cluster: of the major version that made it, else of any that Ripen works with.
pub(super) fn find(cluster: &Path, major: Option<u32>) -> Result<Option<Binaries>, EmbeddedError> {
    let mut real: Vec<PathBuf> = Vec::new();
    for folder in folders().iter().filter_map(|folder| real_folder(folder)) {
        if !real.contains(&folder) {
            real.push(folder);
        }
    }
    let found = choose(real.iter().filter_map(|folder| Binaries::at(folder)).collect(), major);
    match (&found, major) {
        // Said apart: there are binaries enough, and none of them can be used for this folder.
        (None, Some(major)) if major < OLDEST_MAJOR => {
            Err(EmbeddedError::TooOld { folder: cluster.to_path_buf(), major })
        }
        _ => Ok(found),
    }
}

fn choose(found: Vec<Binaries>, major: Option<u32>) -> Option<Binaries> {
    let usable = found
        .into_iter()
        .filter(|binaries| binaries.major() >= OLDEST_MAJOR && major.is_none_or(|wanted| wanted == binaries.major()));
    // `max_by_key` takes the last of equals; PATH, which comes first, is to decide between two of one version.
    usable.collect::<Vec<_>>().into_iter().rev().max_by_key(|binaries| binaries.version)
}

fn folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        variable("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default();
    // Asked for, because distributions put the programs outside of PATH.
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        folders.push(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    }
    for (parent, inside) in VERSIONED {
        let entries = fs::read_dir(parent).into_iter().flatten().flatten();
        let versions = entries.map(|entry| entry.path()).filter(|path| path.file_name().is_some_and(is_version));
        folders.extend(versions.map(|version| version.join(inside)));
    }
    folders
}

fn is_version(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with(|c: char| c.is_ascii_digit()) || NAMES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(folder: &str, version: (u32, u32)) -> Binaries {
        Binaries { folder: folder.into(), version }
    }

    #[test]
    fn versions_are_read_as_postgresql_writes_them() {
        for (text, expected) in [
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", Some((15, 18))),
            ("postgres (PostgreSQL) 18beta1", Some((18, 0))),
            ("postgres (PostgreSQL) 16.4", Some((16, 4))),
            ("bash: postgres: not found", None),
            ("", None),
        ] {
            assert_eq!(parse_version(text), expected, "{text}");
        }
    }

    #[test]
    fn a_new_cluster_gets_the_newest_and_an_old_one_its_own() {
        let all =
            || vec![of("/old", (14, 9)), of("/a", (15, 3)), of("/new", (17, 2)), of("/b", (15, 3)), of("/c", (15, 1))];
        assert_eq!(choose(all(), None), Some(of("/new", (17, 2))));
        assert_eq!(choose(all(), Some(15)), Some(of("/a", (15, 3))), "the first of equals");
        assert_eq!(choose(all(), Some(16)), None);
        assert_eq!(choose(vec![of("/old", (14, 9))], None), None, "too old for Ripen");
        assert!(matches!(find(Path::new("x"), Some(9)), Err(EmbeddedError::TooOld { major: 9, .. })));
    }

    #[test]
    fn a_cluster_says_who_made_it() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(cluster_major(folder.path()).unwrap(), None);
        fs::write(folder.path().join("PG_VERSION"), "16\n").unwrap();
        assert_eq!(cluster_major(folder.path()).unwrap(), Some(16));
        fs::write(folder.path().join("PG_VERSION"), "9.6\n").unwrap();
        assert!(matches!(cluster_major(folder.path()), Err(EmbeddedError::NoCluster(_))));
    }
}
