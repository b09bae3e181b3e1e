//! Which number a text is, by the rules of the country that it is of: where a plus was left out, and where a zero stands in
//! brackets that is dialled within a country alone. A text may be two numbers, and then both are told.

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, PhoneNumberType, Region};

use super::{invalid_phone::InvalidPhone, number::Phone};
use crate::contact::spelling::{BracketedZero, bracketed_zero};

/// What a text is read as.
pub(super) struct NumberReading {
    /// The number that is meant; of two that may be, the one with a country code.
    pub number: PhoneNumber,
    /// What else the text can be.
    pub other: Option<PhoneNumber>,
    /// Whether it is known which of the two is meant.
    pub is_certain: bool,
}

impl NumberReading {
    const fn certain(number: PhoneNumber, other: Option<PhoneNumber>) -> Self {
        Self { number, other, is_certain: true }
    }

    /// What else the text can be, as a number that somebody may have stored.
    pub(super) fn other_phone(&self) -> Option<Phone> {
        self.other.as_ref().filter(|other| is_possible(other)).map(e164)
    }

    /// Everything that the text can be.
    pub(super) fn phones(&self) -> impl Iterator<Item = Phone> {
        is_possible(&self.number).then(|| e164(&self.number)).into_iter().chain(self.other_phone())
    }
}

/// Reads digits and what stands between them.
pub(super) fn read(text: &str, region: Option<Region>) -> Result<NumberReading, InvalidPhone> {
    match bracketed_zero(text).filter(|zero| says_country(zero, region)) {
        Some(zero) => with_zero(text, &zero, region),
        None => without_zero(text, region),
    }
}

/// In E.164.
pub(super) fn e164(number: &PhoneNumber) -> Phone {
    Phone::normalised(number.format_as(PhoneNumberFormat::E164))
}

/// Whether its length is one of its country's.
pub(super) fn is_possible(number: &PhoneNumber) -> bool {
    number.is_valid() || number.is_possible_with_reason() == Ok(rlibphonenumber::NumberLengthType::IsPossible)
}

/// Whether what stands before the zero is a country's code, with its plus or without.
fn says_country(zero: &BracketedZero<'_>, region: Option<Region>) -> bool {
    zero.before.contains('+') || zero.before.trim_start().starts_with("00") || is_own_code(zero.before, region)
}

fn is_own_code(text: &str, region: Option<Region>) -> bool {
    !text.contains('+') && own_code(region).is_some_and(|code| digits(text) == code.to_string())
}

fn own_code(region: Option<Region>) -> Option<i32> {
    PHONE_NUMBER_UTIL.get_country_code_for_region(region?)
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// `+44 (0)20 7946 0958`. Most countries dial their zero at home alone, some have none, and in Italy it is part of the number,
/// but not of a mobile's: it stays where the number is one with it, and is left out where it is one without.
fn with_zero(text: &str, zero: &BracketedZero<'_>, region: Option<Region>) -> Result<NumberReading, InvalidPhone> {
    let (whole, bare) = if is_own_code(zero.before, region) {
        // A zero in brackets stands behind a country's code: only the plus is missing.
        let code = digits(zero.before);
        (format!("+{code}0{}", zero.after), format!("+{code} {}", zero.after))
    } else {
        (text.to_owned(), format!("{} {}", zero.before, zero.after))
    };
    let with = parse(&whole, region);
    let Some(without) = parse(&bare, region).ok().filter(PhoneNumber::is_valid) else {
        return with.map(|with| NumberReading::certain(with, None));
    };
    Ok(match with {
        Ok(with) if e164(&with) == e164(&without) => NumberReading::certain(with, None),
        Ok(with) if with.is_valid() && !is_overlong(&with) => NumberReading::certain(with, Some(without)),
        with => NumberReading::certain(without, with.ok()),
    })
}

fn without_zero(text: &str, region: Option<Region>) -> Result<NumberReading, InvalidPhone> {
    let given = parse(text, region)?;
    let Some(number) = with_lost_plus(text, region, &given) else { return Ok(NumberReading::certain(given, None)) };
    // A spreadsheet takes the zero off `04921 891234`, and the plus off `+49 21 891234`: where neither number is longer than
    // the country's are, nobody can say which of the two was written.
    let is_certain = !given.is_valid() || is_overlong(&given);
    Ok(NumberReading { number, other: Some(given), is_certain })
}

/// The number with its country's code, where that was read as an area's: `49 1522 8817386` in Germany. In a country whose people
/// write a zero before every number of their own, what begins with the country's code and has none is most often a number whose
/// plus is lost.
fn with_lost_plus(text: &str, region: Option<Region>, given: &PhoneNumber) -> Option<PhoneNumber> {
    let code = own_code(region)?;
    let written = digits(text);
    let is_bare = !text.contains('+') && given.country_code == code && written.starts_with(&code.to_string());
    if !is_bare || written != given.get_national_significant_number() || given.is_valid() && !has_trunk_prefix(given) {
        return None;
    }
    parse(&format!("+{written}"), None).ok().filter(PhoneNumber::is_valid)
}

/// Whether the number's country writes it with something before it that is no part of it.
fn has_trunk_prefix(number: &PhoneNumber) -> bool {
    digits(&number.format_as(PhoneNumberFormat::National)) != number.get_national_significant_number()
}

/// Whether a number is longer than those that its country gives out. The lengths that are valid in Germany, Indonesia and Kosovo
/// reach beyond them, so that a number with its country's code twice is valid too.
fn is_overlong(number: &PhoneNumber) -> bool {
    let Some(region) = number.get_region_code() else { return false };
    let length = |kind| {
        let example = PHONE_NUMBER_UTIL.get_example_number_for_type_and_region(region, kind).ok()?;
        Some(example.get_national_significant_number().len())
    };
    let longest = [PhoneNumberType::FixedLine, PhoneNumberType::Mobile].into_iter().filter_map(length).max();
    longest.is_some_and(|longest| number.get_national_significant_number().len() > longest)
}

fn parse(number: &str, region: Option<Region>) -> Result<PhoneNumber, InvalidPhone> {
    let read = |text: &str, region| PHONE_NUMBER_UTIL.parse(text, region).map_err(|_| InvalidPhone::NotANumber);
    // What begins with + says its country itself.
    let international = number.trim_start_matches(['(', ' ']).starts_with('+');
    let parsed = read(number, region.filter(|_| !international));
    if parsed.as_ref().is_ok_and(PhoneNumber::is_valid) {
        return parsed;
    }
    if let Ok(given) = &parsed
        && let Some(mobile) = formerly_mobile(given)
    {
        return Ok(mobile);
    }
    if international {
        return parsed;
    }
    // 00 is how most of the world dials +, whatever the country of the source says.
    let dialled = number.trim_start().strip_prefix("00").map(|rest| format!("+{rest}"));
    let dialled = dialled.and_then(|text| read(&text, None).ok()).filter(PhoneNumber::is_valid);
    dialled.map_or(parsed, Ok)
}

/// Mexican mobiles were dialled with a 1 after the country code until 2019; address books and WhatsApp still have them so.
fn formerly_mobile(given: &PhoneNumber) -> Option<PhoneNumber> {
    const MEXICO: i32 = 52;
    let national = given.get_national_significant_number();
    let rest = national.strip_prefix('1').filter(|rest| given.country_code == MEXICO && rest.len() == 10)?;
    PHONE_NUMBER_UTIL.parse(format!("+{MEXICO}{rest}"), None).ok().filter(PhoneNumber::is_valid)
}
