//! The dialling code of a country beside a number, in a field or a column of its own, as widgets of forms and lists have it. Leads,
//! lists and whom not to contact are read by it alike: what one took for a number and another for a stranger's would bar the stranger.

use rlibphonenumber::PHONE_NUMBER_UTIL;

use super::{InvalidPhone, Phone, ReadPhone};
use crate::values::folded;

/// Most digits of a dialling code (ITU-T E.164).
const LONGEST: usize = 3;
/// Digits of North America's code with an area behind it, as lists of countries have it: `1-242` for the Bahamas.
const WITH_AREA: usize = 4;

/// A dialling code that a country has, in digits: `49`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialCode(String);

impl DialCode {
    /// The code that a text is: `49`, `+49`, `0049`, `(49)`, `Germany (+49)`; none where it is none of any country.
    #[must_use]
    pub fn written(text: &str) -> Option<Self> {
        let seen = folded(text);
        let (has_plus, said) = match seen.split_once('+') {
            Some((_, behind)) => (true, behind),
            None => (false, seen.as_str()),
        };
        // A spreadsheet's number has decimals.
        let said = said.strip_suffix(".0").unwrap_or(said).trim_start_matches(['0', '(', ' ']);
        let end = said.find(|c: char| !c.is_ascii_digit() && !matches!(c, '-' | ' ')).unwrap_or(said.len());
        let (code, behind) = said.split_at(end);
        // Without a plus, digits among words are anything.
        let is_all = if has_plus { !behind.contains(|c: char| c.is_ascii_digit()) } else { matches!(behind, "" | ")") };
        let digits: String = code.chars().filter(char::is_ascii_digit).collect();
        let is_code = match digits.len() {
            1..=LONGEST => region_of(&digits).is_some(),
            WITH_AREA => digits.starts_with('1'),
            _ => false,
        };
        (is_all && is_code).then_some(Self(digits))
    }

    /// The country whose rules its numbers are written by (ISO 3166 alpha-2), the largest where several share the code.
    #[must_use]
    pub fn country(&self) -> Option<String> {
        region_of(&self.0)
    }

    /// A text with the code before it; none where it says its country itself.
    #[must_use]
    pub fn before(&self, text: &str) -> Option<String> {
        let says_country = folded(text).trim_start_matches(['(', ' ']).starts_with('+');
        (!says_country).then(|| format!("+{} {text}", self.0))
    }

    /// Whether a number that was read from a text is of the code's country, or the text says itself which country it is of.
    #[must_use]
    pub fn fits(&self, phone: &Phone, text: &str) -> bool {
        let seen = folded(text);
        let says_country = seen.contains('+') || seen.starts_with("00");
        says_country || phone.as_str().strip_prefix('+').is_some_and(|number| number.starts_with(self.0.as_str()))
    }

    /// Reads a number that stands beside the code, with words beside it too. Only what is certain: a number that the code does not
    /// fit is another one.
    ///
    /// # Errors
    /// As [`Phone::parse`].
    pub fn parse_with_remark(&self, text: &str) -> Result<ReadPhone, InvalidPhone> {
        let certain = |read: Result<ReadPhone, InvalidPhone>| match read {
            Ok(read) if read.doubtful || !self.fits(&read.phone, text) => Err(InvalidPhone::NotANumber),
            read => read,
        };
        // As its country's people write it, which knows the code without its plus too: `49 30 2345680`.
        match (certain(Phone::parse_with_remark(text, self.country().as_deref())), self.before(text)) {
            (Err(why), Some(whole)) if why != InvalidPhone::TwoReadings => {
                certain(Phone::parse_with_remark(&whole, None)).map_err(|_| why)
            }
            (read, _) => read,
        }
    }
}

fn region_of(digits: &str) -> Option<String> {
    let code = digits.parse().ok()?;
    PHONE_NUMBER_UTIL.get_region_for_country_code(code).map(|region| region.to_string())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("49", Some("49"))]
    #[case("+49", Some("49"))]
    #[case("0049", Some("49"))]
    #[case("(49)", Some("49"))]
    #[case("(+49)", Some("49"))]
    #[case("49.0", Some("49"))]
    #[case(" ４９ ", Some("49"))]
    #[case("Germany (+49)", Some("49"))]
    #[case("+49 (Deutschland)", Some("49"))]
    #[case("1", Some("1"))]
    #[case("1-242", Some("1242"))]
    #[case("420", Some("420"))]
    // An area's, a country's letters, a whole number, a code that nobody has.
    #[case("415", None)]
    #[case("DE", None)]
    #[case("+4930123456", None)]
    #[case("999", None)]
    #[case("+1 / +44", None)]
    #[case("Germany 49", None)]
    #[case("0", None)]
    #[case("", None)]
    fn a_dialling_code_is_read_as_forms_write_it(#[case] text: &str, #[case] digits: Option<&str>) {
        assert_eq!(DialCode::written(text).map(|code| code.0).as_deref(), digits);
    }

    #[rstest]
    #[case("49", "3023484205", Some("+493023484205"))]
    #[case("49", "030 23484205", Some("+493023484205"))]
    #[case("49", "0049 30 23484205", Some("+493023484205"))]
    #[case("44", "020 7946 0958", Some("+442079460958"))]
    #[case("44", "442079460958", Some("+442079460958"))]
    #[case("44", "+49 30 23484205", Some("+493023484205"))]
    #[case("39", "347 555 0123", Some("+393475550123"))]
    #[case("1", "14155550100", Some("+14155550100"))]
    #[case("1242", "359 1234", Some("+12423591234"))]
    #[case("49", "12", None)]
    #[case("1", "030 2345680", None)]
    fn a_number_is_of_the_code_beside_it(#[case] code: &str, #[case] text: &str, #[case] phone: Option<&str>) {
        let read = DialCode::written(code).unwrap().parse_with_remark(text);
        assert_eq!(read.ok().map(|read| read.phone.as_str().to_owned()).as_deref(), phone, "{code} {text}");
    }
}
