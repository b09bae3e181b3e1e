//! Which field of a lead a column fills, by its name: Ripen's own, or what spreadsheets and people call it.

use super::{
    cell,
    letters::MARKED,
    two_parts::{NamedPart, TwoParts},
    words::{FILLERS, NAMES, OF_SEVERAL, TEST},
};
use crate::document::distance;

/// Fields of a lead that are no group.
pub const FIELDS: [&str; 17] = [
    "external_id",
    "first_name",
    "last_name",
    "name",
    "email",
    "phone",
    "phone_extension",
    "postal_code",
    "country",
    "time_zone",
    "locale",
    "channel",
    "submitted_at",
    "notes",
    "referred_by",
    "test",
    "do_not_contact",
];
/// Groups of fields.
pub const GROUPS: [&str; 3] = ["answers", "consent", "tracking"];

/// Fields of senders' own that are nearly called like one of ours.
const OF_THEIR_OWN: [&str; 3] = ["county", "content", "locals"];

/// The field that a name is nearly: written another way (`firstName`), or a letter or two apart (`first_nmae`). None for a name
/// that is one, or may be a field of the sender's own.
#[must_use]
pub fn nearly_field(name: &str) -> Option<&'static str> {
    let plain = |name: &str| name.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect::<Vec<char>>();
    let mut known = FIELDS.into_iter().chain(GROUPS);
    // A distance costs the product of both lengths. What is counted (`email2`) is another of its kind.
    let is_own = known.clone().any(|field| field == name) || OF_THEIR_OWN.contains(&name.to_lowercase().as_str());
    if name.len() > 40 || is_own || name.chars().any(char::is_numeric) {
        return None;
    }
    let given = plain(name);
    let is_near = |field: &str| {
        let field = plain(field);
        match field.len() {
            // Of so short a word every letter is another word.
            ..=4 => sorted(&given) == sorted(&field) && distance(&given, &field, 1).is_some(),
            5..=7 => given.len() >= 4 && distance(&given, &field, 1).is_some(),
            _ => distance(&given, &field, 2).is_some(),
        }
    };
    known.clone().find(|field| plain(field) == given).or_else(|| known.find(|field| is_near(field)))
}

fn sorted(letters: &[char]) -> Vec<char> {
    let mut letters = letters.to_vec();
    letters.sort_unstable();
    letters
}

/// A field within an outer name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OuterName<'n> {
    /// What stands around it: `form_fields`.
    pub outer: &'n str,
    /// What it is called there: `email`.
    pub inner: &'n str,
}

/// The outer name of `form_fields[email]`, `fields[email][value]` or `contact.email`; none where there is none, where there are several,
/// and where it is one of Ripen's groups.
#[must_use]
pub fn outer_name(name: &str) -> Option<OuterName<'_>> {
    let name = name.strip_suffix("[value]").unwrap_or(name);
    let (outer, inner) = match name.strip_suffix(']') {
        Some(open) => open.split_once('[')?,
        None => name.split_once('.')?,
    };
    let is_plain = |part: &str| !part.trim().is_empty() && !part.contains(['[', ']', '.']);
    let is_ours = GROUPS.contains(&outer.to_lowercase().as_str()) || outer.starts_with('_');
    (is_plain(outer) && is_plain(inner) && !is_ours).then_some(OuterName { outer, inner })
}

/// Whether a field of a sender's own is called like one of addresses or numbers, such as `mobile` or `second_phone`: which of the
/// two.
#[must_use]
pub fn contact_field(name: &str) -> Option<&'static str> {
    // Of so long a name nobody made a field for a number.
    if name.len() > 40 {
        return None;
    }
    let is_other = |word: &String| FILLERS.contains(&word.as_str()) || OF_SEVERAL.contains(&word.as_str());
    let words = words(name);
    let key: String = words.iter().filter(|word| !is_other(word)).map(String::as_str).collect();
    named(&words.concat()).or_else(|| named(&key)).filter(|field| matches!(*field, "email" | "phone"))
}

