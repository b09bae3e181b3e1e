//! Reps with mailboxes, the client's fallback, and a second client that must hear of nothing; and what was given up: followed up as
//! the service does, and judged by whether somebody has it, or it is somebody's work.

use std::collections::BTreeSet;

use ripen_domain::{
    delivery::EventType,
    id::{ClientId, EndpointId, LeadId, RepId},
};
use ripen_store::{
    Transaction,
    client::client_record::NewClient,
    endpoint::{
        endpoint_record::{EndpointKind, NewEndpoint},
        fallback_address::NewFallback,
    },
    lead::untouched::UntouchedFilter,
    team::rep::RepRecord,
};
use uuid::Uuid;

use super::world::{Outcome, World, firm};

/// So many places are given back at once.
const PLACES: i64 = 1_000;
/// Follow-ups that each find something: a mail that goes on dies nowhere meanwhile, so that few are enough.
const FOLLOW_UPS: usize = 10;

/// Open A leads that could not be delivered, and that nobody is reached by: a webhook of the team beside a rep's mail reaches nobody.
const STRANDED: &str = "select distinct d.lead_id from delivery d join lead_to_give g on g.maturation_id = d.maturation_id
    where d.event = 'lead.matured' and d.state = 'dead' and g.why_not is null and not g.is_undecided
      and not exists (select from outcome s join delivery o on o.id = s.delivery_id where o.maturation_id = d.maturation_id)
      and not exists (
        select from delivery o left join endpoint x on x.id = o.endpoint_id
        where o.maturation_id = d.maturation_id and o.event in ('lead.matured', 'lead.offered')
          and o.state in ('pending', 'held', 'leased', 'delivered', 'filed')
          and (o.endpoint_id is null or x.kind = 'email' or x.rep_id is not null or o.created_at >= d.ended_at
               or not exists (select from delivery y join endpoint z on z.id = y.endpoint_id
                              where y.maturation_id = d.maturation_id and y.event = 'lead.matured' and y.state = 'dead'
                                and z.kind = 'email')))";

/// Two reps with a mailbox each and the client's fallback; and another client with a webhook that asks for everything, a rep and a
/// fallback.
pub async fn furnish(tx: &mut Transaction, client: ClientId, now: jiff::Timestamp) {
    rep(tx, client, (10, "Dana", "dana@acme.example"), now).await;
    rep(tx, client, (11, "Lee", "lee@acme.example"), now).await;
    fallback(tx, client, (12, "office@acme.example"), now).await;
    let other = NewClient {
        id: ClientId::from_uuid(Uuid::from_u128(20)),
        slug: "other".to_owned(),
        name: "Other".to_owned(),
        country: "US".to_owned(),
        time_zone: "America/New_York".to_owned(),
    };
    tx.client_add(&other, now).await.unwrap();
    rep(tx, other.id, (21, "Kit", "kit@other.example"), now).await;
    fallback(tx, other.id, (22, "office@other.example"), now).await;
    let everything = EventType::ALL.iter().copied().filter(|event| event.is_asked_for()).collect();
    let webhook = NewEndpoint {
        id: EndpointId::from_uuid(Uuid::from_u128(23)),
        client: other.id,
        kind: EndpointKind::Webhook,
        name: None,
        to: "http://127.0.0.1:9/other".to_owned().into(),
        rep: None,
        allow_private: true,
        secret: None,
        events: Some(everything),
    };
    tx.endpoint_add(firm(), &webhook, now).await.unwrap();
}

async fn rep(tx: &mut Transaction, client: ClientId, (id, name, email): (u128, &str, &str), now: jiff::Timestamp) {
    let id = Uuid::from_u128(id);
    let rep = RepRecord { id: RepId::from_uuid(id), client, name: name.to_owned(), email: email.to_owned() };
    tx.rep_add(firm(), &rep, now).await.unwrap();
    let mailbox = NewEndpoint {
        id: EndpointId::from_uuid(id),
        client,
        kind: EndpointKind::Email,
        name: None,
        to: email.to_owned().into(),
        rep: Some(rep.id),
        allow_private: false,
        secret: None,
        events: None,
    };
    tx.endpoint_add(firm(), &mailbox, now).await.unwrap();
}

async fn fallback(tx: &mut Transaction, client: ClientId, (id, address): (u128, &str), now: jiff::Timestamp) {
    let to = NewFallback { id: EndpointId::from_uuid(Uuid::from_u128(id)), address: address.to_owned() };
    tx.client_set_fallback(firm(), client, Some(&to), now).await.unwrap();
}

impl World {
    /// What was given up goes on, and what nobody was given takes no place in the day any more.
    pub async fn follow_up(&mut self) -> Outcome {
        let failed = |error| format!("what could not be delivered is not followed up: {error}");
        for _ in 0..FOLLOW_UPS {
            if !ripen_dispatcher::undelivered_tick(&self.dispatcher, self.now()).await.map_err(failed)? {
                break;
            }
        }
        let freed = self.dispatcher.store.places_of_unreached_free(PLACES, self.now()).await;
        freed.map(drop).map_err(|error| format!("places are not given back: {error}"))
    }

    /// Whoever has nobody is listed for people: a lead that could not be delivered is lost otherwise.
    pub async fn check_undelivered(&self) -> Outcome {
        let stranded: Vec<Uuid> = sqlx::query_scalar(STRANDED).fetch_all(&self.pool).await.unwrap();
        if stranded.is_empty() {
            return Ok(());
        }
        let asked =
            UntouchedFilter { from: jiff::Timestamp::UNIX_EPOCH, to: self.now(), only: None, per_client: PLACES };
        let listed = self.dispatcher.store.leads_untouched(firm(), &asked).await.unwrap();
        let listed: BTreeSet<_> = listed.iter().filter(|one| one.dead.is_some()).map(|one| one.lead).collect();
        match stranded.into_iter().map(LeadId::from_uuid).find(|lead| !listed.contains(lead)) {
            None => Ok(()),
            Some(lead) => Err(format!("{lead} could not be delivered, nobody has it, and it is nobody's work")),
        }
    }
}
