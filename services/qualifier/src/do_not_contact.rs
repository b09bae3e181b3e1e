//! Persons of a batch who must not be contacted: read under the locks, after the batch's arrivals are on their persons and
//! before anything is decided, so that no decision of the batch makes an A of them.

use ripen_domain::id::PersonId;
use ripen_store::{StoreError, Transaction, suppression::write::ASKED};

use crate::{
    perhaps_same::{newly_reached, perhaps_reached},
    unit_of_work::UnitOfWork,
};

/// Notes who of the batch's persons is suppressed, under whatever leads to them. What a person who asked for it is newly
/// reached under is to be suppressed too; whoever else is reached under a suppressed number passes it on to nothing.
pub async fn note(batch: &mut Transaction, work_unit: &mut UnitOfWork) -> Result<(), StoreError> {
    let persons: Vec<PersonId> = work_unit.persons.keys().copied().collect();
    if persons.is_empty() {
        return Ok(());
    }
    for (id, _) in work_unit.persons.iter().filter(|(_, person)| person.do_not_contact) {
        work_unit.barred.insert(*id, ASKED.to_owned());
    }
    let reached_anew = work_unit.new_identities.iter().map(|new| new.person);
    work_unit.to_suppress = reached_anew.filter(|person| work_unit.barred.contains_key(person)).collect();
    // A number with a second reading may be the one that must not be called: `+49 49 1522…`, as versions before stored it.
    let new: Vec<_> = newly_reached(work_unit).chain(perhaps_reached(work_unit)).collect();
    for one in batch.persons_barred(&persons, &new).await? {
        if let Some(person) = work_unit.persons.get_mut(&one.person)
            && !std::mem::replace(&mut person.do_not_contact, true)
        {
            work_unit.newly_barred.push(one.person);
        }
        work_unit.barred.insert(one.person, one.why);
    }
    Ok(())
}
