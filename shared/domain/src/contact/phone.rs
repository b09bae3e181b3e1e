//! Phone numbers as people, forms and spreadsheets write them, read by the rules of their own country (libphonenumber), with
//! the extension behind a switchboard. `Debug` masks them.

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber, Region};

use super::spelling::{
    Cell, FEWEST_DIGITS, cell, digits, is_made_up, several, shortened, without_extension, without_labels,
};
use crate::values::folded;

mod invalid_phone;
mod number;
mod reading;
mod remark;

pub use invalid_phone::InvalidPhone;
pub use number::{Phone, extension_written, is_extension, is_no_extension};

/// The longest text that may hold a number or two.
const LONGEST: usize = 100;

const BRAZIL: i32 = 55;
/// Digits of a Brazilian number with its area code, at the least.
const BRAZILIAN: usize = 10;

/// A number that was read, and what has to be said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadPhone {
    /// The number.
    pub phone: Phone,
    /// The length fits its country but no known range does: kept and worked, but flagged.
    pub doubtful: bool,
    /// The other numbers of a field that holds several: in full where they can be read, else as they were written.
    pub others: Vec<String>,
    /// What stood beside the number in words: `ask for Bob`.
    pub remark: Option<String>,
    /// What the same text can be read as too, as versions before read it. Only to find who was stored under it, or suppressed.
    pub formerly: Option<Phone>,
}

impl Phone {
    /// Reads a number as people of `country` (ISO 3166 alpha-2) write it, or in international form.
    ///
    /// # Errors
    /// Says what is wrong with the text, never repeating it.
    pub fn parse(text: &str, country: Option<&str>) -> Result<ReadPhone, InvalidPhone> {
        let seen = folded(text);
        if seen.is_empty() {
            return Err(InvalidPhone::Empty);
        }
        if seen.len() > LONGEST || seen.chars().any(|c| c.is_control() && c != '\n') {
            return Err(InvalidPhone::NotANumber);
        }
        // What a spreadsheet made of a formula, or a program of a text: no sign stands before a number.
        if seen.strip_prefix('-').is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')) {
            return Err(InvalidPhone::NotANumber);
        }
        let small = seen.to_lowercase();
        let bare = without_labels(&small);
        let whole = match cell(bare) {
            Cell::Rounded => return Err(InvalidPhone::Rounded),
            Cell::Whole(number) => number,
            Cell::Other => bare.to_owned(),
        };
        let parts = several(&whole);
        if let Some(several) = certain(&parts, country) {
            return Ok(several);
        }
        if let Some(list) = listed(&whole, country) {
            return Ok(list);
        }
        let read = one(&whole, country);
        match (read, parts.first()) {
            (Ok(read), _) => Ok(read),
            // What is no number in one piece begins with one.
            (Err(_), Some(first)) => one(first, country).map(|read| beside(read, &parts[1..], country)),
            (Err(why), None) => Err(why),
        }
    }
}

/// Several numbers in one field, where the first two are numbers for certain.
fn certain(parts: &[&str], country: Option<&str>) -> Option<ReadPhone> {
    let [first, others @ ..] = parts else { return None };
    let read = one(first, country).ok().filter(|read| !read.doubtful)?;
    others.first().and_then(|second| one(second, country).ok()).filter(|second| !second.doubtful)?;
    Some(beside(read, others, country))
}

/// A number with the others of its field.
fn beside(read: ReadPhone, others: &[&str], country: Option<&str>) -> ReadPhone {
    let own = read.phone.country();
    // In full where it can be read, so that it is known whether anybody may call it. The second is most often written like
    // the first: `+1 415 555 0133 / 415 555 0199`.
    let in_full = |other: &&str| {
        let known = one(other, country).or_else(|_| one(other, own.as_deref()));
        known.map_or_else(|_| (*other).to_owned(), |read| read.phone.as_str().to_owned())
    };
    with_others(read, others.iter().map(in_full))
}

