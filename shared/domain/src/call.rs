//! Calls, as far as the telephone tells of them. What it does not tell is unknown, and never made up: a call without an answer or
//! an end has no length.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};

use crate::{
    contact::Phone,
    id::{CallId, LeadId},
    lead::words,
};

words! {
    /// How far a call has come. Each is later than those before; what is told late takes nothing back.
    CallState "call state" {
        /// The number was handed to the telephone.
        Dialed = "dialed",
        /// It rings.
        Ringing = "ringing",
        /// Somebody answered.
        Answered = "answered",
        /// It is over.
        Ended = "ended",
        /// It could not be made.
        Failed = "failed",
    }
}

words! {
    /// What a person may refuse on the telephone.
    RefusedNotice "refusal" {
        /// To be recorded.
        Recording = "recording",
        /// To be called like this at all, having heard where the data comes from.
        Notice = "notice",
    }
}

/// How long people spoke; none where an end of it is not known, or the telephone's clock went back.
#[must_use]
pub fn talked(answered_at: Option<Timestamp>, ended_at: Option<Timestamp>) -> Option<SignedDuration> {
    let length = ended_at?.duration_since(answered_at?);
    (!length.is_negative()).then_some(length)
}

/// The length as people read it: `3 min 5 s`; `–` where it is not known.
#[must_use]
pub fn length_in_words(length: Option<SignedDuration>) -> String {
    let Some(seconds) = length.map(|length| length.as_secs()) else { return "–".to_owned() };
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, min, 0) => format!("{min} min"),
        (0, min, s) => format!("{min} min {s} s"),
        (h, min, _) => format!("{h} h {min} min"),
    }
}

/// What is dialed.
#[derive(Debug, Clone, Copy)]
pub struct DialFacts<'a> {
    /// The number, with its extension.
    pub number: &'a Phone,
    /// Shown to who is called, E.164; none for the telephone's own.
    pub caller_id: Option<&'a str>,
    /// The lead.
    pub lead: LeadId,
    /// The call.
    pub call: CallId,
}

impl DialFacts<'_> {
    /// As a link that telephones open (RFC 3966).
    #[must_use]
    pub fn link(&self) -> String {
        format!("tel:{}", self.number.as_str())
    }

    /// A template with what is dialed in its places, each escaped for an address: `{number}`, `{extension}`, `{caller_id}`,
    /// `{lead}`, `{call}`.
    #[must_use]
    pub fn fill(&self, template: &str) -> String {
        let places = [
            ("{number}", self.number.number().to_owned()),
            ("{extension}", self.number.extension().unwrap_or_default().to_owned()),
            ("{caller_id}", self.caller_id.unwrap_or_default().to_owned()),
            ("{lead}", self.lead.to_string()),
            ("{call}", self.call.to_string()),
        ];
        // From left to right, so that what was put in is never taken for a place.
        let (mut filled, mut rest) = (String::new(), template);
        while let Some(at) = rest.find('{') {
            filled.push_str(&rest[..at]);
            rest = &rest[at..];
            let place = places.iter().find(|(place, _)| rest.starts_with(place));
            let (taken, text) = place.map_or(("{", "{".to_owned()), |(place, text)| (*place, escaped(text)));
            filled.push_str(&text);
            rest = &rest[taken.len()..];
        }
        filled + rest
    }
}

/// The places that a template may have.
pub const DIAL_PLACES: [&str; 5] = ["{number}", "{extension}", "{caller_id}", "{lead}", "{call}"];

/// Everything but unreserved characters (RFC 3986) by its bytes.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            escaped.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _cannot_fail = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_unknown_length_is_never_made_up() {
        let at = |second: i64| Some(Timestamp::from_second(second).unwrap());
        let words = |from, to| length_in_words(talked(from, to));
        assert_eq!(words(at(100), at(285)), "3 min 5 s");
        assert_eq!((words(at(0), at(40)), words(at(0), at(120))), ("40 s".to_owned(), "2 min".to_owned()));
        assert_eq!(words(at(0), at(3_725)), "1 h 2 min");
        assert_eq!(words(at(7), at(7)), "0 s");
        for (from, to) in [(None, at(100)), (at(100), None), (None, None), (at(100), at(99))] {
            assert_eq!(words(from, to), "–");
        }
    }

    #[test]
    fn a_template_is_filled_and_what_is_put_in_is_escaped() {
        let number = Phone::parse("+1 415 555 0100 ext 12", None).unwrap().phone;
        let id = Uuid::from_u128(1);
        let facts = DialFacts {
            number: &number,
            caller_id: Some("+13125550199"),
            lead: LeadId::from_uuid(id),
            call: CallId::from_uuid(id),
        };
        assert_eq!(facts.link(), "tel:+14155550100;ext=12");
        let filled = facts.fill("https://pbx.example/?to={number}&x={extension}&as={caller_id}&c={call}&{other}{");
        let call = CallId::from_uuid(id);
        assert_eq!(
            filled,
            format!("https://pbx.example/?to=%2B14155550100&x=12&as=%2B13125550199&c={call}&{{other}}{{")
        );
        assert_eq!(DialFacts { caller_id: None, ..facts }.fill("[{caller_id}]"), "[]");
    }
}
