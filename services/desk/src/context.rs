//! What every request of the desk works with, made once per process.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use ripen_actions::Actions;
use ripen_domain::{calling::InvalidCalling, id::ClientId, link::LinkKey};
use ripen_runtime::{clock::Clock, config::Settings, health::Health};
use ripen_store::Store;
use ripen_web::{body::BodyLimits, rate::RateLimit};

/// An outcome is small.
const LARGEST_BODY: usize = 64 * 1024;

/// The desk's parts. Clones share them.
#[derive(Clone)]
pub struct DeskContext(Arc<DeskParts>);

pub struct DeskParts {
    pub store: Store,
    pub clock: Clock,
    pub health: Health,
    pub key: LinkKey,
    pub actions: Actions,
    pub rate: RateLimit<ClientId>,
    pub body: BodyLimits,
}

impl DeskContext {
    /// The desk over a database, with the key that its links are signed with.
    ///
    /// # Errors
    /// Hours in which nobody could be called, which no configuration that was loaded has.
    pub fn new(
        store: Store,
        clock: Clock,
        settings: &Settings,
        health: Health,
        key: LinkKey,
    ) -> Result<Self, InvalidCalling> {
        let limits = &settings.limits;
        let positive = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        Ok(Self(Arc::new(DeskParts {
            actions: Actions::new(store.clone(), clock.clone(), settings)?,
            rate: RateLimit::new(positive(limits.requests_per_second), positive(limits.burst)),
            body: BodyLimits {
                // An outcome is small: the limit of leads would let a stranger's link take more than any form needs.
                bytes: limits.body_bytes.min(LARGEST_BODY),
                time: Duration::from_secs(limits.body_timeout_s),
            },
            store,
            clock,
            health,
            key,
        })))
    }
}

impl std::ops::Deref for DeskContext {
    type Target = DeskParts;

    fn deref(&self) -> &DeskParts {
        &self.0
    }
}
