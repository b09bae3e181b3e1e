//! Names that do not say by themselves what their column holds: `Contact No.` is a number to call in most lists, and an id in some. The
//! cells say it, [by their values](super::mapping::Mapping::by_values).

use super::header::words;

/// Words of whom one reaches,
const OF_CONTACT: [&str; 4] = ["contact", "contacts", "kontakt", "contacto"];
/// and of numbers.
const OF_NUMBER: [&str; 8] = ["number", "numbers", "no", "nos", "nr", "num", "nummer", "numero"];
/// Both, written as one word.
const AS_ONE: [&str; 6] = ["contactnumber", "contactnumbers", "contactno", "contactnos", "kontaktnummer", "kontaktnr"];
/// Words beside them that change nothing. None that says whose number it is: a customer's is an id.
const BESIDE: [&str; 16] = [
    "your",
    "the",
    "primary",
    "main",
    "best",
    "preferred",
    "recommended",
    "optional",
    "required",
    "mandatory",
    "please",
    "enter",
    "de",
    "del",
    "su",
    "tu",
];

/// A name that leaves open what its column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenName {
    /// A number to call, or an id: `Contact No.`.
    ContactNumber,
    /// Whom to reach, or under what: `Contact`.
    Contact,
    /// A number of any kind: `No.`.
    Number,
}

impl OpenName {
    /// What kind of such a name it is; none where it says what its column holds, or that it is something else (`Customer No.`).
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        let words: Vec<String> = words(name).into_iter().filter(|word| !BESIDE.contains(&word.as_str())).collect();
        if AS_ONE.contains(&words.concat().as_str()) {
            return Some(Self::ContactNumber);
        }
        let count = |known: &[&str]| words.iter().filter(|word| known.contains(&word.as_str())).count();
        match (count(&OF_CONTACT), count(&OF_NUMBER)) {
            (contacts, numbers) if contacts + numbers < words.len() => None,
            (0, 0) => None,
            (0, _) => Some(Self::Number),
            (_, 0) => Some(Self::Contact),
            _ => Some(Self::ContactNumber),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::header::known_fields;

    #[test]
    fn a_name_that_leaves_open_what_its_column_holds_is_told_from_others() {
        for (kind, names) in [
            (
                OpenName::ContactNumber,
                &[
                    "Contact Number",
                    "Contact No",
                    "Contact No.",
                    "contact_number",
                    "contactNumber",
                    "CONTACT NO",
                    "Contactno",
                    "Contact Number 2",
                    "Your contact number (required)",
                    "Primary Contact No.",
                    "Número de contacto",
                    "Kontaktnummer",
                ][..],
            ),
            (OpenName::Contact, &["Contact", "contact", "Contact 1", "Kontakt"]),
            (OpenName::Number, &["Number", "No.", "Nr.", "Numero"]),
        ] {
            for name in names {
                assert_eq!(OpenName::of(name), Some(kind), "{name}");
                assert_eq!(known_fields(&[(*name).to_owned()]), 0, "{name}: its cells decide");
            }
        }
        for name in [
            "Customer No.",
            "Lead Number",
            "Contact name",
            "Contact ID",
            "Contact status",
            "Order No",
            "S.No",
            "Contacted",
            "Your",
            "",
            "#",
        ] {
            assert_eq!(OpenName::of(name), None, "{name}");
        }
    }
}
