//! A condition cut into words and signs before the parser sees it, and the limits on it. The parser recurses on every
//! bracket and takes whatever it is given; what passes here needs little stack and little time, whoever wrote it.

use crate::criteria::expression::{
    foreign_syntax::{check_brackets, check_lists, check_words, number_with_word, unexpected},
    token::{Fault, LexemeKind, Token},
};

/// Bytes in one condition.
const MOST_BYTES: usize = 1_000;
/// Words, signs and literals in one condition.
const MOST_TOKENS: usize = 200;
/// Brackets within brackets.
const DEEPEST: usize = 16;
/// `!` or `-` in a row.
const MOST_UNARY: usize = 2;

/// The tokens of a condition, or the first thing that it must not hold.
pub(super) fn cut(text: &str) -> Result<Vec<Token<'_>>, Fault> {
    if text.len() > MOST_BYTES {
        return Err((0, format!("the condition has {} bytes: at most {MOST_BYTES} are read", text.len())));
    }
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        if first.is_ascii_whitespace() {
            at += 1;
            continue;
        }
        // Bytes of the text, not of a copy: each mistake is shown where it stands.
        let (kind, length) = measure(&text[at..], first).map_err(|message| (at, message))?;
        tokens.push(Token { kind, text: &text[at..at + length], at });
        at += length;
        // Within the loop: a text of signs alone must not become a long list first.
        if tokens.len() > MOST_TOKENS {
            return Err((at - length, format!("the condition has more than {MOST_TOKENS} words and signs")));
        }
    }
    check_nesting(&tokens)?;
    check_loops(&tokens)?;
    check_words(&tokens)?;
    check_lists(&tokens)?;
    check_brackets(&tokens)?;
    Ok(tokens)
}

fn measure(rest: &str, first: char) -> Result<(LexemeKind, usize), String> {
    let bytes = rest.as_bytes();
    let run = |from: usize, fits: fn(u8) -> bool| bytes[from..].iter().take_while(|byte| fits(**byte)).count() + from;
    match first {
        'a'..='z' | 'A'..='Z' | '_' => {
            let length = run(0, |byte| byte.is_ascii_alphanumeric() || byte == b'_');
            match bytes.get(length) {
                // `b'…'` and `r'…'` mean other things to the parser than the text shows.
                Some(b'\'' | b'"') => Err("texts have no letters before their quotes here".into()),
                _ => Ok((LexemeKind::Word, length)),
            }
        }
        '0'..='9' => Ok((LexemeKind::Number, number(rest)?)),
        '\'' | '"' => Ok((LexemeKind::Text, quoted(bytes)?)),
        _ => {
            const SIGNS: [&str; 21] = [
                "&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "+", "-", "*", "/", "%", "(", ")", "[", "]", ",",
                ".", "?",
            ];
            // The longest first: `<=` begins with `<`.
            let sign = SIGNS.iter().chain(&[":"]).find(|sign| rest.starts_with(**sign));
            sign.map(|sign| (LexemeKind::Sign, sign.len())).ok_or_else(|| unexpected(rest, first))
        }
    }
}

/// Digits, with a decimal point and an exponent where there are digits on both sides.
fn number(rest: &str) -> Result<usize, String> {
    let bytes = rest.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut length = digits(0);
    if bytes.get(length) == Some(&b'.') && digits(length + 1) > 0 {
        length += 1 + digits(length + 1);
    }
    if matches!(bytes.get(length), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
        // Bounded, because the text may end after the `e`.
        let exponent = digits((length + 1 + sign).min(bytes.len()));
        if exponent > 0 {
            length += 1 + sign + exponent;
        }
    }
    match bytes.get(length) {
        Some(byte) if byte.is_ascii_alphanumeric() || *byte == b'_' => Err(number_with_word(rest, length)),
        _ => Ok(length),
    }
}

/// A text up to its closing quote, which no backslash stands before.
fn quoted(bytes: &[u8]) -> Result<usize, String> {
    let quote = bytes[0];
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        match *byte {
            // The next character is part of the text, also a quote.
            b'\\' => at += 1,
            b'\n' | b'\r' => break,
            byte if byte == quote => {
                // Two quotes and a third would be read by the parser as a text over several lines.
                let again = at == 1 && bytes.get(2) == Some(&quote);
                return if again { Err("texts stand in one pair of quotes here".into()) } else { Ok(at + 1) };
            }
            _ => {}
        }
        at += 1;
    }
    Err("the text has no closing quote".into())
}

