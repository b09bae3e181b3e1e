//! What the process says about itself: log lines on stderr, metrics as Prometheus text.
//!
//! Contact data stays out because the types that hold it mask their `Debug`; nothing is filtered here.

use std::{
    convert::Infallible,
    io::{self, IsTerminal},
    time::Duration,
};

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{EnvFilter, filter::ParseError, fmt, util::TryInitError};
use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt};

use crate::{
    config::{LogFormat, LogSettings},
    every::{NextTick, every},
    lifecycle::Stop,
};

/// How long measurements are buffered at most.
const UPKEEP: Duration = Duration::from_secs(5);

/// Upper bounds of every `_seconds` histogram: from a local write to the longest request.
const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// Targets that are silent whatever is configured. lapin logs returned messages with their bodies, which are contact data;
/// and it calls each goodbye an error, while what breaks is said by `ripen_queue`.
const NEVER: [&str; 2] = ["lapin::returned_messages=off", "lapin::channels=off"];

/// Why telemetry could not be started.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `log.level` is no filter.
    #[error("log.level is neither a level nor a filter such as \"info,ripen_intake=debug\"")]
    Level(#[source] ParseError),
    /// Logging was started before in this process.
    #[error("logging was started twice")]
    Twice(#[source] TryInitError),
    /// A recorder was installed before in this process.
    #[error("the metrics recorder could not be installed")]
    Recorder(#[source] BuildError),
}

/// Starts logging to stderr for the whole process.
///
/// # Errors
/// Where the level is no filter, or logging was started before.
pub fn init(log: &LogSettings) -> Result<(), TelemetryError> {
    let filter = EnvFilter::try_new(&log.level).map_err(TelemetryError::Level)?;
    // Added last, so that no configured filter turns them on again.
    let filter = NEVER.iter().filter_map(|directive| directive.parse().ok()).fold(filter, EnvFilter::add_directive);
    let registry = tracing_subscriber::registry().with(filter);
    match log.format {
        LogFormat::Pretty => {
            // On stderr: what commands print is read by programs.
            let lines = fmt::layer().with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
            registry.with(lines).try_init()
        }
        LogFormat::Json => {
            let lines = fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false);
            registry.with(lines.with_writer(io::stderr)).try_init()
        }
    }
    .map_err(TelemetryError::Twice)
}

/// Reads what the process has measured.
#[derive(Clone)]
pub struct MetricsHandle(PrometheusHandle);

impl MetricsHandle {
    /// Empties the buffers of the histograms now and then, until the soft stop: without anybody who reads the metrics they would
    /// grow with every measurement.
    ///
    /// # Errors
    /// Never.
    pub async fn upkeep(self, stop: Stop) -> Result<(), Infallible> {
        every("the upkeep of metrics", UPKEEP, stop.soft(), || async {
            self.0.run_upkeep();
            Ok::<_, Infallible>(NextTick::InAPeriod)
        })
        .await;
        Ok(())
    }

    /// All metrics in Prometheus' text format.
    #[must_use]
    pub fn render(&self) -> String {
        // Drains the histograms' buffers, which nothing else does without the exporter's own listener.
        self.0.run_upkeep();
        self.0.render()
    }
}

/// Installs the process's metrics recorder.
///
/// # Errors
/// Where one was installed before.
pub fn metrics_recorder() -> Result<MetricsHandle, TelemetryError> {
    PrometheusBuilder::new()
        // The same bounds everywhere, so that histograms of all processes can be added up.
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)
        .and_then(PrometheusBuilder::install_recorder)
        .map(MetricsHandle)
        .map_err(TelemetryError::Recorder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_rendered_with_their_buckets() {
        let handle = metrics_recorder().unwrap();
        metrics::counter!("ripen_test_total").increment(2);
        metrics::histogram!("ripen_test_seconds").record(0.02);
        let text = handle.render();
        assert!(text.contains("ripen_test_total 2"), "{text}");
        assert!(text.contains("ripen_test_seconds_bucket{le=\"0.025\"} 1"), "{text}");
        assert!(matches!(metrics_recorder(), Err(TelemetryError::Recorder(_))));
    }

    /// The exporter shows neither how much is buffered nor what was taken out of the buffers: but for its own debugging.
    #[tokio::test(start_paused = true)]
    async fn what_is_measured_is_taken_out_of_its_buffer_though_nobody_reads_it() {
        let buckets = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS);
        let recorder = buckets.unwrap().build_recorder();
        let (handle, stop) = (MetricsHandle(recorder.handle()), Stop::default());
        let drained = |count: u32| format!("{:?}", handle.0).contains(&format!("count: {count}, bounds"));
        let upkeep = tokio::spawn(handle.clone().upkeep(stop.clone()));
        for round in 1..=3 {
            metrics::with_local_recorder(&recorder, || {
                (0..1_000).for_each(|_| metrics::histogram!("ripen_unread_seconds").record(0.02));
            });
            assert!(!drained(round * 1_000), "it is buffered first");
            tokio::time::sleep(2 * UPKEEP).await;
            assert!(drained(round * 1_000), "{round}: {:?}", handle.0);
        }
        stop.stop();
        upkeep.await.unwrap().unwrap();
    }

    #[test]
    fn a_level_that_is_none_is_refused() {
        let log = LogSettings { level: "ripen=loud".to_owned(), ..LogSettings::default() };
        assert!(matches!(init(&log), Err(TelemetryError::Level(_))));
    }
}
