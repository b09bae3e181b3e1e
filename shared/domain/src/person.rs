//! One human being for one client: whom an arrival comes from, and what is known of them after it.

mod birth;
mod family_names;
mod fold;
mod gender;
mod given_names;
mod known_as;
mod name;
mod recognise;

pub use birth::BirthDate;
pub(crate) use fold::folded as folded_words;
pub use name::{NameMatch, ReadName};
pub use recognise::{Candidate, Recognised, recognise};

use std::fmt;

use crate::{
    contact::{Identity, Phone},
    submission::Submission,
};

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
    /// Further names that they are known by, each of which says more of the one above: `Samuel Roe` of `Sam Roe`. Compared, and not
    /// shown.
    pub known_as: Vec<String>,
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Written by hand: a derived one would print names and numbers in a log.
        f.write_str("Profile(…)")
    }
}

/// What else a person said to be reached under, beside their profile: the newest first. `Debug` shows nothing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct OtherContacts {
    /// E-mail addresses.
    pub emails: Vec<String>,
    /// E.164 phone numbers, with `;ext=` where there is an extension.
    pub phones: Vec<String>,
}

impl fmt::Debug for OtherContacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OtherContacts(…)")
    }
}

impl OtherContacts {
    /// Of all that a person said those that their profile does not have. A number with another extension is another one.
    #[must_use]
    pub fn beside(profile: &Profile, said: impl IntoIterator<Item = Identity>) -> Self {
        let mut others = Self::default();
        // A mailbox is stored under one of its names, whichever the profile has.
        let own: Vec<_> = profile.identities().collect();
        for identity in said.into_iter().filter(|identity| !own.contains(identity)) {
            match identity {
                Identity::Email(email) if profile.email.as_deref() != Some(email.as_str()) => {
                    others.emails.push(email.as_str().to_owned());
                }
                Identity::Phone(phone) if !profile.has_number(&phone) => others.phones.push(phone.as_str().to_owned()),
                Identity::Email(_) | Identity::Phone(_) => {}
            }
        }
        others
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

    /// The name as it is compared.
    #[must_use]
    pub fn read_name(&self) -> ReadName {
        self.full_name().map(|name| ReadName::read(&name)).unwrap_or_default()
    }

    /// Whether what was said is all another's: nobody is reached under both, and the names are of two. A name that may be the same
    /// one, written badly, is another's only where everything that was known is said otherwise.
    #[must_use]
    pub fn is_all_anothers(&self, said: &Self) -> bool {
        let pairs = [(&self.email, &said.email), (&self.phone, &said.phone)];
        let is_reached = pairs.iter().any(|(_, now)| now.is_some());
        if !is_reached || self.shares_contact(said) {
            return false;
        }
        match self.against_name(&said.read_name()) {
            NameMatch::Contradict => true,
            NameMatch::Alike => pairs.iter().all(|(before, now)| before.is_none() || now.is_some()),
            NameMatch::Same | NameMatch::MayBe | NameMatch::Unnamed => false,
        }
    }

    /// Under what they are reached: the address and the number, as persons are stored under them.
    pub fn identities(&self) -> impl Iterator<Item = Identity> + use<> {
        let extension = self.phone_extension.as_ref().map(|extension| format!(";ext={extension}")).unwrap_or_default();
        let email = self.email.as_ref().and_then(|email| Identity::stored("email", email));
        let phone = self.phone.as_ref().and_then(|phone| Identity::stored("phone", &format!("{phone}{extension}")));
        let email = email.map(|identity| match identity {
            Identity::Email(email) => Identity::of_email(&email),
            phone @ Identity::Phone(_) => phone,
        });
        email.into_iter().chain(phone)
    }

    /// Under what they were reached and are not any more. A number with another extension is another one.
    #[must_use]
    pub fn replaced_by(&self, now: &Self) -> Vec<Identity> {
        let now: Vec<_> = now.identities().collect();
        self.identities().filter(|identity| !now.contains(identity)).collect()
    }

    /// Whether it is the number that is known, with its extension or without any.
    fn has_number(&self, phone: &Phone) -> bool {
        let extension = phone.extension();
        self.phone.as_deref() == Some(phone.number())
            && (extension.is_none() || extension == self.phone_extension.as_deref())
    }

    /// Whether both have the same address or the same number.
    #[must_use]
    pub fn shares_contact(&self, other: &Self) -> bool {
        let pairs = [(&self.email, &other.email), (&self.phone, &other.phone)];
        pairs.iter().any(|(one, other)| one.is_some() && one == other)
    }

    /// Takes in what a submission says. Nothing known is ever emptied.
    pub fn absorb(&mut self, from: &Submission, how: Absorb) {
        self.absorb_name(from, how);
        let email = from.email.as_ref().map(|email| email.as_str().to_owned());
        let phone = from.phone.as_ref().map(|phone| phone.number().to_owned());
        // An extension belongs to its number: it comes and goes with it.
        if let Some(said) = &from.phone
            && (self.phone.is_none() || how == Absorb::Replace || self.phone == phone && self.phone_extension.is_none())
        {
            self.phone_extension = said.extension().map(str::to_owned);
        }
        // One that came alone belongs to the number that is known.
        if from.phone.is_none()
            && self.phone.is_some()
            && from.phone_extension.is_some()
            && (self.phone_extension.is_none() || how == Absorb::Replace)
        {
            self.phone_extension.clone_from(&from.phone_extension);
        }
        let pairs = [
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

    /// A further enquiry that names the same person more fully says who it is: who is known as `J.` or by a first name alone
    /// could not be told from their relatives. Every fuller form is kept to compare with, whichever is shown.
    fn absorb_name(&mut self, from: &Submission, how: Absorb) {
        let said = Self {
            first_name: from.first_name.clone(),
            last_name: from.last_name.clone(),
            name: from.name.clone(),
            ..Self::default()
        };
        let before = self.full_name();
        let (known, new) = (self.read_name(), said.read_name());
        let is_fuller = self.against_name(&new) >= NameMatch::MayBe && new.whole_words() > known.whole_words();
        let full = said.full_name();
        if known.is_empty() || is_fuller {
            (self.first_name, self.last_name, self.name) = (said.first_name, said.last_name, said.name);
        } else if how == Absorb::Replace {
            let pairs = [
                (&mut self.first_name, said.first_name),
                (&mut self.last_name, said.last_name),
                (&mut self.name, said.name),
            ];
            for (known, said) in pairs.into_iter().filter(|(_, said)| said.is_some()) {
                *known = said;
            }
        }
        self.note_names([before.as_deref(), full.as_deref()].into_iter().flatten());
    }
}

#[cfg(test)]
mod tests;
