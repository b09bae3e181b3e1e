//! The keys under which secrets are sealed: those of the configuration; for the embedded default those of a file in the data
//! folder that only its owner reads, made at the first start.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use ripen_domain::sealed_secret::{InvalidMasterKey, Keyring, MasterKey};

use crate::{config::Settings, random::bytes32};

/// Beside the embedded database, and in no backup of it alone.
const FILE: &str = "secrets.key";
/// Its owner reads and writes it, nobody else does anything.
const RIGHTS: u32 = 0o600;
const OTHERS: u32 = 0o077;

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// With a database of its own, an installation says its key itself.
    #[error(
        "secrets.key is empty, and with database.url it is required: webhooks' secrets and the keys of links and of suppressions are \
         sealed under it. Make one with `ripen secrets new-key` (or `openssl rand -base64 32`), give it to every process and command as \
         secrets.key or RIPEN__SECRETS__KEY, and keep a copy apart from the database's backups"
    )]
    NotConfigured,
    /// A database with sealed secrets, whose file is gone.
    #[error(
        "{0} is missing, and secrets in the database are sealed under the key that was in it: put the file back, or name the key as \
         secrets.key. Without it they have to be made anew"
    )]
    FileLost(String),
    /// No key.
    #[error("{place}: {source}")]
    Invalid {
        /// The key of the configuration, or the file.
        place: String,
        /// What belongs there.
        #[source]
        source: InvalidMasterKey,
    },
    /// The file cannot be read or made.
    #[error("cannot read or make {path}")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

/// A new key.
#[must_use]
pub fn new_key() -> MasterKey {
    MasterKey::new(bytes32())
}

/// Where the keys of the embedded default lie.
#[must_use]
pub fn key_file(data_dir: &Path) -> PathBuf {
    data_dir.join(FILE)
}

/// Whether these settings take their keys from the file in the data folder.
#[must_use]
pub fn are_in_file(settings: &Settings) -> bool {
    settings.secrets.key.is_empty() && settings.database.url.is_empty()
}

/// The keys of an installation. `is_new` where nothing is sealed yet: only then is the file made that is not there.
///
/// # Errors
/// Says what is missing and what to do.
pub fn keyring(settings: &Settings, data_dir: &Path, is_new: bool) -> Result<Keyring, MasterKeyError> {
    let secrets = &settings.secrets;
    let read = |place: &str, text: &str| {
        MasterKey::parse(text).map_err(|source| MasterKeyError::Invalid { place: place.to_owned(), source })
    };
    let mut previous = Vec::new();
    let current = if !secrets.key.is_empty() {
        read("secrets.key", secrets.key.reveal())?
    } else if are_in_file(settings) {
        let mut keys = of_file(&key_file(data_dir), is_new)?.into_iter();
        let first = keys.next();
        previous.extend(keys);
        first.ok_or(MasterKeyError::Invalid {
            place: key_file(data_dir).display().to_string(),
            source: InvalidMasterKey,
        })?
    } else {
        return Err(MasterKeyError::NotConfigured);
    };
    for text in &secrets.previous_keys {
        previous.push(read("secrets.previous_keys", text.reveal())?);
    }
    Ok(Keyring::new(current, previous, bytes32))
}

/// The rights of the file, where others than its owner have any.
#[must_use]
pub fn rights_of_others(path: &Path) -> Option<u32> {
    let mode = fs::metadata(path).ok()?.permissions().mode();
    (mode & OTHERS != 0).then_some(mode & 0o777)
}

/// The keys in a file, one a line: the one that seals, then those before it.
fn of_file(path: &Path, is_new: bool) -> Result<Vec<MasterKey>, MasterKeyError> {
    let shown = || path.display().to_string();
    let failed = |source| MasterKeyError::File { path: shown(), source };
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && is_new => {
            make(path).map_err(failed)?;
            fs::read_to_string(path).map_err(failed)?
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(MasterKeyError::FileLost(shown())),
        text => text.map_err(failed)?,
    };
    // Before anything is sealed under it, and whoever made it: a power cut must not take the key and leave what it sealed.
    if is_new {
        sync_folder(folder_of(path)).map_err(failed)?;
    }
    if let Some(rights) = rights_of_others(path) {
        tracing::warn!(file = %path.display(), rights = %format!("{rights:o}"), "others may read the keys of secrets: chmod 600");
    }
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| MasterKey::parse(line).map_err(|source| MasterKeyError::Invalid { place: shown(), source }))
        .collect()
}

