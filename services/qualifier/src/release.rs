//! Routes again what is held and due: the best first, under the same locks as what matures. A shell around the giver.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp};
use ripen_domain::{
    criteria::Criteria,
    id::{ClientId, CriteriaId, DeliveryId, EndpointId, LeadId, MaturationId},
};
use ripen_runtime::random::uuid_v7;
use ripen_store::{
    Store, StoreError, Transaction,
    criteria::load::{BrokenCriteria, Documents},
    decision::maturation::RoutingNote,
    delivery::{
        held::{Rerouted, Unrouted},
        offer::NewOffer,
        write::NewDelivery,
    },
};

use crate::{
    Context,
    assign::{Given, Giver, Ripe, Standing},
    decide::{offered, owed},
    draft::Draft,
    gather::{self, News},
    message::Requalify,
    worker,
};

type Scripts = BTreeMap<CriteriaId, Arc<Criteria>>;

/// So many leads of a client are routed in one transaction.
const CHUNK: i64 = 64;
/// So many rows are looked at for clients that have any.
const LOOKED_AT: i64 = 1_000;
/// A tick makes so many transactions at most.
const MOST: usize = 32;

/// What one transaction did.
#[derive(Debug, Default)]
struct Released {
    /// Deliveries to be attempted now, and where to.
    deliveries: Vec<(DeliveryId, EndpointId)>,
    /// More of the client may be due.
    more: bool,
}

/// Routes what is due at `now`; whether there may be more.
///
/// # Errors
/// When the database is away: what was not routed stays due.
pub async fn tick(ctx: &Context, now: Timestamp) -> Result<bool, StoreError> {
    let mut left = MOST;
    for client in ctx.store.clients_to_route(now, LOOKED_AT).await? {
        loop {
            let Some(one_less) = left.checked_sub(1) else { return Ok(true) };
            left = one_less;
            let released = release(ctx, client, now).await?;
            worker::offer_deliveries(ctx, &released.deliveries).await;
            if !released.more {
                break;
            }
        }
    }
    Ok(false)
}

async fn release(ctx: &Context, client: ClientId, now: Timestamp) -> Result<Released, StoreError> {
    let mut batch = ctx.store.begin().await?;
    let leads = batch.leads_to_route(client, now, CHUNK).await?;
    if leads.is_empty() {
        return Ok(Released::default());
    }
    let draft = know(&mut batch, &leads).await?;
    let criteria = scripts(&draft, &ctx.documents).await?;
    let standing = Standing::read(&mut batch, &draft, &leads, now).await?;
    let unrouted = batch.unrouted_lock(&leads, now).await?;
    let mut giver = Giver::new(&draft, &criteria, standing, now);
    let mut settled = Settled::default();
    for one in &unrouted {
        let (lead, matured_at) = (one.waiting.lead, one.waiting.matured_at);
        let given = giver.give(Ripe { lead, matured_at, had: &one.had, offered: one.offered });
        settled.take((client, one), given, now, || DeliveryId::from_uuid(uuid_v7(now)));
    }
    let full = giver.full(client);
    let at = (now, now.saturating_add(ctx.offer()).unwrap_or(now));
    settled.write(&mut batch, at).await?;
    batch.turns_write(&giver.turns).await?;
    if let Some((until, why)) = &full {
        batch.unrouted_put_off(client, (*until, why), now).await?;
    }
    batch.commit().await?;
    let more = full.is_none() && leads.len() == usize::try_from(CHUNK).unwrap_or(usize::MAX);
    Ok(Released { deliveries: settled.deliveries, more })
}

/// Where a lead would go, were it to mature now, in words; none where there is no such lead. Nothing is done.
///
/// # Errors
/// When the database is away.
pub async fn route_preview(
    store: &Store,
    documents: &Documents,
    lead: LeadId,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    let mut batch = store.begin().await?;
    let draft = know(&mut batch, &[lead]).await?;
    let criteria = scripts(&draft, documents).await?;
    if !draft.leads.contains_key(&lead) {
        return Ok(None);
    }
    let standing = Standing::read(&mut batch, &draft, &[lead], now).await?;
    let ripe = Ripe { lead, matured_at: now, had: &[], offered: None };
    let given = Giver::new(&draft, &criteria, standing, now).give(ripe);
    let plain = || match given.held {
        Some((_, why)) => format!("Held: {why}\n"),
        None => "No routing: goes to every enabled endpoint of the client at once\n".to_owned(),
    };
    Ok(Some(given.note.map_or_else(plain, |note| note.text)))
}

/// Locks these leads and reads what is known of them.
async fn know(batch: &mut Transaction, leads: &[LeadId]) -> Result<Draft, StoreError> {
    let asked: Vec<_> = leads.iter().map(|lead| Requalify { lead: *lead, generation: None }).collect();
    gather::gather(batch, &News::default(), &asked, SignedDuration::ZERO).await
}

/// The criteria whose questions routing may ask. A lead is not kept from its client because they cannot be read.
async fn scripts(draft: &Draft, documents: &Documents) -> Result<Scripts, StoreError> {
    let used: BTreeSet<_> = draft.work.values().filter_map(|work| work.criteria).collect();
    match documents.get(&used.into_iter().collect::<Vec<_>>()).await {
        Ok(criteria) => Ok(criteria),
        Err(BrokenCriteria::Store(error)) => Err(error),
        Err(error) => {
            tracing::error!(%error, "leads are routed without the questions of their script");
            Ok(Scripts::new())
        }
    }
}

/// What is to be written of one transaction.
#[derive(Default)]
struct Settled {
    fates: Vec<(DeliveryId, Rerouted)>,
    more: Vec<NewDelivery>,
    notes: BTreeMap<MaturationId, RoutingNote>,
    deliveries: Vec<(DeliveryId, EndpointId)>,
    offers: Vec<NewOffer>,
}

impl Settled {
    /// The held row becomes the first delivery, or stays for those who get it later.
    fn take(
        &mut self,
        (client, one): (ClientId, &Unrouted),
        given: Given,
        now: Timestamp,
        fresh_id: impl Fn() -> DeliveryId,
    ) {
        let Given { to, held, offer, note } = given;
        let offered_until = offer.as_ref().map(|(_, _, until)| *until);
        self.offers.extend(offer.map(|offer| offered(one.maturation, offer)));
        let mut to = to.into_iter();
        let fate = match held {
            Some((until, why)) => Rerouted::Held(until, why),
            None => to.next().map_or(Rerouted::Done, |(endpoint, rep)| Rerouted::Given(endpoint, rep)),
        };
        if let Rerouted::Given(endpoint, _) = &fate {
            self.deliveries.push((one.delivery, *endpoint));
        }
        self.fates.push((one.delivery, fate));
        for to in to {
            let new = owed((client, one.waiting.lead, one.maturation), to, (fresh_id(), now));
            let new = NewDelivery { offered_until, ..new };
            self.deliveries.push((new.id, to.0));
            self.more.push(new);
        }
        self.notes.extend(note.map(|note| (one.maturation, note)));
    }

    async fn write(&self, batch: &mut Transaction, at: (Timestamp, Timestamp)) -> Result<(), StoreError> {
        batch.unrouted_settle(&self.fates, &self.notes, at).await?;
        if !self.more.is_empty() {
            batch.maturations_write(&[], &self.more, at).await?;
        }
        batch.offers_write(&self.offers, at.0).await
    }
}
