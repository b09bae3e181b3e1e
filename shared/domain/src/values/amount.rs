//! Amounts and other numbers as people write them: grouped, with a currency, in thousands.

use rust_decimal::Decimal;

use super::{Conventions, DecimalMark, folded};

/// Why a text is no number that could be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnclearAmount {
    /// It is no number, or more than one, or a number in words.
    #[error("is no number")]
    NoNumber,
    /// `450.000`: another number where a point marks decimals than where it marks thousands. `2 mil`: thousands in Spanish,
    /// millions in English.
    #[error("can be read as two numbers: write it without marks, such as 450000")]
    TwoReadings,
}

/// Words for thousands and more, with how many zeros they stand for. The longest come first where one begins another.
const SCALES: [(&str, u32); 36] = [
    ("thousand", 3),
    ("tausend", 3),
    ("mille", 3),
    ("tsd.", 3),
    ("tsd", 3),
    ("mil", 3),
    ("тыс.", 3),
    ("тыс", 3),
    ("k", 3),
    ("lakhs", 5),
    ("lakh", 5),
    ("lacs", 5),
    ("lac", 5),
    ("crores", 7),
    ("crore", 7),
    ("cr", 7),
    ("millions", 6),
    ("million", 6),
    ("millionen", 6),
    ("millones", 6),
    ("millón", 6),
    ("millon", 6),
    ("milhões", 6),
    ("milhoes", 6),
    ("milhão", 6),
    ("milhao", 6),
    ("milioni", 6),
    ("milione", 6),
    ("miljoen", 6),
    ("mio.", 6),
    ("mio", 6),
    ("mill", 6),
    ("mn", 6),
    ("mln", 6),
    ("mm", 6),
    ("m", 6),
];

/// What may stand before or after an amount: signs and codes of currencies.
const CURRENCIES: [&str; 66] = [
    "us$", "ca$", "c$", "a$", "au$", "nz$", "hk$", "s$", "mx$", "r$", "nt$", "$", "€", "£", "¥", "₹", "₽", "₺", "₴",
    "₪", "₩", "฿", "₫", "₱", "₦", "₡", "₲", "¢", "kč", "zł", "ft", "lei", "лв", "руб.", "руб", "р.", "rs.", "rs", "r",
    "fr.", "sfr.", "kr.", "kr", "usd", "eur", "gbp", "chf", "cad", "aud", "nzd", "inr", "jpy", "cny", "rmb", "sek",
    "nok", "dkk", "pln", "czk", "huf", "brl", "mxn", "zar", "aed", "sgd", "euro",
];
const MORE_CURRENCIES: [&str; 14] = [
    "euros", "dollars", "dollar", "pounds", "dollares", "dólares", "円", "元", "原", "pesos", "peso", "reais",
    "rupees", "rupee",
];
/// Thousands and millions as German bookkeepers write them with their currency, and as they are read.
const OF_BOOKKEEPERS: [(&str, &str); 5] =
    [("teur", "k eur"), ("t€", "k €"), ("tchf", "k chf"), ("tsd€", "k €"), ("meur", "m eur")];

/// The most digits of a number: more than any amount has, and what a decimal holds.
const MOST_DIGITS: usize = 26;

/// A number with this much before its scale is as likely written in full, or with another scale in mind: `450 M` is 450 thousand
/// to a lender who counts in Roman numerals, and `450,000 K` is no 450 million.
const MOST_BEFORE_M: u32 = 100;
const MOST_BEFORE_K: u32 = 100_000;
/// Groups parted by blanks: with more of them it is two numbers, `250 000 500 000`.
const MOST_GROUPS_OF_BLANKS: usize = 3;

/// Reads a number with or without a currency.
///
/// # Errors
/// Where it is none, several, or one that could be two: `450.000` by no known conventions, or against them.
pub fn amount(text: &str, by: &Conventions) -> Result<Decimal, UnclearAmount> {
    WrittenAmount::of(text).number(by, false)
}

/// A number taken apart from what stands around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenAmount {
    /// Signs and codes of currencies that stood before or after it, in small letters.
    pub currencies: Vec<&'static str>,
    is_negative: bool,
    /// With the marks of its groups and decimals.
    bare: String,
    zeros: u32,
    /// The word of its scale, where it has one.
    scale: String,
    dashed: Option<DecimalMark>,
}

