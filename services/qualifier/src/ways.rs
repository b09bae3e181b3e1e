//! The ways to a person of which people are told: what somebody gave stands beside what is known first, and what a correction took back
//! is told to nobody, until it is said again. A way leads to its person all the same: what arrives from there is theirs.

use ripen_domain::{
    contact::Identity,
    id::{ClientId, PersonId},
    submission::Submission,
};
use ripen_store::person::identity::{ClientIdentity, NewIdentity};

use crate::{new_arrival::NewArrival, unit_of_work::UnitOfWork};

/// What a correction says of the ways to its person beside those that are new. Of what corrects nothing it is empty.
#[derive(Default)]
pub struct CorrectedWays {
    /// It says them, and a newer body that came before it says others in their place.
    late: Vec<Identity>,
    /// The bodies before it said them last. Said again they are no news: who put something else in their place knew of them.
    repeated: Vec<Identity>,
    /// Nobody says them any more.
    gone: Vec<Identity>,
}

impl CorrectedWays {
    /// Of a correction of which `counting` is what no newer body says otherwise. A number that is known to be somebody else's takes
    /// no other's place.
    pub fn of(fresh: &NewArrival<'_>, counting: &Submission, void: Option<&Identity>) -> Self {
        let counts: Vec<_> = counting.identities().collect();
        let late = fresh.arrival.submission.identities().filter(|one| !counts.contains(one)).collect();
        let repeated: Vec<_> = fresh.others.before.person().identities().collect();
        let in_place = |one: &Identity| counts.iter().any(|said| said.kind() == one.kind() && Some(said) != void);
        let gone = repeated.iter().filter(|one| in_place(one) && !counts.contains(one)).cloned().collect();
        Self { late, repeated, gone }
    }

    /// Takes in what was known of the person and is not any more, and what of all of it others say still.
    pub fn replace(&mut self, replaced: Vec<Identity>, is_said_still: impl Fn(&Identity) -> bool) {
        self.gone.extend(replaced);
        self.gone.retain(|one| !is_said_still(one));
        self.late.retain(|one| !is_said_still(one));
    }

    /// Notes under what the person is reached from now on, and under what nobody is told to reach them.
    pub fn note(
        self,
        work_unit: &mut UnitOfWork,
        (client, person): (ClientId, PersonId),
        said: impl Iterator<Item = Identity>,
    ) {
        let link = |identity| NewIdentity { of: ClientIdentity { client, identity }, person };
        work_unit.replaced.extend(self.gone.into_iter().map(link));
        for identity in said {
            let is_late = self.late.contains(&identity);
            let is_news = !is_late && !self.repeated.contains(&identity);
            let new = link(identity);
            let reached = work_unit.reached.entry(new.of.clone()).or_default();
            let is_new = !reached.contains(&person);
            if is_new {
                reached.push(person);
            }
            if is_new && is_late {
                work_unit.replaced.push(new.clone());
            }
            if is_news {
                // What an arrival before it in this batch took back is said again.
                work_unit.replaced.retain(|replaced| *replaced != new);
            }
            // Only what is not told is written: a repeated enquiry would lock its links for nothing.
            let is_again = is_news && work_unit.unsaid.remove(&new);
            if is_new || is_again {
                work_unit.new_identities.push(new);
            }
        }
    }
}
