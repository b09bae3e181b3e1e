//! Habits from other languages, found in a condition before the parser sees it: words for operators, brackets that do not
//! meet, characters that a word processor put in. The parser would call them all "mismatched input".

use crate::{
    criteria::expression::token::{Fault, LexemeKind, Token},
    document::{looks_like, odd_letter},
};

/// A character that no condition holds outside of texts.
pub(super) fn unexpected(rest: &str, first: char) -> String {
    match first {
        '=' => match rest.as_bytes().get(1) {
            Some(b'>') => "'=>' compares nothing: write '>='".into(),
            Some(b'<') => "'=<' compares nothing: write '<='".into(),
            _ => "'=' compares nothing: write '=='".into(),
        },
        '&' | '|' => format!("'{first}' stands alone: write '{first}{first}'"),
        '{' | '}' => "braces are not used in conditions".into(),
        '#' => "unexpected character '#': a remark begins with //".into(),
        ';' => "unexpected character ';': one condition only, joined with && or ||".into(),
        '$' | '€' | '£' | '¥' if rest[first.len_utf8()..].starts_with(|next: char| next.is_ascii_digit()) => {
            format!("unexpected character '{first}': write the number alone")
        }
        other => {
            let hint = match looks_like(other) {
                Some(" ") => ": write a plain space".into(),
                Some(plain) if plain.starts_with(|plain: char| !plain.is_ascii_alphanumeric()) => {
                    format!(": write {plain}")
                }
                _ => odd_letter(&other.to_string()),
            };
            format!("unexpected character '{}'{hint}", other.escape_debug())
        }
    }
}

/// What to write instead of a number that a word is stuck to.
pub(super) fn number_with_word(text: &str, digits: usize) -> String {
    let (number, word) = text.split_at(digits);
    let word: String = word.chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect();
    let hint = match word.as_str() {
        "d" => format!(": write days({number})"),
        "w" => format!(": write days({number} * 7)"),
        "k" | "K" => format!(": write {number}000"),
        _ if word.starts_with('_') && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_') => {
            format!(": write {number}{}", word.replace('_', ""))
        }
        _ => String::new(),
    };
    format!("a number runs into a word{hint}")
}

/// Words that other languages have for operators, where they cannot be the name of anything.
pub(super) fn check_words(tokens: &[Token<'_>]) -> Result<(), Fault> {
    let text = |place: Option<usize>| place.and_then(|place| tokens.get(place)).map_or("", |token| token.text);
    for (place, token) in tokens.iter().enumerate() {
        let (before, after) = (text(place.checked_sub(1)), text(Some(place + 1)));
        // Fields and names of elements may be called so.
        let alone = token.kind == LexemeKind::Word && before != "." && !matches!(after, "." | "," | ")");
        let written = match token.text.to_ascii_lowercase().as_str() {
            "and" if alone => "&&",
            "or" if alone => "||",
            "is" | "equals" if alone && after != "(" => "==",
            "not" if alone && after == "in" => "!(… in […])",
            "not" if alone => "!",
            "xor" if alone => "!=",
            "<" if after == ">" => "!=",
            _ => continue,
        };
        let name = if token.text == "<" { "<>" } else { token.text };
        return Err((token.at, format!("'{name}' is not used here: write {written}")));
    }
    Ok(())
}

/// Every bracket that closes has one that opens, and the other way round; digits are not grouped with commas.
pub(super) fn check_brackets(tokens: &[Token<'_>]) -> Result<(), Fault> {
    let mut open: Vec<&Token<'_>> = Vec::new();
    for (place, token) in tokens.iter().enumerate() {
        match token.text {
            "(" | "[" => open.push(token),
            ")" | "]" => {
                // Brackets of two kinds that meet are a mistake of both places; the closing one is shown.
                let fits = |begin: &&Token<'_>| (begin.text == "(") == (token.text == ")");
                if open.pop().filter(fits).is_none() {
                    return Err((token.at, format!("'{}' closes nothing that is open", token.text)));
                }
            }
            "," if open.is_empty() => {
                let digits = |place: Option<usize>| {
                    place.and_then(|place| tokens.get(place)).is_some_and(|token| token.kind == LexemeKind::Number)
                };
                let grouped = digits(place.checked_sub(1)) && digits(Some(place + 1));
                let hint = if grouped { ": write numbers without commas" } else { "" };
                return Err((token.at, format!("',' stands between the values of a list{hint}")));
            }
            _ => {}
        }
    }
    open.pop().map_or(Ok(()), |begin| Err((begin.at, format!("'{}' is never closed", begin.text))))
}

/// A list in round brackets, as SQL has it.
pub(super) fn check_lists(tokens: &[Token<'_>]) -> Result<(), Fault> {
    for window in tokens.windows(4) {
        let [word, bracket, value, comma] = window else { continue };
        let literal = matches!(value.kind, LexemeKind::Text | LexemeKind::Number);
        if word.text == "in" && bracket.text == "(" && literal && matches!(comma.text, "," | ")") {
            return Err((bracket.at, "a list stands in square brackets: write in ['…', '…']".into()));
        }
    }
    Ok(())
}
