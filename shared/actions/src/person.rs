//! People whose leads are worked, as whoever asks for them names them.

use ripen_domain::contact::{Email, Identity, InvalidPhone, Phone};

use crate::{FieldErrors, Refusal};

/// Fewest digits of a number.
const FEWEST_DIGITS: usize = 7;
/// What stands between numbers when there are three or more; of two, [`Phone::parse`] knows.
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
    let second = read.second.map(|second| Phone::parse(&second, country)).transpose()?;
    Ok([read.phone].into_iter().chain(second.map(|read| read.phone)).collect())
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
            let read = Email::parse(email).map_err(|why| format!("the address {email:?} {why}"));
            errors.take("email", read).map(Identity::Email)
        });
        let phones = self.phone.as_deref().and_then(|phone| {
            let read = phones(phone, country).map_err(|why| format!("the number {phone:?} {why}"));
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
                let read = Email::parse(email).map_err(|why| format!("the address {email:?} {why}"));
                errors.take("email", read).map(Identity::Email)
            }
            (None, Some(phone)) => {
                // No country is assumed here: the same number is somebody else's elsewhere.
                let read = Phone::parse(phone, None)
                    .map_err(|_| "write it with its country code, such as +14155550100".to_owned());
                errors.take("phone", read).map(|read| Identity::Phone(read.phone))
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
        ] {
            assert_eq!(phones(text, Some("US")).unwrap().len(), count, "{text}");
        }
        assert!(phones("415-555-0133 / 415-555-019", Some("US")).is_err(), "a part is not enough");
    }
}
