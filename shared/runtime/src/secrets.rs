//! Secrets and places given from outside: an environment variable or a file, never an argument that `ps` would show.

use std::{
    ffi::OsString,
    io::{self, Read},
    path::{Path, PathBuf},
};

use ripen_domain::secret::Secret;

const LONGEST: u64 = 64 * 1024;
const DEFAULT_DATA_DIR: &str = "./ripen-data";

/// Why a secret could not be read. Never carries the secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The environment does not have it.
    #[error("the environment variable {0} is not set: export it in this shell first")]
    NotSet(String),
    /// Present but without content.
    #[error("{0} is empty")]
    Empty(String),
    /// Not UTF-8, or with line breaks inside.
    #[error("{0} is not one line of UTF-8 text")]
    NotText(String),
    /// Longer than any secret is.
    #[error("{0} is longer than {LONGEST} bytes")]
    TooLong(String),
    /// The file could not be read.
    #[error("cannot read {path}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

/// The secret in an environment variable.
///
/// # Errors
/// Where the variable is missing, empty or not text.
pub fn secret_from_env(name: &str) -> Result<Secret, SecretError> {
    // From the environment or a file and never from an argument, which any user of the machine can list.
    let value = variable(name).ok_or_else(|| SecretError::NotSet(name.to_owned()))?;
    let text = value.into_string().map_err(|_| SecretError::NotText(name.to_owned()))?;
    checked(&text, || format!("the environment variable {name}"))
}

/// The secret in a file, without the line break at its end.
///
/// # Errors
/// Where the file is missing, empty, too long or not text.
pub fn secret_from_file(path: &Path) -> Result<Secret, SecretError> {
    let shown = || path.display().to_string();
    let unreadable = |source| SecretError::Unreadable { path: shown(), source };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    // One byte more than allowed tells a file that is too long from one that just fits.
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LONGEST {
        return Err(SecretError::TooLong(shown()));
    }
    let text = String::from_utf8(bytes).map_err(|_| SecretError::NotText(shown()))?;
    checked(&text, shown)
}

fn checked(text: &str, from: impl Fn() -> String) -> Result<Secret, SecretError> {
    // Editors and `echo` end a file with a line break, which is no part of the secret.
    let text = text.trim();
    if text.is_empty() {
        return Err(SecretError::Empty(from()));
    }
    // A line break inside would split a header or a connection string in which it is used.
    if text.contains(['\n', '\r', '\0']) {
        return Err(SecretError::NotText(from()));
    }
    Ok(Secret::given(text))
}

/// The data folder: the flag, else `RIPEN_DATA_DIR`, else `./ripen-data`.
#[must_use]
pub fn data_dir(flag: Option<&Path>) -> PathBuf {
    let chosen = flag.map(Path::to_path_buf);
    chosen
        // An empty variable is no folder: it would put the data into the current one.
        .or_else(|| variable("RIPEN_DATA_DIR").filter(|value| !value.is_empty()).map(PathBuf::from))
        .unwrap_or_else(|| PathBuf::from(DEFAULT_DATA_DIR))
}

/// Who runs this process, as the system calls them: what staff change from a terminal is noted under this name.
#[must_use]
pub fn operator() -> String {
    // Who became root counts, not root: several people share that name.
    let named = ["SUDO_USER", "USER", "LOGNAME"].into_iter().filter_map(variable);
    let mut named = named.filter_map(|name| name.into_string().ok()).filter(|name| !name.is_empty());
    named.next().unwrap_or_else(|| "the command line".to_owned())
}

#[allow(clippy::disallowed_methods, reason = "this crate is the one place that reads the environment")]
pub(crate) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_gives_one_line_without_its_line_break() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let read = |content: &[u8]| {
            std::fs::write(&path, content).unwrap();
            secret_from_file(&path)
        };
        assert_eq!(read(b"s3cret \r\n").unwrap().reveal(), "s3cret");
        assert!(matches!(read(b" \n"), Err(SecretError::Empty(_))));
        assert!(matches!(read(b"one\ntwo\n"), Err(SecretError::NotText(_))));
        assert!(matches!(read(b"\xff\xfe"), Err(SecretError::NotText(_))));
        assert!(matches!(read(&[b'a'; 70_000]), Err(SecretError::TooLong(_))));
        assert!(matches!(secret_from_file(&folder.path().join("none")), Err(SecretError::Unreadable { .. })));
    }

    #[test]
    fn a_variable_is_named_where_it_is_missing() {
        let missing = secret_from_env("RIPEN_NO_SUCH_VARIABLE").unwrap_err();
        assert_eq!(
            missing.to_string(),
            "the environment variable RIPEN_NO_SUCH_VARIABLE is not set: export it in this shell first"
        );
        assert!(!secret_from_env("PATH").unwrap().reveal().is_empty());
    }

    #[test]
    fn the_flag_names_the_data_folder() {
        assert_eq!(data_dir(Some(Path::new("/srv/ripen"))), Path::new("/srv/ripen"));
    }
}
