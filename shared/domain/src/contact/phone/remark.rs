//! A number with a remark beside it, as hand-kept lists and visitors write it: `415-555-0155 (ask for Bob)`, `030 2345680 (Büro)`,
//! `06 22 34 56 78 après 18h`. A number among words counts only where its country gives it out, the words do not say that it is
//! something else (`Order 4155550100`), and no letter is glued to its digits (`415555O100`). Words that ask not to call say what the
//! digits beside them are, however they are written: `DNC 4155550155`.

use std::ops::Range;

use super::{FEWEST_DIGITS, InvalidPhone, Phone, ReadPhone, beside, digits, folded, one};
use crate::list::wish::{ContactWish, wish_in_note};

/// The longest text in which a number is looked for.
const LONGEST: usize = 200;
/// The most digits of what stands beside a number: an hour, a day, the number of a flat.
const MOST_BESIDE: usize = 4;
/// Words before digits that say what else they are.
const NO_PHONE: &[&str] = &[
    "id",
    "ids",
    "ref",
    "reference",
    "referenz",
    "referencia",
    "order",
    "invoice",
    "account",
    "acct",
    "customer",
    "client",
    "kunde",
    "kundennummer",
    "kundennr",
    "auftrag",
    "auftragsnummer",
    "rechnung",
    "rechnungsnummer",
    "bestellung",
    "bestellnummer",
    "konto",
    "kontonummer",
    "iban",
    "ssn",
    "dni",
    "nif",
    "cpf",
    "rfc",
    "pedido",
    "cuenta",
    "factura",
    "commande",
    "compte",
    "facture",
    "siret",
    "ticket",
    "case",
    "policy",
    "contract",
    "fax",
    "telefax",
    // Of whom the sender does not ask to be called there.
    "ex",
    "not",
];
/// Words that say of a number beside them that its person is not reached there, before it or behind it.
const OUTDATED: &[&str] = &[
    "old",
    "former",
    "formerly",
    "previous",
    "previously",
    "wrong",
    "disconnected",
    "dead",
    "alt",
    "alte",
    "falsch",
    "falsche",
    "ancien",
    "ancienne",
    "faux",
    "antiguo",
    "viejo",
    "equivocado",
    "equivocada",
];
/// Behind `not`, what is said of whether to call: such a number is kept with its remark, or it could not be barred.
const CALLING: &[&str] = &["call", "contact", "phone", "ring", "dial", "text", "disturb"];
/// What parts one number and what is said of it from the next.
const PARTS: [char; 4] = [',', ';', '|', '\n'];

/// Digits in a text with what people put between them.
struct DigitRun<'t> {
    number: &'t str,
    /// Where it stands in the text.
    from: usize,
    to: usize,
}

impl Phone {
    /// Reads a number with words beside it too: those are given back. Only where nobody is there to be asked: who types a number into
    /// a form of the firm is told that the words are none.
    ///
    /// # Errors
    /// As [`Phone::parse`].
    pub fn parse_with_remark(text: &str, country: Option<&str>) -> Result<ReadPhone, InvalidPhone> {
        let is_outdated = |other: &String| digits(other) < FEWEST_DIGITS && holds_one_of(other, OUTDATED);
        match Self::parse(text, country) {
            // `415-555-0155, disconnected`: what stands in place of another number is about the first.
            Ok(read) if read.others.iter().any(is_outdated) => Err(InvalidPhone::NotANumber),
            Ok(read) => Ok(read),
            Err(why) => unwanted(text, country).or_else(|| remarked(text, country)).ok_or(why),
        }
    }
}

