//! Steps 1 to 4 of the batch protocol: which messages are new, the locks, and the facts read under them.
//!
//! What makes another post the same arrival depends on what its sender gave (`Keys::ids` of the domain makes the ids; the first of these
//! that is there decides). "Repeats" is told of a message that ends without an arrival of its own; "variant" and "return" are ids that are
//! made of the first one, so that a retry of that very body has the same again:
//!
//! | the sender gave | id | the same body again | another body again | who says so |
//! |---|---|---|---|---|
//! | an external id | `x:` and it | repeats; but after another one it counts again: an amendment under a `return_id` | an amendment under a `variant_id`; of a visitor who may be another person, or of one body too many, an arrival of its own under a `variant_id` | [`bodies`] |
//! | that, and an Idempotency-Key | the same; the key is noted beside it | a retry: repeats, even where another body counts by now | quarantined as `key_reused`, under a `variant_id` of the key | [`key_conflicts`], then [`bodies`] |
//! | an Idempotency-Key alone | `k:` and it; of an element of an array with what it says | repeats | quarantined as `key_reused`, under a `variant_id` | [`variants`] |
//! | a program's key at the desk | a `variant_id` of `k:` and it; the key is noted beside it | repeats | quarantined as `key_reused`, under its own id | [`key_conflicts`] |
//! | a form's `_sid` alone | `s:`, it and what was typed | repeats within an hour; after something else, or later, an enquiry or a correction under a `return_id` | within an hour, of a name that may be the same visitor's, a correction of the first; else an arrival of its own | [`forms`] |
//! | nothing | a new one each time | repeats, of one person and within some minutes | an arrival of its own | [`same_content`] |
//!
//! Whatever id it came under, what an earlier version stored under another one is the same as that ([`key_conflicts::take_out_former`]), and
//! what is quarantined has an id of its own, so that an honest post after it is no repetition.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use ripen_domain::{
    arrival::{Arrival, QuarantineReason, Sameness, variant_id},
    contact::Identity,
    id::{ArrivalId, ClientId, LeadId, PersonId},
    promise::State,
};
use ripen_store::{
    StoreError, Transaction,
    arrival::bodies_per_key::SaidAgain,
    person::identity::{ClientIdentity, NewIdentity},
};

use crate::{
    births, bodies, forms,
    key_conflicts::{self, NotedKeys},
    message::RequalifyLead,
    moved_program,
    new_arrival::NewArrival,
    other_enquiries, quarantined_wishes, same_content,
    set_aside::{SetAside, WhyAside, taken_along},
    unit_of_work::{RepeatedArrival, TrackedLead, UnitOfWork},
};

/// What step 1 found.
#[derive(Debug, Default)]
pub struct NewArrivals<'a> {
    /// New messages, oldest first; what corrects another comes after all that does not.
    pub fresh: Vec<NewArrival<'a>>,
    /// Messages that are the same as an arrival under another id, as a key or an id of an earlier version says.
    pub same: Vec<RepeatedArrival>,
    /// What is known and was said again, with when.
    pub said_again: Vec<SaidAgain>,
    /// Identities that nobody had before: locked, and leading to no person.
    pub(crate) anchored: BTreeSet<(ClientId, Identity)>,
    /// Keys that came with this batch first.
    brought: BTreeSet<ArrivalId>,
}

