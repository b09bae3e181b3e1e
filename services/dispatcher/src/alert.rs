//! Alerts, written as notices that [`crate::notice`] mails: to client and firm when a webhook keeps failing, whose leads are
//! mailed meanwhile; to a rep about leads without an outcome, and later to the firm.

use std::{collections::BTreeMap, time::Duration};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use ripen_domain::id::{ClientId, NoticeId};
use ripen_runtime::{
    every::{NextTick, every},
    lifecycle::Stop,
    random::uuid_v7,
};
use ripen_store::{
    StoreError,
    delivery::perhaps_same::HeldAsSame,
    endpoint::alert::FailingEndpoint,
    lead::untouched::UntouchedLead,
    notice::owe::{NoticeData, NoticeKind, OnceNotice},
};

use crate::context::DispatcherContext;

/// How often failing endpoints are looked for: they are told of after minutes.
const PERIOD: Duration = Duration::from_secs(10);
/// So many leads are mailed by one tick.
const BATCH: i64 = 500;
/// Nobody is reminded of what is older: it was told before, or nothing was told then.
const FORGET_AFTER: SignedDuration = SignedDuration::from_hours(7 * 24);
/// An A lead that waits for somebody to say whose it is: after so long the firm is told.
const HELD_TOLD_AFTER: SignedDuration = SignedDuration::from_hours(4);
/// So many leads are named in one mail to the firm.
const NAMED: usize = 20;

/// Looks for both until asked to stop.
pub async fn run(ctx: DispatcherContext, stop: Stop) {
    let settings = &ctx.settings.dispatcher;
    // Tests and small installations sweep faster; alerts keep their distance to the sweep.
    let period = PERIOD.min(Duration::from_millis(settings.sweep_interval_ms.max(10)) * 10);
    let rarely = Duration::from_secs(settings.remind_every_s);
    tokio::join!(
        every("alerts of failing endpoints", period, stop.soft(), || async {
            unless_stopped(&stop, endpoints_tick(&ctx, ctx.clock.now())).await.map(|()| NextTick::InAPeriod)
        }),
        // After a failure it is tried again within the shorter period: nobody waits an hour for a reminder that is due.
        every("reminders of leads without an outcome", period, stop.soft(), || async {
            unless_stopped(&stop, leads_tick(&ctx, ctx.clock.now())).await.map(|()| NextTick::After(rarely))
        }),
    );
}

/// Breaks a look off at the soft stop: it writes up to a thousand notices one by one, and what is left out is found again by
/// the next process, while finishing it could use up the time to stop.
async fn unless_stopped(stop: &Stop, look: impl Future<Output = Result<(), StoreError>>) -> Result<(), StoreError> {
    tokio::select! {
        biased;
        () = stop.soft().cancelled() => Ok(()),
        done = look => done,
    }
}

/// Has leads mailed whose webhook fails, and tells of what fails.
async fn endpoints_tick(ctx: &DispatcherContext, now: Timestamp) -> Result<(), StoreError> {
    if let Some(since) = before(now, ctx.settings.dispatcher.fallback_after_s) {
        let mailed = ctx.store.fallback_step(since, BATCH, now).await?;
        if mailed > 0 {
            tracing::warn!(leads = mailed, "leads go by e-mail because their webhook fails");
        }
        // Read after the leads were mailed: the alert says that they are, where an address is known.
        let broken = ctx.store.endpoints_failing(since).await?;
        let notices: Vec<_> = broken.iter().flat_map(|one| of_endpoint(&ctx.settings.mail.alerts, one, now)).collect();
        ctx.store.notices_once(&notices, now).await?;
    }
    held_tick(ctx, now).await
}

