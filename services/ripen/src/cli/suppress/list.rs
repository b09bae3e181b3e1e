//! A list of addresses and numbers that must not be contacted, read row by row: a file with a header that names the columns, or
//! bare ones of any shape, as registers publish them.

use std::{collections::BTreeSet, fs::File, io::Read, path::Path, thread};

use anyhow::Context as _;
use csv::{ReaderBuilder, StringRecord, Trim};
use ripen_domain::contact::{Email, Identity, Phone};

/// Fewest digits of what is taken for a number in a file whose columns have no names.
const FEWEST_DIGITS: usize = 7;
/// What is taken for a column of addresses or numbers.
const NAMES: [&str; 14] = [
    "email",
    "mail",
    "emailaddress",
    "phone",
    "phonenumber",
    "mobile",
    "mobilephone",
    "cell",
    "cellphone",
    "telephone",
    "tel",
    "number",
    "msisdn",
    "landline",
];

/// What a file holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct SuppressionFile {
    /// Each address and number once.
    pub identities: Vec<Identity>,
    /// Rows with any text, the header aside.
    pub rows: usize,
    /// Lines on which there is neither an address nor a number, and what they say is wrong.
    pub unread: Vec<UnreadLine>,
}

/// A line on which there is nothing that could be suppressed.
#[derive(Debug, PartialEq, Eq)]
pub struct UnreadLine {
    /// Counts from 1.
    pub line: u64,
    /// What is wrong.
    pub why: String,
}

/// A row with the line it begins on.
type NumberedRow = (u64, StringRecord);

/// Reads a file; numbers without a country code are ones of `country`.
///
/// # Errors
/// When it cannot be opened or is no text.
pub fn read(path: &Path, country: Option<&str>) -> anyhow::Result<SuppressionFile> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("{shown} cannot be read"))?;
    read_rows(file, country).with_context(|| format!("{shown} is no CSV in UTF-8"))
}

fn read_rows(file: impl Read, country: Option<&str>) -> Result<SuppressionFile, csv::Error> {
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).trim(Trim::All).from_reader(file);
    let mut rows: Vec<NumberedRow> = Vec::new();
    let mut record = StringRecord::new();
    while reader.read_record(&mut record)? {
        if record.iter().any(|cell| !cell.is_empty()) {
            rows.push((record.position().map_or(0, csv::Position::line), record.clone()));
        }
    }
    let columns = rows.first().map(|(_, first)| columns(first)).filter(|columns| !columns.is_empty());
    let is_header = columns.is_some() || rows.first().is_some_and(|(_, first)| of_row(first, None, country).is_err());
    let rows = if is_header { rows.get(1..).unwrap_or_default() } else { &rows[..] };
    Ok(of_rows(rows, columns.as_deref(), country))
}

/// Which columns a header names.
fn columns(header: &StringRecord) -> Vec<usize> {
    let named = |cell: &str| {
        let plain: String = cell.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
        NAMES.contains(&&*plain)
    };
    header.iter().enumerate().filter(|(_, cell)| named(cell)).map(|(at, _)| at).collect()
}

/// Numbers are read by every processor: a national register has hundreds of millions.
fn of_rows(rows: &[NumberedRow], columns: Option<&[usize]>, country: Option<&str>) -> SuppressionFile {
    let lanes = thread::available_parallelism().map_or(1, usize::from);
    let parts: Vec<_> = thread::scope(|scope| {
        let lane = |part| scope.spawn(move || of_part(part, columns, country));
        let lanes: Vec<_> = rows.chunks(rows.len().div_ceil(lanes).max(1)).map(lane).collect();
        lanes.into_iter().filter_map(|lane| lane.join().ok()).collect()
    });
    let mut found = SuppressionFile { rows: rows.len(), ..SuppressionFile::default() };
    let mut all = BTreeSet::new();
    for part in parts {
        all.extend(part.identities);
        found.unread.extend(part.unread);
    }
    found.identities = all.into_iter().collect();
    found
}

fn of_part(rows: &[NumberedRow], columns: Option<&[usize]>, country: Option<&str>) -> SuppressionFile {
    let mut found = SuppressionFile::default();
    for (line, row) in rows {
        match of_row(row, columns, country) {
            Ok(identities) => found.identities.extend(identities),
            Err(why) => found.unread.push(UnreadLine { line: *line, why }),
        }
    }
    found
}

/// Every address and number of a row; a row without any says why.
fn of_row(row: &StringRecord, columns: Option<&[usize]>, country: Option<&str>) -> Result<Vec<Identity>, String> {
    // The register of the United States splits each number: area code, the rest.
    if let (2, Some(area), Some(rest)) = (row.len(), row.get(0), row.get(1))
        && is_digits(area, 3)
        && is_digits(rest, 7)
    {
        return identity(&format!("{area}{rest}"), country.or(Some("US"))).map(|one| vec![one]);
    }
    let cells = row.iter().enumerate().filter(|(at, cell)| match columns {
        Some(columns) => columns.contains(at) && !cell.is_empty(),
        None => cell.contains('@') || may_be_number(cell),
    });
    let (mut found, mut wrong) = (Vec::new(), None);
    for (_, cell) in cells {
        match identity(cell, country) {
            Ok(identity) => found.push(identity),
            Err(why) => wrong = wrong.or(Some(why)),
        }
    }
    match (found.is_empty(), wrong) {
        (false, None) => Ok(found),
        // Half of a row would be a person who can still be reached.
        (_, Some(why)) => Err(why),
        (true, None) => Err("holds neither an e-mail address nor a phone number".to_owned()),
    }
}

fn is_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn may_be_number(cell: &str) -> bool {
    let digits = cell.chars().filter(|c| c.is_numeric()).count();
    digits >= FEWEST_DIGITS && !cell.chars().any(char::is_alphabetic)
}

fn identity(cell: &str, country: Option<&str>) -> Result<Identity, String> {
    if cell.contains('@') {
        return Email::parse(cell).map(Identity::Email).map_err(|why| format!("the address {why}"));
    }
    Phone::parse(cell, country).map(|read| Identity::Phone(read.phone)).map_err(|why| format!("the number {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str, country: Option<&str>) -> (Vec<String>, Vec<u64>) {
        let found = read_rows(text.as_bytes(), country).unwrap();
        let values = found.identities.iter().map(|identity| identity.value().to_owned()).collect();
        (values, found.unread.into_iter().map(|unread| unread.line).collect())
    }

    #[test]
    fn a_header_names_the_columns_and_other_numbers_are_left_alone() {
        let text = "Customer,E-Mail,Phone Number\n4155550999,uma@example.com,415-555-0118\n4155550998,,\n";
        let (values, unread) = read_text(text, Some("US"));
        assert_eq!(values, ["uma@example.com", "+14155550118"]);
        assert_eq!(unread, [3], "a row without any is said, not skipped");
    }

    #[test]
    fn bare_lists_are_read_too() {
        assert_eq!(read_text("+14155550118\n+14155550118\nUMA@example.com\n", None).0.len(), 2, "each once");
        assert_eq!(read_text("312,5550100\n415,5550118\n", None).0, ["+13125550100", "+14155550118"]);
        assert_eq!(read_text("Do not call these\n+14155550118\n", None), (vec!["+14155550118".to_owned()], vec![]));
    }

    #[test]
    fn a_number_without_a_country_is_not_guessed() {
        let (values, unread) = read_text("phone\n4155550118\n", None);
        assert_eq!((values.len(), unread), (0, vec![2]));
    }
}
