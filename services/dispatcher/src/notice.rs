//! Sends the mails that are owed beside deliveries. What each says is looked up when it goes out: a rep is reminded of
//! nothing that was cancelled, and told nothing of a lead that the client does not have. The loop is a shell around [`tick`].

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use ripen_domain::{
    appointment::{AppointmentState, Reminder},
    delivery::{Attempted, Next},
};
use ripen_outbound::{
    appointment_mail::{self, AppointmentMail, AppointmentNews, MailOccasion},
    lead_mail::{self, LeadMail},
    mail::{Mail, MailResult, Party},
};
use ripen_runtime::{
    every::{NextTick, every},
    lifecycle::Stop,
    random::{jitter, uuid_v7},
};
use ripen_store::{
    StoreError,
    appointment::list::{AppointmentFilter, AppointmentRecord},
    notice::{
        owe::NoticeKind,
        send::{DueNotice, Handed, NoticeEnd},
    },
};

use crate::{clock_watch::ClockWatch, context::DispatcherContext};

/// So many are sent at once: mail servers refuse those that open many conversations.
const AT_ONCE: i64 = 8;
/// Retries are spread by this part of their wait, up and down.
const JITTER: f64 = 0.1;
/// What waits for a delivery that is under way is looked at again after this.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(15);

/// Metrics exist from the start, at zero.
pub fn register_metrics() {
    for result in ["sent", "filed", "retry", "dead", "dropped", "waits"] {
        metrics::counter!("ripen_notices_total", "result" => result).absolute(0);
    }
}

/// Sends until asked to stop.
pub async fn run(ctx: DispatcherContext, clock: ClockWatch, stop: Stop) {
    let interval = Duration::from_millis(ctx.settings.dispatcher.sweep_interval_ms.max(10));
    every("sending the mails that are owed", interval, stop.soft(), || async {
        if !clock.is_sound() {
            return Ok(NextTick::InAPeriod);
        }
        let handled = tick(&ctx, ctx.clock.now()).await?;
        // More are due while a whole batch was found.
        Ok::<_, StoreError>(NextTick::sooner_if(i64::try_from(handled) == Ok(AT_ONCE), Duration::ZERO))
    })
    .await;
}

/// Sends some of what is due at `now`; returns how many were looked at.
///
/// # Errors
/// When the database is away: what was leased is sent again under its Message-ID once the lease is over.
pub async fn tick(ctx: &DispatcherContext, now: Timestamp) -> Result<usize, StoreError> {
    let lasts = Duration::from_secs(ctx.settings.dispatcher.lease_s.max(1));
    let lease = uuid_v7(now);
    // Leased before anything is looked up: another process must not send the same.
    let due = ctx.store.notices_lease((lease, lasts), AT_ONCE, now).await?;
    // All of them at once: one slow mail server must not use up the lease of the others.
    let ended = futures::future::join_all(due.iter().map(|one| handle(ctx, one, now))).await;
    for (one, end) in due.iter().zip(ended) {
        // The others of the batch are recorded in any case: what was sent and is not recorded is sent again.
        let end = match end {
            Ok(end) => end,
            Err(error) => {
                tracing::warn!(notice.id = %one.id, %error, "a notice could not be written and will be later");
                continue;
            }
        };
        metrics::counter!("ripen_notices_total", "result" => result_of(&end)).increment(1);
        tracing::info!(notice.id = %one.id, kind = %one.kind, result = result_of(&end), "a notice was handled");
        // Under the lease: where it was lost, another worker has handled it.
        if let Err(error) = ctx.store.notice_settle((one.id, lease), &end, ctx.clock.now()).await {
            tracing::warn!(notice.id = %one.id, %error, "what became of a notice could not be recorded; it is handled again");
        }
    }
    Ok(due.len())
}

async fn handle(ctx: &DispatcherContext, notice: &DueNotice, now: Timestamp) -> Result<NoticeEnd, StoreError> {
    if notice.appointment.is_none() {
        return plain(ctx, notice, now).await;
    }
    let Some(id) = notice.appointment else { return Ok(NoticeEnd::Dropped("it names no appointment")) };
    let filter = AppointmentFilter { id: Some(id), ..AppointmentFilter::default() };
    let found = ctx.store.appointments(ctx.scope(), filter).await?.into_iter().next();
    let Some(mut record) = found else { return Ok(NoticeEnd::Dropped("the appointment is gone")) };
    // The rep has to know of the appointment, and must not be told how to reach this person.
    if record.do_not_contact {
        (record.person.phone, record.person.email, record.person.phone_extension) = (None, None, None);
    }
    let occasion = match occasion(notice, &record, now) {
        // A copy for the mail; the record of the appointment keeps them for others.
        Ok(occasion) => occasion,
        Err(end) => return Ok(end),
    };
    let mail = appointment_mail::render(&AppointmentNews {
        occasion,
        appointment: &record.appointment,
        person: &record.person,
        rep_zone: &record.rep_zone,
        person_zone: &record.person_zone,
    });
    Ok(NoticeEnd::Tried(send(ctx, notice, &mail).await))
}

