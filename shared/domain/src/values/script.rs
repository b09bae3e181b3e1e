//! One way of writing for many: digits of every script and full-width signs as ASCII, without what nobody sees.

use super::conventions::ZEROS;

/// Whether a character shows nothing by itself: marks of direction, joiners, variation selectors, fillers. Copied from web
/// pages and address books, they make two numbers of one.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// The text without characters that show nothing.
#[must_use]
pub fn visible(text: &str) -> String {
    text.chars().filter(|c| !is_invisible(*c)).collect()
}

/// The text with digits of every script, full-width signs, spaces, hyphens and apostrophes of every kind as their ASCII
/// ones, without what shows nothing, and without blanks around it.
#[must_use]
pub fn folded(text: &str) -> String {
    let folded: String = text.chars().filter(|c| !is_invisible(*c)).map(plain).collect();
    folded.trim().to_owned()
}

fn plain(c: char) -> char {
    if c.is_ascii() {
        return c;
    }
    if let Some(digit) = digit(c) {
        return digit;
    }
    match c {
        // Full-width forms of ASCII lie in its order.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}' | '\u{fe58}' | '\u{30fc}' => '-',
        '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2032}' | '\u{2bc}' | '\u{b4}' => '\'',
        // Marks of Arabic numbers.
        '\u{66b}' => '.',
        '\u{66c}' | '\u{60c}' => ',',
        '\u{2044}' | '\u{2215}' => '/',
        c if c.is_whitespace() => ' ',
        c => c,
    }
}

/// The ASCII digit of the same value.
fn digit(c: char) -> Option<char> {
    let code = c as u32;
    let before = ZEROS.partition_point(|zero| *zero <= code);
    let value = code - ZEROS.get(before.checked_sub(1)?)?;
    if value < 10 { char::from_digit(value, 10) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_and_signs_of_all_scripts_are_folded() {
        for (given, ascii) in [
            ("\u{202d}+1 (415) 555\u{2011}0133\u{202c}", "+1 (415) 555-0133"),
            ("４１５－５５５－０１３３", "415-555-0133"),
            ("٠١٠٠٥٥٥٠١٩٩", "01005550199"),
            ("۰۱۲۳۴۵۶۷۸۹", "0123456789"),
            ("०९८७६", "09876"),
            ("+1\u{fe0e}-415", "+1-415"),
            ("450\u{202f}000", "450 000"),
            ("450\u{2019}000", "450'000"),
            ("\u{202d}\u{202c}\u{fe0e}", ""),
            ("Zoë", "Zoë"),
        ] {
            assert_eq!(folded(given), ascii);
        }
    }

    #[test]
    fn what_is_seen_stays() {
        assert_eq!(visible("\u{200f}שרה\u{200f} Ann"), "שרה Ann");
    }
}
