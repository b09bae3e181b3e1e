//! Rows of separated cells (RFC 4180 and what people make of it), from bytes that come in pieces, each with its line.
//!
//! An own reader, because those of the libraries take a quotation mark that is never closed for a cell that ends with the
//! file: every row behind it would be gone without a word. Here such a row is refused alone, and reading goes on with the
//! line after it. Memory is bounded by the longest row that is read, whatever the file's size.

use encoding_rs::{Encoding, WINDOWS_1252};

use super::{
    encoding::cell_text_else,
    row::{BadRow, DoubtfulCell, ListRow, RowFault},
    separated::{Parsed, RawCell, line_breaks, line_end, parse, swallows_rows},
};
use crate::flag::FlagCode;

/// The longest row, in bytes. No lead is that long: more can only be a mistake.
const LONGEST: usize = 256 * 1024;

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
