//! One human being for one client: whom an arrival comes from, and what is known of them after it.

use std::fmt;

use crate::{id::PersonId, submission::Submission};

/// What is known of a person. `Debug` shows nothing: it is contact data from end to end.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// Whole name, where the parts are not known.
    pub name: Option<String>,
    /// Normalised e-mail address.
    pub email: Option<String>,
    /// E.164 phone number.
    pub phone: Option<String>,
    /// The extension behind the phone number.
    pub phone_extension: Option<String>,
    /// Postal code as given.
    pub postal_code: Option<String>,
    /// ISO 3166 alpha-2.
    pub country: Option<String>,
    /// IANA time zone.
    pub time_zone: Option<String>,
    /// BCP 47 tag.
    pub locale: Option<String>,
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Written by hand: a derived one would print names and numbers in a log.
        f.write_str("Profile(…)")
    }
}

/// Which of two values stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absorb {
    /// A further enquiry fills what is empty: what is known already may have been verified.
    Fill,
    /// A correction replaces what it names.
    Replace,
}

impl Profile {
    /// The parts of the name, else the whole as it was given.
    #[must_use]
    pub fn full_name(&self) -> Option<String> {
        let parts: Vec<_> = [&self.first_name, &self.last_name].into_iter().flatten().map(String::as_str).collect();
        // The parts win: `name` is what a form with one field brought.
        if parts.is_empty() { self.name.clone() } else { Some(parts.join(" ")) }
    }

    /// Takes in what a submission says. Nothing known is ever emptied.
    pub fn absorb(&mut self, from: &Submission, how: Absorb) {
        let email = from.email.as_ref().map(|email| email.as_str().to_owned());
        let phone = from.phone.as_ref().map(|phone| phone.number().to_owned());
        // An extension belongs to its number: it comes and goes with it.
        if let Some(said) = &from.phone
            && (self.phone.is_none() || how == Absorb::Replace || self.phone == phone && self.phone_extension.is_none())
        {
            self.phone_extension = said.extension().map(str::to_owned);
        }
        let pairs = [
            (&mut self.first_name, &from.first_name),
            (&mut self.last_name, &from.last_name),
            (&mut self.name, &from.name),
            (&mut self.email, &email),
            (&mut self.phone, &phone),
            (&mut self.postal_code, &from.postal_code),
            (&mut self.country, &from.country),
            (&mut self.time_zone, &from.time_zone),
            (&mut self.locale, &from.locale),
        ];
        for (known, said) in pairs {
            // What is not said stays: a form with an empty field must not erase a verified number.
            if said.is_some() && (known.is_none() || how == Absorb::Replace) {
                known.clone_from(said);
            }
        }
    }

    /// The name in lower case without surrounding space, from the parts or the whole.
    fn comparable_name(&self) -> Option<String> {
        let parts = [self.first_name.as_deref(), self.last_name.as_deref()];
        let joined = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let name = if joined.is_empty() { self.name.clone()? } else { joined };
        // Case and spaces do not make another person.
        Some(name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase())
    }

    /// Whether two profiles name different people. A missing name contradicts nobody.
    #[must_use]
    pub fn names_another(&self, other: &Self) -> bool {
        // Only two names that are both known can contradict each other.
        matches!((self.comparable_name(), other.comparable_name()), (Some(one), Some(two)) if one != two)
    }
}

/// Somebody who is reached under one of an arrival's identities.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// The person.
    pub person: PersonId,
    /// What is known of them.
    pub profile: &'a Profile,
    /// Reached under the same e-mail address.
    pub by_email: bool,
}

/// Which known person a submission comes from, if any: the oldest with the same e-mail address; else the oldest with
/// the same phone whose name and address do not say that it is somebody else of the household.
///
/// Candidates come oldest first.
#[must_use]
pub fn recognise(said: &Profile, candidates: &[Candidate<'_>]) -> Option<PersonId> {
    // An address first: it belongs to one person more often than a phone does.
    let by_email = candidates.iter().find(|candidate| candidate.by_email);
    let by_phone = || candidates.iter().find(|candidate| !candidate.by_email && may_be(said, candidate.profile));
    by_email.or_else(by_phone).map(|candidate| candidate.person)
}

/// Sharing a phone, two profiles may be one person unless their names differ, or no name tells and their addresses do.
fn may_be(said: &Profile, known: &Profile) -> bool {
    if said.names_another(known) {
        return false;
    }
    // Couples share a phone. Without a name only the address can tell them apart.
    let nameless = said.comparable_name().is_none() || known.comparable_name().is_none();
    let addresses_differ = said.email.is_some() && known.email.is_some() && said.email != known.email;
    !(nameless && addresses_differ)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn profile(name: &str, email: &str) -> Profile {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Profile { name: some(name), email: some(email), ..Profile::default() }
    }

    fn person(n: u128) -> PersonId {
        PersonId::from_uuid(Uuid::from_u128(n))
    }

    #[test]
    fn the_same_address_is_the_same_person_whatever_the_name() {
        let known = profile("Casey Smith", "c@example.com");
        let found = [Candidate { person: person(1), profile: &known, by_email: true }];
        assert_eq!(recognise(&profile("K. Smith", "c@example.com"), &found), Some(person(1)));
    }

    #[test]
    fn a_shared_phone_with_another_name_is_somebody_else_of_the_household() {
        let known = profile("Casey Smith", "c@example.com");
        let found = [Candidate { person: person(1), profile: &known, by_email: false }];
        assert_eq!(recognise(&profile("Robin Smith", ""), &found), None);
        assert_eq!(recognise(&profile("casey  SMITH", "other@example.com"), &found), Some(person(1)));
        assert_eq!(recognise(&profile("", ""), &found), Some(person(1)));
        assert_eq!(recognise(&profile("", "other@example.com"), &found), None);
    }

    #[test]
    fn an_enquiry_fills_and_a_correction_replaces_but_neither_empties() {
        let mut known = profile("Casey", "c@example.com");
        let said = Submission { name: Some("Kay".into()), postal_code: Some("60134".into()), ..Submission::default() };
        known.absorb(&said, Absorb::Fill);
        assert_eq!((known.name.as_deref(), known.postal_code.as_deref()), (Some("Casey"), Some("60134")));
        known.absorb(&said, Absorb::Replace);
        assert_eq!((known.name.as_deref(), known.email.as_deref()), (Some("Kay"), Some("c@example.com")));
    }
}
