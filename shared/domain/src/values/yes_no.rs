//! Yes and no as forms, spreadsheets and people write them.

use super::{folded, visible};

/// What ticked boxes, programs and people say for yes, in small letters. `jo` is not here: it is yes in Danish and no in Albanian.
const YES: [&str; 41] = [
    "yes",
    "y",
    "true",
    "t",
    "1",
    "on",
    "x",
    "checked",
    "selected",
    "ticked",
    "enabled",
    "yeah",
    "yep",
    "ok",
    "✓",
    "✔",
    "☑",
    "✅",
    "ja",
    "j",
    "wahr",
    "oui",
    "vrai",
    "sí",
    "si",
    "verdadero",
    "sì",
    "vero",
    "sim",
    "verdadeiro",
    "tak",
    "ano",
    "áno",
    "да",
    "так",
    "ναι",
    "evet",
    "igen",
    "da",
    "kyllä",
    "はい",
];
/// More for yes, in other scripts.
const YES_BEYOND: [&str; 11] = ["是", "有", "예", "네", "نعم", "כן", "हाँ", "हां", "ya", "có", "oo"];
/// What they say for no.
const NO: [&str; 38] = [
    "no",
    "n",
    "false",
    "f",
    "0",
    "off",
    "unchecked",
    "not selected",
    "unticked",
    "disabled",
    "nope",
    "✗",
    "✘",
    "☐",
    "❌",
    "nein",
    "falsch",
    "non",
    "faux",
    "falso",
    "não",
    "nao",
    "nie",
    "ne",
    "нет",
    "ні",
    "не",
    "όχι",
    "hayır",
    "hayir",
    "nem",
    "nu",
    "nej",
    "nei",
    "nee",
    "ei",
    "いいえ",
    "否",
];
/// More for no, in other scripts.
const NO_BEYOND: [&str; 10] = ["不是", "没有", "아니요", "아니오", "لا", "לא", "नहीं", "tidak", "không", "hindi"];

/// Whether a text says yes or no; none where it says neither.
#[must_use]
pub fn yes_no(text: &str) -> Option<bool> {
    let shown = visible(text);
    let word = folded(&shown).to_lowercase();
    let word = word.trim_end_matches(['.', '!']);
    // A cell that a spreadsheet took for a number.
    let word = match word {
        "1.0" | "1,0" => "1",
        "0.0" | "0,0" => "0",
        other => other,
    };
    if YES.contains(&word) || YES_BEYOND.contains(&word) {
        Some(true)
    } else if NO.contains(&word) || NO_BEYOND.contains(&word) {
        Some(false)
    } else {
        None
    }
}

/// Whether a box was ticked whose form says `no` for it in a hidden field under the same name, so that an unticked one is said at all.
/// The last of them is meant; but ASP.NET puts the hidden `false` behind the box.
#[must_use]
pub fn ticked(values: &[&str]) -> Option<bool> {
    let said: Vec<_> = values.iter().map(|value| yes_no(value)).collect::<Option<_>>()?;
    match said[..] {
        [first, second] if first == second => Some(first),
        [false, true] => Some(true),
        [true, false] if values.iter().all(|value| ["true", "false"].contains(value)) => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_with_its_hidden_zero_is_ticked() {
        for (values, expected) in [
            (&["0", "1"][..], Some(true)),
            (&["no", "on"], Some(true)),
            (&["true", "false"], Some(true)),
            (&["1", "1"], Some(true)),
            (&["0", "0"], Some(false)),
            (&["1", "0"], None),
            (&["0", "perhaps"], None),
            (&["0", "1", "1"], None),
            (&[], None),
        ] {
            assert_eq!(ticked(values), expected, "{values:?}");
        }
    }

    #[test]
    fn yes_and_no_have_many_words() {
        for yes in [
            "on",
            "Yes",
            "Y",
            "t",
            "TRUE",
            "x",
            "checked",
            "1",
            " 1.0 ",
            "Sí",
            "oui",
            "Ja",
            "да",
            "是",
            "✓",
            "✔\u{fe0f}",
        ] {
            assert_eq!(yes_no(yes), Some(true), "{yes}");
        }
        for no in ["off", "No", "n", "F", "false", "0", "Nein", "non", "нет", "لا", "0.0"] {
            assert_eq!(yes_no(no), Some(false), "{no}");
        }
        for neither in ["", "perhaps", "2", "yes and no", "on hold", "jo"] {
            assert_eq!(yes_no(neither), None, "{neither}");
        }
        assert!(!YES.iter().chain(&YES_BEYOND).any(|word| NO.contains(word) || NO_BEYOND.contains(word)));
    }
}
