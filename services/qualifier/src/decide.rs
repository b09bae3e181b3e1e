//! The batch protocol: a batch of messages becomes leads, decisions and deliveries in one transaction.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use ripen_domain::{
    appointment::Terms,
    arrival::Arrival,
    calling::InvalidCalling,
    criteria::Criteria,
    delivery::EventType,
    id::{ClientId, CriteriaId, DeliveryId, EndpointId, LeadId, MaturationId, RepId},
    lead::Grade,
    routing::{RecipientId, Tier, Waiting},
};
use ripen_runtime::random::uuid_v7;
use ripen_store::{
    StoreError, Transaction,
    appointment::book::Change,
    arrival::{spool::SpoolKey, write::Brought},
    criteria::load::{BrokenCriteria, Documents},
    decision::maturation::MaturationRow,
    delivery::{event::News, offer::NewOffer, write::NewDelivery},
    lead::load::LeadRow,
    person::record::PersonRow,
};

use crate::{
    Context,
    absorb::{Absorber, UnknownClient},
    assign::{Giver, Ripe, Standing},
    draft::{Draft, DraftLead},
    gather,
    grade::{Decided, Decider},
    message::{Item, Requalify},
};

/// Who cancels the appointments of leads that criteria close.
const BY: &str = "criteria";

/// Why a batch did not go through. Nothing of it happened.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// The database refused or is away.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A message names a client that is not there.
    #[error(transparent)]
    UnknownClient(#[from] UnknownClient),
    /// A stored document cannot be loaded by this version.
    #[error(transparent)]
    Criteria(#[from] BrokenCriteria),
    /// Hours in which nobody could be called, which no configuration that was loaded has.
    #[error("the calling hours cannot be used")]
    Calling(#[from] InvalidCalling),
}

/// What a batch did.
#[derive(Debug, Default)]
pub struct Report {
    /// Arrivals that were new.
    pub arrivals: usize,
    /// Decisions made, by grade A, B, C.
    pub decisions: [usize; 3],
    /// Deliveries to be attempted now, and where to.
    pub deliveries: Vec<(DeliveryId, EndpointId)>,
}

/// Decides a batch in one transaction. Running it again is harmless.
///
/// # Errors
/// Says what to do: wait for the database, run again, or look for the message that is to blame.
pub async fn decide(ctx: &Context, items: &[&Item], spooled: &[SpoolKey]) -> Result<Report, DecideError> {
    let now = ctx.clock.now();
    let (arrivals, requalify) = sorted(items);
    let same_within = SignedDuration::from_secs(i64::try_from(ctx.settings.intake.same_content_s).unwrap_or(600));
    let mut batch = ctx.store.begin().await?;
    let news = gather::news(&mut batch, &arrivals, now).await?;
    let mut draft = gather::gather(&mut batch, &news, &requalify, same_within).await?;
    let absorber = Absorber { same_within, fresh_id: || uuid_v7(now) };
    for fresh in &news.fresh {
        absorber.absorb(&mut draft, fresh)?;
    }
    let documents = documents(&ctx.documents, &draft).await?;
    let hours = ctx.settings.calling.hours()?;
    let decider = Decider { criteria: &documents, hours: &hours, now, fresh_id: || uuid_v7(now) };
    let mut decided = decider.decide(&mut draft);
    let owed = assign(&mut batch, &draft, &documents, &mut decided, (now, ctx.undo())).await?;
    let report = report_of(&decided, &owed, news.fresh.len());
    let offered_until = now.saturating_add(ctx.offer()).unwrap_or(now);
    let updates = updates(&draft, now);
    write(&mut batch, draft, (&decided, &owed), Settling { now, offered_until, spooled }).await?;
    if !updates.is_empty() {
        batch.tell(&updates, now).await?;
    }
    batch.commit().await?;
    Ok(report)
}

fn sorted<'a>(items: &[&'a Item]) -> (Vec<&'a Arrival>, Vec<Requalify>) {
    let mut arrivals = Vec::new();
    let mut requalify = Vec::new();
    for item in items {
        match item {
            Item::Arrival(arrival) => arrivals.push(arrival.as_ref()),
            Item::Requalify(message) => requalify.push(*message),
        }
    }
    requalify.sort_unstable();
    requalify.dedup();
    (arrivals, requalify)
}

