//! A phone number in its text form, as it is stored and compared. Only what reads numbers makes one: whoever has one has a number.

use std::fmt;

use rlibphonenumber::PHONE_NUMBER_UTIL;
use serde::{Deserialize, Serialize};

use crate::{
    contact::spelling::EXTENSION_DIGITS,
    values::{folded, is_nothing},
};

/// Between the number and its extension in the text form (RFC 3966).
const EXTENSION: &str = ";ext=";

/// A phone number, and the extension behind it where there is one. Its text form is E.164, with `;ext=` and the extension:
/// `+14155550100`, `+14155550100;ext=123`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Phone(String);

/// Whether a text can be an extension: up to ten digits.
#[must_use]
pub fn is_extension(text: &str) -> bool {
    (1..=EXTENSION_DIGITS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a field or a cell for an extension says that there is none: nothing, or the zero of a spreadsheet's empty number.
#[must_use]
pub fn is_no_extension(text: &str) -> bool {
    let said = folded(text);
    is_nothing(&said) || said.trim().chars().all(|c| matches!(c, '0' | '.'))
}

/// The extension in a field or a cell of its own: `12`, `x12`, `ext. 8`, `Durchwahl 08`; none where it is none.
#[must_use]
pub fn extension_written(text: &str) -> Option<String> {
    let said = folded(text).to_lowercase();
    // A spreadsheet's number has decimals.
    let digits = said.strip_suffix(".0").unwrap_or(&said).trim_start_matches(|c: char| !c.is_ascii_digit());
    is_extension(digits).then(|| digits.to_owned())
}

impl Phone {
    /// As it is stored: E.164, and the extension where there is one.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number in E.164.
    #[must_use]
    pub fn number(&self) -> &str {
        self.0.split_once(EXTENSION).map_or(self.0.as_str(), |(number, _)| number)
    }

    /// The extension behind the number.
    #[must_use]
    pub fn extension(&self) -> Option<&str> {
        self.0.split_once(EXTENSION).map(|(_, extension)| extension)
    }

    /// The country whose numbers it is one of (ISO 3166 alpha-2); none for those of several or of no country.
    #[must_use]
    pub fn country(&self) -> Option<String> {
        let read = PHONE_NUMBER_UTIL.parse(self.number(), None).ok()?;
        read.get_region_code().map(|region| region.to_string())
    }

    /// The same number with this extension; without one where it is none.
    #[must_use]
    pub fn with_extension(&self, extension: &str) -> Self {
        let number = self.number();
        if is_extension(extension) { Self(format!("{number}{EXTENSION}{extension}")) } else { Self(number.to_owned()) }
    }

    /// A text form that was stored, or that the library wrote: normalised already.
    pub(in crate::contact) fn normalised(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phone(…)")
    }
}