/// A number, or several, around which stands the wish not to be called and nothing else. Taken for no number, it would be the one thing
/// that is not barred.
fn unwanted(text: &str, country: Option<&str>) -> Option<ReadPhone> {
    let text = folded(text);
    if text.len() > LONGEST {
        return None;
    }
    let is_digit = |c: char| c.is_ascii_digit();
    let (first, last) = (text.find(is_digit)?, text.rfind(is_digit)?);
    let from = text[..first].trim_end_matches(['+', '(', ' ']).len();
    let around = format!("{} {}", &text[..from], &text[last + 1..]);
    let words = around.split_whitespace().collect::<Vec<_>>().join(" ");
    if wish_in_note(&words) != ContactWish::DoNot {
        return None;
    }
    let read = Phone::parse(&text[from..=last], country).ok().filter(|read| !read.doubtful)?;
    Some(ReadPhone { remark: Some(words.trim_matches(|c: char| !c.is_alphanumeric()).to_owned()), ..read })
}

fn remarked(text: &str, country: Option<&str>) -> Option<ReadPhone> {
    let text = folded(text);
    if text.len() > LONGEST
        || text.chars().any(|c| c.is_control() && c != '\n')
        || !text.chars().any(char::is_alphabetic)
    {
        return None;
    }
    let (long, short): (Vec<_>, Vec<_>) = runs(&text).into_iter().partition(|run| digits(run.number) >= FEWEST_DIGITS);
    let is_one_of_many = |run: &DigitRun<'_>| groups(run.number).any(|group| group > MOST_BESIDE);
    if short.iter().any(is_one_of_many) || long.iter().any(|run| is_glued(&text, run)) {
        return None;
    }
    // A number that is outdated is an identity of the person as any other, and rings at whoever has it now.
    let outdated: Vec<_> = parts(&text).filter(|part| holds_one_of(&text[part.clone()], OUTDATED)).collect();
    let is_within = |part: &Range<usize>, run: &DigitRun<'_>| part.contains(&run.from);
    if outdated.iter().any(|part| !long.iter().any(|run| is_within(part, run))) {
        return None;
    }
    let valid = |run: &&DigitRun<'_>| {
        !says_otherwise(words_before(&text, run.from))
            && !outdated.iter().any(|part| is_within(part, run))
            && one(run.number, country).is_ok_and(|read| !read.doubtful)
    };
    let numbers: Vec<_> = long.iter().filter(valid).collect();
    let [first, others @ ..] = &numbers[..] else { return None };
    // Digits alone behind words are an id as often.
    let is_written_as_one =
        first.number.contains(['+', ' ', '-', '.', '/', '(']) || words_before(&text, first.from).is_empty();
    if !is_written_as_one {
        return None;
    }
    let others: Vec<_> = others.iter().map(|run| run.number).collect();
    let read = one(first.number, country).ok().map(|read| beside(read, &others, country))?;
    Some(ReadPhone { remark: remark(&text, &numbers), ..read })
}

/// Every run of digits.
fn runs(text: &str) -> Vec<DigitRun<'_>> {
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '+' | '(' | ')' | '-' | '–' | '.' | '/');
    let mut runs = Vec::new();
    let mut at = 0;
    while let Some(from) = text[at..].find(is_part).map(|place| at + place) {
        let to = text[from..].find(|c: char| !is_part(c)).map_or(text.len(), |place| from + place);
        at = to;
        let whole = &text[from..to];
        // What is left over of brackets around words: `030 2345680 (`.
        let number = whole.trim_end_matches(|c: char| !c.is_ascii_digit());
        let number = number.trim_start_matches(|c: char| !c.is_ascii_digit() && !matches!(c, '+' | '('));
        let number = if number.contains(')') { number } else { number.trim_start_matches('(') };
        if digits(number) > 0 {
            let start = from + (whole.find(number).unwrap_or_default());
            runs.push(DigitRun { number, from: start, to: start + number.len() });
        }
    }
    runs
}

/// How many digits stand together, group by group.
fn groups(number: &str) -> impl Iterator<Item = usize> {
    number.split(|c: char| !c.is_ascii_digit()).map(str::len).filter(|digits| *digits > 0)
}