fn with_others(read: ReadPhone, others: impl Iterator<Item = String>) -> ReadPhone {
    let mut kept = Vec::new();
    for other in others {
        if other != read.phone.as_str() && !kept.contains(&other) {
            kept.push(other);
        }
    }
    ReadPhone { others: kept, ..read }
}

/// A number with the last digits of others behind it. Glued on, they would make a number of somebody else.
fn listed(text: &str, country: Option<&str>) -> Option<ReadPhone> {
    let list = shortened(text)?;
    let read = one(list.number, country).ok().filter(|read| !read.doubtful)?;
    let others = list.others.into_iter().map(|last| {
        let whole = one(&last.in_full(list.number), country).ok().filter(|other| !other.doubtful);
        whole.map_or_else(|| last.0.to_owned(), |other| other.phone.as_str().to_owned())
    });
    Some(with_others(read, others))
}

fn one(text: &str, country: Option<&str>) -> Result<ReadPhone, InvalidPhone> {
    let parted = without_extension(without_labels(text));
    let number = without_labels(parted.number);
    let letters = number.chars().any(|c| c.is_alphabetic());
    if letters || number.contains(['*', '?', '_']) || digits(number) == 0 {
        return Err(if digits(number) + 4 > FEWEST_DIGITS || letters {
            InvalidPhone::NotANumber
        } else {
            InvalidPhone::MadeUp
        });
    }
    let region = region_of(country);
    let read = reading::read(number, region)?;
    let other = read.other_phone();
    let (parsed, is_certain) = (read.number, read.is_certain);
    let national = parsed.get_national_significant_number();
    if is_made_up(parsed.country_code, &national) {
        return Err(InvalidPhone::MadeUp);
    }
    if !is_certain {
        return Err(InvalidPhone::TwoReadings);
    }
    let doubtful = !parsed.is_valid();
    // Without its area code a mobile of nine digits is read as one with a code that nobody wrote.
    let says_country = number.contains(['+', '＋']);
    let is_without_area = !says_country && parsed.country_code == BRAZIL && national.len() < BRAZILIAN && doubtful;
    if is_without_area || doubtful && !reading::is_possible(&parsed) {
        return Err(InvalidPhone::Length);
    }
    let phone = reading::e164(&parsed);
    let formerly = other.or_else(|| formerly(number, region, &parsed, &national)).filter(|former| *former != phone);
    let phone = parted.extension.map_or_else(|| phone.clone(), |extension| phone.with_extension(&extension));
    Ok(ReadPhone { phone, doubtful, others: Vec::new(), remark: None, formerly })
}

fn region_of(country: Option<&str>) -> Option<Region> {
    country.and_then(|code| code.to_ascii_uppercase().parse::<Region>().ok())
}

/// Every number that digits can be where nobody can say which is meant: none of them is used, and what is barred under any of
/// them is told to nobody.
pub(super) fn either(digits: &str, country: Option<&str>) -> Vec<Phone> {
    reading::read(digits, region_of(country)).map(|read| read.phones().collect()).unwrap_or_default()
}

/// The number as the library of earlier versions read it: it took the trunk prefix of the source's country off numbers of
/// other countries, and the zeros off Italian ones.
fn formerly(text: &str, region: Option<Region>, parsed: &PhoneNumber, national: &str) -> Option<Phone> {
    let code = parsed.country_code;
    if national.starts_with('0') {
        return Some(Phone::normalised(format!("+{code}{}", national.trim_start_matches('0'))));
    }
    let region = region.filter(|_| text.starts_with('+'))?;
    let trunk = match PHONE_NUMBER_UTIL.get_country_code_for_region(region) {
        Some(own) if own == code => return None,
        Some(1) => "1",
        Some(7 | 370 | 375 | 992 | 993 | 998) => "8",
        // Elsewhere it is 0, with which no number begins but Italian ones.
        _ => return None,
    };
    let rest = national.strip_prefix(trunk).filter(|rest| !rest.is_empty())?;
    Some(Phone::normalised(format!("+{code}{rest}")))
}

#[cfg(test)]
mod tests;
