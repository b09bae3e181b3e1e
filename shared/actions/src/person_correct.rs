//! Contact data put right at the desk. What it was is kept in the audit, and under what the person was reached before still leads to
//! them.
//!
//! A form stands open for minutes, and meanwhile the vendor or a colleague may correct the same person. So each field is held against
//! what was shown in it:
//!
//! | typed | and by now | is |
//! |---|---|---|
//! | what was shown | whatever | left alone |
//! | something else | as it was shown | written |
//! | something else | just that | left as it is |
//! | something else | something third | refused at the field: somebody looks again |
//!
//! Of a field of which it is not told what was shown, a program's, what is said is written. A field that is not named at all is left
//! alone: a program that puts a number right must not take name and address away with it.

use std::{collections::BTreeMap, fmt};

use ripen_domain::{
    actor::Permission,
    contact::{Email, Identity, Phone},
    id::LeadId,
    person::Profile,
};
use ripen_store::{
    lead::show::LeadRecord,
    person::{correct::PersonCorrection, number::NumberWord},
};
use serde_json::{Value, json};

use crate::{Action, FieldErrors, Refusal, Work, check, lead::load, work::AuditChange};

/// Longest name or postal code, in bytes.
const LONGEST: usize = 200;

/// What a field that was changed by somebody else since is refused with.
pub const CHANGED: &str = "changed";

/// Says what is right of a lead's person. A field that is none is left as it is; an empty one is known no more.
#[derive(Clone, Default)]
pub struct CorrectPerson {
    /// Whose person.
    pub lead: Option<LeadId>,
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// Whole name, where the parts are not known.
    pub name: Option<String>,
    /// Mail address.
    pub email: Option<String>,
    /// Phone number, with an extension where there is one, as in the client's country.
    pub phone: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// ISO 3166 alpha-2.
    pub country: Option<String>,
    /// IANA name.
    pub time_zone: Option<String>,
    /// BCP 47 tag of the language they speak.
    pub locale: Option<String>,
    /// What was shown in the fields before they were typed into, by name.
    pub seen: BTreeMap<String, String>,
}

/// One field of a person, as a form shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersonField<T> {
    /// As forms and programs call it.
    pub name: &'static str,
    /// What stands in it; empty for what is not known.
    pub text: T,
}

