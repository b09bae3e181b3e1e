//! Whether the server may have a mail already whose conversation is not over.

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether a mail that is being sent was handed over to the server, which may have it from then on, whatever it says later.
#[derive(Debug, Default)]
pub struct ContentSent(AtomicBool);

impl ContentSent {
    /// Whether it may have it.
    #[must_use]
    pub fn may_be_had(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    pub(super) fn begins(&self) {
        self.0.store(true, Ordering::Release);
    }
}
