//! The addresses and numbers that a lead came with beside the one of each kind by which its person is known: a second number in the
//! field of the phone, another address, a field `mobile` beside `phone`. Part of no person, and shown to whoever calls; who must not
//! be contacted must not be contacted there either.

use std::collections::BTreeSet;

use super::Submission;
use crate::{
    contact::{Email, Identity, Phone},
    flag::{Flag, FlagCode},
    list::header::contact_field,
};

impl Submission {
    /// What its flags name beside [`Self::identities`], as far as it can be read in one way.
    #[must_use]
    pub fn identities_beside(&self) -> BTreeSet<Identity> {
        let country = self.country.as_deref();
        let mut beside: BTreeSet<_> = self.flags.iter().flat_map(|flag| named(flag, country)).collect();
        for known in self.identities() {
            beside.remove(&known);
        }
        beside
    }
}

fn named(flag: &Flag, country: Option<&str>) -> Vec<Identity> {
    let field = match flag.code {
        FlagCode::SecondPhone => Some("phone"),
        FlagCode::UnknownField | FlagCode::FieldUnusable => contact_field(&flag.field),
        _ => None,
    };
    let said = flag.said.as_deref().unwrap_or_default();
    // What a flag says is cut where it is long: the last of what it names may be half an address.
    let said = said.strip_suffix('…').map_or(said, |cut| cut.rsplit_once([';', ',']).map_or("", |(whole, _)| whole));
    match field {
        Some("phone") => said.split(';').flat_map(|part| numbers(part, country)).collect(),
        Some(_) => {
            let parts = said.split(|c: char| c.is_whitespace() || "<>,;/|\"[]".contains(c));
            parts.filter_map(|part| Email::parse(part).ok()).map(|email| Identity::of_email(&email)).collect()
        }
        None => Vec::new(),
    }
}

fn numbers(text: &str, country: Option<&str>) -> Vec<Identity> {
    // With its words: `415-555-0155, DNC 628-555-0123` is flagged as it was written.
    let read = Phone::parse_with_remark(text, country).ok().filter(|read| !read.doubtful);
    let Some(read) = read else { return Vec::new() };
    let others = read.others.iter().filter_map(|other| Phone::parse(other, country).ok()).map(|other| other.phone);
    others.chain([read.phone.clone()]).map(Identity::Phone).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("phone", FlagCode::SecondPhone, "+14155550145", &["+14155550145"])]
    #[case("mobile", FlagCode::UnknownField, "+14155550145; +14155550146", &["+14155550145", "+14155550146"])]
    #[case("second_phone", FlagCode::UnknownField, "+14155550145", &["+14155550145"])]
    #[case("phone", FlagCode::SecondPhone, "dnc +14155550145", &["+14155550145"])]
    #[case("email", FlagCode::FieldUnusable, "[\"cay@example.com\",\"kay@example.com\"]", &["cay@example.com", "kay@example.com"])]
    #[case("email_2", FlagCode::UnknownField, "Cay@Example.com", &["cay@example.com"])]
    // The one that the person is known by, a field of something else, and what is no number.
    #[case("phone", FlagCode::SecondPhone, "+14155550144", &[])]
    #[case("my_note", FlagCode::UnknownField, "+14155550145", &[])]
    #[case("second_phone", FlagCode::UnknownField, "at work", &[])]
    fn what_stands_beside_is_read_out_of_the_flags(
        #[case] field: &str,
        #[case] code: FlagCode,
        #[case] said: &str,
        #[case] expected: &[&str],
    ) {
        let mut submission = Submission {
            phone: Phone::parse("+14155550144", None).ok().map(|read| read.phone),
            ..Submission::default()
        };
        submission.flags.push(Flag::new(field, code).saying(said));
        let found: BTreeSet<_> = submission.identities_beside().iter().map(|one| one.value().to_owned()).collect();
        assert_eq!(found, expected.iter().map(|one| (*one).to_owned()).collect());
    }
}
