//! One attempt: send within what is left of the lease, judge the answer, record both.

use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use ripen_domain::{
    backoff::Backoff,
    delivery::{Attempted, ClientEvent, Next, circuit::EndpointHealth},
    id::EndpointId,
    outcome::OutcomeFields,
};
use ripen_outbound::{
    lead_mail,
    mail::{DeadCause, Mail, MailResult, Party},
    webhook::{Call, OwnHeader, SendError, WebhookResponse, WebhookSecret},
};
use ripen_runtime::{
    lifecycle::Stop,
    random::jitter,
    retry::{GaveUp, RetryLimit, Tried, retry},
};
use ripen_store::{
    delivery::{attempt::AttemptRow, leased_delivery::Leased, settle::Settled},
    endpoint::endpoint_record::EndpointKind,
    outcome::answer::WaitingAnswer,
};
use url::Url;
use uuid::Uuid;

use crate::{
    answer::outcome_of,
    attempt_recorder::{AttemptRecord, Recorder},
    break_off::BROKEN_OFF,
    context::DispatcherContext,
    keep_lease::while_leased,
    letterhead,
    mail_pool::{MailAbout, MailPlace, MailTry},
    outcome,
    sender::MailWaits,
};

/// So many bytes of an answer are kept to be looked at; more of them are read for the outcome that they may say.
const KEPT: usize = 8 * 1024;

/// Pauses between tries to record an attempt.
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(20), longest: Duration::from_secs(1) };

/// What [`crate::lease`] keeps of a lease for recording the attempt.
const WHILE_LEASED: Duration = Duration::from_secs(5);

/// Answers that say what is wrong with what was sent, and nothing of the receiver: malformed, in conflict, too large, of a kind or
/// with a content that it does not take.
const OF_THE_RECORD: [u16; 6] = [400, 409, 413, 415, 422, 431];

/// So many leases that nothing came of are passed over: more than an older version takes during a rolling upgrade, which leases such a
/// delivery anew each time its lease has run out, and few enough that what kills every process which begins it uses up its schedule.
const MOST_UNRECORDED: i32 = 20;

/// Retries are spread by this part of their wait, up and down.
const JITTER: f64 = 0.1;

/// A leased delivery to attempt.
pub struct Attempt {
    /// What, where to.
    pub leased: Leased,
    /// The name of the lease.
    pub lease: Uuid,
    /// When the attempt must be over. A mail's lease is held for as long as its conversation takes.
    pub until: Instant,
    /// A mail's place.
    pub place: Option<MailPlace>,
}

/// How an attempt went, before it is judged by the schedule.
struct SendResult {
    attempted: Attempted,
    status: Option<i32>,
    error: Option<String>,
    answer: Option<Vec<u8>>,
    outcome: Option<OutcomeFields>,
    /// There is no such address.
    bounced: bool,
    /// It waits for the mail server to take the sender again.
    mail_waits: bool,
}

/// Metrics exist from the start, at zero.
pub fn register_metrics() {
    for state in ["delivered", "filed", "retry", "waits", "held", "dead"] {
        metrics::counter!("ripen_deliveries_total", "result" => state).absolute(0);
    }
    metrics::counter!("ripen_leases_lost_total").absolute(0);
}

