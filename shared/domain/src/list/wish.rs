//! Who a sender says must not be contacted: in a field for it, by a word such as `DNC` in a status, or in words that may be about
//! one kind of message alone.

use serde_json::Value;

use super::{
    header::{named, words},
    words::DO_NOT_CONTACT,
};
use crate::values::{is_nothing, shown, yes_no};
use field_name::{NamedWish, named_wish};
use permit::{is_permit, is_refused};
use phrases::{CONTAINED, OF_ONE_KIND_ALONE, WISHES};

mod field_name;
mod permit;
mod phrases;
mod within;

pub use within::{FieldWish, wish_in_named, wishes_in};

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
/// So many words are a name of something, and no sentence.
const FEW_WORDS: usize = 3;
/// Before this year nobody was asked whether they may be called.
const EARLIEST_YEAR: u32 = 1970;
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
/// Words of fields in which people write sentences, beside the note itself.
const IN_SENTENCES: [&str; 8] =
    ["comment", "comments", "message", "remark", "remarks", "description", "bemerkung", "kommentar"];
/// The longest text that is a word for it.
const LONGEST: usize = 40;
/// The longest sentence that is a wish and nothing else.
const LONGEST_SENTENCE: usize = 100;
/// The most words of a wish.
const MOST_WORDS: usize = 7;
/// Words that stand around a wish and make it no other: politeness, `again`, `me`.
const AROUND: &[&str] = &[
    "please", "pls", "plz", "kindly", "thanks", "thank", "you", "thx", "cheers", "regards", "again", "anymore", "any",
    "more", "ever", "at", "all", "further", "longer", "me", "us", "bitte", "danke", "mehr", "wieder", "weiter", "mich",
    "uns", "por", "favor", "gracias", "mas", "nunca", "nuevo", "de", "s", "il", "te", "vous", "plait", "svp", "stp",
    "merci", "plus", "nouveau", "jamais", "per", "favore", "grazie", "obrigado", "obrigada", "m", "veuillez",
    "weitere", "weiteren", "nous",
];
/// Words of a sentence that says how or when its person is reached: beside it `do not call` is about calls, or for now.
const INVITING: &[&str] = &[
    "email",
    "emails",
    "mail",
    "mails",
    "mailen",
    "text",
    "texts",
    "sms",
    "whatsapp",
    "write",
    "message",
    "messages",
    "instead",
    "rather",
    "only",
    "after",
    "before",
    "until",
    "schreiben",
    "schreibt",
    "nachricht",
    "nur",
    "erst",
    "stattdessen",
    "lieber",
    "escribir",
    "escriba",
    "escribanme",
    "correo",
    "mensaje",
    "solo",
    "despues",
    "antes",
    "ecrire",
    "ecrivez",
    "courriel",
    "seulement",
    "apres",
    "avant",
    "plutot",
];
/// Where a sentence ends.
const ENDS: [char; 8] = ['.', '!', '?', '\n', '\r', '\u{2026}', '。', '！'];

/// What the value of a field for it says: yes, no, the word itself, or the day on which it was said.
#[must_use]
pub fn wish_in_field(value: &str) -> ContactWish {
    if is_nothing(value) || value.trim().is_empty() {
        return ContactWish::NotSaid;
    }
    match yes_no(value) {
        Some(true) => ContactWish::DoNot,
        Some(false) => ContactWish::NotSaid,
        None if is_no_day(value) => ContactWish::NotSaid,
        None if is_word(value) || is_wish_alone(value) || is_day(value) => ContactWish::DoNot,
        None if ["optedin", "optin", "subscribed"].contains(&words(value).concat().as_str()) => ContactWish::NotSaid,
        None => ContactWish::Unclear,
    }
}

/// What a value in a field of a sender's own says: yes to the wish that the field's name is, the wish alone, or the wish beside others in
/// a list of them (`hot; DNC`); unclear where it stands among other words, or is about less than all contact, and where it is a no to being
/// called: as of a box that nobody ticked.
#[must_use]
pub fn wish_in_words(name: &str, value: &str) -> ContactWish {
    let is_no_permit = || is_refused(value) && named_wish(name).is_none() && is_permit(name);
    match wish_by_name(name, value) {
        ContactWish::NotSaid if is_no_permit() => ContactWish::Unclear,
        wish => wish,
    }
}

fn wish_by_name(name: &str, value: &str) -> ContactWish {
    if named_wish(name).is_none() && words(name).iter().any(|word| IN_SENTENCES.contains(&word.as_str())) {
        return wish_in_note(value);
    }
    let is_telling = is_telling(name);
    if is_telling && value.split([',', ';', '|']).any(|part| is_word(part) || is_wish_alone(part)) {
        return if is_of_one_kind(name) { ContactWish::Unclear } else { ContactWish::DoNot };
    }
    let unclear_where = |is_unclear: bool| if is_unclear { ContactWish::Unclear } else { ContactWish::NotSaid };
    match named_wish(name) {
        Some(NamedWish::OfContact) => wish_in_field(value),
        Some(NamedWish::OfLess) => unclear_where(wish_in_field(value) != ContactWish::NotSaid),
        Some(NamedWish::Perhaps) => unclear_where(yes_no(value) == Some(true) || is_day(value)),
        Some(NamedWish::Checked) => unclear_where(
            !is_nothing(value)
                && !value.trim().is_empty()
                && yes_no(value) != Some(true)
                && !is_day(value)
                && !is_no_day(value),
        ),
        None => unclear_where(is_telling && holds_wish(value)),
    }
}

