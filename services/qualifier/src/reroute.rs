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
        first_to_claim::NewOffer,
        held::{HeldDelivery, HeldPutOff, Rerouted, ReroutedDelivery},
        write::{DeliveryTarget, NewDelivery},
    },
    lead::unit_of_work::UnitOfWork,
    live::{LiveKind, LiveNews},
    sweep::SweepParts,
    team::{
        assign::{Assigner, Hold, LeadAssignment, TeamState, ToAssign, UNDELIVERABLE},
        preview::routing_scripts,
    },
};

use crate::{
    context::QualifierContext,
    load_batch::{self, NewArrivals},
    maturation::{DueDelivery, MaturationRef},
    message::RequalifyLead,
    set_aside::SetAside,
    wake_dispatcher,
};

/// So many leads of a client are routed in one transaction.
const CHUNK: i64 = 64;
/// A tick makes so many transactions at most.
const MOST: u32 = 32;
/// What nobody can be sent is looked at again after this, beside whenever a person changes something.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_hours(1);
/// A lead that cannot be read waits so long: somebody may have mended it by then.
const UNREADABLE_WAITS: SignedDuration = SignedDuration::from_hours(1);

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
/// When the database is away, or one client's leads could not be routed: what was not routed stays due.
pub async fn tick(ctx: &QualifierContext, now: Timestamp) -> Result<bool, StoreError> {
    let mut parts = SweepParts::default();
    // A bound per tick: the sweep of what is due must not wait until every held lead is routed.
    let mut left = MOST;
    let mut clients = ctx.store.clients_to_route(now, i64::from(MOST)).await?;
    // As many as the bound: others may wait behind them.
    let more = clients.len() >= MOST as usize;
    // One transaction of each, then the next of each that has more: one with thousands of held leads must not keep the others
    // from theirs.
    while !clients.is_empty() {
        let mut again = Vec::new();
        for client in clients {
            let Some(one_less) = left.checked_sub(1) else { return parts.end(true) };
            left = one_less;
            let rerouted = parts.part(of_client(ctx, client, now).await)?;
            // After the commit: an offer of a row that is not there yet would be taken for done.
            wake_dispatcher::offer_deliveries(ctx, &rerouted.deliveries).await;
            again.extend(rerouted.more.then_some(client));
        }
        clients = again;
    }
    parts.end(more)
}

/// Routes the best of what a client has waiting: together, and one by one where that fails.
async fn of_client(ctx: &QualifierContext, client: ClientId, now: Timestamp) -> Result<ReroutedBatch, StoreError> {
    let mut batch = ctx.store.begin().await?;
    // Without a lock, only to learn which leads to lock; what another worker routed meanwhile drops out in
    // `held_lock`.
    let leads = batch.leads_to_route(client, now, CHUNK).await?;
    if leads.is_empty() {
        return Ok(ReroutedBatch::default());
    }
    match reroute(ctx, batch, (client, &leads), now).await {
        Err(error) if !passes(&error) => apart(ctx, (client, &leads), now).await,
        done => done,
    }
}

/// Whether it is no fault of the leads: the database is away or busy, and the same works later.
const fn passes(error: &StoreError) -> bool {
    error.is_unreachable() || error.is_conflict()
}

/// Routes each lead by itself. One that cannot be waits, so that the next tick does not find it at the top again.
async fn apart(
    ctx: &QualifierContext,
    (client, leads): (ClientId, &[LeadId]),
    now: Timestamp,
) -> Result<ReroutedBatch, StoreError> {
    let mut all =
        ReroutedBatch { more: leads.len() == usize::try_from(CHUNK).unwrap_or(usize::MAX), ..ReroutedBatch::default() };
    for lead in leads {
        let batch = ctx.store.begin().await?;
        match reroute(ctx, batch, (client, std::slice::from_ref(lead)), now).await {
            Ok(one) => all.deliveries.extend(one.deliveries),
            Err(error) if passes(&error) => return Err(error),
            Err(error) => {
                tracing::error!(lead.id = %lead, %error, "a held lead cannot be routed and waits; the client's others are routed");
                let until = now.saturating_add(UNREADABLE_WAITS).unwrap_or(now);
                let mut batch = ctx.store.begin().await?;
                let why = format!("cannot be routed: {error}");
                let put_off = HeldPutOff { client, only: Some(*lead), until, why: &why, is_undated: true };
                batch.held_put_off(&put_off, now).await?;
                batch.commit().await?;
            }
        }
    }
    Ok(all)
}

