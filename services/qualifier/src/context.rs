//! What every part of the qualifier works with, made once per process.

use std::sync::Arc;

use jiff::SignedDuration;
use ripen_domain::actor::{Actor, System};
use ripen_queue::Transport;
use ripen_runtime::{clock::Clock, config::Settings, health::Health};
use ripen_store::{Store, criteria::document_cache::Documents};

/// What the qualifier works with.
#[derive(Debug, Clone)]
pub struct QualifierContext {
    /// The database.
    pub store: Store,
    /// The queues.
    pub transport: Transport,
    /// The clock.
    pub clock: Clock,
    /// Sizes and times.
    pub settings: Arc<Settings>,
    /// Where trouble is shown.
    pub health: Health,
    /// Criteria in use.
    pub documents: Documents,
}

/// Who ends what a decision ends: its criteria, as rows and lists have always named them.
pub(crate) fn actor() -> Actor {
    Actor::system(System::Criteria)
}

impl QualifierContext {
    /// How long an offered row is not offered again.
    pub(crate) fn offer(&self) -> SignedDuration {
        SignedDuration::from_secs(i64::try_from(self.settings.qualifier.offer_s).unwrap_or(60))
    }
}
