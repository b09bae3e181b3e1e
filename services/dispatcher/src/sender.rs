//! The firm's mail as a whole. While the mail server refuses the sender (its login, its account, to pass its mail on) no mail is at
//! fault: all of it waits, no attempt counts, and one mail now and then tries whether the server takes the sender again. The state
//! is in the database, so that all processes share it.
//!
//! Servers say the same of a single mail or recipient. What is said to one alone has nobody else wait until a second one hears it,
//! with no mail taken in between. A mail that is refused so again and again, while others are taken in between, is
//! at fault itself: all mail would wait for its sake otherwise, again and again.

use jiff::{SignedDuration, Timestamp};
use ripen_outbound::mail::MailResult;
use ripen_store::{
    delivery::release::MAIL_WAITS,
    mail_refusal::{MailGate, MailRefused, NewRefusal},
};
use uuid::Uuid;

use crate::context::DispatcherContext;

/// Leave to send one mail.
pub struct SendPermit {
    is_probe: bool,
}

/// That a mail waits, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailWaits {
    /// For what.
    pub why: String,
    /// Until when it is not tried.
    pub until: Timestamp,
}

/// Metrics exist from the start, at zero.
pub fn register_metrics() {
    metrics::gauge!("ripen_mail_refused").set(0.0);
    metrics::counter!("ripen_mail_refusals_total").absolute(0);
}

/// Asks whether a mail may go out now.
pub async fn permit(ctx: &DispatcherContext) -> Result<SendPermit, MailWaits> {
    let now = ctx.clock.now();
    match ctx.store.mail_gate(now, next_probe(ctx, now)).await {
        Ok(MailGate::Open) => Ok(SendPermit { is_probe: false }),
        Ok(MailGate::Probe) => Ok(SendPermit { is_probe: true }),
        Ok(MailGate::Shut(until)) => Err(MailWaits { why: MAIL_WAITS.to_owned(), until }),
        Err(error) => {
            // The server itself says whether it takes the mail: a database that hesitates must not keep mail back.
            tracing::warn!(%error, "it could not be read whether the mail server takes the sender");
            Ok(SendPermit { is_probe: false })
        }
    }
}

/// Learns from what became of a mail (the id of a delivery or notice): where the sender was refused, how long the mail waits. What
/// only this mail is refused for, although the server says that it refuses the sender, comes back as the mail's own refusal.
pub async fn learn(
    ctx: &DispatcherContext,
    permit: &SendPermit,
    mail: Uuid,
    result: MailResult,
) -> (MailResult, Option<MailWaits>) {
    let now = ctx.clock.now();
    match result {
        MailResult::SenderRefused { code, text, of_one } => {
            let until = next_probe(ctx, now);
            refused(ctx, NewRefusal { code, why: text, mail, of_one, probe_at: until }, now).await
        }
        // A refused recipient too: a server that refuses the sender does not look at recipients.
        MailResult::Delivered { .. } | MailResult::Dead { code: Some(_), .. } if permit.is_probe => {
            match ctx.store.mail_taken(mail, now).await {
                Ok(true) => tracing::info!("the mail server takes the sender again: all mail that waited goes out"),
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "that the mail server takes the sender again could not be noted"),
            }
            (result, None)
        }
        MailResult::Delivered { .. }
        | MailResult::Filed { .. }
        | MailResult::Unreachable { .. }
        | MailResult::Later { .. }
        | MailResult::Unreadable { .. }
        | MailResult::Dead { .. } => (result, None),
    }
}

async fn refused(ctx: &DispatcherContext, refusal: NewRefusal, now: Timestamp) -> (MailResult, Option<MailWaits>) {
    let noted = ctx.store.mail_refused(&refusal, now).await;
    let NewRefusal { code, why: text, mail, of_one, probe_at } = refusal;
    match noted {
        Ok(MailRefused::ThisMail) => {
            tracing::warn!(mail.id = %mail, text, "the mail server refuses one mail again and again and takes others: it is given up");
            let text = format!("refused again and again while other mails are taken: {text}");
            return (MailResult::Dead { code, text, bounced: false }, None);
        }
        Ok(MailRefused::OneRecipient) => {
            tracing::warn!(mail.id = %mail, text, "the mail server refuses the sender to one recipient: all mail waits once it does so to a second one");
            // It comes again by itself and holds up nobody; what the firm is refused for uses up no attempt.
            let why = format!("the mail server refuses the sender, perhaps to this recipient alone: {text}");
            let until = next_probe(ctx, probe_at);
            return (MailResult::SenderRefused { code, text, of_one }, Some(MailWaits { why, until }));
        }
        Ok(MailRefused::Sender) => {}
        // The next mail meets the same refusal and notes it.
        Err(error) => tracing::warn!(%error, "it could not be noted that the mail server refuses the sender"),
    }
    metrics::counter!("ripen_mail_refusals_total").increment(1);
    metrics::gauge!("ripen_mail_refused").set(1.0);
    let why = format!("{MAIL_WAITS}: {text}");
    // Behind the others: if it alone is refused, one of them has to try the server, or nobody ever learns that.
    let until = next_probe(ctx, probe_at);
    (MailResult::SenderRefused { code, text, of_one }, Some(MailWaits { why, until }))
}

fn next_probe(ctx: &DispatcherContext, now: Timestamp) -> Timestamp {
    // Not longer with each: a firm that has just paid its bill waits no hour for its mail.
    let pause = SignedDuration::try_from(ctx.circuit_terms().pause).unwrap_or(SignedDuration::from_mins(1));
    now.checked_add(pause).unwrap_or(now)
}
