//! Sends a mail from its place, and tells apart what came of it: said of the mail, or of the server and of who sends, for which the
//! mail waits without an attempt that counts.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use ripen_outbound::mail::{ContentSent, Mail, MailResult};
use ripen_store::mail_circuit::MailServerFound;
use uuid::Uuid;

use super::{LOOK_AGAIN, MailPlace};
use crate::{
    break_off::{BROKEN_OFF, PERHAPS_SENT},
    context::DispatcherContext,
    sender::{self, MailWaits},
};

/// So many attempts of one mail in whose middle the server broke off are excused while all mail waits: if it does so for that mail's
/// sake, the mail uses up its schedule and is told of.
pub(super) const MOST_EXCUSED: i32 = 10;

/// What came of sending a mail.
pub enum MailTry {
    /// This.
    Said(MailResult),
    /// It was tried, and what came of it says nothing about the mail, which waits: the attempt does not count.
    Excused(MailResult, MailWaits),
    /// All mail waits: nothing was sent.
    NotTried(MailWaits),
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
    pub(super) fn finds<'r>(&self, result: &'r MailResult, address: &'r str) -> Option<MailServerFound<'r>> {
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
pub(super) fn waits(
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
