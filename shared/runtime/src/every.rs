//! Work that is done again and again: a shell around one tick.
//!
//! The tick is a function of its own, which takes the instant and returns a report; tests call it directly. This shell
//! adds what every loop needs: the pause, the stop, and a log that does not fill with the same failure.

use std::{error::Error, time::Duration};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// When the next tick begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextTick {
    /// A period after this one began; at once where this one took longer.
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
/// a whole period from its end. The first failure in a row is logged as a warning that names `work`, later ones at debug
/// level, the end of the trouble once.
pub async fn every<E: Error, F: Future<Output = Result<NextTick, E>>>(
    work: &'static str,
    period: Duration,
    stop: &CancellationToken,
    mut tick: impl FnMut() -> F,
) {
    let mut failing = FailureLog(0);
    while !stop.is_cancelled() {
        let began = Instant::now();
        let at = match tick().await {
            Ok(next) => {
                failing.ended(work);
                match next {
                    NextTick::InAPeriod => began + period,
                    NextTick::After(pause) => Instant::now() + pause,
                }
            }
            Err(error) => {
                failing.again(work, &error);
                // From its end: a database that takes seconds to refuse must not be asked without a pause.
                Instant::now() + period
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

/// How many ticks have failed in a row.
struct FailureLog(u32);

impl FailureLog {
    fn again(&mut self, work: &'static str, error: &dyn Error) {
        let cause = error.source().map(tracing::field::display);
        if self.0 == 0 {
            tracing::warn!(work, %error, cause, "failed; it is tried again");
        } else {
            tracing::debug!(work, %error, cause, failures = self.0, "failed again");
        }
        self.0 = self.0.saturating_add(1);
    }

    fn ended(&mut self, work: &'static str) {
        if self.0 > 0 {
            tracing::info!(work, failures = self.0, "works again");
        }
        self.0 = 0;
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
        assert_eq!(begun(5, took).await, [0, 10, 20, 45, 55], "one that took 25 s is followed at once, by one");
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