impl WrittenAmount {
    /// Takes a text apart; whether what is left is a number turns out when it is read.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let text = in_full(narrow(&folded(text).to_lowercase()));
        let mut currencies = Vec::new();
        let bare = without_currency(&text, &mut currencies);
        // 1 millón de pesos
        let bare = bare.strip_suffix(" de").filter(|_| !currencies.is_empty()).map_or(bare, str::trim_end);
        let (is_negative, bare) = signed(bare);
        let bare = without_currency(bare, &mut currencies);
        let before = bare;
        let (bare, zeros) = scaled(bare);
        let scale = before[bare.len()..].trim().to_owned();
        let bare = without_currency(bare, &mut currencies);
        let (bare, dashed) = without_dash(bare);
        Self { currencies, is_negative, bare: bare.to_owned(), zeros, scale, dashed }
    }

    /// The number. `in_thousandths` where it is of a currency with three digits after the decimal mark: then three digits after
    /// the mark that is the decimal one here are decimals.
    ///
    /// # Errors
    /// Where it is none, several, or one that could be two.
    pub fn number(&self, by: &Conventions, in_thousandths: bool) -> Result<Decimal, UnclearAmount> {
        // The mark before the dash is the decimal mark: the other one groups.
        let by = Conventions { decimal: self.dashed.or(by.decimal), ..*by };
        // A thousand in two languages, and millions elsewhere; a thousand millions to Indonesians.
        if self.scale == "mil" && !by.mil_is_thousand || self.scale == "m" && by.m_is_milliard {
            return Err(UnclearAmount::TwoReadings);
        }
        let number = match self.thousandths(&by).filter(|_| in_thousandths && self.zeros == 0) {
            Some(number) => number,
            None => plain(&self.bare, &by)?,
        };
        let most = match self.scale.as_str() {
            "m" => Some(MOST_BEFORE_M),
            "k" => Some(MOST_BEFORE_K),
            _ => None,
        };
        if most.is_some_and(|most| number >= Decimal::from(most)) {
            return Err(UnclearAmount::TwoReadings);
        }
        let scale = Decimal::from(10_u64.pow(self.zeros));
        let number = number.checked_mul(scale).ok_or(UnclearAmount::NoNumber)?.normalize();
        Ok(if self.is_negative && !number.is_zero() { -number } else { number })
    }

    /// Digits with one mark, the decimal one here, and three digits after it.
    fn thousandths(&self, by: &Conventions) -> Option<Decimal> {
        let mark = match by.decimal? {
            DecimalMark::Point => '.',
            DecimalMark::Comma => ',',
        };
        let (whole, decimals) = self.bare.split_once(mark)?;
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_one = digits(whole) && digits(decimals) && decimals.len() == 3 && whole.len() <= MOST_DIGITS - 3;
        if is_one { format!("{whole}.{decimals}").parse().ok() } else { None }
    }
}

/// Signs as keyboards of East Asia write them.
fn narrow(text: &str) -> String {
    text.replace('￥', "¥").replace('＄', "$").replace('￡', "£").replace('￦', "₩")
}

fn signed(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text.strip_prefix('+').unwrap_or(text).trim_start()),
    }
}

/// `450 TEUR` as `450 k eur`.
fn in_full(text: String) -> String {
    let number_of = |word: &str| {
        let number = text.strip_suffix(word).or_else(|| text.strip_prefix(word))?.trim();
        let is_number =
            number.starts_with(|c: char| c.is_ascii_digit()) && number.ends_with(|c: char| c.is_ascii_digit());
        is_number.then(|| number.to_owned())
    };
    let found = OF_BOOKKEEPERS.iter().find_map(|(word, plain)| Some(format!("{} {plain}", number_of(word)?)));
    found.unwrap_or(text)
}

/// Takes off the dash that stands for no decimals: `450.000,-`, `450.-`, and in India `450000/-`.
fn without_dash(text: &str) -> (&str, Option<DecimalMark>) {
    let bare = text.trim_end_matches('-');
    match (bare.len() < text.len(), bare.chars().next_back()) {
        (true, Some(',')) => (bare.trim_end_matches(',').trim_end(), Some(DecimalMark::Comma)),
        (true, Some('/')) => (bare.trim_end_matches('/').trim_end(), None),
        (true, Some('.')) => (bare.trim_end_matches('.').trim_end(), Some(DecimalMark::Point)),
        _ => (text, None),
    }
}

