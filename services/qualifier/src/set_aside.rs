//! Messages that meet a lock somebody else holds: they are set aside, and the batch goes on without them.
//!
//! The holder is another batch, or an action of the desk, and done in no time; or a process that was stopped, until
//! PostgreSQL ends its transaction. Waiting for it, a batch would make all its messages wait, and those behind them. So would
//! messages of a client whose criteria cannot be loaded: they are set aside likewise.

use std::collections::{BTreeMap, BTreeSet};

use ripen_domain::{
    arrival::{Arrival, Sameness},
    contact::Identity,
    id::{ArrivalId, ClientId, LeadId, PersonId},
};
use ripen_store::{StoreError, Transaction, arrival::common_key::CommonKey, lead::lead_row::LeadInUse};

use crate::{
    message::{Item, RequalifyLead},
    new_arrival::NewArrival,
    unit_of_work::UnitOfWork,
};

/// Why a message is left for later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyAside {
    /// Somebody holds a lock that it needs.
    Locked,
    /// Its client's criteria cannot be loaded.
    Criteria,
}

/// What a batch leaves for later.
#[derive(Debug, Default)]
pub struct SetAside {
    arrivals: BTreeMap<ArrivalId, WhyAside>,
    leads: BTreeMap<LeadId, WhyAside>,
    /// A client's lock was waited for as long as locks are waited for: not once more.
    waits_no_more: bool,
}

impl SetAside {
    /// Why this message was set aside, if it was.
    pub fn why(&self, item: &Item) -> Option<WhyAside> {
        match item {
            Item::Arrival(arrival) => self.arrivals.get(&arrival.id).copied(),
            Item::Requalify(message) => self.leads.get(&message.lead).copied(),
        }
    }

    /// Those of these messages that were set aside, by their places.
    pub fn places(&self, items: &[&Item]) -> BTreeMap<usize, WhyAside> {
        items.iter().enumerate().filter_map(|(place, item)| Some((place, self.why(item)?))).collect()
    }

