//! Where a place inside one of a document's texts stands in the document: conditions are checked as they are meant and
//! their mistakes shown as they are written, also where quotes within quotes had to be escaped.

use crate::document::tree::Located;

/// The place in the document, in bytes, of what stands `offset` bytes into one of its texts. The beginning of the text
/// where it is written in a way that is not understood here.
pub(crate) fn place_inside(document: &str, text: &Located<&str>, offset: usize) -> usize {
    let raw = &document[text.span.clone()];
    // The longest first: three quotes begin with one.
    let opening = ["\"\"\"\r\n", "'''\r\n", "\"\"\"\n", "'''\n", "\"\"\"", "'''", "\"", "'"];
    let Some((quotes, body)) = opening.iter().find_map(|quotes| Some((*quotes, raw.strip_prefix(*quotes)?))) else {
        return text.span.start;
    };
    let begin = text.span.start + quotes.len();
    // Without escapes both texts are the same, and the place is only shifted.
    if body.starts_with(text.value) {
        return begin + offset;
    }
    // Where the way back is lost, the mistake is shown at the text's beginning: a rough place is better than none.
    written(body, text.value, offset).map_or(text.span.start, |at| begin + at)
}

/// How far into a text with escapes the given byte of its meaning is written.
fn written(body: &str, meant: &str, offset: usize) -> Option<usize> {
    let mut rest = body;
    let mut left = meant.get(..offset)?.chars();
    loop {
        rest = unfolded(rest);
        let Some(character) = left.next() else { return Some(body.len() - rest.len()) };
        let (found, length) = one(rest)?;
        if found == character {
            rest = rest.get(length..)?;
            continue;
        }
        // A line that ends in CR LF may be meant as LF.
        let (next, more) = rest.get(length..).and_then(one).filter(|_| found == '\r')?;
        if next != character {
            return None;
        }
        rest = rest.get(length + more..)?;
    }
}

/// Without the backslash at the end of a line, and the blanks and lines that it takes along.
fn unfolded(rest: &str) -> &str {
    let Some(after) = rest.strip_prefix('\\') else { return rest };
    let line_ends = after.trim_start_matches([' ', '\t']).starts_with(['\n', '\r']);
    if line_ends { after.trim_start_matches([' ', '\t', '\n', '\r']) } else { rest }
}

/// The character that stands first, and how many bytes it takes.
fn one(rest: &str) -> Option<(char, usize)> {
    let first = rest.chars().next()?;
    if first != '\\' {
        return Some((first, first.len_utf8()));
    }
    let code = |digits: usize| {
        let number = u32::from_str_radix(rest.get(2..2 + digits)?, 16).ok()?;
        Some((char::from_u32(number)?, 2 + digits))
    };
    match rest.as_bytes().get(1)? {
        b'b' => Some(('\u{8}', 2)),
        b't' => Some(('\t', 2)),
        b'n' => Some(('\n', 2)),
        b'f' => Some(('\u{c}', 2)),
        b'r' => Some(('\r', 2)),
        b'e' => Some(('\u{1b}', 2)),
        b'"' => Some(('"', 2)),
        b'\\' => Some(('\\', 2)),
        b'x' => code(2),
        b'u' => code(4),
        b'U' => code(8),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use toml::de::DeTable;

    use super::*;

    /// Where the last `z` of the meaning is written.
    fn place_of_z(document: &str) -> usize {
        let tree = DeTable::parse(document).unwrap();
        let value = &tree.get_ref()["x"];
        let text = Located { value: value.get_ref().as_str().unwrap(), span: value.span() };
        place_inside(document, &text, text.value.rfind('z').unwrap())
    }

    #[test]
    fn a_place_inside_a_text_is_exact_however_it_is_written() {
        for document in [
            "x = 'az'",
            "x = \"az\"",
            "x = '''\naz'''",
            "x = '''\r\naz'''",
            "x = \"\"\"az\"\"\"",
            "x = \"\"\"\naz\"\"\"",
            "x = \"a\\u0062z\"",
            "x = \"\\\"é\\\" == \\\\ \\t\\x41\\U0001F3E0z\"",
            "x = \"\"\"a \\\n   b \\  \n\n  z\"\"\"",
            "x = \"\"\"\\\n   z\"\"\"",
            "x = \"\"\"\r\na\\tb\r\n\r\nz\"\"\"",
        ] {
            assert_eq!(document.get(place_of_z(document)..).map(|rest| &rest[..1]), Some("z"), "{document}");
        }
    }

    #[test]
    fn what_is_written_otherwise_is_shown_at_its_beginning() {
        for document in ["bare az", "\"\\q z\"", "\"b z  \""] {
            let text = Located { value: "az", span: 0..document.len() };
            assert_eq!(place_inside(document, &text, 1), 0, "{document}");
        }
    }
}
