//! A file of rows from its bytes: encoding, separator, header, and then row after row.

use encoding_rs::{Encoding, UTF_8};

use super::{
    cell, dialect,
    encoding::{NotText, TextDecoder},
    guess::EncodingGuess,
    header::known_fields,
    open_name::OpenName,
    row::{BadRow, ListRow},
    row_reader::RowReader,
};

/// How much of a file's beginning decides how it is read; its header has to be in there.
pub const SAMPLE: usize = 64 * 1024;
/// Rows that may stand above the header, such as a title and the day of the export.
pub const TITLES: usize = 10;

/// What somebody knows of a file; the rest is guessed.
#[derive(Debug, Clone, Default)]
pub struct KnownFormat {
    /// A name of an encoding.
    pub encoding: Option<String>,
    /// What separates cells.
    pub delimiter: Option<char>,
}

/// Why a file cannot be read as a list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAList {
    /// It is no text.
    #[error(transparent)]
    NotText(#[from] NotText),
    /// Cells are separated by one plain character.
    #[error("{0:?} cannot separate cells: name one plain character such as , ; | or tab")]
    Delimiter(char),
    /// No row at all.
    #[error("there is no header row: the first row has to name the columns")]
    NoHeader,
    /// The header cannot be read.
    #[error("line {line}, the header row: {fault}")]
    BrokenHeader {
        /// Its line.
        line: u64,
        /// What is wrong.
        fault: super::row::RowFault,
    },
    /// Data where the names of the columns should be.
    #[error(
        "line {line} holds data ({cell:?}) where the names of the columns should be: put a first line such as \"name,email,phone\" above it"
    )]
    DataAsHeader {
        /// Its line.
        line: u64,
        /// A cell that is no name.
        cell: String,
    },
}

/// The header of a list, and how the list is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListHeader {
    /// The names of the columns.
    pub names: Vec<String>,
    /// The line it is on.
    pub line: u64,
}

/// Reads one file.
pub struct ListReader {
    decoder: TextDecoder,
    /// What is seen of a list whose cells are read one by one, until all of it was.
    guess: Option<EncodingGuess>,
    /// The encoding of cells that are no UTF-8.
    other: &'static Encoding,
    rows: RowReader,
    header: ListHeader,
}

impl ListReader {
    /// Looks at the beginning of a file, at most [`SAMPLE`] bytes, and reads its header. The same bytes count as read.
    ///
    /// # Errors
    /// Says what the file is instead.
    pub fn open(start: &[u8], is_whole: bool, known: &KnownFormat) -> Result<Self, NotAList> {
        let mut decoder = TextDecoder::new(start, is_whole, known.encoding.as_deref())?;
        let mut text = Vec::new();
        decoder.push(start, &mut text, is_whole);
        let named = dialect::named_separator(&text);
        let delimiter = match (known.delimiter, named) {
            (Some(given), _) => u8::try_from(given).ok().filter(|byte| byte.is_ascii() && !b"\"\r\n".contains(byte)),
            (None, Some(named)) => Some(named),
            (None, None) => Some(dialect::guess(&text, is_whole)),
        };
        let delimiter = delimiter.ok_or_else(|| NotAList::Delimiter(known.delimiter.unwrap_or_default()))?;
        let mut guess = decoder.is_by_cell().then(EncodingGuess::default);
        let other = guess.as_mut().map_or(UTF_8, |guess| {
            guess.push(start, is_whole);
            guess.encoding()
        });
        let mut rows = RowReader::new(delimiter);
        rows.set_other_encoding(other);
        rows.buffer().extend_from_slice(&text);
        if is_whole {
            rows.end();
        }
        if named.is_some() {
            rows.skip_line();
        }
        let header = find_header(&mut rows)?;
        rows.set_columns(header.names.len());
        Ok(Self { decoder, guess, other, rows, header })
    }

    /// The header.
    #[must_use]
    pub const fn header(&self) -> &ListHeader {
        &self.header
    }

    /// The encoding's name.
    #[must_use]
    pub const fn encoding(&self) -> &'static str {
        self.decoder.name()
    }

    /// What separates cells.
    #[must_use]
    pub const fn delimiter(&self) -> char {
        self.rows.delimiter() as char
    }

    /// The encoding in which cells are read that are no UTF-8.
    #[must_use]
    pub fn other_encoding(&self) -> &'static str {
        self.other.name()
    }

    /// Whether it helps to [look ahead](Self::look_ahead).
    #[must_use]
    pub const fn may_look_ahead(&self) -> bool {
        self.guess.is_some()
    }

    /// Looks at bytes that are [pushed](Self::push) later, `last` with the last of them: in which encoding cells are that are no UTF-8 is
    /// seen from all of them, and the same for the first row as for the last.
    pub fn look_ahead(&mut self, bytes: &[u8], last: bool) {
        self.look(bytes, last);
        if last {
            self.guess = None;
        }
    }

    fn look(&mut self, bytes: &[u8], last: bool) {
        if let Some(guess) = &mut self.guess {
            guess.push(bytes, last);
            self.other = guess.encoding();
            self.rows.set_other_encoding(self.other);
        }
    }

    /// The next bytes of the file; `last` where no more come.
    pub fn push(&mut self, bytes: &[u8], last: bool) {
        self.look(bytes, last);
        self.decoder.push(bytes, self.rows.buffer(), last);
        if last {
            self.rows.end();
        }
    }

    /// The next row; nothing where more bytes are needed, or none are left.
    pub fn next_row(&mut self) -> Option<Result<ListRow, BadRow>> {
        self.rows.next_row()
    }
}