/// Tells the firm of leads that wait for somebody to say whose they are.
async fn held_tick(ctx: &DispatcherContext, now: Timestamp) -> Result<(), StoreError> {
    let firm = &ctx.settings.mail.alerts;
    let since = now.checked_sub(HELD_TOLD_AFTER).unwrap_or(Timestamp::MIN);
    if firm.is_empty() {
        return Ok(());
    }
    let held = ctx.store.held_as_same_since(ctx.scope(), since).await?;
    let notices: Vec<_> = held.iter().map(|one| of_held(firm, one, now)).collect();
    ctx.store.notices_once(&notices, now).await.map(drop)
}

fn of_held(firm: &str, one: &HeldAsSame, now: Timestamp) -> OnceNotice {
    let HeldAsSame { delivery, lead, first, client, client_name, since } = one;
    let sentences = [
        format!("{lead} is an A lead since {} and was not sent.", shown(*since, &TimeZone::UTC)),
        format!(
            "It is perhaps the same person's as {first}, which {client_name} has: they share an address or a number."
        ),
        format!("`ripen lead show {lead}` shows both. Two persons: `ripen delivery release {delivery} --why …`."),
        format!("One person: `ripen person same {first} {lead} --why …`."),
    ];
    let data = NoticeData::written(format!("{client_name}: an A lead waits for you"), sentences.to_vec());
    let key = format!("perhaps_same:{delivery}");
    let to = Addressee { client: *client, address: firm.to_owned(), key };
    OnceNotice { delivery: Some(*delivery), ..notice(now, NoticeKind::LeadPerhapsSame, to, data) }
}

/// Tells of leads of which nothing was said.
async fn leads_tick(ctx: &DispatcherContext, now: Timestamp) -> Result<(), StoreError> {
    if let Some(since) = before(now, ctx.settings.dispatcher.remind_after_h.saturating_mul(3600)) {
        // A bound on how far back is looked: after weeks without mail nobody is reminded of a month's leads at once.
        let from = since.checked_sub(FORGET_AFTER).unwrap_or(Timestamp::MIN);
        let untouched = ctx.store.leads_untouched(ctx.scope(), (from, since), None).await?;
        let notices: Vec<_> = untouched.iter().filter_map(|one| reminder(one, now)).collect();
        ctx.store.notices_once(&notices, now).await?;
        firm(ctx, &untouched, now).await?;
    }
    Ok(())
}

/// So long ago; none where that is never.
fn before(now: Timestamp, seconds: u64) -> Option<Timestamp> {
    let ago = SignedDuration::from_secs(i64::try_from(seconds).ok().filter(|seconds| *seconds > 0)?);
    now.checked_sub(ago).ok()
}

/// To whom a notice goes, and the key under which it goes there once.
struct Addressee {
    client: ClientId,
    address: String,
    key: String,
}

fn notice(now: Timestamp, kind: NoticeKind, to: Addressee, data: NoticeData) -> OnceNotice {
    let Addressee { client, address, key } = to;
    OnceNotice {
        id: NoticeId::from_uuid(uuid_v7(now)),
        client,
        kind,
        // The address is part of the key: client and firm are each told once.
        key: format!("{key}:{address}"),
        delivery: None,
        endpoint: None,
        to: (None, address),
        data,
    }
}

/// To the client and to the firm, where that wants to be told.
fn of_endpoint(firm: &str, one: &FailingEndpoint, now: Timestamp) -> Vec<OnceNotice> {
    let waiting = match one.waiting {
        0 => "Nothing waits for it.".to_owned(),
        1 => "One delivery waits for it.".to_owned(),
        many => format!("{many} deliveries wait for it."),
    };
    let (kind, title, why) = if let Some(why) = &one.disabled {
        let why = format!("It was disabled: {why}. It gets nothing until it is enabled again.");
        (NoticeKind::EndpointDisabled, format!("{} was disabled ({})", one.name, one.client_name), why)
    } else {
        let since = one.failing_since.map(|at| shown(at, &TimeZone::UTC)).unwrap_or_default();
        let why = format!(
            "Every attempt has failed since {since}. Its leads go by e-mail meanwhile, where an address is known."
        );
        (NoticeKind::EndpointDown, format!("{} fails ({})", one.name, one.client_name), why)
    };
    // The failure's own beginning: when the endpoint fails again, that is news.
    let since = one.failing_since.map_or(0, Timestamp::as_second);
    // The firm hears of it also where the client has no address that could be told.
    let addresses = one.tell.as_deref().into_iter().chain([firm].into_iter().filter(|firm| !firm.is_empty()));
    let told = addresses.map(|address| {
        let data = NoticeData::written(title.clone(), vec![why.clone(), waiting.clone()]);
        let key = format!("{kind}:{}:{since}", one.endpoint);
        let to = Addressee { client: one.client, address: address.to_owned(), key };
        OnceNotice { endpoint: Some(one.endpoint), ..notice(now, kind, to, data) }
    });
    told.collect()
}

