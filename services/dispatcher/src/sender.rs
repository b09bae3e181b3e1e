//! The firm's mail as a whole. While the mail server refuses the sender (its login, its account, to pass its mail on) no mail is at
//! fault: all of it waits, no attempt counts, and one mail now and then tries whether the server takes the sender again. The state
//! is in the database, so that all processes share it.
//!
//! Servers say the same of a single mail or recipient. What is said to one alone has nobody else wait until a second one hears it,
//! with no mail taken in between. A mail that is refused so again and again, while others are taken in between, is
//! at fault itself: all mail would wait for its sake otherwise, again and again.
//!
//! Some refuse the sender, or what all mails say, without a word from which that is known, once they have the mail. What hears that is
//! tried once more before it is given up; where several leads' mails to several addresses hear the same, it is the sender's.

use jiff::Timestamp;
use ripen_domain::delivery::MailStage;
use ripen_outbound::mail::{DeadCause, MailResult};
use ripen_store::{
    delivery::release::MAIL_WAITS,
    mail_refusal::{MailGate, MailRefused, NewRefusal, UnexplainedRefusal},
};
use uuid::Uuid;

use crate::context::DispatcherContext;

/// Leave to send one mail.
pub struct SendPermit {
    /// Where the sender was refused, of a mail that tries whether it is taken again.
    tries: Option<MailStage>,
}

/// That a mail waits, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailWaits {
    /// For what.
    pub why: String,
    /// It is for the server to take the sender again: the mail goes out when that does.
    pub is_of_sender: bool,
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
    match ctx.store.mail_gate(now, ctx.sender_pause().probe_at(now)).await {
        Ok(MailGate::Open) => Ok(SendPermit { tries: None }),
        Ok(MailGate::Probe(refused_at)) => Ok(SendPermit { tries: Some(refused_at) }),
        Ok(MailGate::Shut(until)) => Err(MailWaits { why: MAIL_WAITS.to_owned(), is_of_sender: true, until }),
        Err(error) => {
            // The server itself says whether it takes the mail: a database that hesitates must not keep mail back.
            tracing::warn!(%error, "it could not be read whether the mail server takes the sender");
            Ok(SendPermit { tries: None })
        }
    }
}

/// What came of a mail says of the sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SaysOfSender {
    /// It is refused.
    Refused,
    /// It may be: the server had the mail, and refused it without saying for what.
    Perhaps,
    /// It is taken: a mail was.
    Taken,
    /// It is taken, where it was refused before this stage: the server has passed over it to what it refuses.
    TakenBefore(MailStage),
    /// Nothing.
    Nothing,
}

impl SaysOfSender {
    /// Whether it shows that the sender is taken again who was refused at this stage.
    fn shows_taken(self, refused_at: MailStage) -> bool {
        match self {
            Self::Taken => true,
            Self::TakenBefore(stage) => refused_at < stage,
            Self::Refused | Self::Perhaps | Self::Nothing => false,
        }
    }
}

/// What came of a mail says of the sender, whoever sent it and whenever.
fn says_of_sender(result: &MailResult) -> SaysOfSender {
    match result {
        MailResult::SenderRefused { .. } => SaysOfSender::Refused,
        MailResult::Delivered { .. } => SaysOfSender::Taken,
        MailResult::Dead { code: Some(_), stage, cause, .. } => match (stage, cause) {
            (MailStage::Content, DeadCause::Unexplained) => SaysOfSender::Perhaps,
            // The recipient's own reason, said once the sender's name was taken. Once it has the mail, a server says such things before
            // it looks at who sent it, and after.
            (MailStage::Recipient, DeadCause::Address | DeadCause::Mailbox) => {
                SaysOfSender::TakenBefore(MailStage::Recipient)
            }
            _ => SaysOfSender::Nothing,
        },
        // Of "not now" nobody knows for whose sake; the rest the server never heard of.
        MailResult::Dead { code: None, .. }
        | MailResult::Filed { .. }
        | MailResult::Unreachable { .. }
        | MailResult::Later { .. }
        | MailResult::Unreadable { .. } => SaysOfSender::Nothing,
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
    let of_sender = says_of_sender(&result);
    match (of_sender, permit.tries, refusal(ctx, mail, &result, now)) {
        (SaysOfSender::Refused, _, Some(heard)) => refused(ctx, &heard, (result, now)).await,
        (SaysOfSender::Perhaps, _, Some(heard)) => unexplained(ctx, &heard, (result, now)).await,
        (says, Some(refused_at), _) if says.shows_taken(refused_at) => {
            // Only beside a mail that was taken are those to blame that were not.
            let noted = match says {
                SaysOfSender::Taken => ctx.store.mail_taken(mail, now).await,
                _ => ctx.store.mail_sender_taken(now).await,
            };
            match noted {
                Ok(true) => tracing::info!("the mail server takes the sender again: all mail that waited goes out"),
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "that the mail server takes the sender again could not be noted"),
            }
            (result, None)
        }
        _ => (result, None),
    }
}

/// A refusal as the mail met it.
fn refusal(ctx: &DispatcherContext, mail: Uuid, result: &MailResult, now: Timestamp) -> Option<NewRefusal> {
    let (code, text, stage, of_one) = match result {
        MailResult::SenderRefused { code, text, stage, of_one } => (code, text, stage, *of_one),
        MailResult::Dead { code, text, stage, .. } => (code, text, stage, true),
        _ => return None,
    };
    let probe_at = ctx.sender_pause().probe_at(now);
    Some(NewRefusal { code: *code, why: text.clone(), stage: Some(*stage), mail, of_one, probe_at })
}

