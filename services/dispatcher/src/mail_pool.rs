//! The places of mails under way, and the circuit of the mail server: a server that hangs, or takes its time, holds up mail alone.
//!
//! Whoever sends takes a place before it leases what it sends, so that no lease runs while a mail waits for its conversation. When
//! the server is not there for anybody several times in a row, mail waits without using up attempts, but for one mail now and then
//! that tries it. All processes share this circuit: each looks at it every second, and while the database cannot be reached goes by
//! what it finds itself.
//!
//! A place is also where [`crate::sender`] is asked: a server that is there and refuses the sender has all mail wait as well, over
//! all processes.

mod send;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use ripen_domain::delivery::circuit::{Circuit, CircuitTerms};
use ripen_runtime::{
    every::{NextTick, every},
    health::Health,
    lifecycle::Stop,
    random::jitter,
};
use ripen_store::{
    StoreError,
    mail_circuit::{MailServerFound, MailServerState},
};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::{break_off::BreakOff, context::DispatcherContext};

pub use send::{MailAbout, MailTry};

/// Failures of the server in a row after which mail waits: it fails for all mails or for none, so that few say it.
const TERMS: CircuitTerms = CircuitTerms {
    failures: 3,
    pause: Duration::from_secs(5),
    // Short beside that of an endpoint: one server is asked, and every lead that goes by mail waits for it.
    longest_pause: Duration::from_secs(60),
    disable_after: Duration::MAX,
};
/// Pauses are spread by this part, up and down.
const JITTER: f64 = 0.1;
/// When what waits for a probe under way is looked at again.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(5);
/// How often a process looks at what the others found.
const SHARED_EVERY: Duration = Duration::from_secs(1);

/// The places of one process. Clones share them.
#[derive(Clone)]
pub struct MailPool(Arc<Inner>);

struct Inner {
    places: Arc<Semaphore>,
    /// Rung when a place is free again.
    freed: Notify,
    gate: Mutex<MailCircuit>,
    health: Health,
    break_off: BreakOff,
}

struct MailCircuit {
    server: MailServerState,
    /// One mail of this process tries the server now.
    probing: bool,
    /// Counts what this process found, so that an older look at the others' does not undo it.
    found: u64,
}

/// The places taken for some mails.
pub struct MailPlaces {
    /// One for each.
    pub places: Vec<MailPlace>,
    /// Until when the server takes no more; none where a place may be free any moment.
    pub wait_until: Option<Timestamp>,
}

/// A mail's place: given back by dropping it.
pub struct MailPlace {
    pool: MailPool,
    /// Whether it tries a server that was not there.
    probe: bool,
    /// Taken out by the drop, so that the place is free before anybody is told so.
    permit: Option<OwnedSemaphorePermit>,
    /// Nobody is told.
    unused: bool,
}

/// Metrics exist from the start, at zero.
pub fn register_metrics() {
    for change in ["opened", "closed"] {
        metrics::counter!("ripen_mail_circuit_total", "change" => change).absolute(0);
    }
    metrics::gauge!("ripen_mail_circuit_open").set(0.0);
}

impl MailPool {
    /// So many places, at least one.
    pub fn new(conversations: usize, health: Health, break_off: BreakOff) -> Self {
        let gate = Mutex::new(MailCircuit { server: MailServerState::THERE, probing: false, found: 0 });
        let places = Arc::new(Semaphore::new(conversations.clamp(1, Semaphore::MAX_PERMITS)));
        Self(Arc::new(Inner { places, freed: Notify::new(), gate, health, break_off }))
    }

    /// Takes what is free, at most so many.
    pub fn take(&self, most: usize, now: Timestamp) -> MailPlaces {
        let mut gate = self.gate();
        let Circuit::Open { probe_at, .. } = gate.server.circuit else {
            drop(gate);
            let places = std::iter::from_fn(|| self.place(false)).take(most).collect();
            return MailPlaces { places, wait_until: None };
        };
        if gate.probing || now < probe_at {
            let again = now.saturating_add(LOOK_AGAIN).unwrap_or(now);
            return MailPlaces { places: Vec::new(), wait_until: Some(probe_at.max(again)) };
        }
        let place = if most > 0 { self.place(true) } else { None };
        gate.probing = place.is_some();
        let again = now.saturating_add(LOOK_AGAIN).unwrap_or(now);
        MailPlaces { places: place.into_iter().collect(), wait_until: Some(again) }
    }

    /// How many mails are worth asking for: what is free, or any number where they would be put off.
    pub fn worth_asking(&self) -> usize {
        match self.gate().server.circuit {
            Circuit::Open { .. } => usize::MAX,
            Circuit::Closed { .. } => self.0.places.available_permits(),
        }
    }

