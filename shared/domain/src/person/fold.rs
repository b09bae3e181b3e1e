//! Letters folded so that the same name is the same words: case, accents, ligatures, punctuation and what cannot be seen do not
//! matter.

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// So far behind its hiragana stands each katakana in Unicode.
const KATAKANA_ABOVE_HIRAGANA: u32 = 0x60;

/// The words of a name, folded. Apostrophes join (`O'Brien`), all other punctuation parts.
pub(crate) fn folded(written: &str) -> Vec<String> {
    let mut plain = String::with_capacity(written.len());
    for c in written.nfkd().filter(|c| !is_combining_mark(*c)) {
        match c {
            '\'' | '\u{2019}' | '\u{2018}' | '\u{2bc}' | '\u{2bb}' | '`' | '\u{b4}' | '\u{2032}' => {}
            // What is not seen neither joins nor parts.
            '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' => {}
            'ß' | 'ẞ' => plain.push_str("ss"),
            'æ' | 'Æ' => plain.push_str("ae"),
            'œ' | 'Œ' => plain.push_str("oe"),
            'ø' | 'Ø' => plain.push('o'),
            'ł' | 'Ł' => plain.push('l'),
            'đ' | 'Đ' | 'ð' | 'Ð' => plain.push('d'),
            'þ' | 'Þ' => plain.push_str("th"),
            'ı' => plain.push('i'),
            // One name in both of Japan's syllabaries.
            'ァ'..='ヶ' => plain.push(char::from_u32(u32::from(c) - KATAKANA_ABOVE_HIRAGANA).unwrap_or(c)),
            c if c.is_alphanumeric() => plain.extend(c.to_lowercase()),
            _ => plain.push(' '),
        }
    }
    plain.split_whitespace().map(str::to_owned).collect()
}

/// Whether two folded words are one that is written with an umlaut and without: `Müller`, `Mueller`.
pub(super) fn are_one_with_umlaut(one: &str, other: &str) -> bool {
    let plain = |word: &str| word.replace("ue", "u").replace("oe", "o").replace("ae", "a");
    one.len() != other.len() && plain(one) == plain(other)
}

/// Whether two folded words differ by one letter that is doubled within one of them: `Hana`, `Hanna`. At the end it may be
/// another name: `Rene`, `Renee`.
pub(super) fn are_one_but_doubled(one: &str, other: &str) -> bool {
    let (shorter, longer) = if one.len() < other.len() { (one, other) } else { (other, one) };
    let (short, long): (Vec<char>, Vec<char>) = (shorter.chars().collect(), longer.chars().collect());
    if long.len() != short.len() + 1 {
        return false;
    }
    let mut doubled = (1..long.len().saturating_sub(1)).filter(|at| long[*at] == long[at - 1]);
    doubled.any(|at| long[..at] == short[..at] && long[at + 1..] == short[at..])
}

/// Whether a folded word is written in the Latin script.
pub(super) fn is_latin(word: &str) -> bool {
    word.is_ascii()
}
