//! What stands around a phone number where people and programs write one: what it is called, an extension, a second number,
//! the marks of a spreadsheet. Texts here are folded and in small letters already.

/// What a number is called, at its beginning or its end.
const LABELS: [&str; 54] = [
    "p",
    "ph",
    "tel",
    "tél",
    "teléfono",
    "telefono",
    "telephone",
    "telefon",
    "telefone",
    "tlf",
    "tfno",
    "phone",
    "phone number",
    "mobile",
    "mob",
    "mobil",
    "móvil",
    "movil",
    "cell",
    "cell phone",
    "cellphone",
    "cel",
    "celular",
    "cellulare",
    "handy",
    "gsm",
    "home",
    "work",
    "office",
    "direct",
    "main",
    "landline",
    "festnetz",
    "fixe",
    "portable",
    "private",
    "privat",
    "business",
    "m",
    "h",
    "c",
    "w",
    "t",
    "o",
    "d",
    "whatsapp",
    "wa",
    "viber",
    "signal",
    "call",
    "text",
    "evenings",
    "days",
    "phone no",
];
/// What stands between a number and its extension, longest first where one begins another. All become `;ext=`.
const EXTENSIONS: [&str; 24] = [
    ";ext=",
    ";extension=",
    "extensión",
    "extension",
    "extn.",
    "extn",
    "ext.:",
    "ext.",
    "ext:",
    "ext#",
    "ext",
    "x.",
    "x:",
    "x#",
    "x",
    "durchwahl",
    "dw.",
    "dw",
    "poste",
    "toestel",
    "anexo",
    "interno",
    "доб.",
    "доб",
];
/// What stands between two numbers.
const BETWEEN: [&str; 16] =
    [" or ", " and ", " oder ", " und ", " ou ", " et ", " o ", " y ", " / ", "/", ";", "|", ", ", "&", "\n", "+"];
/// The fewest digits that are a number of their own.
pub(super) const FEWEST_DIGITS: usize = 7;
/// The fewest digits of a whole number in a country of few.
const FEWEST_OF_SMALL_COUNTRIES: usize = 4;
/// The most digits of an extension.
pub(super) const EXTENSION_DIGITS: usize = 10;

pub(super) fn digits(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

/// The text without what the number is called: `p:+49…`, `(cell) 415…`, `415… (h)`, `415… mobile`.
pub(super) fn without_labels(text: &str) -> &str {
    let mut text = text.trim();
    loop {
        let before = text;
        text = without_leading(text);
        text = without_trailing(text);
        if text == before {
            return text;
        }
    }
}

fn without_leading(text: &str) -> &str {
    let rest = text.strip_prefix(['(', '[']).unwrap_or(text);
    let word_end = rest.find(|c: char| !c.is_alphabetic() && c != ' ').unwrap_or(rest.len());
    let word = rest[..word_end].trim();
    if word.is_empty() || !LABELS.contains(&word) {
        return text;
    }
    rest[word_end..].trim_start_matches([')', ']', ':', '.', '-', '#', ' ', '='])
}

fn without_trailing(text: &str) -> &str {
    let rest = text.trim_end_matches(['.', ':', ' ']);
    let rest = rest.strip_suffix([')', ']']).unwrap_or(rest);
    let word_start =
        rest.char_indices().rev().find(|(_, c)| !c.is_alphabetic() && *c != ' ').map_or(0, |(at, c)| at + c.len_utf8());
    let word = rest[word_start..].trim();
    if word.is_empty() || !LABELS.contains(&word) {
        return text;
    }
    rest[..word_start].trim_end_matches(['(', '[', ' ', '-', ',', ':'])
}

/// What stands around a zero in brackets, which is dialled within a country alone: `+44 (0)20 7946 0958`.
pub(super) struct BracketedZero<'t> {
    pub before: &'t str,
    pub after: &'t str,
}

/// The first zero in brackets; none where the number begins with it.
pub(super) fn bracketed_zero(text: &str) -> Option<BracketedZero<'_>> {
    text.match_indices('(').find_map(|(at, _)| {
        let after = text[at + 1..].trim_start().strip_prefix('0')?.trim_start().strip_prefix(')')?;
        let before = &text[..at];
        (digits(before) > 0).then_some(BracketedZero { before, after })
    })
}

