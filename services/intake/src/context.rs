//! What every request of intake works with, made once per process.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use ripen_domain::id::SourceId;
use ripen_queue::Transport;
use ripen_runtime::{clock::Clock, config::Settings, health::Health};
use ripen_store::Store;
use ripen_web::{body::BodyLimits, rate::RateLimit};
use tokio::sync::Semaphore;

use crate::{
    durable::DurableWriter,
    sources::{Handle, Sources},
};

/// How many requests may wait for their decision at once; each asks the database a few times.
const WAITERS: usize = 64;

/// Intake's parts. Clones share them.
#[derive(Clone)]
pub struct IntakeContext(Arc<IntakeParts>);

pub struct IntakeParts {
    pub store: Store,
    pub transport: Transport,
    pub clock: Clock,
    pub health: Health,
    pub sources: Sources,
    pub durable: DurableWriter,
    /// Of leads.
    pub rate: RateLimit<SourceId>,
    /// Of questions about leads.
    pub questions: RateLimit<SourceId>,
    pub waiters: Semaphore,
    pub body: BodyLimits,
    pub array_leads: usize,
    pub longest_wait: Duration,
}

impl IntakeContext {
    /// Intake over a database and a transport. To be called on the runtime that will serve it.
    #[must_use]
    pub fn new(store: Store, transport: Transport, clock: Clock, settings: &Settings, health: Health) -> Self {
        let limits = &settings.limits;
        let asked = store.clone();
        // A clone each: the lookup outlives the request that asked for it.
        let sources = Sources::new(Duration::from_secs(settings.intake.source_cache_s), move |handle| {
            let store = asked.clone();
            async move {
                match handle {
                    Handle::Key(hash) => store.source_by_key(&hash).await,
                    Handle::Token(hash) => store.source_by_token(&hash).await,
                }
            }
        });
        let positive = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        Self(Arc::new(IntakeParts {
            durable: DurableWriter::start(transport.clone(), store.clone(), settings),
            sources,
            questions: RateLimit::new(positive(limits.requests_per_second), positive(limits.burst)),
            rate: RateLimit::new(positive(limits.requests_per_second), positive(limits.burst)),
            waiters: Semaphore::new(WAITERS),
            body: BodyLimits { bytes: limits.body_bytes, time: Duration::from_secs(limits.body_timeout_s) },
            array_leads: limits.array_leads,
            longest_wait: Duration::from_secs(limits.wait_s),
            // Intake and the waiting senders ask the same database, over one pool.
            store,
            transport,
            clock,
            health,
        }))
    }
}

impl std::ops::Deref for IntakeContext {
    type Target = IntakeParts;

    fn deref(&self) -> &IntakeParts {
        &self.0
    }
}