/// The field that each column fills; nothing for those that are kept under their own name.
#[must_use]
pub fn fields_of(header: &[String]) -> Vec<Option<String>> {
    let mut fields: Vec<_> = header.iter().map(|name| field_of(name)).collect();
    let keys: Vec<_> = header.iter().map(|name| key(name)).collect();
    let has = |fields: &[Option<String>], wanted: &str| fields.iter().any(|field| field.as_deref() == Some(wanted));
    // One word for the whole name, or for a part of it where the other part has a column of its own.
    for (word, beside, part) in
        [("nombre", "last_name", "first_name"), ("nom", "first_name", "last_name"), ("nome", "last_name", "first_name")]
    {
        let field = if has(&fields, beside) { part } else { "name" };
        for (at, _) in keys.iter().enumerate().filter(|(_, key)| *key == word) {
            fields[at] = Some(field.to_owned());
        }
    }
    let german = keys.iter().any(|key| key == "vorname") || keys.iter().any(|key| key == "voornaam");
    if german && !has(&fields, "last_name") {
        for field in fields.iter_mut().filter(|field| field.as_deref() == Some("name")) {
            *field = Some("last_name".to_owned());
        }
    }
    fields
}

/// How many fields of a lead the cells name, were they a header.
#[must_use]
pub fn known_fields(cells: &[String]) -> usize {
    fields_of(cells).iter().flatten().count()
}

/// A field by its own name, a member of a group, or what the name is known to mean.
fn field_of(name: &str) -> Option<String> {
    let name = cell::text(name);
    if let Some((group, member)) = name.split_once('.') {
        let group = group.trim().to_lowercase();
        if GROUPS.contains(&group.as_str()) && !member.trim().is_empty() {
            return Some(format!("{group}.{}", member.trim()));
        }
    }
    // A form's page cannot have a point in a name everywhere: PHP makes an underscore of it.
    if let Some(member) = name.strip_prefix("answers_").or_else(|| bracketed(name, "answers"))
        && !member.trim().is_empty()
    {
        return Some(format!("answers.{}", member.trim()));
    }
    let plain = name.to_lowercase().replace([' ', '-'], "_");
    if FIELDS.contains(&plain.as_str()) {
        return Some(plain);
    }
    let by_letters = || named(&words(name).concat()).or_else(|| named(&key(name)));
    let field = match TwoParts::of(name) {
        // `Nom (Prénom)` is a part of what a form asks for, and `Nom - Prénom` as likely both parts.
        Some(parts) if parts.in_brackets => by_both(parts).or_else(by_letters),
        Some(parts) => by_letters().or_else(|| by_both(parts)),
        None => by_letters(),
    };
    field.map(str::to_owned)
}

/// The field of a name such as `Name (First)`, by both of its parts.
fn by_both(parts: TwoParts<'_>) -> Option<&'static str> {
    let read = |part: &str| {
        let key = key(part);
        NamedPart { field: named(&words(part).concat()).or_else(|| named(&key)), key }
    };
    read(parts.whole).field_with(&read(parts.part))
}

/// Whether a name is one of the field for what is a test: `isTest`, `Test lead`.
#[must_use]
pub fn is_test(name: &str) -> bool {
    field_of(name).as_deref() == Some(TEST)
}

/// The member of `answers[budget]`.
fn bracketed<'n>(name: &'n str, group: &str) -> Option<&'n str> {
    name.strip_prefix(group)?.strip_prefix('[')?.strip_suffix(']')
}

pub(super) fn named(key: &str) -> Option<&'static str> {
    NAMES.iter().find(|(_, names)| names.contains(&key)).map(|(field, _)| *field)
}

/// A name in plain small letters, without what says nothing: `Phone number (recommended)*` is `phone`.
#[must_use]
pub fn key(name: &str) -> String {
    words(name).into_iter().filter(|word| !FILLERS.contains(&word.as_str())).collect()
}

