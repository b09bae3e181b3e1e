//! What one lead submission says, whatever format it came in: the common form every intake format ends in.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    contact::{Email, Identity, Phone},
    flag::{Flag, FlagCode},
    hash::ContentHash,
    lead::Channel,
};

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
        let email = self.email.clone().map(Identity::Email);
        email.into_iter().chain(self.phone.clone().map(Identity::Phone))
    }

    /// Under what earlier versions may have stored the person, beside [`Self::identities`]. Nobody is stored under it any more.
    pub fn former_identities(&self) -> impl Iterator<Item = Identity> + use<> {
        self.phone_formerly.clone().map(Identity::Phone).into_iter()
    }

    /// The hash of what the submission says. Two bodies that differ only in white space or in the order of their
    /// fields say the same.
    #[must_use]
    pub fn content_hash(&self) -> ContentHash {
        if self.flags.iter().any(|flag| flag.code.is_of_what_is_said()) {
            let flags = self.flags.iter().filter_map(Flag::before_it_was_told_apart).collect();
            return Self { flags, ..self.clone() }.content_hash();
        }
        // A map of texts, numbers and instants always serialises; an empty body would only make hashes equal.
        let mut said = serde_json::to_vec(self).unwrap_or_default();
        if !self.flags.is_empty() {
            // Earlier versions kept codes alone: a repetition of what they received must have the hash that they gave it.
            let flags = serde_json::to_vec(&self.flags).unwrap_or_default();
            said.truncate(said.len().saturating_sub(flags.len() + 1));
            said.extend(serde_json::to_vec(&self.flag_codes()).unwrap_or_default());
            said.push(b'}');
        }
        ContentHash::of(&said)
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
    fn the_order_of_fields_does_not_change_what_is_said() {
        let read = |text| serde_json::from_str::<Submission>(text).unwrap().content_hash();
        let one = read(r#"{"email":"a@example.com","answers":{"x":1,"y":2}}"#);
        assert_eq!(one, read(r#"{"answers":{"y":2,"x":1},"email":"a@example.com"}"#));
        assert_ne!(one, read(r#"{"answers":{"y":2,"x":2},"email":"a@example.com"}"#));
    }

    #[test]
    fn what_is_flagged_of_the_words_themselves_changes_no_hash() {
        let read = |flags: &str| {
            let text = format!(r#"{{"email":"a@example.com","extra":{{"first_nmae":"Casey"}},"flags":{flags}}}"#);
            serde_json::from_str::<Submission>(&text).unwrap().content_hash()
        };
        assert_eq!(read("[]"), read(r#"[{"field":"first_nmae","code":"unknown_field","meant":"first_name"}]"#));
        assert_eq!(read("[]"), read(r#"[{"field":"tracking.click_id","code":"rounded","said":"1E+20"}]"#));
        let id = read(r#"[{"field":"external_id","code":"rounded","said":"1E+20"}]"#);
        assert_eq!(id, read(r#"["field_unusable"]"#), "as versions before flagged it");
        assert_ne!(id, read("[]"));
    }

    /// As an earlier version hashed it: a retry across the upgrade is the same arrival.
    #[test]
    fn what_was_hashed_before_has_the_same_hash() {
        let form = r#"{"email":"a@example.com","phone":"+14155550100","answers":{"budget":1.5},"flags":["phone_doubtful","text_cut"]}"#;
        let mut read: Submission = serde_json::from_str(form).unwrap();
        assert_eq!(read.content_hash(), ContentHash::of(form.as_bytes()));
        read.flags =
            vec![Flag::new("notes", FlagCode::TextCut).saying("x"), Flag::new("phone", FlagCode::PhoneDoubtful)];
        read.flags.push(Flag::new("name", FlagCode::TextCut));
        assert_eq!(read.content_hash(), ContentHash::of(form.as_bytes()));
        read.flags.clear();
        let plain = r#"{"email":"a@example.com","phone":"+14155550100","answers":{"budget":1.5}}"#;
        assert_eq!(read.content_hash(), ContentHash::of(plain.as_bytes()));
    }

    #[test]
    fn debug_shows_no_contact_data() {
        let submission = Submission { name: Some("Casey Smith".into()), ..Submission::default() };
        assert!(!format!("{submission:?}").contains("Casey"));
    }
}
