//! Bounds of an embedded server, and which versions of PostgreSQL it may be.

use std::time::Duration;

/// The oldest major version Ripen's SQL keeps to.
pub(super) const OLDEST_MAJOR: u32 = 15;

/// Bounds of an embedded server.
#[derive(Debug, Clone, Copy)]
pub struct EmbeddedOptions {
    /// How long another holder of the folder is waited for.
    pub lock_wait: Duration,
    /// How long the server may take until it takes connections, recovery included.
    pub start_timeout: Duration,
    /// How long the server may take to stop before it is stopped the hard way, which loses nothing either.
    pub stop_timeout: Duration,
    /// The most connections.
    pub max_connections: u32,
    /// Its cache, in MiB.
    pub shared_buffers_mb: u32,
    /// Whether root tries a user namespace before another user.
    pub namespace: bool,
}

impl Default for EmbeddedOptions {
    fn default() -> Self {
        Self {
            lock_wait: Duration::from_secs(1),
            // A large recovery after a power cut takes its time, and giving up would only begin it anew.
            start_timeout: Duration::from_secs(120),
            stop_timeout: Duration::from_secs(30),
            max_connections: 60,
            shared_buffers_mb: 128,
            namespace: true,
        }
    }
}
