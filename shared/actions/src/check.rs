//! Fields that requests of several nouns have, read and checked.

use jiff::tz::TimeZone;
use ripen_domain::{contact::Email, country::is_country, desk::language_written};
use ripen_store::client::client_record::ClientRecord;

use crate::FieldErrors;

/// Longest name, in characters.
const LONGEST_NAME: usize = 200;

/// Says that no client has this slug, and which have one.
pub(crate) fn unknown_client(slug: &str, known: &[ClientRecord]) -> String {
    let known: Vec<_> = known.iter().map(|client| client.slug.as_str()).collect();
    if known.is_empty() {
        format!("no client {slug:?}; there is none yet")
    } else {
        format!("no client {slug:?}; there are: {}", known.join(", "))
    }
}

/// A name that people can tell apart from nothing.
pub(crate) fn name(given: &str, errors: &mut FieldErrors) -> String {
    // Written as people write names; nothing but blanks would make a row that nobody can name.
    let name = given.trim();
    errors.require(!name.is_empty(), "name", "required", || "write a name".to_owned());
    // On one line: names stand in mail headers and in lists.
    let plain = name.chars().count() <= LONGEST_NAME && !name.chars().any(char::is_control);
    errors.require(plain, "name", "invalid", || format!("write up to {LONGEST_NAME} characters on one line"));
    name.to_owned()
}

/// The code of a country.
pub(crate) fn country(text: &str) -> Result<String, String> {
    let code = Some(text.trim().to_ascii_uppercase()).filter(|code| is_country(code));
    code.ok_or_else(|| format!("{text:?} is no country: write the two letters of ISO 3166, such as US"))
}

/// A language as a tag of BCP 47, as it is written; by its English name, its code.
pub(crate) fn language(text: &str) -> Result<String, String> {
    let text = text.trim();
    let read =
        language_written(text).ok_or_else(|| format!("{text:?} is no language: write one such as es or pt-BR"))?;
    Ok(if read.eq_ignore_ascii_case(text) { text.to_owned() } else { read })
}

/// A time zone by its IANA name.
pub(crate) fn time_zone(name: &str) -> Result<TimeZone, String> {
    ripen_domain::time::zone(name).ok_or_else(|| format!("{name:?} is no time zone: write one such as America/Chicago"))
}

/// An address that can be mailed to.
pub(crate) fn email(address: &str) -> Result<Email, String> {
    Email::parse(address).map_err(|_| format!("{address:?} is no e-mail address"))
}