impl Attempt {
    /// Sends once and records it.
    pub async fn run(self, ctx: &DispatcherContext, recorder: &Recorder, stop: &Stop) {
        let begun = Instant::now();
        let due = &self.leased.due;
        // Measured by the monotonic clock: a clock that is set back must not lengthen the attempt.
        let longest = due.timeout.unwrap_or_else(|| Duration::from_secs(ctx.settings.dispatcher.timeout_s));
        // When the lease is over another worker sends the same: no attempt may outlast it.
        let left = self.until.saturating_duration_since(begun).min(longest);
        let mut tried = match self.leased.due.kind {
            EndpointKind::Webhook => self.webhook(ctx, (left, stop)).await,
            EndpointKind::Email => self.mail(ctx).await,
        };
        // Only of what hands a lead over, or offers it, does the answer say what became of it.
        tried.outcome = tried.outcome.filter(|_| due.facts.event().has_outcome());
        let now = ctx.clock.now();
        // Before the attempt is recorded: a crash in between leaves the lease to run out, and the endpoint off all
        // the same.
        if tried.attempted == Attempted::Gone {
            self.disable_endpoint_that_answered_410(ctx).await;
        }
        let health = self.health(&tried);
        // What was excused does not use up the schedule: probes of an open circuit, and attempts from before a retry
        // by hand. What waits for a key is excused each time; counted all, its waits grow.
        let is_sealed = matches!(tried.attempted, Attempted::Sealed { .. });
        let attempts = if is_sealed {
            usize::try_from(due.attempts).unwrap_or(1)
        } else {
            Begun { leases: due.attempts, excused: due.excused, unrecorded: due.unrecorded }.counted()
        };
        let not_before = match &tried.attempted {
            Attempted::Failed { not_before, .. } => *not_before,
            _ => None,
        };
        let next = ctx.schedule().next(tried.attempted, attempts, jitter(JITTER), now);
        metrics::histogram!("ripen_attempt_seconds").record(begun.elapsed().as_secs_f64());
        metrics::counter!("ripen_deliveries_total", "result" => result_of(&next)).increment(1);
        let attempt = AttemptRow {
            // The number that the lease counted, so that an attempt recorded twice is one row.
            number: self.leased.due.attempts,
            at: now,
            duration_ms: i32::try_from(begun.elapsed().as_millis()).unwrap_or(i32::MAX),
            status: tried.status,
            error: tried.error,
            answer: tried.answer,
            report: None,
        };
        let delivery = self.leased.due.facts.delivery;
        // A mail that was written to a file has no status and did not fail: `result` says what became of it.
        let failed = attempt.error.as_deref().filter(|_| next != Next::Filed);
        tracing::info!(delivery.id = %delivery, endpoint.id = %self.leased.due.endpoint, attempt = attempt.number,
            status = attempt.status, error = failed, result = result_of(&next), "attempted");
        let said = tried.outcome.clone();
        // What was taken is recorded however late: made again, it would come twice.
        let late = next == Next::Delivered || due.kind == EndpointKind::Email;
        let (bounced, mail_waits, outcome) = (tried.bounced, tried.mail_waits, tried.outcome);
        let settled = Settled { delivery, lease: self.lease, attempt, next, not_before, mail_waits, bounced, outcome };
        // As long as the lease lasts; afterwards another worker makes the attempt, and recording this one as the last
        // would be wrong.
        let limit = if late { RetryLimit::None } else { RetryLimit::Until((self.until + WHILE_LEASED).into()) };
        // Only what is recorded: the answer lies beside the delivery by then, and a sweep records what fails here.
        if record(recorder, AttemptRecord { settled, health }, limit, stop).await
            && let Some(said) = said
        {
            outcome::record(ctx, WaitingAnswer { delivery, at: now, said }).await;
        }
    }

    /// What the attempt says about its endpoint's circuit, where that is anything new. Mail has none: what fails is mostly
    /// the way there, which all addresses share.
    fn health(&self, tried: &SendResult) -> Option<(EndpointId, EndpointHealth)> {
        let due = &self.leased.due;
        let health = match &tried.attempted {
            // Says nothing about the receiver: files are always taken, "gone" disables the endpoint instead, and a key that is
            // missing here must not switch off what nobody called.
            _ if due.kind == EndpointKind::Email => return None,
            Attempted::Gone | Attempted::Filed | Attempted::Waits { .. } | Attempted::Sealed { .. } => return None,
            // The usual case costs nothing: only after a failure is there a circuit to close.
            Attempted::Taken if !due.failing => return None,
            Attempted::Taken => EndpointHealth::Working,
            Attempted::Failed { why, not_before } => {
                EndpointHealth::Failing { probe: due.probe, why: why.clone(), not_before: *not_before }
            }
            // It answered: what it does not take says nothing of what comes next.
            Attempted::Refused { why } if tried.status.is_some() => {
                EndpointHealth::Refusing { lead: due.facts.lead, why: why.clone() }
            }
            Attempted::Refused { why } => {
                EndpointHealth::Failing { probe: due.probe, why: why.clone(), not_before: None }
            }
        };
        Some((due.endpoint, health))
    }

