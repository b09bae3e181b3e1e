//! Contact data put right at the desk. What it was is kept in the audit, and under what the person was reached before still leads to
//! them.

use std::fmt;

use ripen_domain::{
    actor::Permission,
    contact::{Email, Identity, Phone},
    id::LeadId,
    person::Profile,
};
use ripen_store::person::{correct::PersonCorrection, number::NumberWord};
use serde_json::{Value, json};

use crate::{Action, FieldErrors, Refusal, Work, check, lead::load, work::AuditChange};

/// Longest name or postal code, in bytes.
const LONGEST: usize = 200;

/// Says what is right of a lead's person: all of it, an empty field is one that is not known.
#[derive(Clone, Default)]
pub struct CorrectPerson {
    /// Whose person.
    pub lead: Option<LeadId>,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// Whole name, where the parts are not known.
    pub name: String,
    /// Mail address.
    pub email: String,
    /// Phone number, with an extension where there is one, as in the client's country.
    pub phone: String,
    /// Postal code.
    pub postal_code: String,
    /// ISO 3166 alpha-2.
    pub country: String,
    /// IANA name.
    pub time_zone: String,
    /// BCP 47 tag of the language they speak.
    pub locale: String,
}

impl fmt::Debug for CorrectPerson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Contact data from end to end.
        f.debug_struct("CorrectPerson").field("lead", &self.lead).finish_non_exhaustive()
    }
}

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PutRight {
    /// Nothing was otherwise.
    pub was_so: bool,
    /// Open leads that are decided again.
    pub leads: u64,
}

impl CorrectPerson {
    /// What is right, with every mistake noted.
    fn read(&self, client_country: &str, errors: &mut FieldErrors) -> ReadPerson {
        let line = |errors: &mut FieldErrors, field: &str, given: &str| {
            let words = errors.words(field, Some(given), LONGEST);
            let plain = words.as_deref().is_none_or(|words| !words.chars().any(char::is_control));
            errors.require(plain, field, "invalid", || "write it on one line".to_owned());
            words
        };
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let country = given(&self.country).and_then(|text| errors.take("country", check::country(&text)));
        let email = given(&self.email).and_then(|text| errors.take("email", check::email(&text)));
        let spoken = country.as_deref().unwrap_or(client_country);
        let phone = given(&self.phone).and_then(|text| {
            let read = Phone::parse(&text, Some(spoken)).map_err(|why| format!("the number {why}"));
            errors.take("phone", read).map(|read| read.phone)
        });
        let zone = given(&self.time_zone);
        if let Some(name) = &zone {
            errors.take("time_zone", check::time_zone(name));
        }
        let locale = given(&self.locale);
        let is_tag = |tag: &str| tag.len() <= 35 && tag.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        errors.require(locale.as_deref().is_none_or(is_tag), "locale", "invalid", || {
            "write a language as BCP 47 has it, such as es or pt-BR".to_owned()
        });
        let profile = Profile {
            first_name: line(errors, "first_name", &self.first_name),
            last_name: line(errors, "last_name", &self.last_name),
            name: line(errors, "name", &self.name),
            email: email.as_ref().map(|email| email.as_str().to_owned()),
            phone: phone.as_ref().map(|phone| phone.number().to_owned()),
            phone_extension: phone.as_ref().and_then(Phone::extension).map(str::to_owned),
            postal_code: line(errors, "postal_code", &self.postal_code),
            country,
            time_zone: zone,
            locale,
        };
        errors.require(profile.email.is_some() || profile.phone.is_some(), "phone", "required", || {
            "leave a number or an address: without either nobody can reach them".to_owned()
        });
        ReadPerson { profile, email, phone }
    }
}

/// What was given, read.
struct ReadPerson {
    profile: Profile,
    email: Option<Email>,
    phone: Option<Phone>,
}

impl Action for CorrectPerson {
    type Done = PutRight;

    const PERMISSION: Permission = Permission::Work;

    async fn act(&self, work: &mut Work<'_>) -> Result<PutRight, Refusal> {
        let lead = self.lead.ok_or_else(|| Refusal::field("lead", "required", "name the lead"))?;
        let record = load(work, lead).await?;
        let mut errors = FieldErrors::default();
        let ReadPerson { profile, email, phone } = self.read(&record.client.country, &mut errors);
        errors.finish()?;
        let reached = email.as_ref().map(Identity::of_email).into_iter().chain(phone.clone().map(Identity::Phone));
        let identities: Vec<_> = reached.collect();
        let scope = work.scope();
        let right = PersonCorrection { profile: &profile, reached: &identities };
        let corrected = work.tx.person_correct(scope, lead, right, work.now).await?;
        let corrected = corrected.ok_or_else(|| Refusal::missing("lead", lead))?;
        let was_so = corrected.before == profile;
        if let Some(phone) = phone {
            // A number that a call found to be somebody else's leads to the person after all: who corrects it says so.
            let word = NumberWord { phone: &phone, is_right: true, by: work.actor.into(), at: work.now };
            work.tx.number_judge(scope, corrected.person, &word).await?;
        }
        let change = AuditChange::of(corrected.client, shown(&corrected.before), shown(&profile));
        work.changed("person.correct", corrected.person, change);
        Ok(PutRight { was_so, leads: corrected.leads })
    }
}

/// What the audit keeps: what it was, so that a mistake can be put right again. Erased with the person.
fn shown(profile: &Profile) -> Value {
    json!({"first_name": profile.first_name, "last_name": profile.last_name, "name": profile.name, "email": profile.email,
           "phone": profile.phone, "phone_extension": profile.phone_extension, "postal_code": profile.postal_code,
           "country": profile.country, "time_zone": profile.time_zone, "locale": profile.locale})
}
