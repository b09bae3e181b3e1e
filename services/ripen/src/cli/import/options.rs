//! The options of `ripen import`: the list, whose leads they are, what its columns mean, and where it goes.

use std::path::PathBuf;

use clap::Args;

use crate::cli::list::ListOptions;

/// Options of `ripen import`.
#[derive(Debug, Args)]
pub struct ImportOptions {
    /// The list: a header row, then rows. CSV with any usual separator and encoding, or an Excel workbook (.xlsx).
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The source the leads come from, by name or id (`source_…`); not needed with --server, where the key says it.
    #[arg(long, value_name = "SOURCE", required_unless_present = "server")]
    pub source: Option<String>,
    /// The slug of the source's client, where several clients have a source of this name.
    #[arg(long, value_name = "SLUG")]
    pub client: Option<String>,
    /// Which columns fill which field, the first that can be used: `email=E-mail`, `phone=Mobile,Home`, `answers.budget=Budget`.
    #[arg(long, value_name = "FIELD=COLUMNS")]
    pub map: Vec<String>,
    /// A field made from text, columns and the row's number: `external_id='list7-{#}'`, `email='{Lead_ID}@example.com'`.
    #[arg(long, value_name = "FIELD=TEXT")]
    pub set: Vec<String>,
    /// What a value becomes in a field, in letters of any size; nothing after the `=` empties it: `channel:Instagram=social`.
    #[arg(long, value_name = "FIELD:VALUE=NEW")]
    pub replace: Vec<String>,
    /// Read --map, --set and --replace from a file; flags beside it go first.
    #[arg(long, value_name = "FILE.toml")]
    pub mapping: Option<PathBuf>,
    /// Write the mapping of this list, with all that was guessed, to such a file.
    #[arg(long, value_name = "FILE.toml")]
    pub save_mapping: Option<PathBuf>,
    /// Write the rows that are refused to a list of their own, to be mended and imported again.
    #[arg(long, value_name = "FILE.csv")]
    pub refused: Option<PathBuf>,
    /// Write the rows of which something was not understood to a list of their own, to be mended and imported again.
    #[arg(long, value_name = "FILE.csv")]
    pub flagged: Option<PathBuf>,
    /// How the file is written.
    #[command(flatten)]
    pub list: ListOptions,
    /// Read, map and check the whole list and say what would become of each row, but send nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Send to a Ripen elsewhere instead.
    #[arg(long, value_name = "URL", requires = "key_env")]
    pub server: Option<String>,
    /// Environment variable that holds the source's key, with --server.
    #[arg(long, value_name = "VAR", requires = "server")]
    pub key_env: Option<String>,
}
