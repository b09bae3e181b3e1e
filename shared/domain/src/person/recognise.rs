//! Which known person an arrival comes from. One rule for both kinds of identity: the same address or number, and names that do
//! not contradict each other, are one person; names that do are people of one household.

use crate::{
    id::PersonId,
    person::{
        Profile,
        name::{NameMatch, ReadName},
    },
};

/// Somebody who is reached under one or more of an arrival's identities.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// The person.
    pub person: PersonId,
    /// What is known of them.
    pub profile: &'a Profile,
    /// Further names that they are known by, such as the one before they married.
    pub other_names: &'a [ReadName],
    /// Reached under the same e-mail address.
    pub by_email: bool,
    /// Reached under the same phone.
    pub by_phone: bool,
    /// Born on the day that the arrival says.
    pub is_born_alike: bool,
}

impl Candidate<'_> {
    /// How a name stands to the nearest of theirs.
    fn against(&self, said: &ReadName) -> NameMatch {
        let known = self.profile.against_name(said);
        let others = self.other_names.iter().filter(|name| !name.is_empty()).map(|name| said.against(name));
        others.fold(known, NameMatch::max)
    }

    /// Whether a name that is alike to one of theirs is that one, written badly.
    fn is_slip(&self, said: &ReadName) -> bool {
        let is_slip = |known: &ReadName| said.against(known) == NameMatch::Alike && said.is_slip_of(known);
        self.profile.is_parted_by(said, is_slip) || self.other_names.iter().any(is_slip)
    }

    /// Whether a name that is alike to one of theirs is that one, with one letter of a known given name wrong; the first too where both
    /// the address and the number are theirs.
    fn is_mistyped(&self, said: &ReadName) -> bool {
        let is_both = self.by_email && self.by_phone;
        let is_mistyped =
            |known: &ReadName| said.against(known) == NameMatch::Alike && said.is_mistyped(known, is_both);
        self.profile.is_parted_by(said, is_mistyped) || self.other_names.iter().any(is_mistyped)
    }

    /// Whether a name has the given name of one of theirs.
    fn shares_given(&self, said: &ReadName) -> bool {
        let shares = |known: &ReadName| said.shares_given(known);
        self.profile.is_parted_by(said, shares) || self.other_names.iter().any(shares)
    }
}

/// Whose an arrival is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recognised {
    /// The known person; somebody new where none.
    pub person: Option<PersonId>,
    /// Others who may be the same person, earlier ones first; where nobody is recognised, the same as the new one. The machine
    /// never merges two who exist.
    pub perhaps: Vec<PersonId>,
}

/// Whose a submission is, of candidates with the earliest first.
///
/// Of several who are certainly meant the earliest has it. What may be of one person as well as of a relative, such as an
/// initial, counts only where one candidate fits: else it is a person of their own. The day of birth tells relatives apart, and
/// a given name that goes with it is the same person's under another family name; with another given name it may be a twin's,
/// which people decide; with one that is written badly it is the same person's. So they do where the given names are as near to each other as a slip of
/// the pen, and as those of a couple: somebody new is proposed as the same as the one who is known. One letter that is missing
/// or swapped in a given name that people have, or one that makes a word of it that is none, is a slip where one candidate fits; a
/// letter that makes what could be another name of it, as of a relative, leaves it to people.
#[must_use]
pub fn recognise(said: &Profile, candidates: &[Candidate<'_>]) -> Recognised {
    let name = said.read_name();
    let fits: Vec<_> = candidates.iter().map(|candidate| (candidate, fit(said, candidate, &name))).collect();
    let fitting: Vec<_> =
        fits.iter().filter(|(_, fit)| matches!(fit, Fit::Mistyped | Fit::Possible | Fit::Certain)).collect();
    let certain = fitting.iter().filter(|(_, fit)| *fit == Fit::Certain);
    let (person, others): (_, Vec<_>) = match (certain.clone().next(), &fitting[..]) {
        (Some((first, _)), _) => (Some(first.person), certain.skip(1).map(|(other, _)| other.person).collect()),
        (None, [(only, _)]) => (Some(only.person), Vec::new()),
        (None, several) => (likeliest(&name, several), Vec::new()),
    };
    if person.is_some() {
        return Recognised { person, perhaps: others };
    }
    let is_near = |fit: Fit, candidate: &Candidate<'_>| match fit {
        Fit::Near | Fit::Mistyped => true,
        Fit::None => candidate.is_born_alike,
        Fit::Possible | Fit::Certain => false,
    };
    let near = fits.iter().filter(|(candidate, fit)| is_near(*fit, candidate));
    Recognised { person: None, perhaps: near.map(|(candidate, _)| candidate.person).collect() }
}

/// Of several who may be meant the one of whom more is the same: the day of birth, or, without a name, both identities.
fn likeliest(name: &ReadName, several: &[&(&Candidate<'_>, Fit)]) -> Option<PersonId> {
    let only = |is_meant: &dyn Fn(&Candidate<'_>) -> bool| {
        let mut meant = several.iter().filter(|(one, _)| is_meant(one));
        meant.next().filter(|_| meant.next().is_none()).map(|(one, _)| one.person)
    };
    only(&|one| one.is_born_alike).or_else(|| only(&|one| name.is_empty() && one.by_email && one.by_phone))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    None,
    /// Somebody else, or the same one with a slip of the pen.
    Near,
    /// The same one with a slip of the pen, unless there are several such.
    Mistyped,
    Possible,
    Certain,
}

fn fit(said: &Profile, candidate: &Candidate<'_>, name: &ReadName) -> Fit {
    let known = candidate.profile;
    match candidate.against(name) {
        NameMatch::Contradict if candidate.is_born_alike && candidate.shares_given(name) => Fit::Certain,
        NameMatch::Contradict => Fit::None,
        NameMatch::Alike if candidate.is_born_alike && candidate.is_slip(name) => Fit::Certain,
        NameMatch::Alike if candidate.is_mistyped(name) => Fit::Mistyped,
        NameMatch::Alike => Fit::Near,
        NameMatch::Same => Fit::Certain,
        NameMatch::MayBe => Fit::Possible,
        // Couples share a phone. Without a name only the address can tell them apart, or the day of birth.
        NameMatch::Unnamed if !candidate.by_email && !candidate.is_born_alike => match (&said.email, &known.email) {
            (Some(one), Some(other)) if one != other => Fit::None,
            _ => Fit::Possible,
        },
        NameMatch::Unnamed => Fit::Possible,
    }
}
