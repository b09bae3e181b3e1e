//! What the answer of a webhook says of an outcome.

use ripen_domain::outcome::{OutcomeFields, OutcomeMembers};
use serde_json::Value;

/// U+FEFF in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What a client says in the body of its answer: `{"outcome": "accepted"|"returned"|…, "reason": "…"}`, with the fields of an
/// outcome. A body without an outcome says nothing; one that cannot be recorded is kept all the same, so that people see why.
pub fn outcome_of(body: &[u8], truncated: bool) -> Option<OutcomeFields> {
    // Some programs write one before their JSON, which has none (RFC 8259 §8.1).
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    // What is a whole object counts, however its end came. A body that is no outcome is the rule and no mistake: most receivers answer with something of their own.
    match serde_json::from_slice(body).ok() {
        Some(Value::Object(object)) => OutcomeFields::from_answer(&object).map(|said| once(said, body)),
        Some(_) if names_outcome(body) => Some(OutcomeFields::unreadable(
            "The answer speaks of an outcome and is no JSON object: send {\"outcome\": \"accepted\"}.",
        )),
        None if names_outcome(body) && truncated => Some(OutcomeFields::unreadable(
            "The answer speaks of an outcome and is too long, came too slowly or broke off: send {\"outcome\": \"accepted\"} and no more.",
        )),
        None if names_outcome(body) => Some(OutcomeFields::unreadable(
            "The answer speaks of an outcome and is no whole JSON: send {\"outcome\": \"accepted\"}.",
        )),
        _ => None,
    }
}

/// What is said, unless the answer says a part of it twice: nobody knows which is meant.
fn once(said: OutcomeFields, body: &[u8]) -> OutcomeFields {
    let OutcomeMembers { twice, .. } = serde_json::from_slice(body).unwrap_or_default();
    match OutcomeFields::NAMES.into_iter().find(|name| twice.contains(*name)) {
        Some(name) => OutcomeFields::unreadable(&format!("The answer says {name} twice; say it once.")),
        None => said,
    }
}

/// Whether a text has a member `outcome`, in whichever letters, that is not null: of JSON that cannot be read as an answer, so
/// that it is looked for in the bytes.
fn names_outcome(body: &[u8]) -> bool {
    const NAME: &[u8] = b"\"outcome\"";
    body.windows(NAME.len()).enumerate().filter(|(_, name)| name.eq_ignore_ascii_case(NAME)).any(|(at, _)| {
        let rest = body[at + NAME.len()..].trim_ascii_start();
        rest.strip_prefix(b":").is_some_and(|value| !value.trim_ascii_start().starts_with(b"null"))
    })
}

#[cfg(test)]
mod tests {
    use ripen_domain::delivery::OutcomeKind;

    use super::*;

    #[test]
    fn what_an_answer_says_of_an_outcome_is_kept_however_it_is_written() {
        let said = |body: &str| outcome_of(body.as_bytes(), false);
        let plain = |outcome: &str| OutcomeFields { outcome: Some(outcome.to_owned()), ..OutcomeFields::default() };
        assert_eq!(said(r#"{"outcome":"accepted","id":7}"#), Some(plain("accepted")));
        assert_eq!(
            said(r#"{"outcome":"returned","reason":"no budget"}"#),
            Some(OutcomeFields { reason: Some("no budget".into()), ..plain("returned") })
        );
        assert_eq!(said(r#"{"outcome":"Accepted"}"#).unwrap().kind().unwrap(), OutcomeKind::Accepted);
        let odd = said(r#"{"outcome":"not_yet","date":20270401.5}"#).unwrap();
        assert_eq!(odd.date.as_deref(), Some("20270401.5"), "people see what was sent");
        assert_eq!(said(r#"{"outcome":1}"#), Some(plain("1")));
        assert_eq!(said("\u{feff}{\"outcome\":\"accepted\"}"), Some(plain("accepted")), "behind a byte order mark");
        for nothing in ["", "ok", "[]", "{}", r#"{"outcome":null}"#, r#"{"outcome":" "}"#, "\u{0}\u{1}"] {
            assert_eq!(said(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn an_answer_that_speaks_of_an_outcome_and_cannot_be_read_is_kept_with_why() {
        let why = |body: &str, truncated| outcome_of(body.as_bytes(), truncated).and_then(|said| said.unreadable);
        for (body, truncated, expected) in [
            (r#"{"outcome":"retur"#, false, "no whole JSON"),
            (r#"{"outcome":"won","outcome":"lost"}"#, false, "outcome twice"),
            (r#"{"outcome":"#, false, "no whole JSON"),
            (r#"{"Outcome":"accepted"}"#, false, "\"Outcome\""),
            ("\u{feff}{\"OUTCOME\":\"won\"}", false, "\"OUTCOME\""),
            (r#"{"Outcome":"acc"#, false, "no whole JSON"),
            (r#"{"outcome":null,"Outcome":"won"}"#, false, "\"Outcome\""),
            (r#"{"outcome":"won","Amount":12500}"#, false, "\"Amount\""),
            (r#"[{"outcome" : "accepted"}]"#, false, "no JSON object"),
            (r#"{"outcome":"won","more":"xxx"#, true, "too long"),
            (r#"{"outcome":"won","reason":"#, true, "too long"),
        ] {
            assert!(why(body, truncated).is_some_and(|why| why.contains(expected)), "{body}");
        }
        for nothing in [
            r#"{"Outcome":null}"#,
            r#"{"Outcome":" "}"#,
            r#"{"Reason":"busy"}"#,
            r#"[{"outcome":null}]"#,
            r#""the outcome""#,
            "<p>outcome: won</p>",
            r#"{"id":"#,
        ] {
            assert_eq!((why(nothing, false), why(nothing, true)), (None, None), "{nothing}");
        }
    }
}
