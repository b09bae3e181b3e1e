//! Trying something again until it works: with pauses that grow and are spread, within a bound, and not past the stop.
//!
//! What may be tried again is for the caller to say: it returns [`Tried::Again`] for what passes by itself, such as a
//! database that is away, and [`Tried::Done`] with whatever ended the trying.

use std::time::Duration;

use ripen_domain::backoff::Backoff;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::random;

/// How one try ended.
#[derive(Debug)]
pub enum Tried<T, E> {
    /// It need not be tried again.
    Done(T),
    /// It failed of something that passes.
    Again(E),
}

impl<T, E> From<Result<T, E>> for Tried<T, E> {
    /// Every error passes.
    fn from(result: Result<T, E>) -> Self {
        match result {
            Ok(done) => Self::Done(done),
            Err(error) => Self::Again(error),
        }
    }
}

/// How long it is tried.
#[derive(Debug, Clone, Copy)]
pub enum RetryLimit {
    /// Until it works.
    None,
    /// No try begins after this instant.
    Until(Instant),
    /// So many tries, at least one.
    Tries(u32),
}

/// Why it was not tried further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GaveUp<E> {
    /// The process is to stop. Whatever the last try failed of is not worth a log line.
    Stopped,
    /// The limit was reached; how the last try failed.
    Limit(E),
}

/// Tries until it is done, the limit is reached or `stop` is cancelled. A try that runs is not broken off.
///
/// # Errors
/// When it gave up.
pub async fn retry<T, E, F: Future<Output = Tried<T, E>>>(
    backoff: Backoff,
    limit: RetryLimit,
    stop: &CancellationToken,
    mut attempt: impl FnMut() -> F,
) -> Result<T, GaveUp<E>> {
    let mut failures = 0_u32;
    loop {
        let error = match attempt().await {
            Tried::Done(done) => return Ok(done),
            Tried::Again(error) => error,
        };
        // Spread: workers that failed together would otherwise come back together.
        let pause = backoff.pause(failures, random::fraction());
        failures = failures.saturating_add(1);
        let Some(pause) = limit.pause(failures, pause) else { return Err(GaveUp::Limit(error)) };
        tokio::select! {
            // The stop is looked at first: a process that is to go must not make one more try.
            biased;
            () = stop.cancelled() => return Err(GaveUp::Stopped),
            () = tokio::time::sleep(pause) => {}
        }
    }
}

impl RetryLimit {
    /// The pause before the next try; none where there is to be no other.
    fn pause(self, failures: u32, pause: Duration) -> Option<Duration> {
        match self {
            Self::None => Some(pause),
            // Cut short, so that there is a last try when the time is up and not just before.
            Self::Until(end) => {
                Some(pause.min(end.saturating_duration_since(Instant::now()))).filter(|pause| !pause.is_zero())
            }
            Self::Tries(most) => (failures < most).then_some(pause),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{Ready, ready};

    use super::*;

    const BACKOFF: Backoff = Backoff { first: Duration::from_millis(100), longest: Duration::from_secs(2) };

    fn works_at(number: u32) -> impl FnMut() -> Ready<Tried<u32, u32>> {
        let mut tries = 0;
        move || {
            tries += 1;
            ready(if tries == number { Tried::Done(tries) } else { Tried::Again(tries) })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_tried_until_it_works_with_growing_pauses() {
        let (stop, start) = (CancellationToken::new(), Instant::now());
        assert_eq!(retry(BACKOFF, RetryLimit::None, &stop, works_at(1)).await, Ok(1));
        assert_eq!(start.elapsed(), Duration::ZERO, "what works is not waited for");
        assert_eq!(retry(BACKOFF, RetryLimit::None, &stop, works_at(9)).await, Ok(9));
        // 0.1, 0.2, 0.4, 0.8, 1.6, 2, 2, 2 s, each between its half and its whole.
        let took = start.elapsed().as_secs_f64();
        assert!((4.55..=9.11).contains(&took), "{took}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_ends_it_with_the_last_error() {
        let (stop, start) = (CancellationToken::new(), Instant::now());
        assert_eq!(retry(BACKOFF, RetryLimit::Tries(3), &stop, works_at(4)).await, Err(GaveUp::Limit(3)));
        assert_eq!(
            retry(BACKOFF, RetryLimit::Tries(0), &stop, works_at(2)).await,
            Err(GaveUp::Limit(1)),
            "one at least"
        );
        let end = start + Duration::from_secs(30);
        let Err(GaveUp::Limit(tries)) = retry(BACKOFF, RetryLimit::Until(end), &stop, works_at(u32::MAX)).await else {
            panic!("it never works")
        };
        assert!(tries > 10, "{tries}");
        assert_eq!(Instant::now(), end, "the last try is at the limit");
    }

    #[tokio::test(start_paused = true)]
    async fn the_stop_ends_a_pause() {
        let (stop, start) = (CancellationToken::new(), Instant::now());
        let asked = stop.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(7)).await;
            asked.cancel();
        });
        assert_eq!(retry(BACKOFF, RetryLimit::None, &stop, works_at(u32::MAX)).await, Err(GaveUp::Stopped));
        assert_eq!(start.elapsed().as_secs(), 7);
        assert_eq!(
            retry(BACKOFF, RetryLimit::None, &stop, works_at(1)).await,
            Ok(1),
            "a first try is made in any case"
        );
    }
}
