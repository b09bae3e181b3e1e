//! The dialling code of a country in a field of its own, as widgets of forms post it beside the number.

use ripen_domain::{country::country_written, values::folded};

use super::{reader::Reader, text};

/// Fields that hold one, as forms call them.
const NAMES: [&str; 10] = [
    "phone_country_code",
    "phone_country",
    "phone_cc",
    "phone_code",
    "phone_prefix",
    "dial_code",
    "dialing_code",
    "dialling_code",
    "calling_code",
    "country_code",
];
/// Most digits of a dialling code (ITU-T E.164).
const LONGEST: usize = 3;

/// The digits of the code that was posted beside the number. The field stays where it is: under `extra`.
pub fn dial_code(reader: &Reader) -> Option<String> {
    said(reader).find_map(|said| {
        let digits = said.trim_start_matches(['+', '0', '(']).trim_end_matches(')').trim();
        let is_code = (1..=LONGEST).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_code.then(|| digits.to_owned())
    })
}

/// The country that such a field names instead: its two letters, or its name.
pub fn country_beside(reader: &Reader) -> Option<&'static str> {
    said(reader).find_map(|said| country_written(&said))
}

fn said(reader: &Reader) -> impl Iterator<Item = String> {
    NAMES.into_iter().filter_map(|name| reader.peek(name)).map(|value| folded(&text::shown(value)).trim().to_owned())
}