/// Step 1: notes every id as seen and keeps what is new. Another body under a known id is an amendment or, under an
/// Idempotency-Key, quarantined; the same body again is done.
pub async fn new_arrivals<'a>(
    batch: &mut Transaction,
    arrivals: &[&'a Arrival],
    now: Timestamp,
) -> Result<NewArrivals<'a>, StoreError> {
    let mut first: BTreeMap<ArrivalId, NewArrival<'a>> = BTreeMap::new();
    let mut again: Vec<&'a Arrival> = Vec::new();
    let mut new_arrivals = NewArrivals::default();
    new_arrivals.note_released(batch, arrivals, now).await?;
    let mut fresh: Vec<&'a Arrival> = arrivals.iter().copied().filter(|arrival| !arrival.is_released).collect();
    // Of two bodies under one id that meet in a batch the one that was received first is the original.
    fresh.sort_by_key(|arrival| arrival.received_at);
    let NotedKeys { reused, retries, brought } =
        key_conflicts::note(batch, &mut fresh, &mut new_arrivals.same, now).await?;
    new_arrivals.brought = brought;
    for arrival in fresh {
        // Two in one batch: the insert below would see one row twice.
        if let Some(earlier) = first.get(&arrival.id) {
            // Whether one that says the same comes back after another is told by all of them.
            let may_come_back = matches!(arrival.sameness, Sameness::ExternalId | Sameness::Form);
            if earlier.arrival.content != arrival.content || may_come_back {
                again.push(arrival);
            }
        } else {
            first.insert(arrival.id, NewArrival::of(arrival));
        }
    }
    // First all ids as they came; only what conflicts is looked at more closely, in later statements.
    let known = if first.is_empty() { Vec::new() } else { new_arrivals.note(batch, first, now).await? };
    again.extend(known.iter().map(|fresh| fresh.arrival));
    key_conflicts::take_out_former(batch, &mut new_arrivals.fresh, &mut new_arrivals.same).await?;
    let by = |sameness: Sameness| move |arrival: &&Arrival| arrival.sameness == sameness;
    let (external, others): (Vec<_>, Vec<_>) = again.into_iter().partition(by(Sameness::ExternalId));
    let (of_forms, others): (Vec<_>, Vec<_>) = others.into_iter().partition(by(Sameness::Form));
    let mut variants = variants(differing(batch, &known, others).await?);
    let NewArrivals { fresh, said_again, .. } = &mut new_arrivals;
    variants.extend(bodies::correct(batch, fresh, (external, &retries), said_again).await?);
    variants.extend(forms::correct(batch, fresh, of_forms, said_again).await?);
    variants.extend(reused.into_iter().map(|fresh| (fresh.id, fresh)));
    if !variants.is_empty() {
        // Under ids of their own, noted like any other: a variant that was seen before is done, too.
        new_arrivals.note(batch, variants, now).await?;
    }
    // Corrections last, because what they correct may be in this batch. Then by time: the decision names them in this
    // order.
    new_arrivals.fresh.sort_by_key(|fresh| (fresh.amends.is_some(), fresh.arrival.received_at, fresh.id));
    Ok(new_arrivals)
}

impl<'a> NewArrivals<'a> {
    /// Keeps those that were let go out of the quarantine and that no batch took in since: their ids were seen before.
    async fn note_released(
        &mut self,
        batch: &mut Transaction,
        arrivals: &[&'a Arrival],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let released: BTreeMap<_, _> =
            arrivals.iter().filter(|one| one.is_released).map(|one| (one.id, *one)).collect();
        if released.is_empty() {
            return Ok(());
        }
        let ids: Vec<_> = released.keys().copied().collect();
        // The guard on how it ended makes the second of two offers find nothing to do.
        let noted = batch.arrivals_note_released(&ids, now).await?;
        let fresh =
            |id| released.get(&id).map(|arrival| NewArrival { id, quarantine: None, ..NewArrival::of(arrival) });
        self.fresh.extend(noted.into_iter().filter_map(fresh));
        let arrivals: Vec<_> = self.fresh.iter().map(|fresh| fresh.arrival).collect();
        self.same.extend(key_conflicts::note_released(batch, &arrivals, now).await?);
        // What is quarantined makes no anchors, and what has none cannot be locked.
        let identities = self.fresh.iter().flat_map(NewArrival::identities);
        let wanted = identities.map(|said| (said.of.client, said.of.identity)).collect();
        batch.identities_anchor(&wanted).await
    }

    /// Those that touch a person and a lead.
    fn worked(&self) -> impl Iterator<Item = &NewArrival<'a>> {
        self.fresh.iter().filter(|fresh| fresh.quarantine.is_none())
    }

