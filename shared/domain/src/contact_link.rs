//! How people are reached by those who get a lead: a number as it is read, a link that dials, a link that writes. What was
//! typed by a stranger adds nothing to either.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat};

use crate::contact::is_extension;

/// What needs no encoding in either part of an address (RFC 6068, RFC 3986 `unreserved`).
const IN_ADDRESS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The most digits of a number (E.164).
const MOST_DIGITS: usize = 15;

fn is_e164(text: &str) -> bool {
    // Only a plus and digits: anything else in a link could add parameters to the call.
    let digits = text.strip_prefix('+').unwrap_or_default();
    (1..=MOST_DIGITS).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// A number in E.164 with spaces where its country puts them, and the extension behind it; any other text as it is.
#[must_use]
pub fn shown_phone(text: &str, extension: Option<&str>) -> String {
    let number = is_e164(text).then(|| PHONE_NUMBER_UTIL.parse(text, None).ok()).flatten();
    let shown = number
        .map_or_else(|| text.to_owned(), |number| number.format_as(PhoneNumberFormat::International).into_owned());
    match extension {
        Some(extension) => format!("{shown} ext. {extension}"),
        None => shown,
    }
}

/// The same of a number that may have `;ext=` behind it.
#[must_use]
pub fn shown_number(text: &str) -> String {
    match text.split_once(";ext=") {
        Some((number, extension)) => shown_phone(number, Some(extension)),
        None => shown_phone(text, None),
    }
}

/// A link that dials, the extension too (RFC 3966); none where this is no number in E.164.
#[must_use]
pub fn tel(phone: &str, extension: Option<&str>) -> Option<String> {
    let extension = extension.filter(|text| is_extension(text)).map(|text| format!(";ext={text}")).unwrap_or_default();
    is_e164(phone).then(|| format!("tel:{phone}{extension}"))
}

/// A link that begins a mail. Each part is encoded, so that an address cannot bring recipients or a body of its own.
#[must_use]
pub fn mailto(email: &str) -> Option<String> {
    // By the last `@`: a quoted local part may hold one.
    let (local, domain) = email.rsplit_once('@')?;
    // Encoded: a `?` in an address would add a subject or further recipients to the mail.
    let part = |text| utf8_percent_encode(text, IN_ADDRESS).to_string();
    Some(format!("mailto:{}@{}", part(local), part(domain)))
}

/// A way to reach somebody: as it is shown, and as it is followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// What people read.
    pub shown: String,
    /// None where it is nothing that could be dialled or written to.
    pub link: Option<String>,
}

impl Way {
    /// By telephone.
    #[must_use]
    pub fn by_phone(phone: &str, extension: Option<&str>) -> Self {
        Self { shown: shown_phone(phone, extension), link: tel(phone, extension) }
    }

    /// By e-mail.
    #[must_use]
    pub fn by_email(email: &str) -> Self {
        Self { shown: email.to_owned(), link: mailto(email) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_as_their_countries_write_them() {
        assert_eq!(shown_phone("+14155550100", None), "+1 415-555-0100");
        assert_eq!(shown_phone("+442070313000", None), "+44 20 7031 3000");
        for other in ["", "+", "call me", "+1\" onclick=\"", "+12345678901234567890"] {
            assert_eq!(shown_phone(other, None), other);
            assert_eq!(tel(other, None), None);
        }
        assert_eq!(tel("+14155550100", None).as_deref(), Some("tel:+14155550100"));
        assert_eq!(shown_phone("+14155550100", Some("123")), "+1 415-555-0100 ext. 123");
        assert_eq!(shown_number("+14155550100;ext=123"), "+1 415-555-0100 ext. 123");
        assert_eq!(shown_number("+14155550100"), "+1 415-555-0100");
        assert_eq!(tel("+14155550100", Some("123")).as_deref(), Some("tel:+14155550100;ext=123"));
        assert_eq!(tel("+14155550100", Some("1;x=\"")).as_deref(), Some("tel:+14155550100"));
    }

    #[test]
    fn an_address_brings_nothing_of_its_own() {
        let link = mailto("a?bcc=x@example.com&body=\"@evil.example").unwrap();
        assert_eq!(link, "mailto:a%3Fbcc%3Dx%40example.com%26body%3D%22@evil.example");
        assert_eq!(mailto("nobody"), None);
    }
}
