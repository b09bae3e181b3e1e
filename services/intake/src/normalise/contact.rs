//! The two ways to reach a person. One usable is enough; the other is flagged with its words.

use ripen_domain::{
    contact::{Email, InvalidEmail, InvalidPhone, ReadPhone, bare_address, extension_written, is_no_extension},
    flag::FlagCode,
    list::wish::{ContactWish, wish_in_note},
    values::folded,
};
use ripen_web::FieldProblem;
use serde_json::Value;

use super::{
    number::NumberRules,
    posted_from::PostedFrom,
    reader::{Reader, RepeatedField},
    text, wish,
};

/// What one field holds.
enum ContactField<T> {
    Usable(T),
    /// Why not, and the words.
    Unusable(FieldProblem, String),
    /// Something, of which nobody sees anything.
    Unseen(FieldProblem),
    Missing,
}

/// Reads both. The country of the submission has to be known before.
pub fn read(reader: &mut Reader, from: &PostedFrom<'_>) {
    let email = email(reader);
    let phone = phone(reader, from, !matches!(email, ContactField::Usable(_)));
    let neither = !matches!(email, ContactField::Usable(_)) && !matches!(phone, ContactField::Usable(_));
    match email {
        ContactField::Usable(email) => reader.submission.email = Some(email),
        ContactField::Unusable(error, _) if neither => reader.errors.push(error),
        ContactField::Unseen(error) if neither => reader.errors.push(error),
        ContactField::Unusable(_, said) => reader.flag("email", FlagCode::EmailUnusable, &said),
        ContactField::Missing if neither => {
            reader.errors.push(missing("/email", "Give an e-mail address, or a phone number."))
        }
        ContactField::Unseen(_) | ContactField::Missing => {}
    }
    match phone {
        ContactField::Usable(read) => usable_phone(reader, read),
        ContactField::Unusable(error, _) if neither => reader.errors.push(error),
        ContactField::Unseen(error) if neither => reader.errors.push(error),
        ContactField::Unusable(_, said) => {
            reader.flag("phone", FlagCode::PhoneUnusable, &said);
            wish::beside_number(reader, &said);
        }
        ContactField::Missing if neither => {
            reader.errors.push(missing("/phone", "Give a phone number, or an e-mail address."))
        }
        ContactField::Unseen(_) | ContactField::Missing => {}
    }
    extension(reader);
}

fn usable_phone(reader: &mut Reader, read: ReadPhone) {
    if read.doubtful {
        reader.flag("phone", FlagCode::PhoneDoubtful, read.phone.as_str());
    }
    if let Some(remark) = read.remark {
        reader.flag("phone", FlagCode::PhoneRemark, &remark);
        wish::beside_number(reader, &remark);
        reader.keep_beside("phone_remark", Value::String(remark));
    }
    other_phones(reader, read.others);
    reader.submission.phone_formerly = read.formerly;
    reader.submission.phone = Some(read.phone);
}

/// The numbers beside the one that is used: each is seen by whoever calls, and kept.
fn other_phones(reader: &mut Reader, others: Vec<String>) {
    for other in &others {
        reader.flag("phone", FlagCode::SecondPhone, other);
        // `415-555-0155, do not call`: in place of another number.
        wish::beside_number(reader, other);
    }
    if !others.is_empty() {
        reader.keep_beside("second_phone", Value::String(others.join("; ")));
    }
}

/// An extension in a field of its own. One in the phone field goes before it.
fn extension(reader: &mut Reader) {
    let Some(value) = reader.take("phone_extension") else { return };
    let given = text::shown(&value);
    let said = folded(&given);
    if is_no_extension(&said) {
        return;
    }
    match (reader.submission.phone.clone(), extension_written(&given)) {
        (Some(phone), Some(digits)) if phone.extension().is_none_or(|known| known == digits) => {
            reader.submission.phone = Some(phone.with_extension(&digits));
        }
        (Some(_), _) => reader.set_aside("phone_extension", value),
        (None, extension) => {
            // For the number that is known already; flagged, because there may be none.
            reader.submission.phone_extension = extension;
            reader.set_aside("phone_extension", value);
        }
    }
}

fn missing(pointer: &'static str, message: &'static str) -> FieldProblem {
    FieldProblem { pointer: pointer.into(), code: "missing", message: message.into() }
}

fn invalid(pointer: &'static str, message: String) -> FieldProblem {
    FieldProblem { pointer: pointer.into(), code: "invalid", message: message.into() }
}