    /// The client wants no more: the endpoint gets nothing until a person enables it again.
    async fn disable_endpoint_that_answered_410(&self, ctx: &DispatcherContext) {
        let (endpoint, delivery) = (self.leased.due.endpoint, self.leased.due.facts.delivery);
        let disabled = ctx.store.endpoint_disable(endpoint, "answered 410 Gone", Some(delivery), ctx.clock.now()).await;
        if let Err(error) = disabled {
            tracing::warn!(endpoint.id = %endpoint, %error, "an endpoint that answered 410 could not be disabled; its next answer will");
        }
    }

    async fn webhook(&self, ctx: &DispatcherContext, (deadline, stop): (Duration, &Stop)) -> SendResult {
        let due = &self.leased.due;
        // Waits for the right key: nothing is sent unsigned, without a header or to what is only shown of a sealed URL.
        let credentials = match &due.credentials {
            Ok(credentials) => credentials,
            Err(why) => return unopened(&why.0),
        };
        // What was stored passed its check once; it is refused for good, because another try would read the same.
        let Ok(url) = Url::parse(due.to.reveal()) else { return refused("the URL cannot be read") };
        let headers = credentials.headers.iter().map(|header| OwnHeader::parse(header.reveal()));
        let headers: Result<Vec<_>, _> = headers.collect();
        let Ok(headers) = headers else { return refused("a header of the endpoint's own cannot be sent") };
        // A secret that cannot be read signs nothing; with the others the receiver can still verify.
        let secrets = credentials.secrets.iter();
        let secrets: Vec<_> = secrets.filter_map(|secret| WebhookSecret::parse(secret.reveal()).ok()).collect();
        let id = due.facts.delivery.to_string();
        let call = Call {
            url: &url,
            // The installation's setting opens private addresses for all, for a firm whose receivers are in its
            // own network.
            allow_private: due.allow_private || ctx.settings.dispatcher.allow_private,
            id: &id,
            timestamp: ctx.clock.now(),
            // The frozen bytes: rendered again, they could differ from what was signed and sent before.
            body: Bytes::from(self.leased.body.clone()),
            secrets: &secrets,
            headers: &headers,
            deadline,
        };
        let break_off = ctx.break_off(stop);
        let sent = tokio::select! {
            biased;
            sent = ctx.webhooks.send(&call) => sent,
            () = break_off.due() => {
                return waiting(MailWaits { why: BROKEN_OFF.to_owned(), is_of_sender: false, until: ctx.clock.now() });
            }
        };
        match sent.result {
            Ok(answer) => answered(answer, due.failing, ctx.clock.now()),
            Err(error) => unanswered(&error),
        }
    }

    /// Sends as a mail, and holds the lease meanwhile.
    async fn mail(&self, ctx: &DispatcherContext) -> SendResult {
        let due = &self.leased.due;
        // From the frozen body too: every attempt's mail tells the same, but for the time that it is where the person is, and links that
        // were over would lead its reader nowhere.
        let Some(event) = ClientEvent::read(&self.leased.body) else {
            return refused("the stored body cannot be read");
        };
        let event = match &ctx.links {
            Some(links) => event.with_links_that_open(links.keys(), due.links_since, ctx.clock.now()),
            None => event,
        };
        // Leased are only as many mails as have a place.
        let Some(place) = &self.place else {
            return waiting(MailWaits {
                why: "no place is free for a mail".to_owned(),
                is_of_sender: false,
                until: ctx.clock.now(),
            });
        };
        let found = letterhead::look_up(ctx, due, &event).await;
        let mail = lead_mail::render(&event, &letterhead::of(ctx, due, &found));
        let reply_to = letterhead::reply_to(ctx);
        let name = due.facts.assigned_to.as_ref().and_then(|rep| rep.name.get()).map(String::as_str);
        let delivery = due.facts.delivery;
        let message_id = delivery.to_string();
        let mail = Mail {
            to: Party { name, address: due.to.reveal() },
            reply_to: reply_to.map(|address| Party { name: None, address }),
            unsubscribe: reply_to,
            subject: &mail.subject,
            text: &mail.text,
            html: &mail.html,
            invitation: mail.invitation.as_ref(),
            // The delivery's id: a mail that is sent twice is one in the rep's mailbox.
            message_id: &message_id,
            list_id: &due.slug,
            delivery: Some(delivery),
            date: ctx.clock.now(),
            deadline: Duration::from_secs(ctx.settings.mail.timeout_s),
        };
        let lasts = Duration::from_secs(ctx.settings.dispatcher.lease_s.max(1));
        let keep = || ctx.store.delivery_keep_lease((delivery, self.lease), lasts);
        let about = MailAbout { id: delivery.uuid(), excused: due.excused };
        match while_leased(lasts, keep, place.send(ctx, about, &mail)).await {
            MailTry::Said(result) => mailed(result),
            // It was tried and stands on record, but does not count.
            MailTry::Excused(result, waits) => {
                let SendResult { attempted, mail_waits, .. } = waiting(waits);
                SendResult { attempted, mail_waits, ..mailed(result) }
            }
            MailTry::NotTried(waits) => waiting(waits),
        }
    }
}

