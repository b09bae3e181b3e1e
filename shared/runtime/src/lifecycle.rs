//! The two-step stop: on the first signal take no more work and finish what is held, on the second (or when time is
//! up) break off.
//!
//! The actors are the process's components, each one task. One that ends or panics before it was asked to takes the
//! whole process down with an error that names it: a process with a dead part looks alive and does nothing.

use std::{collections::HashMap, future::Future, io, time::Duration};

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    task::{Id, JoinError, JoinSet},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

/// How long components have between the hard stop and being dropped where they stand.
const AFTER_HARD_STOP: Duration = Duration::from_secs(2);

type ComponentError = Box<dyn std::error::Error + Send + Sync>;

/// What components watch to know when to stop.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    soft: CancellationToken,
    hard: CancellationToken,
}

impl Stop {
    /// Cancelled when no more work is to be taken; what is held is finished or returned.
    #[must_use]
    pub const fn soft(&self) -> &CancellationToken {
        &self.soft
    }

    /// Cancelled when what is under way is to be broken off. Never before [`Stop::soft`].
    #[must_use]
    pub const fn hard(&self) -> &CancellationToken {
        &self.hard
    }

    /// Asks every component to stop, as the first signal does.
    pub fn stop(&self) {
        self.soft.cancel();
    }

    /// Asks every component to break off, as the second signal does.
    pub fn stop_hard(&self) {
        self.soft.cancel();
        self.hard.cancel();
    }
}

