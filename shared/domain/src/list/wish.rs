//! Who a sender says must not be contacted: in a field for it, by a word such as `DNC` in a status, or in words that may be about
//! one kind of message alone.

use serde_json::Value;

use super::{
    header::{named, words},
    words::DO_NOT_CONTACT,
};
use crate::values::{is_nothing, shown, yes_no};

/// What a value says to whether the person must not be contacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContactWish {
    /// They must not be.
    DoNot,
    /// They may be, or nothing is said of it.
    NotSaid,
    /// Something else, which has to be looked at.
    Unclear,
}

/// Words of a name that is about one kind of message alone, such as `newsletter_opt_out`: somebody who enquires and wants no
/// newsletter wants the call.
const OF_ONE_KIND: [&str; 16] = [
    "email",
    "emails",
    "mail",
    "mails",
    "mailing",
    "newsletter",
    "newsletters",
    "sms",
    "text",
    "texts",
    "marketing",
    "promotions",
    "whatsapp",
    "fax",
    "post",
    "bulk",
];
/// Fewest digits of a day with its year.
const DIGITS_OF_A_DAY: usize = 6;
/// Words of fields that say how it stands with somebody. A link in a mail may be called `Unsubscribe`, too.
const TELLING: [&str; 24] = [
    "status",
    "state",
    "stage",
    "disposition",
    "outcome",
    "result",
    "reason",
    "tag",
    "tags",
    "label",
    "labels",
    "list",
    "lists",
    "segment",
    "segments",
    "category",
    "flag",
    "flags",
    "preference",
    "preferences",
    "notes",
    "note",
    "estado",
    "statut",
];
/// The longest text that is a word for it.
const LONGEST: usize = 40;

/// What the value of a field for it says: yes, no, the word itself, or the day on which it was said.
#[must_use]
pub fn wish_in_field(value: &str) -> ContactWish {
    if is_nothing(value) || value.trim().is_empty() {
        return ContactWish::NotSaid;
    }
    match yes_no(value) {
        Some(true) => ContactWish::DoNot,
        Some(false) => ContactWish::NotSaid,
        None if is_word(value) || is_day(value) => ContactWish::DoNot,
        None if ["optedin", "optin", "subscribed"].contains(&words(value).concat().as_str()) => ContactWish::NotSaid,
        None => ContactWish::Unclear,
    }
}

/// What a value in a field of a sender's own says: the word alone, or beside others in a list of them (`hot; DNC`).
#[must_use]
pub fn wish_in_words(name: &str, value: &str) -> ContactWish {
    if value.len() > LONGEST {
        return ContactWish::NotSaid;
    }
    let is_told =
        words(name).iter().any(|word| TELLING.contains(&word.as_str())) && value.split([',', ';', '|']).any(is_word);
    let said = is_told || is_of_kind_opted_out(name) && yes_no(value) == Some(true);
    match said {
        false => ContactWish::NotSaid,
        true if is_of_one_kind(name) => ContactWish::Unclear,
        true => ContactWish::DoNot,
    }
}

/// What a note says. It is a sentence: only one that says nothing else is a word for it.
#[must_use]
pub fn wish_in_note(note: &str) -> ContactWish {
    if note.contains([',', ';', '|']) { ContactWish::NotSaid } else { wish_in_words("notes", note) }
}

/// What a value says, or any of several: a box that was ticked comes with its hidden zero.
#[must_use]
pub fn wish_in_value(value: &Value, read: impl Fn(&str) -> ContactWish) -> ContactWish {
    let wishes: Vec<_> = match value {
        Value::Array(values) => {
            values.iter().filter(|one| !one.is_array() && !one.is_object()).map(|one| read(&shown(one))).collect()
        }
        Value::Object(_) | Value::Null => Vec::new(),
        other => vec![read(&shown(other))],
    };
    let has = |wish| wishes.contains(&wish);
    match (has(ContactWish::DoNot), has(ContactWish::Unclear)) {
        (true, _) => ContactWish::DoNot,
        (false, true) => ContactWish::Unclear,
        _ => ContactWish::NotSaid,
    }
}

/// Whether a field of a sender's own is for it.
#[must_use]
pub fn is_wish(name: &str) -> bool {
    is_word(name)
}

fn is_word(text: &str) -> bool {
    text.len() <= LONGEST && named(&words(text).concat()) == Some(DO_NOT_CONTACT)
}

fn is_of_one_kind(name: &str) -> bool {
    words(name).iter().any(|word| OF_ONE_KIND.contains(&word.as_str()))
}

/// `email_opt_out`, `HasOptedOutOfEmail`: the name of the field for it, but for the kind of message.
fn is_of_kind_opted_out(name: &str) -> bool {
    let mut left = words(name);
    left.retain(|word| !OF_ONE_KIND.contains(&word.as_str()) && word != "of" && word != "from");
    is_of_one_kind(name) && left.len() > 1 && named(&left.concat()) == Some(DO_NOT_CONTACT)
}

fn is_day(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    digits >= DIGITS_OF_A_DAY && text.starts_with(|c: char| c.is_ascii_digit()) && text.contains(['-', '/', '.'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_for_it_says_yes_no_or_since_when() {
        for value in ["yes", "TRUE", "1", "x", "Y", "DNC", "Do not call", "opted out", "2026-03-01", "03/01/2026 10:00"]
        {
            assert_eq!(wish_in_field(value), ContactWish::DoNot, "{value}");
        }
        for value in ["", " ", "no", "FALSE", "0", "n/a", "none", "opted in", "Subscribed"] {
            assert_eq!(wish_in_field(value), ContactWish::NotSaid, "{value}");
        }
        for value in ["clean", "federal", "perhaps", "12"] {
            assert_eq!(wish_in_field(value), ContactWish::Unclear, "{value}");
        }
    }

    #[test]
    fn a_word_for_it_says_so_in_any_field() {
        for (name, value) in
            [("status", "DNC"), ("Lead Status", "Do Not Call"), ("tags", "hot; unsubscribed"), ("notes", "dnc")]
        {
            assert_eq!(wish_in_words(name, value), ContactWish::DoNot, "{name}: {value}");
        }
        for (name, value) in [
            ("status", "new"),
            ("status", "no contact"),
            ("notes", "They did not call back"),
            ("notes", "please do not call before six"),
            ("newsletter_opt_out", "no"),
            ("marketing", "yes"),
            ("footer", "Unsubscribe"),
        ] {
            assert_eq!(wish_in_words(name, value), ContactWish::NotSaid, "{name}: {value}");
        }
        // Somebody who wants no newsletter may well want the call.
        for (name, value) in [
            ("email_opt_out", "true"),
            ("HasOptedOutOfEmail", "1"),
            ("email_status", "unsubscribed"),
            ("Do not mail", "yes"),
        ] {
            let expected = if name == "Do not mail" { ContactWish::NotSaid } else { ContactWish::Unclear };
            assert_eq!(wish_in_words(name, value), expected, "{name}: {value}");
        }
    }

    #[test]
    fn fields_for_it_have_many_names() {
        for name in [
            "do_not_contact",
            "DNC",
            "Do Not Call",
            "doNotCall",
            "opt_out",
            "Opt-Out",
            "unsubscribed",
            "Don't call",
            "Nicht anrufen",
        ] {
            assert!(is_wish(name), "{name}");
        }
        for name in ["contact", "call", "opt_in", "email_opt_out", "status", "do not reply"] {
            assert!(!is_wish(name), "{name}");
        }
    }
}