    /// Locks what these arrivals are noted under, the identities that they name, and the external ids and forms that they came
    /// under; returns the arrivals all of whose are locked now. What comes under one id or form stays together, and in its order.
    pub async fn lock<'a>(
        &mut self,
        batch: &mut Transaction,
        arrivals: Vec<&'a Arrival>,
    ) -> Result<Vec<&'a Arrival>, StoreError> {
        let noted: BTreeSet<_> = self.staying(&arrivals).flat_map(|arrival| noted_under(arrival)).collect();
        if !noted.is_empty() {
            let held = batch.arrivals_try_lock_ids(&noted).await?;
            self.leave_all(&arrivals, |arrival| noted_under(arrival).any(|id| held.contains(&id)));
        }
        let wanted: BTreeSet<_> = self.staying(&arrivals).flat_map(|arrival| named(arrival)).collect();
        if !wanted.is_empty() {
            let held = batch.identities_try_lock(&wanted).await?;
            self.leave_all(&arrivals, |arrival| named(arrival).any(|identity| held.contains(&identity)));
        }
        let keys: BTreeSet<_> = self.staying(&arrivals).filter_map(|arrival| common_key(arrival)).collect();
        if !keys.is_empty() {
            let held = batch.arrivals_try_lock(&keys).await?;
            self.leave_all(&arrivals, |arrival| common_key(arrival).is_some_and(|key| held.contains(&key)));
        }
        Ok(self.staying(&arrivals).copied().collect())
    }

    /// Sets aside what meets a lock, with everything that came under one key with it: a correction that went before what it
    /// corrects would be taken for the first, and a second body under an Idempotency-Key for the one that the key came with.
    fn leave_all(&mut self, arrivals: &[&Arrival], meets: impl Fn(&Arrival) -> bool) {
        let meeting = self.staying(arrivals).filter(|arrival| meets(arrival)).map(|arrival| arrival.id);
        let mut left: Vec<_> = meeting.collect();
        while !left.is_empty() {
            self.arrivals.extend(left.into_iter().map(|id| (id, WhyAside::Locked)));
            let aside: Vec<_> = arrivals.iter().filter(|arrival| self.has_arrival(arrival.id)).collect();
            let keys: BTreeSet<_> = aside.iter().filter_map(|arrival| common_key(arrival)).collect();
            let noted: BTreeSet<_> = aside.iter().flat_map(|arrival| noted_under(arrival)).collect();
            let belongs = |arrival: &Arrival| {
                common_key(arrival).is_some_and(|key| keys.contains(&key))
                    || noted_under(arrival).any(|id| noted.contains(&id))
            };
            left = self.staying(arrivals).filter(|arrival| belongs(arrival)).map(|arrival| arrival.id).collect();
        }
    }

    fn staying<'b, 'a>(&'b self, arrivals: &'b [&'a Arrival]) -> impl Iterator<Item = &'b &'a Arrival> {
        arrivals.iter().filter(|arrival| !self.has_arrival(arrival.id))
    }

    /// Locks these leads and the open ones of these persons; returns those that are held, and sets aside whatever is to be
    /// decided again of them: a batch of re-qualifications locks leads and no identities.
    pub(crate) async fn lock_leads(
        &mut self,
        batch: &mut Transaction,
        persons: &[PersonId],
        (leads, requalify): (&[LeadId], &[RequalifyLead]),
    ) -> Result<Vec<LeadInUse>, StoreError> {
        if persons.is_empty() && leads.is_empty() {
            return Ok(Vec::new());
        }
        let held = batch.leads_try_lock(persons, leads).await?;
        let asked: BTreeSet<_> = requalify.iter().map(|message| message.lead).collect();
        let held_leads = held.iter().map(|held| held.lead).filter(|lead| asked.contains(lead));
        self.leads.extend(held_leads.map(|lead| (lead, WhyAside::Locked)));
        Ok(held)
    }

    /// Sets aside whatever brought these leads, or their persons, or is to be decided again of them: what only the decisions show to need
    /// a lock that somebody holds. A lead is decided in passing too, where what names its person ends elsewhere. Nothing of this run may be written where there is any: the batch runs once more without them.
    pub(crate) fn leave_maturing(
        &mut self,
        (arrivals, fresh): (&[&Arrival], &[NewArrival<'_>]),
        work_unit: &UnitOfWork,
        held: &BTreeSet<LeadId>,
    ) {
        let persons = held.iter().filter_map(|lead| Some(work_unit.leads.get(lead)?.row.person)).collect();
        let has_brought = |new: &NewArrival<'_>| {
            let owner = work_unit.owners.get(&new.id);
            owner.is_some_and(|owner| held.contains(&owner.lead)) || new.reaches(work_unit, &persons)
        };
        let places = taken_along(fresh, has_brought);
        let ids: BTreeSet<_> = places.into_iter().map(|place| fresh[place].arrival.id).collect();
        self.leave_all(arrivals, |arrival| ids.contains(&arrival.id));
        self.leads.extend(held.iter().map(|lead| (*lead, WhyAside::Locked)));
    }

    /// How far it has come: a batch runs once more for what is set aside beside what was before.
    pub(crate) fn count(&self) -> usize {
        self.arrivals.len() + self.leads.len() + usize::from(self.waits_no_more)
    }

    /// Whether a client's lock is still waited for.
    pub(crate) const fn waits(&self) -> bool {
        !self.waits_no_more
    }

    /// A client's lock is not waited for again.
    pub(crate) const fn wait_no_more(&mut self) {
        self.waits_no_more = true;
    }

    /// Sets an arrival aside, with all that came under its id.
    pub(crate) fn leave(&mut self, arrival: ArrivalId, why: WhyAside) {
        self.arrivals.insert(arrival, why);
    }

    /// Sets aside whatever is to be decided again of a lead.
    pub(crate) fn leave_lead(&mut self, lead: LeadId, why: WhyAside) {
        self.leads.insert(lead, why);
    }

    /// Whether the arrival with this id was set aside.
    pub(crate) fn has_arrival(&self, arrival: ArrivalId) -> bool {
        self.arrivals.contains_key(&arrival)
    }

    /// What is still to be decided again.
    pub(crate) fn without_held(&self, requalify: &[RequalifyLead]) -> Vec<RequalifyLead> {
        requalify.iter().copied().filter(|message| !self.leads.contains_key(&message.lead)).collect()
    }
}

/// What the arrival has in common with those that it may correct; none where it is not worked.
fn common_key(arrival: &Arrival) -> Option<CommonKey> {
    CommonKey::of(arrival).filter(|_| arrival.quarantine.is_none())
}

/// Of new arrivals the places of those that have to wait with these: what came under one key with them, and what corrects or
/// repeats one of them.
pub(crate) fn taken_along(fresh: &[NewArrival<'_>], which: impl Fn(&NewArrival<'_>) -> bool) -> BTreeSet<usize> {
    let places = |picks: &dyn Fn(&NewArrival<'_>) -> bool| -> BTreeSet<usize> {
        fresh.iter().enumerate().filter(|(_, new)| picks(new)).map(|(place, _)| place).collect()
    };
    let mut taken = places(&which);
    loop {
        let those: Vec<_> = taken.iter().map(|place| &fresh[*place]).collect();
        let keys: BTreeSet<_> = those.iter().filter_map(|new| common_key(new.arrival)).collect();
        let ids: BTreeSet<_> = those.iter().flat_map(|new| [new.id, new.arrival.id]).collect();
        let belongs = |new: &NewArrival<'_>| {
            ids.contains(&new.id)
                || ids.contains(&new.arrival.id)
                || common_key(new.arrival).is_some_and(|key| keys.contains(&key))
                || new.amends.into_iter().chain(new.repeats).any(|other| ids.contains(&other))
        };
        let more = places(&belongs);
        if more.len() == taken.len() {
            return taken;
        }
        taken = more;
    }
}

