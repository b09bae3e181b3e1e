//! What the desk calls languages.

const NAMES: [(&str, &str); 24] = [
    ("ar", "Arabic"),
    ("cs", "Czech"),
    ("da", "Danish"),
    ("de", "German"),
    ("en", "English"),
    ("es", "Spanish"),
    ("fa", "Persian"),
    ("fi", "Finnish"),
    ("fr", "French"),
    ("he", "Hebrew"),
    ("hi", "Hindi"),
    ("it", "Italian"),
    ("ja", "Japanese"),
    ("ko", "Korean"),
    ("nl", "Dutch"),
    ("no", "Norwegian"),
    ("pl", "Polish"),
    ("pt", "Portuguese"),
    ("ru", "Russian"),
    ("sv", "Swedish"),
    ("tr", "Turkish"),
    ("uk", "Ukrainian"),
    ("vi", "Vietnamese"),
    ("zh", "Chinese"),
];

/// ISO 639-1, and `mo` and `sh`, which lists still have.
const CODES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el \
    en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg \
    ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mo mr ms mt my na nb nd ne ng nl nn no nr \
    nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti \
    tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

/// In English, as the desk's words are; the tag itself where it is none of these.
#[must_use]
pub fn language_name(tag: &str) -> String {
    let known = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(tag));
    known.map_or_else(|| tag.to_owned(), |(_, name)| (*name).to_owned())
}

/// The tag of a language as people write it: its code, with a region or without, in small letters, or its English name. Codes of three
/// letters are not looked up: there are thousands.
#[must_use]
pub fn language_written(text: &str) -> Option<String> {
    let text = text.trim();
    if let Some((code, _)) = NAMES.iter().find(|(_, name)| name.eq_ignore_ascii_case(text)) {
        return Some((*code).to_owned());
    }
    let tag = text.to_lowercase();
    let (code, rest) = tag.split_once('-').unwrap_or((&tag, "x"));
    let is_part = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    let is_code = match code.len() {
        2 => CODES.split_ascii_whitespace().any(|known| known == code),
        3 => code.bytes().all(|b| b.is_ascii_lowercase()),
        _ => false,
    };
    (tag.len() <= 35 && is_code && rest.split('-').all(is_part)).then_some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_has_its_english_name() {
        assert_eq!([language_name("es"), language_name("ES"), language_name("xx")], ["Spanish", "Spanish", "xx"]);
    }
    #[test]
    fn a_language_is_its_code_or_its_name_and_nothing_else() {
        let written = ["Spanish", "es", "es-MX", " EN ", "fil"].map(language_written);
        assert_eq!(written.map(Option::unwrap), ["es", "es", "es-mx", "en", "fil"]);
        for wrong in ["klingon", "xx", "es en", "en-", "", "e"] {
            assert_eq!(language_written(wrong), None, "{wrong:?}");
        }
    }
}
