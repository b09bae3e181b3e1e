//! The TOML document as a tree with places. A hostile text is refused here before anything recurses into it; what is
//! read from the tree later is always read with its place, so that each mistake can be shown where it stands.

use std::ops::Range;

use jiff::SignedDuration;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};
use toml_parser::{ParseError, Source, lexer::TokenKind, parser::parse_document};

use crate::document::{
    mistake::Notes,
    suggestion::{did_you_mean, quoted},
    toml_error::{note_broken, note_first},
};

/// Larger documents are refused: 500 long rules fit several times.
const MOST_BYTES: usize = 256 * 1024;
/// Brackets within brackets outside of texts. The deepest sensible document has two.
const DEEPEST: usize = 8;
/// Dots in one key, outside of texts. Each makes a table within a table, and taking those apart recurses.
const MOST_DOTS: usize = 8;
/// Words, signs and texts of the whole document, which bounds the memory of the tree.
const MOST_TOKENS: usize = 30_000;
/// Mistakes in TOML beyond which the text is something else: only the first is reported, as each costs memory.
const MOST_ERRORS: usize = 100;

/// A value of the document with its place, as the parser gives it.
pub(crate) type TreeNode<'d> = Spanned<DeValue<'d>>;

/// A piece of the document and where it stands, in bytes.
#[derive(Debug, Clone)]
pub(crate) struct Located<T> {
    pub value: T,
    pub span: Range<usize>,
}

/// The tree of a document, with all its mistakes in TOML noted; `None` where it is not safe to build one.
pub(crate) fn parse<'d>(text: &'d str, notes: &mut Notes) -> Option<DeTable<'d>> {
    // Before anything reads it: the limits below cost time in proportion to the length.
    if text.len() > MOST_BYTES {
        notes.add(0, || format!("the document has {} bytes: at most {MOST_BYTES} are read", text.len()));
        return None;
    }
    if let Err((at, message)) = within_limits(text) {
        notes.add(at, || message);
        return None;
    }
    // Counted without keeping them: a text of nothing but mistakes would be kept many times over.
    let mut count = 0_usize;
    parse_document(&Source::new(text).lex().into_vec(), &mut (), &mut |_: ParseError| count += 1);
    if count > MOST_ERRORS {
        if let Err(error) = DeTable::parse(text) {
            note_first(text, &error, count, notes);
        }
        return None;
    }
    let (tree, errors) = DeTable::parse_recoverable(text);
    note_broken(text, errors, notes);
    Some(tree.into_inner())
}

/// Counts with the same lexer that the parser uses, so that no quoting can hide depth from the one and not the other.
fn within_limits(text: &str) -> Result<(), (usize, String)> {
    let (mut depth, mut dots) = (0_usize, 0_usize);
    // On the tokens, without recursion: the parser recurses, and a text nested deep enough would exhaust its stack.
    for (count, token) in Source::new(text).lex().enumerate() {
        let at = token.span().start();
        if count > MOST_TOKENS {
            return Err((at, format!("the document has more than {MOST_TOKENS} words and signs")));
        }
        match token.kind() {
            TokenKind::Dot => dots += 1,
            // A bracket begins a new key, whose dots count from none.
            TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket => (depth, dots) = (depth + 1, 0),
            TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket => {
                (depth, dots) = (depth.saturating_sub(1), 0);
            }
            TokenKind::Newline | TokenKind::Equals | TokenKind::Comma => dots = 0,
            _ => {}
        }
        if depth > DEEPEST || dots > MOST_DOTS {
            return Err((at, format!("nested deeper than {DEEPEST} levels")));
        }
    }
    Ok(())
}

/// One table of the document: the root, or one `[[question]]`, `[[rule]]`, `[grades]` …
pub(crate) struct Section<'d> {
    table: &'d DeTable<'d>,
    /// Where its heading stands.
    pub at: usize,
    /// How it is called in a message.
    pub name: &'static str,
}

impl<'d> Section<'d> {
    pub(crate) fn root(table: &'d DeTable<'d>) -> Self {
        Self { table, at: 0, name: "the document" }
    }

    /// The value as a table, where it is one.
    pub(crate) fn inside(value: &'d TreeNode<'d>, name: &'static str) -> Option<Self> {
        value.get_ref().as_table().map(|table| Self { table, at: value.span().start, name })
    }

    /// Notes each key that is none of these.
    pub(crate) fn only(&self, known: &[&str], notes: &mut Notes) {
        for (key, _) in self.table.iter() {
            if !known.contains(&key.get_ref().as_ref()) {
                notes.add(key.span().start, || {
                    let hint = did_you_mean(key.get_ref(), known.iter().copied());
                    format!("unknown key {} in {}{hint}", quoted(key.get_ref()), self.name)
                });
            }
        }
    }

