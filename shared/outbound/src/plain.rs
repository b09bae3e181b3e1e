//! Text from strangers made safe for a header line, a plain text mail, or a log.
//!
//! Two things are taken out: control characters, which end header lines, and the characters that set the direction of
//! writing, with which `gpj.exe` is made to look like `exe.jpg`. Letters of every script, emoji and their joiners stay.

/// One line: every run of white space and control characters becomes one space. At most `max` characters.
pub(crate) fn line(text: &str, max: usize) -> String {
    // Direction signs first: taken out later, they could hide between the words.
    let spaced: String = enough(text, max).chars().filter(|c| !sets_direction(*c)).map(spaced).collect();
    cut(&spaced.split_whitespace().collect::<Vec<_>>().join(" "), max)
}

/// Several lines: line ends become `\n`, at most one empty line in a row, other control characters are spaces. At most
/// `max` characters.
pub(crate) fn lines(text: &str, max: usize) -> String {
    let text = enough(text, max).replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}', '\u{85}'], "\n");
    let mut kept: Vec<String> = Vec::new();
    for one in text.split('\n') {
        let one: String = one.chars().filter(|c| !sets_direction(*c)).map(spaced).collect();
        let one = one.trim_end().to_owned();
        // One empty line in a row: thousands of them would push everything else out of the mail.
        if !(one.is_empty() && kept.last().is_none_or(String::is_empty)) {
            kept.push(one);
        }
    }
    cut(kept.join("\n").trim_end(), max)
}

/// The beginning of a text that makes `max` characters even if most of it is taken out. Spares the work on the rest.
fn enough(text: &str, max: usize) -> &str {
    // Four times as much as is kept: what is taken out must not make a text look empty.
    text.char_indices().nth(max.saturating_mul(4)).map_or(text, |(end, _)| &text[..end])
}

fn spaced(c: char) -> char {
    if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c }
}

/// The bidirectional formatting characters of Unicode (UAX #9) and the zero-width no-break space.
const fn sets_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn cut(text: &str, max: usize) -> String {
    // Between characters; the mark shows that something is missing.
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
    }
}

/// A server's reply without the addresses it may repeat, so that it can be stored and logged.
pub(crate) fn without_addresses(text: &str, max: usize) -> String {
    // Whole words: a part of an address is one too.
    let masked: Vec<_> = text.split_whitespace().map(|word| if word.contains('@') { "<…>" } else { word }).collect();
    line(&masked.join(" "), max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_one_line() {
        assert_eq!(line("Casey\r\nBcc: x@example.com\0\t!", 100), "Casey Bcc: x@example.com !");
        assert_eq!(line("a\u{2028}b\u{85}c\u{b}d", 100), "a b c d");
        assert_eq!(line("\u{202e}moc.elpmaxe\u{202c}\u{2066}\u{200f}", 100), "moc.elpmaxe");
        assert_eq!(line("مريم 👩‍💻", 100), "مريم 👩‍💻");
        assert_eq!(line("abcdef", 3), "abc…");
    }

    #[test]
    fn lines_keep_their_ends_and_nothing_else() {
        assert_eq!(lines("one\r\ntwo\rthree\u{2028}four\n\n\n\nfive\u{7}\n", 100), "one\ntwo\nthree\nfour\n\nfive");
        assert_eq!(lines("\n\n  indented", 100), "  indented");
    }

    #[test]
    fn a_reply_is_shown_without_addresses() {
        assert_eq!(without_addresses("550 5.1.1 <casey@example.com>: unknown", 50), "550 5.1.1 <…> unknown");
    }
}