/// How often a delivery was begun, this time included, and how often that was no attempt of its own.
///
/// | | what it counts | raised by | lowered by |
/// |---|---|---|---|
/// | `leases` | leases that began (`delivery.attempts`) | each lease that may send; the first reading by a client's program | a settle with nothing sent (`not_made`), but never below the first, which froze the body; a lease that is given back |
/// | `excused` | those of them that use up nothing (`delivery.excused`) | a probe of an open circuit; a wait for a key or for mail that was tried; the first reading; a retry, replay or bounce, which excuses all before it | a lease that is given back: never more than `leases` |
/// | `unrecorded` | those before this one with no row in `attempt` | nothing: counted when it is read | an attempt that is recorded |
///
/// One may be excused and unrecorded at once, so both are between 0 and `leases`, and so may their sum not be.
#[derive(Debug, Clone, Copy)]
struct Begun {
    leases: i32,
    excused: i32,
    unrecorded: i32,
}

impl Begun {
    /// Attempts that use up the schedule. What is excused does not, nor do leases that nothing came of: an older version beside this one
    /// may take what it cannot read, again and again, and send nothing. Only so many of these, or what kills its process would be tried
    /// for ever.
    fn counted(self) -> usize {
        // Not their sum: the first of a delivery that its client fetched, or a probe whose process died, is both.
        let passed_over = self.excused.max(self.unrecorded.min(MOST_UNRECORDED));
        usize::try_from(self.leases - passed_over).unwrap_or(1).max(1)
    }
}

/// Records an attempt, trying again until the lease is over: then another worker makes it under the same id. Whether it is
/// recorded.
async fn record(recorder: &Recorder, recorded: AttemptRecord, limit: RetryLimit, stop: &Stop) -> bool {
    let delivery = recorded.settled.delivery;
    // Until the hard stop: an attempt that was made and is not recorded is made again.
    let held =
        retry(BACKOFF, limit, stop.hard(), || async { Tried::from(recorder.write(recorded.clone()).await) }).await;
    match held {
        Ok(true) => true,
        Ok(false) => {
            metrics::counter!("ripen_leases_lost_total").increment(1);
            tracing::warn!(delivery.id = %delivery, "the lease was lost before the attempt was recorded");
            false
        }
        Err(GaveUp::Limit(error)) => {
            tracing::warn!(delivery.id = %delivery, %error, "an attempt could not be recorded and will be repeated");
            false
        }
        Err(GaveUp::Stopped) => {
            tracing::warn!(delivery.id = %delivery, "stopped before an attempt was recorded: it will be repeated");
            false
        }
    }
}

/// `failing` says that the endpoint's last attempt failed, this delivery's or another's.
fn answered(answer: WebhookResponse, failing: bool, now: Timestamp) -> SendResult {
    let not_before = answer.retry_after.map(|wish| {
        // A wish beyond what can be written as a duration is the longest wait, which the schedule shortens.
        let wait = SignedDuration::try_from(wish.delay(now)).unwrap_or(SignedDuration::MAX);
        now.checked_add(wait).unwrap_or(Timestamp::MAX)
    });
    let attempted = match answer.status {
        // The receiver wants no more of these; it is disabled, and people are told.
        200..=299 => Attempted::Taken,
        410 => Attempted::Gone,
        // Only these two promise that waiting helps; a date in any other answer is not heeded.
        429 | 503 => Attempted::Failed { why: format!("answered {}", answer.status), not_before },
        // The receiver works and does not take this record: it would not take it next week either, and somebody else can have it
        // now. From one that takes nothing the same answer is a failure like any other, or a mistake over there would end every
        // lead of the day.
        status if !failing && OF_THE_RECORD.contains(&status) => {
            Attempted::Refused { why: format!("answered {status}: the receiver does not take this record") }
        }
        status => Attempted::Failed { why: format!("answered {status}"), not_before: None },
    };
    // Only of a delivery that was taken: an error page may be JSON too.
    let outcome = (attempted == Attempted::Taken).then(|| outcome_of(&answer.body, answer.truncated)).flatten();
    let status = Some(i32::from(answer.status));
    // Enough to see what went wrong, and a bound on what a client can have us keep.
    let kept = answer.body[..answer.body.len().min(KEPT)].to_vec();
    SendResult { attempted, status, error: None, answer: Some(kept), outcome, bounced: false, mail_waits: false }
}

