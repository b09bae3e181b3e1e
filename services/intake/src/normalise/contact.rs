//! The two ways to reach a person. One usable is enough; the other is flagged.

use ripen_domain::{
    contact::{Email, InvalidEmail, InvalidPhone, Phone, ReadPhone},
    submission::Flag,
};
use ripen_web::FieldError;

use super::{reader::Reader, text};

/// What one field holds.
enum Found<T> {
    Usable(T),
    Unusable(FieldError),
    Missing,
}

/// Reads both. The country of the submission has to be known before.
pub fn read(reader: &mut Reader) {
    let email = email(reader);
    let phone = phone(reader);
    let neither = !matches!(email, Found::Usable(_)) && !matches!(phone, Found::Usable(_));
    match email {
        Found::Usable(email) => reader.submission.email = Some(email),
        Found::Unusable(error) if neither => reader.errors.push(error),
        Found::Unusable(_) => reader.submission.flag(Flag::EmailUnusable),
        Found::Missing if neither => {
            reader.errors.push(missing("/email", "Give an e-mail address, or a phone number."))
        }
        Found::Missing => {}
    }
    match phone {
        Found::Usable(read) => {
            if read.doubtful {
                reader.submission.flag(Flag::PhoneDoubtful);
            }
            reader.submission.phone = Some(read.phone);
        }
        Found::Unusable(error) if neither => reader.errors.push(error),
        Found::Unusable(_) => reader.submission.flag(Flag::PhoneUnusable),
        Found::Missing if neither => {
            reader.errors.push(missing("/phone", "Give a phone number, or an e-mail address."))
        }
        Found::Missing => {}
    }
}

fn missing(pointer: &'static str, message: &'static str) -> FieldError {
    FieldError { pointer: pointer.into(), code: "missing", message: message.into() }
}

fn invalid(pointer: &'static str, message: String) -> FieldError {
    FieldError { pointer: pointer.into(), code: "invalid", message: message.into() }
}

fn email(reader: &mut Reader) -> Found<Email> {
    let Some(value) = reader.take("email") else { return Found::Missing };
    let Ok(given) = text::of(value) else {
        return Found::Unusable(invalid("/email", "The e-mail address must be a text.".to_owned()));
    };
    let Some(given) = reader.cleaned(text::line(given, usize::MAX)) else { return Found::Missing };
    match Email::parse(&given) {
        Ok(email) => Found::Usable(email),
        Err(InvalidEmail::Empty) => Found::Missing,
        Err(error) => Found::Unusable(invalid("/email", format!("The e-mail address {error}."))),
    }
}

fn phone(reader: &mut Reader) -> Found<ReadPhone> {
    let Some(value) = reader.take("phone") else { return Found::Missing };
    let Ok(given) = text::of(value) else {
        return Found::Unusable(invalid("/phone", "The phone number must be a text or a number.".to_owned()));
    };
    let Some(given) = reader.cleaned(text::line(given, usize::MAX)) else { return Found::Missing };
    match Phone::parse(&given, reader.submission.country.as_deref()) {
        Ok(read) => Found::Usable(read),
        Err(InvalidPhone::Empty) => Found::Missing,
        Err(error) => Found::Unusable(invalid("/phone", format!("The phone number {error}."))),
    }
}
