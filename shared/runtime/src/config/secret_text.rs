//! Secrets of the configuration: usable as they are, never shown.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

/// `[secrets]`
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct SecretSettings {
    /// What lies sealed in the database is sealed under it: base64 of 32 random bytes. Required with `database.url`; empty: the
    /// file `secrets.key` in the data folder.
    pub key: SecretText,
    /// Keys before it, which still open what they sealed.
    pub previous_keys: Vec<SecretText>,
}

/// A text that never reaches a log or an error. Empty where none is configured.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(transparent)]
pub struct SecretText(String);

impl SecretText {
    /// Takes the text as it was written.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text, to be used.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether none is configured.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.trim().is_empty()
    }
}

impl fmt::Display for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "" } else { "…" })
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl Serialize for SecretText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_it_is_shown() {
        let text = SecretText::new("s3cret");
        assert_eq!((format!("{text} {text:?}"), text.is_empty()), ("… \"…\"".to_owned(), false));
        assert_eq!(serde_json::to_value(&text).unwrap(), "…");
        assert_eq!((SecretText::default().to_string(), SecretText::new(" ").is_empty()), (String::new(), true));
    }
}
