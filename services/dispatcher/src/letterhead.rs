//! What mails are written with beside what they tell: the names around them, the words of their questions, where answers go.

use ripen_domain::{
    criteria::QuestionWords,
    delivery::{ClientEvent, EventData},
    outcome::currency_of,
};
use ripen_outbound::letterhead::{AlarmNames, CallingTerms, Letterhead};
use ripen_store::delivery::{leased_delivery::LeasedDelivery, parties::DeliveryParties};

use crate::context::DispatcherContext;

/// How the questions are asked whose answers a lead has. Criteria that cannot be read keep no lead from its client: the mail then
/// names their ids.
async fn questions(ctx: &DispatcherContext, due: &LeasedDelivery) -> Vec<QuestionWords> {
    let money = currency_of(&due.client_country).map(|money| money.to_string());
    match ctx.actions.documents.get(&[due.criteria]).await {
        Ok(found) => {
            let asked = found.values().flat_map(|criteria| criteria.questions());
            asked.map(|question| QuestionWords::of(question, money.as_deref())).collect()
        }
        Err(error) => {
            tracing::warn!(criteria.id = %due.criteria, %error, "a mail goes without the words of its questions");
            Vec::new()
        }
    }
}

/// What a delivery's mail is written with that has to be looked up.
pub struct MailSurroundings {
    /// How the questions are asked whose answers it tells.
    pub questions: Vec<QuestionWords>,
    /// Of an update, what its reader was told of the lead last.
    pub told_before: Option<ClientEvent>,
    /// Of an alarm, whom it touches.
    pub parties: DeliveryParties,
}

/// Looks it up. What cannot be found is left out: no lead and no alarm waits for a name.
pub async fn look_up(ctx: &DispatcherContext, due: &LeasedDelivery, event: &ClientEvent) -> MailSurroundings {
    MailSurroundings {
        questions: questions(ctx, due).await,
        told_before: due.told_before.as_deref().and_then(ClientEvent::read),
        parties: parties(ctx, event).await,
    }
}

/// Whom an alarm touches; nobody where it is none.
async fn parties(ctx: &DispatcherContext, event: &ClientEvent) -> DeliveryParties {
    let (delivery, endpoint) = match event.data.get() {
        Some(EventData::DeadDelivery(dead)) => (dead.delivery.get(), dead.endpoint.get()),
        Some(EventData::DisabledEndpoint(disabled)) => (disabled.delivery.get(), disabled.endpoint.get()),
        _ => return DeliveryParties::default(),
    };
    let Some(delivery) = delivery else { return DeliveryParties::default() };
    ctx.store.delivery_parties(ctx.scope(), *delivery, endpoint.copied()).await.unwrap_or_else(|error| {
        tracing::warn!(delivery.id = %delivery, %error, "a mail goes without the names of whom it touches");
        DeliveryParties::default()
    })
}

/// What stands around the mail of a delivery.
pub fn of<'a>(ctx: &'a DispatcherContext, due: &'a LeasedDelivery, found: &'a MailSurroundings) -> Letterhead<'a> {
    let DeliveryParties { person, rep, endpoint } = &found.parties;
    Letterhead {
        firm: ctx.settings.firm.name.trim(),
        client: &due.client,
        questions: &found.questions,
        is_fallback: due.is_fallback,
        calling: Some(CallingTerms { hours: &ctx.actions.hours, country: &due.client_country, now: ctx.clock.now() }),
        told_before: found.told_before.as_ref(),
        names: AlarmNames { person: person.as_deref(), rep: rep.as_deref(), endpoint: endpoint.as_deref() },
    }
}

/// What stands around a mail of a client's that tells no answers.
pub fn plain<'a>(ctx: &'a DispatcherContext, client: &'a str) -> Letterhead<'a> {
    Letterhead { firm: ctx.settings.firm.name.trim(), client, ..Letterhead::default() }
}

/// Where answers to mails go, and where somebody asks to get no more of them.
pub fn reply_to(ctx: &DispatcherContext) -> Option<&str> {
    Some(ctx.settings.mail.reply_to.trim()).filter(|address| !address.is_empty())
}
