//! What one lead submission says, whatever format it came in: the common form every intake format ends in.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    contact::{Email, Identity, Phone},
    flag::{Flag, FlagCode},
    lead::Channel,
};

mod beside;
mod same_content;
mod wish;

/// Most flags of one submission: a body of a thousand bad answers is told by the first of them.
const MOST_FLAGS: usize = 40;

/// Consent as the person gave it. Kept word for word.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Consent {
    /// The words agreed to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Which edition of the words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// When it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_at: Option<Timestamp>,
    /// From which address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// Where a certificate of it can be seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_url: Option<String>,
}

/// One submission, parsed and normalised. Serialised, it is part of the message in `ripen.arrivals`.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Submission {
    /// The sender's own id of this lead: a repeat with the same id is the same arrival or an amendment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Given name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Family name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// The whole name, where the parts are not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Normalised e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// Normalised phone number, with its extension.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// What versions before read as the phone number, where that differs: only to find a person who is stored under it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_formerly: Option<Phone>,
    /// Postal code as given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// ISO 3166 alpha-2 in upper case: the lead's own, else the source's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// IANA time zone name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// BCP 47 language tag as given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// How it arrived, where it differs from the source's channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// When the person submitted it, by the sender's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub submitted_at: Option<Timestamp>,
    /// The end of the day, where a day alone was said of when: it was submitted at any time of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub submitted_until: Option<Timestamp>,
    /// Answers to the script's questions, by question id, as given.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub answers: Map<String, Value>,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// Who sent the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referred_by: Option<String>,
    /// A test lead is quarantined and never worked.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub test: bool,
    /// Its sender says that the person must not be contacted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub do_not_contact: bool,
    /// An extension that came without its number: it belongs to the one that is known of the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_extension: Option<String>,
    /// Consent as given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<Consent>,
    /// Campaign data: page, utm parameters, click id, cost.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub tracking: Map<String, Value>,
    /// Fields that Ripen has no name for.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
    /// What could not be used as it came, sorted, each once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<Flag>,
}

impl Submission {
    /// The ways to recognise the person, e-mail first.
    pub fn identities(&self) -> impl Iterator<Item = Identity> + use<> {
        // The address first, in the order in which persons are recognised.
        let email = self.email.as_ref().map(Identity::of_email);
        email.into_iter().chain(self.phone.clone().map(Identity::Phone))
    }

    /// Under what earlier versions may have stored the person, beside [`Self::identities`]. Nobody is stored under it any more.
    pub fn former_identities(&self) -> impl Iterator<Item = Identity> + use<> {
        let as_written = self.email.clone().filter(|email| email.mailbox() != *email);
        as_written.map(Identity::Email).into_iter().chain(self.phone_formerly.clone().map(Identity::Phone))
    }

    /// All that may be an answer, by the name it came under: a field of the sender's own may be called as a question is.
    #[must_use]
    pub fn perhaps_answers(&self) -> Map<String, Value> {
        let mut all = self.extra.clone();
        all.extend(self.answers.iter().map(|(question, value)| (question.clone(), value.clone())));
        all
    }

    /// Why something was flagged, each reason once.
    #[must_use]
    pub fn flag_codes(&self) -> Vec<FlagCode> {
        let mut codes: Vec<_> = self.flags.iter().map(|flag| flag.code).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }

    /// Notes a flag once, keeping the list sorted.
    pub fn flag(&mut self, flag: Flag) {
        // Sorted and once: the hash of equal submissions must not depend on the order of the checks.
        if self.flags.len() < MOST_FLAGS
            && let Err(place) = self.flags.binary_search(&flag)
        {
            self.flags.insert(place, flag);
        }
    }
}

/// Names no value: a submission is contact data from end to end.
impl fmt::Debug for Submission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The flags alone: the rest is personal data and must not come into a log.
        f.debug_struct("Submission").field("flags", &self.flags).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_contact_data() {
        let submission = Submission { name: Some("Casey Smith".into()), ..Submission::default() };
        assert!(!format!("{submission:?}").contains("Casey"));
    }

    #[test]
    fn a_person_is_known_by_the_mailbox_and_was_known_by_what_was_written() {
        let ways = |email: &str| {
            let submission = Submission { email: Some(Email::parse(email).unwrap()), ..Submission::default() };
            let values = |of: Vec<Identity>| of.iter().map(|way| way.value().to_owned()).collect::<Vec<_>>();
            (values(submission.identities().collect()), values(submission.former_identities().collect()))
        };
        let nothing = Vec::<String>::new();
        assert_eq!(ways("casey@gmail.com"), (vec!["casey@gmail.com".to_owned()], nothing.clone()));
        let former = vec!["casey@googlemail.com".to_owned()];
        assert_eq!(ways("Casey@Googlemail.com"), (vec!["casey@gmail.com".to_owned()], former));
        assert_eq!(ways("casey@example.com"), (vec!["casey@example.com".to_owned()], nothing));
    }
}