/// Takes off one sign or code of a currency on each side, and notes which.
fn without_currency<'a>(text: &'a str, taken: &mut Vec<&'static str>) -> &'a str {
    let (mut before, mut after) = ("", "");
    for word in CURRENCIES.iter().chain(&MORE_CURRENCIES) {
        // A code that goes on as a word is none: `rest`. A sign does not: `450 k€`.
        let is_letter = |c: Option<char>| c.is_some_and(char::is_alphabetic);
        let apart = |own: Option<char>, next: Option<char>| !is_letter(own) || !is_letter(next);
        let (first, last) = (word.chars().next(), word.chars().next_back());
        if word.len() > before.len() && text.strip_prefix(word).is_some_and(|rest| apart(last, rest.chars().next())) {
            before = word;
        }
        if word.len() > after.len()
            && text.strip_suffix(word).is_some_and(|rest| apart(first, rest.chars().next_back()))
        {
            after = word;
        }
    }
    if before.len() + after.len() > text.len() {
        return text;
    }
    taken.extend([before, after].into_iter().filter(|word| !word.is_empty()));
    text[before.len()..text.len() - after.len()].trim()
}

/// Takes off a word for thousands or millions.
fn scaled(text: &str) -> (&str, u32) {
    let found = SCALES.iter().filter_map(|(word, zeros)| {
        let rest = text.strip_suffix(word)?.trim_end();
        rest.ends_with(|c: char| c.is_ascii_digit()).then_some((rest, *zeros))
    });
    found.min_by_key(|(rest, _)| rest.len()).unwrap_or((text, 0))
}

/// Digits with marks of groups and decimals.
fn plain(text: &str, by: &Conventions) -> Result<Decimal, UnclearAmount> {
    if let Some(number) = scientific(text) {
        return Ok(number);
    }
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let known = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b',' | b' ' | b'\'' | b'_'));
    if !known || digits == 0 || digits > MOST_DIGITS || !text.ends_with(|c: char| c.is_ascii_digit()) {
        return Err(UnclearAmount::NoNumber);
    }
    let marks: Vec<char> = text.chars().filter(|c| !c.is_ascii_digit()).collect();
    let (whole, decimals) = match decimal_mark(text, &marks, by)? {
        Some(mark) => text.rsplit_once(mark).unwrap_or((text, "")),
        None => (text, ""),
    };
    let whole = ungrouped(whole, by)?;
    let number = if decimals.is_empty() { whole } else { format!("{whole}.{decimals}") };
    number.parse().map_err(|_| UnclearAmount::NoNumber)
}

/// `4.5e5`, as programs write numbers.
fn scientific(text: &str) -> Option<Decimal> {
    let (mantissa, exponent) = text.split_once('e')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let plain = digits(mantissa) && exponent.trim_start_matches(['+', '-']).bytes().all(|byte| byte.is_ascii_digit());
    if plain { Decimal::from_scientific(text).ok() } else { None }
}

/// Which mark, if any, stands before decimals. Two kinds of marks tell it by their order; one alone only where it cannot
/// mark a group, or where it is known how numbers are written.
fn decimal_mark(text: &str, marks: &[char], by: &Conventions) -> Result<Option<char>, UnclearAmount> {
    let Some(last) = marks.last().copied() else { return Ok(None) };
    if !matches!(last, '.' | ',') {
        return Ok(None);
    }
    if marks.iter().filter(|mark| **mark == last).count() > 1 {
        return Ok(None);
    }
    let (whole, after) = text.rsplit_once(last).unwrap_or((text, ""));
    let own = if last == '.' { DecimalMark::Point } else { DecimalMark::Comma };
    if marks.len() > 1 {
        // `2 450,000` where a comma groups: two numbers, or one of two marks.
        let is_alone = !marks.iter().any(|mark| matches!(mark, '.' | ',') && *mark != last);
        let may_group = after.len() == 3 && is_alone && by.decimal != Some(own);
        return if may_group { Err(UnclearAmount::TwoReadings) } else { Ok(Some(last)) };
    }
    // 0.250 and 1234.567 group nothing; .5 has no whole.
    let may_group = after.len() == 3 && (1..=3).contains(&whole.len()) && !whole.starts_with('0');
    match (may_group, by.decimal) {
        (true, Some(decimal)) if decimal != own => Ok(None),
        (true, _) => Err(UnclearAmount::TwoReadings),
        (false, Some(decimal)) if decimal == own => Ok(Some(last)),
        // Programs write a point wherever they run.
        (false, _) if last == '.' => Ok(Some(last)),
        (false, None) => Ok(Some(last)),
        // A comma where it marks groups, and marks none: 1,12 may be 1.12 or 1,120.
        (false, Some(_)) => Err(UnclearAmount::TwoReadings),
    }
}

