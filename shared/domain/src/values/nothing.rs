//! The words by which programs and people say that there is nothing.

use super::{
    placeholder::{is_failed_formula, is_placeholder},
    script::visible,
};

/// Compared in small letters, without blanks around them.
const WORDS: [&str; 24] = [
    "null",
    "(null)",
    "<null>",
    "[null]",
    "nil",
    "undefined",
    "nan",
    "n/a",
    "n.a.",
    "#n/a",
    "#n/a n/a",
    "#null!",
    "#ref!",
    "#value!",
    "not available",
    "not provided",
    "not applicable",
    "unknown",
    "\\n",
    "[object object]",
    "none",
    "-none-",
    "(none)",
    "(blank)",
];

/// Words and phrases of people who had to fill in a field and say nothing in it, in the languages of customers. Compared in small
/// letters, without what stands around them. In an answer each may be one: only in a name, an address or an id they say nothing.
const FILLERS: [&str; 96] = [
    "keine angabe",
    "keine angaben",
    "ohne angabe",
    "ohne angaben",
    "nicht angegeben",
    "nicht bekannt",
    "nicht vorhanden",
    "nicht verfügbar",
    "nicht zutreffend",
    "entfällt",
    "unbekannt",
    "anonym",
    "kein name",
    "ohne namen",
    "fehlt",
    "anonymous",
    "not known",
    "not set",
    "not given",
    "not specified",
    "not disclosed",
    "unspecified",
    "undisclosed",
    "no name",
    "noname",
    "no data",
    "unset",
    "prefer not to say",
    "to be determined",
    "to be confirmed",
    "tbd",
    "tba",
    "tbc",
    "aucun",
    "aucune",
    "inconnu",
    "inconnue",
    "anonyme",
    "non renseigné",
    "non renseigne",
    "non précisé",
    "non precise",
    "non communiqué",
    "non communique",
    "non applicable",
    "sans objet",
    "néant",
    "neant",
    "ninguno",
    "ninguna",
    "desconocido",
    "desconocida",
    "no aplica",
    "no disponible",
    "no especificado",
    "sin especificar",
    "sin datos",
    "sin dato",
    "sin nombre",
    "anónimo",
    "anonimo",
    "nessuno",
    "nessuna",
    "sconosciuto",
    "sconosciuta",
    "non disponibile",
    "non specificato",
    "non applicabile",
    "onbekend",
    "niet bekend",
    "niet opgegeven",
    "niet van toepassing",
    "nvt",
    "anoniem",
    "geen",
    "não informado",
    "nao informado",
    "não aplicável",
    "nao aplicavel",
    "desconhecido",
    "desconhecida",
    "nenhum",
    "nenhuma",
    "sem nome",
    "nie dotyczy",
    "nie podano",
    "nieznany",
    "nieznana",
    "brak",
    "ukendt",
    "ukjent",
    "okänd",
    "okänt",
    "tuntematon",
    "false",
    "true",
];
/// What is short for such a phrase, without its signs: `k.A.`, `n / a`, `N\\A`, `s/o`, `n.v.t.`
const SHORT: [&str; 10] = ["na", "ka", "nv", "so", "sn", "nd", "nk", "nb", "nvt", "tbd"];

/// Whoever holds down a key for longer types a text.
const LONGEST_OF_X: usize = 20;

/// Whether a text says nothing where a name, an address or a postal code was asked for: [nothing](is_nothing), a word or a phrase for it, a
/// placeholder, the error of a formula, zeros or `x`es, signs alone.
#[must_use]
pub fn is_filler(text: &str) -> bool {
    let seen = visible(text);
    let text = seen.trim();
    if is_nothing(text) || is_placeholder(text) || is_failed_formula(text) || is_short_for_nothing(text) {
        return true;
    }
    let is_around =
        |c: char| matches!(c, '"' | '\'' | '`' | '“' | '”' | '„' | '«' | '»' | '(' | ')' | '[' | ']' | '<' | '>');
    let bare = text.trim_matches(|c: char| is_around(c) || c == '.' || c == ' ').to_lowercase();
    let bare = bare.split_whitespace().collect::<Vec<_>>().join(" ");
    let of_one = |letter| bare.bytes().all(|byte| byte == letter);
    is_nothing(&bare)
        || FILLERS.contains(&bare.as_str())
        || bare.len() < LONGEST_OF_X && of_one(b'x')
        || is_zero(&bare)
        // Signs alone, and not what is a name to its bearer: a picture is kept.
        || bare.chars().all(|c| c.is_ascii_punctuation() || c.is_whitespace() || matches!(c, '–' | '—' | '…' | '·' | '•'))
}