/// Where it lies; the working directory where its path names none.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes a folder with all above it, so that none of them is lost in a power cut.
fn make_folder(folder: &Path) -> io::Result<()> {
    let is_missing = |above: &&Path| !above.as_os_str().is_empty() && !above.exists();
    let made: Vec<_> = folder.ancestors().take_while(is_missing).collect();
    fs::create_dir_all(folder)?;
    // An entry lies in the folder above.
    made.into_iter().try_for_each(|made| sync_folder(folder_of(made)))
}

/// Has the names in a folder on the disk.
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Makes the file with a new key, unless another process is quicker.
fn make(path: &Path) -> io::Result<()> {
    make_folder(folder_of(path))?;
    // Under another name first: a file that is there is whole, also after a crash.
    let draft = path.with_extension(format!("key.{}", std::process::id()));
    let _cannot_help = fs::remove_file(&draft);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(RIGHTS).open(&draft)?;
    writeln!(file, "{}", new_key().reveal())?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{SecretText, SecretUrl};

    fn with_database(key: &str, previous: &[&str]) -> Settings {
        let mut settings = Settings::default();
        settings.database.url = SecretUrl::new("postgres://db/ripen");
        settings.secrets.key = SecretText::new(key);
        settings.secrets.previous_keys = previous.iter().map(|key| SecretText::new(key)).collect();
        settings
    }

    #[test]
    fn with_a_database_the_key_is_the_configurations() {
        let folder = tempfile::tempdir().unwrap();
        let missing = keyring(&with_database("", &[]), folder.path(), true).unwrap_err().to_string();
        assert!(missing.contains("ripen secrets new-key") && missing.contains("openssl rand -base64 32"), "{missing}");
        let (new, old) = (new_key(), new_key());
        let ring = keyring(&with_database(&new.reveal(), &[&old.reveal()]), folder.path(), false).unwrap();
        assert!(ring.current() == new.id() && ring.knows(old.id()) && !ring.knows(new_key().id()));
        assert!(!key_file(folder.path()).exists());
        let wrong = keyring(&with_database("s3cret", &[]), folder.path(), true).unwrap_err();
        assert!(!format!("{wrong} {wrong:?}").contains("s3cret"), "{wrong}");
    }

    #[test]
    fn folders_that_are_made_are_on_the_disk_with_all_above_them() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("a/b/c");
        make_folder(&deep).unwrap();
        make_folder(&deep).unwrap();
        assert!(deep.is_dir());
        assert_eq!(folder_of(Path::new("secrets.key")), Path::new("."));
        let first = keyring(&Settings::default(), &deep.join("d"), true).unwrap().current();
        assert_eq!(keyring(&Settings::default(), &deep.join("d"), true).unwrap().current(), first, "made once");
    }

    #[test]
    fn the_embedded_default_has_a_file_of_its_own_that_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let (data, settings) = (folder.path().join("data"), Settings::default());
        let lost = keyring(&settings, &data, false).unwrap_err();
        assert!(matches!(lost, MasterKeyError::FileLost(_)), "{lost}");
        let first = keyring(&settings, &data, true).unwrap().current();
        let file = key_file(&data);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, RIGHTS);
        assert_eq!(fs::read_dir(&data).unwrap().count(), 1, "no draft stays");
        assert_eq!(keyring(&settings, &data, false).unwrap().current(), first);
        assert_eq!(rights_of_others(&file), None);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(rights_of_others(&file), Some(0o640));
        // A new key before the old one: a rotation.
        let next = new_key();
        fs::write(&file, format!("{}\n{}", next.reveal(), fs::read_to_string(&file).unwrap())).unwrap();
        let ring = keyring(&settings, &data, false).unwrap();
        assert!(ring.current() == next.id() && ring.knows(first));
    }
}
