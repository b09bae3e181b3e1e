//! What is known since an arrival's person said it: an enquiry of last year that comes today, on a list or out of a queue, tells what
//! was not known, and replaces nothing that was said or heard after it.

use std::borrow::Cow;

use ripen_domain::{
    flag::{Flag, FlagCode},
    id::PersonId,
    person::{Absorb, NameMatch, Profile},
    submission::Submission,
};

use crate::{new_arrival::NewArrival, unit_of_work::UnitOfWork};

/// Whether its person got in touch, or was spoken to, after they said this.
fn is_outdated(work_unit: &UnitOfWork, fresh: &NewArrival<'_>, person: PersonId) -> bool {
    let said_at = fresh.said_at();
    work_unit.leads.values().map(|lead| &lead.row).filter(|lead| lead.person == person).any(|lead| {
        lead.last_arrived_at > said_at || lead.last_conversation_at.is_some_and(|spoken_at| spoken_at > said_at)
    })
}

/// Takes out of what an arrival says of its person what was said before, where it corrects that, and what is older than what stands
/// in its place.
pub fn take_out_settled(
    work_unit: &UnitOfWork,
    fresh: &NewArrival<'_>,
    (person, corrects): (PersonId, bool),
    said: &mut Cow<'_, Submission>,
) {
    let known = work_unit.persons.get(&person).map(|known| &known.profile);
    if corrects {
        fresh.others.before.take_out_repeated(said.to_mut(), known.and_then(|known| known.phone.as_deref()));
    }
    let Some(known) = known.filter(|_| is_outdated(work_unit, fresh, person)) else { return };
    if corrects {
        fresh.others.before.keep_to_own(said.to_mut(), known);
    } else if known.full_name().is_some() {
        // All else of an enquiry only fills what is empty.
        let said = said.to_mut();
        (said.first_name, said.last_name, said.name) = (None, None, None);
    }
}

/// What is told of a name that is older than the one that stands.
pub fn flag(work_unit: &UnitOfWork, fresh: &NewArrival<'_>, person: PersonId) -> Option<Flag> {
    let known = &work_unit.persons.get(&person)?.profile;
    let mut said = Profile::default();
    said.absorb(&fresh.arrival.submission, Absorb::Fill);
    let is_other = !matches!(said.read_name().against(&known.read_name()), NameMatch::Same | NameMatch::Unnamed);
    let name = said.full_name().filter(|_| is_other && !fresh.is_stale() && is_outdated(work_unit, fresh, person))?;
    Some(Flag::new("name", FlagCode::OlderThanKnown).saying(&name))
}
