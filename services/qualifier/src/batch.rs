//! The batch protocol: a batch of messages becomes leads, decisions and deliveries in one transaction.

use std::{collections::BTreeMap, time::Duration};

use jiff::{SignedDuration, Timestamp};
use ripen_domain::{
    appointment::Terms,
    calling::InvalidCalling,
    id::{DeliveryId, LeadId},
    routing::WaitingLead,
    said_by::SaidBy,
};
use ripen_runtime::random::uuid_v7;
use ripen_store::{
    StoreError, Transaction,
    appointment::change::AppointmentChange,
    arrival::{spool::SpoolKey, write::ArrivalBatch},
    criteria::document_cache::{Documents, UsableDocuments},
    decision::maturation::MaturationRow,
    delivery::{withdraw::CAN_BE_TAKEN_BACK, write::NewDelivery},
    live::{LiveKind, LiveNews},
    person::known_person::PersonRow,
    suppression::{
        found::FoundBarred,
        write::{ASKED, NewSuppression},
    },
};

use crate::{
    arrivals::{ArrivalRecorder, UnknownClient},
    assign::{Assigner, Hold, ToAssign},
    bodies, broken_criteria, calls,
    context::{self, QualifierContext},
    decide::{AgainA, BatchDecisions, Decider},
    do_not_contact, load_batch,
    maturation::{DueDelivery, MaturationRef},
    maturing_locks::{MaturingLockError, MaturingLocks},
    message::{Item, sorted},
    perhaps_same::{self, HeldLeads},
    person_updates, quarantined_wishes,
    set_aside::{SetAside, WhyAside},
    undo_time::UndoTimes,
    unit_of_work::{TrackedLead, UnitOfWork},
    updates,
};

/// So often a batch is run for what meets a lock: each time without more of it.
const RUNS: usize = 5;

