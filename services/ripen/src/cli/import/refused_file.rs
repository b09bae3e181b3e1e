//! The rows that were refused, or of which something was not understood, as a list of their own: mended, it is imported like the first, with the same flags.

use std::{fs::File, path::Path};

use anyhow::Context as _;
use csv::{Writer, WriterBuilder};
use ripen_domain::list::mapping::{FLAGGED_COLUMNS, REFUSED_COLUMNS, is_of_refusals, is_row_number};

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

/// What a file of rows is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MendedRows {
    /// Those that were refused.
    Refused,
    /// Those that were received, and of which something was not understood.
    Flagged,
}

impl MendedRows {
    /// The flag that names the file.
    const fn flag(self) -> &'static str {
        match self {
            Self::Refused => "--refused",
            Self::Flagged => "--flagged",
        }
    }

    const fn columns(self) -> [&'static str; 3] {
        match self {
            Self::Refused => REFUSED_COLUMNS,
            Self::Flagged => FLAGGED_COLUMNS,
        }
    }
}

/// A file of rows to be mended.
pub struct RefusedFile {
    writer: Writer<File>,
    /// Columns of ours that a list of such rows has already: they are written anew.
    ours: Vec<usize>,
    /// Where such a list has the number that a row had before.
    number: Option<usize>,
    /// What is not written yet, with its line: a row that cannot be read is known before those above it are answered for.
    waiting: Vec<(u64, Vec<String>)>,
}

impl RefusedFile {
    /// Begins the file that a flag names, for rows of a list and in that list's own separator.
    ///
    /// # Errors
    /// When it cannot be written, or is the list itself.
    pub fn create((rows, path): (MendedRows, &Path), file: &Path, list: &ListFile) -> anyhow::Result<Self> {
        let (header, flag) = (&list.header().names, rows.flag());
        let is_same = path.canonicalize().ok().zip(file.canonicalize().ok()).is_some_and(|(one, other)| one == other);
        anyhow::ensure!(!is_same, "{flag} {}: that is the list itself", path.display());
        let file = File::create(path).with_context(|| format!("{flag} {} cannot be written", path.display()))?;
        let mut writer = WriterBuilder::new().flexible(true).delimiter(list.separator()).from_writer(file);
        let places = |is_it: &dyn Fn(&str) -> bool| -> Vec<usize> {
            header.iter().enumerate().filter(|(_, name)| is_it(name)).map(|(place, _)| place).collect()
        };
        let (ours, number) = (places(&is_of_refusals), places(&is_row_number).first().copied());
        let others = header.iter().map(String::as_str).filter(|name| !is_of_refusals(name));
        writer.write_record(rows.columns().into_iter().chain(others))?;
        Ok(Self { writer, ours, number, waiting: Vec::new() })
    }

    /// Adds a row; it is written with the next [`Self::settle`].
    pub fn add(&mut self, row: &ReportedRow, why: &str) {
        // A number that it had before is the one its id was made from.
        let before = self.number.and_then(|place| row.cells.get(place)).filter(|cell| !cell.is_empty()).cloned();
        let number = before.unwrap_or_else(|| row.number.to_string());
        let place = [row.line.to_string(), number, why.to_owned()];
        let cells = row.cells.iter().enumerate().filter(|(place, _)| !self.ours.contains(place)).map(|(_, cell)| cell);
        self.waiting.push((row.line, place.iter().chain(cells).cloned().collect()));
    }

    /// How many rows wait to be written.
    pub const fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Writes the rows so far in the order of their lines: nothing is outstanding of those before them.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn settle(&mut self) -> anyhow::Result<()> {
        self.waiting.sort_by_key(|(line, _)| *line);
        for (_, record) in self.waiting.drain(..) {
            self.writer.write_record(&record).context("the list of rows to be mended cannot be written")?;
        }
        Ok(())
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(&mut self) -> anyhow::Result<()> {
        self.settle()?;
        self.writer.flush().context("the list of rows to be mended cannot be written")
    }
}
