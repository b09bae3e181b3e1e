//! Mails as `.eml` files, which any mail program opens: what a machine without a mail server has instead.
//!
//! A file is there whole or not at all, and an attempt that is made again writes the same file. They hold contact
//! data: only their owner can read them.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use super::{message::token, result::MailResult};

/// The folder that mails are written to.
pub(super) struct Folder {
    path: PathBuf,
    /// Tells the unfinished files of two attempts at once apart.
    unfinished: AtomicU64,
}

impl Folder {
    pub(super) fn make(path: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&path)?;
        // Set again: the folder may have been there, open to others.
        fs::set_permissions(&path, Permissions::from_mode(0o700))?;
        Ok(Self { path, unfinished: AtomicU64::new(0) })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) async fn keep(&self, id: &str, message: Vec<u8>) -> MailResult {
        // From the id alone, so that an attempt made again writes the same file; only signs that no path gives a
        // meaning.
        let name = token(id);
        let path = self.path.join(format!("{name}.eml"));
        let number = self.unfinished.fetch_add(1, Ordering::Relaxed);
        let unfinished = self.path.join(format!(".{name}.{}.{number}.tmp", std::process::id()));
        let target = path.clone();
        // On a thread that may block: waiting for the disk must not stop other mails.
        let written = tokio::task::spawn_blocking(move || write(&unfinished, &target, &message)).await;
        match written.map_err(io::Error::other).flatten() {
            Ok(()) => MailResult::Filed { path },
            Err(error) => {
                MailResult::Later { code: None, text: format!("the mail could not be filed: {}", error.kind()) }
            }
        }
    }
}

fn write(unfinished: &Path, path: &Path, message: &[u8]) -> io::Result<()> {
    // Under another name first: a mail program that watches the folder must not see half a mail.
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(unfinished)?;
    let written = file.write_all(message).and_then(|()| file.sync_all()).and_then(|()| fs::rename(unfinished, path));
    if let Err(error) = written {
        // Left behind, it would be contact data that nobody looks for.
        let _ = fs::remove_file(unfinished);
        return Err(error);
    }
    // The new name is durable once the folder is.
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}
