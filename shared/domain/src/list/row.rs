//! Rows of separated cells (RFC 4180 and what people make of it), from bytes that come in pieces, each with its line.
//!
//! An own reader, because those of the libraries take a quotation mark that is never closed for a cell that ends with the
//! file: every row behind it would be gone without a word. Here such a row is refused alone, and reading goes on with the
//! line after it. Memory is bounded by the longest row that is read, whatever the file's size.

use encoding_rs::{Encoding, WINDOWS_1252};

use super::encoding::cell_text_else;
use crate::flag::FlagCode;

/// The longest row, in bytes. No lead is that long: more can only be a mistake.
const LONGEST: usize = 256 * 1024;

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
        self.doubtful.is_empty() && self.cells.iter().all(|cell| super::cell::text(cell).is_empty())
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
        let filled = self.cells.iter().rposition(|cell| !super::cell::text(cell).is_empty()).map_or(0, |last| last + 1);
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

/// Reads rows from the bytes that are pushed: UTF-8, or an encoding that shares ASCII with it.
#[derive(Debug, Clone)]
pub struct RowReader {
    delimiter: u8,
    columns: Option<usize>,
    buffer: Vec<u8>,
    at: usize,
    line: u64,
    is_ended: bool,
    is_skipping: bool,
    /// What cells are in that are no UTF-8.
    other: &'static Encoding,
}

impl RowReader {
    /// Nothing read yet; cells are separated by this ASCII character.
    #[must_use]
    pub const fn new(delimiter: u8) -> Self {
        Self {
            delimiter,
            columns: None,
            buffer: Vec::new(),
            at: 0,
            line: 1,
            is_ended: false,
            is_skipping: false,
            other: WINDOWS_1252,
        }
    }

    /// What separates cells.
    #[must_use]
    pub const fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// In which encoding cells are, from now on, that are no UTF-8.
    pub const fn set_other_encoding(&mut self, other: &'static Encoding) {
        self.other = other;
    }

    /// How many cells a row may have from now on.
    pub const fn set_columns(&mut self, columns: usize) {
        self.columns = Some(columns);
    }

    /// Where the next bytes go.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        self.buffer.drain(..self.at);
        self.at = 0;
        &mut self.buffer
    }

    /// No more bytes come.
    pub const fn end(&mut self) {
        self.is_ended = true;
    }

    /// Leaves the rest of this line out.
    pub fn skip_line(&mut self) {
        self.is_skipping = true;
        self.skip();
    }

    /// The next row; nothing where more bytes are needed, or none are left. Empty lines are no rows.
    pub fn next_row(&mut self) -> Option<Result<ListRow, BadRow>> {
        loop {
            if self.is_skipping && !self.skip() {
                return None;
            }
            let rest = &self.buffer[self.at..];
            match parse(rest, self.delimiter, self.is_ended) {
                Parsed::Nothing => return None,
                Parsed::Row { cells, .. } if cells.len() == 1 && cells[0].bytes.is_empty() && !cells[0].is_quoted => {
                    self.skip_line();
                }
                Parsed::Row { cells, end } => return Some(self.row(cells, end)),
                Parsed::More { .. } if rest.len() <= LONGEST && !self.is_ended => return None,
                Parsed::More { open } => {
                    let fault = if open.is_some() { RowFault::Unclosed } else { RowFault::TooLong };
                    return Some(Err(self.bad_line(fault, open)));
                }
                Parsed::AfterQuote { cell, end } => {
                    let fault = RowFault::AfterQuote { line: self.line + line_breaks(&rest[..end]) };
                    return Some(Err(self.bad_line(fault, Some(cell))));
                }
            }
        }
    }

    fn row(&mut self, cells: Vec<RawCell>, end: usize) -> Result<ListRow, BadRow> {
        let rest = &self.buffer[self.at..self.at + end];
        let lines = line_breaks(rest);
        let columns = self.columns.unwrap_or(usize::MAX);
        if let Some(cell) = cells.iter().position(|cell| swallows_rows(cell, self.delimiter, columns)) {
            let fault = RowFault::SwallowsRows { line: self.line + lines.saturating_sub(1) };
            return Err(self.bad_line(fault, Some(cell)));
        }
        if end > LONGEST {
            return Err(self.bad_line(RowFault::TooLong, None));
        }
        let nul = cells.iter().position(|cell| cell.bytes.contains(&0));
        let line = self.line;
        self.at += end;
        self.line += lines;
        let decoded: Vec<_> = cells.into_iter().map(|cell| cell_text_else(cell.bytes, self.other)).collect();
        let guessed = decoded.iter().enumerate().filter(|(_, cell)| !cell.is_utf8);
        let doubtful = guessed.map(|(place, cell)| DoubtfulCell {
            place,
            code: FlagCode::EncodingGuessed,
            said: cell.text.clone(),
        });
        let doubtful = doubtful.collect();
        let cells: Vec<_> = decoded.into_iter().map(|cell| cell.text).collect();
        if let Some(nul) = nul {
            return Err(BadRow { line, cell: Some(nul), fault: RowFault::Nul, cells });
        }
        ListRow { line, cells, doubtful }.within(columns)
    }

    /// Refuses the line at hand alone and goes on with the next one.
    fn bad_line(&mut self, fault: RowFault, cell: Option<usize>) -> BadRow {
        let rest = &self.buffer[self.at..];
        let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len()).min(LONGEST);
        let texts = rest[..end].split(|byte| *byte == self.delimiter);
        let cells = texts.map(|bytes| cell_text_else(bytes.to_vec(), self.other).text).collect();
        let line = self.line;
        self.skip_line();
        BadRow { line, cell, fault, cells }
    }

    /// Whether the end of the line was found.
    fn skip(&mut self) -> bool {
        let rest = &self.buffer[self.at..];
        let found = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        let Some(found) = found else {
            self.at = self.buffer.len();
            self.is_skipping = !self.is_ended;
            return self.is_ended;
        };
        match line_end(&rest[found..], self.is_ended) {
            None => {
                // Whether this is a line's end of one or two bytes is seen with the next.
                self.at += found;
                false
            }
            Some(length) => {
                self.at += found + length;
                self.line += 1;
                self.is_skipping = false;
                true
            }
        }
    }
}

