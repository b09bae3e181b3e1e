//! People whose leads are worked, as whoever asks for them names them.

use ripen_domain::contact::{DialCode, Email, Identity, InvalidPhone, Phone, bare_address};

use crate::{FieldErrors, Refusal};

/// Fewest digits of a number.
const FEWEST_DIGITS: usize = 7;
/// What stands between numbers when there are three or more, without a space behind it too.
const BETWEEN: [&str; 13] =
    [" or ", " and ", " oder ", " und ", " ou ", " et ", " o ", " y ", ";", "|", ",", "&", "\n"];

/// Every number of a text: `415-555-0133 / 415-555-0199` are two.
///
/// # Errors
/// When one of them cannot be read: whoever wants all of them cannot do with a part.
pub fn phones(text: &str, country: Option<&str>) -> Result<Vec<Phone>, InvalidPhone> {
    if let Some(parts) = many(text) {
        let read: Vec<_> = parts.split('/').map(|part| phones(part, country)).collect::<Result<_, _>>()?;
        return Ok(read.concat());
    }
    let read = Phone::parse(text, country)?;
    let mut numbers = vec![read.phone];
    for other in read.others {
        numbers.push(Phone::parse(&other, country)?.phone);
    }
    Ok(numbers)
}

/// Every number of a text beside which a dialling code stands; one that it does not fit is none.
///
/// # Errors
/// As [`phones`].
pub fn phones_beside(code: &DialCode, text: &str) -> Result<Vec<Phone>, InvalidPhone> {
    let fitting = |read: Vec<Phone>| match read.iter().all(|phone| code.fits(phone, text)) {
        true => Ok(read),
        false => Err(InvalidPhone::NotANumber),
    };
    match (phones(text, code.country().as_deref()).and_then(fitting), code.before(text)) {
        (Err(why), Some(whole)) if why != InvalidPhone::TwoReadings => {
            phones(&whole, None).and_then(fitting).map_err(|_| why)
        }
        (read, _) => read,
    }
}

/// The one number of a person, with its country code.
fn one_phone(text: &str) -> Result<Phone, String> {
    match phones(text, None).as_deref() {
        Ok([phone]) => Ok(phone.clone()),
        // Of two numbers each could be another person's.
        Ok(several) => Err(format!("{text:?} holds {} numbers: name one of them", several.len())),
        Err(why) if text.trim_start().starts_with('+') => Err(format!("the number {text:?} {why}")),
        Err(_) => Err("write it with its country code, such as +14155550100".to_owned()),
    }
}

/// Why not every number of a text could be read: which of several it is, and that its country is missing where that is all.
fn unread(text: &str, country: Option<&str>, why: InvalidPhone) -> String {
    let plain = BETWEEN.iter().fold(text.to_lowercase(), |text, between| text.replace(*between, "/"));
    let parts: Vec<_> = plain.split('/').map(str::trim).filter(|part| !part.is_empty()).collect();
    let wrong = parts.iter().find_map(|part| Some((*part, phones(part, country).err()?)));
    let (part, why) = wrong.unwrap_or((text, why));
    let shown = if parts.len() > 1 { format!("{part:?}, of {text:?},") } else { format!("{text:?}") };
    let digits = part.chars().filter(|c| c.is_numeric()).count();
    let has_country = part.starts_with(['+', '(']) && part.contains('+') || country.is_some();
    if !has_country && digits >= FEWEST_DIGITS && !part.chars().any(char::is_alphabetic) {
        return format!(
            "the number {shown} has no country code, and which country is meant is not known: write the code, such as \
             +1 415 555 0100, or name the client it is for"
        );
    }
    format!("the number {shown} {why}")
}

/// Three or more numbers, with a slash between them; none where there are fewer.
fn many(text: &str) -> Option<String> {
    let digits = |text: &str| text.chars().filter(|c| c.is_numeric()).count();
    // Nearly every text ends here: lists have millions.
    if digits(text) < 3 * FEWEST_DIGITS {
        return None;
    }
    let plain = BETWEEN.iter().fold(text.to_lowercase(), |text, between| text.replace(*between, "/"));
    let parts: Vec<_> = plain.split('/').filter(|part| !part.trim().is_empty()).collect();
    (parts.len() > 2 && parts.iter().all(|part| digits(part) >= FEWEST_DIGITS)).then(|| parts.join("/"))
}

/// Who is meant: by e-mail address or phone number.
#[derive(Debug, Clone, Default)]
pub struct PersonQuery {
    /// The person's e-mail address; counts before the phone number.
    pub email: Option<String>,
    /// The person's phone number, with its country code.
    pub phone: Option<String>,
}

