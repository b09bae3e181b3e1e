//! What a typed text could be: the id of something, a mail address or its beginning, a number or its ending, a sender's own id,
//! words of a name or a note. The store looks each up by an index; nothing here is guessed at beyond the text's form.

use unicode_normalization::UnicodeNormalization as _;
use uuid::Uuid;

use crate::{
    contact::{Email, Phone},
    id::{AppointmentId, ArrivalId, DecisionId, DeliveryId, LeadId, PersonId},
    values::folded,
};

/// The longest text that is looked at, in characters: what is longer is cut.
pub const LONGEST_SEARCH: usize = 200;
/// Fewer digits are nobody's number: they are looked for as a word.
const FEWEST_DIGITS: usize = 4;
/// A shorter beginning of a mail address is looked for as a word alone.
const SHORTEST_PREFIX: usize = 3;
/// The most words that are looked for.
const MOST_WORDS: usize = 8;
/// What parts words. The store's `search_words` has the same list, and parts at punctuation of other scripts too.
const PARTS: &str = ".,;:!?-_/\\|@#&*+=<>()[]{}\"~^%$";

/// The id of something that belongs to a lead, or of the lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchedId {
    /// `lead_…`.
    Lead(LeadId),
    /// `arr_…`.
    Arrival(ArrivalId),
    /// `dlv_…`.
    Delivery(DeliveryId),
    /// `person_…`.
    Person(PersonId),
    /// `dec_…`.
    Decision(DecisionId),
    /// `appt_…`.
    Appointment(AppointmentId),
    /// A UUID without a kind, as a database or a log shows it: any of these.
    Any(Uuid),
}

impl SearchedId {
    fn read(text: &str) -> Option<Self> {
        let small = text.to_ascii_lowercase();
        let lead = || small.parse().map(Self::Lead).ok();
        let arrival = || small.parse().map(Self::Arrival).ok();
        let delivery = || small.parse().map(Self::Delivery).ok();
        let person = || small.parse().map(Self::Person).ok();
        let decision = || small.parse().map(Self::Decision).ok();
        let appointment = || small.parse().map(Self::Appointment).ok();
        let any = || small.parse().map(Self::Any).ok();
        lead().or_else(arrival).or_else(delivery).or_else(person).or_else(decision).or_else(appointment).or_else(any)
    }
}

/// What is looked for. Empty where nothing could be meant.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SearchKeys {
    /// The text is an id.
    pub id: Option<SearchedId>,
    /// Mail addresses begin with it.
    pub email: Option<String>,
    /// Numbers end with one of these digits.
    pub endings: Vec<String>,
    /// A sender's own ids begin with it.
    pub external_id: Option<String>,
    /// Names and notes hold a word that begins with each of these.
    pub words: Vec<String>,
}

/// What is typed is contact data.
impl std::fmt::Debug for SearchKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SearchKeys(…)")
    }
}

impl SearchKeys {
    /// What this text could be.
    #[must_use]
    pub fn read(typed: &str) -> Self {
        let cut: String = typed.chars().filter(|c| !c.is_control() || c.is_whitespace()).take(LONGEST_SEARCH).collect();
        let text = folded(&cut);
        if let Some(id) = SearchedId::read(&text) {
            return Self { id: Some(id), external_id: Some(text), ..Self::default() };
        }
        let is_one = !text.contains(char::is_whitespace);
        let email = (is_one && text.chars().count() >= SHORTEST_PREFIX).then(|| text.to_lowercase());
        // A name before the address, as mail programs write it.
        let email = bracketed(&text).or(email).filter(|email| !email.starts_with('+'));
        // Persons are known by one name of a mailbox that has two.
        let mailbox = email.as_deref().and_then(|email| Some(Email::parse(email).ok()?.mailbox().as_str().to_owned()));
        let email = mailbox.or(email);
        Self {
            id: None,
            email,
            endings: endings(&text),
            external_id: Some(text.clone()).filter(|text| text.chars().count() >= SHORTEST_PREFIX),
            words: words(&cut),
        }
    }

