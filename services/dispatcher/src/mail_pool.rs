//! The places of mails under way, and the circuit of the mail server: a server that hangs, or takes its time, holds up mail alone.
//!
//! Whoever sends takes a place before it leases what it sends, so that no lease runs while a mail waits for its conversation. When
//! the server is not there for anybody several times in a row, mail waits without using up attempts, but for one mail now and then
//! that tries it. All processes share this circuit: each looks at it every second, and while the database cannot be reached goes by
//! what it finds itself.
//!
//! A place is also where [`crate::sender`] is asked: a server that is there and refuses the sender has all mail wait as well, over
//! all processes.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use ripen_domain::delivery::circuit::{Circuit, CircuitTerms};
use ripen_outbound::mail::{ContentSent, Mail, MailResult};
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
use uuid::Uuid;

use crate::{
    break_off::{BROKEN_OFF, BreakOff, PERHAPS_SENT},
    context::DispatcherContext,
    sender::{self, MailWaits},
};

/// Failures of the server in a row after which mail waits: it fails for all mails or for none, so that few say it.
const TERMS: CircuitTerms = CircuitTerms {
    failures: 3,
    pause: Duration::from_secs(5),
    // Short beside that of an endpoint: one server is asked, and every lead that goes by mail waits for it.
    longest_pause: Duration::from_secs(60),
    disable_after: Duration::MAX,
};
/// So many attempts of one mail in whose middle the server broke off are excused while all mail waits: if it does so for that mail's
/// sake, the mail uses up its schedule and is told of.
const MOST_EXCUSED: i32 = 10;
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

/// What came of sending a mail.
pub enum MailTry {
    /// This.
    Said(MailResult),
    /// It was tried, and what came of it says nothing about the mail, which waits: the attempt does not count.
    Excused(MailResult, MailWaits),
    /// All mail waits: nothing was sent.
    NotTried(MailWaits),
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

impl MailPlace {
    /// Sends a mail from this place, unless all mail waits because the server refuses the sender, or a mail of another process tries
    /// the server. Whether the server is there and whether it takes the sender is learned from what came of it.
    pub async fn send(&self, ctx: &DispatcherContext, about: MailAbout, mail: &Mail<'_>) -> MailTry {
        if let Some(waits) = self.waits_for_another(ctx).await {
            return MailTry::NotTried(waits);
        }
        let permit = match sender::permit(ctx).await {
            Ok(permit) => permit,
            Err(waits) => return MailTry::NotTried(waits),
        };
        let content = ContentSent::default();
        let result = tokio::select! {
            biased;
            // On the heap: a whole conversation is large beside the attempts that send none.
            result = Box::pin(ctx.mailer.send_telling(mail, &content)) => result,
            () = self.breaks_off(&content) => return broken_off(about, &content, ctx.clock.now()),
        };
        let now = ctx.clock.now();
        let away = match self.finds(&result, mail.to.address) {
            None => None,
            Some(found) => waits(found, about, self.pool.note(ctx, found, now).await, now),
        };
        let (result, refused) = sender::learn(ctx, &permit, about.id, result).await;
        match refused.or(away) {
            Some(waits) => MailTry::Excused(result, waits),
            None => MailTry::Said(result),
        }
    }

    /// Returns when the mail is to be broken off because the process stops: as late as can be where the server may have it.
    async fn breaks_off(&self, content: &ContentSent) {
        let break_off = &self.pool.0.break_off;
        break_off.due().await;
        if content.may_be_had() {
            break_off.due_for_handed_over().await;
        }
    }

    /// Of a mail that is to try the server: until when it waits, because one of another process does.
    async fn waits_for_another(&self, ctx: &DispatcherContext) -> Option<MailWaits> {
        if !self.probe {
            return None;
        }
        let now = ctx.clock.now();
        let takes = SignedDuration::try_from(Duration::from_secs(ctx.settings.mail.timeout_s)).unwrap_or(LOOK_AGAIN);
        let next = now.saturating_add(takes.saturating_add(LOOK_AGAIN)).unwrap_or(now);
        match ctx.store.mail_circuit_probe(now, next).await {
            Ok(false) => {
                let until = now.saturating_add(LOOK_AGAIN).unwrap_or(now);
                Some(MailWaits {
                    why: "another mail tries whether the mail server is there".to_owned(),
                    is_of_sender: false,
                    until,
                })
            }
            Ok(true) => None,
            Err(error) => {
                // The server itself says whether it is there.
                tracing::warn!(%error, "it could not be read whether another mail tries the mail server");
                None
            }
        }
    }

