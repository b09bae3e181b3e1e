//! E-mail addresses, normalised so that the same address is the same text. `Debug` masks them.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

/// An e-mail address in lower case with its domain in ASCII (IDNA), at most 254 bytes (RFC 5321 §4.5.3.1.3).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Email(String);

/// Google has two domains for each of its mailboxes, the first as good as the other. No other
/// provider's are known to be one for all addresses, and what stands before the @ is nobody's to fold.
const GOOGLE: [&str; 2] = ["gmail.com", "googlemail.com"];

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
    /// `*@example.com`, as registers write a whole domain.
    #[error("stands for more than one: a domain or a pattern cannot be used, name each address")]
    Pattern,
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
        // Some systems take letters and their marks apart: `ë` as two characters is the same address.
        let text: String = text.trim().nfc().collect();
        let text = text.as_str();
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
        if local.contains('*') {
            return Err(InvalidEmail::Pattern);
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

    /// An address that was stored, normalised already.
    pub(super) fn stored(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The address under which its mailbox is known, whichever of its names was written.
    #[must_use]
    pub fn mailbox(&self) -> Self {
        self.twin().filter(|twin| twin.is_of(GOOGLE[0])).unwrap_or_else(|| self.clone())
    }

    /// The other name of the same mailbox, where it has one.
    #[must_use]
    pub fn twin(&self) -> Option<Self> {
        let [first, second] = GOOGLE;
        let other = if self.is_of(first) { second } else { first };
        let (local, _) = self.0.rsplit_once('@').filter(|_| self.is_of(first) || self.is_of(second))?;
        Some(Self(format!("{local}@{other}")))
    }

    fn is_of(&self, domain: &str) -> bool {
        self.0.rsplit_once('@').is_some_and(|(_, own)| own == domain)
    }

    /// The normalised address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The address alone, where mail programs write more around it: `Casey <casey@example.com>`, or a sentence's point behind it.
#[must_use]
pub fn bare_address(text: &str) -> &str {
    let bracketed = text.trim().strip_suffix('>').and_then(|text| text.split_once('<'));
    // Beside another address nobody can say which is meant.
    let inner = bracketed.filter(|(name, inner)| {
        let name = name.trim().trim_matches(['"', '\'']);
        !inner.contains('<') && (!name.contains('@') || name.eq_ignore_ascii_case(inner.trim()))
    });
    let text = inner.map_or(text, |(_, inner)| inner.trim()).trim_start_matches("mailto:");
    text.strip_suffix('.').unwrap_or(text)
}

/// RFC 5322 `atext` and the dot, but for the star that no mailbox has, and letters beyond ASCII (RFC 6531); quoted local parts are not used by people.
fn usable_in_local_part(c: char) -> bool {
    c.is_alphanumeric() || "!#$%&'+-/=?^_`{|}~.".contains(c)
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
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
    #[case("zoe\u{308}@mu\u{308}nchen.example", "zoë@xn--mnchen-3ya.example")]
    #[case("zoë@xn--mnchen-3ya.example", "zoë@xn--mnchen-3ya.example")]
    fn a_typed_address_is_normalised(#[case] typed: &str, #[case] normal: &str) {
        assert_eq!(Email::parse(typed).unwrap().as_str(), normal);
    }

    #[test]
    fn a_mailbox_of_google_is_one_under_both_its_names_and_no_other_is() {
        let email = |text: &str| Email::parse(text).unwrap();
        for (typed, mailbox, twin) in [
            ("Casey@GoogleMail.com", "casey@gmail.com", Some("casey@gmail.com")),
            ("casey@gmail.com", "casey@gmail.com", Some("casey@googlemail.com")),
            ("ca.sey+x@googlemail.com", "ca.sey+x@gmail.com", Some("ca.sey+x@gmail.com")),
            ("casey@mail.googlemail.com", "casey@mail.googlemail.com", None),
            ("casey@googlemail.de", "casey@googlemail.de", None),
            ("casey@notgmail.com", "casey@notgmail.com", None),
        ] {
            assert_eq!(email(typed).mailbox().as_str(), mailbox);
            assert_eq!(email(typed).twin().as_ref().map(Email::as_str), twin, "{typed}");
        }
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
    #[case("*@example.com", InvalidEmail::Pattern)]
    #[case("sales*@example.com", InvalidEmail::Pattern)]
    fn a_bad_address_says_why(#[case] typed: &str, #[case] why: InvalidEmail) {
        assert_eq!(Email::parse(typed), Err(why));
    }

    #[test]
    fn an_endless_address_is_refused() {
        assert_eq!(Email::parse(&format!("{}@example.com", "a".repeat(65))), Err(InvalidEmail::TooLong));
    }

    #[test]
    fn debug_masks_the_address() {
        let email = Email::parse("casey@example.com").unwrap();
        assert!(!format!("{email:?} {:?}", crate::contact::Identity::Email(email.clone())).contains("casey"));
    }
}