/// Why a batch did not go through. Nothing of it happened.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// The database refused or is away.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A message names a client that is not there.
    #[error(transparent)]
    UnknownClient(#[from] UnknownClient),
    /// Somebody holds what A leads of it need to go out.
    #[error("somebody holds what an A lead needs to go out")]
    Held,
    /// Hours in which nobody could be called, which no configuration that was loaded has.
    #[error("the calling hours cannot be used")]
    Calling(#[from] InvalidCalling),
}

impl From<MaturingLockError> for DecideError {
    fn from(error: MaturingLockError) -> Self {
        match error {
            MaturingLockError::Held => Self::Held,
            MaturingLockError::Store(error) => Self::Store(error),
        }
    }
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
    /// The places of messages that were not decided, and why: they come again.
    pub set_aside: BTreeMap<usize, WhyAside>,
    /// What is wrong with criteria that cannot be loaded.
    pub broken_criteria: Option<String>,
}

/// Decides a batch in one transaction. Running it again is harmless. `spooled` are the rows in which the messages rest, in
/// their order, where they rest in rows.
///
/// # Errors
/// Says what to do: wait for the database, run again, or look for the message that is to blame.
pub async fn decide(ctx: &QualifierContext, items: &[&Item], spooled: &[SpoolKey]) -> Result<BatchReport, DecideError> {
    let mut aside = SetAside::default();
    for _ in 0..RUNS {
        let before = aside.count();
        match decide_once(ctx, items, spooled, &mut aside).await {
            Err(DecideError::Held) if aside.count() > before => {}
            ended => return ended,
        }
    }
    // Whoever runs it again meets others.
    Err(StoreError::Conflict("again and again somebody holds what its A leads need to go out".to_owned()).into())
}

/// Decides all but what was set aside.
async fn decide_once(
    ctx: &QualifierContext,
    items: &[&Item],
    spooled: &[SpoolKey],
    aside: &mut SetAside,
) -> Result<BatchReport, DecideError> {
    let mut batch = ctx.store.begin().await?;
    let decided = decide_within(ctx, &mut batch, (items, spooled), aside).await;
    let report = match decided {
        Ok(report) => report,
        Err(error) => {
            // Its halves are tried next: they would meet its own locks, and wait as if somebody else held them. A connection that
            // is gone has no transaction any more.
            if !matches!(error, DecideError::Store(StoreError::Unreachable(_)))
                && let Err(undone) = batch.roll_back().await
            {
                tracing::debug!(error = %undone, "a batch that failed is rolled back with its connection");
            }
            return Err(error);
        }
    };
    // Offers follow the commit: one of a row that is not there yet would be taken for done.
    batch.commit().await?;
    Ok(report)
}

/// Decides a batch in a transaction that the caller ends.
pub(crate) async fn decide_within(
    ctx: &QualifierContext,
    batch: &mut Transaction,
    (items, spooled): (&[&Item], &[SpoolKey]),
    aside: &mut SetAside,
) -> Result<BatchReport, DecideError> {
    let now = ctx.clock.now();
    let (arrivals, requalify) = sorted(items);
    let requalify = aside.without_held(&requalify);
    let same_within = SignedDuration::from_secs(i64::try_from(ctx.settings.intake.same_content_s).unwrap_or(600));
    batch.lock_patience(Duration::from_millis(ctx.settings.qualifier.lock_timeout_ms)).await?;
    // Before anything is written: whoever notes an id, or makes an anchor, that another is about to make waits for it.
    let arrivals = aside.lock(batch, arrivals).await?;
    let mut new_arrivals = load_batch::new_arrivals(batch, &arrivals, now).await?;
    let mut work_unit = load_batch::load(batch, &mut new_arrivals, &requalify, (same_within, &mut *aside)).await?;
    work_unit.repeats.append(&mut new_arrivals.same);
    work_unit.said_again.append(&mut new_arrivals.said_again);
    let UsableDocuments { found: documents, broken } = documents(batch, &ctx.documents, &work_unit).await?;
    if !broken.is_empty() {
        broken_criteria::leave(batch, (&mut new_arrivals, &mut work_unit), &broken, aside).await?;
    }
    let recorder = ArrivalRecorder { criteria: &documents, same_within, new_id: || uuid_v7(now) };
    for fresh in &new_arrivals.fresh {
        recorder.record(&mut work_unit, fresh)?;
    }
    if !work_unit.renamed.is_empty() {
        // Before it is asked who is suppressed, or has a lead already: they are reached under other things now.
        batch.persons_unlink(&work_unit.renamed).await?;
    }
    let wishes = do_not_contact::note(batch, &mut work_unit, &new_arrivals.fresh).await?;
    let unworked_wishes = quarantined_wishes::find(&work_unit, &new_arrivals.fresh);
    let hours = ctx.settings.calling.hours()?;
    calls::load(batch, &mut work_unit, &hours, now).await?;
    let decider = Decider { criteria: &documents, hours: &hours, now, new_id: || uuid_v7(now) };
    let mut decided = decider.decide(&mut work_unit);
    let BatchDecisions { maturations, .. } = &mut decided;
    // The best first, so that the last place of a day goes to the best lead of the batch and not to the first message.
    maturations.sort_by_key(|row| waiting(&work_unit, row));
    let mut locks = MaturingLocks { aside: &mut *aside, arrivals: &arrivals, fresh: &new_arrivals.fresh };
    let maturing = locks.persons(batch, &work_unit, &decided).await?;
    let mut held = perhaps_same::find(batch, &mut work_unit, maturing, now).await?;
    // After every decision: the client's row is held for as short as possible, and only where something matured.
    let team_state = locks.teams(batch, (&work_unit, &decided.matured()), now).await?;
    let assigner = Assigner::new(&work_unit, &documents, team_state, now);
    let undo = UndoTimes::of(&ctx.settings, &work_unit, now);
    let owed = assign(batch, assigner, (&mut decided, &mut held), &undo).await?;
    let report = BatchReport {
        set_aside: aside.places(items),
        broken_criteria: broken_criteria::words(&broken),
        ..report_of(&decided, &owed, new_arrivals.fresh.len())
    };
    let offered_until = now.saturating_add(ctx.offer()).unwrap_or(now);
    // Taken before the unit of work is consumed by the writes.
    let mut told = updates::updates(&work_unit, &decided, &undo, now);
    told.extend(person_updates::find(&work_unit, &decided, &undo, now));
    told.extend(updates::graded_down(&work_unit, &decided, &undo));
    told.extend(updates::graded_up(&work_unit, &decided, &undo));
    let news = news(&work_unit, &report);
    // The row of a message that was set aside is all that is left of it when the process ends.
    let keys = spooled.iter().zip(items).filter(|(_, item)| aside.why(item).is_none()).map(|(key, _)| *key);
    let spooled = &keys.collect::<Vec<_>>();
    write(batch, work_unit, (&decided, &owed), Settling { now, undo: &undo, offered_until, spooled }).await?;
    if !held.work.is_empty() {
        batch.same_person_ask(&held.work, now).await?;
        batch.deliveries_hold_as_same(&held.deliveries).await?;
    }
    if !held.pairs.is_empty() {
        batch.pairs_propose(&held.pairs, "one name at one number, with an extension and without", now).await?;
    }
    // After the writes: who is told depends on what the leads are now.
    if !told.is_empty() {
        batch.enqueue(&told, now).await?;
    }
    do_not_contact::follow(batch, &wishes, now).await?;
    quarantined_wishes::follow(batch, &unworked_wishes, now).await?;
    // Once for the whole batch; the database passes it on when the batch is committed.
    batch.live_tell(&news).await?;
    Ok(report)
}

/// What is new in it for whoever looks at leads.
fn news(work_unit: &UnitOfWork, report: &BatchReport) -> LiveNews {
    let mut news = LiveNews::default();
    for lead in work_unit.leads.values().filter(|lead| lead.changed) {
        news.add(LiveKind::Leads, Some(lead.row.client));
        if !report.deliveries.is_empty() {
            news.add(LiveKind::Deliveries, Some(lead.row.client));
        }
    }
    for kept in work_unit.arrivals.iter().filter(|arrival| arrival.quarantined.is_some()) {
        news.add(LiveKind::Queues, Some(kept.client));
    }
    news
}

async fn documents(
    batch: &mut Transaction,
    documents: &Documents,
    work_unit: &UnitOfWork,
) -> Result<UsableDocuments, StoreError> {
    // Sorted and each once: a batch has many leads and few versions.
    let mut wanted: Vec<_> = work_unit.work.values().filter_map(|work| work.criteria).collect();
    wanted.sort_unstable();
    wanted.dedup();
    // Over the batch's own connection: with a second one of the pool, as many batches as there are connections would wait for
    // each other.
    documents.usable_within(batch, &wanted).await
}

/// Assigns what matured, the best first, under the lock of the clients that route. Whose turn it is next is written here,
/// the deliveries by the caller.
async fn assign(
    batch: &mut Transaction,
    mut assigner: Assigner<'_>,
    (decided, held): (&mut BatchDecisions, &mut HeldLeads),
    undo: &UndoTimes,
) -> Result<Vec<NewDelivery>, StoreError> {
    let now = assigner.now();
    let BatchDecisions { maturations, by_hand, .. } = decided;
    let (mut deliveries, mut offers) = (Vec::new(), Vec::new());
    for row in maturations {
        let of = MaturationRef { client: row.client, lead: row.lead, maturation: row.id };
        // What a person of the firm did just before waits a little, because a slip at the desk cannot be taken back from a
        // client.
        let undo_until = undo.until(row.lead, by_hand.contains(&row.lead));
        if let Some(waits) = held.hold(of, DeliveryId::from_uuid(uuid_v7(now)), (now, undo_until)) {
            deliveries.push(waits);
            continue;
        }
        let new =
            ToAssign { lead: row.lead, matured_at: row.at, had: &[], dead: &[], offered: None, is_in_order: false };
        let assigned = assigner.assign(new);
        let new_id = || DeliveryId::from_uuid(uuid_v7(now));
        let due_at = undo_until.unwrap_or(now);
        let why = undo_until.map(|_| CAN_BE_TAKEN_BACK.to_owned());
        let offer = assigned.offer.as_ref().map(|offer| offer.said.clone());
        let all = assigned.to.iter().map(|to| of.delivery(*to, new_id(), now));
        deliveries.extend(all.map(|one| NewDelivery {
            due_at,
            why: why.clone(),
            offer: offer.clone(),
            undo_until,
            ..one
        }));
        offers.extend(assigned.offer.map(|offer| of.offer(offer)));
        // Not routed before it can no longer be taken back.
        let held = assigned.held.map(|held| Hold { until: held.until.max(due_at), ..held });
        deliveries.extend(held.map(|held| NewDelivery { undo_until, ..of.held(held, new_id()) }));
        row.routing = assigned.note;
    }
    // Last, when all leads of the batch are assigned: each client's counts are one row.
    if !assigner.turns.given.is_empty() {
        batch.turns_write(&assigner.turns).await?;
    }
    batch.offers_write(&offers, now).await?;
    Ok(deliveries)
}

fn waiting(work_unit: &UnitOfWork, row: &MaturationRow) -> WaitingLead {
    let decided = work_unit.leads.get(&row.lead).and_then(|lead| lead.row.decided);
    WaitingLead { lead: row.lead, score: decided.map_or(0, |last| last.score), matured_at: row.at }
}

fn report_of(decided: &BatchDecisions, owed: &[NewDelivery], arrivals: usize) -> BatchReport {
    let mut decisions = [0; 3];
    for decision in &decided.decisions {
        decisions[decision.grade as usize] += 1;
    }
    // Only what may go at once: an offer of what waits would be refused by the lease.
    let due = owed.iter().filter(|delivery| delivery.why.is_none());
    let now = due.filter_map(|delivery| Some(DueDelivery { delivery: delivery.id, endpoint: delivery.to?.endpoint }));
    BatchReport { arrivals, decisions, deliveries: now.collect(), ..BatchReport::default() }
}

#[derive(Clone, Copy)]
struct Settling<'a> {
    now: Timestamp,
    undo: &'a UndoTimes,
    offered_until: Timestamp,
    /// Messages that end with the batch.
    spooled: &'a [SpoolKey],
}

