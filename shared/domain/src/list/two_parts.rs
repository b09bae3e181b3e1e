//! Names of two parts, as form programs head their columns: `Name (First)`, `Address (ZIP / Postal Code)` (Gravity Forms), `Name - Last
//! Name` (Jotform). The first part says what the second is a part of: `Company (Name)` is no person's.

/// Signs between the parts of a name, with blanks around them: `E-Mail` has one part.
const DASHES: [&str; 3] = [" - ", " \u{2013} ", " \u{2014} "];
/// What form programs put behind the name of a field that has to be filled in.
const BEHIND: [char; 3] = ['*', ':', ' '];
/// One word for a name, and which part of it is called so beside the other part.
const NAME_OR_PART: [(&str, &str); 3] = [("nombre", "first_name"), ("nom", "last_name"), ("nome", "first_name")];
/// Words for where somebody lives. The address of a property is another one.
const ADDRESSES: [&str; 20] = [
    "address",
    "homeaddress",
    "mailingaddress",
    "postaladdress",
    "streetaddress",
    "currentaddress",
    "residentialaddress",
    "adresse",
    "postadresse",
    "privatadresse",
    "wohnadresse",
    "anschrift",
    "direccion",
    "domicilio",
    "indirizzo",
    "endereco",
    "adres",
    "adressepostale",
    "direccionpostal",
    "direccionparticular",
];

/// A name taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TwoParts<'n> {
    /// `Name` of `Name (First)`.
    pub(super) whole: &'n str,
    /// `First` of it.
    pub(super) part: &'n str,
    /// The second stands in brackets.
    pub(super) in_brackets: bool,
}

impl<'n> TwoParts<'n> {
    /// None of a name that has one part, or more than two.
    pub(super) fn of(name: &'n str) -> Option<Self> {
        let name = name.trim().trim_end_matches(BEHIND);
        let open = name.strip_suffix(')');
        let (whole, part) = match open {
            Some(open) => open.split_once('(')?,
            None => DASHES.iter().find_map(|dash| name.split_once(dash))?,
        };
        let is_one = |part: &str| !part.contains(['(', ')']) && !DASHES.iter().any(|dash| part.contains(dash));
        (is_one(whole) && is_one(part)).then_some(Self { whole, part, in_brackets: open.is_some() })
    }
}

/// One part of such a name, as if it were a name of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NamedPart {
    /// The field that it is called like.
    pub(super) field: Option<&'static str>,
    /// In plain small letters, without what says nothing.
    pub(super) key: String,
}

impl NamedPart {
    /// The field of a name that this is the first part of.
    pub(super) fn field_with(&self, part: &Self) -> Option<&'static str> {
        let or_part = |key: &str| NAME_OR_PART.iter().find(|(word, _)| *word == key).map(|(_, field)| *field);
        let is_name = self.field == Some("name") || or_part(&self.key).is_some();
        let field = part.field.or_else(|| or_part(&part.key).filter(|_| is_name))?;
        let fits = match field {
            "first_name" | "last_name" | "name" => is_name,
            "postal_code" | "country" => ADDRESSES.contains(&self.key.as_str()),
            "email" => self.field == Some("email"),
            // `Phone Number - Phone Number` beside `Phone Number - Area Code` is half of one.
            "phone" => self.field == Some("phone") && self.key != part.key,
            _ => false,
        };
        fits.then_some(field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_taken_apart_where_it_has_two_parts() {
        for (name, whole, part, in_brackets) in [
            ("Name (First)", "Name ", "First", true),
            ("Name (First) *", "Name ", "First", true),
            ("Name - First Name", "Name", "First Name", false),
            ("Name \u{2013} Vorname:", "Name", "Vorname", false),
            ("Address (ZIP / Postal Code)", "Address ", "ZIP / Postal Code", true),
        ] {
            assert_eq!(TwoParts::of(name), Some(TwoParts { whole, part, in_brackets }), "{name}");
        }
        for name in ["Name", "E-Mail", "Name (First", "Person - Email - Work", "Name (First (given))", "First-Name", ""]
        {
            assert_eq!(TwoParts::of(name), None, "{name}");
        }
    }
}