/// A notice that was written out when it came to be owed, unless it is no longer so.
async fn plain(ctx: &DispatcherContext, notice: &DueNotice, now: Timestamp) -> Result<NoticeEnd, StoreError> {
    let over = match (notice.kind, notice.delivery, notice.endpoint) {
        (NoticeKind::LeadUntouched, Some(delivery), _) => {
            let ever = (Timestamp::UNIX_EPOCH, now);
            ctx.store.leads_untouched(ctx.scope(), ever, Some(delivery)).await?.is_empty()
        }
        (NoticeKind::LeadPerhapsSame, Some(delivery), _) => {
            !ctx.store.held_as_same_since(ctx.scope(), now).await?.iter().any(|one| one.delivery == delivery)
        }
        // Asked again now: minutes may lie between the notice and its mail.
        (NoticeKind::EndpointDown, _, Some(endpoint)) => {
            !ctx.store.endpoints_failing(now).await?.iter().any(|one| one.endpoint == endpoint)
        }
        _ => false,
    };
    if over {
        return Ok(NoticeEnd::Dropped("it is no longer so"));
    }
    // Written by another version in a form that this one cannot read: it waits for one that can, and an empty mail is no help.
    let Some(title) = notice.data.title.as_deref() else {
        return Err(StoreError::Corrupt("a notice without words".to_owned()));
    };
    let LeadMail { subject, text, html, invitation: _ } = lead_mail::brief(title, &notice.data.sentences);
    let mail = AppointmentMail { subject, text, html, invitation: None };
    Ok(NoticeEnd::Tried(send(ctx, notice, &mail).await))
}

/// What there is to say, or why there is nothing now.
fn occasion(notice: &DueNotice, record: &AppointmentRecord, now: Timestamp) -> Result<MailOccasion, NoticeEnd> {
    let (state, starts_at) = (&record.appointment.state, record.appointment.slot.starts_at);
    let cancelled = matches!(state, AppointmentState::Cancelled { .. });
    // What it says and how the appointment stands have to agree: a confirmation after a cancellation would send the
    // rep there.
    if cancelled != (notice.kind == NoticeKind::AppointmentCancelled) {
        return Err(NoticeEnd::Dropped("the appointment was changed again"));
    }
    // Also for cancellations: nobody needs a mail about a time that is past.
    if starts_at <= now {
        return Err(NoticeEnd::Dropped("the appointment is over"));
    }
    match notice.lead {
        Handed::Over => {}
        // The lead's own mail must come first, or the rep reads of an appointment with somebody unknown.
        Handed::UnderWay => return Err(NoticeEnd::Waits(now.saturating_add(LOOK_AGAIN).unwrap_or(now))),
        Handed::NotYet => {
            return Err(NoticeEnd::Dropped("the client does not have the lead: its delivery will say it"));
        }
    }
    match notice.kind {
        NoticeKind::AppointmentBooked => Ok(MailOccasion::Booked),
        NoticeKind::AppointmentMoved => Ok(MailOccasion::Moved),
        NoticeKind::AppointmentCancelled => Ok(MailOccasion::Cancelled),
        NoticeKind::AppointmentReminder => reminder(notice, record, now),
        NoticeKind::EndpointDown
        | NoticeKind::EndpointDisabled
        | NoticeKind::LeadUntouched
        | NoticeKind::LeadsUntouched
        | NoticeKind::LeadPerhapsSame => Err(NoticeEnd::Dropped("it names an appointment and is about none")),
    }
}

/// A reminder that comes so late that the next one is due is left to that one.
fn reminder(notice: &DueNotice, record: &AppointmentRecord, now: Timestamp) -> Result<MailOccasion, NoticeEnd> {
    let Some(reminder) = notice.data.reminder else { return Err(NoticeEnd::Dropped("it reminds of nothing")) };
    let next = Reminder::HourBefore.at(record.appointment.slot.starts_at, &record.rep_zone);
    if reminder == Reminder::DayBefore && next.is_some_and(|next| next <= now) {
        return Err(NoticeEnd::Dropped("a later reminder is due"));
    }
    Ok(MailOccasion::Reminder(reminder))
}

async fn send(ctx: &DispatcherContext, notice: &DueNotice, mail: &AppointmentMail) -> Next {
    let (name, address) = &notice.to;
    let result = ctx
        .mailer
        .send(&Mail {
            to: Party { name: name.as_deref(), address },
            reply_to: None,
            subject: &mail.subject,
            text: &mail.text,
            html: &mail.html,
            invitation: mail.invitation.as_ref(),
            // The notice's id: a mail that is sent twice is one in the mailbox.
            message_id: &notice.id.to_string(),
            list_id: &notice.client,
            date: ctx.clock.now(),
            deadline: Duration::from_secs(ctx.settings.dispatcher.timeout_s),
        })
        .await;
    let attempted = match result {
        MailResult::Delivered { .. } => Attempted::Taken,
        MailResult::Filed { .. } => Attempted::Filed,
        MailResult::Later { text, .. } => Attempted::Failed { why: text, not_before: None },
        MailResult::Dead { text, .. } => Attempted::Refused { why: text },
    };
    // Counted by the lease; a look that found nothing to send was taken off again.
    let attempts = usize::try_from(notice.attempts).unwrap_or(1);
    ctx.schedule().next(attempted, attempts, jitter(JITTER), ctx.clock.now())
}

const fn result_of(end: &NoticeEnd) -> &'static str {
    match end {
        NoticeEnd::Tried(Next::Delivered) => "sent",
        NoticeEnd::Tried(Next::Filed) => "filed",
        NoticeEnd::Tried(Next::Retry(..)) => "retry",
        NoticeEnd::Tried(Next::Dead(_) | Next::Held(_)) => "dead",
        NoticeEnd::Dropped(_) => "dropped",
        NoticeEnd::Waits(_) => "waits",
    }
}