/// A cell's bytes.
struct RawCell {
    bytes: Vec<u8>,
    is_quoted: bool,
}

/// What the bytes at hand come to.
enum Parsed {
    Nothing,
    Row { cells: Vec<RawCell>, end: usize },
    More { open: Option<usize> },
    AfterQuote { cell: usize, end: usize },
}

fn parse(rest: &[u8], delimiter: u8, is_ended: bool) -> Parsed {
    if rest.is_empty() {
        return Parsed::Nothing;
    }
    let mut cells = Vec::new();
    let mut at = 0;
    loop {
        let blank = |byte: &u8| *byte == b' ' || (*byte == b'\t' && delimiter != b'\t');
        let open = at + rest[at..].iter().take_while(|byte| blank(byte)).count();
        if rest.get(open) == Some(&b'"') {
            match quoted(&rest[open + 1..], delimiter, is_ended) {
                Quoted::Cell { bytes, length } => {
                    cells.push(RawCell { bytes, is_quoted: true });
                    at = open + 1 + length;
                }
                Quoted::Open => return Parsed::More { open: Some(cells.len()) },
                Quoted::AfterQuote { length } => {
                    return Parsed::AfterQuote { cell: cells.len(), end: open + 1 + length };
                }
            }
        } else {
            let ends = |byte: &u8| *byte == delimiter || matches!(byte, b'\n' | b'\r');
            let Some(length) = rest[at..].iter().position(ends).or_else(|| is_ended.then_some(rest.len() - at)) else {
                return Parsed::More { open: None };
            };
            cells.push(RawCell { bytes: rest[at..at + length].to_vec(), is_quoted: false });
            at += length;
        }
        match rest.get(at) {
            Some(byte) if *byte == delimiter => at += 1,
            None => return Parsed::Row { cells, end: at },
            Some(_) => match line_end(&rest[at..], is_ended) {
                Some(length) => return Parsed::Row { cells, end: at + length },
                None => return Parsed::More { open: None },
            },
        }
        if at == rest.len() && !is_ended {
            return Parsed::More { open: None };
        }
    }
}

enum Quoted {
    /// The cell, and how far it goes: up to the separator or the line's end.
    Cell {
        bytes: Vec<u8>,
        length: usize,
    },
    Open,
    AfterQuote {
        length: usize,
    },
}

