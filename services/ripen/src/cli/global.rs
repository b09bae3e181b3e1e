//! What every command has: options, and how an id is read.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// Configuration file; `ripen.toml` in the current folder where there is one.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder of the embedded database and of filed mail; `ripen-data` in the current folder.
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Print results as JSON.
    #[arg(long, global = true)]
    pub json: bool,
}

/// Reads an id, naming what it should look like.
///
/// # Errors
/// When it is none.
pub fn id<T>(text: &str) -> anyhow::Result<T>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    // The text is not repeated: it may be a token or key pasted in place of an id.
    text.parse::<T>().with_context(|| "this id cannot be read".to_owned())
}