fn reminder(one: &UntouchedLead, now: Timestamp) -> Option<OnceNotice> {
    let (name, address) = one.to.clone()?;
    let who = one.person.as_deref().unwrap_or("A lead");
    let clock = ripen_domain::time::zone(&one.clock).unwrap_or(TimeZone::UTC);
    let sentences = [
        format!("{who} was sent to you on {}, and nothing was said of it yet.", shown(one.delivered_at, &clock)),
        "Please call, and say what became of it by the link in its mail.".to_owned(),
    ];
    let data = NoticeData::written(format!("{who} is waiting"), sentences.to_vec());
    let key = format!("untouched:{}", one.delivery);
    let to = Addressee { client: one.client.0, address: address.clone(), key };
    let told = notice(now, NoticeKind::LeadUntouched, to, data);
    Some(OnceNotice { delivery: Some(one.delivery), to: (name, address), ..told })
}

/// One mail for each client and day.
async fn firm(ctx: &DispatcherContext, untouched: &[UntouchedLead], now: Timestamp) -> Result<u64, StoreError> {
    let address = &ctx.settings.mail.alerts;
    let Some(since) =
        before(now, ctx.settings.dispatcher.firm_after_h.saturating_mul(3600)).filter(|_| !address.is_empty())
    else {
        return Ok(0);
    };
    // Older than what the reps were reminded of: the firm is asked only where the reminder did not help.
    let old: Vec<_> = untouched.iter().filter(|one| one.delivered_at <= since).collect();
    ctx.store.notices_once(&of_clients(address, &old, now), now).await
}

fn of_clients(address: &str, untouched: &[&UntouchedLead], now: Timestamp) -> Vec<OnceNotice> {
    let mut by_client: BTreeMap<_, Vec<&UntouchedLead>> = BTreeMap::new();
    for one in untouched {
        by_client.entry(one.client.0).or_default().push(one);
    }
    // By a day that is the same in every process, because it is part of the key.
    let today = now.to_zoned(TimeZone::UTC).date();
    let notices = by_client.into_iter().filter_map(|(client, leads)| {
        let (_, slug, name) = &leads.first()?.client;
        let mut sentences = vec![format!("`ripen lead untouched --client {slug}` lists them. The oldest are:")];
        sentences.extend(
            leads
                .iter()
                .take(NAMED)
                .map(|one| format!("{}, delivered {}", one.lead, shown(one.delivered_at, &TimeZone::UTC))),
        );
        let count = if leads.len() == 1 { "an A lead".to_owned() } else { format!("{} A leads", leads.len()) };
        let data = NoticeData::written(format!("{name}: {count} nobody touched"), sentences);
        let key = format!("untouched_firm:{client}:{today}");
        let to = Addressee { client, address: address.to_owned(), key };
        Some(notice(now, NoticeKind::LeadsUntouched, to, data))
    });
    notices.collect()
}

fn shown(at: Timestamp, clock: &TimeZone) -> String {
    at.to_zoned(clock.clone()).strftime("%-d %B %Y, %H:%M %Z").to_string()
}

#[cfg(test)]
mod tests;
