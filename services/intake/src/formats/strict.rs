//! JSON read strictly: a key that comes twice is an error, where serde_json alone would drop the first value unseen.
//!
//! Depth is bounded by serde_json's own limit of 128.

use std::{borrow::Cow, cell::RefCell, fmt};

use ripen_web::FieldProblem;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value, map::Entry};

use super::digits;

/// Why a text is no JSON value, and where.
pub struct NotJson {
    /// What is wrong, without a place and without anything posted.
    pub what: String,
    /// From 1.
    pub line: usize,
    /// From 1, in bytes.
    pub column: usize,
    /// The member that came twice, where that is what is wrong.
    pub duplicate: Option<FieldProblem>,
}

impl NotJson {
    /// An error of serde_json with its place taken out of the text.
    pub fn new(error: &serde_json::Error) -> Self {
        let text = error.to_string();
        // The place goes into fields of its own, because inside an array it is shifted.
        let place = format!(" at line {} column {}", error.line(), error.column());
        let what = text.strip_suffix(&place).unwrap_or(&text).to_owned();
        Self { what, line: error.line(), column: error.column(), duplicate: None }
    }
}

/// Reads exactly one value.
///
/// # Errors
/// When the text is not one JSON value, or an object in it has a key twice.
pub fn value(text: &str) -> Result<Value, NotJson> {
    let value = as_it_stands(text)?;
    match digits::kept(text) {
        Cow::Borrowed(_) => Ok(value),
        // Read as it stands first: what is wrong with it has its place there.
        Cow::Owned(kept) => as_it_stands(&kept),
    }
}

fn as_it_stands(text: &str) -> Result<Value, NotJson> {
    let duplicate = Trail::default();
    let mut json = serde_json::Deserializer::from_str(text);
    let read = Strict(&duplicate).deserialize(&mut json).and_then(|value| json.end().map(|()| value));
    read.map_err(|error| {
        let mut problem = NotJson::new(&error);
        problem.duplicate = duplicate.into_inner().map(|keys| FieldProblem {
            // From the outside in: the trail was collected while the error came up.
            pointer: keys.iter().rev().fold(String::new(), |pointer, key| pointer + "/" + &escaped(key)).into(),
            code: "duplicate",
            message: "This member comes twice in its object.".into(),
        });
        problem
    })
}

/// One reference token of a JSON pointer (RFC 6901 §3).
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// The way to a duplicate key, innermost first; nothing while none was met.
type Trail = RefCell<Option<Vec<String>>>;

#[derive(Clone, Copy)]
struct Strict<'t>(&'t Trail);

impl Strict<'_> {
    /// Notes the key or index that led to an error, where the error is a duplicate.
    fn through<E>(self, step: impl FnOnce() -> String) -> impl FnOnce(E) -> E {
        move |error| {
            if let Some(keys) = self.0.borrow_mut().as_mut() {
                keys.push(step());
            }
            error
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        // JSON has no infinities; a number that became one is no number.
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        loop {
            let next = seq.next_element_seed(self).map_err(self.through(|| values.len().to_string()))?;
            match next {
                Some(value) => values.push(value),
                None => return Ok(Value::Array(values)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            match members.entry(key) {
                // Looked at before the value is read: the error points at the second of the two.
                Entry::Vacant(place) => {
                    let value = map.next_value_seed(self).map_err(self.through(|| place.key().clone()))?;
                    place.insert(value);
                }
                Entry::Occupied(taken) => {
                    *self.0.borrow_mut() = Some(vec![taken.key().clone()]);
                    return Err(A::Error::custom("a member comes twice in its object"));
                }
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(r#"{"a":1,"a":2}"#, "/a")]
    #[case(r#"{"answers":{"x":[{},{"y":1,"z":2,"y":3}]}}"#, "/answers/x/1/y")]
    #[case(r#"{"a/b":{"~":1,"~":1}}"#, "/a~1b/~0")]
    fn a_key_that_comes_twice_is_pointed_at(#[case] text: &str, #[case] pointer: &str) {
        assert_eq!(value(text).err().unwrap().duplicate.unwrap().pointer, pointer);
    }

    #[rstest]
    #[case("{", 1, 1)]
    #[case("{\n \"a\": tru!\n}", 2, 10)]
    #[case("{\"a\":1e999}", 1, 10)]
    #[case("{\"a\":\"\u{0}\"}", 1, 7)]
    #[case("{} {}", 1, 4)]
    fn broken_json_says_where(#[case] text: &str, #[case] line: usize, #[case] column: usize) {
        let error = value(text).err().unwrap();
        assert_eq!((error.line, error.column), (line, column), "{}", error.what);
        assert!(!error.what.contains("line"), "{}", error.what);
    }

    #[test]
    fn depth_is_bounded() {
        for depth in [200, 10_000] {
            assert!(value(&("[".repeat(depth) + &"]".repeat(depth))).is_err());
        }
    }

    proptest! {
        #[test]
        fn whatever_serde_json_reads_without_duplicates_is_the_same(keys in prop::collection::btree_map("[a-c/~é]{0,3}", any::<i64>(), 0..5), text in ".*", cents in -1_000_000_000_i64..1_000_000_000) {
            // Of more digits than a number keeps the text is kept instead.
            let float = f64::from(i32::try_from(cents).unwrap()) / 100.0;
            let json = serde_json::json!({"map": keys, "list": [text, float, null, true, {"x": {}}]}).to_string();
            prop_assert_eq!(value(&json).ok().unwrap(), serde_json::from_str::<Value>(&json).unwrap());
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = value(&text);
        }
    }
}