/// A whole number without the marks of its groups, which must be of three digits.
fn ungrouped(text: &str, by: &Conventions) -> Result<String, UnclearAmount> {
    let groups: Vec<_> = text.split(['.', ',', ' ', '\'', '_']).collect();
    let (first, rest) = groups.split_first().map_or(("", &[][..]), |(first, rest)| (*first, rest));
    if rest.is_empty() {
        return Ok(if first.is_empty() { "0".to_owned() } else { first.to_owned() });
    }
    let mut marks = text.chars().filter(|c| !c.is_ascii_digit());
    let mark = marks.next();
    let same = marks.all(|other| Some(other) == mark);
    let lakh = by.lakh && mark == Some(',');
    let fits = |at: usize, group: &&str| group.len() == 3 || lakh && group.len() == 2 && at + 1 < rest.len();
    let right = (1..=3).contains(&first.len()) && rest.iter().enumerate().all(|(at, group)| fits(at, group));
    if mark == Some(' ') && groups.len() > MOST_GROUPS_OF_BLANKS {
        return Err(UnclearAmount::TwoReadings);
    }
    if same && right { Ok(groups.concat()) } else { Err(UnclearAmount::NoNumber) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, country: &str) -> String {
        match amount(text, &Conventions::of(None, Some(country))) {
            Ok(number) => number.to_string(),
            Err(UnclearAmount::NoNumber) => "none".to_owned(),
            Err(UnclearAmount::TwoReadings) => "two".to_owned(),
        }
    }

    #[test]
    fn what_may_be_two_numbers_is_none() {
        for (text, us, de, unknown) in [
            ("450 M", "two", "two", "two"),
            ("450 Mio", "450000000", "450000000", "450000000"),
            ("450,000.5K", "two", "two", "two"),
            ("1200k", "1200000", "1200000", "1200000"),
            ("2 450,000", "two", "2450", "two"),
            ("2 450.000", "2450", "two", "two"),
            ("250 000 500 000", "two", "two", "two"),
            ("1 250 000", "1250000", "1250000", "1250000"),
        ] {
            assert_eq!([read(text, "US"), read(text, "DE"), read(text, "")], [us, de, unknown], "{text}");
        }
        assert_eq!(read("1,5 M", "ID"), "two", "miliar");
    }

    #[test]
    fn amounts_are_read_as_their_country_writes_them_or_not_at_all() {
        for (text, us, de, unknown) in [
            ("450000", "450000", "450000", "450000"),
            ("450,000", "450000", "two", "two"),
            ("450.000", "two", "450000", "two"),
            ("$450,000", "450000", "two", "two"),
            ("$450K", "450000", "450000", "450000"),
            ("450 k", "450000", "450000", "450000"),
            ("450.000,00", "450000", "450000", "450000"),
            ("450,000.00", "450000", "450000", "450000"),
            ("450 000", "450000", "450000", "450000"),
            ("450\u{a0}000,50 €", "450000.5", "450000.5", "450000.5"),
            ("450'000", "450000", "450000", "450000"),
            ("€ 450.000,-", "450000", "450000", "450000"),
            ("450.000,--", "450000", "450000", "450000"),
            ("450.-", "450", "450", "450"),
            ("450,000.-", "450000", "450000", "450000"),
            ("1,12", "two", "1.12", "1.12"),
            ("1.12", "1.12", "1.12", "1.12"),
            ("1.234.567", "1234567", "1234567", "1234567"),
            ("1,234,567.89", "1234567.89", "1234567.89", "1234567.89"),
            ("0.250", "0.25", "0.25", "0.25"),
            ("1.2M", "1200000", "1200000", "1200000"),
            ("1,2 Mio. €", "two", "1200000", "1200000"),
            ("USD 450000", "450000", "450000", "450000"),
            ("450 k€", "450000", "450000", "450000"),
            ("450k$", "450000", "450000", "450000"),
            ("450 TEUR", "450000", "450000", "450000"),
            ("TEUR 450", "450000", "450000", "450000"),
            ("450 T€", "450000", "450000", "450000"),
            ("2 MEUR", "2000000", "2000000", "2000000"),
            ("1 millón", "1000000", "1000000", "1000000"),
            ("1 millón de pesos", "1000000", "1000000", "1000000"),
            ("2 milhões de reais", "2000000", "2000000", "2000000"),
            ("Rs. 450000/-", "450000", "450000", "450000"),
            ("450 de", "none", "none", "none"),
            ("450 interest", "none", "none", "none"),
            ("45L", "none", "none", "none"),
            ("-5", "-5", "-5", "-5"),
            ("- $5", "-5", "-5", "-5"),
            ("0", "0", "0", "0"),
            ("4.5E+05", "450000", "450000", "450000"),
            ("４５００００", "450000", "450000", "450000"),
            ("٤٥٠٬٠٠٠", "450000", "two", "two"),
            ("4,50,000", "none", "none", "none"),
            ("$400,000 to $500,000", "none", "none", "none"),
            ("400000+", "none", "none", "none"),
            ("400-500", "none", "none", "none"),
            ("about half a million", "none", "none", "none"),
            ("12,34,56", "none", "none", "none"),
            ("1.250k", "two", "1250000", "two"),
            ("450000 rest", "none", "none", "none"),
            ("", "none", "none", "none"),
            ("$", "none", "none", "none"),
            ("..", "none", "none", "none"),
            ("1e999", "none", "none", "none"),
            ("99999999999999999999999999999", "none", "none", "none"),
            ("NaN", "none", "none", "none"),
        ] {
            assert_eq!([read(text, "US"), read(text, "DE"), read(text, "")], [us, de, unknown], "{text}");
        }
        assert_eq!(read("4,50,000", "IN"), "450000");
        assert_eq!(read("4.5 lakh", "IN"), "450000");
        assert_eq!(read("Rs. 4,50,000/-", "IN"), "450000");
        assert_eq!(read("1,5 milhão", "BR"), "1500000");
        assert_eq!(read("450 mil pesos", "MX"), "450000");
        assert_eq!(read("450 mil pesos", "US"), "two");
        for country in ["US", "DE", "FR", "GB", ""] {
            assert_eq!([read("$2 mil", country), read("450 mil", country)], ["two", "two"], "{country}");
            assert_eq!(read("2 mio", country), "2000000");
        }
        for country in ["ES", "MX", "BR", "PT"] {
            assert_eq!(read("450 mil", country), "450000", "{country}");
        }
        let spanish = Conventions::of(Some("es-US"), Some("US"));
        assert_eq!(amount("450 mil", &spanish).map(|number| number.to_string()), Ok("450000".to_owned()));
    }

    #[test]
    fn what_names_the_currency_is_kept_apart_wherever_it_stands() {
        for (text, currencies) in [
            ("12.5k USD", &["usd"][..]),
            ("2 Mio. USD", &["usd"]),
            ("USD 2 Mio.", &["usd"]),
            ("$12500", &["$"]),
            ("- $5", &["$"]),
            ("kr 1500", &["kr"]),
            ("1500 kr.", &["kr."]),
            ("\u{a5} 1500", &["\u{a5}"]),
            ("US$1,500 USD", &["us$", "usd"]),
            ("450 k€", &["€"]),
            ("450 TEUR", &["eur"]),
            ("1 millón de pesos", &["pesos"]),
            ("1500", &[]),
            ("450000 rest", &[]),
        ] {
            assert_eq!(WrittenAmount::of(text).currencies, currencies, "{text}");
        }
    }

    #[test]
    fn three_digits_after_the_own_mark_are_decimals_where_the_currency_has_three() {
        let read =
            |text: &str, country: &str| WrittenAmount::of(text).number(&Conventions::of(None, Some(country)), true);
        let number = |text: &str| Ok(text.parse::<Decimal>().unwrap());
        assert_eq!(read("12.505", "US"), number("12.505"));
        assert_eq!(read("12,505", "DE"), number("12.505"));
        assert_eq!(read("12.505", "DE"), number("12505"), "where a point groups");
        assert_eq!(read("12.505", ""), Err(UnclearAmount::TwoReadings));
        assert_eq!(read("1,250.505", "US"), number("1250.505"));
        assert_eq!(read("1.250k", "US"), Err(UnclearAmount::TwoReadings));
    }

    #[test]
    fn no_text_panics_and_marks_never_add_a_digit() {
        use proptest::prelude::*;
        proptest!(|(text in "[0-9., '$€kKmM+-]{0,12}|.{0,12}", country in "US|DE|CH|IN|")| {
            if let Ok(number) = amount(&text, &Conventions::of(None, Some(&country))) {
                let given = text.chars().filter(|c| c.is_numeric()).count();
                let kept = number.to_string().trim_end_matches('0').bytes().filter(u8::is_ascii_digit).count();
                prop_assert!(kept <= given.max(1) + 1, "{} {}", text, number);
            }
        });
    }
}