/// Reads on from behind an opening quotation mark.
fn quoted(rest: &[u8], delimiter: u8, is_ended: bool) -> Quoted {
    let mut bytes = Vec::new();
    let mut at = 0;
    loop {
        let Some(found) = rest[at..].iter().position(|byte| *byte == b'"') else { return Quoted::Open };
        bytes.extend_from_slice(&rest[at..at + found]);
        let behind = at + found + 1;
        let blanks = rest[behind..].iter().take_while(|byte| **byte == b' ').count();
        match rest.get(behind + blanks) {
            None if is_ended => return Quoted::Cell { bytes, length: rest.len() },
            None => return Quoted::Open,
            Some(byte) if *byte == delimiter || matches!(byte, b'\n' | b'\r') => {
                return Quoted::Cell { bytes, length: behind + blanks };
            }
            Some(b'"') if blanks == 0 => {
                bytes.push(b'"');
                at = behind + 1;
            }
            // \" is how some databases write what others double.
            Some(_) if bytes.last() == Some(&b'\\') => {
                bytes.pop();
                bytes.push(b'"');
                at = behind;
            }
            Some(_) => return Quoted::AfterQuote { length: behind },
        }
    }
}

/// The length of a line's end at the beginning of `rest`; nothing where the next byte has to be seen first.
fn line_end(rest: &[u8], is_ended: bool) -> Option<usize> {
    match rest {
        [b'\r', b'\n', ..] => Some(2),
        [b'\r'] if !is_ended => None,
        _ => Some(1),
    }
}

fn line_breaks(bytes: &[u8]) -> u64 {
    let breaks = bytes.iter().enumerate().filter(|(at, byte)| match byte {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    });
    breaks.count() as u64
}

