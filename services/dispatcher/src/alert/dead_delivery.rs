//! What could not be delivered: each lead is given on by its client's rule, and client and firm are told, in one transaction.

use jiff::{SignedDuration, Timestamp};
use ripen_domain::id::DeliveryId;
use ripen_store::{
    StoreError,
    delivery::dead::{DeadFollowUp, DeadLead},
    notice::owe::{NoticeData, NoticeKind, OnceNotice},
    sweep::SweepParts,
};

use super::addressee::{Addressee, before, notice};
use crate::context::DispatcherContext;

/// So many leads are followed up in one transaction.
const BATCH: i64 = 50;

/// A lead that goes on to somebody else is told of after this, so that it is told once where that fails at once.
const TOLD_TOGETHER: SignedDuration = SignedDuration::from_secs(15);

/// Gives up leads that wait for a mailbox which takes no mail for as long as a webhook may fail (`dispatcher.fallback_after_s`); which,
/// says the store's `delivery/busy_mailbox`.
///
/// # Errors
/// When the database is away: they are found again.
pub async fn give_up_of_busy_mailboxes(ctx: &DispatcherContext, now: Timestamp) -> Result<(), StoreError> {
    let Some(since) = before(now, ctx.settings.dispatcher.fallback_after_s) else { return Ok(()) };
    let leads = ctx.store.give_up_of_busy_mailboxes(since, BATCH, now).await?;
    if leads > 0 {
        tracing::warn!(leads, "leads that waited for a mailbox which takes no mail go to others");
    }
    Ok(())
}

/// Follows up what was given up; whether there may be more.
///
/// # Errors
/// When the database is away: what was not followed up is found again.
pub async fn tick(ctx: &DispatcherContext, now: Timestamp) -> Result<bool, StoreError> {
    let together = follow_up(ctx, BATCH, None, now).await;
    let Err(error) = together else { return together.map(|done| i64::try_from(done) == Ok(BATCH)) };
    if error.is_unreachable() {
        return Err(error);
    }
    // One that cannot be followed up must not keep the others: each by itself.
    let mut parts = SweepParts::default();
    for delivery in ctx.store.dead_waiting(ctx.scope()).await? {
        let done = follow_up(ctx, 1, Some(delivery), now).await;
        if let Err(error) = &done {
            tracing::error!(delivery.id = %delivery, %error, "a lead that could not be delivered is not followed up: nobody is told of it but here");
        }
        parts.part(done)?;
    }
    parts.end(false)
}

/// Follows these up in one transaction; returns how many.
async fn follow_up(
    ctx: &DispatcherContext,
    most: i64,
    only: Option<DeliveryId>,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let mut batch = ctx.store.begin().await?;
    let dead = batch.dead_lock(most, only).await?;
    if dead.is_empty() {
        return Ok(0);
    }
    batch.dead_follow_up(&dead, now).await?;
    let notices: Vec<_> = dead.iter().flat_map(|one| of_lead(&ctx.settings.mail.alerts, one, now)).collect();
    let told: Vec<_> = notices.iter().filter_map(|notice| notice.delivery).collect();
    batch.notices_of_dead_replace(&told, now).await?;
    batch.notices_once_with(&notices, now).await?;
    batch.commit().await?;
    for one in &dead {
        tracing::warn!(delivery.id = %one.delivery, lead.id = %one.lead, follow_up = ?one.follow_up,
            "a lead could not be delivered and was followed up");
    }
    Ok(dead.len())
}

