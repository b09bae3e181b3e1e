//! Cells told apart in bytes: by a separator, by quotation marks around them and by the lines' ends. Whether what is read can be used is
//! the reader's of rows to say.

/// A cell's bytes.
pub(super) struct RawCell {
    pub bytes: Vec<u8>,
    pub is_quoted: bool,
}

/// What the bytes at hand come to.
pub(super) enum Parsed {
    Nothing,
    Row { cells: Vec<RawCell>, end: usize },
    More { open: Option<usize> },
    AfterQuote { cell: usize, end: usize },
}

/// Reads one row from the beginning of `rest`. More bytes may come unless it is ended.
pub(super) fn parse(rest: &[u8], delimiter: u8, is_ended: bool) -> Parsed {
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
pub(super) fn line_end(rest: &[u8], is_ended: bool) -> Option<usize> {
    match rest {
        [b'\r', b'\n', ..] => Some(2),
        [b'\r'] if !is_ended => None,
        _ => Some(1),
    }
}

/// How many lines end within these bytes: LF, CR, or both in one.
pub(super) fn line_breaks(bytes: &[u8]) -> u64 {
    let breaks = bytes.iter().enumerate().filter(|(at, byte)| match byte {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    });
    breaks.count() as u64
}

/// Whether lines within a quoted cell look like rows of this list: then the marks are those of two cells, far apart.
pub(super) fn swallows_rows(cell: &RawCell, delimiter: u8, columns: usize) -> bool {
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
