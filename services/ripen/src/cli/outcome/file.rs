//! A file of outcomes, row by row: which column is what, and what each row says about whom.

use std::{fs::File, path::Path};

use anyhow::Context as _;
use csv::{Reader, ReaderBuilder, StringRecord, Trim};
use ripen_actions::outcome_import::OutcomeRow;
use ripen_domain::outcome::OutcomeFields;

/// The columns that are read; others are not looked at.
const COLUMNS: [&str; 8] = ["delivery", "email", "phone", "outcome", "reason", "amount", "currency", "date"];

/// A file that is read row by row.
pub struct OutcomeFile {
    reader: Reader<File>,
    /// Which column holds which field of [`COLUMNS`].
    places: [Option<usize>; COLUMNS.len()],
}

impl OutcomeFile {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// Says which column is missing.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let file = File::open(path).with_context(|| format!("{shown} cannot be read"))?;
        // Flexible: rows of spreadsheets lose empty cells at the end, and are no mistake.
        let mut reader = ReaderBuilder::new().trim(Trim::All).flexible(true).from_reader(file);
        let header = reader.headers().with_context(|| format!("{shown} is no CSV in UTF-8 with a header row"))?.clone();
        // By name and not by order: exports put columns where they like.
        let place = |wanted: &str| header.iter().position(|name| is_called(name, wanted));
        let places = COLUMNS.map(place);
        anyhow::ensure!(places[3].is_some(), "{shown} has no column named outcome; there are: {}", COLUMNS.join(", "));
        anyhow::ensure!(
            places[..3].iter().any(Option::is_some),
            "{shown} has none of the columns delivery, email and phone, by which leads are found"
        );
        Ok(Self { reader, places })
    }

    /// The next row; an error with its line where it cannot be read.
    pub fn read(&mut self) -> Option<Result<OutcomeRow, (u64, String)>> {
        let mut record = StringRecord::new();
        let read = self.reader.read_record(&mut record);
        // A record that could not be read has no position: then the reader's own counts.
        let line = record.position().unwrap_or_else(|| self.reader.position()).line();
        match read {
            Ok(false) => None,
            Ok(true) => Some(Ok(self.row(line, &record))),
            Err(error) => Some(Err((line, error.to_string()))),
        }
    }

    fn row(&self, line: u64, record: &StringRecord) -> OutcomeRow {
        let cell = |field: usize| {
            let text = self.places[field].and_then(|place| record.get(place)).unwrap_or_default();
            (!text.is_empty()).then(|| text.to_owned())
        };
        let said = OutcomeFields {
            // "Not yet", "not-yet" and `not_yet` are one word.
            outcome: cell(3).map(|word| word.to_lowercase().replace([' ', '-'], "_")),
            reason: cell(4),
            amount: cell(5),
            currency: cell(6),
            date: cell(7),
        };
        OutcomeRow { line, delivery: cell(0), email: cell(1), phone: cell(2), said }
    }
}

/// Whether a header names a column: letters alone count.
fn is_called(name: &str, wanted: &str) -> bool {
    // Spreadsheets begin UTF-8 files with a byte order mark, which would be part of the first name.
    let letters = |text: &str| text.trim_start_matches('\u{feff}').to_lowercase().replace([' ', '-', '_'], "");
    letters(name) == letters(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_known_however_they_are_written() {
        for name in ["E-Mail", "email", "\u{feff}EMAIL", "e_mail"] {
            assert!(is_called(name, "email"), "{name}");
        }
        assert!(!is_called("mail", "email"));
    }
}