/// Under which ids the arrival is noted that another may be noted under at the same time, though it names nobody that this one
/// names. Other ids are new, or made of what the arrival says: whoever meets one meets its identities.
fn noted_under(arrival: &Arrival) -> impl Iterator<Item = ArrivalId> {
    let is_own = arrival.quarantine.is_some() || arrival.sameness == Sameness::IdempotencyKey;
    is_own.then_some(arrival.id).into_iter().chain(arrival.key)
}

/// Under what the arrival's person is reached; nothing of what is not worked.
fn named(arrival: &Arrival) -> impl Iterator<Item = (ClientId, Identity)> {
    let worked = arrival.quarantine.is_none().then(|| arrival.submission.identities());
    // Persons of earlier versions may be known by what this one would not store.
    let former = arrival.quarantine.is_none().then(|| arrival.submission.former_identities());
    worked.into_iter().flatten().chain(former.into_iter().flatten()).map(|identity| (arrival.client, identity))
}

#[cfg(test)]
mod tests {
    use ripen_domain::{arrival::RawBody, contact::Email, hash::ContentHash, id::SourceId, submission::Submission};
    use ripen_store::person::identity::ClientIdentity;
    use uuid::Uuid;

    use super::*;
    use crate::undo_time::tests::touched;

    fn id(number: u128) -> ArrivalId {
        ArrivalId::from_uuid(Uuid::from_u128(number))
    }

    fn arrival(number: u128, form: Option<u128>) -> Arrival {
        Arrival {
            id: id(number),
            sameness: Sameness::Form,
            key: None,
            formerly: None,
            form: form.map(id),
            source: SourceId::from_uuid(Uuid::nil()),
            client: ClientId::from_uuid(Uuid::nil()),
            received_at: jiff::Timestamp::UNIX_EPOCH,
            content: ContentHash::from_bytes([1; 16]),
            quarantine: None,
            is_released: false,
            by_visitor: false,
            in_bulk: false,
            submission: Submission::default(),
            raw: RawBody { media_type: "text/plain".to_owned(), text: String::new() },
        }
    }

