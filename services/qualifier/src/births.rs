//! When the persons whom a batch may meet were born: read only where an arrival of the batch says it.

use ripen_domain::{id::PersonId, person::BirthDate};
use ripen_store::{StoreError, Transaction};

use crate::{new_arrival::NewArrival, unit_of_work::UnitOfWork};

/// Whether an arrival says when its person was born.
pub fn is_said(fresh: &NewArrival<'_>) -> bool {
    BirthDate::said_in(&fresh.arrival.submission).is_some()
}

/// Reads what earlier arrivals of the batch's persons say.
pub async fn load(batch: &mut Transaction, work_unit: &mut UnitOfWork) -> Result<(), StoreError> {
    let persons: Vec<_> = work_unit.persons.keys().copied().collect();
    if persons.is_empty() {
        return Ok(());
    }
    for (person, born) in batch.births_of(&persons).await? {
        note(work_unit, person, born);
    }
    Ok(())
}

/// Whether a person was born on this day, by what any arrival said.
pub fn are_one(work_unit: &UnitOfWork, person: PersonId, born: BirthDate) -> bool {
    work_unit.births.get(&person).is_some_and(|births| births.contains(&born))
}

/// Keeps what an arrival says for the next one of its batch.
pub fn note(work_unit: &mut UnitOfWork, person: PersonId, born: BirthDate) {
    let births = work_unit.births.entry(person).or_default();
    if !births.contains(&born) {
        births.push(born);
    }
}
