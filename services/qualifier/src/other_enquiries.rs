//! What is said of a person in other enquiries than the one that a correction corrects: a sender takes back what it said itself, and
//! nothing of what others said, or what it said of them under another id.
//!
//! What is known of a person is as if the corrected body had come in the place of the mistaken one: the first enquiry that says
//! something of a field has it, as where nothing is corrected.

use std::collections::BTreeMap;

use jiff::Timestamp;
use ripen_domain::{
    contact::Identity,
    id::{ArrivalId, PersonId},
    person::{Absorb, Profile},
    submission::Submission,
};
use ripen_store::{StoreError, Transaction, arrival::bodies_of_persons::BodyOfPerson};
use serde_json::Map;

use crate::{
    new_arrival::{NewArrival, SaidByOlder},
    unit_of_work::UnitOfWork,
};

/// Reads what was said of the persons of whom something is corrected. After the locks on them.
pub async fn load(batch: &mut Transaction, work_unit: &mut UnitOfWork) -> Result<(), StoreError> {
    let mut persons: Vec<_> = work_unit.owners.values().map(|owner| owner.person).collect();
    persons.sort_unstable();
    persons.dedup();
    // What is corrected may be in this very batch, and nobody known of it.
    let bodies = if persons.is_empty() { BTreeMap::new() } else { batch.arrivals_of_persons(&persons).await? };
    work_unit.bodies = Some(bodies);
    Ok(())
}

/// One enquiry, with all that corrects it.
struct OtherEnquiry {
    root: ArrivalId,
    first_at: Timestamp,
    said: SaidByOlder,
}

impl OtherEnquiry {
    fn of(root: ArrivalId, mut bodies: Vec<&BodyOfPerson>) -> Self {
        bodies.sort_by(|one, other| one.time.is_newer(other.time).cmp(&other.time.is_newer(one.time)));
        let mut said = SaidByOlder::default();
        bodies.iter().for_each(|body| said.add(&body.said, &Map::new()));
        let first_at = bodies.iter().map(|body| body.time.received_at).min().unwrap_or(Timestamp::MAX);
        Self { root, first_at, said }
    }
}

/// The other enquiries of a person beside the one that is corrected.
pub struct OtherEnquiries {
    others: Vec<OtherEnquiry>,
    own_root: ArrivalId,
    own_first_at: Timestamp,
}

impl OtherEnquiries {
    /// Those beside what a correction corrects.
    pub fn of(work_unit: &UnitOfWork, fresh: &NewArrival<'_>, person: PersonId) -> Self {
        let bodies = work_unit.bodies.as_ref().and_then(|bodies| bodies.get(&person));
        let of_this = |id: ArrivalId| fresh.others.older.contains(&id) || fresh.others.newer.contains_key(&id);
        let is_own = |body: &&BodyOfPerson| {
            of_this(body.id) || of_this(body.root) || [body.id, body.root].map(Some).contains(&fresh.amends)
        };
        let (own, others): (Vec<_>, Vec<_>) = bodies.into_iter().flatten().partition(is_own);
        let mut by_root: BTreeMap<ArrivalId, Vec<&BodyOfPerson>> = BTreeMap::new();
        for body in others {
            by_root.entry(body.root).or_default().push(body);
        }
        let own = OtherEnquiry::of(fresh.amends.unwrap_or(fresh.id), own);
        Self {
            others: by_root.into_iter().map(|(root, bodies)| OtherEnquiry::of(root, bodies)).collect(),
            own_root: own.root,
            own_first_at: own.first_at.min(fresh.arrival.received_at),
        }
    }

    /// Puts into what is known of the person what a correction says, but for what another enquiry said first. `before` is what the
    /// bodies said that it corrects.
    pub fn correct(&self, known: &mut Profile, said: &Submission, before: &SaidByOlder) {
        let mut own = said.clone();
        let now: &Profile = known;
        let before = before.person();
        let stays = |field: fn(&Profile) -> Option<String>| self.stays(field, now, before);
        let is_same_number = said.phone.as_ref().is_some_and(|phone| now.phone.as_deref() == Some(phone.number()));
        let phone_stays = if is_same_number { stays(with_extension) } else { stays(|said| said.phone.clone()) };
        if phone_stays {
            (own.phone, own.phone_extension) = (None, None);
        }
        if stays(Profile::full_name) {
            (own.first_name, own.last_name, own.name) = (None, None, None);
        }
        own.email.take_if(|_| stays(|said| said.email.clone()));
        own.postal_code.take_if(|_| stays(|said| said.postal_code.clone()));
        own.country.take_if(|_| stays(|said| said.country.clone()));
        own.time_zone.take_if(|_| stays(|said| said.time_zone.clone()));
        own.locale.take_if(|_| stays(|said| said.locale.clone()));
        known.absorb(&own, Absorb::Replace);
        if own != *said {
            // As any further enquiry: a name that says more of the same, an extension that is not known.
            known.absorb(said, Absorb::Fill);
        }
    }

    /// Whether what is known of a field was said by another enquiry, and is not this one's to correct.
    fn stays(&self, field: fn(&Profile) -> Option<String>, known: &Profile, before: &Profile) -> bool {
        let Some(value) = field(known) else { return false };
        let mut saying = self.others.iter().filter(|one| field(one.said.person()).as_ref() == Some(&value)).peekable();
        let is_others = saying.peek().is_some();
        let may_be_own = field(before).is_none_or(|before| before == value);
        let own_first = (self.own_first_at, self.own_root);
        is_others && !(may_be_own && saying.all(|one| own_first < (one.first_at, one.root)))
    }

    /// Whether another enquiry says that the person is reached there.
    pub fn say(&self, identity: &Identity) -> bool {
        self.others.iter().any(|one| one.said.person().identities().any(|said| said == *identity))
    }
}

/// The number with its extension: of one number with two extensions each is another way.
fn with_extension(said: &Profile) -> Option<String> {
    let extension = said.phone_extension.as_deref().unwrap_or_default();
    said.phone.as_ref().map(|phone| format!("{phone};ext={extension}"))
}

#[cfg(test)]
mod tests;
