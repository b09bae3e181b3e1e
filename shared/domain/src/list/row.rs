//! A row of a list: its cells with the line they are on, and what can be wrong with one.

use super::cell;
use crate::flag::FlagCode;

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRow {
    /// The line it begins on, as an editor counts.
    pub line: u64,
    /// Its cells as they are written, without quotation marks.
    pub cells: Vec<String>,
    /// Cells that do not say for certain what they say.
    pub doubtful: Vec<DoubtfulCell>,
}

/// A cell of which something has to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoubtfulCell {
    /// Which, from 0.
    pub place: usize,
    /// What.
    pub code: FlagCode,
    /// Its words.
    pub said: String,
}

impl ListRow {
    /// Whether nothing is in it: spreadsheets write such rows at the end.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.doubtful.is_empty() && self.cells.iter().all(|cell| cell::text(cell).is_empty())
    }

    /// Whether the encoding of some of it was guessed.
    #[must_use]
    pub fn is_guessed(&self) -> bool {
        self.doubtful.iter().any(|cell| cell.code == FlagCode::EncodingGuessed)
    }

    /// The row with at most so many cells: what is empty behind them goes.
    ///
    /// # Errors
    /// When it is not empty.
    pub fn within(mut self, columns: usize) -> Result<Self, BadRow> {
        let filled = self.cells.iter().rposition(|cell| !cell::text(cell).is_empty()).map_or(0, |last| last + 1);
        if filled > columns {
            let fault = RowFault::TooManyCells { cells: self.cells.len(), columns };
            return Err(BadRow { line: self.line, cell: None, fault, cells: self.cells });
        }
        self.cells.truncate(columns);
        Ok(self)
    }
}

/// What is wrong with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RowFault {
    /// No closing quotation mark, up to the end or for longer than any row is.
    #[error("a quotation mark opens here and is never closed: close it, or double it where it is meant as a character")]
    Unclosed,
    /// A closing mark far below, with whole rows between.
    #[error(
        "a quotation mark opens here and is closed only in line {line}, with whole rows in between: close it, or double it where it is meant as a character"
    )]
    SwallowsRows {
        /// Where it is closed.
        line: u64,
    },
    /// A mark within a quoted text that is not doubled.
    #[error(
        "a quotation mark opens here and text follows behind the next one, in line {line}: close the cell where it ends, and double the mark (\"\") where it is meant as a character"
    )]
    AfterQuote {
        /// Where the next one is.
        line: u64,
    },
    /// Longer than any row is.
    #[error("the row is longer than 256 KiB")]
    TooLong,
    /// A byte that no text has.
    #[error("the row holds a NUL byte, which no text has")]
    Nul,
    /// More than the header names.
    #[error(
        "the row has {cells} cells and the header {columns}: a cell that holds the separator has to stand in quotation marks"
    )]
    TooManyCells {
        /// In the row.
        cells: usize,
        /// In the header.
        columns: usize,
    },
}

/// A row that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// The line it begins on.
    pub line: u64,
    /// In which cell it goes wrong, from 0.
    pub cell: Option<usize>,
    /// What is wrong.
    pub fault: RowFault,
    /// Its cells as far as they can be told apart, for whoever mends it.
    pub cells: Vec<String>,
}
