//! Ways to reach a person, normalised so that the same address or number is the same text. `Debug` masks them.

use std::fmt;

use phonenumber::{Mode, country};
use serde::{Deserialize, Serialize};

/// An e-mail address in lower case with its domain in ASCII (IDNA), at most 254 bytes (RFC 5321 §4.5.3.1.3).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Email(String);

/// Why a text is no usable e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEmail {
    /// Nothing but white space.
    #[error("is empty")]
    Empty,
    /// Longer than RFC 5321 allows.
    #[error("is longer than 254 characters (64 before the @)")]
    TooLong,
    /// Not one part, an @, and a domain.
    #[error("must look like name@example.com")]
    Shape,
    /// Holds a character that no mail server takes unquoted.
    #[error("holds a character that an e-mail address cannot have")]
    Character,
}

impl Email {
    /// Reads an address as people type it: surrounding white space and letter case do not matter.
    ///
    /// # Errors
    /// Says what is wrong with the text, never repeating it.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidEmail::Empty);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidEmail::Shape)?;
        if local.is_empty() || local.starts_with('.') || local.ends_with('.') || local.contains("..") {
            return Err(InvalidEmail::Shape);
        }
        if local.len() > 64 || text.len() > 254 {
            return Err(InvalidEmail::TooLong);
        }
        if !local.chars().all(usable_in_local_part) {
            return Err(InvalidEmail::Character);
        }
        // The form in which servers compare domains: `MÜNCHEN.de` and `xn--mnchen-3ya.de` are one.
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| InvalidEmail::Shape)?;
        if !domain.contains('.') || domain.starts_with('.') || domain.ends_with('.') || domain.contains("..") {
            return Err(InvalidEmail::Shape);
        }
        // Strictly the local part may tell cases apart; no mail provider of note does, and people do not type it the same twice.
        let whole = format!("{}@{domain}", local.to_lowercase());
        if whole.len() > 254 { Err(InvalidEmail::TooLong) } else { Ok(Self(whole)) }
    }

    /// The normalised address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// RFC 5322 `atext` and the dot, and letters beyond ASCII (RFC 6531); quoted local parts are not used by people.
fn usable_in_local_part(c: char) -> bool {
    c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c)
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

/// A phone number in E.164 form (`+14155550100`).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Phone(String);

/// A number that was read, and whether the numbering plan knows such numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadPhone {
    /// The number in E.164.
    pub phone: Phone,
    /// The length fits its country but no known range does: kept and worked, but flagged.
    pub doubtful: bool,
}

/// Why a text is no usable phone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPhone {
    /// Nothing but white space.
    #[error("is empty")]
    Empty,
    /// Holds no number at all, or far too long a text.
    #[error("is not a phone number; write it with its country code, such as +1 415 555 0100")]
    NotANumber,
    /// Has too few or too many digits for its country.
    #[error("has too few or too many digits for its country; write it with its country code, such as +1 415 555 0100")]
    Length,
}

impl Phone {
    /// Reads a number as people of `country` (ISO 3166 alpha-2) write it, or in international form.
    ///
    /// # Errors
    /// Says what is wrong with the text, never repeating it.
    pub fn parse(text: &str, country: Option<&str>) -> Result<ReadPhone, InvalidPhone> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidPhone::Empty);
        }
        if text.len() > 64 || !text.chars().any(|c| c.is_numeric()) || text.chars().any(char::is_control) {
            return Err(InvalidPhone::NotANumber);
        }
        let region = country.and_then(|code| code.to_ascii_uppercase().parse::<country::Id>().ok());
        let number = phonenumber::parse(region, text).map_err(|_| InvalidPhone::NotANumber)?;
        let valid = phonenumber::is_valid(&number);
        if !valid && !has_possible_length(&number) {
            return Err(InvalidPhone::Length);
        }
        Ok(ReadPhone { phone: Self(number.format().mode(Mode::E164).to_string()), doubtful: !valid })
    }

    /// The number in E.164.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether the national part has a length that fixed or mobile numbers of its country code can have. The leading
/// zeros that some countries keep in international form count.
fn has_possible_length(number: &phonenumber::PhoneNumber) -> bool {
    let Ok(digits) = u16::try_from(number.national().to_string().len()) else { return false };
    let plans = phonenumber::metadata::DATABASE.by_code(&number.code().value()).unwrap_or_default();
    plans.iter().any(|plan| {
        let kinds = plan.descriptors();
        [Some(kinds.general()), kinds.fixed_line(), kinds.mobile()]
            .into_iter()
            .flatten()
            .any(|kind| kind.possible_length().contains(&digits))
    })
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phone(…)")
    }
}

