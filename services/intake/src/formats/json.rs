//! `application/json`: one lead, or an array of leads of which each stands for itself.

use std::fmt;

use ripen_domain::arrival::RawBody;
use ripen_web::{Problem, catalogue};
use serde::{
    Deserializer as _,
    de::{SeqAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

use super::{BodyFormat, PostedLead, malformed, strict};

/// What a JSON body is.
pub enum Document {
    /// An object.
    One(PostedLead),
    /// An array: each element with its own fields or problem, in order.
    Many(Vec<PostedLead>),
}

/// Reads a body.
///
/// # Errors
/// 400 with the place when it is not JSON, neither an object nor an array, or an empty array; 413 when the array has
/// more than `most` elements.
pub fn read(body: &[u8], most: usize) -> Result<Document, Problem> {
    let text = std::str::from_utf8(body).map_err(|error| {
        malformed(format!("The body is not UTF-8: the byte at offset {} does not belong there.", error.valid_up_to()))
    })?;
    // A byte order mark says nothing in UTF-8; RFC 8259 §8.1 lets a reader ignore it.
    let json = text.strip_prefix('\u{feff}').unwrap_or(text);
    match json.trim_ascii_start().as_bytes().first() {
        Some(b'[') => many(json, most).map(Document::Many),
        Some(_) => {
            let fields = object(strict::value(json).map_err(|error| not_json(error, (0, 0)))?)?;
            Ok(Document::One(PostedLead { fields: Ok(fields), raw: raw(text), flags: Vec::new(), bare_plus: Vec::new() }))
        }
        None => Err(malformed("The body is empty.")),
    }
}

fn raw(text: &str) -> RawBody {
    RawBody { media_type: BodyFormat::Json.media_type().to_owned(), text: text.to_owned() }
}

fn object(value: Value) -> Result<super::Fields, Problem> {
    match value {
        Value::Object(fields) => Ok(fields),
        _ => Err(malformed("A lead is a JSON object; this is another kind of value.")),
    }
}

fn not_json(error: strict::NotJson, (lines, columns): (usize, usize)) -> Problem {
    let line = error.line + lines;
    // Only within the first line of an element do columns count from where it begins.
    let column = error.column + if error.line == 1 { columns } else { 0 };
    let problem =
        malformed(format!("The body is not well-formed JSON: {} at line {line}, column {column}.", error.what));
    problem.with_errors(error.duplicate.into_iter().collect())
}

fn many(json: &str, most: usize) -> Result<Vec<PostedLead>, Problem> {
    let mut reader = serde_json::Deserializer::from_str(json);
    // The end is looked at as well: text behind the array would be dropped without a word.
    let elements = reader.deserialize_seq(Elements { most }).and_then(|elements| reader.end().map(|()| elements));
    let elements = elements.map_err(|error| not_json(strict::NotJson::new(&error), (0, 0)))?;
    match elements {
        None => {
            let detail = format!("The array has more than {most} leads.");
            Err(Problem::new(&catalogue::TOO_MANY_LEADS, detail))
        }
        Some(elements) if elements.is_empty() => Err(malformed("The array is empty: there is no lead in it.")),
        Some(elements) => {
            // Each for itself: one broken element must not lose a thousand leads.
            Ok(elements.into_iter().enumerate().map(|(index, element)| one(json, element.get(), index)).collect())
        }
    }
}

fn one(json: &str, element: &str, index: usize) -> PostedLead {
    let read = strict::value(element).map_err(|mut error| {
        error.duplicate = error.duplicate.map(|field| field.in_element(index));
        not_json(error, place(json, element))
    });
    PostedLead { fields: read.and_then(object), raw: raw(element), flags: Vec::new(), bare_plus: Vec::new() }
}

/// The lines before an element, and the bytes before it in its line.
fn place(json: &str, element: &str) -> (usize, usize) {
    // The element is a slice of the same text, so that its place is a difference of addresses.
    let offset = element.as_ptr().addr() - json.as_ptr().addr();
    let before = json.get(..offset).unwrap_or_default();
    let line_starts = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count(), offset - line_starts)
}

/// The texts of an array's elements, unread; nothing when there are too many.
struct Elements {
    most: usize,
}

impl<'de> Visitor<'de> for Elements {
    type Value = Option<Vec<&'de RawValue>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of leads")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = seq.next_element::<&'de RawValue>()? {
            if elements.len() < self.most {
                elements.push(element);
            } else {
                // Read to the end: what follows may be broken, and the sender should learn of both in one go.
                while seq.next_element::<&'de RawValue>()?.is_some() {}
                return Ok(None);
            }
        }
        Ok(Some(elements))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn problem(body: &[u8]) -> Problem {
        read(body, 3).err().unwrap()
    }

    fn elements(body: &str) -> Vec<PostedLead> {
        match read(body.as_bytes(), 3).ok().unwrap() {
            Document::Many(posted) => posted,
            Document::One(_) => panic!("an array"),
        }
    }

    #[rstest]
    #[case(b"", "empty")]
    #[case(b" \n ", "empty")]
    #[case(b"{\"email\": ", "line 1, column 10")]
    #[case(b"{\"email\": \"a\xffb\"}", "offset 12")]
    #[case(b"\"text\"", "JSON object")]
    #[case(b"12", "JSON object")]
    #[case(b"null", "JSON object")]
    #[case(b"[]", "empty")]
    #[case(b"[{}, ", "line 1, column 5")]
    #[case(b"[{}] x", "line 1, column 6")]
    fn a_body_that_is_no_lead_says_why_and_where(#[case] body: &[u8], #[case] words: &str) {
        let problem = problem(body);
        assert_eq!(problem.kind(), &catalogue::MALFORMED_BODY);
        assert!(problem.detail().contains(words), "{}", problem.detail());
    }

    #[test]
    fn a_duplicate_key_is_refused_and_pointed_at() {
        assert_eq!(problem(b"{\"a\": 1, \"a\": 2}").errors()[0].pointer, "/a");
    }

    #[test]
    fn an_array_beyond_its_limit_is_too_large() {
        assert_eq!(problem(b"[{},{},{},{}]").kind(), &catalogue::TOO_MANY_LEADS);
    }

    #[test]
    fn one_bad_element_leaves_the_others() {
        let posted = elements("[{\"a\":1},\n  {\"b\": 1e999}, [7]]");
        assert!(posted[0].fields.is_ok() && posted[0].raw.text == "{\"a\":1}");
        let detail = posted[1].fields.as_ref().unwrap_err().detail().to_owned();
        assert!(detail.contains("line 2, column 13"), "{detail}");
        assert!(posted[2].fields.is_err());
        let posted = elements("[{}, {\"x\": {\"y\":1, \"y\":1}}]");
        assert_eq!(posted[1].fields.as_ref().unwrap_err().errors()[0].pointer, "/1/x/y");
    }

    #[test]
    fn ten_thousand_brackets_are_a_problem_and_no_crash() {
        let deep = "[".repeat(10_000) + &"]".repeat(10_000);
        assert!(elements(&deep)[0].fields.is_err());
        assert!(read(format!("{{\"a\":{deep}}}").as_bytes(), 3).is_err());
    }

    #[test]
    fn a_byte_order_mark_does_not_matter() {
        assert!(matches!(read("\u{feff} {}".as_bytes(), 3), Ok(Document::One(_))));
    }
}
