//! The two ways to reach a person. One usable is enough; the other is flagged.

use ripen_domain::{
    contact::{Email, InvalidEmail, InvalidPhone, Phone, ReadPhone},
    submission::Flag,
};
use ripen_web::FieldProblem;

use super::{reader::Reader, text};

/// What one field holds.
enum ContactField<T> {
    Usable(T),
    Unusable(FieldProblem),
    Missing,
}

/// Reads both. The country of the submission has to be known before.
pub fn read(reader: &mut Reader) {
    let email = email(reader);
    let phone = phone(reader);
    let neither = !matches!(email, ContactField::Usable(_)) && !matches!(phone, ContactField::Usable(_));
    match email {
        ContactField::Usable(email) => reader.submission.email = Some(email),
        ContactField::Unusable(error) if neither => reader.errors.push(error),
        ContactField::Unusable(_) => reader.submission.flag(Flag::EmailUnusable),
        ContactField::Missing if neither => {
            reader.errors.push(missing("/email", "Give an e-mail address, or a phone number."))
        }
        ContactField::Missing => {}
    }
    match phone {
        ContactField::Usable(read) => {
            if read.doubtful {
                reader.submission.flag(Flag::PhoneDoubtful);
            }
            reader.submission.phone = Some(read.phone);
        }
        ContactField::Unusable(error) if neither => reader.errors.push(error),
        ContactField::Unusable(_) => reader.submission.flag(Flag::PhoneUnusable),
        ContactField::Missing if neither => {
            reader.errors.push(missing("/phone", "Give a phone number, or an e-mail address."))
        }
        ContactField::Missing => {}
    }
}

fn missing(pointer: &'static str, message: &'static str) -> FieldProblem {
    FieldProblem { pointer: pointer.into(), code: "missing", message: message.into() }
}

fn invalid(pointer: &'static str, message: String) -> FieldProblem {
    FieldProblem { pointer: pointer.into(), code: "invalid", message: message.into() }
}

fn email(reader: &mut Reader) -> ContactField<Email> {
    let Some(value) = reader.take("email") else { return ContactField::Missing };
    let Ok(given) = text::of(value) else {
        return ContactField::Unusable(invalid("/email", "The e-mail address must be a text.".to_owned()));
    };
    let Some(given) = reader.cleaned(text::line(given, usize::MAX)) else { return ContactField::Missing };
    match Email::parse(&given) {
        Ok(email) => ContactField::Usable(email),
        Err(InvalidEmail::Empty) => ContactField::Missing,
        Err(error) => ContactField::Unusable(invalid("/email", format!("The e-mail address {error}."))),
    }
}

fn phone(reader: &mut Reader) -> ContactField<ReadPhone> {
    let Some(value) = reader.take("phone") else { return ContactField::Missing };
    let Ok(given) = text::of(value) else {
        return ContactField::Unusable(invalid("/phone", "The phone number must be a text or a number.".to_owned()));
    };
    let Some(given) = reader.cleaned(text::line(given, usize::MAX)) else { return ContactField::Missing };
    match Phone::parse(&given, reader.submission.country.as_deref()) {
        Ok(read) => ContactField::Usable(read),
        Err(InvalidPhone::Empty) => ContactField::Missing,
        Err(error) => ContactField::Unusable(invalid("/phone", format!("The phone number {error}."))),
    }
}