/// One way to recognise a person within a client.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Identity {
    /// By e-mail address.
    Email(Email),
    /// By phone number.
    Phone(Phone),
}

impl Identity {
    /// An identity as the database keeps it, normalised already.
    #[must_use]
    pub fn stored(kind: &str, value: &str) -> Option<Self> {
        match kind {
            "email" => Some(Self::Email(Email(value.to_owned()))),
            "phone" => Some(Self::Phone(Phone(value.to_owned()))),
            _ => None,
        }
    }

    /// The word the database keeps: `email` or `phone`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Email(_) => "email",
            Self::Phone(_) => "phone",
        }
    }

    /// The normalised value.
    #[must_use]
    pub fn value(&self) -> &str {
        match self {
            Self::Email(email) => email.as_str(),
            Self::Phone(phone) => phone.as_str(),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(" Casey@Example.COM ", "casey@example.com")]
    #[case("o'neil+tag@mail.example.co.uk", "o'neil+tag@mail.example.co.uk")]
    #[case("jörg@bücher.example", "jörg@xn--bcher-kva.example")]
    fn a_typed_address_is_normalised(#[case] typed: &str, #[case] normal: &str) {
        assert_eq!(Email::parse(typed).unwrap().as_str(), normal);
    }

    #[rstest]
    #[case("", InvalidEmail::Empty)]
    #[case("casey", InvalidEmail::Shape)]
    #[case("@example.com", InvalidEmail::Shape)]
    #[case("casey@localhost", InvalidEmail::Shape)]
    #[case("casey@exa mple.com", InvalidEmail::Shape)]
    #[case("a..b@example.com", InvalidEmail::Shape)]
    #[case("ca sey@example.com", InvalidEmail::Character)]
    #[case("casey\r\nBcc: x@example.com", InvalidEmail::Character)]
    #[case("<casey@example.com", InvalidEmail::Character)]
    fn a_bad_address_says_why(#[case] typed: &str, #[case] why: InvalidEmail) {
        assert_eq!(Email::parse(typed), Err(why));
    }

    #[test]
    fn an_endless_address_is_refused() {
        assert_eq!(Email::parse(&format!("{}@example.com", "a".repeat(65))), Err(InvalidEmail::TooLong));
    }

    #[rstest]
    #[case("(415) 555-0100", Some("US"), "+14155550100")]
    #[case("+1 415 555 0100", None, "+14155550100")]
    #[case("020 7031 3000", Some("GB"), "+442070313000")]
    #[case("+49 30 123456", Some("US"), "+4930123456")]
    #[case("050 123 4567", Some("AE"), "+971501234567")]
    fn a_typed_number_becomes_e164(#[case] typed: &str, #[case] country: Option<&str>, #[case] e164: &str) {
        let read = Phone::parse(typed, country).unwrap();
        assert_eq!(read.phone.as_str(), e164);
        assert!(!read.doubtful);
    }

    #[test]
    fn a_number_of_right_length_outside_every_range_is_doubtful() {
        assert!(Phone::parse("+15550100001", None).unwrap().doubtful);
    }

    #[rstest]
    #[case("", Some("US"), InvalidPhone::Empty)]
    #[case("call me", Some("US"), InvalidPhone::NotANumber)]
    #[case("12345", Some("US"), InvalidPhone::Length)]
    #[case("415 555 0100", None, InvalidPhone::NotANumber)]
    #[case("+1 415 555 0100\r\nX: y", None, InvalidPhone::NotANumber)]
    fn a_bad_number_says_why(#[case] typed: &str, #[case] country: Option<&str>, #[case] why: InvalidPhone) {
        assert_eq!(Phone::parse(typed, country), Err(why));
    }

    #[test]
    fn debug_masks_contact_data() {
        let email = Email::parse("casey@example.com").unwrap();
        let phone = Phone::parse("+14155550100", None).unwrap().phone;
        let shown = format!("{email:?} {phone:?} {:?}", Identity::Email(email.clone()));
        assert!(!shown.contains("casey") && !shown.contains("415"), "{shown}");
    }
}
