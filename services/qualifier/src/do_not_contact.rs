//! Persons of a batch who must not be contacted: read under the locks, after the batch's arrivals are on their persons and
//! before anything is decided, so that no decision of the batch makes an A of them. Who was sent a lead of theirs is told with the batch.

use std::collections::BTreeSet;

use jiff::Timestamp;
use ripen_domain::{
    contact::Identity,
    id::{ClientId, PersonId},
    said_by::SaidBy,
};
use ripen_store::{
    StoreError, Transaction,
    suppression::{
        found::FoundBarred,
        read::BarredPerson,
        write::{ASKED, NewSuppression, SENDER_SAID},
    },
};

use crate::{
    context,
    decide::BatchDecisions,
    new_arrival::NewArrival,
    perhaps_same::{newly_reached, perhaps_reached},
    unit_of_work::UnitOfWork,
};

/// What an arrival says of whom nobody may contact.
pub struct SenderWish {
    /// Whose it is; none where an older body is of somebody else than its lead: then it is of whoever is reached by what it names.
    person: Option<PersonId>,
    client: ClientId,
    /// Where the arrival says that they are reached, but for a number that leads to a stranger.
    identities: Vec<Identity>,
    /// It is about everything else that leads to the person too.
    of_person: bool,
    /// Its source's name.
    source: String,
}