async fn documents(documents: &Documents, draft: &Draft) -> Result<BTreeMap<CriteriaId, Arc<Criteria>>, DecideError> {
    let mut wanted: Vec<_> = draft.work.values().filter_map(|work| work.criteria).collect();
    wanted.sort_unstable();
    wanted.dedup();
    Ok(documents.get(&wanted).await?)
}

/// Says to whom goes what matured: the best first, and under the lock of their clients where they route. Whose turn it is
/// is written here, what is owed later.
async fn assign(
    batch: &mut Transaction,
    draft: &Draft,
    criteria: &BTreeMap<CriteriaId, Arc<Criteria>>,
    decided: &mut Decided,
    (now, undo): (Timestamp, SignedDuration),
) -> Result<Vec<NewDelivery>, StoreError> {
    let Decided { maturations, by_hand, .. } = decided;
    let undo = (now.saturating_add(undo).unwrap_or(now), Some("can be taken back until then".to_owned()));
    let leads: Vec<_> = maturations.iter().map(|row| row.lead).collect();
    let standing = Standing::read(batch, draft, &leads, now).await?;
    maturations.sort_by_key(|row| waiting(draft, row));
    let mut giver = Giver::new(draft, criteria, standing, now);
    let (mut deliveries, mut offers) = (Vec::new(), Vec::new());
    for row in maturations {
        let given = giver.give(Ripe { lead: row.lead, matured_at: row.at, had: &[], offered: None });
        let id = || DeliveryId::from_uuid(uuid_v7(now));
        let of = (row.client, row.lead, row.id);
        let (due_at, why) = if by_hand.contains(&row.lead) { undo.clone() } else { (now, None) };
        let offered_until = given.offer.as_ref().map(|(_, _, until)| *until);
        let all = given.to.iter().map(|to| owed(of, *to, (id(), now)));
        deliveries.extend(all.map(|one| NewDelivery { due_at, why: why.clone(), offered_until, ..one }));
        offers.extend(given.offer.map(|offer| offered(row.id, offer)));
        deliveries.extend(given.held.map(|held| later(of, held, id())));
        row.routing = given.note;
    }
    if !giver.turns.given.is_empty() {
        batch.turns_write(&giver.turns).await?;
    }
    batch.offers_write(&offers, now).await?;
    Ok(deliveries)
}

fn waiting(draft: &Draft, row: &MaturationRow) -> Waiting {
    let decided = draft.leads.get(&row.lead).and_then(|lead| lead.row.decided);
    Waiting { lead: row.lead, score: decided.map_or(0, |(_, _, _, score)| score), matured_at: row.at }
}

/// Whose lead, which one, and its maturation.
pub type Of = (ClientId, LeadId, MaturationId);

/// A delivery that a maturation asks for, to be attempted now.
pub fn owed(
    (client, lead, maturation): Of,
    to: (EndpointId, Option<RepId>),
    (id, now): (DeliveryId, Timestamp),
) -> NewDelivery {
    NewDelivery { id, client, lead, maturation, offered_until: None, to: Some(to), due_at: now, why: None }
}

/// An offer to be kept.
pub fn offered(maturation: MaturationId, (tier, to, until): (Tier, Vec<RecipientId>, Timestamp)) -> NewOffer {
    NewOffer { maturation, tier, to, until }
}

/// One that nobody can take yet.
fn later((client, lead, maturation): Of, (due_at, why): (Timestamp, String), id: DeliveryId) -> NewDelivery {
    NewDelivery { id, client, lead, maturation, offered_until: None, to: None, due_at, why: Some(why) }
}

