//! By what the numbers of one lead are read: the dialling code beside them, the country, and a plus that a form lost.

use ripen_domain::contact::{DialCode, InvalidPhone, Phone, ReadPhone};

use super::{dial_code::dial_code, posted_from::PostedFrom, reader::Reader};

/// What is known of a lead's numbers before they are read.
pub struct NumberRules<'f> {
    code: Option<DialCode>,
    /// The lead's country.
    country: Option<String>,
    /// The source's.
    sources: &'f str,
    has_bare_plus: bool,
    /// Nothing else says how to reach the person.
    is_alone: bool,
}

impl<'f> NumberRules<'f> {
    /// Those of a lead whose country is read already.
    pub fn of(reader: &Reader, from: &PostedFrom<'f>, is_alone: bool) -> Self {
        Self {
            code: dial_code(reader.rest()),
            country: reader.submission.country.clone(),
            sources: from.country,
            has_bare_plus: reader.has_bare_plus,
            is_alone,
        }
    }

    /// Reads a number.
    pub fn read(&self, text: &str) -> Result<ReadPhone, InvalidPhone> {
        match self.beside(text) {
            // Of a country that nobody knows. Beside an address it is left to people, who see its words: read as of here it may be a
            // stranger's. Alone it is better doubtful than not there.
            Err(_) if self.country.is_none() && self.is_alone => doubtful(self.of_country(text, Some(self.sources))),
            read => read,
        }
    }

    /// By the code beside it, else the lead's country.
    fn beside(&self, text: &str) -> Result<ReadPhone, InvalidPhone> {
        let country = self.country.as_deref();
        let Some(code) = &self.code else { return self.of_country(text, country) };
        if self.has_bare_plus {
            return self.of_country(text, code.country().as_deref().or(country));
        }
        match code.parse_with_remark(text) {
            Err(why) if why != InvalidPhone::TwoReadings => {
                // The code is of another country than the number: one of the two is wrong, and whoever calls has to know.
                doubtful(self.of_country(text, country))
            }
            read => read,
        }
    }

    fn of_country(&self, text: &str, country: Option<&str>) -> Result<ReadPhone, InvalidPhone> {
        if self.has_bare_plus { with_bare_plus(text, country) } else { Phone::parse_with_remark(text, country) }
    }
}

fn doubtful(read: Result<ReadPhone, InvalidPhone>) -> Result<ReadPhone, InvalidPhone> {
    read.map(|read| ReadPhone { doubtful: true, ..read })
}

/// A number whose form said `+` where it had to say `%2B`: a space by the rules, and most often a plus. What is a number
/// either way is left alone: one of the two would be a stranger's.
fn with_bare_plus(given: &str, country: Option<&str>) -> Result<ReadPhone, InvalidPhone> {
    let certain = |text: &str, country| Phone::parse_with_remark(text, country).ok().filter(|read| !read.doubtful);
    let plus = certain(&format!("+{}", given.trim_start()), None);
    let space = certain(given, country);
    match (plus, space) {
        (Some(one), Some(two)) if one.phone != two.phone => Err(InvalidPhone::NotANumber),
        (Some(read), _) | (None, Some(read)) => Ok(read),
        (None, None) => Err(InvalidPhone::NotANumber),
    }
}
