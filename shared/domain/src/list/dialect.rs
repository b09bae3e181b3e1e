//! What separates the cells of a file: said in a first line `sep=;`, or guessed from its first rows.

use super::{header::known_fields, row_reader::RowReader};

/// Separators that are tried, the likelier first.
const CANDIDATES: [u8; 4] = *b",;\t|";
/// Rows that are looked at.
const LOOKS: usize = 50;

/// The separator that a first line names, as Excel reads and writes it.
#[must_use]
pub fn named_separator(start: &[u8]) -> Option<u8> {
    let line = start.split(|byte| matches!(byte, b'\n' | b'\r')).next()?;
    let line = line.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(line);
    let (name, separator) = line.split_at_checked(4)?;
    match separator {
        [one] if name.eq_ignore_ascii_case(b"sep=") && one.is_ascii() => Some(*one),
        _ => None,
    }
}

/// The separator under which the first rows make most sense: the header has most names that are known, then most cells,
/// and the rows under it have as many.
#[must_use]
pub fn guess(start: &[u8], is_whole: bool) -> u8 {
    let sense = |delimiter: &u8| {
        let mut reader = RowReader::new(*delimiter);
        reader.buffer().extend_from_slice(start);
        if is_whole {
            reader.end();
        }
        let rows: Vec<_> = std::iter::from_fn(|| reader.next_row()).flatten().take(LOOKS).collect();
        let known = rows.iter().take(LOOKS).map(|row| known_fields(&row.cells)).max().unwrap_or(0);
        let cells = rows.first().map_or(0, |row| row.cells.len());
        let alike = rows.iter().filter(|row| row.cells.len() == cells).count();
        // One cell in every row is what any wrong separator gives.
        if cells > 1 { (known, alike.min(2), cells) } else { (known, 0, 0) }
    };
    // Of equals the last is taken, and a comma is likeliest.
    CANDIDATES.into_iter().rev().max_by_key(sense).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_separator_is_the_one_that_makes_sense() {
        for (start, separator) in [
            ("email;name;phone\na@example.com;A, B, C;1,2,3,4\n", b';'),
            ("a\tb\n1\t2\n", b'\t'),
            ("email|first, last|phone\nx|y, z|1\n", b'|'),
            ("a,b\n1;2;3,4\n", b','),
            ("email\na@example.com\n", b','),
            ("\"Name; given\",email\nx,y\n", b','),
            ("alone", b','),
            ("Exported on 2026-11-20, 10:00\n\nemail;phone\na@example.com;1\n", b';'),
        ] {
            assert_eq!(char::from(guess(start.as_bytes(), true)), char::from(separator), "{start:?}");
        }
    }

    #[test]
    fn a_first_line_may_name_it() {
        for (start, separator) in [
            ("sep=;\nemail;phone", Some(b';')),
            ("SEP=\t\r\n", Some(b'\t')),
            ("\"sep=|\"\n", Some(b'|')),
            ("sep=\n", None),
            ("separate;x\n", None),
            ("", None),
        ] {
            assert_eq!(named_separator(start.as_bytes()), separator, "{start:?}");
        }
    }
}
