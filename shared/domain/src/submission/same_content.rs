//! When two bodies have the same content: they say the same, whatever the order of their fields and the white space between them, and
//! whatever version of Ripen read them.

use super::Submission;
use crate::{flag::Flag, hash::ContentHash};

impl Submission {
    /// The hash of what the submission says. Two bodies that differ only in white space or in the order of their
    /// fields say the same.
    #[must_use]
    pub fn content_hash(&self) -> ContentHash {
        if self.flags.iter().any(|flag| flag.code.is_of_what_is_said()) {
            let flags = self.flags.iter().filter_map(Flag::before_it_was_told_apart).collect();
            return Self { flags, ..self.clone() }.content_hash();
        }
        if self.submitted_until.is_some() {
            // It follows from what was said, and versions before did not know it.
            return Self { submitted_until: None, ..self.clone() }.content_hash();
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flag::FlagCode;

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

    #[test]
    fn the_end_of_a_day_is_not_said_and_changes_no_hash() {
        let read = |text| serde_json::from_str::<Submission>(text).unwrap().content_hash();
        let day = r#"{"email":"a@example.com","submitted_at":"2026-11-20T06:00:00Z"}"#;
        let whole = r#"{"email":"a@example.com","submitted_at":"2026-11-20T06:00:00Z","submitted_until":"2026-11-21T06:00:00Z"}"#;
        assert_eq!(read(day), read(whole));
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
}
