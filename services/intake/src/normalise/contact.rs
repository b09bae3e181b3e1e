//! The two ways to reach a person. One usable is enough; the other is flagged with its words.

use ripen_domain::{
    contact::{Email, InvalidEmail, InvalidPhone, Phone, ReadPhone, is_extension},
    flag::FlagCode,
    values::{folded, is_nothing},
};
use ripen_web::FieldProblem;
use serde_json::Value;

use super::{PostedFrom, reader::Reader, text};

/// What one field holds.
enum ContactField<T> {
    Usable(T),
    /// Why not, and the words.
    Unusable(FieldProblem, String),
    Missing,
}

/// Reads both. The country of the submission has to be known before.
pub fn read(reader: &mut Reader, from: &PostedFrom<'_>) {
    let email = email(reader);
    let phone = phone(reader, from);
    let neither = !matches!(email, ContactField::Usable(_)) && !matches!(phone, ContactField::Usable(_));
    match email {
        ContactField::Usable(email) => reader.submission.email = Some(email),
        ContactField::Unusable(error, _) if neither => reader.errors.push(error),
        ContactField::Unusable(_, said) => reader.flag("email", FlagCode::EmailUnusable, &said),
        ContactField::Missing if neither => {
            reader.errors.push(missing("/email", "Give an e-mail address, or a phone number."))
        }
        ContactField::Missing => {}
    }
    match phone {
        ContactField::Usable(read) => usable_phone(reader, read),
        ContactField::Unusable(error, _) if neither => reader.errors.push(error),
        ContactField::Unusable(_, said) => reader.flag("phone", FlagCode::PhoneUnusable, &said),
        ContactField::Missing if neither => {
            reader.errors.push(missing("/phone", "Give a phone number, or an e-mail address."))
        }
        ContactField::Missing => {}
    }
    extension(reader);
}

fn usable_phone(reader: &mut Reader, read: ReadPhone) {
    if read.doubtful {
        reader.flag("phone", FlagCode::PhoneDoubtful, read.phone.as_str());
    }
    if let Some(second) = read.second {
        reader.flag("phone", FlagCode::SecondPhone, &second);
        reader.keep_beside("second_phone", Value::String(second));
    }
    reader.submission.phone_formerly = read.formerly;
    reader.submission.phone = Some(read.phone);
}

/// An extension in a field of its own. One in the phone field goes before it.
fn extension(reader: &mut Reader) {
    let Some(value) = reader.take("phone_extension") else { return };
    let given = text::shown(&value);
    let said = folded(&given).to_lowercase();
    let digits = said.trim_start_matches(|c: char| !c.is_ascii_digit());
    if said.is_empty() || is_nothing(&said) {
        return;
    }
    match &reader.submission.phone {
        Some(phone) if is_extension(digits) && phone.extension().is_none_or(|known| known == digits) => {
            reader.submission.phone = Some(phone.with_extension(digits));
        }
        _ => reader.set_aside("phone_extension", value),
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
    let said = text::shown(&value);
    let Ok(given) = text::of(value) else {
        return ContactField::Unusable(invalid("/email", "The e-mail address must be a text.".to_owned()), said);
    };
    // Cleaned first, so that an address cannot bring a line of its own into a header; then without what nobody sees.
    let cleaned = reader.cleaned("email", text::line(given, usize::MAX)).unwrap_or_default();
    match Email::parse(folded(&cleaned).trim_start_matches("mailto:")) {
        Ok(email) => ContactField::Usable(email),
        Err(InvalidEmail::Empty) => ContactField::Missing,
        Err(error) => ContactField::Unusable(invalid("/email", format!("The e-mail address {error}.")), said),
    }
}

fn phone(reader: &mut Reader, from: &PostedFrom<'_>) -> ContactField<ReadPhone> {
    let Some(value) = reader.take("phone") else { return ContactField::Missing };
    let said = text::shown(&value);
    let Ok(given) = text::of(value) else {
        let message = "The phone number must be a text or a number.".to_owned();
        return ContactField::Unusable(invalid("/phone", message), said);
    };
    let given = reader.cleaned("phone", text::lines(given, usize::MAX)).unwrap_or_default();
    let country = reader.submission.country.as_deref();
    let read = if from.bare_plus { with_bare_plus(&given, country) } else { Phone::parse(&given, country) };
    match read {
        Ok(read) => ContactField::Usable(read),
        Err(InvalidPhone::Empty) => ContactField::Missing,
        Err(error) if from.bare_plus => {
            let message = format!("The phone number {error}. In a form, write + as %2B: a bare + is a space.");
            ContactField::Unusable(invalid("/phone", message), said)
        }
        Err(error) => ContactField::Unusable(invalid("/phone", format!("The phone number {error}.")), said),
    }
}

/// A number whose form said `+` where it had to say `%2B`: a space by the rules, and most often a plus. What is a number
/// either way is left alone: one of the two would be a stranger's.
fn with_bare_plus(given: &str, country: Option<&str>) -> Result<ReadPhone, InvalidPhone> {
    let certain = |text: &str, country| Phone::parse(text, country).ok().filter(|read| !read.doubtful);
    let plus = certain(&format!("+{}", given.trim_start()), None);
    let space = certain(given, country);
    match (plus, space) {
        (Some(one), Some(two)) if one.phone != two.phone => Err(InvalidPhone::NotANumber),
        (Some(read), _) | (None, Some(read)) => Ok(read),
        (None, None) => Err(InvalidPhone::NotANumber),
    }
}
