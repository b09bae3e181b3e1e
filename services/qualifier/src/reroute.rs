//! Routes held deliveries again when they are due: the best first, under the same locks as what matures. A shell around the
//! assigner.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use ripen_domain::id::{ClientId, DeliveryId, LeadId, MaturationId};
use ripen_runtime::random::uuid_v7;
use ripen_store::{
    StoreError, Transaction,
    decision::maturation::RoutingNote,
    delivery::{
        held::{HeldDelivery, Rerouted},
        offer::NewOffer,
        write::NewDelivery,
    },
    lead::unit_of_work::UnitOfWork,
    team::{
        assign::{Assigner, LeadAssignment, TeamState, ToAssign},
        preview::routing_scripts,
    },
};

use crate::{
    aside::SetAside,
    context::QualifierContext,
    load::{self, NewArrivals},
    maturation::{DueDelivery, MaturationRef},
    message::RequalifyLead,
    offer,
};

/// So many leads of a client are routed in one transaction.
const CHUNK: i64 = 64;
/// So many rows are looked at for clients that have any.
const LOOKED_AT: i64 = 1_000;
/// A tick makes so many transactions at most.
const MOST: usize = 32;

/// What one transaction did.
#[derive(Debug, Default)]
struct ReroutedBatch {
    /// Deliveries to be attempted now.
    deliveries: Vec<DueDelivery>,
    /// More of the client may be due.
    more: bool,
}

/// Routes what is due at `now`; whether there may be more.
///
/// # Errors
/// When the database is away: what was not routed stays due.
pub async fn tick(ctx: &QualifierContext, now: Timestamp) -> Result<bool, StoreError> {
    // A bound per tick: the sweep of what is due must not wait until every held lead is routed.
    let mut left = MOST;
    for client in ctx.store.clients_to_route(now, LOOKED_AT).await? {
        loop {
            // Shared by all clients: one with thousands of held leads must not keep the sweeper here.
            let Some(one_less) = left.checked_sub(1) else { return Ok(true) };
            left = one_less;
            let rerouted = reroute(ctx, client, now).await?;
            // After the commit: an offer of a row that is not there yet would be taken for done.
            offer::offer_deliveries(ctx, &rerouted.deliveries).await;
            if !rerouted.more {
                break;
            }
        }
    }
    Ok(false)
}

async fn reroute(ctx: &QualifierContext, client: ClientId, now: Timestamp) -> Result<ReroutedBatch, StoreError> {
    let mut batch = ctx.store.begin().await?;
    // Without a lock, only to learn which leads to lock; what another worker routed meanwhile drops out in
    // `held_lock`.
    let leads = batch.leads_to_route(client, now, CHUNK).await?;
    if leads.is_empty() {
        return Ok(ReroutedBatch::default());
    }
    // Identities and leads first, then the client's row, then the deliveries: the order of the batches that mature
    // leads.
    let work_unit = load_leads(&mut batch, &leads).await?;
    let criteria = routing_scripts(&work_unit, &ctx.documents).await?;
    let team_state = TeamState::lock_teams(&mut batch, &work_unit, &leads, now).await?;
    // Locked again by state: between the look and the locks another worker may have routed some.
    let unrouted = batch.held_lock(&leads, now).await?;
    let mut assigner = Assigner::new(&work_unit, &criteria, team_state, now);
    let mut writes = RerouteWrites { now, ..RerouteWrites::default() };
    for one in &unrouted {
        let (lead, matured_at) = (one.waiting.lead, one.waiting.matured_at);
        let assigned = assigner.assign(ToAssign { lead, matured_at, had: &one.had, offered: one.offered });
        writes.add(client, one, assigned);
    }
    // After the leads of this batch, which may have filled the day.
    let full = assigner.full(client);
    writes.write(&mut batch, now.saturating_add(ctx.offer()).unwrap_or(now)).await?;
    batch.turns_write(&assigner.turns).await?;
    // All that the client has waiting: one by one, each would only learn that the day is full.
    if let Some(hold) = &full {
        batch.held_put_off(client, (hold.until, &hold.why), now).await?;
    }
    batch.commit().await?;
    // A full chunk means that there may be more; a full day means that the next chunk would go to nobody.
    let more = full.is_none() && leads.len() == usize::try_from(CHUNK).unwrap_or(usize::MAX);
    Ok(ReroutedBatch { deliveries: writes.deliveries, more })
}

/// Locks these leads and reads what is known of them.
async fn load_leads(batch: &mut Transaction, leads: &[LeadId]) -> Result<UnitOfWork, StoreError> {
    // As if each were to be decided again: the same locks and the same facts, and no decision is asked for.
    let asked: Vec<_> = leads.iter().map(|lead| RequalifyLead { lead: *lead, generation: None }).collect();
    // Waited for: nobody stands behind this, and each lead that was left out would be looked at again at once.
    batch.leads_lock(leads).await?;
    let mut aside = SetAside::default();
    load::load(batch, &mut NewArrivals::default(), &asked, (SignedDuration::ZERO, &mut aside)).await
}

/// What is to be written by one transaction.
#[derive(Default)]
struct RerouteWrites {
    now: Timestamp,
    /// What becomes of the held deliveries.
    held: Vec<(DeliveryId, Rerouted)>,
    /// Further deliveries of the same maturations.
    new: Vec<NewDelivery>,
    notes: BTreeMap<MaturationId, RoutingNote>,
    offers: Vec<NewOffer>,
    /// To be attempted now.
    deliveries: Vec<DueDelivery>,
}

impl RerouteWrites {
    /// The held row becomes the first delivery, or stays for those who get it later.
    fn add(&mut self, client: ClientId, held: &HeldDelivery, assigned: LeadAssignment) {
        let LeadAssignment { to, held: hold, offer, note } = assigned;
        let of = MaturationRef { client, lead: held.waiting.lead, maturation: held.maturation };
        let offered_until = offer.as_ref().map(|offer| offer.until);
        self.offers.extend(offer.map(|offer| of.offer(offer)));
        let mut to = to.into_iter();
        let rerouted = match hold {
            // The held row stays for who gets it later; whoever gets it now has a row of their own.
            Some(hold) => Rerouted::Held(hold.until, hold.why),
            None => to.next().map_or(Rerouted::Done, |first| Rerouted::Given(first.endpoint, first.rep)),
        };
        if let Rerouted::Given(endpoint, _) = &rerouted {
            self.deliveries.push(DueDelivery { delivery: held.delivery, endpoint: *endpoint });
        }
        self.held.push((held.delivery, rerouted));
        // A webhook and a mail of one rep are two deliveries of one lead.
        for to in to {
            let new = of.delivery(to, DeliveryId::from_uuid(uuid_v7(self.now)), self.now);
            self.deliveries.push(DueDelivery { delivery: new.id, endpoint: to.endpoint });
            self.new.push(NewDelivery { offered_until, ..new });
        }
        self.notes.extend(note.map(|note| (held.maturation, note)));
    }

    async fn write(&self, batch: &mut Transaction, offered_until: Timestamp) -> Result<(), StoreError> {
        let at = (self.now, offered_until);
        batch.held_settle(&self.held, &self.notes, at).await?;
        if !self.new.is_empty() {
            batch.maturations_write(&[], &self.new, at).await?;
        }
        batch.offers_write(&self.offers, self.now).await
    }
}
