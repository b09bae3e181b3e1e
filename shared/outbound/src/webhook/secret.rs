//! Endpoints' secrets and the signatures made with them (Standard Webhooks 1.0, symmetric).

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use standardwebhooks::Webhook;

const PREFIX: &str = "whsec_";

/// Why a text is no secret. The text is never repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSecret {
    /// Not `whsec_` and base64.
    #[error("must be whsec_ and the key in base64")]
    Shape,
    /// The specification asks for 24 to 64 bytes.
    #[error("must hold a key of 24 to 64 bytes")]
    Length,
}

/// A secret shared with one endpoint. `Debug` masks it.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret {
    key: Vec<u8>,
}

impl WebhookSecret {
    /// Makes a secret of 32 random bytes.
    #[must_use]
    pub fn new(random: [u8; 32]) -> Self {
        Self { key: random.to_vec() }
    }

    /// Reads the text form, `whsec_…`.
    ///
    /// # Errors
    /// It is not of that form, or the key has not the length it should have.
    pub fn parse(text: &str) -> Result<Self, InvalidSecret> {
        // Blanks are cut: secrets are copied from pages and mails.
        let key = text.trim().strip_prefix(PREFIX).and_then(|key| STANDARD.decode(key).ok());
        let key = key.ok_or(InvalidSecret::Shape)?;
        if (24..=64).contains(&key.len()) { Ok(Self { key }) } else { Err(InvalidSecret::Length) }
    }

    /// The text form, to be shown once and stored.
    #[must_use]
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.key))
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

/// The value of `webhook-signature`: one `v1,…` for each secret, parted by spaces. `None` without any secret, or for
/// a body that is not UTF-8.
pub(super) fn signatures(secrets: &[WebhookSecret], id: &str, seconds: i64, body: &[u8]) -> Option<String> {
    // One for each live secret: while a receiver changes over, one of them is the one it knows.
    let signatures: Option<Vec<_>> = secrets
        .iter()
        .map(|secret| Webhook::from_bytes(secret.key.clone()).and_then(|webhook| webhook.sign(id, seconds, body)).ok())
        .collect();
    signatures.map(|all| all.join(" ")).filter(|joined| !joined.is_empty())
}

/// Whether one of the signatures that came with a body is of one of these secrets. The age of the timestamp is the caller's to judge.
#[must_use]
pub fn is_signed(secrets: &[WebhookSecret], id: &str, seconds: i64, (body, presented): (&[u8], &str)) -> bool {
    let Some(right) = signatures(secrets, id, seconds, body) else { return false };
    // All are compared, and each whole: the time that it takes tells nothing of how near a forged one came.
    let mut found = false;
    for given in presented.split(' ').take(8) {
        for right in right.split(' ') {
            found |= is_same(given.as_bytes(), right.as_bytes());
        }
    }
    found
}

fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |differs, (one, other)| differs | (one ^ other)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    const BODY: &[u8] = br#"{"type":"lead.matured","lead_id":"ld_1"}"#;
    const SIGNATURE: &str = "v1,CGZvJdgbIolf0ZYCAfHzUyGPZlblPUFXE34LP7Ai6lM=";

    #[test]
    fn the_signature_is_the_one_others_make() {
        let secret = WebhookSecret::parse(SECRET).unwrap();
        assert_eq!(signatures(&[secret], "msg_0001", 1_760_000_000, BODY).as_deref(), Some(SIGNATURE));
    }

    #[test]
    fn a_signature_is_known_again_and_no_other() {
        let secrets = [WebhookSecret::new([7; 32]), WebhookSecret::parse(SECRET).unwrap()];
        let is = |body: &[u8], seconds, presented: &str| is_signed(&secrets, "msg_0001", seconds, (body, presented));
        assert!(is(BODY, 1_760_000_000, SIGNATURE));
        assert!(is(BODY, 1_760_000_000, &format!("v1a,x {SIGNATURE}")));
        assert!(!is(b"{}", 1_760_000_000, SIGNATURE) && !is(BODY, 1_760_000_001, SIGNATURE));
        assert!(!is(BODY, 1_760_000_000, "") && !is(BODY, 1_760_000_000, "v1,") && !is(b"\xff", 0, "v1,"));
        assert!(!is_signed(&[], "msg_0001", 1_760_000_000, (BODY, SIGNATURE)));
    }

    #[test]
    fn every_live_secret_signs() {
        let secrets = [WebhookSecret::new([7; 32]), WebhookSecret::parse(SECRET).unwrap()];
        let joined = signatures(&secrets, "msg_0001", 1_760_000_000, BODY).unwrap();
        let parts: Vec<_> = joined.split(' ').collect();
        assert!(parts.len() == 2 && parts[0].starts_with("v1,") && parts[1] == SIGNATURE, "{joined}");
    }

    #[test]
    fn nothing_goes_out_unsigned() {
        assert_eq!(signatures(&[], "msg_0001", 0, BODY), None);
        assert_eq!(signatures(&[WebhookSecret::new([7; 32])], "msg_0001", 0, b"\xff"), None);
    }

    #[test]
    fn a_secret_survives_its_text_form_and_is_never_shown() {
        let secret = WebhookSecret::new(*b"0123456789abcdef0123456789abcdef");
        assert_eq!(secret.reveal(), SECRET);
        assert_eq!(WebhookSecret::parse(&format!(" {SECRET}\n")), Ok(secret.clone()));
        assert_eq!(format!("{secret:?}"), "WebhookSecret(…)");
    }

    #[test]
    fn what_is_no_secret_says_why() {
        assert_eq!(WebhookSecret::parse("MDEyMzQ1Njc4OWFiY2RlZg=="), Err(InvalidSecret::Shape));
        assert_eq!(WebhookSecret::parse("whsec_!"), Err(InvalidSecret::Shape));
        assert_eq!(WebhookSecret::parse("whsec_c2hvcnQ="), Err(InvalidSecret::Length));
    }
}
