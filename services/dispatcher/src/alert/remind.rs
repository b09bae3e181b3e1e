//! Reminders of leads without an outcome: to their reps (`dispatcher.remind_after_h`), and later to the firm
//! (`dispatcher.firm_after_h`).

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use ripen_domain::time_in_words::dated;
use ripen_store::{
    StoreError,
    lead::untouched::{UntouchedFilter, UntouchedLead},
    notice::owe::{NoticeData, NoticeKind, OnceNotice},
    sweep::SweepParts,
};

use super::addressee::{Addressee, before, notice};
use crate::context::DispatcherContext;

/// Nobody is reminded of what is older: it was told before, or nothing was told then.
const FORGET_AFTER: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Of each client so many leads that nobody touched are looked at: more than any has within the time that is looked back.
const PER_CLIENT: i64 = 10_000;
/// So many leads are named in one mail to the firm.
const NAMED: usize = 20;

/// Tells of leads of which nothing was said: their reps, and later the firm, each after a time of its own.
///
/// # Errors
/// When the database is away: whoever was not told is told later.
pub(super) async fn tick(ctx: &DispatcherContext, now: Timestamp) -> Result<(), StoreError> {
    let settings = &ctx.settings.dispatcher;
    let reps = before(now, settings.remind_after_h.saturating_mul(3600));
    let firm = before(now, settings.firm_after_h.saturating_mul(3600)).filter(|_| !ctx.settings.mail.alerts.is_empty());
    // Neither needs the other: where reps are not reminded, the firm is told all the same.
    let (Some(latest), Some(earliest)) = (reps.max(firm), [reps, firm].into_iter().flatten().min()) else {
        return Ok(());
    };
    // A bound on how far back is looked: after weeks without mail nobody is reminded of a month's leads at once.
    let from = forgotten_before(earliest);
    let asked = UntouchedFilter { from, to: latest, only: None, per_client: PER_CLIENT };
    let untouched = ctx.store.leads_untouched(ctx.scope(), &asked).await?;
    let mut parts = SweepParts::default();
    if let Some(since) = reps {
        let due =
            untouched.iter().filter(|one| one.delivered_at <= since && one.delivered_at >= forgotten_before(since));
        let notices: Vec<_> = due.filter_map(|one| reminder(one, now)).collect();
        parts.part(ctx.store.notices_once(&notices, now).await)?;
    }
    if let Some(since) = firm {
        // Older than what the reps were reminded of: the firm is asked only where the reminder did not help, and instead of a rep who
        // has left.
        let instead = |one: &UntouchedLead| one.rep_has_left && reps.is_some_and(|since| one.delivered_at <= since);
        let old: Vec<_> = untouched.iter().filter(|one| one.delivered_at <= since || instead(one)).collect();
        let notices = of_clients(&ctx.settings.mail.alerts, &old, now);
        parts.part(ctx.store.notices_once(&notices, now).await)?;
    }
    parts.end(())
}

/// What was delivered before is forgotten by who is told of what was delivered until `since`.
fn forgotten_before(since: Timestamp) -> Timestamp {
    since.checked_sub(FORGET_AFTER).unwrap_or(Timestamp::MIN)
}

/// To the rep who has it; none where nobody has.
pub(super) fn reminder(one: &UntouchedLead, now: Timestamp) -> Option<OnceNotice> {
    // Nobody has what could not be delivered: that is the firm's and the client's business.
    let rep = one.to.clone().filter(|_| one.dead.is_none())?;
    let who = one.person.as_deref().unwrap_or("A lead");
    let clock = ripen_domain::time::zone(&one.clock).unwrap_or(TimeZone::UTC);
    let sentences = [
        format!("{who} was sent to you on {}, and nothing was said of it yet.", dated(one.delivered_at, now, &clock)),
        "Please call, and say what became of it.".to_owned(),
    ];
    let data = NoticeData::written(format!("{who} is waiting"), sentences.to_vec());
    let key = format!("untouched:{}", one.delivery);
    let to = Addressee { client: one.client, address: rep.address.clone(), key };
    let told = notice(now, NoticeKind::LeadUntouched, to, data);
    Some(OnceNotice { delivery: Some(one.delivery), to: rep, ..told })
}

/// One mail for each client and day.
pub(super) fn of_clients(address: &str, untouched: &[&UntouchedLead], now: Timestamp) -> Vec<OnceNotice> {
    let mut by_client: BTreeMap<_, Vec<&UntouchedLead>> = BTreeMap::new();
    for one in untouched {
        by_client.entry(one.client).or_default().push(one);
    }
    // By a day that is the same in every process, because it is part of the key.
    let today = now.to_zoned(TimeZone::UTC).date();
    let notices = by_client.into_iter().filter_map(|(client, leads)| {
        let UntouchedLead { client_slug: slug, client_name: name, .. } = leads.first()?;
        let mut sentences = vec![format!("`ripen lead untouched --client {slug}` lists them. The oldest are:")];
        sentences.extend(leads.iter().take(NAMED).map(|one| in_words(one, now)));
        let count = if leads.len() == 1 { "an A lead".to_owned() } else { format!("{} A leads", leads.len()) };
        let data = NoticeData::written(format!("{name}: {count} nobody touched"), sentences);
        let key = format!("untouched_firm:{client}:{today}");
        let to = Addressee { client, address: address.to_owned(), key };
        Some(notice(now, NoticeKind::LeadsUntouched, to, data))
    });
    notices.collect()
}

/// Whose lead it is and who has it, in words; its id is for commands.
fn in_words(one: &UntouchedLead, now: Timestamp) -> String {
    let who = one.person.as_deref().unwrap_or("a lead without a name");
    // Nobody has what could not be delivered.
    let rep = one.rep.as_deref().filter(|_| one.dead.is_none());
    let left = if one.rep_has_left { ", who has left" } else { "" };
    let with = rep.map(|rep| format!(", with {rep}{left}")).unwrap_or_default();
    let what = match &one.dead {
        None => "delivered",
        Some(_) if one.waits => "not delivered, waits since",
        Some(_) => "not delivered, given up",
    };
    format!("{who}{with}, {what} {} ({})", dated(one.delivered_at, now, &TimeZone::UTC), one.lead)
}
