//! What the parser did not understand, in words and with its place.

use cel::ParseErrors;

use crate::criteria::expression::token::Fault;

/// The first thing the parser did not understand; what follows is mostly a consequence of it.
pub(super) fn syntax(text: &str, errors: &ParseErrors) -> Fault {
    let Some(first) = errors.errors.iter().find(|error| error.pos.0 > 0).or(errors.errors.first()) else {
        return (0, "not understood".into());
    };
    let line_number = usize::try_from(first.pos.0).unwrap_or_default().saturating_sub(1);
    let column = usize::try_from(first.pos.1).unwrap_or_default().saturating_sub(1);
    let line_start: usize = text.split_inclusive('\n').take(line_number).map(str::len).sum();
    let at = (line_start + column).min(text.len());
    let at = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    let message = first.msg.trim_start_matches("Syntax error: ");
    if message.contains("has() macro") {
        return (at, "'has' asks for a fact: write has(answers.…)".into());
    }
    if message.contains("<EOF>' expecting") || at == text.len() {
        return (at, "not understood: the condition ends too early".into());
    }
    (at, format!("not understood: {}", in_words(message, &text[at..])))
}

fn in_words(message: &str, rest: &str) -> String {
    let mismatched = message.strip_prefix("mismatched input '").and_then(|message| message.split_once("' expecting"));
    match (mismatched, message) {
        (Some((found, _)), _) => format!("'{found}' after a whole condition: is && or another sign missing before it?"),
        (None, "unexpected token") => match rest.chars().next() {
            Some(found) => format!("a value is missing before '{found}'"),
            None => message.to_owned(),
        },
        (None, other) => other.replace("<EOF>", "the end"),
    }
}
