//! One attempt: send within what is left of the lease, judge the answer, record both.

use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use ripen_domain::{
    backoff::Backoff,
    delivery::{Attempted, ClientEvent, Next, OutcomeKind, circuit::EndpointHealth},
    id::EndpointId,
    outcome::OutcomeFields,
};
use ripen_outbound::{
    lead_mail,
    mail::{Mail, MailResult, Party},
    webhook::{Call, OwnHeader, SendError, WebhookResponse, WebhookSecret},
};
use ripen_runtime::{
    lifecycle::Stop,
    random::jitter,
    retry::{GaveUp, RetryLimit, Tried, retry},
};
use ripen_store::{
    delivery::{attempt::AttemptRow, load::Leased, settle::Settled},
    endpoint::record::EndpointKind,
};
use serde_json::Value;
use url::Url;
use uuid::Uuid;

use crate::{
    context::DispatcherContext,
    outcome,
    record::{AttemptRecord, Recorder},
};

/// So many bytes of an answer are kept to be looked at; more of them are read for the outcome that they may say.
const KEPT: usize = 8 * 1024;

/// Pauses between tries to record an attempt.
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(20), longest: Duration::from_secs(1) };

/// What [`crate::lease`] keeps of a lease for recording the attempt.
const WHILE_LEASED: Duration = Duration::from_secs(5);

/// Retries are spread by this part of their wait, up and down.
const JITTER: f64 = 0.1;

/// A leased delivery to attempt.
pub struct Attempt {
    /// What, where to.
    pub leased: Leased,
    /// The name of the lease.
    pub lease: Uuid,
    /// When the attempt must be over.
    pub until: Instant,
}

/// How an attempt went, before it is judged by the schedule.
struct SendResult {
    attempted: Attempted,
    status: Option<i32>,
    error: Option<String>,
    answer: Option<Vec<u8>>,
    outcome: Option<OutcomeFields>,
}

/// Metrics exist from the start, at zero.
pub fn register_metrics() {
    for state in ["delivered", "filed", "retry", "held", "dead"] {
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
            EndpointKind::Webhook => self.webhook(ctx, left).await,
            EndpointKind::Email => self.mail(ctx, left).await,
        };
        // Only of what hands a lead over, or offers it, does the answer say what became of it.
        tried.outcome = tried.outcome.filter(|_| due.facts.event().has_outcome());
        let now = ctx.clock.now();
        // Before the attempt is recorded: a crash in between leaves the lease to run out, and the endpoint off all
        // the same.
        if tried.attempted == Attempted::Gone {
            self.disable(ctx).await;
        }
        let health = self.health(&tried.attempted);
        // What was excused does not use up the schedule: probes of an open circuit, and attempts from before a retry
        // by hand.
        let attempts = usize::try_from(due.attempts - due.excused).unwrap_or(1);
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
        };
        let delivery = self.leased.due.facts.delivery;
        tracing::info!(delivery.id = %delivery, endpoint.id = %self.leased.due.endpoint, attempt = attempt.number,
            status = attempt.status, error = attempt.error, result = result_of(&next), "attempted");
        let said = tried.outcome.clone();
        let settled = Settled { delivery, lease: self.lease, attempt, next, outcome: tried.outcome };
        // As long as the lease lasts; afterwards another worker makes the attempt, and recording this one as the last
        // would be wrong.
        let limit = RetryLimit::Until((self.until + WHILE_LEASED).into());
        // Only what is recorded: the answer lies beside the delivery by then, and a sweep records what fails here.
        if record(recorder, AttemptRecord { settled, health }, limit, stop).await
            && let Some(said) = said
        {
            outcome::record(ctx, delivery, said).await;
        }
    }

    /// What the attempt says about its endpoint's circuit, where that is anything new. Mail has none: what fails is mostly
    /// the way there, which all addresses share.
    fn health(&self, attempted: &Attempted) -> Option<(EndpointId, EndpointHealth)> {
        let due = &self.leased.due;
        let health = match attempted {
            // Says nothing about the receiver: files are always taken, and "gone" disables the endpoint instead.
            _ if due.kind == EndpointKind::Email => return None,
            Attempted::Gone | Attempted::Filed => return None,
            // The usual case costs nothing: only after a failure is there a circuit to close.
            Attempted::Taken if !due.failing => return None,
            Attempted::Taken => EndpointHealth::Working,
            Attempted::Failed { why, not_before } => {
                EndpointHealth::Failing { probe: due.probe, why: why.clone(), not_before: *not_before }
            }
            Attempted::Refused { why } => {
                EndpointHealth::Failing { probe: due.probe, why: why.clone(), not_before: None }
            }
        };
        Some((due.endpoint, health))
    }

    async fn disable(&self, ctx: &DispatcherContext) {
        let (endpoint, delivery) = (self.leased.due.endpoint, self.leased.due.facts.delivery);
        let disabled = ctx.store.endpoint_disable(endpoint, "answered 410 Gone", Some(delivery), ctx.clock.now()).await;
        if let Err(error) = disabled {
            tracing::warn!(endpoint.id = %endpoint, %error, "an endpoint that answered 410 could not be disabled; its next answer will");
        }
    }

    async fn webhook(&self, ctx: &DispatcherContext, deadline: Duration) -> SendResult {
        let due = &self.leased.due;
        // What was stored passed its check once; it is refused for good, because another try would read the same.
        let Ok(url) = Url::parse(&due.to) else { return refused("the URL cannot be read") };
        let headers: Result<Vec<_>, _> = due.headers.iter().map(|header| OwnHeader::parse(header)).collect();
        let Ok(headers) = headers else { return refused("a header of the endpoint's own cannot be sent") };
        // A secret that cannot be read signs nothing; with the others the receiver can still verify.
        let secrets: Vec<_> = due.secrets.iter().filter_map(|secret| WebhookSecret::parse(secret).ok()).collect();
        let sent = ctx
            .webhooks
            .send(&Call {
                url: &url,
                // The installation's setting opens private addresses for all, for a firm whose receivers are in its
                // own network.
                allow_private: due.allow_private || ctx.settings.dispatcher.allow_private,
                id: &due.facts.delivery.to_string(),
                timestamp: ctx.clock.now(),
                // The frozen bytes: rendered again, they could differ from what was signed and sent before.
                body: Bytes::from(self.leased.body.clone()),
                secrets: &secrets,
                headers: &headers,
                deadline,
            })
            .await;
        match sent.result {
            Ok(answer) => answered(answer, ctx.clock.now()),
            Err(error) => unanswered(&error),
        }
    }

    async fn mail(&self, ctx: &DispatcherContext, deadline: Duration) -> SendResult {
        let due = &self.leased.due;
        // From the frozen body too, so that every attempt's mail is the same.
        let Some(mail) = mail_of(&self.leased.body) else { return refused("the stored body cannot be read") };
        let name = due.facts.assigned_to.as_ref().and_then(|rep| rep.name.get()).map(String::as_str);
        let result = ctx
            .mailer
            .send(&Mail {
                to: Party { name, address: &due.to },
                reply_to: None,
                subject: &mail.subject,
                text: &mail.text,
                html: &mail.html,
                invitation: mail.invitation.as_ref(),
                // The delivery's id: a mail that is sent twice is one in the rep's mailbox.
                message_id: &due.facts.delivery.to_string(),
                list_id: &due.client,
                date: ctx.clock.now(),
                deadline,
            })
            .await;
        mailed(result)
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

fn answered(answer: WebhookResponse, now: Timestamp) -> SendResult {
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
        status => Attempted::Failed { why: format!("answered {status}"), not_before: None },
    };
    // Only of a delivery that was taken: an error page may be JSON too.
    let outcome = (attempted == Attempted::Taken).then(|| outcome_of(&answer.body)).flatten();
    let status = Some(i32::from(answer.status));
    // Enough to see what went wrong, and a bound on what a client can have us keep.
    let kept = answer.body[..answer.body.len().min(KEPT)].to_vec();
    SendResult { attempted, status, error: None, answer: Some(kept), outcome }
}