    /// Takes arrivals out of the batch, with what came under one key with them: their ids are as unseen as before.
    pub(crate) async fn leave(
        &mut self,
        batch: &mut Transaction,
        (aside, why): (&mut SetAside, WhyAside),
        which: impl Fn(&NewArrival<'_>) -> bool,
    ) -> Result<(), StoreError> {
        let taken = taken_along(&self.fresh, |fresh| which(fresh) || aside.has_arrival(fresh.arrival.id));
        taken.into_iter().for_each(|place| aside.leave(self.fresh[place].arrival.id, why));
        let (left, stay) = std::mem::take(&mut self.fresh)
            .into_iter()
            .partition::<Vec<_>, _>(|fresh| aside.has_arrival(fresh.arrival.id));
        self.fresh = stay;
        // What was let go out of the quarantine was seen before, and is taken in only once: it is quarantined again until then.
        let (released, left): (Vec<_>, Vec<_>) = left.iter().partition(|fresh| fresh.arrival.is_released);
        let ids = |some: Vec<&NewArrival<'_>>| some.into_iter().map(|fresh| fresh.id).collect::<Vec<_>>();
        if !released.is_empty() {
            batch.arrivals_unnote_released(&ids(released)).await?;
        }
        // Its key as well: found noted when it comes again, it would be taken for a retry of itself.
        let keys = left.iter().filter_map(|fresh| fresh.arrival.key).filter(|key| self.brought.contains(key));
        let unseen: Vec<_> = keys.chain(left.iter().map(|fresh| fresh.id)).collect();
        if unseen.is_empty() { Ok(()) } else { batch.arrivals_unnote(&unseen).await }
    }

    /// Keeps what is new and returns the rest.
    async fn note(
        &mut self,
        batch: &mut Transaction,
        messages: BTreeMap<ArrivalId, NewArrival<'a>>,
        now: Timestamp,
    ) -> Result<Vec<NewArrival<'a>>, StoreError> {
        let says: Vec<_> = messages.values().flat_map(NewArrival::identities).collect();
        let noted = batch.arrivals_note_seen(messages.values().map(NewArrival::seen).collect(), &says, now).await?;
        // What conflicted was seen by an earlier batch, or by one that ran at the same time and has committed.
        let (new, known): (Vec<_>, Vec<_>) = messages.into_values().partition(|fresh| noted.new.contains(&fresh.id));
        self.fresh.extend(new);
        self.anchored.extend(noted.anchored.into_iter().map(|one| (one.client, one.identity)));
        Ok(known)
    }
}

/// Of messages under ids that came before, in this batch or an earlier one, those that say something else than what came
/// first. A repetition of that may stand in one batch with its correction.
async fn differing<'a>(
    batch: &mut Transaction,
    known: &[NewArrival<'_>],
    mut again: Vec<&'a Arrival>,
) -> Result<Vec<&'a Arrival>, StoreError> {
    if known.is_empty() {
        return Ok(again);
    }
    let ids: Vec<_> = known.iter().map(|fresh| fresh.id).collect();
    let seen = batch.arrivals_seen(&ids).await?;
    let contents: BTreeMap<_, _> = seen.into_iter().map(|seen| (seen.id, seen.content)).collect();
    // None means that it was noted in this batch, by a first message that differs from it.
    again.retain(|arrival| contents.get(&arrival.id).is_none_or(|content| *content != arrival.content));
    // Nor does what a version before read otherwise.
    let known = again.iter().filter(|arrival| contents.contains_key(&arrival.id));
    let pairs: Vec<_> = known.map(|arrival| (arrival.id, *arrival)).collect();
    let same = key_conflicts::of_one_body(batch, &pairs).await?;
    again.retain(|arrival| !same.contains(&arrival.id));
    Ok(again)
}

/// Other bodies under known keys, each once.
fn variants(arrivals: Vec<&Arrival>) -> BTreeMap<ArrivalId, NewArrival<'_>> {
    // A reused key with another body is a mistake of the sender's program: which of the two is meant cannot be known, so
    // neither overwrites the other. The ids of others are made of what they say, or new: such a message is a redelivery.
    let keyed = arrivals.into_iter().filter(|arrival| arrival.sameness == Sameness::IdempotencyKey);
    keyed
        .map(|arrival| {
            let id = variant_id(arrival.id, arrival.content);
            let reason = match arrival.quarantine {
                // A bot's and a test stay what they are: with the key's reason, a wish in them would be heard.
                Some(own @ (QuarantineReason::Honeypot | QuarantineReason::Test)) => own,
                _ => QuarantineReason::KeyReused,
            };
            (id, NewArrival { id, quarantine: Some(reason), ..NewArrival::of(arrival) })
        })
        .collect()
}

