//! Reasons that every client has beside its own, because something follows from them for the person: who asked not to be
//! contacted must not be, and a number that is somebody else's is void.

use crate::{lead::words, touch::Disposition};

words! {
    /// A reason that acts.
    FixedReason "fixed reason" {
        /// They asked not to be contacted any more.
        DoNotContact = "do_not_contact",
        /// Somebody else is reached there.
        WrongNumber = "wrong_number",
    }
}

/// How else people write that somebody wants no contact: the whole reason, since "do not contact before Monday" is another.
const NO_CONTACT: [&str; 8] = [
    "do not contact",
    "do not call",
    "dnc",
    "asked not to be contacted",
    "asked not to be contacted any more",
    "does not want to be contacted",
    "opted out",
    "opt out",
];

/// How reasons begin that say that a number is somebody else's.
const WRONG_NUMBER: [&str; 7] = [
    "wrong number",
    "wrong phone",
    "wrong telephone",
    "wrong contact number",
    "number is wrong",
    "phone number is wrong",
    "not their number",
];

impl FixedReason {
    /// The one that words say, in one of the ways in which people and rules of return put it.
    #[must_use]
    pub fn of(words: &str) -> Option<Self> {
        let small = words.to_lowercase();
        let words: Vec<_> = small.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let words = words.join(" ");
        if NO_CONTACT.contains(&words.as_str()) {
            return Some(Self::DoNotContact);
        }
        WRONG_NUMBER.iter().any(|said| words.starts_with(said)).then_some(Self::WrongNumber)
    }

    /// The one whose word this is, however its parts are joined.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        word.trim().to_lowercase().replace([' ', '-'], "_").parse().ok()
    }

    /// For people.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::DoNotContact => "asked not to be contacted",
            Self::WrongNumber => "wrong number",
        }
    }

    /// The same as what somebody did with the lead.
    #[must_use]
    pub const fn disposition(self) -> Disposition {
        match self {
            Self::DoNotContact => Disposition::DoNotContact,
            Self::WrongNumber => Disposition::WrongNumber,
        }
    }
}

/// A reason as people read it: the word of a fixed one in words, a client's own as it is.
#[must_use]
pub fn reason_in_words(reason: &str) -> &str {
    reason.parse().map_or(reason, |fixed: FixedReason| fixed.in_words())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_recognised_and_nothing_else() {
        for said in ["do_not_contact", "Do not contact!", "DNC", "opted-out"] {
            assert_eq!(FixedReason::of(said), Some(FixedReason::DoNotContact), "{said}");
        }
        for said in ["wrong_number", "Wrong number, a bakery", "wrong phone"] {
            assert_eq!(FixedReason::of(said), Some(FixedReason::WrongNumber), "{said}");
        }
        for said in ["do not contact before Monday", "not a wrong number", "no budget", "", "do not call after six"] {
            assert_eq!(FixedReason::of(said), None, "{said}");
        }
        assert_eq!(FixedReason::named("Wrong Number"), Some(FixedReason::WrongNumber));
        assert_eq!(
            (reason_in_words("do_not_contact"), reason_in_words("no budget")),
            ("asked not to be contacted", "no budget")
        );
    }
}
