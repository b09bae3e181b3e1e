//! How often the numbers of a batch were called lately, where a limit to that may count, and when who expects a call is tried
//! again: read once for all of them.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use ripen_domain::{
    calling::{CallLimit, Hours, Whereabouts},
    desk::next_try,
    id::PersonId,
};
use ripen_store::{StoreError, Transaction, lead::calls::CallMade};

use crate::unit_of_work::{TrackedLead, UnitOfWork};

/// Reads the calls to those whose promise fell due or who were worked on before; of others nobody has called the number.
pub async fn load(
    batch: &mut Transaction,
    work_unit: &mut UnitOfWork,
    hours: &Hours,
    now: Timestamp,
) -> Result<(), StoreError> {
    load_tries(batch, work_unit).await?;
    let limited = limited(work_unit, hours);
    let Some(longest) = limited.iter().map(|(_, within)| *within).max() else { return Ok(()) };
    let number = |person: &PersonId| work_unit.persons.get(person)?.profile.phone.clone();
    let numbers: BTreeSet<_> = limited.iter().filter_map(|(person, _)| number(person)).collect();
    let numbers: Vec<_> = numbers.into_iter().collect();
    let calls = batch.calls_since(&numbers, now.saturating_sub(longest).unwrap_or(Timestamp::MIN)).await?;
    for (person, _) in limited {
        let Some(person) = work_unit.persons.get_mut(&person) else { continue };
        let own = |call: &&CallMade| Some(&call.phone) == person.profile.phone.as_ref();
        let mut at: Vec<_> = calls.iter().filter(own).map(|call| call.at).collect();
        // Two persons of one household, or one of two clients: a call to both is one call to the number.
        at.sort_unstable();
        at.dedup();
        person.calls = at;
    }
    Ok(())
}

/// Reads when those are tried again who expect a call that reached nobody.
async fn load_tries(batch: &mut Transaction, work_unit: &mut UnitOfWork) -> Result<(), StoreError> {
    let is_worked = |lead: &&TrackedLead| lead.row.touches > 0 && lead.row.stage.is_open();
    let leads: Vec<_> = work_unit.leads.values().filter(is_worked).map(|lead| lead.row.id).collect();
    if leads.is_empty() {
        return Ok(());
    }
    for owed in batch.owed_tries(&leads).await? {
        if let Some(lead) = work_unit.leads.get_mut(&owed.lead) {
            lead.again_at = next_try(owed.tries, owed.last_at);
        }
    }
    Ok(())
}

/// Whose number there is a limit for, and over what time it counts.
fn limited(work_unit: &UnitOfWork, hours: &Hours) -> Vec<(PersonId, SignedDuration)> {
    let mut limited = Vec::new();
    for lead in work_unit.leads.values().filter(|lead| lead.fired.is_some() || lead.row.touches > 0) {
        let (Some(work), Some(person)) =
            (work_unit.work.get(&lead.row.client), work_unit.persons.get(&lead.row.person))
        else {
            continue;
        };
        if person.profile.phone.is_none() {
            continue;
        }
        let places = Whereabouts::of(&person.profile, &work.client.country, &work.client.time_zone).places();
        let longest =
            places.iter().flat_map(|place| hours.limits(place.region)).map(|limit| CallLimit::within(*limit)).max();
        limited.extend(longest.map(|within| (lead.row.person, within)));
    }
    limited
}
