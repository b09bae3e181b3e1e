//! Keeping the server up: one that dies is started again, old backends gone first, five times a minute at most.
//!
//! Callers meanwhile get errors from their connections and try again; nothing here looks at the database itself.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use ripen_domain::backoff::Backoff;
use tokio::time::Instant;

use super::{Embedded, EmbeddedError, SupervisedServer, leftover};
use crate::{lifecycle::Stop, random};

const MOST_RESTARTS: usize = 5;
const WITHIN: Duration = Duration::from_secs(60);
/// Five pauses are less than [`WITHIN`], so that a server that never starts is given up.
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(250), longest: Duration::from_secs(4) };

impl Embedded {
    /// Restarts the server whenever it dies, until the soft stop. A component for [`crate::lifecycle::Tasks`]; the
    /// server itself goes on until [`Embedded::stop`], because the other components finish their work with it.
    ///
    /// # Errors
    /// Where the server dies more than five times within a minute.
    pub fn supervise(&self, stop: Stop) -> impl Future<Output = Result<(), EmbeddedError>> + Send + 'static {
        let inner = Arc::clone(&self.0);
        async move {
            tokio::select! {
                // A stop at the same time as a death is a stop: nothing is started that would only be stopped again.
                biased;
                () = stop.soft().cancelled() => Ok(()),
                () = inner.stopping.cancelled() => Ok(()),
                gave_up = inner.keep_up() => Err(gave_up),
            }
        }
    }
}

impl SupervisedServer {
    /// Ends only when restarting has become pointless.
    async fn keep_up(self: &Arc<Self>) -> EmbeddedError {
        let mut restarts: VecDeque<Instant> = VecDeque::new();
        let mut last_error = None;
        loop {
            let running = self.running();
            let status = running.ended().await;
            let now = Instant::now();
            // Only those within the last minute count: a server that dies once a week is not given up.
            restarts.retain(|at| now.duration_since(*at) < WITHIN);
            if restarts.len() >= MOST_RESTARTS {
                return EmbeddedError::KeepsDying { last: last_error.map(Box::new) };
            }
            restarts.push_back(now);
            tracing::error!(%status, "PostgreSQL ended: starting it again");
            match self.start_again().await {
                Ok(()) => tracing::info!("PostgreSQL is up again"),
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "PostgreSQL did not start");
                    last_error = Some(error);
                    let failures = u32::try_from(restarts.len() - 1).unwrap_or(u32::MAX);
                    // Spread and growing: a machine without disk is not helped by starting again at once.
                    tokio::time::sleep(BACKOFF.pause(failures, random::fraction())).await;
                }
            }
        }
    }

    async fn start_again(self: &Arc<Self>) -> Result<(), EmbeddedError> {
        let inner = Arc::clone(self);
        // A task of its own: broken off in the middle by a stop, a server that has begun would be nobody's, and go on beside
        // the next one.
        let started = tokio::spawn(async move {
            let _starting = inner.starting.lock().await;
            // Looked at under the lock: whoever stops waits for it, and then stops what was started.
            if inner.stopping.is_cancelled() {
                return Ok(());
            }
            // Backends of the server that died may still be writing; a second server beside them would ruin the data.
            leftover::clear(&inner.server.cluster, &inner.server.mark).await?;
            let running = inner.server.start().await?;
            inner.replace(running);
            Ok(())
        });
        started.await.unwrap_or_else(|panic| Err(EmbeddedError::Ended { said: panic.to_string() }))
    }
}
