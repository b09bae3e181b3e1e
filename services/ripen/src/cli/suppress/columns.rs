//! What the columns of a list of whom not to contact hold, by their names.

use ripen_domain::list::{
    dial_code::dial_code_field,
    header::{fields_of, key},
};

/// What registers call their column of numbers, beside the names that lists of leads have for it.
const OF_REGISTERS: &str = "msisdn";

/// What a column holds, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    /// Addresses or numbers.
    Contact,
    /// Words in which an address or a number may stand, such as names or notes.
    Words {
        /// As the header has it.
        name: String,
    },
    /// The country of the row's numbers.
    Country,
    /// The dialling code of the row's numbers, or the country.
    DialCode {
        /// As the header has it.
        name: String,
    },
    /// The extension behind the row's number.
    Extension,
    /// Something else that is known, such as a postal code or an id.
    Other,
    /// Nobody knows what.
    Unknown {
        /// As the header has it.
        name: String,
    },
}

/// What each column holds.
pub fn columns(header: &[String]) -> Vec<Column> {
    let column = |(name, field): (&String, Option<String>)| match field.as_deref() {
        Some("email" | "phone") => Column::Contact,
        None if key(name) == OF_REGISTERS => Column::Contact,
        // Before the country: `country_code` holds the one or the other.
        _ if dial_code_field(name).is_some() => Column::DialCode { name: name.clone() },
        Some("country") => Column::Country,
        Some("phone_extension") => Column::Extension,
        Some("notes" | "referred_by" | "name" | "first_name" | "last_name") => Column::Words { name: name.clone() },
        Some(_) => Column::Other,
        None => Column::Unknown { name: name.clone() },
    };
    header.iter().zip(fields_of(header)).map(column).collect()
}
