//! What every part of the dispatcher works with, made once per process.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use ripen_actions::Actions;
use ripen_domain::{
    actor::{Actor, Scope, System},
    delivery::{LONGEST_RETRY_AFTER, RetrySchedule, SenderPause, circuit::CircuitTerms},
    link::Links,
    time::later,
};
use ripen_outbound::{mail::Mailer, webhook::WebhookSender};
use ripen_queue::Transport;
use ripen_runtime::{clock::Clock, config::Settings, health::Health, lifecycle::Stop};
use ripen_store::Store;

use crate::break_off::BreakOff;

/// What the dispatcher works with.
#[derive(Clone)]
pub struct DispatcherContext {
    /// The database.
    pub store: Store,
    /// What is done in the dispatcher's own name.
    pub actions: Actions,
    /// The queues.
    pub transport: Transport,
    /// The clock.
    pub clock: Clock,
    /// Sizes and times.
    pub settings: Arc<Settings>,
    /// Where trouble is shown.
    pub health: Health,
    /// Sends webhooks.
    pub webhooks: Arc<WebhookSender>,
    /// Sends mail.
    pub mailer: Arc<Mailer>,
    /// Makes the links by which clients say what became of a lead; none where nobody said how the outside names this
    /// installation.
    pub links: Option<Links>,
}

impl DispatcherContext {
    /// Who records what endpoints answer.
    pub(crate) fn actor(&self) -> Actor {
        Actor::system(System::Dispatcher)
    }

    /// What the dispatcher may read: every client's, because it sends for all of them.
    pub(crate) fn scope(&self) -> Scope {
        self.actor().scope()
    }

    pub(crate) fn schedule(&self) -> RetrySchedule {
        let waits = self.settings.dispatcher.retry_schedule_s.iter().copied().map(Duration::from_secs).collect();
        RetrySchedule { waits, longest_wait: LONGEST_RETRY_AFTER }
    }

    pub(crate) fn circuit_terms(&self) -> CircuitTerms {
        let settings = &self.settings.dispatcher;
        CircuitTerms {
            failures: settings.circuit_failures.max(1),
            pause: Duration::from_secs(settings.circuit_pause_s),
            // At least one failure: with none, no circuit would ever be closed.
            longest_pause: Duration::from_secs(settings.circuit_longest_pause_s),
            disable_after: Duration::from_secs(settings.disable_after_days.saturating_mul(24 * 3600)),
        }
    }

    /// How long all mail waits once the sender was refused, before one tries again.
    pub(crate) fn sender_pause(&self) -> SenderPause {
        self.settings.dispatcher.sender_pause()
    }

    /// When a mail is tried once more that the server refused for nobody knows what: after the third pause of the schedule, which is
    /// some minutes, or the last of a shorter one.
    pub(crate) fn after_unexplained(&self, now: Timestamp) -> Timestamp {
        let waits = &self.settings.dispatcher.retry_schedule_s;
        let wait = waits.get(2).or(waits.last()).copied().unwrap_or(0);
        later(now, Duration::from_secs(wait))
    }

    /// When what is under way is broken off, once the process is asked to stop.
    pub(crate) fn break_off(&self, stop: &Stop) -> BreakOff {
        BreakOff::new(stop.clone(), Duration::from_secs(self.settings.lifecycle.stop_timeout_s))
    }

    /// How long an offered row is not offered again.
    pub(crate) fn offer(&self) -> SignedDuration {
        SignedDuration::from_secs(i64::try_from(self.settings.dispatcher.offer_s).unwrap_or(60))
    }
}
