//! Keys of secrets, a fresh one for each installation under test.

use rand::Rng as _;
use ripen_domain::sealed_secret::{Keyring, MasterKey};

/// 256 random bits.
#[must_use]
#[allow(clippy::disallowed_methods, reason = "a test's keys are random as well")]
pub fn random() -> [u8; 32] {
    rand::rng().random()
}

/// A key as the configuration takes it.
#[must_use]
pub fn master_key() -> MasterKey {
    MasterKey::new(random())
}

/// A keyring with a key of its own.
#[must_use]
pub fn keyring() -> Keyring {
    keyring_of(master_key())
}

/// The keyring of a store beside processes that were given this key.
#[must_use]
pub fn keyring_of(key: MasterKey) -> Keyring {
    Keyring::new(key, Vec::new(), random)
}
