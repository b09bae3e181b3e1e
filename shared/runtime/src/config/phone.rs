//! How the desk reaches the telephone.

use serde::{Deserialize, Serialize};

use super::SecretText;

/// How a number is dialed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(try_from = "String", rename_all = "lowercase")]
pub enum DialWay {
    /// The browser opens a `tel:` link: whatever the agent's machine dials with takes it.
    #[default]
    Tel,
    /// The browser opens an address made of `url`.
    Url,
    /// This process asks the telephone system by HTTP.
    Http,
}

impl TryFrom<String> for DialWay {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "tel" => Ok(Self::Tel),
            "url" => Ok(Self::Url),
            "http" => Ok(Self::Http),
            other => Err(format!("expected tel, url or http, given {other:?}")),
        }
    }
}

/// `[phone]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct PhoneSettings {
    /// `tel`, `url` or `http`.
    pub dial: DialWay,
    /// The address for `url` and `http`, with `{number}`, `{extension}`, `{caller_id}`, `{lead}` and `{call}` in their places. It may
    /// hold a password, as telephone systems want it.
    pub url: SecretText,
    /// Headers for `http`, each `Name: value`.
    pub headers: Vec<SecretText>,
    /// How long the telephone system has to answer.
    pub timeout_s: u64,
    /// Whether it may lie on this machine or in a private network.
    pub allow_private: bool,
    /// What the telephone system signs its events with (Standard Webhooks, `whsec_…`); empty: it sends a user's token.
    pub secret: SecretText,
}

impl Default for PhoneSettings {
    fn default() -> Self {
        Self {
            dial: DialWay::default(),
            url: SecretText::default(),
            headers: Vec::new(),
            // Somebody waits for it with the hand at the headset.
            timeout_s: 5,
            allow_private: false,
            secret: SecretText::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_to_dial_is_one_of_three() {
        let read = |text: &str| DialWay::try_from(text.to_owned());
        assert_eq!((read("tel"), read("url"), read("http")), (Ok(DialWay::Tel), Ok(DialWay::Url), Ok(DialWay::Http)));
        assert!(read("smoke").unwrap_err().contains("tel, url or http"));
    }
}