/// A number and what was dialled after it.
pub(super) struct Parted<'t> {
    pub number: &'t str,
    pub extension: Option<String>,
}

/// Takes off an extension, in one of the ways that people and telephones write it.
pub(super) fn without_extension(text: &str) -> Parted<'_> {
    let closed = text.trim_end_matches([')', ']', ' ', '#', '.']);
    let tail = &closed[closed.trim_end_matches(|c: char| c.is_ascii_digit()).len()..];
    let head = &closed[..closed.len() - tail.len()];
    let none = Parted { number: text, extension: None };
    if tail.is_empty() || tail.len() > EXTENSION_DIGITS {
        return none;
    }
    let marked = EXTENSIONS
        .iter()
        .find_map(|mark| head.trim_end_matches(['-', ' ', '=']).strip_suffix(mark.trim_end_matches('=')));
    // A pause in dialling, or the sign for an extension.
    let dialled = || head.trim_end().strip_suffix(",,").or_else(|| head.trim_end().strip_suffix('#'));
    let semicolon = || head.trim_end().strip_suffix(';').filter(|_| tail.len() < FEWEST_DIGITS);
    match marked.or_else(dialled).or_else(semicolon) {
        // What is too short for a number has no extension: `x123`.
        Some(number) if digits(number) >= 5 => {
            let number = number.trim_end_matches([' ', ',', ';', '(', '[', '-', '.', '/']);
            Parted { number, extension: Some(tail.to_owned()) }
        }
        _ => none,
    }
}

/// The numbers of a cell that holds several; nothing where it holds one.
pub(super) fn several(text: &str) -> Vec<&str> {
    for between in BETWEEN {
        if between == "+" {
            break;
        }
        let parts: Vec<_> = text.split(between).map(str::trim).filter(|part| !part.is_empty()).collect();
        if parts.len() > 1 && parts.iter().all(|part| digits(part) >= FEWEST_DIGITS) {
            // A list is written in more ways than one: `a, b and c`.
            return parts.into_iter().flat_map(single).collect();
        }
    }
    // International numbers side by side.
    match text.rfind('+') {
        Some(at) if digits(&text[..at]) >= FEWEST_DIGITS => {
            let mut parts = single(text[..at].trim());
            parts.push(&text[at..]);
            parts
        }
        _ => Vec::new(),
    }
}

/// A number, or those that it is made of.
fn single(part: &str) -> Vec<&str> {
    let parts = several(part);
    if parts.is_empty() { vec![part] } else { parts }
}

/// A number and the last digits of others behind it: `030/23125001/02`.
pub(super) struct Shortened<'t> {
    pub number: &'t str,
    /// The last digits of the others, in their order.
    pub others: Vec<LastDigits<'t>>,
}

/// The digits in which a number differs from the one before it.
pub(super) struct LastDigits<'t>(pub &'t str);

impl LastDigits<'_> {
    /// The number that they end, written as the one that is whole.
    pub(super) fn in_full(&self, whole: &str) -> String {
        format!("{}{}", &whole[..whole.len().saturating_sub(self.0.len())], self.0)
    }
}

/// The number before what is written of others; nothing where the text holds one number alone. Slashes between all groups of a
/// number part nothing: what is before the last digits is as long as they are.
pub(super) fn shortened(text: &str) -> Option<Shortened<'_>> {
    // A bare dash parts an extension from its number; before a slash it may part one more of the list.
    [true, false].into_iter().find_map(|dashes| shortened_by(text, dashes))
}