impl PersonQuery {
    /// Everything that is named; a number without a country code is one of `country`, where that is known. Adds to the wrong
    /// fields what cannot be read.
    pub(crate) fn identities(&self, country: Option<&str>, errors: &mut FieldErrors) -> Vec<Identity> {
        let email = self.email.as_deref().and_then(|email| {
            let read = Email::parse(bare_address(email)).map_err(|why| format!("the address {email:?} {why}"));
            errors.take("email", read).map(|email| Identity::of_email(&email))
        });
        let phones = self.phone.as_deref().and_then(|phone| {
            let read = phones(phone, country).map_err(|why| unread(phone, country, why));
            errors.take("phone", read)
        });
        errors.require(self.email.is_some() || self.phone.is_some(), "email", "required", || {
            "name an e-mail address or a phone number".to_owned()
        });
        email.into_iter().chain(phones.into_iter().flatten().map(Identity::Phone)).collect()
    }

    /// Under which identity the person is looked for.
    ///
    /// # Errors
    /// When it cannot be read, or neither is there.
    pub fn identity(&self) -> Result<Identity, Refusal> {
        let mut errors = FieldErrors::default();
        // One of the two counts: both could name two people, and then neither would be the one.
        let identity = match (&self.email, &self.phone) {
            (Some(email), _) => {
                let read = Email::parse(bare_address(email)).map_err(|why| format!("the address {email:?} {why}"));
                errors.take("email", read).map(|email| Identity::of_email(&email))
            }
            (None, Some(phone)) => {
                // No country is assumed here: the same number is somebody else's elsewhere.
                errors.take("phone", one_phone(phone)).map(Identity::Phone)
            }
            (None, None) => {
                errors.add("email", "required", "name the person by e-mail address or phone number");
                None
            }
        };
        errors.finish()?;
        identity.ok_or_else(|| Refusal::missing("person", "of this name"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_a_text_is_read() {
        for (text, count) in [
            ("415-555-0133", 1),
            ("415-555-0133 x123", 1),
            ("415-555-0133 / 415-555-0199", 2),
            ("415-555-0133 or 415-555-0199", 2),
            ("415-555-0133, 415-555-0199 or 415-555-0144", 3),
            ("+1 415 555 0133 / +1 415 555 0199", 2),
        ] {
            assert_eq!(phones(text, Some("US")).unwrap().len(), count, "{text}");
        }
        for text in
            ["+1 415 555 0133 / 415 555 0199", "+14155550133; +14155550199", "+1 415-555-0133 or (415) 555-0199"]
        {
            assert_eq!(phones(text, None).unwrap().len(), 2, "{text}");
        }
        assert!(phones("415-555-0133 / 415-555-019", Some("US")).is_err(), "a part is not enough");
    }

    #[test]
    fn numbers_are_of_the_code_beside_them() {
        let code = DialCode::written("+49").unwrap();
        let read = |text: &str| {
            let read = phones_beside(&code, text).ok()?;
            Some(read.iter().map(|phone| phone.as_str().to_owned()).collect::<Vec<_>>().join(" "))
        };
        for text in ["3023484205", "030 23484205", "+49 30 23484205", "0049 30 23484205"] {
            assert_eq!(read(text).as_deref(), Some("+493023484205"), "{text}");
        }
        assert_eq!(read("030 23484205 / 030 23484206").as_deref(), Some("+493023484205 +493023484206"));
        assert_eq!(read("12"), None);
    }

    #[test]
    fn a_refusal_says_which_number_it_is_and_what_is_missing() {
        let why = |text: &str, country: Option<&str>| {
            let mut errors = FieldErrors::default();
            let of = PersonQuery { email: None, phone: Some(text.to_owned()) };
            assert_eq!(of.identities(country, &mut errors), []);
            let Err(Refusal::Invalid(errors)) = errors.finish() else { panic!("refused: {text}") };
            errors[0].message.clone()
        };
        let short = why("415-555-0133 / 415-555-019", Some("US"));
        assert!(short.contains("\"415-555-019\", of") && short.contains("too few or too many digits"), "{short}");
        let bare = why("415 555 0133", None);
        assert!(bare.contains("has no country code") && bare.contains("name the client"), "{bare}");
        let second = why("+1 415 555 0133 or 415 555 019", None);
        assert!(second.contains("\"415 555 019\", of"), "{second}");
        assert!(why("call me", None).contains("is not a phone number"));
        assert!(one_phone("+14155550133 / +14155550199").unwrap_err().contains("holds 2 numbers"));
        assert!(one_phone("415 555 0133").unwrap_err().contains("country code"));
        assert_eq!(one_phone("+1 415 555 0133").unwrap().as_str(), "+14155550133");
    }
}