    /// Whether nothing is looked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// `Casey <casey@example.com>`: what stands in the brackets.
fn bracketed(text: &str) -> Option<String> {
    let (_, rest) = text.split_once('<')?;
    let inner = rest.split('>').next()?.trim();
    inner.contains('@').then(|| inner.to_lowercase())
}

/// What a number could end with, written in whatever way: without country code, with a trunk zero, with an extension behind.
fn endings(text: &str) -> Vec<String> {
    let number = text.strip_prefix("tel:").unwrap_or(text);
    // What follows letters is an extension; letters before the digits are no number.
    let number = number.split(|c: char| c.is_alphabetic() || c == '#' || c == ';').next().unwrap_or_default();
    let is_number = number.chars().all(|c| c.is_ascii_digit() || c.is_whitespace() || "+-./()".contains(c));
    if !is_number {
        return Vec::new();
    }
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    // The zero of `+44 (0)20` is not dialled with the country code.
    let plain = digits(&number.replace("(0)", ""));
    let without_zero = plain.trim_start_matches('0');
    // Four digits that begin with a zero are the end of a number and no trunk prefix.
    let plain = if without_zero.len() >= FEWEST_DIGITS { without_zero } else { plain.as_str() };
    let mut found = Vec::new();
    if plain.len() >= FEWEST_DIGITS {
        found.push(plain.to_owned());
    }
    if let Ok(read) = Phone::parse(text, None) {
        found.push(digits(read.phone.number()));
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn words(text: &str) -> Vec<String> {
    let plain = text.nfkd().filter(|c| !('\u{300}'..='\u{36f}').contains(c)).filter_map(letter).collect::<String>();
    let mut found: Vec<String> = Vec::new();
    for word in plain.split_whitespace() {
        let is_new = !found.iter().any(|known| known == word);
        if is_new && found.len() < MOST_WORDS {
            found.push(word.to_owned());
        }
    }
    // A single letter begins too much; of several words the others say enough.
    found.retain(|word| word.chars().count() > 1 || !word.is_ascii());
    found
}

/// As the store's `search_words` has it: case is the store's matter, by whose rules the words are kept.
fn letter(c: char) -> Option<char> {
    Some(match c {
        'ø' => 'o',
        'Ø' => 'O',
        'ł' => 'l',
        'Ł' => 'L',
        'đ' | 'ð' => 'd',
        'Đ' | 'Ð' => 'D',
        'ı' => 'i',
        '\'' | '`' | '\u{2018}' | '\u{2019}' | '\u{2bc}' => return None,
        c if PARTS.contains(c) => ' ',
        c => c,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(typed: &str) -> SearchKeys {
        SearchKeys::read(typed)
    }

    #[test]
    fn every_kind_of_id_is_known_by_its_form() {
        let id = Uuid::from_u128(7);
        let (lead, delivery) = (LeadId::from_uuid(id), DeliveryId::from_uuid(id));
        assert_eq!(keys(&lead.to_string()).id, Some(SearchedId::Lead(lead)));
        assert_eq!(keys(&format!("  {} ", lead.to_string().to_uppercase())).id, Some(SearchedId::Lead(lead)));
        assert_eq!(keys(&delivery.to_string()).id, Some(SearchedId::Delivery(delivery)));
        assert_eq!(keys(&id.to_string()).id, Some(SearchedId::Any(id)));
        for text in [
            ArrivalId::from_uuid(id).to_string(),
            PersonId::from_uuid(id).to_string(),
            DecisionId::from_uuid(id).to_string(),
            AppointmentId::from_uuid(id).to_string(),
        ] {
            assert!(keys(&text).id.is_some() && keys(&text).words.is_empty(), "{text}");
        }
        assert_eq!(keys("lead_7").id, None);
    }

    #[test]
    fn a_number_is_found_by_its_ending_however_it_is_written() {
        for typed in [
            "+1 415 555 0133",
            "+14155550133",
            "(415) 555-0133",
            "415.555.0133",
            "415-555-0133 x123",
            "415-555-0133 ext. 123",
            "+14155550133;ext=123",
            "tel:+1-415-555-0133",
            "001 415 555 0133",
            "555 0133",
            "0133",
            "４１５ ５５５ ０１３３",
        ] {
            let found = keys(typed).endings;
            assert!(!found.is_empty(), "{typed}");
            // A number that opens with 0 loses it, and still is an ending.
            assert!(found.iter().any(|digits| "14155550133".ends_with(digits.as_str())), "{typed}: {found:?}");
        }
        for typed in ["+44 (0)20 7946 0018", "020 7946 0018", "0044 20 7946 0018"] {
            assert!(keys(typed).endings.iter().any(|digits| "442079460018".ends_with(digits.as_str())), "{typed}");
        }
        for typed in ["12", "Casey 4155550133", "%%%%", "B-1234"] {
            assert!(keys(typed).endings.is_empty(), "{typed}");
        }
    }

    #[test]
    fn the_beginning_of_a_mail_address_is_one_word() {
        assert_eq!(keys("Casey@Exam").email.as_deref(), Some("casey@exam"));
        assert_eq!(keys("Casey Smith <Casey@Example.com>").email.as_deref(), Some("casey@example.com"));
        assert_eq!(keys("Casey@Googlemail.com").email.as_deref(), Some("casey@gmail.com"));
        assert_eq!(keys("casey smith").email, None);
        assert_eq!(keys("ca").email, None);
    }

    #[test]
    fn words_are_folded_and_nothing_in_them_is_syntax() {
        assert_eq!(keys("José O’Brien-Łukasz").words, ["Jose", "OBrien", "Lukasz"]);
        assert_eq!(keys("Олена 田中").words, ["Олена", "田中"]);
        assert_eq!(keys("हिन्दी").words, ["हिन्दी"]);
        assert_eq!(keys("lee").words, ["lee"]);
        assert_eq!(keys("100% 'a' & b:* \\ \0 !").words, ["100"]);
        assert_eq!(keys("it's \"ok\"").words, ["its", "ok"]);
        assert!(keys(" \0 \t%' ").words.is_empty());
        assert!(keys("").is_empty());
    }

    #[test]
    fn what_goes_on_for_ever_is_cut() {
        let long = "word ".repeat(10_000);
        assert!(keys(&long).words.len() <= MOST_WORDS);
        assert!(keys(&"x".repeat(10_000)).email.is_some_and(|email| email.len() <= LONGEST_SEARCH));
    }
}
