//! The batch protocol: a batch of messages becomes leads, decisions and deliveries in one transaction.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use ripen_domain::{
    appointment::Terms,
    arrival::Arrival,
    calling::InvalidCalling,
    criteria::Criteria,
    delivery::{EventDetail, LeadUpdate, UpdateKind},
    id::{CriteriaId, DeliveryId, LeadId},
    lead::Grade,
    routing::WaitingLead,
};
use ripen_runtime::random::uuid_v7;
use ripen_store::{
    StoreError, Transaction,
    appointment::change::AppointmentChange,
    arrival::{spool::SpoolKey, write::Brought},
    criteria::load::{BrokenCriteria, Documents},
    decision::maturation::MaturationRow,
    delivery::{event::Event, write::NewDelivery},
    lead::load::LeadRow,
    person::record::PersonRow,
};

use crate::{
    arrivals::{ArrivalRecorder, UnknownClient},
    assign::{Assigner, TeamState, ToAssign},
    calls,
    context::{self, QualifierContext},
    decide::{BatchDecisions, Decider},
    load,
    maturation::{DueDelivery, MaturationRef},
    message::{Item, RequalifyLead},
    unit_of_work::{TrackedLead, UnitOfWork},
};

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
pub struct BatchReport {
    /// Arrivals that were new.
    pub arrivals: usize,
    /// Decisions made, by grade A, B, C.
    pub decisions: [usize; 3],
    /// Deliveries to be attempted now.
    pub deliveries: Vec<DueDelivery>,
}

/// Decides a batch in one transaction. Running it again is harmless.
///
/// # Errors
/// Says what to do: wait for the database, run again, or look for the message that is to blame.
pub async fn decide(ctx: &QualifierContext, items: &[&Item], spooled: &[SpoolKey]) -> Result<BatchReport, DecideError> {
    let now = ctx.clock.now();
    let (arrivals, requalify) = sorted(items);
    let same_within = SignedDuration::from_secs(i64::try_from(ctx.settings.intake.same_content_s).unwrap_or(600));
    let mut batch = ctx.store.begin().await?;
    // Before any lock: what came before needs none.
    let new_arrivals = load::new_arrivals(&mut batch, &arrivals, now).await?;
    let mut work_unit = load::load(&mut batch, &new_arrivals, &requalify, same_within).await?;
    let recorder = ArrivalRecorder { same_within, new_id: || uuid_v7(now) };
    for fresh in &new_arrivals.fresh {
        recorder.record(&mut work_unit, fresh)?;
    }
    let documents = documents(&ctx.documents, &work_unit).await?;
    let hours = ctx.settings.calling.hours()?;
    calls::load(&mut batch, &mut work_unit, &hours, now).await?;
    let decider = Decider { criteria: &documents, hours: &hours, now, new_id: || uuid_v7(now) };
    let mut decided = decider.decide(&mut work_unit);
    let team_state = TeamState::read(&mut batch, &work_unit, &decided.matured(), now).await?;
    let assigner = Assigner::new(&work_unit, &documents, team_state, now);
    let owed = assign(&mut batch, assigner, &mut decided, ctx.undo()).await?;
    let report = report_of(&decided, &owed, new_arrivals.fresh.len());
    let offered_until = now.saturating_add(ctx.offer()).unwrap_or(now);
    let updates = updates(&work_unit, now);
    write(&mut batch, work_unit, (&decided, &owed), Settling { now, offered_until, spooled }).await?;
    if !updates.is_empty() {
        batch.enqueue(&updates, now).await?;
    }
    // Offers follow the commit: one of a row that is not there yet would be taken for done.
    batch.commit().await?;
    Ok(report)
}

fn sorted<'a>(items: &[&'a Item]) -> (Vec<&'a Arrival>, Vec<RequalifyLead>) {
    let mut arrivals = Vec::new();
    let mut requalify = Vec::new();
    for item in items {
        match item {
            Item::Arrival(arrival) => arrivals.push(arrival.as_ref()),
            Item::Requalify(message) => requalify.push(*message),
        }
    }
    // The same promise may be offered twice: the sweeper offers again what was not confirmed.
    requalify.sort_unstable();
    requalify.dedup();
    (arrivals, requalify)
}

async fn documents(
    documents: &Documents,
    work_unit: &UnitOfWork,
) -> Result<BTreeMap<CriteriaId, Arc<Criteria>>, DecideError> {
    let mut wanted: Vec<_> = work_unit.work.values().filter_map(|work| work.criteria).collect();
    wanted.sort_unstable();
    wanted.dedup();
    Ok(documents.get(&wanted).await?)
}

