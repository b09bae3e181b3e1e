//! Finds the machine's PostgreSQL programs.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// Where Debian keeps its versions, one folder each: programs beside the database's clients are not on the PATH there.
const VERSIONS: &str = "/usr/lib/postgresql";

/// The path of one of PostgreSQL's programs: the newest of Debian's, else the one on the PATH.
///
/// # Panics
/// When there is none; the message says what to install.
pub(super) fn path(program: &str) -> PathBuf {
    let file = |folder: PathBuf| Some(folder.join(program)).filter(|path| path.is_file());
    newest(Path::new(VERSIONS))
        .and_then(file)
        .or_else(|| env::split_paths(&search_path()).find_map(file))
        .unwrap_or_else(|| panic!("no `{program}` of PostgreSQL: install it (Debian: apt-get install postgresql)"))
}

fn newest(versions: &Path) -> Option<PathBuf> {
    let found = fs::read_dir(versions).ok()?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    Some(versions.join(found.max()?.to_string()).join("bin"))
}

#[allow(clippy::disallowed_methods, reason = "the harness looks for the machine's programs")]
fn search_path() -> std::ffi::OsString {
    env::var_os("PATH").unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        let folder = env::temp_dir().join(format!("ripen-versions-{}", std::process::id()));
        for version in ["9", "15", "not-a-version"] {
            fs::create_dir_all(folder.join(version)).unwrap();
        }
        assert_eq!(newest(&folder), Some(folder.join("15/bin")));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_server_is_found() {
        assert!(path("postgres").is_file());
    }
}
