//! Whether this machine's clock can be trusted: one that runs ahead of the database's would send what can still be taken back.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use ripen_store::StoreError;

use crate::context::DispatcherContext;

/// Looked at by the sweeper, heeded by whatever sends. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct ClockWatch(Arc<AtomicBool>);

impl ClockWatch {
    /// Compares the clocks; returns whether this one is sound.
    pub async fn look(&self, ctx: &DispatcherContext) -> Result<bool, StoreError> {
        let ahead = ctx.store.clock_ahead(|| ctx.clock.now()).await?.abs();
        let sound = ahead.as_secs() <= i64::try_from(ctx.settings.clock.max_skew_s).unwrap_or(i64::MAX);
        let off = || format!("this machine's clock is {} s off the database's", ahead.as_secs());
        ctx.health.set("clock of the dispatcher", if sound { Ok(()) } else { Err(off()) });
        self.0.store(!sound, Ordering::Relaxed);
        Ok(sound)
    }

    /// As it was when it was looked at last.
    pub fn is_sound(&self) -> bool {
        !self.0.load(Ordering::Relaxed)
    }
}
