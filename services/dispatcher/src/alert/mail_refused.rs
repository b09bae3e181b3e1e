//! The mail server refuses the sender: shown by the health of the process, and told to the firm once.

use jiff::{Timestamp, tz::TimeZone};
use ripen_domain::time_in_words::dated;
use ripen_store::{
    StoreError,
    mail_refusal::MailRefusal,
    notice::owe::{NoticeData, NoticeKind, OnceNotice},
};

use super::addressee::{Addressee, notice};
use crate::context::DispatcherContext;

/// Shows whether the mail server refuses the sender, and tells the firm of it once.
///
/// # Errors
/// When the database is away: it is shown by the next look.
pub async fn tick(ctx: &DispatcherContext, now: Timestamp) -> Result<(), StoreError> {
    let refusal = ctx.store.mail_refusal().await?;
    metrics::gauge!("ripen_mail_refused").set(if refusal.is_some() { 1.0 } else { 0.0 });
    let note = refusal.as_ref().map(|refusal| {
        let since = dated(refusal.since, now, &TimeZone::UTC);
        format!("all mail waits: the mail server refuses the sender since {since}: {}", refusal.why)
    });
    // Beside the note of a server that is not there: either may be so without the other.
    ctx.health.note("mail sender", note);
    let firm = &ctx.settings.mail.alerts;
    if let Some(refusal) = refusal.filter(|_| !firm.is_empty()) {
        ctx.store.notices_once(&[of_sender(firm, &refusal, now)], now).await?;
    }
    Ok(())
}

pub(super) fn of_sender(firm: &str, refusal: &MailRefusal, now: Timestamp) -> OnceNotice {
    let since = dated(refusal.since, now, &TimeZone::UTC);
    let sentences = vec![
        format!("The mail server refused the sender on {since}: {}", refusal.why),
        "All mail waited from then on and nothing was given up. It is tried again by itself: that you read this by mail means that \
         the server takes it again, or another one did."
            .to_owned(),
        "`ripen doctor` and /readyz say whether mail waits; mail.url and mail.from name the server, the login and the sender."
            .to_owned(),
    ];
    let data = NoticeData::written("The mail server refuses our mail".to_owned(), sentences);
    // Once an hour at most: a server that refuses now and then would be told of each time.
    let hour = refusal.since.as_second() / 3600;
    let key = format!("mail_refused:{hour}");
    let to = Addressee { client: refusal.client, address: firm.to_owned(), key };
    notice(now, NoticeKind::MailRefused, to, data)
}