/// Steps 2 to 4: locks identities, then leads, and reads every fact once. What meets a held lock leaves the batch.
pub async fn load(
    batch: &mut Transaction,
    new_arrivals: &mut NewArrivals<'_>,
    requalify: &[RequalifyLead],
    (same_within, aside): (jiff::SignedDuration, &mut SetAside),
) -> Result<UnitOfWork, StoreError> {
    let mut work_unit = UnitOfWork::default();
    let amended: Vec<_> = new_arrivals.worked().filter_map(|fresh| fresh.amends).collect();
    // Before the locks, because whose identities are to be locked depends on it; an arrival keeps its owner unless
    // two persons are merged, under these same locks.
    if !amended.is_empty() {
        work_unit.owners = batch.arrivals_owners(&amended).await?;
    }
    let known = lock_identities(batch, new_arrivals, &mut work_unit, aside).await?;
    load_persons(batch, &mut work_unit, &known).await?;
    if new_arrivals.worked().any(births::is_said) {
        births::load(batch, &mut work_unit).await?;
    }
    leave_held(batch, &mut work_unit, new_arrivals, (requalify, aside)).await?;
    load_leads(batch, &mut work_unit, &aside.without_held(requalify)).await?;
    if new_arrivals.worked().any(|fresh| fresh.others.is_another) {
        let persons: Vec<_> = work_unit.persons.keys().copied().collect();
        work_unit.said_of = batch.persons_said_of(&persons).await?;
    }
    if !amended.is_empty() {
        other_enquiries::load(batch, &mut work_unit).await?;
    }
    let worked: Vec<_> = new_arrivals.worked().collect();
    same_content::load(batch, &mut work_unit, &worked, same_within).await?;
    let unworked = new_arrivals.fresh.iter().filter(|fresh| quarantined_wishes::is_heard(fresh));
    let of_sources: Vec<_> = worked.iter().copied().chain(unworked).collect();
    load_settings(batch, &mut work_unit, &of_sources).await?;
    load_first_received(batch, &mut work_unit, &worked).await?;
    moved_program::load(batch, &mut work_unit).await?;
    Ok(work_unit)
}

/// Locks what the persons of corrected arrivals are known by, and the anchors that were there before this batch; returns the
/// identities of those: only they can lead to a person.
async fn lock_identities(
    batch: &mut Transaction,
    new_arrivals: &mut NewArrivals<'_>,
    work_unit: &mut UnitOfWork,
    aside: &mut SetAside,
) -> Result<BTreeSet<(ClientId, Identity)>, StoreError> {
    let mut theirs = BTreeSet::new();
    if !work_unit.owners.is_empty() {
        // A correction may change what the person is reached under: the known identities are locked as well as the
        // new ones.
        let persons: Vec<_> = work_unit.owners.values().map(|owner| owner.person).collect();
        let known = batch.identities_by_person(&persons).await?;
        theirs.extend(known.iter().map(|known| (known.of.client, known.of.identity.clone())));
        let held = batch.identities_try_lock(&theirs).await?;
        if !held.is_empty() {
            // Whose correction meets no lock goes on: a stranger's person is nothing to it.
            let is_held = |known: &&NewIdentity| held.contains(&(known.of.client, known.of.identity.clone()));
            let persons: BTreeSet<_> = known.iter().filter(is_held).map(|known| known.person).collect();
            let owners = &work_unit.owners;
            let is_theirs = |amended| owners.get(&amended).is_some_and(|owner| persons.contains(&owner.person));
            new_arrivals.leave(batch, (aside, WhyAside::Locked), |fresh| fresh.amends.is_some_and(is_theirs)).await?;
            work_unit.owners.retain(|_, owner| !persons.contains(&owner.person));
            let stay = known.iter().filter(|known| !persons.contains(&known.person));
            theirs = stay.map(|known| (known.of.client, known.of.identity.clone())).collect();
            theirs.retain(|identity| !held.contains(identity));
        }
        if new_arrivals.worked().all(|fresh| fresh.amends.is_none()) {
            theirs.clear();
            work_unit.owners.clear();
        }
        batch.identities_anchor(&theirs).await?;
    }
    let said = new_arrivals.worked().flat_map(|fresh| fresh.identities());
    let mut wanted: BTreeSet<_> = said.map(|said| (said.of.client, said.of.identity)).collect();
    let former = new_arrivals.worked().flat_map(|fresh| {
        fresh.arrival.submission.former_identities().map(|identity| (fresh.arrival.client, identity))
    });
    wanted.extend(former);
    wanted.extend(theirs);
    // The row that anchored them is locked by this transaction already.
    wanted.retain(|identity| !new_arrivals.anchored.contains(identity));
    if !wanted.is_empty() {
        batch.identities_lock(&wanted).await?;
    }
    Ok(wanted)
}