    #[test]
    fn what_waits_takes_along_what_came_under_its_form_or_key() {
        let keyed = |number, key| Arrival { key: Some(id(key)), ..arrival(number, None) };
        let all = [
            arrival(1, Some(10)),
            arrival(2, Some(10)),
            arrival(3, Some(11)),
            keyed(4, 20),
            Arrival { key: Some(id(20)), ..arrival(5, Some(12)) },
            arrival(6, Some(12)),
            keyed(7, 21),
        ];
        let all: Vec<_> = all.iter().collect();
        let waiting = |held: u128| {
            let mut aside = SetAside::default();
            aside.leave_all(&all, |arrival| arrival.id == id(held));
            all.iter().filter(|arrival| aside.has_arrival(arrival.id)).map(|arrival| arrival.id).collect::<Vec<_>>()
        };
        assert_eq!(waiting(1), [id(1), id(2)], "the correction does not go first");
        assert_eq!(waiting(4), [id(4), id(5), id(6)]);
        assert_eq!(waiting(7), [id(7)]);
        assert_eq!(waiting(9), []);
    }

    #[test]
    fn what_leaves_takes_along_what_corrects_or_repeats_it() {
        let arrivals: Vec<_> = (1..=6).map(|number| arrival(number, (number == 5).then_some(10))).collect();
        let mut fresh: Vec<_> = arrivals.iter().map(NewArrival::of).collect();
        fresh[1].amends = Some(id(1));
        fresh[2].repeats = Some(id(2));
        fresh[3].amends = Some(id(9));
        let taken = |which: u128| taken_along(&fresh, |new| new.id == id(which)).into_iter().collect::<Vec<_>>();
        assert_eq!(taken(1), [0, 1, 2]);
        assert_eq!(taken(4), [3]);
        assert_eq!(taken(5), [4]);
    }

    #[test]
    fn what_names_the_person_of_a_lead_that_cannot_go_out_waits_though_it_ends_elsewhere() {
        let of = |number, address: &str| Arrival {
            submission: Submission { email: Some(Email::parse(address).unwrap()), ..Submission::default() },
            ..arrival(number, None)
        };
        let arrivals = [of(1, "casey@example.com"), of(2, "robin@example.com")];
        let fresh: Vec<_> = arrivals.iter().map(NewArrival::of).collect();
        let mut work_unit = UnitOfWork::default();
        let held = touched(9, None);
        for identity in arrivals[0].submission.identities() {
            let of = ClientIdentity { client: arrivals[0].client, identity };
            work_unit.reached.insert(of, vec![held.row.person]);
        }
        let lead = held.row.id;
        work_unit.leads.insert(lead, held);
        let mut aside = SetAside::default();
        let arrivals: Vec<_> = arrivals.iter().collect();
        aside.leave_maturing((&arrivals, &fresh), &work_unit, &BTreeSet::from([lead]));
        assert_eq!([1, 2].map(|number| aside.has_arrival(id(number))), [true, false]);
    }

    #[test]
    fn ids_that_two_may_note_at_once_are_locked() {
        let of = |arrival: &Arrival| noted_under(arrival).collect::<Vec<_>>();
        assert_eq!(of(&arrival(1, Some(10))), []);
        assert_eq!(of(&Arrival { key: Some(id(20)), ..arrival(1, None) }), [id(20)]);
        assert_eq!(of(&Arrival { sameness: Sameness::IdempotencyKey, ..arrival(1, None) }), [id(1)]);
        let trapped = Some(ripen_domain::arrival::QuarantineReason::Honeypot);
        assert_eq!(of(&Arrival { quarantine: trapped, ..arrival(1, None) }), [id(1)], "it names nobody");
    }
}