/// What a note says: the wish alone, as the whole of it or as a sentence; unclear where it stands among other words, as in
/// `call me, do not email` or `please do not call before six`, or where another sentence says how or when: `Do not call. Text me.`
#[must_use]
pub fn wish_in_note(text: &str) -> ContactWish {
    let has_wish = sentences(text).any(is_sentence_wish);
    if is_word(text) || is_stop(text) || has_wish && !sentences(text).any(invites) {
        return ContactWish::DoNot;
    }
    if has_wish || holds_wish(text) { ContactWish::Unclear } else { ContactWish::NotSaid }
}

/// Whether a note is the wish and nothing else, however often it is said.
#[must_use]
pub fn is_wish_note(text: &str) -> bool {
    let has_wish = sentences(text).any(is_sentence_wish);
    is_word(text) || is_stop(text) || has_wish && sentences(text).all(is_sentence_wish)
}

/// The sentences of a text that say more than politeness.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.split(ENDS).filter(|sentence| !without_around(sentence).is_empty() || holds_digit(sentence))
}

/// Whether a sentence says how or when its person is reached.
fn invites(sentence: &str) -> bool {
    let says_how = || words(sentence).iter().any(|word| INVITING.contains(&word.as_str()));
    !is_sentence_wish(sentence) && !holds_wish(sentence) && (holds_digit(sentence) || says_how())
}

fn holds_digit(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit())
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
    strongest(&wishes)
}

/// Of several the one that most follows from.
#[must_use]
pub fn strongest(wishes: &[ContactWish]) -> ContactWish {
    let has = |wish| wishes.contains(&wish);
    match (has(ContactWish::DoNot), has(ContactWish::Unclear)) {
        (true, _) => ContactWish::DoNot,
        (false, true) => ContactWish::Unclear,
        _ => ContactWish::NotSaid,
    }
}

/// Whether a field of a sender's own is for it: `DNC`, `phone_opt_out`, `DoNotCall__c`.
#[must_use]
pub fn is_wish(name: &str) -> bool {
    named_wish(name) == Some(NamedWish::OfContact)
}

fn is_word(text: &str) -> bool {
    text.len() <= LONGEST && named(&words(text).concat()) == Some(DO_NOT_CONTACT)
}

/// Whether a text is the wish and nothing else.
fn is_wish_alone(text: &str) -> bool {
    is_stop(text) || is_sentence_wish(text)
}

/// `STOP`, which among other words is one of them.
fn is_stop(text: &str) -> bool {
    without_around(text) == ["stop"]
}

fn is_sentence_wish(sentence: &str) -> bool {
    if sentence.len() > LONGEST_SENTENCE {
        return false;
    }
    let said = without_around(sentence).concat();
    WISHES.contains(&said.as_str()) || CONTAINED.contains(&said.as_str()) || named(&said) == Some(DO_NOT_CONTACT)
}

fn without_around(text: &str) -> Vec<String> {
    let mut said = words(text);
    said.retain(|word| !AROUND.contains(&word.as_str()));
    said
}

/// Whether the wish stands somewhere among other words.
fn holds_wish(text: &str) -> bool {
    let said = without_around(text);
    (0..said.len()).any(|from| {
        let most = (from + MOST_WORDS).min(said.len());
        (from + 1..=most).any(|to| {
            let part = said[from..to].concat();
            [WISHES, CONTAINED, OF_ONE_KIND_ALONE].iter().any(|wishes| wishes.contains(&part.as_str()))
        })
    })
}

fn is_of_one_kind(name: &str) -> bool {
    words(name).iter().any(|word| OF_ONE_KIND.contains(&word.as_str()))
}

/// Whether the few words that stand under a name are of one kind of message: `sms`, `our newsletter`. A sentence that names one names
/// others too.
#[must_use]
pub fn names_one_kind(text: &str) -> bool {
    text.split_whitespace().count() <= FEW_WORDS && is_of_one_kind(text)
}

/// Whether the name is that of a field that says how it stands with somebody.
fn is_telling(name: &str) -> bool {
    words(name).iter().any(|word| TELLING.contains(&word.as_str()))
}

fn is_day(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let is_dated = text.starts_with(|c: char| c.is_ascii_digit()) && text.contains(['-', '/', '.']);
    digits >= DIGITS_OF_A_DAY && is_dated && !is_no_day(text)
}

/// Whether a text is what programs write where they have no day: zeros, or a day before anybody was asked whether they may be called,
/// such as `0001-01-01T00:00:00`, `1900-01-00`, and the first that computers count from.
fn is_no_day(text: &str) -> bool {
    let day = text.trim().split(|c: char| c.is_whitespace() || c == 'T').next().unwrap_or_default();
    let parts: Vec<&str> = day.split(['-', '/', '.']).collect();
    let numbers: Option<Vec<u32>> = parts.iter().map(|part| part.parse().ok()).collect();
    let Some(numbers) = numbers.filter(|numbers| numbers.len() == 3) else { return false };
    let year = parts.iter().zip(&numbers).find(|(part, _)| part.len() == 4).map(|(_, number)| *number);
    let is_first = year == Some(EARLIEST_YEAR) && numbers.iter().filter(|number| **number == 1).count() == 2;
    numbers.iter().all(|number| *number == 0) || is_first || year.is_some_and(|year| year < EARLIEST_YEAR)
}

#[cfg(test)]
mod tests;
