//! What may not lie in clear in the database, sealed: each value is encrypted with a data key of its own, and that one with a
//! key of the installation's configuration. A rotation re-wraps data keys and never opens what they guard.
//!
//! AES-256-GCM twice (NIST SP 800-38D), random nonces of 96 bits. The associated data names the row that the value lies in, so
//! that it opens nowhere else. What is sealed is, byte by byte: the version (1), the key's id (4), a nonce (12), the wrapped data
//! key (48), a nonce (12), the ciphertext with its tag.

use std::fmt;

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use sha2::{Digest as _, Sha256};

/// What is sealed begins with it.
const VERSION: u8 = 1;
const KEY: usize = 32;
const ID: usize = 4;
const NONCE: usize = 12;
const TAG: usize = 16;
const WRAPPED: usize = NONCE + KEY + TAG;
const HEAD: usize = 1 + ID;
/// Named in what is authenticated, so that a wrapped key is never taken for a value.
const OF_KEY: &str = "ripen data key 1";
const OF_VALUE: &str = "ripen sealed value 1";

/// With or without the padding, which is lost on the way through some configurations.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A text is no key. The text is never repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 32 random bytes in base64: `ripen secrets new-key` makes such a key, or `openssl rand -base64 32`")]
pub struct InvalidMasterKey;

/// Why something sealed cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// It was sealed under a key that is not given.
    #[error("it is sealed under the key {0}, which is neither secrets.key nor one of secrets.previous_keys")]
    UnknownKey(MasterKeyId),
    /// It was changed, cut, or belongs to another row.
    #[error("it was changed since it was sealed, or belongs to another row")]
    Tampered,
    /// The library refused to encrypt, or the value is too long.
    #[error("it cannot be sealed")]
    Unsealable,
}

/// Names a key without telling anything about it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MasterKeyId([u8; ID]);

impl MasterKeyId {
    /// From the bytes that stand in what is sealed.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// As they stand in what is sealed.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; ID] {
        &self.0
    }
}

impl fmt::Display for MasterKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for MasterKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A key of the configuration, which data keys are wrapped with.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey([u8; KEY]);

impl MasterKey {
    /// From random bytes.
    #[must_use]
    pub const fn new(random: [u8; KEY]) -> Self {
        Self(random)
    }

    /// Reads a key as the configuration has it: base64 of 32 bytes.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, InvalidMasterKey> {
        let bytes = BASE64.decode(text.trim()).map_err(|_| InvalidMasterKey)?;
        bytes.try_into().map(Self).map_err(|_| InvalidMasterKey)
    }

    /// The text that the configuration takes.
    #[must_use]
    pub fn reveal(&self) -> String {
        BASE64.encode(self.0)
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> MasterKeyId {
        // A hash of 256 random bits tells nothing about them; four bytes tell the few keys of an installation apart.
        let digest = Sha256::new().chain_update(b"ripen key id 1").chain_update(self.0).finalize();
        let mut id = [0; ID];
        id.copy_from_slice(&digest[..ID]);
        MasterKeyId(id)
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({}, …)", self.id())
    }
}

/// The keys of an installation: one that seals, and those before it that still open.
#[derive(Clone)]
pub struct Keyring {
    current: MasterKey,
    previous: Vec<MasterKey>,
    random: fn() -> [u8; KEY],
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").field("current", &self.current).field("previous", &self.previous).finish()
    }
}

impl Keyring {
    /// A keyring that takes its randomness from `random`: a fresh 256 bits at each call, from the system's generator.
    #[must_use]
    pub fn new(current: MasterKey, previous: Vec<MasterKey>, random: fn() -> [u8; KEY]) -> Self {
        Self { current, previous, random }
    }

    /// The key that seals.
    #[must_use]
    pub fn current(&self) -> MasterKeyId {
        self.current.id()
    }

    /// Whether it opens what this key sealed.
    #[must_use]
    pub fn knows(&self, id: MasterKeyId) -> bool {
        self.key(id).is_ok()
    }

    /// Random bytes from where the keyring has them.
    #[must_use]
    pub fn fresh(&self) -> [u8; KEY] {
        (self.random)()
    }

