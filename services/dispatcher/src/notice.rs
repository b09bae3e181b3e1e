//! Sends the mails that are owed beside deliveries. What each says is looked up when it goes out: a rep is reminded of
//! nothing that was cancelled, and told nothing of a lead that the client does not have. Who left is told nothing: of an appointment the
//! firm is. The loop is a shell around [`tick`].

use std::{borrow::Cow, time::Duration};

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use ripen_domain::{
    appointment::{AppointmentState, Reminder},
    delivery::{Attempted, Next},
    link::Links,
};
use ripen_outbound::{
    appointment_mail::{self, AppointmentMail, AppointmentNews, MailOccasion},
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
    lead::untouched::UntouchedFilter,
    notice::{
        owe::{MailRecipient, NoticeData, NoticeKind},
        send::{DueNotice, Handed, NoticeEnd},
    },
};
use uuid::Uuid;

use crate::{
    clock_watch::ClockWatch,
    context::DispatcherContext,
    keep_lease::while_leased,
    letterhead,
    mail_pool::{MailAbout, MailPlace, MailPool, MailTry},
    notice_mail::{self, NoticeSurroundings, call_of, phone_of},
};

/// So many are sent at once, where the mail server has as many places.
const AT_ONCE: usize = 8;
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
pub async fn run((ctx, mail): (DispatcherContext, MailPool), clock: ClockWatch, stop: Stop) {
    let interval = Duration::from_millis(ctx.settings.dispatcher.sweep_interval_ms.max(10));
    every("sending the mails that are owed", interval, stop.soft(), || async {
        if !clock.is_sound() {
            return Ok(NextTick::InAPeriod);
        }
        // Places before leases: no lease runs while a mail waits for its conversation.
        let places = mail.take(AT_ONCE, ctx.clock.now()).places;
        let free = places.len();
        let handled = tick(&ctx, places, ctx.clock.now()).await?;
        // More are due while as many were found as there were places.
        Ok::<_, StoreError>(NextTick::sooner_if(handled > 0 && handled == free, Duration::ZERO))
    })
    .await;
}

/// Sends some of what is due at `now`, one for each place; returns how many were looked at.
///
/// # Errors
/// When the database is away: what was leased is sent again under its Message-ID once the lease is over.
async fn tick(ctx: &DispatcherContext, places: Vec<MailPlace>, now: Timestamp) -> Result<usize, StoreError> {
    let most = i64::try_from(places.len()).unwrap_or(i64::MAX);
    if most == 0 {
        return Ok(0);
    }
    let lasts = Duration::from_secs(ctx.settings.dispatcher.lease_s.max(1));
    let lease = uuid_v7(now);
    // Leased before anything is looked up: another process must not send the same.
    let due = ctx.store.notices_lease((lease, lasts), most, now).await?;
    let found = due.len();
    // All of them at once, and each recorded when it ends: one that takes its time must not use up the lease of the others.
    join_all(due.into_iter().zip(places).map(|(one, place)| handle(ctx, one, (place, lease), now))).await;
    Ok(found)
}

/// Sends one, holding its lease meanwhile, and records what became of it.
async fn handle(ctx: &DispatcherContext, one: DueNotice, (place, lease): (MailPlace, Uuid), now: Timestamp) {
    let lasts = Duration::from_secs(ctx.settings.dispatcher.lease_s.max(1));
    let keep = || ctx.store.notice_keep_lease((one.id, lease), lasts);
    let end = match while_leased(lasts, keep, Box::pin(look_up_and_send((ctx, &place), &one, now))).await {
        Ok(end) => end,
        Err(error) => {
            tracing::warn!(notice.id = %one.id, %error, "a notice could not be written and will be later");
            return;
        }
    };
    metrics::counter!("ripen_notices_total", "result" => result_of(&end)).increment(1);
    match &end {
        // Somebody does not learn what they should: the next look tells whoever else can see to it.
        NoticeEnd::Tried(Next::Dead(why)) => {
            tracing::warn!(notice.id = %one.id, kind = %one.kind, why, "a mail to somebody could not be sent and is given up");
        }
        _ => tracing::info!(notice.id = %one.id, kind = %one.kind, result = result_of(&end), "a notice was handled"),
    }
    // Under the lease: where it was lost, another worker has handled it.
    if let Err(error) = ctx.store.notice_settle((one.id, lease), &end, ctx.clock.now()).await {
        tracing::warn!(notice.id = %one.id, %error, "what became of a notice could not be recorded; it is handled again");
    }
}

