//! What came to nobody beside leads: firm and client are told that somebody who may still call was not told to stop, or of what is new,
//! and the client's fallback has a copy; offers go on, and so do leads that wait for a rep who left.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use ripen_domain::delivery::{EventType, UpdateKind};
use ripen_store::{
    StoreError,
    delivery::undelivered::UndeliveredEvent,
    notice::owe::{NoticeData, NoticeKind, OnceNotice},
    sweep::SweepParts,
};

use super::addressee::{Addressee, notice};
use crate::context::DispatcherContext;

/// So many are followed up in one transaction.
const BATCH: i64 = 100;
/// An endpoint that is switched off for so long is not waited for.
const WAITED: SignedDuration = SignedDuration::from_hours(1);

/// Follows up what came to nobody; whether there may be more.
///
/// # Errors
/// When the database is away: what was not followed up is found again.
pub async fn tick(ctx: &DispatcherContext, now: Timestamp) -> Result<bool, StoreError> {
    let mut parts = SweepParts::default();
    let left = parts.part(ctx.store.give_up_of_who_left(now).await)?;
    if left > 0 {
        tracing::warn!(endpoints = left, "leads that waited for reps who left go to others");
    }
    let offers = parts.part(ctx.store.offers_nobody_got(now).await)?;
    if offers > 0 {
        tracing::warn!(offers, "offers came to nobody: the leads go on at once");
    }
    let more = parts.part(news(ctx, now).await)?;
    parts.end(more)
}

async fn news(ctx: &DispatcherContext, now: Timestamp) -> Result<bool, StoreError> {
    let since = now.checked_sub(WAITED).unwrap_or(Timestamp::MIN);
    let mut batch = ctx.store.begin().await?;
    let found = batch.undelivered_events(since, BATCH).await?;
    if found.is_empty() {
        return Ok(false);
    }
    batch.undelivered_events_follow_up(&found, now).await?;
    let notices: Vec<_> = found.iter().flat_map(|one| of_undelivered(&ctx.settings.mail.alerts, one, now)).collect();
    batch.notices_once_with(&notices, now).await?;
    batch.commit().await?;
    for one in &found {
        tracing::warn!(delivery.id = %one.delivery, lead.id = %one.lead, event = %one.event, was_had = one.was_had,
            "what stops somebody came to nobody and was followed up");
    }
    Ok(i64::try_from(found.len()) == Ok(BATCH))
}

/// To the firm and to the client, where each wants to be told. Where the lead never came nobody has to be stopped.
pub(super) fn of_undelivered(firm: &str, one: &UndeliveredEvent, now: Timestamp) -> Vec<OnceNotice> {
    if !one.was_had {
        return Vec::new();
    }
    let who = one.person.as_deref().unwrap_or("A lead");
    let what = match one.event {
        EventType::LeadSuppressed => format!("{who} must not be contacted any more"),
        EventType::LeadUpdated => update_in_words(one.update, who),
        _ => format!("{who} was taken back"),
    };
    let to = one.rep.as_ref().map_or_else(|| one.endpoint.clone(), |rep| format!("{rep} ({})", one.endpoint));
    let told = format!("{what}. {to} has the lead and could not be told so: {}.", one.reason.trim_end_matches('.'));
    let copy = one.fallback.map(|_| "The client's fallback address has a copy.".to_owned());
    let of_firm = [
        Some(told.clone()),
        copy,
        Some(format!("Please see that they hear of it. `ripen delivery show {}` shows every attempt.", one.delivery)),
    ];
    let of_client = [Some(told), Some("Please see that they hear of it.".to_owned())];
    let title = format!("{}: {what}, and it could not be told", one.client_name);
    let written = |address: &str, sentences: &[Option<String>]| {
        let data = NoticeData::written(title.clone(), sentences.iter().flatten().cloned().collect());
        let key = match one.event {
            // Once a day of each lead: what an endpoint did not take for days dies bit by bit.
            EventType::LeadUpdated => {
                format!("news_undelivered:{}:{to}:{}", one.lead, TimeZone::UTC.to_datetime(now).date())
            }
            _ => format!("news_undelivered:{}", one.delivery),
        };
        let addressee = Addressee { client: one.client, address: address.to_owned(), key };
        OnceNotice { delivery: Some(one.delivery), ..notice(now, NoticeKind::LeadDead, addressee, data) }
    };
    let firm = Some(firm).filter(|firm| !firm.is_empty()).map(|firm| written(firm, &of_firm));
    let client = one.tell.as_deref().map(|address| written(address, &of_client));
    firm.into_iter().chain(client).collect()
}