async fn refused(
    ctx: &DispatcherContext,
    heard: &NewRefusal,
    (result, now): (MailResult, Timestamp),
) -> (MailResult, Option<MailWaits>) {
    match ctx.store.mail_refused(heard, now).await {
        Ok(refused) => of_sender(ctx, (heard, refused), (result, now)),
        Err(error) => {
            // The next mail meets the same refusal and notes it.
            tracing::warn!(%error, "it could not be noted that the mail server refuses the sender");
            of_sender(ctx, (heard, MailRefused::Sender), (result, now))
        }
    }
}

/// What becomes of a mail whose sender is refused.
fn of_sender(
    ctx: &DispatcherContext,
    (heard, refused): (&NewRefusal, MailRefused),
    (result, now): (MailResult, Timestamp),
) -> (MailResult, Option<MailWaits>) {
    let NewRefusal { code, why: text, mail, .. } = heard;
    let until = ctx.sender_pause().behind_others(now);
    match refused {
        MailRefused::ThisMail => {
            tracing::warn!(mail.id = %mail, text, "the mail server refuses one mail again and again and takes others: it is given up");
            let text = format!("refused again and again while other mails are taken: {text}");
            let stage = heard.stage.unwrap_or(MailStage::Content);
            (MailResult::Dead { code: *code, text, stage, cause: DeadCause::Unexplained }, None)
        }
        MailRefused::OneRecipient => {
            tracing::warn!(mail.id = %mail, text, "the mail server refuses the sender to one recipient: all mail waits once it does so to a second one");
            // It comes again by itself and holds up nobody; what the firm is refused for uses up no attempt.
            let why = format!("the mail server refuses the sender, perhaps to this recipient alone: {text}");
            (result, Some(MailWaits { why, is_of_sender: false, until }))
        }
        MailRefused::Sender => {
            metrics::counter!("ripen_mail_refusals_total").increment(1);
            metrics::gauge!("ripen_mail_refused").set(1.0);
            (result, Some(MailWaits { why: format!("{MAIL_WAITS}: {text}"), is_of_sender: true, until }))
        }
    }
}

/// What becomes of a mail that was refused once the server had it, for nobody knows what.
async fn unexplained(
    ctx: &DispatcherContext,
    heard: &NewRefusal,
    (result, now): (MailResult, Timestamp),
) -> (MailResult, Option<MailWaits>) {
    let taken_for = ctx.store.mail_unexplained(heard, now).await.unwrap_or_else(|error| {
        // Nothing is given up that was perhaps never refused before.
        tracing::warn!(%error, "it could not be noted that the mail server refuses a mail, which is tried once more");
        UnexplainedRefusal::First
    });
    match taken_for {
        UnexplainedRefusal::First => {
            let why = format!("refused after it was sent, and tried once more: {}", heard.why);
            (result, Some(MailWaits { why, is_of_sender: false, until: ctx.after_unexplained(now) }))
        }
        UnexplainedRefusal::OfMail => (result, None),
        UnexplainedRefusal::OfSender(refused) => of_sender(ctx, (heard, refused), (result, now)),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn dead(stage: MailStage, cause: DeadCause) -> MailResult {
        MailResult::Dead { code: Some(550), text: "no".to_owned(), stage, cause }
    }

    #[test]
    fn only_what_was_taken_or_refused_for_the_recipients_sake_shows_the_sender_taken() {
        let text = || "x".to_owned();
        let before = SaysOfSender::TakenBefore(MailStage::Recipient);
        let (nothing, perhaps) = (SaysOfSender::Nothing, SaysOfSender::Perhaps);
        for (result, expected) in [
            (MailResult::Delivered { reply: text() }, SaysOfSender::Taken),
            (
                MailResult::SenderRefused { code: Some(535), text: text(), stage: MailStage::Opening, of_one: false },
                SaysOfSender::Refused,
            ),
            (dead(MailStage::Recipient, DeadCause::Address), before),
            (dead(MailStage::Recipient, DeadCause::Mailbox), before),
            (dead(MailStage::Recipient, DeadCause::Mail), nothing),
            (dead(MailStage::Recipient, DeadCause::Unexplained), nothing),
            (dead(MailStage::Sender, DeadCause::Mail), nothing),
            (dead(MailStage::Content, DeadCause::Address), nothing),
            (dead(MailStage::Content, DeadCause::Mailbox), nothing),
            (dead(MailStage::Content, DeadCause::Mail), nothing),
            (dead(MailStage::Content, DeadCause::Unexplained), perhaps),
            (MailResult::Dead { code: None, text: text(), stage: MailStage::Opening, cause: DeadCause::Mail }, nothing),
            (MailResult::Later { code: Some(450), text: text() }, nothing),
            (MailResult::Later { code: None, text: text() }, nothing),
            (MailResult::Unreachable { code: None, text: text() }, nothing),
            (MailResult::Unreadable { text: text() }, nothing),
            (MailResult::Filed { path: PathBuf::new() }, nothing),
        ] {
            assert_eq!(says_of_sender(&result), expected, "{result:?}");
        }
    }

    #[test]
    fn what_a_recipient_is_refused_for_shows_nothing_of_a_sender_who_is_refused_there_or_later() {
        for (refused_at, by_recipient) in [
            (MailStage::Opening, true),
            (MailStage::Sender, true),
            (MailStage::Recipient, false),
            (MailStage::Content, false),
        ] {
            let of_recipient = SaysOfSender::TakenBefore(MailStage::Recipient);
            assert_eq!(of_recipient.shows_taken(refused_at), by_recipient, "{refused_at}");
            assert!(SaysOfSender::Taken.shows_taken(refused_at));
            for says in [SaysOfSender::Refused, SaysOfSender::Perhaps, SaysOfSender::Nothing] {
                assert!(!says.shows_taken(refused_at), "{says:?}");
            }
        }
    }
}