async fn look_up_and_send(
    (ctx, place): (&DispatcherContext, &MailPlace),
    notice: &DueNotice,
    now: Timestamp,
) -> Result<NoticeEnd, StoreError> {
    if notice.is_over {
        return Ok(NoticeEnd::Dropped("it is no longer so"));
    }
    let Some(notice) = for_whom(ctx, notice) else { return Ok(NoticeEnd::Dropped("the rep has left")) };
    let notice = notice.as_ref();
    if notice.appointment.is_none() {
        return plain((ctx, place), notice, now).await;
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
    let open_leads =
        ctx.links.as_ref().and_then(Links::for_mail).map(|links| links.rep_url(record.appointment.rep, now));
    let mail = appointment_mail::render(&AppointmentNews {
        occasion,
        appointment: &record.appointment,
        person: &record.person,
        rep_zone: &record.rep_zone,
        person_zone: &record.person_zone,
        rep: notice.to.name.as_deref(),
        open_leads_url: open_leads.as_deref(),
        letterhead: letterhead::plain(ctx, &notice.client),
    });
    Ok(send((ctx, place), notice, &mail).await)
}

/// As it is to be sent: what was for a rep who left, and is about an appointment that somebody has to keep, goes to the firm; none where
/// nobody is to have it.
fn for_whom<'a>(ctx: &DispatcherContext, notice: &'a DueNotice) -> Option<Cow<'a, DueNotice>> {
    let firm = &ctx.settings.mail.alerts;
    if !notice.has_left {
        return Some(Cow::Borrowed(notice));
    }
    if notice.appointment.is_none() || firm.is_empty() {
        return None;
    }
    let to = MailRecipient { name: None, address: firm.clone() };
    Some(Cow::Owned(DueNotice { to, ..notice.clone() }))
}