async fn reroute(
    ctx: &QualifierContext,
    mut batch: Transaction,
    (client, leads): (ClientId, &[LeadId]),
    now: Timestamp,
) -> Result<ReroutedBatch, StoreError> {
    // Identities and leads first, then the client's row, then the deliveries: the order of the batches that mature
    // leads.
    let work_unit = load_leads(&mut batch, leads).await?;
    let criteria = routing_scripts(&mut batch, &work_unit, &ctx.documents).await?;
    let team_state = TeamState::lock_teams(&mut batch, &work_unit, leads, now).await?;
    // Locked again by state: between the look and the locks another worker may have routed some.
    let held = batch.held_lock(leads, now).await?;
    let mut assigner = Assigner::new(&work_unit, &criteria, team_state, now);
    let mut writes = RerouteWrites { now, ..RerouteWrites::default() };
    for one in &held {
        let (lead, matured_at) = (one.waiting.lead, one.waiting.matured_at);
        let to_assign =
            ToAssign { lead, matured_at, had: &one.had, dead: &one.dead, offered: one.offered, is_in_order: true };
        let assigned = assigner.assign(to_assign);
        writes.add(client, one, rescued(one, assigned, now));
    }
    // After the leads of this batch, which may have filled the day.
    let full = assigner.full(client);
    writes.write(&mut batch, now.saturating_add(ctx.offer()).unwrap_or(now)).await?;
    batch.turns_write(&assigner.turns).await?;
    // All that the client has waiting: one by one, each would only learn that the day is full.
    if let Some(hold) = &full {
        let Hold { until, ref why, is_undated, .. } = *hold;
        batch.held_put_off(&HeldPutOff { client, only: None, until, why, is_undated }, now).await?;
    }
    let mut news = LiveNews::default();
    news.add(LiveKind::Deliveries, Some(client));
    batch.live_tell(&news).await?;
    batch.commit().await?;
    // A full chunk means that there may be more; a full day means that the next chunk would go to nobody.
    let more = full.is_none() && leads.len() == usize::try_from(CHUNK).unwrap_or(usize::MAX);
    Ok(ReroutedBatch { deliveries: writes.deliveries, more })
}

/// What was given up goes to the client's fallback where nobody else can take it now; where there is no fallback it waits for whom
/// the routing names, or for a person: it is never done with.
fn rescued(held: &HeldDelivery, assigned: LeadAssignment, now: Timestamp) -> LeadAssignment {
    let is_stranded = !held.dead.is_empty() && held.had.iter().all(|endpoint| held.dead.contains(endpoint));
    if !is_stranded || !assigned.to.is_empty() || assigned.offer.is_some() {
        return assigned;
    }
    let LeadAssignment { held: hold, note, .. } = assigned;
    if let Some(endpoint) = held.fallback {
        let to = vec![DeliveryTarget { endpoint, rep: None }];
        // `route explain` shows it: what the routing says alone would read as if it were held.
        let note = note.map(|note| RoutingNote {
            text: format!(
                "{}Goes to the client's fallback: nobody else can take now what could not be delivered\n",
                note.text
            ),
            ..note
        });
        return LeadAssignment { to, note, ..LeadAssignment::default() };
    }
    let again = now.saturating_add(LOOK_AGAIN).unwrap_or(now);
    let stays = || Hold { until: again, why: UNDELIVERABLE.to_owned(), is_undated: true, waits_for: Vec::new() };
    LeadAssignment { held: Some(hold.unwrap_or_else(stays)), note, ..LeadAssignment::default() }
}

/// Locks these leads and reads what is known of them.
async fn load_leads(batch: &mut Transaction, leads: &[LeadId]) -> Result<UnitOfWork, StoreError> {
    // As if each were to be decided again: the same locks and the same facts, and no decision is asked for.
    let asked: Vec<_> = leads.iter().map(|lead| RequalifyLead { lead: *lead, generation: None }).collect();
    // Waited for: nobody stands behind this, and each lead that was left out would be looked at again at once.
    batch.leads_lock(leads).await?;
    let mut aside = SetAside::default();
    load_batch::load(batch, &mut NewArrivals::default(), &asked, (SignedDuration::ZERO, &mut aside)).await
}

/// What is to be written by one transaction.
#[derive(Default)]
struct RerouteWrites {
    now: Timestamp,
    /// What becomes of the held deliveries.
    held: Vec<ReroutedDelivery>,
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
        let LeadAssignment { to, held: hold, offer, note, .. } = assigned;
        let of = MaturationRef { client, lead: held.waiting.lead, maturation: held.maturation };
        let said = offer.as_ref().map(|offer| offer.said.clone());
        self.offers.extend(offer.map(|offer| of.offer(offer)));
        let mut to = to.into_iter();
        let waits_for = hold.as_ref().map(|hold| hold.waits_for.clone()).unwrap_or_default();
        let rerouted = match hold {
            // The held row stays for who gets it later; whoever gets it now has a row of their own.
            Some(Hold { until, why, is_undated, .. }) => Rerouted::Held { until, why, is_undated },
            None => to.next().map_or(Rerouted::Done, |first| Rerouted::Given(first.endpoint, first.rep)),
        };
        if let Rerouted::Given(endpoint, _) = &rerouted {
            self.deliveries.push(DueDelivery { delivery: held.delivery, endpoint: *endpoint });
        }
        self.held.push(ReroutedDelivery { delivery: held.delivery, becomes: rerouted, waits_for });
        // A webhook and a mail of one rep are two deliveries of one lead.
        for to in to {
            let new = of.delivery(to, DeliveryId::from_uuid(uuid_v7(self.now)), self.now);
            self.deliveries.push(DueDelivery { delivery: new.id, endpoint: to.endpoint });
            self.new.push(NewDelivery { offer: said.clone(), ..new });
        }
        self.notes.extend(note.map(|note| (held.maturation, note)));
    }

    async fn write(&self, batch: &mut Transaction, offered_until: Timestamp) -> Result<(), StoreError> {
        let at = (self.now, offered_until);
        if !self.new.is_empty() {
            batch.maturations_write(&[], &self.new, at).await?;
        }
        batch.held_settle(&self.held, &self.notes, at).await?;
        batch.offers_write(&self.offers, self.now).await
    }
}