    /// What a mail found of the server; nothing of mails that it never heard of.
    fn finds<'r>(&self, result: &'r MailResult, address: &'r str) -> Option<MailServerFound<'r>> {
        let probe = self.probe;
        match result {
            // Put together wrongly here: the server never heard of it.
            MailResult::Dead { code: None, .. } => None,
            MailResult::Unreachable { text, .. } => Some(MailServerFound::Away { probe, why: text }),
            // In the middle of the conversation: perhaps for this mail's sake.
            MailResult::Later { code: None | Some(421), text } | MailResult::Unreadable { text } => {
                Some(MailServerFound::BrokeOff { probe, why: text, address })
            }
            // It is there, and has said what it thinks of this mail or of who sends it.
            MailResult::Delivered { .. }
            | MailResult::Filed { .. }
            | MailResult::Later { .. }
            | MailResult::SenderRefused { .. }
            | MailResult::Dead { .. } => Some(MailServerFound::There),
        }
    }
}

/// Which mail is sent.
#[derive(Debug, Clone, Copy)]
pub struct MailAbout {
    /// The delivery or notice.
    pub id: Uuid,
    /// So many of its attempts were excused before.
    pub excused: i32,
}

impl MailAbout {
    /// A notice: nobody counts what is excused of it, so that each attempt in whose middle the server breaks off counts.
    pub const fn notice(id: Uuid) -> Self {
        Self { id, excused: MOST_EXCUSED }
    }
}

/// What comes of a mail that was broken off.
fn broken_off(about: MailAbout, content: &ContentSent, now: Timestamp) -> MailTry {
    let waits = |why: &str| MailWaits { why: why.to_owned(), is_of_sender: false, until: now };
    if !content.may_be_had() {
        return MailTry::NotTried(waits(BROKEN_OFF));
    }
    tracing::warn!(mail.id = %about.id, "a mail is broken off that the mail server may have: it is sent again under the same Message-ID, perhaps twice");
    MailTry::Excused(MailResult::Later { code: None, text: PERHAPS_SENT.to_owned() }, waits(PERHAPS_SENT))
}

/// Until when a mail waits that was not at fault. `probe_at` is when all mail waits for one that tries.
fn waits(
    found: MailServerFound<'_>,
    about: MailAbout,
    probe_at: Option<Timestamp>,
    now: Timestamp,
) -> Option<MailWaits> {
    let why = match found {
        MailServerFound::There => return None,
        // Nothing was said of the mail.
        MailServerFound::Away { why, .. } => why,
        // Where it breaks off for everybody it is not this one's fault, for as long as that can be believed.
        MailServerFound::BrokeOff { why, .. } if probe_at.is_some() && about.excused < MOST_EXCUSED => why,
        MailServerFound::BrokeOff { .. } => return None,
    };
    // Behind the others: if the server breaks off for this one alone, another has to try it, or nobody ever learns that.
    let behind = |probe_at: Timestamp| probe_at.saturating_add(probe_at.duration_since(now)).unwrap_or(probe_at);
    let until = probe_at.map_or_else(|| now.saturating_add(LOOK_AGAIN).unwrap_or(now), behind);
    Some(MailWaits { why: why.to_owned(), is_of_sender: false, until })
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

/// Does what may take longer than a lease lasts, and makes the lease longer meanwhile: a process that dies leaves it to run out as
/// ever. Where that fails it goes on: what the mail server takes is recorded whoever has the lease by then.
pub async fn while_leased<T, F: Future<Output = Result<bool, StoreError>>>(
    lasts: Duration,
    keep: impl Fn() -> F,
    work: impl Future<Output = T>,
) -> T {
    tokio::select! {
        biased;
        done = work => done,
        never = keep_lease(lasts, keep) => match never {},
    }
}

async fn keep_lease<F: Future<Output = Result<bool, StoreError>>>(lasts: Duration, keep: impl Fn() -> F) -> Infallible {
    loop {
        tokio::time::sleep(lasts / 3).await;
        if let Err(error) = keep().await {
            tracing::debug!(%error, "a lease could not be made longer and is tried again");
        }
    }
}

#[cfg(test)]
mod tests {
    use ripen_domain::delivery::MailStage;
    use ripen_outbound::mail::DeadCause;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    /// Of a process whose database is away.
    fn report(place: &MailPlace, result: &MailResult, now: Timestamp) -> Option<MailWaits> {
        report_to(place, result, ("dana@example.com", 0), now)
    }

    /// Of a mail to this address, of which so many attempts were excused.
    fn report_to(
        place: &MailPlace,
        result: &MailResult,
        (address, excused): (&str, i32),
        now: Timestamp,
    ) -> Option<MailWaits> {
        let found = place.finds(result, address)?;
        waits(found, MailAbout { id: Uuid::nil(), excused }, place.pool.note_here(found, now), now)
    }

    fn pool(conversations: usize, health: Health) -> MailPool {
        MailPool::new(conversations, health, BreakOff::default())
    }

    fn away() -> MailResult {
        MailResult::Unreachable { code: None, text: "no answer".to_owned() }
    }

    #[test]
    fn places_are_bounded_and_come_back() {
        let pool = pool(2, Health::default());
        let taken = pool.take(5, at(0));
        assert_eq!((taken.places.len(), taken.wait_until), (2, None));
        assert!(pool.take(1, at(0)).places.is_empty());
        drop(taken);
        assert_eq!(pool.take(1, at(0)).places.len(), 1);
    }

    #[test]
    fn a_server_that_is_away_is_tried_by_one_mail_at_a_time_and_no_attempt_counts() {
        let health = Health::default();
        let pool = pool(4, health.clone());
        let places = pool.take(4, at(0)).places;
        assert!(places.iter().all(|place| report(place, &away(), at(0)).is_some()), "nothing was said of these mails");
        drop(places);
        assert!(health.notes()[0].1.contains("no answer"), "{:?}", health.notes());
        let waiting = pool.take(4, at(1));
        assert!(waiting.places.is_empty() && waiting.wait_until > Some(at(1)));
        let probe = pool.take(4, at(100)).places;
        assert_eq!(probe.len(), 1);
        assert!(pool.take(4, at(100)).places.is_empty(), "one is enough");
        let failed = MailResult::Later { code: None, text: "it hung up".to_owned() };
        assert!(report(&probe[0], &failed, at(100)).is_some(), "a probe does not count");
        drop(probe);
        let probe = pool.take(4, at(200)).places;
        let taken = MailResult::Delivered { reply: "250 ok".to_owned() };
        assert_eq!(report(&probe[0], &taken, at(200)), None);
        drop(probe);
        assert_eq!(pool.take(9, at(200)).places.len(), 4, "everything goes out");
        assert!(health.notes().is_empty());
    }

    #[test]
    fn what_breaks_off_for_one_recipient_is_that_ones_and_for_everybody_the_servers() {
        let garbage = MailResult::Unreadable { text: "garbage".to_owned() };
        let hung_up = MailResult::Later { code: None, text: "it hung up".to_owned() };
        let closing = MailResult::Later { code: Some(421), text: "closing".to_owned() };
        for result in [garbage, hung_up, closing] {
            let pool = pool(1, Health::default());
            for n in 0..20 {
                let places = pool.take(1, at(n)).places;
                assert_eq!(report(&places[0], &result, at(n)), None, "the same one each time: {result:?}");
            }
            for (n, address, waits) in [(20, "lee@example.com", false), (21, "kim@example.com", true)] {
                let places = pool.take(1, at(n)).places;
                assert_eq!(report_to(&places[0], &result, (address, 0), at(n)).is_some(), waits, "{result:?}");
            }
            assert!(pool.take(1, at(22)).places.is_empty(), "all mail waits");
        }
    }

    #[test]
    fn a_mail_that_tried_in_vain_comes_after_the_others_and_counts_after_a_while() {
        let pool = pool(1, Health::default());
        for address in ["dana@example.com", "lee@example.com", "kim@example.com"] {
            let places = pool.take(1, at(0)).places;
            report_to(
                &places[0],
                &MailResult::Later { code: None, text: "it hung up".to_owned() },
                (address, 0),
                at(0),
            );
        }
        let probe = pool.take(1, at(100)).places;
        let hung_up = MailResult::Later { code: None, text: "it hung up".to_owned() };
        let behind = report_to(&probe[0], &hung_up, ("dana@example.com", MOST_EXCUSED - 1), at(100)).unwrap().until;
        drop(probe);
        let next = pool.take(1, at(101)).wait_until.unwrap();
        assert!(behind > next, "another one tries before: {behind} {next}");
        let probe = pool.take(1, at(500)).places;
        assert_eq!(report_to(&probe[0], &hung_up, ("dana@example.com", MOST_EXCUSED), at(500)), None, "it counts");
        // That it is not there at all is no mail's fault, however long.
        assert!(report_to(&probe[0], &away(), ("dana@example.com", 500), at(501)).is_some());
    }

    #[test]
    fn what_a_server_says_of_a_mail_counts_for_the_mail_alone() {
        let pool = pool(1, Health::default());
        for n in 0..9 {
            let places = pool.take(1, at(n)).places;
            let busy = MailResult::Later { code: Some(450), text: "busy".to_owned() };
            assert_eq!(report(&places[0], &busy, at(n)), None);
            let (stage, cause) = (MailStage::Recipient, DeadCause::Address);
            let refused = MailResult::Dead { code: Some(550), text: "unknown".to_owned(), stage, cause };
            assert_eq!(report(&places[0], &refused, at(n)), None);
            let text = "wrong password".to_owned();
            let sender = MailResult::SenderRefused { code: Some(535), text, stage: MailStage::Opening, of_one: false };
            assert_eq!(
                report(&places[0], &sender, at(n)),
                None,
                "it is there: that the sender is refused is kept apart"
            );
        }
        assert_eq!(pool.take(1, at(9)).wait_until, None);
    }
}