/// To the firm and to the client, where each wants to be told. Nothing that is over is told.
pub(super) fn of_lead(firm: &str, one: &DeadLead, now: Timestamp) -> Vec<OnceNotice> {
    let what = match one.follow_up {
        DeadFollowUp::Over => return Vec::new(),
        DeadFollowUp::Had => "It is with the client all the same, by another way.",
        DeadFollowUp::Fallback(_) => "It goes to the client's fallback address now.",
        DeadFollowUp::Next => {
            "It goes to whoever comes next now, or to the fallback; where there is nobody it waits and is listed by `ripen lead untouched`."
        }
        DeadFollowUp::Waits => {
            "It waits until somebody sends it: nobody else is there to have it, or the client wants it so. `ripen lead untouched` lists it."
        }
    };
    let who = one.person.as_deref().unwrap_or("A lead");
    let to = one.rep.as_ref().map_or_else(|| one.endpoint.clone(), |rep| format!("{rep} ({})", one.endpoint));
    let told = format!("{who} could not be delivered to {to}: {}.", one.reason.trim_end_matches('.'));
    let title = format!("{}: {who} could not be delivered", one.client_name);
    let of_firm = [
        told.clone(),
        what.to_owned(),
        format!(
            "`ripen delivery show {0}` shows every attempt, `ripen delivery replay {0}` sends it again. The lead: {1}.",
            one.delivery, one.lead
        ),
    ];
    // Known only when the mail goes out: sent again then, a second one would call the person.
    let has_it = "{who} has the lead now: nothing has to be sent again.".to_owned();
    let elsewhere_of_firm = [
        told.clone(),
        has_it,
        format!("`ripen delivery show {}` shows every attempt. The lead: {}.", one.delivery, one.lead),
    ];
    // What the client can do is see to the address; commands are the firm's.
    let what_for_client = match one.follow_up {
        DeadFollowUp::Waits => "It waits until we send it again.",
        DeadFollowUp::Next => "It goes to whoever comes next.",
        DeadFollowUp::Had => "You have it all the same, by another way.",
        _ => what,
    };
    let please = "Please see to that address, or tell us another one.".to_owned();
    let of_client = [told.clone(), what_for_client.to_owned(), please.clone()];
    let elsewhere_of_client = [told, "{who} has it now.".to_owned(), please];
    let end = one.dead_at.as_microsecond();
    // Whoever has it next may be out of reach too: then one mail tells of both.
    let goes_on = matches!(one.follow_up, DeadFollowUp::Fallback(_) | DeadFollowUp::Next);
    let due_at = if goes_on { now.saturating_add(TOLD_TOGETHER).unwrap_or(now) } else { now };
    let written = |address: &str, sentences: &[String], elsewhere: &[String]| {
        let data =
            NoticeData { elsewhere: elsewhere.to_vec(), ..NoticeData::written(title.clone(), sentences.to_vec()) };
        let key = format!("lead_dead:{}:{end}", one.delivery);
        let to = Addressee { client: one.client, address: address.to_owned(), key };
        OnceNotice { delivery: Some(one.delivery), due_at, ..notice(now, NoticeKind::LeadDead, to, data) }
    };
    let firm = Some(firm).filter(|firm| !firm.is_empty()).map(|firm| written(firm, &of_firm, &elsewhere_of_firm));
    let client = one.tell.as_deref().map(|address| written(address, &of_client, &elsewhere_of_client));
    firm.into_iter().chain(client).collect()
}

#[cfg(test)]
mod tests {
    use ripen_domain::id::{ClientId, DeliveryId, EndpointId, LeadId};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_lead_that_could_not_be_delivered_is_told_to_firm_and_client_in_words() {
        let now: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
        let lead = DeadLead {
            delivery: DeliveryId::from_uuid(Uuid::from_u128(1)),
            lead: LeadId::from_uuid(Uuid::from_u128(2)),
            person: Some("Casey Smith".to_owned()),
            client: ClientId::from_uuid(Uuid::nil()),
            client_name: "Acme Homes".to_owned(),
            endpoint: "dana@client.example".to_owned(),
            rep: Some("Dana Hill".to_owned()),
            reason: "permanent error (550): 5.1.1 does not exist here".to_owned(),
            dead_at: now,
            tell: Some("office@client.example".to_owned()),
            follow_up: DeadFollowUp::Fallback(EndpointId::from_uuid(Uuid::nil())),
        };
        let told = of_lead("firm@example.com", &lead, now);
        let to: Vec<_> = told.iter().map(|one| one.to.address.as_str()).collect();
        assert_eq!(to, ["firm@example.com", "office@client.example"]);
        let text = |at: usize| told[at].data.sentences.join("\n");
        for at in 0..2 {
            assert!(
                text(at)
                    .contains("Casey Smith could not be delivered to Dana Hill (dana@client.example): permanent error")
            );
            assert!(text(at).contains("fallback"), "{}", text(at));
        }
        assert!(told.iter().all(|one| one.due_at > now), "the fallback may refuse it as well");
        for one in &told {
            let with_lee = one.data.elsewhere.join("\n");
            assert!(with_lee.contains("{who} has") && !with_lee.contains("replay"), "{with_lee}");
        }
        let waits = of_lead("firm@example.com", &DeadLead { follow_up: DeadFollowUp::Waits, ..lead.clone() }, now);
        assert!(waits.iter().all(|one| one.due_at == now));
        assert!(text(0).contains("ripen delivery replay dlv_") && !text(1).contains("ripen"), "{}", text(1));
        assert!(of_lead("", &DeadLead { tell: None, ..lead.clone() }, now).is_empty());
        assert!(of_lead("firm@example.com", &DeadLead { follow_up: DeadFollowUp::Over, ..lead }, now).is_empty());
    }
}
