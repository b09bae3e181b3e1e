//! The texts that agents say: in one language, or in the language of the person they talk to.

use std::collections::BTreeMap;

use toml::{Spanned, de::DeValue};

use crate::document::{Notes, quoted, text};

/// A text in one language or several.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wording {
    any: Option<String>,
    by_language: BTreeMap<String, String>,
}

impl Wording {
    /// The text for a BCP 47 tag: in that language, else in its main language, else the one for all, else in English,
    /// else in the first there is.
    #[must_use]
    pub fn in_language(&self, tag: &str) -> &str {
        let main = tag.split(['-', '_']).next().unwrap_or(tag);
        let by_language = |tag: &str| self.by_language.get(tag);
        by_language(tag)
            .or_else(|| by_language(main))
            .or(self.any.as_ref())
            .or_else(|| by_language("en"))
            .or_else(|| self.by_language.values().next())
            .map_or("", String::as_str)
    }

    /// The languages it is there in; none where one text is for all.
    pub(in crate::criteria) fn languages(&self) -> impl Iterator<Item = &str> {
        self.by_language.keys().map(String::as_str)
    }

    /// Whether who speaks this language hears it in theirs.
    pub(in crate::criteria) fn speaks(&self, tag: &str) -> bool {
        let main = tag.split('-').next().unwrap_or(tag);
        // One text for all is what the manager wants everybody to hear.
        self.any.is_some() || self.by_language.contains_key(tag) || self.by_language.contains_key(main)
    }

    /// From a text, or from a table of texts by language.
    pub(in crate::criteria) fn read(value: &Spanned<DeValue<'_>>, key: &str, notes: &mut Notes) -> Option<Self> {
        let Some(table) = value.get_ref().as_table() else {
            let one = text(value, key, notes)?;
            return Some(Self { any: Some(one.value.to_owned()), ..Self::default() });
        };
        let mut by_language = BTreeMap::new();
        for (tag, value) in table.iter() {
            if !is_language(tag.get_ref()) {
                let tag_text = quoted(tag.get_ref());
                notes.add(tag.span().start, || format!("{tag_text} is no language: use tags such as 'en' or 'es-MX'"));
            }
            if let Some(one) = text(value, key, notes) {
                by_language.insert(tag.get_ref().to_string(), one.value.to_owned());
            }
        }
        if table.is_empty() {
            notes.add(value.span().start, || format!("'{key}' is empty"));
        }
        Some(Self { any: None, by_language })
    }
}

fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let main = parts.next().unwrap_or_default();
    (2..=3).contains(&main.len())
        && main.bytes().all(|byte| byte.is_ascii_lowercase())
        && parts.all(|part| (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wording_falls_back_from_the_exact_tag_to_any() {
        let texts = |pairs: &[(&str, &str)]| Wording {
            any: None,
            by_language: pairs.iter().map(|(tag, text)| ((*tag).to_owned(), (*text).to_owned())).collect(),
        };
        let wording = texts(&[("de", "Wann?"), ("en", "When?"), ("es-MX", "¿Cuándo?")]);
        for (tag, expected) in [("es-MX", "¿Cuándo?"), ("de-AT", "Wann?"), ("fr", "When?"), ("", "When?")] {
            assert_eq!(wording.in_language(tag), expected, "{tag}");
        }
        assert_eq!(texts(&[("de", "Wann?")]).in_language("fr"), "Wann?");
        assert_eq!(Wording { any: Some("When?".into()), ..Wording::default() }.in_language("fr"), "When?");
    }

    #[test]
    fn language_tags() {
        assert!(["en", "es-MX", "zh-Hant-TW", "yue"].into_iter().all(is_language));
        assert!(["", "e", "EN", "english", "en-", "e1"].into_iter().all(|tag| !is_language(tag)));
    }
}
