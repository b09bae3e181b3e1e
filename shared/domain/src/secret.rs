//! Keys and tokens that Ripen hands out: random text shown once, kept only as a hash. And secrets of others that it has to use.
//!
//! 256 random bits need no salt and no slow hash: there is nothing to guess.

use std::fmt;

use sha2::{Digest, Sha256};

/// A key or token in clear. `Debug` and `Display` show only its prefix.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Makes a secret of `prefix_` and 64 hexadecimal digits from 32 random bytes.
    #[must_use]
    pub fn new(prefix: &str, random: [u8; 32]) -> Self {
        Self(format!("{prefix}_{}", hex::encode(random)))
    }

    /// Takes a secret as somebody sent it.
    #[must_use]
    pub fn given(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text itself, to be shown once or compared.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is stored and looked up: SHA-256 of the text.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_never_shows_the_secret() {
        let secret = Secret::new("key", [7; 32]);
        assert!(secret.reveal().starts_with("key_0707"));
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert_eq!(secret.hash(), Secret::given(secret.reveal()).hash());
    }
}