/// The words of a name, in plain small letters; numbers that count columns are none.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_small = false;
    for letter in cell::text(name).chars() {
        // FirstName is two words, as first_name is.
        if !letter.is_alphabetic() || (letter.is_uppercase() && was_small) {
            words.push(String::new());
        }
        was_small = letter.is_lowercase();
        if letter.is_alphabetic()
            && let Some(word) = words.last_mut()
        {
            for small in letter.to_lowercase() {
                match MARKED.iter().find(|(marked, _)| *marked == small) {
                    Some((_, plain)) => word.push_str(plain),
                    // Marks that stand for themselves, behind their letter.
                    None if ('\u{300}'..='\u{36f}').contains(&small) => {}
                    None => word.push(small),
                }
            }
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_nearly_a_field_is_told_from_a_field_of_the_senders_own() {
        for (name, field) in [
            ("first_nmae", "first_name"),
            ("firstName", "first_name"),
            ("First Name", "first_name"),
            ("lastname", "last_name"),
            ("emial", "email"),
            ("e-mail", "email"),
            ("phnoe", "phone"),
            ("postcalcode", "postal_code"),
            ("nmae", "name"),
            ("Name", "name"),
            ("answer", "answers"),
            ("trackng", "tracking"),
            ("externalid", "external_id"),
        ] {
            assert_eq!(nearly_field(name), Some(field), "{name}");
        }
        for name in [
            "email", "answers", "email2", "county", "colour", "date", "text", "game", "state", "city", "zip", "type",
            "score", "", "first",
        ] {
            assert_eq!(nearly_field(name), None, "{name}");
        }
    }

    fn guessed(header: &[&str]) -> Vec<String> {
        let header: Vec<_> = header.iter().map(|name| (*name).to_owned()).collect();
        fields_of(&header).into_iter().map(Option::unwrap_or_default).collect()
    }

    #[test]
    fn names_that_people_use_are_known() {
        for (field, names) in [
            (
                "email",
                &[
                    "Email Address",
                    "E-mail",
                    "e_mail",
                    "eMail",
                    "EMAIL:",
                    "Customer Email",
                    "E-mail 1 - Value",
                    "E-Mail-Adresse",
                    "Correo electrónico",
                    "Dirección de correo electrónico",
                    "Courriel",
                    "Adresse e-mail",
                    "Your email*",
                    "Work Email",
                    "email (required)",
                    "Mail",
                ][..],
            ),
            (
                "phone",
                &[
                    "Mobile",
                    "Phone number (recommended)",
                    "Phone No.",
                    "Tel.",
                    "Cell Phone",
                    "Home Phone",
                    "Contact number phone",
                    "Telefonnummer",
                    "Handy-Nr.",
                    "Mobilnummer",
                    "Teléfono",
                    "Número de teléfono",
                    "Móvil",
                    "Téléphone portable",
                    "N° de téléphone",
                    "PHONE_NUMBER",
                    "Phone 2",
                    "WhatsApp number",
                    "Rufnummer",
                ],
            ),
            ("postal_code", &["ZIP", "Zip Code", "Postcode", "Zip/Postal Code", "PLZ", "Código postal", "Code postal"]),
            ("first_name", &["First Name", "FirstName", "first_name", "Vorname", "Prénom", "Given name"]),
            ("last_name", &["Last Name", "Surname", "Nachname", "Apellidos", "Nom de famille"]),
            (
                "name",
                &[
                    "Name",
                    "Full Name",
                    "full_name",
                    "Customer Name",
                    "Nombre completo",
                    "Nom",
                    "Nombre",
                    "Vollständiger Name",
                ],
            ),
            (
                "submitted_at",
                &["Created Time", "Timestamp", "Zeitstempel", "Marca temporal", "Horodateur", "Lead Date"],
            ),
            ("country", &["Country", "Land", "País", "Pays"]),
            ("notes", &["Comments", "Bemerkungen", "Mensaje", "Commentaire"]),
            (
                "answers.budget",
                &["answers.budget", "Answers.budget", " answers. budget ", "answers_budget", "answers[budget]"],
            ),
        ] {
            for name in names {
                assert_eq!(guessed(&[name]), [field], "{name}");
            }
        }
    }

    #[test]
    fn names_of_what_says_that_a_lead_is_not_to_be_worked_are_known() {
        for (field, names) in [
            (
                "do_not_contact",
                &["DNC", "Do Not Call", "Opt Out", "opted_out", "Unsubscribed", "Nicht kontaktieren"][..],
            ),
            ("test", &["test", "Test", "TEST", "is_test", "isTest", "Is test?", "test_lead", "testLead", "Test lead"]),
        ] {
            for name in names {
                assert_eq!(guessed(&[name]), [field], "{name}");
            }
        }
    }

    #[test]
    fn names_of_other_things_are_not() {
        for name in [
            "Id",
            "Lead ID",
            "Company name",
            "Agent email status",
            "Street address",
            "Address",
            "Fax",
            "Number",
            "Date",
            "Budget",
            "Email opt-in",
            "Phone type",
            "Date of birth",
            "",
            "#",
            "Referrer",
            "answers.",
            "City",
            "Source",
        ] {
            assert_eq!(guessed(&[name]), [""], "{name}");
        }
    }

    #[test]
    fn a_name_of_two_parts_is_read_by_both() {
        for (field, names) in [
            (
                "first_name",
                &["Name (First)", "Your Name (First)*", "Name - First Name", "Name (Vorname)", "Nom (Pr\u{e9}nom)"][..],
            ),
            ("first_name", &["Nombre (Nombre)", "Nome (Nome)"]),
            (
                "last_name",
                &["Name (Last)", "Name - Last Name", "Full Name - Last Name", "Nombre (Apellidos)", "Nom (Nom)"],
            ),
            ("phone", &["Phone (Mobile)", "Phone - Mobile", "Phone (Cell Phone)", "Telefon (privat)"]),
            ("email", &["Email (Enter Email)", "E-Mail - E-Mail-Adresse"]),
            (
                "postal_code",
                &["Address (ZIP / Postal Code)", "Address - Zip", "Home Address - Postal Code", "Anschrift (PLZ)"],
            ),
            ("postal_code", &["Address 1 - Postal Code"]),
            ("country", &["Address (Country)"]),
            // What belongs to somebody or something else, or is none of our fields.
            ("name", &["Nom - Pr\u{e9}nom", "Name (Vorname Nachname)", "Nom (et pr\u{e9}nom)"]),
            ("", &["Name (Middle)", "Name - Prefix", "Address (City)", "Address - Street Address", "Phone - Type"]),
            (
                "",
                &["Company (Name)", "Agent - Email", "Spouse Name (First)", "Property Address (ZIP)", "Address (Name)"],
            ),
            (
                "",
                &[
                    "Email (Confirm Email)",
                    "Phone Number - Area Code",
                    "Phone Number - Phone Number",
                    "Person - Email - Work",
                ],
            ),
        ] {
            for name in names {
                assert_eq!(guessed(&[name]), [field], "{name}");
            }
        }
    }

    #[test]
    fn a_name_may_be_a_part_of_one() {
        assert_eq!(guessed(&["Nombre", "Apellidos"]), ["first_name", "last_name"]);
        assert_eq!(guessed(&["Nom", "Prénom"]), ["last_name", "first_name"]);
        assert_eq!(guessed(&["Vorname", "Name"]), ["first_name", "last_name"]);
        assert_eq!(guessed(&["First name", "Name"]), ["first_name", "name"]);
        assert_eq!(guessed(&["Nome", "Cognome"]), ["first_name", "last_name"]);
    }
}
