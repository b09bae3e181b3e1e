//! People whose leads are worked, as whoever asks for them names them.

use ripen_domain::contact::{Email, Identity, Phone};

use crate::{FieldErrors, Refusal};

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
        let phone = self.phone.as_deref().and_then(|phone| {
            let read = Phone::parse(phone, country).map_err(|why| format!("the number {phone:?} {why}"));
            errors.take("phone", read).map(|read| Identity::Phone(read.phone))
        });
        errors.require(self.email.is_some() || self.phone.is_some(), "email", "required", || {
            "name an e-mail address or a phone number".to_owned()
        });
        email.into_iter().chain(phone).collect()
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
