//! A text file of rows, read piece by piece: however long it is, a piece and a row are all that is held.

use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
};

use anyhow::Context as _;
use ripen_domain::list::{
    reader::{KnownFormat, ListHeader, ListReader},
    row::{BadRow, ListRow},
};
use serde_json::{Map, Value, json};

/// Bytes that are read at once.
const PIECE: usize = 64 * 1024;

/// An open text file.
pub struct TextFile {
    file: File,
    reader: ListReader,
    piece: Vec<u8>,
    read: u64,
    length: u64,
    is_at_end: bool,
}

impl TextFile {
    /// Begins with what was read of a file already.
    pub fn open(mut file: File, start: &[u8], known: &KnownFormat) -> anyhow::Result<Self> {
        let length = file.metadata().map_or(0, |about| about.len());
        let mut piece = vec![0; PIECE];
        let next = file.read(&mut piece).context("the file cannot be read")?;
        let mut reader = ListReader::open(start, next == 0, known)?;
        if reader.may_look_ahead() && next > 0 {
            look_ahead(&mut file, &mut reader, &piece[..next])?;
        }
        if next > 0 {
            reader.push(&piece[..next], false);
        }
        let read = (start.len() + next) as u64;
        Ok(Self { file, reader, piece, read, length, is_at_end: next == 0 })
    }

    /// The names of the columns.
    pub const fn header(&self) -> &ListHeader {
        self.reader.header()
    }

    /// The next row.
    pub fn next(&mut self) -> anyhow::Result<Option<Result<ListRow, BadRow>>> {
        loop {
            if let Some(row) = self.reader.next_row() {
                return Ok(Some(row));
            }
            if self.is_at_end {
                return Ok(None);
            }
            let read = self.file.read(&mut self.piece).context("the file cannot be read on")?;
            self.is_at_end = read == 0;
            self.read += read as u64;
            self.reader.push(&self.piece[..read], self.is_at_end);
        }
    }

    /// What separates cells.
    pub fn separator(&self) -> u8 {
        u8::try_from(self.reader.delimiter()).unwrap_or(b',')
    }

    /// The share that is read.
    pub fn percent(&self) -> u64 {
        (self.read * 100).checked_div(self.length).unwrap_or(0)
    }

    /// How it is written; the encoding of so many rows was guessed.
    pub fn shown(&self, guessed: u64) -> Map<String, Value> {
        let mut shown = Map::new();
        let encoding = match (guessed, self.reader.encoding()) {
            (0, name) => name.to_owned(),
            (rows, name) => format!("{} in {rows} row(s) that are no {name}", self.reader.other_encoding()),
        };
        let delimiter = match self.reader.delimiter() {
            '\t' => "tab".to_owned(),
            other => other.to_string(),
        };
        shown.insert("encoding".to_owned(), json!(encoding));
        shown.insert("delimiter".to_owned(), json!(delimiter));
        shown
    }
}

/// Shows the reader all of a file that can be read twice.
fn look_ahead(file: &mut File, reader: &mut ListReader, first: &[u8]) -> anyhow::Result<()> {
    if !file.metadata().is_ok_and(|about| about.is_file()) {
        return Ok(());
    }
    let at = file.stream_position().context("the file cannot be read")?;
    reader.look_ahead(first, false);
    let mut piece = vec![0; PIECE];
    loop {
        let read = file.read(&mut piece).context("the file cannot be read on")?;
        reader.look_ahead(&piece[..read], read == 0);
        if read == 0 {
            break;
        }
    }
    file.seek(SeekFrom::Start(at)).context("the file cannot be read on")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use ripen_domain::list::reader::SAMPLE;

    use super::*;

    #[test]
    fn a_file_is_read_no_further_than_its_rows_are_taken() {
        const HEADER: &str = "id,email,notes\n";
        const ROWS: usize = 30_000;
        let row = |number: usize| format!("{number:08},casey@example.com,{}\n", "x".repeat(200));
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(HEADER.as_bytes()).unwrap();
        (0..ROWS).for_each(|number| file.write_all(row(number).as_bytes()).unwrap());
        file.rewind().unwrap();
        let mut start = vec![0; SAMPLE];
        file.read_exact(&mut start).unwrap();
        let mut list = TextFile::open(file, &start, &KnownFormat::default()).unwrap();
        let (mut taken, mut rows) = (HEADER.len(), 0);
        let mut most = 0;
        while let Some(row_read) = list.next().unwrap() {
            assert_eq!(row_read.unwrap().cells[0], format!("{rows:08}"));
            most = most.max(usize::try_from(list.read).unwrap() - taken);
            taken += row(rows).len();
            rows += 1;
        }
        assert_eq!(rows, ROWS);
        assert!(most <= SAMPLE + PIECE, "{most} bytes were read ahead of the rows");
    }
}