fn shortened_by(text: &str, dashes: bool) -> Option<Shortened<'_>> {
    const MOST_LAST: usize = 4;
    let is_mark = |c: char| matches!(c, ' ' | '/' | '-' | '–' | ',' | '&' | '|' | '\\');
    let (mut end, mut longest, mut is_dashed) = (text.len(), 0, true);
    let mut others = Vec::new();
    loop {
        let run = last_digits(&text[..end]);
        let before = text[..end - run].trim_end_matches(is_mark);
        let marks = &text[before.len()..end - run];
        let is_list = marks.contains(['/', ',', '&', '|', '\\']);
        let is_spaced_dash = marks == " - " || marks.contains('–');
        let goes_on = !others.is_empty() && dashes && marks == "-";
        if run == 0 || run > MOST_LAST || !others.is_empty() && run > longest || !(is_list || is_spaced_dash || goes_on)
        {
            break;
        }
        is_dashed &= !is_list;
        others.push(LastDigits(&text[end - run..end]));
        (longest, end) = (longest.max(run), before.len());
    }
    let number = &text[..end];
    let last = last_digits(number);
    // A dash alone is also written before an extension that is dialled on, `030 23125 - 123`: not behind a number that is whole.
    let is_whole = match longest {
        0 => false,
        _ if is_dashed => longest <= 2 && last >= 6 && digits(number) >= 10,
        MOST_LAST => last >= MOST_LAST && digits(number) >= 10,
        _ => last >= longest.max(3) && digits(number) >= 8,
    };
    if !is_whole {
        return None;
    }
    // Read from behind.
    others.reverse();
    Some(Shortened { number, others })
}

/// How many digits a text ends with.
fn last_digits(text: &str) -> usize {
    text.len() - text.trim_end_matches(|c: char| c.is_ascii_digit()).len()
}

/// What a spreadsheet made of a number.
pub(super) enum Cell {
    /// It is none of its.
    Other,
    /// The number, whole.
    Whole(String),
    /// Digits are lost.
    Rounded,
}

/// `3023125001.0` and `3.023125001E9` still have every digit; `3.023E9` has lost some.
pub(super) fn cell(text: &str) -> Cell {
    if let Some((mantissa, exponent)) = text.split_once('e') {
        return scientific(mantissa, exponent);
    }
    let Some((whole, decimals)) = text.split_once(['.', ',']) else { return Cell::Other };
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let long = whole.trim_start_matches('+').len() >= FEWEST_DIGITS && all_digits(whole.trim_start_matches('+'));
    // Nobody writes one zero apart, and small countries have numbers of four digits.
    if decimals == "0" && whole.len() >= FEWEST_OF_SMALL_COUNTRIES && all_digits(whole) {
        return Cell::Whole(whole.to_owned());
    }
    match long && all_digits(decimals) && decimals.len() <= 3 {
        true if decimals.bytes().all(|byte| byte == b'0') => Cell::Whole(whole.to_owned()),
        true => Cell::Rounded,
        false => Cell::Other,
    }
}

fn scientific(mantissa: &str, exponent: &str) -> Cell {
    let (whole, decimals) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, ""));
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let Some(power) = exponent.strip_prefix('+').unwrap_or(exponent).parse::<usize>().ok().filter(|power| *power <= 20)
    else {
        return Cell::Other;
    };
    if whole.len() != 1 || !plain(whole) || !plain(decimals) {
        return Cell::Other;
    }
    // Fewer digits than the number has: the rest was rounded away, or was zeros, and nobody can tell.
    if decimals.len() < power || decimals[power..].bytes().any(|byte| byte != b'0') {
        return Cell::Rounded;
    }
    Cell::Whole(format!("{whole}{}", &decimals[..power]))
}

/// Whether somebody made the number up, or a program masked it: all of one digit, digits in their order, no subscriber.
pub(super) fn is_made_up(country_code: i32, national: &str) -> bool {
    const UP: &str = "01234567890123456789";
    const DOWN: &str = "98765432109876543210";
    let of_one = |text: &str| text.bytes().all(|digit| Some(digit) == text.bytes().next());
    let counted = national.len() >= FEWEST_DIGITS && (UP.contains(national) || DOWN.contains(national));
    let subscriber = national.len().checked_sub(FEWEST_DIGITS).map_or("", |at| &national[at..]);
    let empty = subscriber == "0000000";
    // 555 in North America: an area that is nobody's, and an exchange of one digit.
    let american = country_code == 1
        && (national.starts_with("555") || subscriber == "5555555" || national[..3.min(national.len())] == *"000");
    national.len() > 4 && of_one(national)
        || counted
        || empty
        || american && (of_one(subscriber) || subscriber.ends_with("0000") || subscriber == "1234567")
}
