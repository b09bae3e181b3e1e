//! What the name of a field says of whom not to contact, by its words: a wish (`do not call`, `opt out`), what it is about (`phone`,
//! `sms`) and what says nothing (`flag`, `__c`). Any other word may make something else of it, as in `do_not_contact_before`.

use super::phrases::{CONTAINED, OF_ONE_KIND_ALONE, WISHES};
use crate::list::{
    header::words,
    words::{DO_NOT_CONTACT, NAMES},
};

/// What a field is for, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NamedWish {
    /// Whether its person must not be called, or not be contacted at all.
    OfContact,
    /// The same of one kind of message or of one number of several; or nobody can say what its other words make of it.
    OfLess,
    /// Something else, as likely: `unsubscribe_group`.
    Perhaps,
    /// Whether somebody looked for such a wish: `dnc_checked`.
    Checked,
}

/// A word of a name, or several that are one wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NameWord {
    /// `do not call`
    NotToCall,
    /// `do not contact`, `opt out`
    NotToContact,
    /// `do not email`
    NotToWrite,
    /// `no calls`, which may be how many there were.
    NoCalls,
    /// `unsubscribed`: a wish where nothing else is beside it.
    Ended,
    Call,
    Phone,
    /// On which messages come, too.
    Mobile,
    /// A message to a telephone.
    Message,
    Letter,
    /// What for: somebody who enquires and wants no offers wants the call.
    Purpose,
    Check,
    /// `unsubscribe_link`: what goes out with messages.
    Aside,
    Filler,
    Other,
}

/// The longest name that is looked at.
const LONGEST: usize = 200;
/// The most words of one wish.
const MOST_WORDS: usize = 6;
/// The longest word that may be two.
const LONGEST_WORD: usize = 40;
/// What a word that is two has in it: `phoneoptout`.
const GLUED: &[&str] = &["optout", "optedout", "donot", "dont", "dnc", "unsubscribe"];
/// Parts of wishes that are about calls.
const OF_CALLS: &[&str] = &["call", "phone", "donotring", "dontring", "anruf", "llam", "appel", "chiam", "ligar"];
/// Parts of wishes that are one among other words too, beside [`CONTAINED`].
const OPT_OUT: &[&str] = &["optout", "optsout", "optedout"];
/// What programs write for `unsubscribed`, as in `UNSUB_TIME`.
const ENDED: &[&str] = &["unsub"];
/// How many calls there were, as likely.
const COUNTS: &[&str] = &["nocalls", "nophonecalls", "keineanrufe", "keinanruf", "sinllamadas"];
pub(super) const CALLS: &[&str] = &[
    "call",
    "calls",
    "calling",
    "phonecall",
    "phonecalls",
    "voice",
    "telemarketing",
    "anruf",
    "anrufe",
    "llamada",
    "llamadas",
    "appel",
    "appels",
];
pub(super) const PHONES: &[&str] =
    &["phone", "phones", "telephone", "tel", "telefon", "telefono", "telefone", "telefoon", "landline"];
pub(super) const MOBILES: &[&str] =
    &["mobile", "mobilephone", "cell", "cellphone", "mobil", "handy", "movil", "celular"];
pub(super) const MESSAGES: &[&str] =
    &["sms", "mms", "text", "texts", "texting", "message", "messages", "messaging", "whatsapp", "fax"];
pub(super) const LETTERS: &[&str] =
    &["e", "email", "emails", "mail", "mails", "mailing", "mailings", "post", "postal", "letter", "letters"];
pub(super) const PURPOSES: &[&str] = &[
    "newsletter",
    "newsletters",
    "marketing",
    "promotion",
    "promotions",
    "promotional",
    "advertising",
    "offers",
    "survey",
    "surveys",
    "bulk",
    "push",
    "notifications",
];
const CHECKS: &[&str] = &[
    "check",
    "checked",
    "scrub",
    "scrubbed",
    "scrubbing",
    "clean",
    "cleaned",
    "clear",
    "cleared",
    "compliant",
    "safe",
];
const ASIDES: &[&str] = &[
    "link",
    "url",
    "href",
    "page",
    "token",
    "instructions",
    "language",
    "disclosure",
    "can",
    "may",
    "agree",
    "accept",
    "understand",
];
/// Words that change nothing about a wish. None that says which of several: `work`, `other`, `second`.
pub(super) const FILLERS: &[&str] = &[
    "is",
    "has",
    "have",
    "of",
    "from",
    "for",
    "to",
    "the",
    "a",
    "any",
    "all",
    "or",
    "and",
    "via",
    "by",
    "on",
    "at",
    "since",
    "date",
    "flag",
    "flags",
    "status",
    "list",
    "lists",
    "registry",
    "register",
    "indicator",
    "yes",
    "yn",
    "me",
    "us",
    "my",
    "i",
    "this",
    "person",
    "lead",
    "contact",
    "customer",
    "consumer",
    "client",
    "prospect",
    "number",
    "numbers",
    "primary",
    "please",
    "request",
    "requested",
    "preference",
    "preferences",
    "setting",
    "settings",
    "communication",
    // What Salesforce puts behind the names of a firm's own fields,
    "c",
    "pc",
    // and what such fields lie in.
    "extra",
    "extras",
    "custom",
    "field",
    "fields",
    "customfields",
    "form",
    "data",
    "value",
    "values",
    "property",
    "properties",
    "attribute",
    "attributes",
    "meta",
    "metadata",
];