/// Locks leads before they are read, and leaves out whatever needs one that another transaction holds.
async fn leave_held(
    batch: &mut Transaction,
    work_unit: &mut UnitOfWork,
    new_arrivals: &mut NewArrivals<'_>,
    (requalify, aside): (&[RequalifyLead], &mut SetAside),
) -> Result<(), StoreError> {
    let persons: Vec<_> = work_unit.persons.keys().copied().collect();
    let owned = work_unit.owners.values().map(|owner| owner.lead);
    let leads: Vec<_> = owned.chain(requalify.iter().map(|message| message.lead)).collect();
    let held = aside.lock_leads(batch, &persons, (&leads, requalify)).await?;
    if held.is_empty() {
        return Ok(());
    }
    let persons: BTreeSet<_> = held.iter().map(|held| held.person).collect();
    new_arrivals.leave(batch, (aside, WhyAside::Locked), |fresh| fresh.reaches(work_unit, &persons)).await?;
    // Without them the statements that follow ask for nothing that is held.
    work_unit.persons.retain(|person, _| !persons.contains(person));
    work_unit.owners.retain(|_, owner| !persons.contains(&owner.person));
    Ok(())
}

async fn load_persons(
    batch: &mut Transaction,
    work_unit: &mut UnitOfWork,
    wanted: &BTreeSet<(ClientId, Identity)>,
) -> Result<(), StoreError> {
    if wanted.is_empty() {
        return Ok(());
    }
    // After the lock, in a statement of its own: a person whom a concurrent batch made is seen only now.
    for known in batch.persons_by_identity(wanted).await? {
        // Nobody is recognised by what leads to somebody else.
        if known.is_void {
            continue;
        }
        if let Some(identity) = known.found_by.clone() {
            let of = ClientIdentity { client: known.client, identity };
            if !known.is_said {
                work_unit.unsaid.insert(NewIdentity { of: of.clone(), person: known.person });
            }
            work_unit.reached.entry(of).or_default().push(known.person);
        }
        work_unit.load_person(known);
    }
    Ok(())
}

async fn load_leads(
    batch: &mut Transaction,
    work_unit: &mut UnitOfWork,
    requalify: &[RequalifyLead],
) -> Result<(), StoreError> {
    let persons: Vec<PersonId> = work_unit.persons.keys().copied().collect();
    let is_joined = !persons.is_empty() || !work_unit.owners.is_empty();
    if !persons.is_empty() {
        // By person first: an arrival belongs to whatever lead of the person is open now.
        for row in batch.leads_lock_of(&persons).await? {
            work_unit.load_lead(row);
        }
    }
    // Leads that a message names and that were not locked by their person: closed ones, and those of other persons.
    let others: Vec<LeadId> = requalify
        .iter()
        .map(|message| message.lead)
        .chain(work_unit.owners.values().map(|owner| owner.lead))
        .filter(|lead| !work_unit.leads.contains_key(lead))
        .collect();
    if !others.is_empty() {
        for row in batch.leads_lock(&others).await? {
            work_unit.load_lead(row);
        }
    }
    load_persons_of_leads(batch, work_unit, is_joined).await?;
    load_facts(batch, work_unit, requalify).await
}

