//! Fields of a program's body of which it counts whether they are named: what is not named stays as it is, and null empties it. A form
//! sends all of its fields, an empty one as an empty text.

use serde::{Deserialize, Deserializer};

/// What a field says, where it is named; null is the empty value. With `default`, by which serde leaves one that is not named at none.
pub fn null_empties<'de, T, D>(given: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de> + Default,
    D: Deserializer<'de>,
{
    Option::<T>::deserialize(given).map(|given| Some(given.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Body {
        #[serde(deserialize_with = "null_empties")]
        name: Option<String>,
    }

    #[test]
    fn what_is_not_named_is_told_from_what_is_emptied() {
        let read = |body: &str| serde_json::from_str::<Body>(body).unwrap().name;
        assert_eq!(read("{}"), None);
        assert_eq!(read(r#"{"name": null}"#).as_deref(), Some(""));
        assert_eq!(read(r#"{"name": ""}"#).as_deref(), Some(""));
        assert_eq!(read(r#"{"name": "Ada"}"#).as_deref(), Some("Ada"));
    }
}
