//! How often sources changed, as far as this process knows: whoever remembers a source asks again about it once it is more often.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// How often sources may have changed, as far as this process knows. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct SourceChanges(Arc<AtomicU64>);

impl SourceChanges {
    /// How often until now. What was asked of the database while it was less may be out of date.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    /// Something may have changed.
    pub fn note(&self) {
        self.0.fetch_add(1, Ordering::Release);
    }
}
