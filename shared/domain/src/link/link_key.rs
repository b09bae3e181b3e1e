//! A key of the installation's: signs the tokens of links, each for one purpose, until it is ended. Its number is named in them.

use hmac::{Hmac, Mac};
use jiff::Timestamp;
use sha2::Sha256;

/// How a token is built: without the number of a key, or with it.
pub(super) const UNNUMBERED: &[u8] = b"1";
pub(super) const NUMBERED: &[u8] = b"2";

/// A key that links are signed with.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkKey {
    number: u16,
    key: [u8; 32],
    pub(super) signs_from: Timestamp,
    ended_at: Option<Timestamp>,
}

impl LinkKey {
    /// A key of this number, which signs from then on.
    #[must_use]
    pub const fn new(number: u16, key: [u8; 32], signs_from: Timestamp) -> Self {
        Self { number, key, signs_from, ended_at: None }
    }

    /// The same key; from then on nothing opens that it signed.
    #[must_use]
    pub const fn ended(self, at: Option<Timestamp>) -> Self {
        Self { ended_at: at, ..self }
    }

    pub(super) fn is_over(&self, now: Timestamp) -> Option<Timestamp> {
        self.ended_at.filter(|at| *at <= now)
    }

    /// Its number.
    #[must_use]
    pub const fn number(&self) -> u16 {
        self.number
    }

    pub(super) fn signature(&self, purpose: &[u8], shape: &[u8], signed: &[u8]) -> [u8; 32] {
        self.mac(purpose, shape, signed).finalize().into_bytes().into()
    }

    pub(super) fn mac(&self, purpose: &[u8], shape: &[u8], signed: &[u8]) -> Hmac<Sha256> {
        let key = hmac::digest::Key::<Hmac<Sha256>>::default();
        // The key is padded to the block as HMAC does: no step that could fail.
        let mut padded = key;
        padded[..self.key.len()].copy_from_slice(&self.key);
        let mut mac = <Hmac<Sha256> as hmac::digest::KeyInit>::new(&padded);
        // Without the purpose a token of a delivery would open the page of a rep whose id has the same bytes.
        mac.update(purpose);
        mac.update(shape);
        mac.update(signed);
        mac
    }
}

impl std::fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Written by hand: a derived one would print the key in a log.
        f.write_str("LinkKey(…)")
    }
}
