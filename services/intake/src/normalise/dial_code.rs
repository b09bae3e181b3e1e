//! The dialling code of a country in a field of its own, as widgets of forms post it beside the number.

use ripen_domain::{contact::DialCode, country::country_written, list::dial_code::dial_code_field};

use super::text;
use crate::formats::Fields;

/// The code that was posted beside the number. The field stays where it is: under `extra`.
pub fn dial_code(fields: &Fields) -> Option<DialCode> {
    said(fields).iter().find_map(|said| DialCode::written(said))
}

/// The country that such a field names instead: its two letters, or its name.
pub fn country_beside(fields: &Fields) -> Option<&'static str> {
    said(fields).iter().find_map(|said| country_written(said))
}

/// What such fields say, the nearest to a number first.
fn said(fields: &Fields) -> Vec<String> {
    let own = fields.iter().filter(|(name, _)| !name.starts_with('_'));
    let mut named: Vec<_> = own.filter_map(|(name, value)| Some((dial_code_field(name)?, value))).collect();
    named.sort_by_key(|(place, _)| *place);
    named.into_iter().map(|(_, value)| text::shown(value)).collect()
}
