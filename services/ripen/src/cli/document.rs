//! Documents that people write: read from a file, their mistakes and warnings printed with line and column.

use std::{fs, path::Path};

use anyhow::Context as _;
use ripen_domain::criteria::Mistake;
use serde_json::json;

use crate::{cli::Common, output};

/// The largest document read, in bytes; larger ones are none.
const LARGEST: u64 = 1024 * 1024;

/// The text of a file.
///
/// # Errors
/// When it cannot be read, is too large or is no UTF-8.
pub fn read(file: &Path) -> anyhow::Result<String> {
    // Asked before reading: a wrong path may name a dump of gigabytes.
    let size = fs::metadata(file).with_context(|| format!("{} cannot be read", file.display()))?.len();
    anyhow::ensure!(size <= LARGEST, "{} is {size} bytes long: a document has at most {LARGEST}", file.display());
    let bytes = fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8", file.display()))
}

/// Says what is probably not meant.
pub fn warn(file: &Path, warnings: &[Mistake]) {
    // On standard error: warnings do not spoil a result that is piped.
    for warning in warnings {
        output::say(&format!("{}:{warning} (warning)", file.display()));
    }
}

/// Prints every mistake as `line:col: message`.
///
/// # Errors
/// When nothing can be printed.
pub fn refuse(common: &Common, file: &Path, mistakes: &[Mistake]) -> anyhow::Result<()> {
    if common.json {
        let row = |m: &Mistake| json!({"line": m.line, "column": m.column, "message": m.message});
        let rows: Vec<_> = mistakes.iter().map(row).collect();
        return Ok(output::table(true, &[], &rows)?);
    }
    for mistake in mistakes {
        output::text(&format!("{mistake}\n"))?;
    }
    let mistakes = output::counted(mistakes.len(), "mistake");
    output::say(&format!("{} has {mistakes}", file.display()));
    Ok(())
}