/// Leads of which everything ends, and why: those that this batch closed, and those of persons who must not be contacted.
fn ended(work_unit: &UnitOfWork, decided: &BatchDecisions, now: Timestamp) -> Vec<(LeadId, String)> {
    // Only what this batch changed: what hung on the others ended when they did.
    let changed = work_unit.leads.values().filter(|lead| lead.changed);
    let why = |lead: &TrackedLead| {
        let person = work_unit.persons.get(&lead.row.person);
        if person.is_some_and(|person| person.do_not_contact) {
            return Some("the person asked not to be contacted".to_owned());
        }
        // Closed by this very batch; a lead closed earlier had its appointments ended then.
        let closed = lead.row.closed.as_ref().filter(|closed| closed.at == now);
        closed.map(|closed| format!("the lead was closed: {}", closed.why))
    };
    let mut ended: BTreeMap<_, _> = changed.filter_map(|lead| Some((lead.row.id, why(lead)?))).collect();
    // Also where the criteria have no gate for it: nothing more of them goes out, and nobody meets the person.
    for lead in &decided.barred {
        ended.entry(*lead).or_insert_with(|| "the person must not be contacted".to_owned());
    }
    ended.into_iter().collect()
}

/// Step 5: one statement per aggregate, in an order that every writer keeps.
async fn write(
    batch: &mut Transaction,
    work_unit: UnitOfWork,
    (decided, owed): (&BatchDecisions, &[NewDelivery]),
    at: Settling<'_>,
) -> Result<(), StoreError> {
    // Before the unit of work is taken apart for the statements.
    let ended = ended(&work_unit, decided, at.now);
    let found = do_not_contact::found(&work_unit, decided);
    let persons: Vec<_> = work_unit
        .persons
        .into_iter()
        .filter(|(_, person)| person.changed)
        .map(|(id, person)| PersonRow { id, client: person.client, profile: person.profile })
        .collect();
    let leads: Vec<_> = work_unit.leads.into_values().filter(|lead| lead.changed).map(|lead| lead.row).collect();
    // A statement without rows is a round trip for nothing, and most batches have few of these.
    // Persons before arrivals and leads, which refer to them.
    if !persons.is_empty() || !work_unit.new_identities.is_empty() {
        batch.persons_write(persons, &work_unit.new_identities, at.now).await?;
    }
    if !work_unit.replaced.is_empty() {
        batch.identities_replaced(&work_unit.replaced).await?;
    }
    for (pairs, why) in [
        (&work_unit.pairs, "an enquiry fits both"),
        (&work_unit.pairs_born_alike, "reached in one place, and born on one day"),
        (&work_unit.pairs_named_alike, "reached in one place, and their names are nearly one"),
    ] {
        if !pairs.is_empty() {
            batch.pairs_propose(pairs, why, at.now).await?;
        }
    }
    if !work_unit.newly_barred.is_empty() {
        batch.persons_must_not_be_contacted(&work_unit.newly_barred, at.now).await?;
    }
    if !work_unit.arrivals.is_empty() || !at.spooled.is_empty() {
        let (arrivals, answers, notes) = (work_unit.arrivals, &work_unit.answers, &work_unit.notes);
        batch.arrivals_write(ArrivalBatch { arrivals, answers, notes, spooled: at.spooled }).await?;
    }
    bodies::write_repeated(batch, &work_unit.repeats, &work_unit.said_again).await?;
    // Promises end before `leads_write` makes new ones: one open promise of a kind at a time, by a unique index.
    if !decided.ended.is_empty() {
        batch.promises_end(&decided.ended, at.now).await?;
    }
    if !decided.put_off.is_empty() {
        batch.promises_put_off(&decided.put_off).await?;
    }
    // Before the leads are written, while whoever has the appointment can still be told of a lead that is open.
    if !ended.is_empty() {
        let (actor, terms) = (context::actor(), Terms::default());
        let change = AppointmentChange { actor: &actor, terms: &terms, now: at.now, fresh_id: uuid_v7 };
        batch.leads_let_go(&ended, change).await?;
    }
    if !leads.is_empty() {
        batch.leads_write(&leads, &decided.decisions, &decided.made, at.now).await?;
    }
    for join in &decided.joined {
        batch.lead_join(*join, &context::actor(), at.now).await?;
    }
    for statement in &work_unit.moved {
        batch.statement_move(statement, at.now).await?;
    }
    write_deliveries(batch, (decided, owed, &found), at).await?;
    // After the arrivals and their leads: what somebody left beside is read out of them.
    if !work_unit.to_suppress.is_empty() {
        let actor = context::actor();
        let new = NewSuppression { client: None, why: ASKED, by: SaidBy::Actor(&actor), at: at.now };
        batch.suppress_persons(&work_unit.to_suppress, &new).await?;
    }
    // At the version that was read: a fact that changed since has a higher one, and its regrade stays.
    if !decided.regraded.is_empty() {
        batch.regrades_delete(&decided.regraded, at.now).await?;
    }
    Ok(())
}

/// What is to be delivered of what was decided, and what no more.
async fn write_deliveries(
    batch: &mut Transaction,
    (decided, owed, found): (&BatchDecisions, &[NewDelivery], &FoundBarred),
    at: Settling<'_>,
) -> Result<(), StoreError> {
    // Deliveries that this batch makes come afterwards, so that a lead that is A again keeps its new ones.
    if !decided.withdrawn.is_empty() {
        batch.deliveries_withdraw(&decided.withdrawn, at.now).await?;
        // With nothing held there is nothing to ask; an A that comes again is asked about again.
        batch.same_person_end(&decided.withdrawn, None, at.now).await?;
    }
    if !decided.again.is_empty() {
        // What a person did can be taken back for a while.
        let owed = |again: &AgainA| again.owed(at.undo.due_at(again.lead, again.by_hand));
        let again: Vec<_> = decided.again.iter().map(owed).collect();
        batch.deliveries_owe_again(&again, at.now).await?;
    }
    if !decided.maturations.is_empty() {
        batch.maturations_write(&decided.maturations, owed, (at.now, at.offered_until)).await?;
    }
    batch.suppression_found(found, at.now).await
}
