//! JSON of which every field is known: what people's programs send. A name that nobody reads is refused, because a mistyped `agred`
//! would be answered as if it had been done; and whatever cannot be read is named, as in a form.

use axum::http::HeaderMap;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use crate::{
    FieldProblem, Problem, catalogue,
    extract::{json_value, names_of},
};

/// The most of a name that nobody knows which is shown.
const SHOWN_OF_NAME: usize = 40;

/// Reads a JSON body, each of whose fields `T` knows. Types inside of `T` refuse what they do not know by themselves
/// (`deny_unknown_fields`).
///
/// # Errors
/// 415 for another type, 400 with the place for what is no JSON, 422 that names the field for what cannot be read.
pub fn exact_json<T: DeserializeOwned>(headers: &HeaderMap, bytes: &[u8]) -> Result<T, Problem> {
    let value: Value = json_value(headers, bytes)?;
    let mut wrong = unknown(&value, names_of::<T>());
    match serde_path_to_error::deserialize::<_, T>(value) {
        Ok(read) if wrong.is_empty() => Ok(read),
        Ok(_) => Err(refused(wrong)),
        Err(error) => {
            wrong.push(unreadable(error.path(), &error.inner().to_string()));
            Err(refused(wrong))
        }
    }
}

fn refused(wrong: Vec<FieldProblem>) -> Problem {
    Problem::new(&catalogue::INVALID_REQUEST, "Something that was given cannot be used: see errors.").with_errors(wrong)
}

/// Names at the top of the body that are none of these.
fn unknown(value: &Value, known: Option<&[&str]>) -> Vec<FieldProblem> {
    let (Value::Object(fields), Some(known)) = (value, known) else { return Vec::new() };
    let strange = fields.keys().filter(|name| !known.contains(&name.as_str()));
    strange.map(|name| strange_field("", name, &takes(known))).collect()
}

fn takes(known: &[&str]) -> String {
    match known {
        [] => "Nothing is said here.".to_owned(),
        known => format!("There is no such field. Here are: {}.", known.join(", ")),
    }
}

fn strange_field(inside: &str, name: &str, message: &str) -> FieldProblem {
    let name: String = name.chars().take(SHOWN_OF_NAME).collect();
    FieldProblem {
        pointer: format!("{inside}/{}", escaped(&name)).into(),
        code: "unknown",
        message: message.to_owned().into(),
    }
}

/// What serde says, as far as it repeats no value that was sent: its words hold the allowed names, and names of fields.
fn unreadable(path: &Path, said: &str) -> FieldProblem {
    let inside = pointer(path);
    let expected = said.split_once(", expected ").map_or("", |(_, expected)| expected);
    let expected = in_words(&expected.split(" at line ").next().unwrap_or_default().replace('`', ""));
    if let Some(name) = named(said, "missing field `") {
        let pointer = format!("{}/{}", around(&inside, name), escaped(name)).into();
        return FieldProblem { pointer, code: "required", message: "This is needed.".into() };
    }
    if let Some(name) = named(said, "unknown field `") {
        return strange_field(around(&inside, name), name, &format!("There is no such field. Write {expected}."));
    }
    let message = match (said.starts_with("unknown variant"), expected.is_empty()) {
        (true, _) => format!("Write {expected}."),
        (false, false) if said.starts_with("invalid type") => format!("This is of another kind: write {expected}."),
        _ => "This cannot be read: write it as the description of the API has it.".to_owned(),
    };
    FieldProblem { pointer: inside.into(), code: "invalid", message: message.into() }
}

/// What a field stands in: a path may lead to the field, or to what it should stand in.
fn around<'p>(path: &'p str, name: &str) -> &'p str {
    path.strip_suffix(&format!("/{}", escaped(name))).unwrap_or(path)
}

/// Kinds of values as people say them.
fn in_words(expected: &str) -> String {
    match expected {
        "a string" | "a borrowed string" => "text".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "an object".to_owned(),
        number if number.starts_with(['i', 'u']) && number[1..].bytes().all(|b| b.is_ascii_digit()) => {
            "a whole number".to_owned()
        }
        other => other.to_owned(),
    }
}

fn named<'s>(said: &'s str, start: &str) -> Option<&'s str> {
    said.strip_prefix(start)?.split('`').next()
}

fn pointer(path: &Path) -> String {
    let part = |segment: &Segment| match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", escaped(key)),
        Segment::Enum { .. } | Segment::Unknown => String::new(),
    };
    path.iter().map(part).collect()
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, header};
    use rstest::rstest;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "snake_case")]
    enum How {
        Answered,
        NoAnswer,
    }

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(default, deny_unknown_fields)]
    struct Stop {
        for_firm: bool,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Body {
        how: How,
        #[serde(default)]
        version: i64,
        #[serde(default)]
        stop: Stop,
    }

    #[derive(Debug, Deserialize)]
    struct Nothing {}

    fn read<T: DeserializeOwned>(text: &str) -> Result<T, Vec<FieldProblem>> {
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        exact_json(&headers, text.as_bytes()).map_err(|problem| problem.errors().to_vec())
    }

    #[test]
    fn what_is_known_is_read() {
        let body: Body = read(r#"{"how": "no_answer", "stop": {"for_firm": true}}"#).unwrap();
        assert_eq!(body, Body { how: How::NoAnswer, version: 0, stop: Stop { for_firm: true } });
        assert!(read::<Nothing>("{}").is_ok());
    }

    #[rstest]
    #[case(r#"{"how": "zzz secret"}"#, "/how", "invalid", "Write answered or no_answer.")]
    #[case(r#"{}"#, "/how", "required", "This is needed.")]
    #[case(r#"{"how": "answered", "version": 12345678901234567890123}"#, "/version", "invalid", "write a whole number")]
    #[case(r#"{"how": "answered", "version": "secret"}"#, "/version", "invalid", "write a whole number")]
    #[case(r#"{"how": "answered", "verson": 1}"#, "/verson", "unknown", "Here are: how, version, stop.")]
    #[case(r#"{"how": "answered", "stop": {"whom": "firm"}}"#, "/stop/whom", "unknown", "Write for_firm.")]
    fn what_cannot_be_read_is_named_and_not_repeated(
        #[case] text: &str,
        #[case] pointer: &str,
        #[case] code: &str,
        #[case] words: &str,
    ) {
        let errors = read::<Body>(text).unwrap_err();
        let [error] = errors.as_slice() else { panic!("{errors:?}") };
        assert_eq!((error.pointer.as_ref(), error.code), (pointer, code), "{errors:?}");
        assert!(error.message.contains(words) && !error.message.contains("secret"), "{errors:?}");
    }

    #[test]
    fn a_body_that_says_nothing_takes_nothing() {
        let errors = read::<Nothing>(r#"{"lead": "x"}"#).unwrap_err();
        assert_eq!((errors[0].pointer.as_ref(), errors[0].code), ("/lead", "unknown"));
    }
}