    /// Returns when a place was given back that was not waited for yet.
    pub async fn freed(&self) {
        self.0.freed.notified().await;
    }

    fn place(&self, probe: bool) -> Option<MailPlace> {
        let permit = Arc::clone(&self.0.places).try_acquire_owned().ok()?;
        Some(MailPlace { pool: self.clone(), probe, permit: Some(permit), unused: false })
    }

    fn gate(&self) -> MutexGuard<'_, MailCircuit> {
        self.0.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at what the other processes found.
    async fn look(&self, ctx: &DispatcherContext) -> Result<(), StoreError> {
        let found = self.gate().found;
        let state = ctx.store.mail_circuit().await?;
        // What was found here meanwhile is newer than what was read.
        if self.gate().found == found {
            self.take_in(&state, ctx.clock.now());
        }
        Ok(())
    }

    /// Counts what a mail found of the server, for all processes. Returns when it may be tried again, where mail waits.
    async fn note(&self, ctx: &DispatcherContext, found: MailServerFound<'_>, now: Timestamp) -> Option<Timestamp> {
        // The usual case costs nothing: only after a failure is there anything to take back.
        if found == MailServerFound::There && self.gate().server.circuit == Circuit::NEW {
            return None;
        }
        match ctx.store.mail_circuit_note(found, &TERMS, jitter(JITTER), now).await {
            Ok(state) => self.found(&state, now),
            Err(error) => {
                tracing::warn!(%error, "how the mail server is could not be shared with other processes");
                self.note_here(found, now)
            }
        }
    }

    /// Counts it for this process alone.
    fn note_here(&self, found: MailServerFound<'_>, now: Timestamp) -> Option<Timestamp> {
        let known = self.gate().server.clone();
        self.found(&known.after(found, &TERMS, jitter(JITTER), now), now)
    }

    fn found(&self, state: &MailServerState, now: Timestamp) -> Option<Timestamp> {
        let mut gate = self.gate();
        gate.found = gate.found.wrapping_add(1);
        drop(gate);
        self.take_in(state, now);
        match state.circuit {
            Circuit::Open { probe_at, .. } => Some(probe_at),
            Circuit::Closed { .. } => None,
        }
    }

    /// Goes by this from now on, and says so where mail begins to wait or waits no longer.
    fn take_in(&self, state: &MailServerState, now: Timestamp) {
        let is_open = |circuit: &Circuit| matches!(circuit, Circuit::Open { .. });
        let before = std::mem::replace(&mut self.gate().server, state.clone());
        match (is_open(&before.circuit), is_open(&state.circuit)) {
            (false, true) => {
                let why = state.why.as_deref().unwrap_or("no answer");
                tracing::error!(
                    why,
                    "the mail server takes no mail: mail waits, but for one now and then that tries it"
                );
                metrics::counter!("ripen_mail_circuit_total", "change" => "opened").increment(1);
                metrics::gauge!("ripen_mail_circuit_open").set(1.0);
                let since = state.circuit.failing().map_or(now, |failing| failing.since);
                let note = format!("the mail server takes no mail since {since:.0}, and mail waits: {why}");
                self.0.health.note("mail", Some(note));
            }
            (true, false) => {
                tracing::info!("the mail server takes mail again");
                metrics::counter!("ripen_mail_circuit_total", "change" => "closed").increment(1);
                metrics::gauge!("ripen_mail_circuit_open").set(0.0);
                self.0.health.note("mail", None);
                // Whoever waits looks at once.
                self.0.freed.notify_one();
            }
            _ => {}
        }
    }
}

/// Looks at what other processes found of the mail server until asked to stop.
pub async fn run(ctx: DispatcherContext, pool: MailPool, stop: Stop) {
    every("looking whether the mail server is there", SHARED_EVERY, stop.soft(), || async {
        pool.look(&ctx).await.map(|()| NextTick::InAPeriod)
    })
    .await;
}

impl MailPlaces {
    /// Gives back what was not needed, by whoever waits for places itself: told of them it would look again without end.
    pub fn give_back(self) {
        let mut places = self.places;
        places.iter_mut().for_each(|place| place.unused = true);
    }
}

impl Drop for MailPlace {
    fn drop(&mut self) {
        if self.probe {
            self.pool.gate().probing = false;
        }
        drop(self.permit.take());
        // Whoever waits for deliveries; one permit is kept where nobody does.
        if !self.unused {
            self.pool.0.freed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests;
