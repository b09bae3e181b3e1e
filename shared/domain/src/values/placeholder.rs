//! What stands in a field in place of what should: a template's placeholder that nobody filled in, the name of the field itself,
//! the error of a spreadsheet's formula.

/// What templates have around the name of a field.
const MARKS: [(&str, &str); 15] = [
    ("{{", "}}"),
    ("{%", "%}"),
    ("<%", "%>"),
    ("[[", "]]"),
    ("${", "}"),
    ("$(", ")"),
    ("#{", "}"),
    ("%{", "}"),
    ("@{", "}"),
    ("*|", "|*"),
    ("{", "}"),
    ("%", "%"),
    ("[", "]"),
    ("<", ">"),
    ("$", "$"),
];
/// So many of these have digits in what they stand for, as `{{contact.phone1}}`; in the others something with digits may be meant,
/// as the id `[4711]`.
const UNMISTAKEABLE: usize = 10;
/// What is the same at both ends.
const DOUBLED: [&str; 5] = ["##", "@@", "__", "#", "~"];

/// Whether a text is a placeholder that nobody filled in.
pub(super) fn is_placeholder(text: &str) -> bool {
    let has_digits = text.chars().any(char::is_numeric);
    let has_letters = text.chars().any(char::is_alphabetic);
    let within = |(open, close): (&str, &str)| {
        let inner = text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
        // `<b>Bob</b>` is no placeholder.
        inner.is_some_and(|inner| !(open == "<" && inner.contains(['<', '>'])))
    };
    let mut marks = MARKS.into_iter().enumerate();
    marks.any(|(at, marks)| within(marks) && if at < UNMISTAKEABLE { has_letters || !has_digits } else { !has_digits })
        || !has_digits && DOUBLED.into_iter().any(|mark| within((mark, mark)))
        || !has_digits && is_variable(text)
}

/// `$id`, `:id`
fn is_variable(text: &str) -> bool {
    let name = text.strip_prefix(['$', ':']).unwrap_or_default();
    name.starts_with(char::is_alphabetic) && name.chars().all(|c| c.is_alphabetic() || matches!(c, '_' | '.' | '-'))
}

/// Whether a text is the error of a formula, in whatever language the spreadsheet speaks: `#DIV/0!`, `#NAME?`, `#¡REF!`, `#N/V`,
/// `#NV`, `Err:502`, or the `####` of a column that is too narrow.
pub(super) fn is_failed_formula(text: &str) -> bool {
    if let Some(number) = text.strip_prefix("Err:") {
        return number.bytes().all(|byte| byte.is_ascii_digit());
    }
    let Some(said) = text.strip_prefix('#') else { return false };
    let is_word = |said: &str| {
        said.chars().any(char::is_alphabetic)
            && said.chars().all(|c| c.is_alphabetic() && !c.is_lowercase() || matches!(c, '/' | '_' | ' ' | '¡' | '¿'))
    };
    match said.strip_suffix(['!', '?']) {
        Some("DIV/0" | "¡DIV/0") => true,
        Some(said) => is_word(&said.to_uppercase()),
        None if said == "NV" || said.chars().all(|c| c == '#') => true,
        None => said.contains('/') && is_word(&said.to_uppercase()) || said == "GETTING_DATA",
    }
}

/// Whether a text is the name of a field of ids and no id: `lead_id`, `Lead ID`, `leadId`. No id of a lead ends in that word without
/// a digit anywhere.
pub(super) fn is_name_of_id(text: &str) -> bool {
    const WHOLE: [&str; 12] = [
        "id",
        "ids",
        "uid",
        "uuid",
        "guid",
        "leadid",
        "externalid",
        "contactid",
        "customerid",
        "recordid",
        "kundennummer",
        "leadnummer",
    ];
    if text.chars().any(char::is_numeric) {
        return false;
    }
    let small = text.to_lowercase();
    let is_written_apart = ["_id", "-id", " id", ".id", "_uuid", " nr.", " no."].iter().any(|end| small.ends_with(end));
    let is_camel = text.ends_with("Id") && text.starts_with(|c: char| c.is_alphabetic()) && text.len() > 2;
    WHOLE.contains(&small.as_str()) || is_written_apart || is_camel
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_of_any_template_is_one() {
        for text in [
            "{{contact.id}}",
            "{{ id }}",
            "{{1.first_name}}",
            "{% id %}",
            "<%= id %>",
            "[[id]]",
            "${id}",
            "$(id)",
            "%{id}",
            "#{id}",
            "@{id}",
            "*|FNAME|*",
            "{id}",
            "%FIRSTNAME%",
            "%%ID%%",
            "[First Name]",
            "<id>",
            "##id##",
            "#id#",
            "@@id@@",
            "__id__",
            "$id",
            "$lead.id",
            ":id",
            "{{}}",
        ] {
            assert!(is_placeholder(text), "{text}");
        }
        for text in
            ["[4711]", "{7f1c0c3e-0000}", "<1@mail.example>", "a{id}", "%", "[", "$5", "#17", "<b>Bob</b>", "Ann", "$"]
        {
            assert!(!is_placeholder(text), "{text}");
        }
    }

    #[test]
    fn a_formula_fails_in_every_language() {
        for text in [
            "#DIV/0!",
            "#¡DIV/0!",
            "#NAME?",
            "#¿NOMBRE?",
            "#¡REF!",
            "#REF!",
            "#VALUE!",
            "#WERT!",
            "#BEZUG!",
            "#NOM?",
            "#N/A",
            "#N/V",
            "#N/D",
            "#n/a",
            "#NV",
            "#NUM!",
            "#ZAHL!",
            "#####",
            "Err:502",
            "#ÜBERLAUF!",
        ] {
            assert!(is_failed_formula(text), "{text}");
        }
        for text in ["#17", "#B-17!", "#sale", "A!", "", "Err", "17/4"] {
            assert!(!is_failed_formula(text), "{text}");
        }
    }

    #[test]
    fn the_name_of_a_field_is_no_id() {
        for text in ["id", "ID", "lead_id", "Lead ID", "leadId", "external-id", "LEADID", "Kunden-ID"] {
            assert!(is_name_of_id(text), "{text}");
        }
        for text in ["Madrid", "B-17", "lead_id 7", "ID7", "valid", "ann"] {
            assert!(!is_name_of_id(text), "{text}");
        }
    }
}
