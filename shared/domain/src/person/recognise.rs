//! Which known person an arrival comes from. One rule for both kinds of identity: the same address or number, and names that do
//! not contradict each other, are one person; names that do are people of one household.

use crate::{
    id::PersonId,
    person::{Profile, name::NameMatch},
};

/// Somebody who is reached under one or more of an arrival's identities.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// The person.
    pub person: PersonId,
    /// What is known of them.
    pub profile: &'a Profile,
    /// Reached under the same e-mail address.
    pub by_email: bool,
    /// Reached under the same phone.
    pub by_phone: bool,
}

/// Whose an arrival is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recognised {
    /// The known person; somebody new where none.
    pub person: Option<PersonId>,
    /// Others who may be the same person, earlier ones first. The machine never merges two who exist.
    pub perhaps: Vec<PersonId>,
}

/// Whose a submission is, of candidates with the earliest first.
///
/// Of several who are certainly meant the earliest has it. What may be of one person as well as of a relative, such as an
/// initial, counts only where one candidate fits: else it is a person of their own.
#[must_use]
pub fn recognise(said: &Profile, candidates: &[Candidate<'_>]) -> Recognised {
    let name = said.read_name();
    let fitting: Vec<_> = candidates
        .iter()
        .map(|candidate| (candidate, fit(said, candidate, name.against(&candidate.profile.read_name()))))
        .filter(|(_, fit)| *fit != Fit::None)
        .collect();
    let certain = fitting.iter().filter(|(_, fit)| *fit == Fit::Certain);
    let (person, others): (_, Vec<_>) = match (certain.clone().next(), &fitting[..]) {
        (Some((first, _)), _) => (Some(first.person), certain.skip(1).map(|(other, _)| *other).collect()),
        (None, [(only, _)]) => (Some(only.person), Vec::new()),
        // Without a name whoever is reached under both is the likeliest.
        (None, several) if name.is_empty() => {
            let mut both = several.iter().filter(|(one, _)| one.by_email && one.by_phone);
            let only = both.next().filter(|_| both.next().is_none());
            (only.map(|(one, _)| one.person), Vec::new())
        }
        (None, _) => (None, Vec::new()),
    };
    Recognised { person, perhaps: others.into_iter().map(|other| other.person).collect() }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    None,
    Possible,
    Certain,
}

fn fit(said: &Profile, candidate: &Candidate<'_>, names: NameMatch) -> Fit {
    let known = candidate.profile;
    match names {
        NameMatch::Contradict => Fit::None,
        NameMatch::Same => Fit::Certain,
        NameMatch::MayBe => Fit::Possible,
        // Couples share a phone. Without a name only the address can tell them apart.
        NameMatch::Unnamed if !candidate.by_email => match (&said.email, &known.email) {
            (Some(one), Some(other)) if one != other => Fit::None,
            _ => Fit::Possible,
        },
        NameMatch::Unnamed => Fit::Possible,
    }
}