/// Whether nothing that parts words stands between the digits and a letter: then they are half of something else.
fn is_glued(text: &str, run: &DigitRun<'_>) -> bool {
    let parts = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | ',' | ';' | ':');
    let joins = |between: &str, has_letter: bool| has_letter && !between.contains(parts);
    let (before, behind) = (&text[..run.from], &text[run.to..]);
    let word_before = before.trim_end_matches(|c: char| !c.is_alphanumeric());
    let between_behind = behind.find(char::is_alphanumeric).map_or(behind, |at| &behind[..at]);
    joins(&before[word_before.len()..], !word_before.is_empty())
        || joins(between_behind, between_behind.len() < behind.len())
}

/// The words between the digits before a run, where there are any, and the run.
fn words_before(text: &str, from: usize) -> &str {
    let before = &text[..from];
    let begins = before.rfind(|c: char| c.is_ascii_digit()).map_or(0, |at| at + 1);
    before[begins..].trim_matches(|c: char| !c.is_alphanumeric())
}

fn says_otherwise(words: &str) -> bool {
    holds_one_of(words, NO_PHONE) && !(holds_one_of(words, &["not"]) && holds_one_of(words, CALLING))
}

fn holds_one_of(text: &str, words: &[&str]) -> bool {
    let small = text.to_lowercase();
    small.split(|c: char| !c.is_alphanumeric()).any(|word| words.contains(&word))
}

/// Where the parts of a text are.
fn parts(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut from = 0;
    text.split(PARTS).map(move |part| {
        let found = from..from + part.len();
        // Each of what parts them is one byte.
        from = found.end + 1;
        found
    })
}