/// Whether lines within a quoted cell look like rows of this list: then the marks are those of two cells, far apart.
fn swallows_rows(cell: &RawCell, delimiter: u8, columns: usize) -> bool {
    /// So many separators in whole lines, all at the right places, are no address and no note.
    const PROOF: usize = 4;
    if !cell.is_quoted || columns < 2 || columns == usize::MAX || line_breaks(&cell.bytes) < 2 {
        return false;
    }
    let lines = cell.bytes.split(|byte| matches!(byte, b'\n' | b'\r')).filter(|line| !line.is_empty());
    let lines: Vec<_> = lines.collect();
    let inner = lines.get(1..lines.len() - 1).unwrap_or_default();
    let is_row = |line: &&[u8]| line.iter().filter(|byte| **byte == delimiter).count() + 1 == columns;
    inner.iter().all(is_row) && inner.len() * (columns - 1) >= PROOF
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, columns: Option<usize>, piece: usize) -> Vec<Result<ListRow, BadRow>> {
        let mut reader = RowReader::new(b',');
        columns.into_iter().for_each(|columns| reader.set_columns(columns));
        let mut rows = Vec::new();
        for piece in text.as_bytes().chunks(piece) {
            reader.buffer().extend_from_slice(piece);
            rows.extend(std::iter::from_fn(|| reader.next_row()));
        }
        reader.end();
        rows.extend(std::iter::from_fn(|| reader.next_row()));
        rows
    }

    /// Rows as `line:cell|cell` and faults as `line!fault`, the same in pieces of any size.
    fn read(text: &str, columns: Option<usize>) -> Vec<String> {
        let shown = |row: Result<ListRow, BadRow>| match row {
            Ok(row) => format!("{}:{}", row.line, row.cells.join("|")),
            Err(bad) => format!("{}!{:?}", bad.line, bad.fault),
        };
        let shown = |piece| all(text, columns, piece).into_iter().map(shown).collect::<Vec<_>>();
        let whole = shown(usize::MAX);
        for piece in [1, 2, 3, 7] {
            assert_eq!(shown(piece), whole, "in pieces of {piece}");
        }
        whole
    }

    #[test]
    fn lines_are_counted_as_an_editor_does() {
        assert_eq!(read("a\n\n\nb\n", None), ["1:a", "4:b"]);
        assert_eq!(read("a\r\n\r\nb\r\nc", None), ["1:a", "3:b", "4:c"]);
        assert_eq!(read("a\rb\r\rc\r", None), ["1:a", "2:b", "4:c"]);
        assert_eq!(read("a,\"x\r\ny\"\r\nb,z\r\n", None), ["1:a|x\r\ny", "3:b|z"]);
        assert_eq!(read("", None), [""; 0]);
        assert_eq!(read("\n\n", None), [""; 0]);
    }

    #[test]
    fn cells_are_told_apart() {
        assert_eq!(read("a,\"b,c\", \"d\"\"e\" ,5\" pipe,\"\"\n,,\n", None), ["1:a|b,c|d\"e|5\" pipe|", "2:||"]);
        assert_eq!(read("\"say \\\"hi\\\" now\",\"C:\\\"\n", None), ["1:say \"hi\" now|C:\\"]);
        assert_eq!(read("\"\"\n", None), ["1:"]);
    }

    #[test]
    fn an_unclosed_mark_costs_its_own_line_only() {
        assert_eq!(read("a,b\nx,\"y\nc,d\ne,f", Some(2)), ["1:a|b", "2!Unclosed", "3:c|d", "4:e|f"]);
        assert_eq!(read("a,\"b\r\n\"c, d\",e\r\nf,g\r\n", Some(2)), ["1!AfterQuote { line: 2 }", "2:c, d|e", "3:f|g"]);
        assert_eq!(read("\"", None), ["1!Unclosed"]);
        let swallowed = "1,\"a,x,y\n2,b,x,y\n3,c,x,y\n4,d\",x,y\n5,e,x,y\n";
        assert_eq!(
            read(swallowed, Some(4)),
            ["1!SwallowsRows { line: 4 }", "2:2|b|x|y", "3:3|c|x|y", "4!AfterQuote", "5:5|e|x|y"]
                .map(|row| if row.starts_with("4!") { "4:4|d\"|x|y".to_owned() } else { row.to_owned() })
        );
        let address = "1,\"12 Main St\nSpringfield, IL\nUSA\",x\n2,b,c\n";
        assert_eq!(read(address, Some(3)), ["1:1|12 Main St\nSpringfield, IL\nUSA|x", "4:2|b|c"]);
    }

    #[test]
    fn too_many_cells_are_refused_and_empty_ones_are_not() {
        let rows = read("1,a,b\n2,a,b,c\n3,a,b,, \n4,a\n", Some(3));
        assert_eq!(rows, ["1:1|a|b", "2!TooManyCells { cells: 4, columns: 3 }", "3:3|a|b", "4:4|a"]);
    }

    #[test]
    fn what_is_too_long_is_refused_with_its_line() {
        let long = "x".repeat(LONGEST + 10);
        for text in [format!("a,b\n{long},y\nc,d\n"), format!("a,b\n\"{long},y\nc,d\n")] {
            let rows: Vec<_> =
                all(&text, None, 4096).into_iter().map(|row| row.map_err(|bad| (bad.line, bad.fault))).collect();
            assert_eq!(rows.len(), 3);
            assert!(matches!(rows[1], Err((2, RowFault::TooLong | RowFault::Unclosed))), "{:?}", rows[1]);
            assert_eq!(rows[2].as_ref().unwrap().line, 3);
        }
    }

    #[test]
    fn of_a_file_of_any_length_a_piece_and_the_longest_row_are_held() {
        const PIECE: usize = 64 * 1024;
        const PIECES: usize = 256;
        let ordinary = "17,casey@example.com,\"12 Main St\nSpringfield\"\r\n".repeat(100);
        // A mark that is never closed, a line without an end and one of nothing but separators, each longer than any row.
        let unclosed = format!("18,\"never closed\n{}", "17,casey@example.com,x\n".repeat(20_000));
        let endless = format!("19,{}\n", "x".repeat(5 * LONGEST));
        let hollow = format!("{}\n", ",".repeat(2 * LONGEST));
        let kinds = [ordinary.as_str(), &unclosed, &ordinary, &endless, &ordinary, &hollow];
        let mut file = kinds.iter().cycle().flat_map(|text| text.bytes());
        let mut reader = RowReader::new(b',');
        reader.set_columns(3);
        let (mut most, mut good, mut bad) = (0, 0_u32, 0_u32);
        for _ in 0..PIECES {
            let piece: Vec<_> = file.by_ref().take(PIECE).collect();
            reader.buffer().extend_from_slice(&piece);
            most = most.max(reader.buffer.len());
            while let Some(row) = reader.next_row() {
                if row.is_ok() { good += 1 } else { bad += 1 }
            }
        }
        assert!(good > 10_000 && bad > 3, "{good} rows were read and {bad} refused");
        assert!(most <= LONGEST + 2 * PIECE, "{most} bytes of {} were held", PIECES * PIECE);
        assert!(reader.buffer.capacity() <= 2 * (LONGEST + 2 * PIECE), "{} bytes", reader.buffer.capacity());
    }

    #[test]
    fn a_nul_and_another_encoding_are_seen_row_by_row() {
        assert_eq!(read("a\nb\0c\nd\n", None), ["1:a", "2!Nul", "3:d"]);
        let mut reader = RowReader::new(b',');
        reader.buffer().extend_from_slice(b"caf\xe9\ncaf\xc3\xa9\n");
        let rows: Vec<_> = std::iter::from_fn(|| reader.next_row()).map(Result::unwrap).collect();
        assert_eq!(
            rows.iter().map(|row| (row.cells[0].as_str(), row.is_guessed())).collect::<Vec<_>>(),
            [("café", true), ("café", false)]
        );
    }
}
