//! Which cells of a row are addresses and numbers that must not be contacted, and which only may be.

use ripen_domain::{
    contact::{Email, Identity, Phone, bare_address},
    list::{cell, row::ListRow},
};

use super::{beside::BesideNumbers, columns::Column};

/// Fewest digits of what is taken for a number in a file whose columns have no names.
const FEWEST_DIGITS: usize = 7;
/// What a row holds.
#[derive(Debug, Default)]
pub struct RowContacts {
    /// Addresses and numbers that can be read.
    pub identities: Vec<Identity>,
    /// What cannot be, or should not be taken for granted.
    pub wrong: Vec<String>,
}

impl RowContacts {
    /// Whether no cell is anything like an address or a number.
    pub fn is_nothing(&self) -> bool {
        self.identities.is_empty() && self.wrong.is_empty()
    }

    fn take(&mut self, read: Result<Vec<Identity>, String>) {
        match read {
            Ok(identities) => self.identities.extend(identities),
            Err(why) => self.wrong.push(why),
        }
    }
}

/// How the rows of a file are read.
pub struct RowSense<'s> {
    /// What its columns hold; none where they have no names.
    pub columns: Option<Vec<Column>>,
    /// Numbers without a country code are ones of this country where their row names none.
    pub country: Option<&'s str>,
}

impl RowSense<'_> {
    /// Every address and number of a row.
    pub fn row(&self, row: &ListRow) -> RowContacts {
        let mut found = RowContacts::default();
        let cells: Vec<_> = row.cells.iter().map(|cell| cell::text(cell)).collect();
        let beside = BesideNumbers::of(self.columns.as_deref().unwrap_or_default(), &cells, self.country);
        // The register of the United States splits each number: area code, the rest.
        if let [area, rest] = cells[..]
            && is_digits(area, 3)
            && is_digits(rest, 7)
            && !beside.is_said()
        {
            let of = BesideNumbers::of_country(self.country.or(Some("US")));
            found.take(identities(&format!("{area}{rest}"), &of));
            return found;
        }
        for (at, text) in cells.into_iter().enumerate().filter(|(_, text)| !text.is_empty()) {
            self.cell(at, (text, &beside), &mut found);
        }
        beside.extend(&mut found.identities, &mut found.wrong);
        found
    }

    fn cell(&self, at: usize, (text, beside): (&str, &BesideNumbers<'_>), found: &mut RowContacts) {
        let country = beside.country();
        match self.columns.as_ref().map(|columns| columns.get(at)) {
            None if text.contains('@') || may_be_number(text) || is_contact(text, country) => {
                found.take(identities(text, beside));
            }
            Some(Some(Column::Contact)) => found.take(identities(text, beside)),
            // Neither suppressed on a guess nor passed over in silence: an id may look like a number.
            Some(Some(Column::Unknown { name } | Column::DialCode { name })) if is_contact(text, country) => {
                found.wrong.push(format!(
                    "column {name:?} holds what looks like an address or a number, and its name says neither: \
                     call it email or phone, or leave it out"
                ));
            }
            Some(Some(Column::Words { name })) if holds_contact(text, country) => found.wrong.push(format!(
                "column {name:?} holds what looks like an address or a number, which is not suppressed: \
                 put it into a column called email or phone"
            )),
            _ => {}
        }
    }
}

fn is_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn may_be_number(text: &str) -> bool {
    let digits = text.chars().filter(|c| c.is_numeric()).count();
    digits >= FEWEST_DIGITS && !text.chars().any(char::is_alphabetic)
}

/// Whether a text is an address or a number and hardly anything else.
fn is_contact(text: &str, country: Option<&str>) -> bool {
    if text.contains('@') {
        return emails(text).is_ok();
    }
    match Phone::parse(text, country) {
        Ok(read) => !read.doubtful || text.starts_with('+'),
        // Without a country no national number can be read: its shape has to do.
        Err(_) => country.is_none() && has_shape_of_number(text),
    }
}

/// Whether an address or a number stands among words: `rang twice, now 030 901831`.
fn holds_contact(text: &str, country: Option<&str>) -> bool {
    let is_time = |word: &str| is_date(word) || word.contains(':') && !word.contains('@');
    let words: Vec<_> = text.split_whitespace().filter(|word| !is_time(word)).collect();
    let marks = |c: char| c.is_alphabetic() || matches!(c, ',' | ';' | '|' | '"' | '\'' | '=');
    let is_email = |word: &str| {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        word.contains('@') && Email::parse(bare).is_ok()
    };
    let is_number = |part: &str| may_be_number(part) && is_contact(part.trim_matches([' ', '.', ':', '-']), country);
    words.iter().any(|word| is_email(word)) || words.join(" ").split(marks).any(is_number)
}

fn is_date(text: &str) -> bool {
    text.split(['-', '.', '/']).filter(|part| matches!(part.len(), 1 | 2 | 4)).count() == 3
}

/// Digits and what stands between those of a number, and no date.
fn has_shape_of_number(text: &str) -> bool {
    may_be_number(text) && !is_date(text) && text.chars().all(|c| c.is_ascii_digit() || "+-() ./".contains(c))
}

/// The addresses or numbers of a cell: all that it holds, or none.
fn identities(text: &str, beside: &BesideNumbers<'_>) -> Result<Vec<Identity>, String> {
    if text.contains('@') {
        return emails(text);
    }
    Ok(beside.phones(text)?.into_iter().map(Identity::Phone).collect())
}

fn emails(text: &str) -> Result<Vec<Identity>, String> {
    let email = |text| {
        let read = Email::parse(bare_address(text)).map_err(|why| format!("the address {why}"))?;
        Ok(Identity::of_email(&read))
    };
    if text.matches('@').count() < 2 {
        return email(text).map(|one| vec![one]);
    }
    let each = |marks: &[char]| text.split(marks).filter(|part| !part.trim().is_empty()).map(email).collect();
    // A name before its address has blanks of its own.
    let with_names: Result<_, String> = each(&[',', ';', '|', '\n']);
    with_names.or_else(|_| each(&[',', ';', '|', ' ', '\n']))
}