    /// Seals a value for one place, which is named by its table, column and row.
    ///
    /// # Errors
    /// When the library refuses it.
    pub fn seal(&self, place: &str, clear: &[u8]) -> Result<Vec<u8>, SealError> {
        let data_key = self.fresh();
        let mut sealed = self.wrapped(place, &data_key)?;
        sealed.extend(encrypted(&data_key, self.nonce(), &bound(OF_VALUE, None, place), clear)?);
        Ok(sealed)
    }

    /// Opens what was sealed for this place.
    ///
    /// # Errors
    /// When the key is not known, or it is not what was sealed here.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (data_key, value) = self.unwrapped(place, sealed)?;
        decrypted(&data_key, &bound(OF_VALUE, None, place), value)
    }

    /// The same value with its data key wrapped by the current key; none where it is already.
    ///
    /// # Errors
    /// As [`Keyring::open`], but for the value, which is not looked at.
    pub fn rewrap(&self, place: &str, sealed: &[u8]) -> Result<Option<Vec<u8>>, SealError> {
        let (data_key, value) = self.unwrapped(place, sealed)?;
        if key_of(sealed) == Some(self.current()) {
            return Ok(None);
        }
        let mut again = self.wrapped(place, &data_key)?;
        again.extend_from_slice(value);
        Ok(Some(again))
    }

    fn key(&self, id: MasterKeyId) -> Result<&MasterKey, SealError> {
        let mut all = std::iter::once(&self.current).chain(&self.previous);
        all.find(|key| key.id() == id).ok_or(SealError::UnknownKey(id))
    }

    /// The head of something sealed: everything before the value.
    fn wrapped(&self, place: &str, data_key: &[u8; KEY]) -> Result<Vec<u8>, SealError> {
        let id = self.current.id();
        let mut head = vec![VERSION];
        head.extend_from_slice(&id.0);
        head.extend(encrypted(&self.current.0, self.nonce(), &bound(OF_KEY, Some(id), place), data_key)?);
        Ok(head)
    }

    /// The data key, and the value that it opens.
    fn unwrapped<'s>(&self, place: &str, sealed: &'s [u8]) -> Result<([u8; KEY], &'s [u8]), SealError> {
        let id = key_of(sealed).ok_or(SealError::Tampered)?;
        let key = self.key(id)?;
        let wrapped = sealed.get(HEAD..HEAD + WRAPPED).ok_or(SealError::Tampered)?;
        let data_key = decrypted(&key.0, &bound(OF_KEY, Some(id), place), wrapped)?;
        let data_key = data_key.try_into().map_err(|_| SealError::Tampered)?;
        Ok((data_key, sealed.get(HEAD + WRAPPED..).unwrap_or_default()))
    }

    fn nonce(&self) -> [u8; NONCE] {
        let mut nonce = [0; NONCE];
        nonce.copy_from_slice(&self.fresh()[..NONCE]);
        nonce
    }
}

/// The key that something was sealed under; none where it is nothing sealed.
#[must_use]
pub fn key_of(sealed: &[u8]) -> Option<MasterKeyId> {
    let (version, rest) = sealed.split_first()?;
    (*version == VERSION).then(|| MasterKeyId::from_bytes(rest.get(..ID)?)).flatten()
}

/// What is authenticated beside the ciphertext: what it is, under which key, and where it lies.
fn bound(what: &str, key: Option<MasterKeyId>, place: &str) -> Vec<u8> {
    // Separated by bytes that no part has: no two places have the same bytes.
    let key = key.map(|key| key.to_string()).unwrap_or_default();
    format!("{what}\0{key}\0{place}").into_bytes()
}

fn cipher(key: &[u8; KEY]) -> Result<LessSafeKey, SealError> {
    // Refused only for another length.
    UnboundKey::new(&AES_256_GCM, key).map(LessSafeKey::new).map_err(|_| SealError::Unsealable)
}

fn encrypted(key: &[u8; KEY], nonce: [u8; NONCE], bound: &[u8], clear: &[u8]) -> Result<Vec<u8>, SealError> {
    let mut buffer = clear.to_vec();
    cipher(key)?
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(bound), &mut buffer)
        .map_err(|_| SealError::Unsealable)?;
    Ok([&nonce[..], &buffer].concat())
}

