//! An endpoint that keeps failing, or is disabled: after 15 minutes (`dispatcher.fallback_after_s`) its leads go by e-mail, and
//! client and firm are told. Which leads go, and to whom, says the store's `delivery/mail_to_fallback`.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use ripen_domain::time_in_words::dated;
use ripen_store::{
    StoreError,
    endpoint::alert::FailingEndpoint,
    notice::owe::{NoticeData, NoticeKind, OnceNotice},
    sweep::SweepParts,
};

use super::addressee::{Addressee, before, notice};
use crate::context::DispatcherContext;

/// So many leads are mailed by one tick.
const BATCH: i64 = 500;
/// Where leads are not mailed, failing endpoints are told of after this.
const TOLD_AFTER: SignedDuration = SignedDuration::from_mins(15);

/// Has leads mailed that wait for an endpoint which does not work, and tells of what fails. Neither waits for the other:
/// what one setting switches off, or one row brings down, is that alone.
///
/// # Errors
/// When the database is away: the next look finds the same.
pub(super) async fn tick(ctx: &DispatcherContext, now: Timestamp) -> Result<(), StoreError> {
    let mut parts = SweepParts::default();
    let mails_after = before(now, ctx.settings.dispatcher.fallback_after_s);
    if let Some(since) = mails_after {
        let mailed = parts.part(ctx.store.mail_to_fallback(since, BATCH, now).await)?;
        if mailed > 0 {
            tracing::warn!(leads = mailed, "leads go by e-mail because their webhook does not work");
        }
    }
    // Read after the leads were mailed: the alert says that they are, where an address is known.
    let since = mails_after.or_else(|| now.checked_sub(TOLD_AFTER).ok()).unwrap_or(Timestamp::MIN);
    let broken = parts.part(ctx.store.endpoints_failing(since).await)?;
    let told = Told { firm: &ctx.settings.mail.alerts, are_mailed: mails_after.is_some() };
    let notices: Vec<_> = broken.iter().flat_map(|one| of_endpoint(&told, one, now)).collect();
    parts.part(ctx.store.notices_once(&notices, now).await)?;
    parts.end(())
}

/// What those who are told of an endpoint have in common.
pub(super) struct Told<'a> {
    /// The firm's address; empty where it does not want to be told.
    pub(super) firm: &'a str,
    /// Leads go by mail while their endpoint does not work.
    pub(super) are_mailed: bool,
}

/// To the client and to the firm, where that wants to be told.
pub(super) fn of_endpoint(told: &Told<'_>, one: &FailingEndpoint, now: Timestamp) -> Vec<OnceNotice> {
    let waiting = match one.waiting {
        0 if one.is_mailbox => "Nothing waits for it any more.".to_owned(),
        0 => "Nothing waits for it.".to_owned(),
        1 => "One delivery waits for it.".to_owned(),
        many => format!("{many} deliveries wait for it."),
    };
    // After what could be mailed was: these have no address to go to, or wait for one.
    let with_nobody = match one.with_nobody {
        0 => None,
        1 => Some("Nobody has one of these leads: no address is known to which it could go.".to_owned()),
        many => Some(format!("Nobody has {many} of these leads: no address is known to which they could go.")),
    };
    let meanwhile = match told.are_mailed {
        _ if one.is_mailbox => {
            "What could not be mailed there goes to whoever comes next, or to the fallback: a mail of its own says of each lead who has it."
        }
        true => "Its leads go by e-mail meanwhile, where an address is known.",
        false => "Its leads wait until it works.",
    };
    let (kind, title, why) = if let Some(why) = &one.disabled {
        let why = format!("It was disabled: {why}. It gets nothing until it is enabled again. {meanwhile}");
        (NoticeKind::EndpointDisabled, format!("{} was disabled ({})", one.name, one.client_name), why)
    } else {
        let since = one.failing_since.map(|at| dated(at, now, &TimeZone::UTC)).unwrap_or_default();
        let why = format!("Every attempt has failed since {since}. {meanwhile}");
        (NoticeKind::EndpointDown, format!("{} fails ({})", one.name, one.client_name), why)
    };
    // The failure's own beginning: when the endpoint fails again, that is news.
    let since = one.failing_since.map_or(0, Timestamp::as_second);
    // The firm hears of it also where the client has no address that could be told.
    let addresses = one.tell.as_deref().into_iter().chain([told.firm].into_iter().filter(|firm| !firm.is_empty()));
    let notices = addresses.map(|address| {
        let listed = with_nobody
            .as_ref()
            .filter(|_| address == told.firm)
            .map(|_| "`ripen lead untouched` lists them.".to_owned());
        // The client may be sent a lead later than it is told of this, and not be told before whose it is.
        let named = (!one.leads.is_empty() && address == told.firm).then(|| format!("They are of {}.", named(one)));
        let sentences = [Some(why.clone()), Some(waiting.clone()), named, with_nobody.clone(), listed];
        let data = NoticeData::written(title.clone(), sentences.into_iter().flatten().collect());
        let key = format!("{kind}:{}:{since}", one.endpoint);
        let to = Addressee { client: one.client, address: address.to_owned(), key };
        OnceNotice { endpoint: Some(one.endpoint), ..notice(now, kind, to, data) }
    });
    notices.collect()
}

/// `Casey Smith for Dana Hill; Robin Lee`, and that there are more.
fn named(one: &FailingEndpoint) -> String {
    let is_all = i64::try_from(one.leads.len()).is_ok_and(|named| named >= one.waiting);
    format!("{}{}", one.leads.join("; "), if is_all { "" } else { ", among others" })
}
