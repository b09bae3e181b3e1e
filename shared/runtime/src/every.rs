//! Work that is done again and again: a shell around one tick.
//!
//! The tick is a function of its own, which takes the instant and returns a report; tests call it directly. This shell
//! adds what every loop needs: the pause, the stop, and a log that does not fill with the same failure.

use std::{error::Error, time::Duration};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How often trouble that lasts is warned of.
const WARN_AGAIN_AFTER: Duration = Duration::from_secs(300);
/// Longer than any process runs.
const NEVER: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// When the next tick begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextTick {
    /// A period after this one began; where it took long, not before it has rested as long as it worked, at most a period.
    InAPeriod,
    /// So long after this one ended: shortly where there is more to do than one tick takes, or later than a period.
    After(Duration),
}

impl NextTick {
    /// `pause` from now where a tick left work undone, else a period after it began.
    #[must_use]
    pub const fn sooner_if(more: bool, pause: Duration) -> Self {
        if more { Self::After(pause) } else { Self::InAPeriod }
    }
}

/// Runs `tick` now and then once a `period`, until `stop`.
///
/// A tick that runs is finished first, so that what it took is written; ticks never overlap. One that fails is followed by
/// a whole period from its end. A failure is logged as a warning that names `work` when it is the first in a row, when it is
/// another than the one before, and every five minutes; the others at debug level, and the end of the trouble once.
pub async fn every<E: Error, F: Future<Output = Result<NextTick, E>>>(
    work: &'static str,
    period: Duration,
    stop: &CancellationToken,
    mut tick: impl FnMut() -> F,
) {
    let mut failing = FailureLog::default();
    // Looked at before each tick too: a period of zero would otherwise never see the stop.
    while !stop.is_cancelled() {
        let began = Instant::now();
        let at = match tick().await {
            Ok(next) => {
                // Said once, so that whoever was alarmed knows that it is over.
                failing.ended(work);
                let ended = Instant::now();
                match next {
                    // A database that is too slow for the period must not be kept busy without a pause.
                    NextTick::InAPeriod => later(began, period).max(later(ended, period.min(ended - began))),
                    NextTick::After(pause) => later(ended, pause),
                }
            }
            Err(error) => {
                failing.again(work, &error);
                // From its end: a database that takes seconds to refuse must not be asked without a pause.
                later(Instant::now(), period)
            }
        };
        tokio::select! {
            // Asked to stop while the next tick is due counts as asked.
            biased;
            () = stop.cancelled() => return,
            () = tokio::time::sleep_until(at) => {}
        }
    }
}

/// An instant later; where that is past what the clock can say, one that never comes.
fn later(at: Instant, by: Duration) -> Instant {
    // An overflow would be a panic in the middle of a loop that is to run for ever.
    at.checked_add(by).unwrap_or(at + NEVER)
}

/// Ticks that failed in a row.
#[derive(Default)]
struct FailureLog {
    failures: u32,
    /// What was said last as a warning, and when.
    warned: Option<(String, Instant)>,
}

impl FailureLog {
    fn again(&mut self, work: &'static str, error: &dyn Error) {
        // The cause as well: "the batch failed" says nothing without it.
        let cause = error.source().map(ToString::to_string);
        let text = format!("{error}: {}", cause.as_deref().unwrap_or_default());
        self.failures = self.failures.saturating_add(1);
        let failures = self.failures;
        if self.is_news(&text) {
            tracing::warn!(work, %error, cause, failures, "failed; it is tried again");
            self.warned = Some((text, Instant::now()));
        } else {
            tracing::debug!(work, %error, cause, failures, "failed again");
        }
    }

    /// Trouble that turns into other trouble, or lasts, must not hide behind the first line about it.
    fn is_news(&self, text: &str) -> bool {
        self.warned.as_ref().is_none_or(|(said, at)| said != text || at.elapsed() >= WARN_AGAIN_AFTER)
    }

    fn ended(&mut self, work: &'static str) {
        if self.failures > 0 {
            tracing::info!(work, failures = self.failures, "works again");
        }
        // The next failure is news again, whatever it is.
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, convert::Infallible, io};

    use tokio::time::sleep;

    use super::*;

    const PERIOD: Duration = Duration::from_secs(10);