/// A notice that was written out when it came to be owed, unless it is no longer so.
async fn plain(
    (ctx, place): (&DispatcherContext, &MailPlace),
    notice: &DueNotice,
    now: Timestamp,
) -> Result<NoticeEnd, StoreError> {
    let (mut phone, mut call, mut to) = (None, None, None);
    let mut elsewhere = None;
    let over = match (notice.kind, notice.delivery, notice.endpoint) {
        (NoticeKind::LeadUntouched, Some(delivery), _) => {
            let it = UntouchedFilter { from: Timestamp::UNIX_EPOCH, to: now, only: Some(delivery), per_client: 1 };
            let untouched = ctx.store.leads_untouched(ctx.scope(), &it).await?;
            // A rep who could not be reached is not asked what became of the lead, nor one who left.
            let had = untouched.into_iter().find(|one| one.dead.is_none() && one.to.is_some());
            // Looked up now and not kept with the notice: a number is erased in one place, and so is an address changed.
            phone = had.as_ref().and_then(phone_of);
            call = had.as_ref().and_then(|lead| call_of(&ctx.actions.hours, lead, now));
            to = had.and_then(|one| one.to);
            to.is_none()
        }
        // Minutes, or a night, may lie between the verdict and its mail: nobody is told to call whom they must not.
        (NoticeKind::ReturnJudged, ..) => match notice.data.handed_back {
            Some(delivery) => !ctx.store.return_is_handed_back(ctx.scope(), delivery).await?,
            None => false,
        },
        (NoticeKind::LeadPerhapsSame, Some(delivery), _) => {
            ctx.store.held_as_same_since(ctx.scope(), now, Some(delivery)).await?.is_empty()
        }
        // Who has it by now, whom nobody knew when it was given up.
        (NoticeKind::LeadDead, Some(delivery), _) if !notice.data.elsewhere.is_empty() => {
            let who = ctx.store.delivery_with_whom(ctx.scope(), delivery).await?;
            elsewhere = (!who.is_empty()).then(|| with_names(&notice.data.elsewhere, &who));
            false
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
    let looked_up = match elsewhere {
        Some(sentences) => Some(DueNotice { data: NoticeData { sentences, ..notice.data.clone() }, ..notice.clone() }),
        None => to.map(|to| DueNotice { to, ..notice.clone() }),
    };
    let notice = looked_up.as_ref().unwrap_or(notice);
    let url = link_of(ctx, notice, now);
    if notice_mail::leads_on(notice.kind) && url.is_none() {
        // Not dropped in silence: somebody waits for this mail, and whoever can see to it is told that it was not sent.
        let why = "nobody said how the outside names this installation: set http.public_url".to_owned();
        return Ok(NoticeEnd::Tried(Next::Dead(why)));
    }
    let letterhead = letterhead::plain(ctx, &notice.client);
    let around = NoticeSurroundings { phone: phone.as_ref(), call, url: url.as_deref(), letterhead };
    // Written by another version in a form that this one cannot read: it waits for one that can, and an empty mail is no help.
    let mail =
        notice_mail::written(notice, around).ok_or_else(|| StoreError::Corrupt("a notice without words".to_owned()))?;
    Ok(send((ctx, place), notice, &mail).await)
}

/// Sentences about whoever has a lead, with their names.
fn with_names(sentences: &[String], who: &[String]) -> Vec<String> {
    let (names, has) = (who.join(" and "), if who.len() == 1 { " has " } else { " have " });
    let written = |sentence: &String| match sentence.strip_prefix("{who} has ") {
        Some(rest) => format!("{names}{has}{rest}"),
        None => sentence.clone(),
    };
    sentences.iter().map(written).collect()
}

/// Where whoever gets it goes on: the lead's own page for a rep who is reminded, the list for one who asked for it.
fn link_of(ctx: &DispatcherContext, notice: &DueNotice, now: Timestamp) -> Option<String> {
    let links = ctx.links.as_ref()?.for_mail()?;
    if let Some(user) = notice.user {
        return Some(links.welcome_url(user, now));
    }
    match (notice.kind, notice.data.rep, notice.delivery) {
        (NoticeKind::RepLink, Some(rep), _) => Some(links.rep_url(rep, now)),
        (NoticeKind::LeadUntouched, _, Some(delivery)) => Some(links.outcome_url(delivery, now)),
        _ => None,
    }
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
        | NoticeKind::LeadPerhapsSame
        | NoticeKind::LeadDead
        | NoticeKind::MailRefused
        | NoticeKind::RepLink
        | NoticeKind::ReturnJudged
        | NoticeKind::NoticeDead
        | NoticeKind::UserInvited
        | NoticeKind::UserReset => Err(NoticeEnd::Dropped("it names an appointment and is about none")),
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

async fn send((ctx, place): (&DispatcherContext, &MailPlace), notice: &DueNotice, mail: &AppointmentMail) -> NoticeEnd {
    let MailRecipient { name, address } = &notice.to;
    let reply_to = letterhead::reply_to(ctx);
    let message_id = notice.id.to_string();
    let mail = Mail {
        to: Party { name: name.as_deref(), address },
        reply_to: reply_to.map(|address| Party { name: None, address }),
        unsubscribe: reply_to.filter(|_| notice.appointment.is_none() && !notice_mail::leads_on(notice.kind)),
        subject: &mail.subject,
        text: &mail.text,
        html: &mail.html,
        invitation: mail.invitation.as_ref(),
        // The notice's id: a mail that is sent twice is one in the mailbox.
        message_id: &message_id,
        list_id: &notice.slug,
        delivery: None,
        date: ctx.clock.now(),
        deadline: Duration::from_secs(ctx.settings.mail.timeout_s),
    };
    let result = match place.send(ctx, MailAbout::notice(notice.id.uuid()), &mail).await {
        MailTry::Said(result) => result,
        // Nothing was said of this mail: that is no attempt of it.
        MailTry::Excused(_, waits) | MailTry::NotTried(waits) => return NoticeEnd::Waits(waits.until),
    };
    let attempted = match result {
        MailResult::Delivered { .. } => Attempted::Taken,
        MailResult::Filed { .. } => Attempted::Filed,
        MailResult::Unreachable { text, .. }
        | MailResult::Later { text, .. }
        | MailResult::Unreadable { text }
        | MailResult::SenderRefused { text, .. } => Attempted::Failed { why: text, not_before: None },
        MailResult::Dead { text, .. } => Attempted::Refused { why: text },
    };
    // Counted by the lease; a look that found nothing to send was taken off again.
    let attempts = usize::try_from(notice.attempts).unwrap_or(1);
    NoticeEnd::Tried(ctx.schedule().next(attempted, attempts, jitter(JITTER), ctx.clock.now()))
}

const fn result_of(end: &NoticeEnd) -> &'static str {
    match end {
        NoticeEnd::Tried(Next::Delivered) => "sent",
        NoticeEnd::Tried(Next::Filed) => "filed",
        NoticeEnd::Tried(Next::Retry(..)) => "retry",
        NoticeEnd::Tried(Next::Dead(_) | Next::Held(_)) => "dead",
        NoticeEnd::Dropped(_) => "dropped",
        NoticeEnd::Tried(Next::Waits(..)) | NoticeEnd::Waits(_) => "waits",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_the_lead_is_named_and_nobody_is_told_to_send_it_again() {
        let kept = ["It could not be delivered.".to_owned(), "{who} has the lead now: nothing.".to_owned()];
        let one = with_names(&kept, &["Lee Park".to_owned()]);
        assert_eq!(one, ["It could not be delivered.", "Lee Park has the lead now: nothing."]);
        let two = with_names(&kept, &["Lee Park".to_owned(), "Sam Ortiz".to_owned()]);
        assert_eq!(two[1], "Lee Park and Sam Ortiz have the lead now: nothing.");
    }
}