fn unanswered(error: &SendError) -> SendResult {
    let attempted = Attempted::Failed { why: error.to_string(), not_before: None };
    failed(attempted, Some(error.class().to_owned()))
}

fn unopened(why: &str) -> SendResult {
    failed(Attempted::Sealed { why: why.to_owned() }, Some("sealed".to_owned()))
}

fn refused(why: &str) -> SendResult {
    let attempted = Attempted::Refused { why: why.to_owned() };
    failed(attempted, Some(why.to_owned()))
}

/// Nothing was sent: neither a code nor an error, and no attempt is recorded.
fn waiting(MailWaits { why, is_of_sender, until }: MailWaits) -> SendResult {
    SendResult { mail_waits: is_of_sender, ..failed(Attempted::Waits { why, until }, None) }
}

const fn failed(attempted: Attempted, error: Option<String>) -> SendResult {
    SendResult { attempted, status: None, error, answer: None, outcome: None, bounced: false, mail_waits: false }
}

fn mailed(result: MailResult) -> SendResult {
    let tried = |attempted, code: Option<u16>, error: Option<String>, text: Option<String>| SendResult {
        attempted,
        // An SMTP server that answered nothing is a connection's error, and has no code.
        status: code.map(i32::from),
        error,
        answer: text.map(String::into_bytes),
        outcome: None,
        bounced: false,
        mail_waits: false,
    };
    match result {
        MailResult::Delivered { reply } => tried(Attempted::Taken, Some(250), None, Some(reply)),
        MailResult::Filed { .. } => tried(Attempted::Filed, None, Some("filed".to_owned()), None),
        // Where that says nothing of the mail it is the caller's to say so, who knows until when mail waits.
        MailResult::Unreachable { code, text }
        | MailResult::Later { code, text }
        | MailResult::SenderRefused { code, text, .. } => {
            let attempted = Attempted::Failed { why: text.clone(), not_before: None };
            tried(attempted, code, Some("smtp".to_owned()), Some(text))
        }
        MailResult::Unreadable { text } => {
            let attempted = Attempted::Failed { why: text.clone(), not_before: None };
            tried(attempted, None, Some("smtp".to_owned()), Some(text))
        }
        MailResult::Dead { code, text, cause, .. } => {
            let attempted = Attempted::Refused { why: text.clone() };
            SendResult {
                bounced: cause == DeadCause::Address,
                ..tried(attempted, code, Some("smtp".to_owned()), Some(text))
            }
        }
    }
}

const fn result_of(next: &Next) -> &'static str {
    match next {
        Next::Delivered => "delivered",
        Next::Filed => "filed",
        Next::Held(_) => "held",
        Next::Retry(..) => "retry",
        Next::Waits(..) => "waits",
        Next::Dead(_) => "dead",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leases_that_nothing_came_of_use_up_no_schedule() {
        let counted = |leases, excused, unrecorded| Begun { leases, excused, unrecorded }.counted();
        assert_eq!(counted(1, 0, 0), 1);
        assert_eq!(counted(4, 1, 0), 3);
        assert_eq!(counted(12, 0, 11), 1, "an older process leased it eleven times and sent nothing");
        assert_eq!(counted(12, 11, 11), 1, "a retry by hand excused the same");
        assert_eq!(counted(2, 1, 1), 1, "the client fetched it before the first attempt");
        assert_eq!(counted(60, 0, 59), 40, "what kills every process is given up in the end");
    }
}
