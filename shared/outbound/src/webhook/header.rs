//! Headers that an endpoint wants beside ours, such as `Authorization`. Checked when they are set and again when sent.

use std::fmt;

use reqwest::header::{HeaderName, HeaderValue};

/// The longest name and value together, in bytes.
const LONGEST: usize = 2_048;
/// What frames the request or belongs to one connection (RFC 9110 §7.6.1), and what we say ourselves.
const OURS: [&str; 11] = [
    "connection",
    "expect",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
const OUR_FAMILIES: [&str; 2] = ["content-", "webhook-"];

/// Why a text is no header that can be sent. The value is never repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHeader {
    /// No name, colon, value.
    #[error("write it as `Name: value`")]
    Shape,
    /// No name that HTTP knows.
    #[error("the name before the colon is none that HTTP allows")]
    Name,
    /// Line breaks or other signs that HTTP does not carry.
    #[error("the value of {0} must be one line of visible ASCII")]
    Value(String),
    /// One that frames the request, belongs to the connection, or is part of every webhook.
    #[error("{0} cannot be set: it frames the request or is part of every webhook")]
    Ours(String),
    /// Longer than any receiver needs.
    #[error("the header is longer than {LONGEST} bytes")]
    TooLong,
}

/// A header of an endpoint's own. `Debug` masks the value: it may be a credential.
#[derive(Clone, PartialEq, Eq)]
pub struct OwnHeader {
    name: HeaderName,
    value: HeaderValue,
}

impl OwnHeader {
    /// Reads `Name: value`.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, InvalidHeader> {
        // Before it is parsed: any text can be given here.
        if text.len() > LONGEST {
            return Err(InvalidHeader::TooLong);
        }
        let (name, value) = text.split_once(':').ok_or(InvalidHeader::Shape)?;
        let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| InvalidHeader::Name)?;
        let word = name.as_str();
        // Otherwise a client could sign for us, or break the framing of the request.
        if OURS.contains(&word) || OUR_FAMILIES.iter().any(|family| word.starts_with(family)) {
            return Err(InvalidHeader::Ours(word.to_owned()));
        }
        let value = value.trim_matches([' ', '\t']);
        // Visible ASCII on one line: with a line break the header would become two.
        let one_line = !value.is_empty() && value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        match HeaderValue::from_str(value) {
            Ok(value) if one_line => Ok(Self { name, value }),
            _ => Err(InvalidHeader::Value(word.to_owned())),
        }
    }

    /// The name, in lower case.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    /// The text that [`Self::parse`] reads, to be stored.
    #[must_use]
    pub fn reveal(&self) -> String {
        format!("{}: {}", self.name, self.value.to_str().unwrap_or_default())
    }

    pub(super) fn pair(&self) -> (HeaderName, HeaderValue) {
        let mut value = self.value.clone();
        // Masked in the library's own debug output.
        value.set_sensitive(true);
        (self.name.clone(), value)
    }
}

impl fmt::Debug for OwnHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OwnHeader({}: …)", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_survives_its_text_form_and_its_value_is_never_shown() {
        let header = OwnHeader::parse("Authorization:  Bearer abc==  ").unwrap();
        assert_eq!((header.name(), header.reveal().as_str()), ("authorization", "authorization: Bearer abc=="));
        assert_eq!(OwnHeader::parse(&header.reveal()), Ok(header.clone()));
        assert_eq!(format!("{header:?}"), "OwnHeader(authorization: …)");
    }

    #[test]
    fn what_would_change_the_request_is_refused() {
        let ours = |name: &str| Err(InvalidHeader::Ours(name.to_owned()));
        for name in OURS.iter().chain(&["content-length", "content-type", "webhook-id", "webhook-signature"]) {
            assert_eq!(OwnHeader::parse(&format!("{}: x", name.to_uppercase())), ours(name), "{name}");
        }
        let value = || Err(InvalidHeader::Value("x-a".to_owned()));
        for (text, refused) in [
            ("", Err(InvalidHeader::Shape)),
            ("X-A", Err(InvalidHeader::Shape)),
            (": b", Err(InvalidHeader::Name)),
            ("X A: b", Err(InvalidHeader::Name)),
            ("X-A\r\nHost: b", Err(InvalidHeader::Name)),
            ("X-A: ", value()),
            ("X-A: b\r\nHost: c", value()),
            ("X-A: b\nc", value()),
            ("X-A: b\0", value()),
            ("X-A: b\tc", value()),
            ("X-A: ü", value()),
        ] {
            assert_eq!(OwnHeader::parse(text), refused, "{text:?}");
        }
        assert_eq!(OwnHeader::parse(&format!("X-A: {}", "b".repeat(2_050))), Err(InvalidHeader::TooLong));
    }
}