/// What stands beside the numbers.
fn remark(text: &str, numbers: &[&DigitRun<'_>]) -> Option<String> {
    let mut left = String::new();
    let mut at = 0;
    for run in numbers {
        left.push_str(&text[at..run.from]);
        left.push(' ');
        at = run.to;
    }
    left.push_str(&text[at..]);
    let words: Vec<_> = left.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).collect();
    let joined = words.join(" ");
    let bare = joined.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '\'' | '’'));
    (!bare.is_empty()).then(|| bare.to_owned())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("415-555-0155 (ask for Bob)", "US", &["+14155550155"], "ask for Bob")]
    #[case("415-555-0155 after 5pm", "US", &["+14155550155"], "after 5pm")]
    #[case("415-555-0155 (call after 5)", "US", &["+14155550155"], "call after 5")]
    #[case("415-555-0155 WhatsApp only", "US", &["+14155550155"], "WhatsApp only")]
    #[case("415-555-0155 - wife's cell", "US", &["+14155550155"], "wife's cell")]
    #[case("4155550155 ask for Bob", "US", &["+14155550155"], "ask for Bob")]
    #[case("Bob's mobile: (415) 555-0155", "US", &["+14155550155"], "Bob's mobile")]
    #[case("030 2345680 (Büro)", "DE", &["+49302345680"], "Büro")]
    #[case("030 2345680 (abends)", "DE", &["+49302345680"], "abends")]
    #[case("030 2345690 App. 12", "DE", &["+49302345690"], "App. 12")]
    #[case("55 2345 5678 (casa)", "MX", &["+525523455678"], "casa")]
    #[case("55 2345 5678 por la tarde", "MX", &["+525523455678"], "por la tarde")]
    #[case("06 22 34 56 78 (après 18h)", "FR", &["+33622345678"], "après 18h")]
    #[case("030 2345680 (Büro), 0151 23456780 (mobil)", "DE", &["+49302345680", "+4915123456780"], "Büro mobil")]
    #[case("030 2345680 (Büro), Fax 030 2345681", "DE", &["+49302345680"], "Büro Fax 030 2345681")]
    #[case("415-555-0155 (do not call)", "US", &["+14155550155"], "do not call")]
    #[case("DO NOT CALL 415-555-0155", "US", &["+14155550155"], "DO NOT CALL")]
    #[case("030 2345680 - bitte nicht anrufen", "DE", &["+49302345680"], "bitte nicht anrufen")]
    #[case("415-555-0155 not after 5", "US", &["+14155550155"], "not after 5")]
    #[case("old 415-555-0155, new 628-555-0123", "US", &["+16285550123"], "old 415-555-0155 new")]
    #[case("415-555-0155 (old), 628-555-0123 (new)", "US", &["+16285550123"], "415-555-0155 old new")]
    #[case("ex wife 415-555-0155, mine 628-555-0123", "US", &["+16285550123"], "ex wife 415-555-0155 mine")]
    #[case("DNC 2125553336", "US", &["+12125553336"], "DNC")]
    #[case("Do not call 2125553338", "US", &["+12125553338"], "Do not call")]
    #[case("DO NOT CALL - 2125553341", "US", &["+12125553341"], "DO NOT CALL")]
    #[case("STOP 2125553343", "US", &["+12125553343"], "STOP")]
    #[case("dnc: (212) 555-3344", "US", &["+12125553344"], "dnc")]
    #[case("Bitte nicht anrufen 0302345680", "DE", &["+49302345680"], "Bitte nicht anrufen")]
    #[case("DNC 2125553336, 2125553337", "US", &["+12125553336", "+12125553337"], "DNC")]
    #[case("Do not call 212-555-3336. We sold.", "US", &["+12125553336"], "Do not call . We sold")]
    fn a_number_is_read_and_the_words_beside_it_are_kept(
        #[case] typed: &str,
        #[case] country: &str,
        #[case] numbers: &[&str],
        #[case] remark: &str,
    ) {
        let read = Phone::parse_with_remark(typed, Some(country)).unwrap();
        let found: Vec<_> =
            std::iter::once(read.phone.as_str()).chain(read.others.iter().map(String::as_str)).collect();
        let plain = |text: &str| text.chars().filter(|c| c.is_alphanumeric() || *c == ' ').collect::<String>();
        assert_eq!((&found[..], plain(&read.remark.unwrap())), (numbers, plain(remark)));
        assert!(!read.doubtful);
        assert!(Phone::parse(typed, Some(country)).is_err(), "whoever types it into a form is told");
    }

    #[rstest]
    #[case("1-800-FLOWERS", "US")]
    #[case("415-555-O1OO", "US")]
    #[case("415555O100", "US")]
    #[case("(512) xxx-xxxx", "US")]
    #[case("4155550100-ab12-4c", "US")]
    #[case("b4155550100", "US")]
    #[case("Order 415 555 0100", "US")]
    #[case("Customer no. 4155550100", "US")]
    #[case("lead 4155550100", "US")]
    #[case("Kundennummer 030 2345680", "DE")]
    #[case("Fax 030 2345680", "DE")]
    #[case("415-555-0100 pin 12345", "US")]
    #[case("+1 415 555 0100\r\nX: y", "US")]
    #[case("call me", "US")]
    #[case("no phone, write to flat 12", "US")]
    #[case("about 123456789012345678 things", "US")]
    #[case("000-000-0000 (none)", "US")]
    #[case("555-0100 (home)", "US")]
    #[case("4.93023E+11", "DE")]
    #[case("ask for it", "US")]
    #[case("wrong number 415-555-0155", "US")]
    #[case("415-555-0155 (wrong number)", "US")]
    #[case("415-555-0155, disconnected", "US")]
    #[case("old: 415-555-0155", "US")]
    #[case("not 415-555-0155", "US")]
    #[case("030 2345680 (alt)", "DE")]
    #[case("DNC 12345", "US")]
    #[case("DNC ref 2125553336", "US")]
    #[case("do not call before 2125553336", "US")]
    fn what_is_no_number_stays_none_whatever_words_are_beside_it(#[case] typed: &str, #[case] country: &str) {
        assert!(Phone::parse_with_remark(typed, Some(country)).is_err(), "{typed}");
    }
}