/// Notes who of the batch's persons is suppressed, under whatever leads to them, and of whom an arrival says that they must not be
/// contacted. What a person who asked for it is newly reached under is to be suppressed too; whoever else is reached under a suppressed
/// number passes it on to nothing.
pub async fn note(
    batch: &mut Transaction,
    work_unit: &mut UnitOfWork,
    arrivals: &[NewArrival<'_>],
) -> Result<Vec<SenderWish>, StoreError> {
    let persons: Vec<PersonId> = work_unit.persons.keys().copied().collect();
    if persons.is_empty() {
        return Ok(Vec::new());
    }
    for (id, _) in work_unit.persons.iter().filter(|(_, person)| person.do_not_contact) {
        work_unit.barred.insert(*id, ASKED.to_owned());
    }
    let reached_anew = work_unit.new_identities.iter().map(|new| new.person);
    let left_beside = arrivals.iter().filter(|fresh| !fresh.arrival.submission.identities_beside().is_empty());
    let left_beside = left_beside.filter_map(|fresh| Some(work_unit.owners.get(&fresh.id)?.person));
    let reached_anew = reached_anew.chain(left_beside);
    work_unit.to_suppress = reached_anew.filter(|person| work_unit.barred.contains_key(person)).collect();
    // A number with a second reading may be the one that must not be called: `+49 49 1522…`, as versions before stored it.
    let new: Vec<_> = newly_reached(work_unit).chain(perhaps_reached(work_unit)).collect();
    for one in batch.persons_barred(&persons, &new).await? {
        bar(work_unit, one.person, &one.why);
    }
    let wishes: Vec<_> = arrivals.iter().filter_map(|arrival| wish_of(work_unit, arrival)).collect();
    for person in wishes.iter().filter_map(|wish| wish.person) {
        bar(work_unit, person, SENDER_SAID);
    }
    Ok(wishes)
}

fn bar(work_unit: &mut UnitOfWork, person: PersonId, why: &str) {
    if let Some(known) = work_unit.persons.get_mut(&person)
        && !std::mem::replace(&mut known.do_not_contact, true)
    {
        work_unit.newly_barred.push(person);
    }
    work_unit.barred.insert(person, why.to_owned());
}

/// Of whom the batch finds that they must not be contacted. Also who was known to be, where a lead of theirs is decided for it: whoever was
/// sent that one and never heard is told with it.
pub fn found(work_unit: &UnitOfWork, decided: &BatchDecisions) -> FoundBarred {
    let of_leads = decided.barred.iter().filter_map(|lead| Some(work_unit.leads.get(lead)?.row.person));
    let persons: BTreeSet<_> = work_unit.newly_barred.iter().copied().chain(of_leads).collect();
    let with_why = |person| Some(BarredPerson { person, why: work_unit.barred.get(&person)?.clone() });
    FoundBarred {
        persons: persons.into_iter().filter_map(with_why).collect(),
        newly: work_unit.newly_barred.clone(),
        decided: decided.barred.clone(),
    }
}

/// What an arrival says of its person; nothing where it is not worked, or repeats another. By its words, and not by what the intake made of
/// them: an intake of a version before heard fewer, and a sweep of the old arrivals passes over what is still in a queue, or released
/// from the quarantine later. Whoever fills in a page may write anybody's
/// address there: that is heard too, of what the form itself names and of nothing else that leads to the person.
fn wish_of(work_unit: &UnitOfWork, fresh: &NewArrival<'_>) -> Option<SenderWish> {
    let arrival = fresh.arrival;
    let owner = work_unit.owners.get(&fresh.id).filter(|_| arrival.submission.says_do_not_contact())?.person;
    let person = (!(fresh.others.is_another && fresh.is_stale())).then_some(owner);
    let is_theirs = |identity: &Identity| match (identity, person) {
        (Identity::Phone(phone), Some(person)) => !work_unit.is_void(person, phone),
        _ => true,
    };
    let source = work_unit.sources.get(&arrival.source).map(|source| source.name.clone()).unwrap_or_default();
    let named = arrival.submission.identities().chain(arrival.submission.identities_beside());
    let identities: Vec<_> = named.filter(is_theirs).collect();
    Some(SenderWish { person, client: arrival.client, identities, of_person: !arrival.by_visitor, source })
}

/// Suppresses what the arrivals name, for their client, with all that follows for whoever else is reached there and for who had a lead
/// of theirs. Comes after the batch's own writes: who is told depends on what its leads are now.
pub async fn follow(batch: &mut Transaction, wishes: &[SenderWish], now: Timestamp) -> Result<(), StoreError> {
    let scope = context::actor().scope();
    for SenderWish { person, client, identities, of_person, source } in wishes {
        let by = SaidBy::Source(source);
        let new = NewSuppression { client: Some(*client), why: SENDER_SAID, by, at: now };
        batch.suppress(scope, &new, identities).await?;
        let Some(person) = person else {
            batch.suppression_follow(scope, &new, identities).await?;
            continue;
        };
        batch.suppression_follow_person((scope, *person), &new, identities).await?;
        if *of_person {
            batch.person_suppress((scope, *person), &new).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ripen_domain::id::LeadId;
    use uuid::Uuid;

    use super::*;
    use crate::{undo_time::tests::row_of, unit_of_work::TrackedLead};

    fn person(number: u128) -> PersonId {
        PersonId::from_uuid(Uuid::from_u128(number))
    }

    #[test]
    fn whose_lead_is_decided_as_barred_is_told_of_beside_whom_nobody_knew_to_be_and_nobody_else() {
        let mut work_unit = UnitOfWork::default();
        for number in [1, 2, 3] {
            let mut lead = TrackedLead::new(row_of(number, Timestamp::UNIX_EPOCH));
            lead.row.person = person(number);
            work_unit.leads.insert(lead.row.id, lead);
        }
        // The first is found now, without a lead that is decided; the second was known to be; the third has nothing decided of theirs.
        for (number, why) in [(1, "on the register"), (2, ASKED), (3, ASKED)] {
            work_unit.barred.insert(person(number), why.to_owned());
        }
        work_unit.newly_barred.push(person(1));
        let second = LeadId::from_uuid(Uuid::from_u128(2));
        let decided = BatchDecisions { barred: vec![second], ..BatchDecisions::default() };
        let barred = |number, why: &str| BarredPerson { person: person(number), why: why.to_owned() };
        let expected = FoundBarred {
            persons: vec![barred(1, "on the register"), barred(2, ASKED)],
            newly: vec![person(1)],
            decided: vec![second],
        };
        assert_eq!(found(&work_unit, &decided), expected);
        assert_eq!(found(&UnitOfWork::default(), &BatchDecisions::default()), FoundBarred::default());
    }
}