/// What a client says in the body of its answer: `{"outcome": "accepted"|"returned"|…, "reason": "…"}`, with the fields of an
/// outcome. A body without one of these words says nothing.
fn outcome_of(body: &[u8]) -> Option<OutcomeFields> {
    let object: Value = serde_json::from_slice(body).ok()?;
    // A body that is no outcome is the rule and no mistake: most receivers answer with something of their own.
    let said = OutcomeFields::from_json(object.as_object()?).ok()?;
    said.outcome.as_deref()?.parse::<OutcomeKind>().ok()?;
    Some(said)
}

fn unanswered(error: &SendError) -> SendResult {
    let attempted = Attempted::Failed { why: error.to_string(), not_before: None };
    SendResult { attempted, status: None, error: Some(error.class().to_owned()), answer: None, outcome: None }
}

fn refused(why: &str) -> SendResult {
    let attempted = Attempted::Refused { why: why.to_owned() };
    SendResult { attempted, status: None, error: Some(why.to_owned()), answer: None, outcome: None }
}

fn mailed(result: MailResult) -> SendResult {
    let tried = |attempted, code: Option<u16>, error: Option<String>, text: Option<String>| SendResult {
        attempted,
        // An SMTP server that answered nothing is a connection's error, and has no code.
        status: code.map(i32::from),
        error,
        answer: text.map(String::into_bytes),
        outcome: None,
    };
    match result {
        MailResult::Delivered { reply } => tried(Attempted::Taken, Some(250), None, Some(reply)),
        MailResult::Filed { .. } => tried(Attempted::Filed, None, Some("filed".to_owned()), None),
        MailResult::Later { code, text } => {
            let attempted = Attempted::Failed { why: text.clone(), not_before: None };
            tried(attempted, code, Some("smtp".to_owned()), Some(text))
        }
        MailResult::Dead { code, text } => {
            tried(Attempted::Refused { why: text.clone() }, code, Some("smtp".to_owned()), Some(text))
        }
    }
}

const fn result_of(next: &Next) -> &'static str {
    match next {
        Next::Delivered => "delivered",
        Next::Filed => "filed",
        Next::Held(_) => "held",
        Next::Retry(..) => "retry",
        Next::Dead(_) => "dead",
    }
}

/// The mail of a frozen body.
fn mail_of(body: &[u8]) -> Option<lead_mail::LeadMail> {
    ClientEvent::read(body).map(|event| lead_mail::render(&event))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_outcome_is_taken_from_an_answer() {
        let said = |body: &str| outcome_of(body.as_bytes());
        let plain = |outcome: &str| OutcomeFields { outcome: Some(outcome.to_owned()), ..OutcomeFields::default() };
        assert_eq!(said(r#"{"outcome":"accepted","id":7}"#), Some(plain("accepted")));
        assert_eq!(
            said(r#"{"outcome":"returned","reason":"no budget"}"#),
            Some(OutcomeFields { reason: Some("no budget".into()), ..plain("returned") })
        );
        for nothing in ["", "ok", "[]", "{}", r#"{"outcome":"success"}"#, r#"{"outcome":1}"#, "\u{0}\u{1}"] {
            assert_eq!(said(nothing), None, "{nothing}");
        }
    }
}