fn check_nesting(tokens: &[Token<'_>]) -> Result<(), Fault> {
    let (mut depth, mut unary) = (0_usize, 0_usize);
    for token in tokens {
        match token.text {
            "(" | "[" => depth += 1,
            ")" | "]" => depth = depth.saturating_sub(1),
            _ => {}
        }
        // The parser recurses on each sign in a row as it does on brackets.
        unary = if matches!(token.text, "!" | "-") { unary + 1 } else { 0 };
        if depth > DEEPEST {
            return Err((token.at, format!("more than {DEEPEST} brackets within each other")));
        }
        if unary > MOST_UNARY {
            return Err((token.at, format!("more than {MOST_UNARY} times '{}' in a row", token.text)));
        }
    }
    Ok(())
}

/// One `exists` or `all`, and no other loop: loops within loops take time that no limit on length bounds.
fn check_loops(tokens: &[Token<'_>]) -> Result<(), Fault> {
    let mut loops = 0;
    for (token, next) in tokens.iter().zip(tokens.iter().skip(1)) {
        if token.kind != LexemeKind::Word || next.text != "(" {
            continue;
        }
        match token.text {
            "exists" | "all" => loops += 1,
            "map" | "filter" | "exists_one" => {
                return Err((token.at, format!("'{}' is not used here: use one 'exists' or 'all'", token.text)));
            }
            "matches" => {
                let message = "regular expressions are not used here: use startsWith, endsWith or contains";
                return Err((token.at, message.into()));
            }
            _ => {}
        }
        if loops > 1 {
            return Err((token.at, "a condition may hold one 'exists' or 'all'".into()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> (usize, String) {
        cut(text).unwrap_err()
    }

    #[test]
    fn words_signs_numbers_and_texts() {
        let cut = |text| cut(text).unwrap().into_iter().map(|token| (token.text, token.at)).collect::<Vec<_>>();
        assert_eq!(cut("a.b<=1.5e3"), [("a", 0), (".", 1), ("b", 2), ("<=", 3), ("1.5e3", 5)]);
        assert_eq!(cut(r#"'it\'s' != "ü""#), [(r"'it\'s'", 0), ("!=", 8), ("\"ü\"", 11)]);
        assert_eq!(cut("x\n ? 1.y : ''"), [("x", 0), ("?", 3), ("1", 5), (".", 6), ("y", 7), (":", 9), ("''", 11)]);
    }

    #[test]
    fn what_must_not_stand_in_a_condition_is_refused_where_it_stands() {
        for (text, at, message) in [
            ("a = 1", 2, "'=' compares nothing: write '=='"),
            ("a & b", 2, "'&' stands alone: write '&&'"),
            ("{1: 2}", 0, "braces are not used in conditions"),
            ("höhe > 1", 1, "unexpected character 'ö' ('ö' is U+00F6)"),
            ("a\0", 1, "unexpected character '\\0'"),
            ("a == 'x", 5, "the text has no closing quote"),
            ("'''x'''", 0, "texts stand in one pair of quotes here"),
            ("r'x'", 0, "texts have no letters before their quotes here"),
            ("1u == 1", 0, "a number runs into a word"),
            ("0x10 == 1", 0, "a number runs into a word"),
            ("!!!true", 2, "more than 2 times '!' in a row"),
            (
                "answers.a.matches('x')",
                10,
                "regular expressions are not used here: use startsWith, endsWith or contains",
            ),
            ("[1].map(x, x) == [1]", 4, "'map' is not used here: use one 'exists' or 'all'"),
            ("[1].all(x, [1].exists(y, y == x))", 15, "a condition may hold one 'exists' or 'all'"),
        ] {
            assert_eq!(fault(text), (at, message.to_owned()), "{text}");
        }
        assert!(fault(&"(".repeat(17)).1.starts_with("more than 16 brackets"));
        assert!(fault(&["1"; 150].join("+")).1.starts_with("the condition has more than 200"));
        assert!(fault(&"1".repeat(1_001)).1.starts_with("the condition has 1001 bytes"));
    }
}