/// What is new, as a sentence without its end.
fn update_in_words(update: Option<UpdateKind>, who: &str) -> String {
    match update {
        Some(UpdateKind::Grade) => format!("{who} is no A lead any more"),
        Some(UpdateKind::AppointmentBooked) => format!("An appointment with {who} was made"),
        Some(UpdateKind::AppointmentMoved) => format!("The appointment with {who} was moved"),
        Some(UpdateKind::AppointmentCancelled) => format!("The appointment with {who} was cancelled"),
        Some(UpdateKind::Assigned) => format!("Somebody else has {who} now"),
        Some(UpdateKind::Arrival | UpdateKind::Corrected | UpdateKind::Conversation | UpdateKind::Note) | None => {
            format!("Something new is known of {who}")
        }
    }
}

#[cfg(test)]
mod tests {
    use ripen_domain::id::{ClientId, DeliveryId, EndpointId, LeadId};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn that_somebody_could_not_be_stopped_is_told_to_firm_and_client() {
        let now: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
        let told_of = UndeliveredEvent {
            delivery: DeliveryId::from_uuid(Uuid::from_u128(1)),
            lead: LeadId::from_uuid(Uuid::from_u128(2)),
            event: EventType::LeadSuppressed,
            update: None,
            person: Some("Casey Smith".to_owned()),
            client: ClientId::from_uuid(Uuid::nil()),
            client_name: "Acme Homes".to_owned(),
            endpoint: "dana@client.example".to_owned(),
            rep: Some("Dana Hill".to_owned()),
            reason: "permanent error (550): 5.1.1 does not exist here".to_owned(),
            tell: Some("office@client.example".to_owned()),
            fallback: Some(EndpointId::from_uuid(Uuid::nil())),
            was_had: true,
        };
        let told = of_undelivered("firm@example.com", &told_of, now);
        let to: Vec<_> = told.iter().map(|one| one.to.address.as_str()).collect();
        assert_eq!(to, ["firm@example.com", "office@client.example"]);
        for one in &told {
            let text = one.data.sentences.join(" ");
            assert!(
                text.contains("Casey Smith must not be contacted any more. Dana Hill (dana@client.example) has"),
                "{text}"
            );
        }
        assert!(!told[1].data.sentences.join(" ").contains("ripen"));
        let back = UndeliveredEvent { event: EventType::LeadRecalled, tell: None, ..told_of.clone() };
        assert!(
            of_undelivered("firm@example.com", &back, now)[0].data.sentences[0]
                .starts_with("Casey Smith was taken back.")
        );
        let new =
            UndeliveredEvent { event: EventType::LeadUpdated, update: Some(UpdateKind::Arrival), ..told_of.clone() };
        let told = of_undelivered("firm@example.com", &new, now);
        let title = told[0].data.title.as_deref();
        assert_eq!(title, Some("Acme Homes: Something new is known of Casey Smith, and it could not be told"));
        let other = UndeliveredEvent { delivery: DeliveryId::from_uuid(Uuid::from_u128(9)), ..new };
        assert_eq!(of_undelivered("firm@example.com", &other, now)[0].key, told[0].key, "once a day");
        assert!(of_undelivered("firm@example.com", &UndeliveredEvent { was_had: false, ..told_of }, now).is_empty());
    }
}