    /// The seconds at which ticks began, when tick `n` does `tick(n)` and stops everything after `count`.
    async fn begun<E: Error>(count: usize, tick: impl AsyncFn(usize) -> Result<NextTick, E>) -> Vec<u64> {
        let (stop, start) = (CancellationToken::new(), Instant::now());
        let mut at = Vec::new();
        every("a test", PERIOD, &stop, || {
            at.push(start.elapsed().as_secs());
            if at.len() == count {
                stop.cancel();
            }
            tick(at.len() - 1)
        })
        .await;
        at
    }

    #[tokio::test(start_paused = true)]
    async fn a_period_is_measured_from_the_start_of_a_tick() {
        let took = async |n: usize| {
            sleep(Duration::from_secs([3, 0, 25, 4, 0][n])).await;
            Ok::<_, Infallible>(NextTick::InAPeriod)
        };
        let at = begun(5, took).await;
        assert_eq!(at, [0, 10, 20, 55, 65], "after one that took 25 s the next waits a whole period");
        let slow = async |_| {
            sleep(Duration::from_secs(12)).await;
            Ok::<_, Infallible>(NextTick::InAPeriod)
        };
        assert_eq!(begun(3, slow).await, [0, 22, 44], "it never works without a pause");
    }

    #[tokio::test(start_paused = true)]
    async fn trouble_is_warned_of_when_it_changes_and_while_it_lasts() {
        let mut log = FailureLog::default();
        let mut news = |text: &str| {
            let news = log.is_news(&format!("{text}: "));
            log.again("a test", &io::Error::other(text.to_owned()));
            news
        };
        assert_eq!(["away", "away", "corrupt", "corrupt"].map(&mut news), [true, false, true, false]);
        tokio::time::advance(WARN_AGAIN_AFTER).await;
        assert!(news("corrupt"));
        log.ended("a test");
        assert!(log.is_news("corrupt: "), "what comes back is warned of");
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_longer_than_any_clock_is_a_pause() {
        let (stop, asked) = (CancellationToken::new(), CancellationToken::new());
        let ends = stop.clone();
        tokio::spawn(async move {
            sleep(Duration::from_secs(3)).await;
            ends.cancel();
        });
        every("a test", PERIOD, &stop, async || {
            assert!(!asked.is_cancelled(), "there is no second tick");
            asked.cancel();
            Ok::<_, Infallible>(NextTick::After(Duration::MAX))
        })
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_tick_may_ask_for_another_pause_from_its_end() {
        let report = async |n: usize| {
            sleep(Duration::from_secs(2)).await;
            Ok::<_, Infallible>(
                [NextTick::sooner_if(true, Duration::from_secs(1)), NextTick::After(PERIOD * 6)][n.min(1)],
            )
        };
        assert_eq!(begun(3, report).await, [0, 3, 65]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failing_tick_is_followed_by_a_whole_period_and_ends_nothing() {
        let failing = async |n: usize| {
            sleep(Duration::from_secs(4)).await;
            if n < 2 { Err(io::Error::other("away")) } else { Ok(NextTick::InAPeriod) }
        };
        assert_eq!(begun(4, failing).await, [0, 14, 28, 38]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_stop_ends_a_pause_at_once_and_a_tick_when_it_is_done() {
        let (stop, start) = (CancellationToken::new(), Instant::now());
        let asked = stop.clone();
        tokio::spawn(async move {
            sleep(Duration::from_secs(3)).await;
            asked.cancel();
        });
        let done = Cell::new(0);
        every("a test", PERIOD, &stop, async || {
            sleep(Duration::from_secs(5)).await;
            done.set(done.get() + 1);
            Ok::<_, Infallible>(NextTick::InAPeriod)
        })
        .await;
        assert_eq!((done.get(), start.elapsed().as_secs()), (1, 5), "the tick was finished, and none began after it");
        every("a test", PERIOD, &stop, async || -> Result<NextTick, Infallible> { panic!("it was stopped before") })
            .await;

        let (stop, start) = (CancellationToken::new(), Instant::now());
        let asked = stop.clone();
        tokio::spawn(async move {
            sleep(Duration::from_secs(3)).await;
            asked.cancel();
        });
        every("a test", PERIOD, &stop, async || Ok::<_, Infallible>(NextTick::InAPeriod)).await;
        assert_eq!(start.elapsed().as_secs(), 3, "a pause is not sat out");
    }
}