/// What is known of a person, as a form shows it.
#[must_use]
pub fn shown_fields(profile: &Profile) -> [PersonField<String>; 9] {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let extension = profile.phone_extension.as_ref().map(|extension| format!(" x{extension}")).unwrap_or_default();
    [
        PersonField { name: "first_name", text: text(&profile.first_name) },
        PersonField { name: "last_name", text: text(&profile.last_name) },
        PersonField { name: "name", text: text(&profile.name) },
        PersonField { name: "email", text: text(&profile.email) },
        PersonField { name: "phone", text: format!("{}{extension}", text(&profile.phone)) },
        PersonField { name: "postal_code", text: text(&profile.postal_code) },
        PersonField { name: "country", text: text(&profile.country) },
        PersonField { name: "time_zone", text: text(&profile.time_zone) },
        PersonField { name: "locale", text: text(&profile.locale) },
    ]
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
    fn typed(&self) -> [PersonField<Option<&str>>; 9] {
        [
            PersonField { name: "first_name", text: self.first_name.as_deref() },
            PersonField { name: "last_name", text: self.last_name.as_deref() },
            PersonField { name: "name", text: self.name.as_deref() },
            PersonField { name: "email", text: self.email.as_deref() },
            PersonField { name: "phone", text: self.phone.as_deref() },
            PersonField { name: "postal_code", text: self.postal_code.as_deref() },
            PersonField { name: "country", text: self.country.as_deref() },
            PersonField { name: "time_zone", text: self.time_zone.as_deref() },
            PersonField { name: "locale", text: self.locale.as_deref() },
        ]
    }

    /// Whether a field is not named, or says what was shown in it: nobody changed it, whatever stands there by now.
    fn is_left(&self, field: &str) -> bool {
        let typed = self.typed().into_iter().find(|one| one.name == field).and_then(|one| one.text);
        typed.is_none_or(|typed| self.seen.get(field).is_some_and(|seen| is_same(seen, typed)))
    }

    /// Every field that was changed here and, otherwise, by somebody else since it was shown.
    fn hold_against(&self, now: &Profile, errors: &mut FieldErrors) {
        for (typed, now) in self.typed().into_iter().zip(shown_fields(now)) {
            let Some((seen, text)) = self.seen.get(typed.name).zip(typed.text) else { continue };
            let is_contrary = !is_same(seen, text) && !is_same(seen, &now.text) && !is_same(text, &now.text);
            // Without what it is: contact data stands in no refusal.
            errors.require(!is_contrary, typed.name, CHANGED, || {
                "somebody changed this since you opened the form: look at what stands there by now, and send what is right".to_owned()
            });
        }
    }

    /// What is right of what was changed, with every mistake noted.
    fn read(&self, record: &LeadRecord, errors: &mut FieldErrors) -> ReadPerson {
        let given = |field: &str, text: Option<&str>| {
            let text = text.map(str::trim).filter(|text| !text.is_empty() && !self.is_left(field));
            text.map(str::to_owned)
        };
        let line = |errors: &mut FieldErrors, field: &str, text: Option<&str>| {
            let given = given(field, text)?;
            let words = errors.words(field, Some(&given), LONGEST);
            let plain = words.as_deref().is_none_or(|words| !words.chars().any(char::is_control));
            errors.require(plain, field, "invalid", || "write it on one line".to_owned());
            words
        };
        let country =
            given("country", self.country.as_deref()).and_then(|text| errors.take("country", check::country(&text)));
        let email = given("email", self.email.as_deref()).and_then(|text| errors.take("email", check::email(&text)));
        let known = record.profile.country.as_deref().filter(|_| self.is_left("country"));
        let spoken = country.as_deref().or(known).unwrap_or(&record.client.country);
        let phone = given("phone", self.phone.as_deref()).and_then(|text| {
            let read = Phone::parse(&text, Some(spoken)).map_err(|why| format!("the number {why}"));
            errors.take("phone", read).map(|read| read.phone)
        });
        let zone = given("time_zone", self.time_zone.as_deref());
        if let Some(name) = &zone {
            errors.take("time_zone", check::time_zone(name));
        }
        let locale =
            given("locale", self.locale.as_deref()).and_then(|text| errors.take("locale", check::language(&text)));
        let profile = Profile {
            first_name: line(errors, "first_name", self.first_name.as_deref()),
            last_name: line(errors, "last_name", self.last_name.as_deref()),
            name: line(errors, "name", self.name.as_deref()),
            email: email.as_ref().map(|email| email.as_str().to_owned()),
            phone: phone.as_ref().map(|phone| phone.number().to_owned()),
            phone_extension: phone.as_ref().and_then(Phone::extension).map(str::to_owned),
            postal_code: line(errors, "postal_code", self.postal_code.as_deref()),
            country,
            time_zone: zone,
            locale,
            known_as: Vec::new(),
        };
        ReadPerson { profile, email, phone }
    }

    /// What is known from now on: what was changed, and of all else what is known by now.
    fn over(&self, now: &Profile, said: Profile) -> Profile {
        let of = |field: &str| if self.is_left(field) { now.clone() } else { said.clone() };
        let mut profile = Profile {
            first_name: of("first_name").first_name,
            last_name: of("last_name").last_name,
            name: of("name").name,
            email: of("email").email,
            phone: of("phone").phone,
            phone_extension: of("phone").phone_extension,
            postal_code: of("postal_code").postal_code,
            country: of("country").country,
            time_zone: of("time_zone").time_zone,
            locale: of("locale").locale,
            known_as: now.known_as.clone(),
        };
        profile.note_names(now.full_name().as_deref());
        profile
    }
}

fn is_same(one: &str, other: &str) -> bool {
    one.trim() == other.trim()
}

/// What was changed, read.
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
        let ReadPerson { profile: said, email, phone } = self.read(&record, &mut errors);
        errors.finish()?;
        let reached: Vec<_> =
            email.as_ref().map(Identity::of_email).into_iter().chain(phone.clone().map(Identity::Phone)).collect();
        let scope = work.scope();
        let held = work.tx.person_hold(scope, lead, &reached).await?;
        let held = held.ok_or_else(|| Refusal::missing("lead", lead))?;
        let mut errors = FieldErrors::default();
        self.hold_against(&held.profile, &mut errors);
        let profile = self.over(&held.profile, said);
        // Who has neither, and of whom only the name is put right, had neither before.
        let is_asked = !self.is_left("phone") || !self.is_left("email");
        errors.require(!is_asked || profile.email.is_some() || profile.phone.is_some(), "phone", "required", || {
            "leave a number or an address: without either nobody can reach them".to_owned()
        });
        errors.finish()?;
        let right = PersonCorrection { profile: &profile, reached: &reached };
        let leads = work.tx.person_correct(scope, &held, right, work.now).await?;
        let was_so = held.profile == profile;
        if let Some(phone) = phone {
            // A number that a call found to be somebody else's leads to the person after all: who writes it down says so. One that
            // merely stood in the form is nobody's word.
            let word = NumberWord { phone: &phone, is_right: true, by: work.actor.into(), at: work.now };
            work.tx.number_judge(scope, held.person, &word).await?;
        }
        let change = AuditChange::of(held.client, shown(&held.profile), shown(&profile));
        work.changed("person.correct", held.person, change);
        Ok(PutRight { was_so, leads })
    }
}

/// What the audit keeps: what it was, so that a mistake can be put right again. Erased with the person.
fn shown(profile: &Profile) -> Value {
    json!({"first_name": profile.first_name, "last_name": profile.last_name, "name": profile.name, "email": profile.email,
           "phone": profile.phone, "phone_extension": profile.phone_extension, "postal_code": profile.postal_code,
           "country": profile.country, "time_zone": profile.time_zone, "locale": profile.locale})
}