/// Whether a text is short for a phrase that says nothing, with signs between its letters; `NA` without them too.
fn is_short_for_nothing(text: &str) -> bool {
    let is_sign = |c: char| matches!(c, '.' | '/' | '\\' | ' ');
    let letters: String = text.chars().filter(|c| !is_sign(*c)).flat_map(char::to_lowercase).collect();
    let is_parted = text.trim_end_matches('.').contains(is_sign);
    SHORT.contains(&letters.as_str()) && (is_parted || letters == "na")
}

/// Nought in any spelling: `0`, `000`, `0.00`, `-0`, `0,0`.
pub(super) fn is_zero(text: &str) -> bool {
    let bare = text.strip_prefix(['-', '+']).unwrap_or(text);
    bare.contains('0') && bare.chars().all(|c| matches!(c, '0' | '.' | ',' | ' '))
}

/// Whether a text says that there is nothing: empty, dashes or dots alone, or a word for it.
#[must_use]
pub fn is_nothing(text: &str) -> bool {
    let text = text.trim();
    if text.chars().all(|c| matches!(c, '-' | '–' | '—' | '_' | '.' | '?' | ' ')) {
        return true;
    }
    let small = text.to_lowercase();
    WORDS.contains(&small.as_str())
}

/// Whether a text says that there is nothing, unless it is one of the words that may be said: `none` where a question
/// offers that as a choice.
#[must_use]
pub fn is_nothing_but<'a>(text: &str, may_be_said: impl IntoIterator<Item = &'a str>) -> bool {
    is_nothing(text) && !may_be_said.into_iter().any(|word| word.eq_ignore_ascii_case(text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_has_many_spellings() {
        for nothing in
            ["", " ", "-", "--", "n/a", "N/A", "NULL", "null", "undefined", "#N/A", "None", "nil", "NaN", "—"]
        {
            assert!(is_nothing(nothing), "{nothing}");
        }
        for something in ["0", "false", "no", "Jennifer Null", "x", "-5", "Nan Smith"] {
            assert!(!is_nothing(something), "{something}");
        }
        assert!(!is_nothing_but("None", ["none", "fha"]));
    }

    #[test]
    fn a_field_that_had_to_be_filled_is_filled_with_nothing() {
        for filler in [
            "keine Angabe",
            "k.A.",
            "K. A.",
            "N.A",
            "NA",
            "N A",
            "N\\A",
            "n / a",
            "n.v.",
            "n.v.t.",
            "TBD",
            "0",
            "0.00",
            "-0",
            "x",
            "xxx",
            "Unbekannt",
            "anonym",
            "Anonymous",
            "aucun",
            "ninguno",
            "s/o",
            "no aplica",
            "\"null\"",
            "'n/a'",
            "{{first_name}}",
            "#NAME?",
            "%FIRSTNAME%",
            "${name}",
            "[First Name]",
            "\"\"",
            "***",
            "",
            "null",
            "(unbekannt)",
            "false",
            "Sin  nombre",
        ] {
            assert!(is_filler(filler), "{filler}");
        }
        for name in
            ["Ka", "So", "Nd", "Jennifer Null", "Ann", "Blank", "Nada", "Xu", "60134", "0100", "Leer", "12", "Ohne"]
        {
            assert!(!is_filler(name), "{name}");
        }
    }
}
