//! A text file without a header, row by row, as registers publish them: addresses and numbers from its first line on.

use std::{
    fs::File,
    io::{self, Read as _},
};

use ripen_domain::list::{
    dialect,
    encoding::{NotText, TextDecoder},
    reader::SAMPLE,
    row::{BadRow, ListRow},
    row_reader::RowReader,
};

use crate::cli::list::ListOptions;

/// Bytes that are read at once.
const PIECE: usize = 64 * 1024;

/// An open file.
pub struct BareFile {
    file: File,
    decoder: TextDecoder,
    rows: RowReader,
    piece: Vec<u8>,
    is_at_end: bool,
}

impl BareFile {
    /// Begins with what was read of a file already: [`start`] of it.
    ///
    /// # Errors
    /// When it is no text.
    pub fn open(file: File, start: &[u8], options: &ListOptions) -> Result<Self, NotText> {
        let is_whole = start.len() < SAMPLE;
        let mut decoder = TextDecoder::new(start, is_whole, options.encoding.as_deref())?;
        let mut text = Vec::new();
        decoder.push(start, &mut text, is_whole);
        let named = dialect::named_separator(&text);
        let separator = given(options).or(named).unwrap_or_else(|| dialect::guess(&text, is_whole));
        let mut rows = RowReader::new(separator);
        rows.buffer().extend_from_slice(&text);
        if is_whole {
            rows.end();
        }
        if named.is_some() {
            rows.skip_line();
        }
        Ok(Self { file, decoder, rows, piece: vec![0; PIECE], is_at_end: is_whole })
    }

    /// The next row that holds anything; none at the end.
    ///
    /// # Errors
    /// When the file cannot be read on. What is wrong with a row alone is the row's.
    pub fn next(&mut self) -> io::Result<Option<Result<ListRow, BadRow>>> {
        loop {
            match self.rows.next_row() {
                Some(Ok(row)) if row.is_blank() => {}
                Some(row) => return Ok(Some(row)),
                None if self.is_at_end => return Ok(None),
                None => self.read_on()?,
            }
        }
    }

    fn read_on(&mut self) -> io::Result<()> {
        let read = self.file.read(&mut self.piece)?;
        self.is_at_end = read == 0;
        self.decoder.push(&self.piece[..read], self.rows.buffer(), self.is_at_end);
        if self.is_at_end {
            self.rows.end();
        }
        Ok(())
    }
}

/// The beginning of a file, as much of it as decides how it is read.
///
/// # Errors
/// When it cannot be read.
pub fn start(file: &mut File) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    file.take(SAMPLE as u64).read_to_end(&mut start)?;
    Ok(start)
}

/// The separator that somebody named. That it is one was seen when the file was opened as a list.
fn given(options: &ListOptions) -> Option<u8> {
    let given = options.delimiter.as_deref()?;
    match given.to_lowercase().as_str() {
        "tab" | "\\t" => Some(b'\t'),
        _ => given.bytes().next(),
    }
}
