//! The rows that were refused, or of which something was not understood, as a list of their own: mended, it is imported like the first, with the same flags.

use std::{fs::File, path::Path};

use anyhow::Context as _;
use csv::{Writer, WriterBuilder};
use ripen_domain::list::mapping::REFUSED_COLUMNS;

use crate::cli::list::ListFile;

/// A row of the list, as far as a report has to know it.
#[derive(Debug, Clone)]
pub struct ReportedRow {
    /// Its line.
    pub line: u64,
    /// Its number, from 1.
    pub number: u64,
    /// Its cells.
    pub cells: Vec<String>,
}

/// A file of refused rows.
pub struct RefusedFile {
    writer: Writer<File>,
    /// Columns of ours that a list of refused rows has already: they are written anew.
    ours: Vec<usize>,
}

impl RefusedFile {
    /// Begins the file that a flag names, for rows of a list and in that list's own separator.
    ///
    /// # Errors
    /// When it cannot be written, or is the list itself.
    pub fn create((flag, path): (&str, &Path), file: &Path, list: &ListFile) -> anyhow::Result<Self> {
        let header = &list.header().names;
        let is_same = path.canonicalize().ok().zip(file.canonicalize().ok()).is_some_and(|(one, other)| one == other);
        anyhow::ensure!(!is_same, "{flag} {}: that is the list itself", path.display());
        let file = File::create(path).with_context(|| format!("{flag} {} cannot be written", path.display()))?;
        let mut writer = WriterBuilder::new().flexible(true).delimiter(list.separator()).from_writer(file);
        let is_ours = |name: &str| REFUSED_COLUMNS.contains(&name);
        let ours = header.iter().enumerate().filter(|(_, name)| is_ours(name)).map(|(place, _)| place).collect();
        writer.write_record(
            REFUSED_COLUMNS.into_iter().chain(header.iter().map(String::as_str).filter(|name| !is_ours(name))),
        )?;
        Ok(Self { writer, ours })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, row: &ReportedRow, why: &str) -> anyhow::Result<()> {
        // A number that it had before is the one its id was made from.
        let before = self.ours.get(1).and_then(|place| row.cells.get(*place)).filter(|cell| !cell.is_empty()).cloned();
        let number = before.unwrap_or_else(|| row.number.to_string());
        let place = [row.line.to_string(), number, why.to_owned()];
        let cells = row.cells.iter().enumerate().filter(|(place, _)| !self.ours.contains(place)).map(|(_, cell)| cell);
        self.writer.write_record(place.iter().chain(cells)).context("the list of rows to be mended cannot be written")
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(&mut self) -> anyhow::Result<()> {
        self.writer.flush().context("the list of rows to be mended cannot be written")
    }
}
