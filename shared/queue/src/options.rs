//! Every bound and every wait of the transport, in one place. The caller fills it from its configuration.

use std::{
    sync::LazyLock,
    time::{Duration, Instant},
};

use ripen_domain::backoff::Backoff;

/// Where the clock of a transport begins that was given none.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// First pause after a failure to connect.
const RECONNECT_PAUSE: Duration = Duration::from_millis(100);
/// What a refusal needs is somebody at RabbitMQ: it does not pass in no time, and a person waits for it to be noticed.
const REFUSED_PAUSE: Duration = Duration::from_millis(500);

/// Limits of a transport. The defaults suit one process of each role.
#[derive(Debug, Clone)]
pub struct TransportOptions {
    /// Name of the connections in RabbitMQ's own pages and logs.
    pub connection_name: String,
    /// How long a publisher waits for its confirm.
    pub confirm_timeout: Duration,
    /// How long one attempt to connect may take.
    pub connect_timeout: Duration,
    /// Heartbeat of both connections; a silent peer is given up after two of them. Whole seconds.
    pub heartbeat: Duration,
    /// Longest pause between two attempts to connect; the first is a tenth of a second.
    pub reconnect_pause_max: Duration,
    /// Channels that publishing is spread over.
    pub publish_channels: usize,
    /// Messages that may wait for their confirm at the same time, over all channels.
    pub unconfirmed_max: usize,
    /// `x-max-length-bytes` of each RabbitMQ queue. A queue that exists with another value is used as it is.
    pub queue_bytes_max: u64,
    /// Offers of rows that may wait in a RabbitMQ queue before it has no room.
    pub offers_max: u32,
    /// Messages a local queue holds, unsettled ones included.
    pub local_messages_max: usize,
    /// Bytes of bodies a local queue holds, unsettled ones included.
    pub local_bytes_max: usize,
    /// Pause before a message settled as `Retry` is offered again; it doubles with every delivery.
    pub retry_pause: Duration,
    /// Longest such pause.
    pub retry_pause_max: Duration,
    /// Longest wait of a message settled as `Later`; what must wait longer is a row, not a message.
    pub later_max: Duration,
    /// A number from 0 up to 1 for each pause that must not be the same on every replica. Randomness is the caller's.
    pub jitter: fn() -> f64,
    /// Milliseconds by a clock that the processes of one installation share: Unix time. Without one, those since the process
    /// first asked: enough where there is no other.
    pub clock: fn() -> u64,
}

impl Default for TransportOptions {
    fn default() -> Self {
        Self {
            connection_name: "ripen".to_owned(),
            // What intake waits before it uses the spool: a person waits behind it.
            confirm_timeout: Duration::from_secs(1),
            connect_timeout: Duration::from_secs(10),
            heartbeat: Duration::from_secs(4),
            reconnect_pause_max: Duration::from_secs(15),
            publish_channels: 2,
            unconfirmed_max: 4_096,
            // Far above a day's backlog: a queue that is full refuses, and intake falls back on the database.
            queue_bytes_max: 4 << 30,
            offers_max: 1_000,
            local_messages_max: 10_000,
            local_bytes_max: 64 << 20,
            retry_pause: Duration::from_millis(100),
            retry_pause_max: Duration::from_secs(5),
            later_max: Duration::from_secs(60),
            jitter: || 1.0,
            clock: || u64::try_from(START.elapsed().as_millis()).unwrap_or(u64::MAX),
        }
    }
}

impl TransportOptions {
    /// The pause before a message that was delivered `delivery_count` times before is offered again.
    pub(crate) fn retry_pause(&self, delivery_count: u32) -> Duration {
        self.pause(Backoff { first: self.retry_pause, longest: self.retry_pause_max }, delivery_count)
    }

    /// The pause after so many failures to connect.
    pub(crate) fn reconnect_pause(&self, failures: u32) -> Duration {
        self.pause(Backoff { first: RECONNECT_PAUSE, longest: self.reconnect_pause_max }, failures)
    }

    /// The pause after RabbitMQ refused a channel or a queue.
    pub(crate) fn refused_pause(&self) -> Duration {
        self.pause(Backoff { first: REFUSED_PAUSE, longest: REFUSED_PAUSE }, 0)
    }

    fn pause(&self, backoff: Backoff, failures: u32) -> Duration {
        backoff.pause(failures, (self.jitter)())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_slow_down_up_to_a_limit() {
        let options = TransportOptions::default();
        let pauses = [0, 1, 2, 5, 6, 1_000].map(|count| options.retry_pause(count).as_millis());
        assert_eq!(pauses, [100, 200, 400, 3_200, 5_000, 5_000]);
    }

    #[test]
    fn jitter_takes_away_at_most_half() {
        let options = TransportOptions { jitter: || 0.0, ..TransportOptions::default() };
        assert_eq!(options.retry_pause(0), Duration::from_millis(50));
        assert_eq!(options.reconnect_pause(9), Duration::from_millis(7_500));
        assert_eq!(options.refused_pause(), Duration::from_millis(250));
    }
}