/// The persons of the leads, and once more those that were found by what arrived: under the locks on the leads, under which
/// touches change them. What was read before would be written back over a number that was taken from them meanwhile.
async fn load_persons_of_leads(
    batch: &mut Transaction,
    work_unit: &mut UnitOfWork,
    is_joined: bool,
) -> Result<(), StoreError> {
    let of_leads = work_unit.leads.values().map(|lead| lead.row.person);
    let persons: BTreeSet<_> = work_unit.persons.keys().copied().chain(of_leads).collect();
    if persons.is_empty() {
        return Ok(());
    }
    let persons: Vec<_> = persons.into_iter().collect();
    for known in batch.persons_of(&persons).await? {
        work_unit.load_person(known);
    }
    // Only an arrival brings a number.
    if is_joined {
        for number in batch.numbers_of(&persons).await? {
            work_unit.load_number(number);
        }
    }
    Ok(())
}

/// Answers, promises and regrades of the leads that are there already.
async fn load_facts(
    batch: &mut Transaction,
    work_unit: &mut UnitOfWork,
    requalify: &[RequalifyLead],
) -> Result<(), StoreError> {
    let leads: Vec<_> = work_unit.leads.keys().copied().collect();
    if leads.is_empty() {
        return Ok(());
    }
    // After the lock on the leads: what a touch wrote while this batch waited belongs to the decision.
    for row in batch.answers_of(&leads).await? {
        work_unit.load_answer(row)?;
    }
    for open in batch.promises_of(&leads).await? {
        if let Some(lead) = work_unit.leads.get_mut(&open.lead) {
            let asked = |message: &&RequalifyLead| message.lead == open.lead;
            // An offer of an older generation, or of one that a person works on already, fires nothing: that message
            // is done.
            let fired =
                requalify.iter().filter(asked).any(|message| message.generation == Some(open.promise.generation));
            if fired && open.promise.state == State::Scheduled {
                lead.fired = Some(open.promise.generation);
            }
            lead.promises.push(open.promise);
        }
    }
    for standing in batch.handover_standings(&leads).await? {
        work_unit.load_standing(standing);
    }
    // Last of the facts: a change that commits after this statement has a higher version, and is decided again.
    let regrades = batch.regrades_of(&leads).await?;
    for (lead, version) in &regrades {
        if let Some(lead) = work_unit.leads.get_mut(lead) {
            lead.regrade = Some(*version);
        }
    }
    if !regrades.is_empty() {
        for (lead, is_last) in batch.regrades_taken_back(&regrades).await? {
            work_unit.leads.entry(lead).and_modify(|lead| {
                (lead.is_taken_back, lead.is_taken_back_last) = (true, is_last);
            });
        }
    }
    Ok(())
}

/// When the leads were first heard of that an arrival of another source may join: credit goes to the source received first.
async fn load_first_received(
    batch: &mut Transaction,
    work_unit: &mut UnitOfWork,
    worked: &[&NewArrival<'_>],
) -> Result<(), StoreError> {
    let comes_from_another = |lead: &&TrackedLead| {
        let row = &lead.row;
        let other = |new: &&&NewArrival<'_>| new.arrival.client == row.client && new.arrival.source != row.source;
        row.stage.is_open() && worked.iter().any(|new| other(&new))
    };
    let leads: Vec<_> = work_unit.leads.values().filter(comes_from_another).map(|lead| lead.row.id).collect();
    if !leads.is_empty() {
        work_unit.first_received.extend(batch.arrivals_first_received(&leads).await?);
    }
    Ok(())
}

/// The sources' names, and their clients with programs, criteria and endpoints.
async fn load_settings(
    batch: &mut Transaction,
    work_unit: &mut UnitOfWork,
    worked: &[&NewArrival<'_>],
) -> Result<(), StoreError> {
    // By source, because that is what messages and leads both name; the clients follow from it.
    let of_leads = work_unit.leads.values().map(|lead| lead.row.source);
    let sources: BTreeSet<_> = of_leads.chain(worked.iter().map(|fresh| fresh.arrival.source)).collect();
    if sources.is_empty() {
        return Ok(());
    }
    let sources: Vec<_> = sources.into_iter().collect();
    for (source, work) in batch.settings_of(&sources).await? {
        work_unit.load_settings(source, work);
    }
    Ok(())
}