fn decrypted(key: &[u8; KEY], bound: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealError> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE>().ok_or(SealError::Tampered)?;
    let mut buffer = rest.to_vec();
    let clear = cipher(key)?
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(bound), &mut buffer)
        .map_err(|_| SealError::Tampered)?;
    Ok(clear.to_vec())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::*;

    /// Different at each call, as the real one is.
    fn random() -> [u8; KEY] {
        static NEXT: AtomicU8 = AtomicU8::new(1);
        Sha256::digest([NEXT.fetch_add(1, Ordering::Relaxed)]).into()
    }

    fn ring(current: u8, previous: &[u8]) -> Keyring {
        let key = |byte: &u8| MasterKey::new([*byte; KEY]);
        Keyring::new(key(&current), previous.iter().map(key).collect(), random)
    }

    #[test]
    fn what_is_sealed_opens_again_and_shows_nothing() {
        let ring = ring(7, &[]);
        for clear in [&b"whsec_secret"[..], b"", &[0; 5000]] {
            let (one, two) = (ring.seal("table/1", clear).unwrap(), ring.seal("table/1", clear).unwrap());
            assert_eq!(ring.open("table/1", &one).unwrap(), clear);
            assert_ne!(one, two, "nonces and data keys are random");
            assert!(clear.is_empty() || !one.windows(clear.len()).any(|part| part == clear));
            assert_eq!(key_of(&one), Some(ring.current()));
        }
    }

    #[test]
    fn what_is_moved_changed_or_cut_does_not_open() {
        let ring = ring(7, &[]);
        let sealed = ring.seal("table/1", b"secret").unwrap();
        assert_eq!(ring.open("table/2", &sealed), Err(SealError::Tampered));
        assert_eq!(ring.rewrap("table/2", &sealed), Err(SealError::Tampered));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(ring.open("table/1", &changed).is_err(), "byte {at}");
            assert!(ring.open("table/1", &sealed[..at]).is_err(), "cut at {at}");
        }
        // The value of one row under the wrapped key of another.
        let other = ring.seal("table/2", b"other").unwrap();
        let mixed = [&sealed[..HEAD + WRAPPED], &other[HEAD + WRAPPED..]].concat();
        assert_eq!(ring.open("table/1", &mixed), Err(SealError::Tampered));
    }

    #[test]
    fn a_rotation_rewraps_once_and_the_old_key_can_go() {
        let (old, both, new) = (ring(1, &[]), ring(2, &[1]), ring(2, &[]));
        let sealed = old.seal("table/1", b"secret").unwrap();
        assert_eq!(both.open("table/1", &sealed).unwrap(), b"secret");
        assert_eq!(new.open("table/1", &sealed), Err(SealError::UnknownKey(old.current())));
        let again = both.rewrap("table/1", &sealed).unwrap().unwrap();
        assert_eq!(both.rewrap("table/1", &again), Ok(None));
        assert_eq!(new.open("table/1", &again).unwrap(), b"secret");
        assert!(new.knows(both.current()) && !new.knows(old.current()));
    }

    #[test]
    fn a_key_is_read_as_it_is_shown_and_shown_to_nobody_else() {
        let key = MasterKey::new([9; KEY]);
        assert_eq!(MasterKey::parse(&format!(" {}\n", key.reveal())), Ok(key.clone()));
        assert_eq!(MasterKey::parse(key.reveal().trim_end_matches('=')), Ok(key.clone()));
        for bad in ["", "s3cret", "AAAA", &format!("{}AAAA", key.reveal())] {
            assert_eq!(MasterKey::parse(bad), Err(InvalidMasterKey), "{bad}");
        }
        let ring = Keyring::new(key.clone(), vec![MasterKey::new([8; KEY])], random);
        let shown = format!("{key:?} {ring:?}");
        assert!(!shown.contains(&key.reveal()) && !shown.contains("9, 9") && !shown.contains("0909"), "{shown}");
    }
}