/// What endpoints are told of A leads that they have: something arrived on them again.
fn updates(draft: &Draft, now: Timestamp) -> Vec<News> {
    let is_a = |row: &LeadRow| row.decided.is_some_and(|(_, _, grade, _)| grade == Grade::A);
    let known = draft.leads.values().filter(|lead| is_a(&lead.row) && lead.row.matured_at.is_some_and(|at| at < now));
    let news = known.filter_map(|lead| {
        let arrival = lead.arrived.last()?;
        let said = serde_json::json!({"kind": "arrival", "arrival": arrival});
        Some(News {
            lead: lead.row.id,
            event: EventType::LeadUpdated,
            cause: arrival.uuid(),
            said,
            mailed: true,
            due_at: now,
        })
    });
    news.collect()
}

fn report_of(decided: &Decided, owed: &[NewDelivery], arrivals: usize) -> Report {
    let mut decisions = [0; 3];
    for decision in &decided.decisions {
        decisions[decision.grade as usize] += 1;
    }
    let due = owed.iter().filter(|delivery| delivery.why.is_none());
    let now = due.filter_map(|delivery| Some((delivery.id, delivery.to?.0)));
    Report { arrivals, decisions, deliveries: now.collect() }
}

#[derive(Clone, Copy)]
struct Settling<'a> {
    now: Timestamp,
    offered_until: Timestamp,
    /// Messages that end with the batch.
    spooled: &'a [SpoolKey],
}

/// Leads whose appointments are off, and why: those that this batch closed, and those of persons who asked not to be
/// contacted.
fn ended(draft: &Draft, now: Timestamp) -> Vec<(LeadId, String)> {
    let changed = draft.leads.values().filter(|lead| lead.changed);
    let why = |lead: &DraftLead| {
        let person = draft.persons.get(&lead.row.person);
        if person.is_some_and(|person| person.do_not_contact) {
            return Some("the person asked not to be contacted".to_owned());
        }
        let closed = lead.row.closed.as_ref().filter(|(at, _)| *at == now);
        closed.map(|(_, why)| format!("the lead was closed: {why}"))
    };
    changed.filter_map(|lead| Some((lead.row.id, why(lead)?))).collect()
}

/// Step 5: one statement per aggregate, in an order that every writer keeps.
async fn write(
    batch: &mut Transaction,
    draft: Draft,
    (decided, owed): (&Decided, &[NewDelivery]),
    at: Settling<'_>,
) -> Result<(), StoreError> {
    let ended = ended(&draft, at.now);
    let persons: Vec<_> = draft
        .persons
        .into_iter()
        .filter(|(_, person)| person.changed)
        .map(|(id, person)| PersonRow { id, client: person.client, profile: person.profile })
        .collect();
    let leads: Vec<_> = draft.leads.into_values().filter(|lead| lead.changed).map(|lead| lead.row).collect();
    if !persons.is_empty() || !draft.links.is_empty() {
        batch.persons_write(persons, &draft.links, at.now).await?;
    }
    if !draft.arrivals.is_empty() || !at.spooled.is_empty() {
        let (answers, notes) = (&draft.answers, &draft.notes);
        batch.arrivals_write(Brought { arrivals: draft.arrivals, answers, notes, spooled: at.spooled }).await?;
    }
    if !draft.same.is_empty() {
        batch.arrivals_end_same(&draft.same).await?;
    }
    if !decided.ended.is_empty() {
        batch.promises_end(&decided.ended, at.now).await?;
    }
    if !decided.put_off.is_empty() {
        batch.promises_put_off(&decided.put_off).await?;
    }
    if !ended.is_empty() {
        let (terms, fresh_id) = (Terms::default(), || uuid_v7(at.now));
        let change = Change { by: BY, terms: &terms, now: at.now, fresh_id: &fresh_id };
        batch.appointments_end(&ended, change).await?;
    }
    if !leads.is_empty() {
        batch.leads_write(&leads, &decided.decisions, &decided.made, at.now).await?;
    }
    if !decided.withdrawn.is_empty() {
        batch.deliveries_withdraw(&decided.withdrawn, "the lead is no longer A", at.now).await?;
    }
    if !decided.maturations.is_empty() {
        batch.maturations_write(&decided.maturations, owed, (at.now, at.offered_until)).await?;
    }
    if !decided.regraded.is_empty() {
        batch.regrades_delete(&decided.regraded).await?;
    }
    Ok(())
}