    /// Each key with its value, where any key may stand.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (Located<&'d str>, &'d TreeNode<'d>)> {
        self.table.iter().map(|(key, value)| (Located { value: key.get_ref().as_ref(), span: key.span() }, value))
    }

    pub(crate) fn get(&self, key: &str) -> Option<&'d TreeNode<'d>> {
        self.table.get(key)
    }

    /// Notes that the key is needed.
    pub(crate) fn missing(&self, key: &str, notes: &mut Notes) {
        notes.add_missing(self.at, || format!("{} needs '{key}'", self.name));
    }

    pub(crate) fn text(&self, key: &str, notes: &mut Notes) -> Option<Located<&'d str>> {
        text(self.get(key)?, key, notes)
    }

    pub(crate) fn needed_text(&self, key: &str, notes: &mut Notes) -> Option<Located<&'d str>> {
        if self.get(key).is_none() {
            self.missing(key, notes);
        }
        self.text(key, notes)
    }

    pub(crate) fn flag(&self, key: &str, notes: &mut Notes) -> Option<Located<bool>> {
        let value = self.get(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            let hint = unquoted(value.get_ref(), |text| matches!(text, "true" | "false"));
            notes.add(value.span().start, || {
                format!("'{key}' must be true or false, not {}{hint}", kind(value.get_ref()))
            });
        }
        flag.map(|flag| Located { value: flag, span: value.span() })
    }

    pub(crate) fn whole(&self, key: &str, range: Range<i64>, notes: &mut Notes) -> Option<Located<i64>> {
        let value = self.get(key)?;
        let whole = value.get_ref().as_integer();
        // In the radix that is written: 0x10 is 16.
        let whole = whole.and_then(|digits| i64::from_str_radix(digits.as_str(), digits.radix()).ok());
        let whole = whole.filter(|number| range.contains(number));
        if whole.is_none() {
            let (least, most) = (range.start, range.end - 1);
            let hint = unquoted(value.get_ref(), |text| text.parse::<i64>().is_ok());
            notes.add(value.span().start, || format!("'{key}' must be a whole number from {least} to {most}{hint}"));
        }
        whole.map(|whole| Located { value: whole, span: value.span() })
    }

    pub(crate) fn number(&self, key: &str, notes: &mut Notes) -> Option<Located<f64>> {
        let value = self.get(key)?;
        let digits = match value.get_ref() {
            // Only decimal: digits of another radix, read as decimal, would be another number.
            DeValue::Integer(whole) if whole.radix() == 10 => Some(whole.as_str()),
            DeValue::Float(decimal) => Some(decimal.as_str()),
            _ => None,
        };
        // TOML knows `inf` and `nan`, with which nothing can be compared.
        let number = digits.and_then(|digits| digits.parse().ok()).filter(|number: &f64| number.is_finite());
        if number.is_none() {
            let hint = unquoted(value.get_ref(), |text| text.parse::<f64>().is_ok());
            notes.add(value.span().start, || format!("'{key}' must be a number{hint}"));
        }
        number.map(|number| Located { value: number, span: value.span() })
    }

    /// A length of time such as `"30d"`: hours, days or weeks.
    pub(crate) fn duration(&self, key: &str, notes: &mut Notes) -> Option<Located<(SignedDuration, &'d str)>> {
        let text = self.text(key, notes)?;
        let duration = duration(text.value);
        if duration.is_none() {
            notes.add(text.span.start, || {
                format!("'{key}' must be a length of time such as \"30d\" (h, d or w, at most 100 years)")
            });
        }
        duration.map(|duration| Located { value: (duration, text.value), span: text.span })
    }

    /// The table under a key.
    pub(crate) fn section(&self, key: &str, name: &'static str, notes: &mut Notes) -> Option<Section<'d>> {
        let value = self.get(key)?;
        let table = value.get_ref().as_table();
        if table.is_none() {
            notes.add(value.span().start, || format!("'{key}' must be a table: write [{key}]"));
        }
        table.map(|table| Section { table, at: value.span().start, name })
    }

    /// The tables under a key that may stand several times, at most so many.
    pub(crate) fn sections(&self, key: &str, name: &'static str, most: usize, notes: &mut Notes) -> Vec<Section<'d>> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let Some(array) = value.get_ref().as_array() else {
            notes.add(value.span().start, || format!("'{key}' must stand in double brackets: write [[{key}]]"));
            return Vec::new();
        };
        if let Some(first) = array.get(most) {
            notes.add(first.span().start, || format!("more than {most} times [[{key}]]"));
        }
        // No more than `most` are read: the mistakes of thousands of tables help nobody.
        let tables = array.iter().take(most).filter_map(|element| {
            let section = Section::inside(element, name);
            if section.is_none() {
                notes.add(element.span().start, || format!("'{key}' must hold tables: write [[{key}]]"));
            }
            section
        });
        tables.collect()
    }
}

/// The value as a text that is not blank.
pub(crate) fn text<'d>(value: &'d TreeNode<'d>, key: &str, notes: &mut Notes) -> Option<Located<&'d str>> {
    let at = value.span().start;
    match value.get_ref().as_str() {
        Some(text) if !text.trim().is_empty() => Some(Located { value: text, span: value.span() }),
        Some(_) => {
            notes.add(at, || format!("'{key}' is empty"));
            None
        }
        None => {
            notes.add(at, || format!("'{key}' must be a text in quotes, not {}", kind(value.get_ref())));
            None
        }
    }
}

/// A hint for a value that would be right without its quotes.
fn unquoted(value: &DeValue<'_>, is_right: impl Fn(&str) -> bool) -> &'static str {
    if value.as_str().is_some_and(is_right) { ": take the quotes away" } else { "" }
}

/// What a value is, in words.
pub(crate) fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

fn duration(text: &str) -> Option<SignedDuration> {
    let unit = text.chars().last()?;
    let hours = match unit {
        'h' => 1,
        'd' => 24,
        'w' => 24 * 7,
        _ => return None,
    };
    let digits = &text[..text.len() - unit.len_utf8()];
    let count: i64 = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
    // Checked, then bounded: a product that overflows could look like a short time.
    let total = count.checked_mul(hours).filter(|hours| (1..=24 * 36_525).contains(hours))?;
    Some(SignedDuration::from_hours(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time() {
        for (text, hours) in [("1h", 1), ("30d", 720), ("2w", 336), ("36525d", 876_600)] {
            assert_eq!(duration(text), Some(SignedDuration::from_hours(hours)), "{text}");
        }
        for bad in ["", "d", "0d", "-1d", "1.5d", "30", "30 d", "1m", "36526d", "99999999999999999999d", "30€", "+3d"]
        {
            assert_eq!(duration(bad), None, "{bad}");
        }
    }
}