fn find_header(rows: &mut RowReader) -> Result<ListHeader, NotAList> {
    let mut ahead = rows.clone();
    let looked: Vec<_> = std::iter::from_fn(|| ahead.next_row()).take(TITLES + 1).collect();
    // What cannot be read is no title: it is the header, and broken.
    let cells: Vec<_> = looked.iter().map_while(|row| row.as_ref().ok()).map(|row| row.cells.as_slice()).collect();
    for _ in 0..header_place(&cells) {
        rows.next_row();
    }
    loop {
        let row = match rows.next_row() {
            None => return Err(NotAList::NoHeader),
            Some(Err(bad)) => return Err(NotAList::BrokenHeader { line: bad.line, fault: bad.fault }),
            Some(Ok(row)) if row.is_blank() => continue,
            Some(Ok(row)) => row,
        };
        return header_of(&row.cells, row.line);
    }
}

/// Which of the first rows is the header: the first; or, where that names no field, one soon below it that does.
#[must_use]
pub fn header_place(rows: &[&[String]]) -> usize {
    let below = rows.iter().take(TITLES + 1).position(|cells| likely_names(cells) > 1);
    below.filter(|at| rows[..*at].iter().all(|cells| known_fields(cells) == 0)).unwrap_or(0)
}

/// How many cells are called as columns are. `Contact Number` alone may be a title; beside `Name` it is a column.
fn likely_names(cells: &[String]) -> usize {
    let open = cells.iter().filter(|name| OpenName::of(name) == Some(OpenName::ContactNumber));
    known_fields(cells) + open.count()
}

/// Names of columns from the cells of a row.
///
/// # Errors
/// When they are data.
pub fn header_of(cells: &[String], line: u64) -> Result<ListHeader, NotAList> {
    let names: Vec<_> = cells.iter().map(|name| cell::text(name).to_owned()).collect();
    match names.iter().find(|name| is_data(name)) {
        Some(cell) => Err(NotAList::DataAsHeader { line, cell: cell.clone() }),
        None => Ok(ListHeader { names, line }),
    }
}

/// An e-mail address or a phone number names no column.
fn is_data(name: &str) -> bool {
    let is_address = name.split_once('@').is_some_and(|(local, host)| {
        !local.is_empty() && host.contains('.') && !host.starts_with('.') && !name.contains(' ')
    });
    let digits = name.chars().filter(char::is_ascii_digit).count();
    let is_number = digits >= 7 && name.chars().all(|c| c.is_ascii_digit() || "+-() ./".contains(c));
    is_address || is_number
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(text: &str) -> Result<ListReader, NotAList> {
        ListReader::open(text.as_bytes(), true, &KnownFormat::default())
    }

    #[test]
    fn a_line_that_names_the_separator_is_no_header() {
        let mut list = open("sep=;\r\nemail;first_name\r\na@example.com;Gus\r\n").unwrap();
        assert_eq!((list.delimiter(), list.header().line), (';', 2));
        let row = list.next_row().unwrap().unwrap();
        assert_eq!((row.line, row.cells), (3, vec!["a@example.com".to_owned(), "Gus".to_owned()]));
        assert!(list.next_row().is_none());
    }

    #[test]
    fn a_title_above_the_header_is_left_out() {
        let mut list = open("Leads of spring\n\nExported,2026-11-20\nEmail,Phone\na@example.com,1\n").unwrap();
        assert_eq!((list.header().line, list.header().names.len()), (4, 2));
        assert_eq!(list.next_row().unwrap().unwrap().line, 5);
        assert_eq!(open("Col1,Col2\nx,y\n").unwrap().header().line, 1);
        assert_eq!(open("Contact numbers\n\nName,Contact Number\nAnn,1\n").unwrap().header().line, 3);
    }

    #[test]
    fn another_encoding_of_single_bytes_is_guessed_from_all_that_is_seen() {
        let rows = "email,name\na@example.com,Jan\nb@example.com,Иван Петров\nc@example.com,Анна Смирнова\n";
        let (bytes, _, _) = encoding_rs::WINDOWS_1251.encode(rows);
        let mut list = ListReader::open(&bytes, true, &KnownFormat::default()).unwrap();
        let read: Vec<_> = std::iter::from_fn(|| list.next_row()).map(Result::unwrap).collect();
        assert_eq!((read[1].cells[1].as_str(), list.other_encoding()), ("Иван Петров", "windows-1251"));
        assert_eq!(read.iter().map(ListRow::is_guessed).collect::<Vec<_>>(), [false, true, true]);
        assert_eq!(read[1].doubtful[0].said, "Иван Петров");
        // The first piece says too little; the whole list is looked at first.
        let (start, rest) = bytes.split_at(30);
        let mut list = ListReader::open(start, false, &KnownFormat::default()).unwrap();
        assert!(list.may_look_ahead());
        list.look_ahead(rest, true);
        list.push(rest, true);
        let read: Vec<_> = std::iter::from_fn(|| list.next_row()).map(Result::unwrap).collect();
        assert_eq!(read[2].cells[1], "Анна Смирнова");
    }

    #[test]
    fn what_is_no_list_is_said_to_be_none() {
        assert_eq!(open("\n\n").err().unwrap(), NotAList::NoHeader);
        assert_eq!(open("").err().unwrap(), NotAList::NotText(NotText::Empty));
        assert!(matches!(open("a@example.com,Casey\n"), Err(NotAList::DataAsHeader { line: 1, .. })));
        assert!(matches!(open("415-555-0100\n"), Err(NotAList::DataAsHeader { .. })));
        assert!(matches!(open("\"email,phone\nx,y\n"), Err(NotAList::BrokenHeader { line: 1, .. })));
        let known = KnownFormat { delimiter: Some('é'), ..KnownFormat::default() };
        assert!(matches!(ListReader::open(b"a", true, &known), Err(NotAList::Delimiter('é'))));
    }
}
