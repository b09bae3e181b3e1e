//! A leads that were not sent because they are perhaps of a person whom the client has: the firm is told that they wait.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use ripen_domain::time_in_words::dated;
use ripen_store::{
    StoreError,
    delivery::perhaps_same::HeldAsSame,
    notice::owe::{NoticeData, NoticeKind, OnceNotice},
};

use super::addressee::{Addressee, notice};
use crate::context::DispatcherContext;

/// An A lead that waits for somebody to say whose it is: after so long the firm is told.
const HELD_TOLD_AFTER: SignedDuration = SignedDuration::from_hours(4);

/// Tells the firm of leads that have waited for four hours for somebody to say whose they are, once of each.
///
/// # Errors
/// When the database is away: whoever was not told is told later.
pub async fn held_tick(ctx: &DispatcherContext, now: Timestamp) -> Result<(), StoreError> {
    let firm = &ctx.settings.mail.alerts;
    let since = now.checked_sub(HELD_TOLD_AFTER).unwrap_or(Timestamp::MIN);
    if firm.is_empty() {
        return Ok(());
    }
    let held = ctx.store.held_as_same_since(ctx.scope(), since, None).await?;
    let notices: Vec<_> = held.iter().map(|one| of_held(firm, one, now)).collect();
    ctx.store.notices_once(&notices, now).await.map(drop)
}

pub(super) fn of_held(firm: &str, one: &HeldAsSame, now: Timestamp) -> OnceNotice {
    let HeldAsSame { delivery, lead, first, client, client_name, person, first_person, first_reps, since } = one;
    let who = |person: &Option<String>| person.clone().unwrap_or_else(|| "Somebody without a name".to_owned());
    let (person, known) = (who(person), who(first_person));
    let holder = first_reps.as_ref().map_or_else(|| client_name.clone(), |reps| format!("{reps} of {client_name}"));
    let sentences = [
        format!("{person} is an A lead since {} and was not sent ({lead}).", dated(*since, now, &TimeZone::UTC)),
        format!(
            "It is perhaps the same person as {known}, whom {holder} has ({first}): they share an address or a number."
        ),
        format!("`ripen lead show {lead}` shows both. Two persons: `ripen delivery release {delivery} --why …`."),
        format!("One person: `ripen person same {first} {lead} --why …`."),
    ];
    let data = NoticeData::written(format!("{client_name}: an A lead waits for you"), sentences.to_vec());
    let key = format!("perhaps_same:{delivery}");
    let to = Addressee { client: *client, address: firm.to_owned(), key };
    OnceNotice { delivery: Some(*delivery), ..notice(now, NoticeKind::LeadPerhapsSame, to, data) }
}