/// Assigns what matured, the best first, under the lock of the clients that route. Whose turn it is next is written here,
/// the deliveries by the caller.
async fn assign(
    batch: &mut Transaction,
    mut assigner: Assigner<'_>,
    decided: &mut BatchDecisions,
    undo: SignedDuration,
) -> Result<Vec<NewDelivery>, StoreError> {
    let now = assigner.now();
    let undo_until = now.saturating_add(undo).unwrap_or(now);
    let BatchDecisions { maturations, by_hand, .. } = decided;
    maturations.sort_by_key(|row| waiting(assigner.work_unit(), row));
    let (mut deliveries, mut offers) = (Vec::new(), Vec::new());
    for row in maturations {
        let assigned = assigner.assign(ToAssign { lead: row.lead, matured_at: row.at, had: &[], offered: None });
        let of = MaturationRef { client: row.client, lead: row.lead, maturation: row.id };
        let new_id = || DeliveryId::from_uuid(uuid_v7(now));
        let (due_at, why) = match by_hand.contains(&row.lead) {
            true => (undo_until, Some("can be taken back until then".to_owned())),
            false => (now, None),
        };
        let offered_until = assigned.offer.as_ref().map(|offer| offer.until);
        let all = assigned.to.iter().map(|to| of.delivery(*to, new_id(), now));
        deliveries.extend(all.map(|one| NewDelivery { due_at, why: why.clone(), offered_until, ..one }));
        offers.extend(assigned.offer.map(|offer| of.offer(offer)));
        deliveries.extend(assigned.held.map(|held| of.held(held, new_id())));
        row.routing = assigned.note;
    }
    if !assigner.turns.given.is_empty() {
        batch.turns_write(&assigner.turns).await?;
    }
    batch.offers_write(&offers, now).await?;
    Ok(deliveries)
}

fn waiting(work_unit: &UnitOfWork, row: &MaturationRow) -> WaitingLead {
    let decided = work_unit.leads.get(&row.lead).and_then(|lead| lead.row.decided);
    WaitingLead { lead: row.lead, score: decided.map_or(0, |(_, _, _, score)| score), matured_at: row.at }
}

/// What endpoints are told of A leads that they have: something arrived on them again.
fn updates(work_unit: &UnitOfWork, now: Timestamp) -> Vec<Event> {
    let is_a = |row: &LeadRow| row.decided.is_some_and(|(_, _, grade, _)| grade == Grade::A);
    let known =
        work_unit.leads.values().filter(|lead| is_a(&lead.row) && lead.row.matured_at.is_some_and(|at| at < now));
    let new_arrivals = known.filter_map(|lead| {
        let arrival = lead.arrived.last()?;
        let update =
            LeadUpdate { kind: UpdateKind::Arrival.into(), arrival: (*arrival).into(), ..LeadUpdate::default() };
        let detail = EventDetail::Updated(update);
        Some(Event { lead: lead.row.id, detail, cause: arrival.uuid(), mailed: true, due_at: now })
    });
    new_arrivals.collect()
}

fn report_of(decided: &BatchDecisions, owed: &[NewDelivery], arrivals: usize) -> BatchReport {
    let mut decisions = [0; 3];
    for decision in &decided.decisions {
        decisions[decision.grade as usize] += 1;
    }
    let due = owed.iter().filter(|delivery| delivery.why.is_none());
    let now = due.filter_map(|delivery| Some(DueDelivery { delivery: delivery.id, endpoint: delivery.to?.0 }));
    BatchReport { arrivals, decisions, deliveries: now.collect() }
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
fn ended(work_unit: &UnitOfWork, now: Timestamp) -> Vec<(LeadId, String)> {
    let changed = work_unit.leads.values().filter(|lead| lead.changed);
    let why = |lead: &TrackedLead| {
        let person = work_unit.persons.get(&lead.row.person);
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
    work_unit: UnitOfWork,
    (decided, owed): (&BatchDecisions, &[NewDelivery]),
    at: Settling<'_>,
) -> Result<(), StoreError> {
    let ended = ended(&work_unit, at.now);
    let persons: Vec<_> = work_unit
        .persons
        .into_iter()
        .filter(|(_, person)| person.changed)
        .map(|(id, person)| PersonRow { id, client: person.client, profile: person.profile })
        .collect();
    let leads: Vec<_> = work_unit.leads.into_values().filter(|lead| lead.changed).map(|lead| lead.row).collect();
    // A statement without rows is a round trip for nothing, and most batches have few of these.
    if !persons.is_empty() || !work_unit.new_identities.is_empty() {
        batch.persons_write(persons, &work_unit.new_identities, at.now).await?;
    }
    if !work_unit.arrivals.is_empty() || !at.spooled.is_empty() {
        let (answers, notes) = (&work_unit.answers, &work_unit.notes);
        batch.arrivals_write(Brought { arrivals: work_unit.arrivals, answers, notes, spooled: at.spooled }).await?;
    }
    if !work_unit.repeats.is_empty() {
        batch.arrivals_end_same(&work_unit.repeats).await?;
    }
    if !decided.ended.is_empty() {
        batch.promises_end(&decided.ended, at.now).await?;
    }
    if !decided.put_off.is_empty() {
        batch.promises_put_off(&decided.put_off).await?;
    }
    if !ended.is_empty() {
        let (actor, terms) = (context::actor(), Terms::default());
        let change = AppointmentChange { actor: &actor, terms: &terms, now: at.now, fresh_id: uuid_v7 };
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