/// What a field of this name is for; none where its name says nothing of such a wish.
pub(super) fn named_wish(name: &str) -> Option<NamedWish> {
    if name.len() > LONGEST {
        return None;
    }
    let said = parsed(name);
    let has = |words: &[NameWord]| words.iter().any(|word| said.contains(word));
    let is_certain = has(&[NameWord::NotToCall, NameWord::NotToContact, NameWord::NotToWrite, NameWord::NoCalls]);
    if !is_certain && !has(&[NameWord::Ended]) || has(&[NameWord::Aside]) {
        return None;
    }
    if has(&[NameWord::Check]) {
        return Some(NamedWish::Checked);
    }
    if has(&[NameWord::Other]) {
        return Some(if is_certain { NamedWish::OfLess } else { NamedWish::Perhaps });
    }
    let is_of_number = has(&[NameWord::Call, NameWord::Phone, NameWord::Mobile]);
    if has(&[NameWord::Purpose, NameWord::NoCalls]) || is_of_number && is_of_further(name) {
        return Some(NamedWish::OfLess);
    }
    let is_of_calls = has(&[NameWord::NotToCall, NameWord::Call]);
    let is_of_messages = has(&[NameWord::NotToWrite, NameWord::Message]);
    let is_of_letters = has(&[NameWord::Letter]) && !is_of_number;
    Some(match is_of_calls || !is_of_messages && !is_of_letters {
        true => NamedWish::OfContact,
        false => NamedWish::OfLess,
    })
}

/// Whether a name says nothing of what lies in it: `custom_fields`.
pub(super) fn is_filler(name: &str) -> bool {
    words(name).iter().all(|word| FILLERS.contains(&word.as_str()))
}

/// Whether the number is a further one: `Phone 2 DNC`.
fn is_of_further(name: &str) -> bool {
    name.split(|c: char| !c.is_ascii_digit()).any(|number| !number.is_empty() && number != "1")
}

fn parsed(name: &str) -> Vec<NameWord> {
    let words: Vec<String> = words(name).into_iter().flat_map(parted).collect();
    let mut said = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let most = (at + MOST_WORDS).min(words.len());
        // The longest first: `do not call list` is more than `do not call`.
        let wish = (at + 1..=most).rev().find_map(|to| Some((to, wish(&words[at..to].concat())?)));
        let (to, word) = wish.unwrap_or_else(|| (at + 1, single(&words[at])));
        said.push(word);
        at = to;
    }
    said
}

/// The two words of one in small letters alone: `phoneoptout`, `dncflag`.
fn parted(word: String) -> Vec<String> {
    let is_glued = word.len() <= LONGEST_WORD && GLUED.iter().any(|part| word.contains(part));
    if !is_glued || wish(&word).is_some() {
        return vec![word];
    }
    let is_known = |part: &str| part.len() > 1 && single(part) != NameWord::Other;
    let halves = word.char_indices().skip(1).map(|(at, _)| word.split_at(at)).find(|(one, other)| {
        wish(one).is_some() && (is_known(other) || wish(other).is_some()) || is_known(one) && wish(other).is_some()
    });
    halves.map_or_else(|| vec![word.clone()], |(one, other)| vec![one.to_owned(), other.to_owned()])
}

/// The wish that letters are.
fn wish(letters: &str) -> Option<NameWord> {
    let holds = |parts: &[&str]| parts.iter().any(|part| letters.contains(part));
    if OF_ONE_KIND_ALONE.contains(&letters) {
        return Some(NameWord::NotToWrite);
    }
    if COUNTS.contains(&letters) {
        return Some(NameWord::NoCalls);
    }
    if ENDED.contains(&letters) {
        return Some(NameWord::Ended);
    }
    let is_named = NAMES.iter().any(|(field, names)| *field == DO_NOT_CONTACT && names.contains(&letters));
    let is_wish = WISHES.contains(&letters);
    if !is_named && !is_wish {
        return None;
    }
    Some(match (holds(OF_CALLS), is_wish || holds(CONTAINED) || holds(OPT_OUT)) {
        (true, _) => NameWord::NotToCall,
        (false, true) => NameWord::NotToContact,
        (false, false) => NameWord::Ended,
    })
}

fn single(word: &str) -> NameWord {
    let kinds = [
        (CALLS, NameWord::Call),
        (PHONES, NameWord::Phone),
        (MOBILES, NameWord::Mobile),
        (MESSAGES, NameWord::Message),
        (LETTERS, NameWord::Letter),
        (PURPOSES, NameWord::Purpose),
        (CHECKS, NameWord::Check),
        (ASIDES, NameWord::Aside),
        (FILLERS, NameWord::Filler),
    ];
    kinds.into_iter().find(|(words, _)| words.contains(&word)).map_or(NameWord::Other, |(_, kind)| kind)
}