/// Why a process did not end as it should.
#[derive(Debug, thiserror::Error)]
pub enum LifecycleError {
    /// A component ended though nobody had asked it to.
    #[error("{0} ended without being asked to")]
    Ended(&'static str),
    /// A component failed.
    #[error("{name} failed")]
    Failed {
        /// The component.
        name: &'static str,
        /// What it failed of.
        #[source]
        source: ComponentError,
    },
    /// A component panicked.
    #[error("{0} panicked")]
    Panicked(&'static str),
    /// Components that were still at work when the time was up.
    #[error("broken off while still at work: {}. What they held is done after the next start", .0.join(", "))]
    Unfinished(Vec<&'static str>),
    /// The signals of the operating system cannot be heard.
    #[error("cannot listen to signals")]
    Signals(#[source] io::Error),
}

/// The components of one process.
#[derive(Debug, Default)]
pub struct Tasks {
    stop: Stop,
    running: JoinSet<Result<(), ComponentError>>,
    names: HashMap<Id, &'static str>,
    /// Listened to already.
    signals: Option<Signals>,
}

impl Tasks {
    /// No components yet, and the [`Stop`] they will watch.
    #[must_use]
    pub fn new() -> (Self, Stop) {
        let tasks = Self::default();
        let stop = tasks.stop.clone();
        (tasks, stop)
    }

    /// Starts a component, which is to run until it is asked to stop.
    pub fn spawn<E>(&mut self, name: &'static str, component: impl Future<Output = Result<(), E>> + Send + 'static)
    where
        E: Into<ComponentError> + 'static,
    {
        // The name is kept here, because a panic says nothing about the task but its number.
        let task = self.running.spawn(async move { component.await.map_err(Into::into) });
        self.names.insert(task.id(), name);
    }

    /// Listens to SIGTERM and SIGINT from now on: whoever is told that the process is ready may stop it the moment after.
    ///
    /// # Errors
    /// They cannot be heard.
    pub fn hear_signals(&mut self) -> Result<(), LifecycleError> {
        self.signals = Some(Signals::new(true)?);
        Ok(())
    }

    /// Runs until a signal (SIGTERM, SIGINT; only where `signals` are wanted), [`Stop::stop`] or the unasked end of a
    /// component, then stops all: softly, and hard after `timeout` or a further signal.
    ///
    /// # Errors
    /// The first component that failed, panicked or ended unasked; else those that did not finish in time.
    pub async fn run_until_stopped(mut self, signals: bool, timeout: Duration) -> Result<(), LifecycleError> {
        let mut signals = match self.signals.take() {
            Some(heard) if signals => heard,
            _ => Signals::new(signals)?,
        };
        let mut first_error = self.run(&mut signals).await;
        // Whatever ended the first part, the others are asked before anything is waited for.
        self.stop.soft.cancel();
        // In any case, also after a failure: what the others hold is finished or given back.
        let unfinished = self.drain(&mut signals, timeout, &mut first_error).await;
        match first_error {
            Some(error) => Err(error),
            None if unfinished.is_empty() => Ok(()),
            None => Err(LifecycleError::Unfinished(unfinished)),
        }
    }

    async fn run(&mut self, signals: &mut Signals) -> Option<LifecycleError> {
        let soft = self.stop.soft.clone();
        tokio::select! {
            // Asked to stop and ended at the same time counts as asked.
            biased;
            () = soft.cancelled() => None,
            signal = signals.next() => {
                tracing::info!(signal, "stopping: finishing what is held; a second signal breaks off");
                None
            }
            Some(ended) = self.running.join_next_with_id() => {
                let error = self.ended(ended, true);
                if let Some(error) = &error {
                    tracing::error!(%error, "stopping because of a component");
                }
                error
            }
        }
    }

    /// Waits for all components; those that were still at work at the hard stop are returned.
    async fn drain(
        &mut self,
        signals: &mut Signals,
        timeout: Duration,
        first_error: &mut Option<LifecycleError>,
    ) -> Vec<&'static str> {
        let deadline = Instant::now() + timeout;
        let hard = self.stop.hard.clone();
        loop {
            tokio::select! {
                biased;
                // An end is seen before a deadline that is reached at the same moment.
                ended = self.running.join_next_with_id() => match ended {
                    Some(ended) => {
                        let error = self.ended(ended, false);
                        *first_error = first_error.take().or(error);
                    }
                    None => return Vec::new(),
                },
                // Somebody inside asked for it, as the second signal does.
                () = hard.cancelled() => break,
                () = tokio::time::sleep_until(deadline) => break,
                signal = signals.next() => {
                    tracing::warn!(signal, "breaking off");
                    break;
                }
            }
        }
        // Taken now: those that end within the moments after the hard stop were still at work at it.
        let mut unfinished: Vec<_> = self.names.values().copied().collect();
        unfinished.sort_unstable();
        tracing::warn!(?unfinished, "hard stop");
        self.break_off().await;
        unfinished
    }

    async fn break_off(&mut self) {
        self.stop.stop_hard();
        let everyone = async { while self.running.join_next().await.is_some() {} };
        // A moment, so that what is broken off can note that; whoever does not end by then is dropped where it
        // stands.
        if tokio::time::timeout(AFTER_HARD_STOP, everyone).await.is_err() {
            self.running.abort_all();
        }
    }

    fn ended(
        &mut self,
        ended: Result<(Id, Result<(), ComponentError>), JoinError>,
        unasked: bool,
    ) -> Option<LifecycleError> {
        let id = ended.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let name = self.names.remove(&id).unwrap_or("a component");
        match ended {
            Ok((_, Ok(()))) => unasked.then_some(LifecycleError::Ended(name)),
            Ok((_, Err(source))) => Some(LifecycleError::Failed { name, source }),
            // The panic itself was logged where it happened.
            Err(_) => Some(LifecycleError::Panicked(name)),
        }
    }
}

/// SIGTERM and SIGINT, or silence where they are not wanted.
#[derive(Debug)]
struct Signals(Option<(Signal, Signal)>);

impl Signals {
    fn new(wanted: bool) -> Result<Self, LifecycleError> {
        // Both before anything runs: a signal that comes before its listener ends the process at once.
        let listen = |kind| signal(kind).map_err(LifecycleError::Signals);
        let pair = wanted.then(|| Ok((listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?)));
        pair.transpose().map(Self)
    }

    async fn next(&mut self) -> &'static str {
        match &mut self.0 {
            Some((terminate, interrupt)) => tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
            },
            None => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    const LIMIT: Duration = Duration::from_secs(60);

    async fn until(token: CancellationToken) -> Result<(), io::Error> {
        token.cancelled().await;
        Ok(())
    }

    fn causes(error: &dyn std::error::Error) -> String {
        error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {}", causes(source)))
    }

    #[tokio::test]
    async fn components_that_end_when_asked_end_well() {
        let (mut tasks, stop) = Tasks::new();
        tasks.spawn("one", until(stop.soft().clone()));
        tasks.spawn("two", until(stop.soft().clone()));
        stop.stop();
        tasks.run_until_stopped(false, LIMIT).await.unwrap();
        assert!(!stop.hard().is_cancelled());
    }

    #[tokio::test]
    async fn a_component_that_ends_fails_or_panics_takes_everything_down() {
        async fn ends() -> Result<(), io::Error> {
            Ok(())
        }
        async fn fails() -> Result<(), io::Error> {
            Err(io::Error::other("no more disk"))
        }
        async fn panics() -> Result<(), io::Error> {
            panic!("a mistake")
        }
        for (expected, which) in
            [("faulty ended without being asked to", 0), ("faulty failed: no more disk", 1), ("faulty panicked", 2)]
        {
            let (mut tasks, stop) = Tasks::new();
            let finished = Arc::new(AtomicUsize::new(0));
            let (held, soft) = (Arc::clone(&finished), stop.soft().clone());
            tasks.spawn("healthy", async move {
                until(soft).await?;
                held.fetch_add(1, Ordering::SeqCst);
                Ok::<_, io::Error>(())
            });
            match which {
                0 => tasks.spawn("faulty", ends()),
                1 => tasks.spawn("faulty", fails()),
                _ => tasks.spawn("faulty", panics()),
            }
            let error = tasks.run_until_stopped(false, LIMIT).await.unwrap_err();
            assert_eq!(causes(&error), expected);
            assert_eq!(finished.load(Ordering::SeqCst), 1, "the others finish what they hold");
        }
    }

    #[tokio::test]
    async fn a_failure_while_stopping_is_not_swallowed() {
        let (mut tasks, stop) = Tasks::new();
        let soft = stop.soft().clone();
        tasks.spawn("late", async move {
            soft.cancelled().await;
            Err(io::Error::other("could not return its lease"))
        });
        stop.stop();
        let error = tasks.run_until_stopped(false, LIMIT).await.unwrap_err();
        assert_eq!(causes(&error), "late failed: could not return its lease");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_is_at_work_when_time_is_up_is_broken_off_and_named() {
        let (mut tasks, stop) = Tasks::new();
        tasks.spawn("prompt", until(stop.soft().clone()));
        tasks.spawn("slow", until(stop.hard().clone()));
        tasks.spawn("deaf", std::future::pending::<Result<(), io::Error>>());
        stop.stop();
        let error = tasks.run_until_stopped(false, LIMIT).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "broken off while still at work: deaf, slow. What they held is done after the next start"
        );
        assert!(stop.hard().is_cancelled());
    }

    #[tokio::test]
    async fn signals_stop_softly_first_and_hard_second() {
        let (mut tasks, stop) = Tasks::new();
        let (soft, hard) = (stop.soft().clone(), stop.hard().clone());
        let order = Arc::new(AtomicUsize::new(0));
        let noted = Arc::clone(&order);
        // A component starts when the others are polled, which is after the signals are listened to.
        tasks.spawn("stubborn", async move {
            let own = rustix::process::getpid();
            rustix::process::kill_process(own, rustix::process::Signal::TERM)?;
            soft.cancelled().await;
            assert!(!hard.is_cancelled());
            noted.store(1, Ordering::SeqCst);
            rustix::process::kill_process(own, rustix::process::Signal::INT)?;
            hard.cancelled().await;
            noted.store(2, Ordering::SeqCst);
            Ok::<_, io::Error>(())
        });
        let error = tasks.run_until_stopped(true, LIMIT).await.unwrap_err();
        assert!(error.to_string().starts_with("broken off while still at work: stubborn."), "{error}");
        assert_eq!(order.load(Ordering::SeqCst), 2, "it heard the hard stop and ended by itself");
    }
}