/// Why a field that is not empty counts as such. Beside a usable way it is no more than an empty one: a cell of a spreadsheet that
/// looks empty.
fn empty<T>(pointer: &'static str, what: &str, said: &str) -> ContactField<T> {
    if said.trim().is_empty() || !folded(said).chars().all(char::is_control) {
        return ContactField::Missing;
    }
    let message = format!("The {what} holds only characters that nobody can see. Write it again by hand.");
    ContactField::Unseen(invalid(pointer, message))
}

fn email(reader: &mut Reader) -> ContactField<Email> {
    let is_usable = |text: &str| Email::parse(bare_address(&folded(text))).is_ok();
    let Some(value) = reader.take_first("email", is_usable) else { return ContactField::Missing };
    let said = text::shown(&value);
    let Ok(given) = text::of(value) else {
        return ContactField::Unusable(invalid("/email", "The e-mail address must be a text.".to_owned()), said);
    };
    // Cleaned first, so that an address cannot bring a line of its own into a header; then without what nobody sees.
    let cleaned = reader.cleaned("email", text::line(given, usize::MAX)).unwrap_or_default();
    let seen = folded(&cleaned);
    if let Some((first, others)) = several(&seen) {
        others.iter().for_each(|other| reader.flag("email", FlagCode::FieldUnusable, other));
        reader.keep_beside("email", Value::String(others.join("; ")));
        return ContactField::Usable(first);
    }
    match Email::parse(bare_address(&seen)) {
        Ok(email) => ContactField::Usable(email),
        Err(InvalidEmail::Empty) => empty("/email", "e-mail address", &said),
        Err(error) => ContactField::Unusable(invalid("/email", format!("The e-mail address {error}.")), said),
    }
}

/// Of several addresses in one field the first, and the others as they were written; none where not each is one.
fn several(text: &str) -> Option<(Email, Vec<&str>)> {
    let mut parts = text.split([';', ',', '|', '/']).map(str::trim).filter(|part| !part.is_empty());
    let first = Email::parse(parts.next()?).ok()?;
    let others: Vec<_> = parts.map(|part| Email::parse(part).map(|_| part)).collect::<Result<_, _>>().ok()?;
    (!others.is_empty()).then_some((first, others))
}

fn phone(reader: &mut Reader, from: &PostedFrom<'_>, is_alone: bool) -> ContactField<ReadPhone> {
    let (rules, has_bare_plus) = (NumberRules::of(reader, from, is_alone), reader.has_bare_plus);
    let read = |text: &str| rules.read(text);
    let Some(RepeatedField { first: value, others }) = reader.take_all("phone", |text| read(text).is_ok()) else {
        return ContactField::Missing;
    };
    let first = read(&text::shown(&value)).ok();
    let mut beside = first.as_ref().map(|first| first.others.clone()).unwrap_or_default();
    for other in others {
        match read(&text::shown(&other)) {
            Ok(read) => {
                // Of one number among several: who looks at the lead sees it.
                if read.remark.as_deref().is_some_and(|remark| wish_in_note(remark) != ContactWish::NotSaid) {
                    reader.flag("phone", FlagCode::WishUnclear, &text::shown(&other));
                }
                for number in [read.phone.as_str().to_owned()].into_iter().chain(read.others) {
                    // One number as it was typed, and as the page completed it.
                    let is_first = first.as_ref().is_some_and(|first| first.phone.as_str() == number);
                    if !is_first && !beside.contains(&number) {
                        beside.push(number);
                    }
                }
            }
            Err(_) => reader.set_aside("phone", other),
        }
    }
    let said = text::shown(&value);
    let Ok(given) = text::of(value) else {
        let message = "The phone number must be a text or a number.".to_owned();
        return ContactField::Unusable(invalid("/phone", message), said);
    };
    let given = reader.cleaned("phone", text::lines(given, usize::MAX)).unwrap_or_default();
    match read(&given) {
        Ok(read) => ContactField::Usable(ReadPhone { others: beside, ..read }),
        Err(InvalidPhone::Empty) => empty("/phone", "phone number", &said),
        Err(error) if has_bare_plus => {
            let message = format!("The phone number {error}. In a form, write + as %2B: a bare + is a space.");
            ContactField::Unusable(invalid("/phone", message), said)
        }
        Err(error) => ContactField::Unusable(invalid("/phone", format!("The phone number {error}.")), said),
    }
}
