//! The token that forms of a session carry, made from the session's secret.

use ripen_domain::secret::Secret;
use sha2::{Digest, Sha256};

/// The token of a session: a hash of its secret under a prefix of its own, from which the secret cannot be found.
#[must_use]
pub fn token_of(session: &Secret) -> String {
    let mut hash = Sha256::new();
    hash.update(b"csrf:");
    hash.update(session.reveal().as_bytes());
    hex::encode(&hash.finalize()[..16])
}
