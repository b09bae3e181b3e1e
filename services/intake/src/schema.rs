//! What senders may post, as the description of the API says it. Bodies are read by `formats` and `normalise`, which take
//! more than this and keep what they do not know; a test holds that they take all of this.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// One lead, or up to 1,000.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum LeadBody {
    /// One lead.
    One(Box<Lead>),
    /// Several; each stands for itself.
    Many(Vec<Lead>),
}

/// How a list posted as `text/csv` is read. What is not said is guessed from its header and its first rows.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListParameters {
    /// Which columns fill a field, the first that can be used; once for each field.
    #[param(example = "phone=Mobile,Home")]
    pub map: Option<String>,
    /// A field made of text, columns and the row's number; once for each field.
    #[param(example = "external_id=list7-{No}")]
    pub set: Option<String>,
    /// What a value becomes in a field, or nothing; once for each value.
    #[param(example = "channel:Instagram=social")]
    pub replace: Option<String>,
    /// What separates cells: one character, or `tab`.
    #[param(example = ";")]
    pub delimiter: Option<String>,
    /// Its encoding, where it is none of UTF-8, UTF-16 and Windows-1252.
    #[param(example = "shift_jis")]
    pub encoding: Option<String>,
}

/// A lead. Everything is optional but one of `email` and `phone`; fields that are none of these are kept as they are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Lead {
    /// The sender's own id: the same id with the same content is the same arrival, with other content a correction of it.
    #[schema(max_length = 200, example = "B-0017")]
    pub external_id: Option<String>,
    /// First name.
    #[schema(max_length = 200, example = "Casey")]
    pub first_name: Option<String>,
    /// Last name.
    #[schema(max_length = 200, example = "Smith")]
    pub last_name: Option<String>,
    /// The whole name, where its parts are not known.
    #[schema(max_length = 200)]
    pub name: Option<String>,
    /// E-mail address.
    #[schema(example = "casey@example.com")]
    pub email: Option<String>,
    /// Phone number, in any usual way of writing, with or without an extension (`x123`, `;ext=123`).
    #[schema(example = "(415) 555-0100")]
    pub phone: Option<String>,
    /// The extension behind the phone number, where it is not written with it.
    #[schema(max_length = 10, example = "123")]
    pub phone_extension: Option<String>,
    /// Postal code.
    #[schema(max_length = 32, example = "60134")]
    pub postal_code: Option<String>,
    /// ISO 3166-1 alpha-2; the source's country where it is missing.
    #[schema(example = "US")]
    pub country: Option<String>,
    /// A name of the tz database.
    #[schema(example = "America/Chicago")]
    pub time_zone: Option<String>,
    /// A BCP 47 language tag.
    #[schema(max_length = 35, example = "en-US")]
    pub locale: Option<String>,
    /// How the person came; the source's channel where it is missing.
    #[schema(example = "web_form")]
    pub channel: Option<String>,
    /// When the person said it; the time of receipt where it is missing.
    pub submitted_at: Option<Timestamp>,
    /// Answers by the id of their question.
    #[schema(value_type = Object, example = json!({"timeframe_days": 45, "budget": 450000, "preapproved": true}))]
    pub answers: BTreeMap<String, Value>,
    /// What else was said.
    #[schema(max_length = 10000)]
    pub notes: Option<String>,
    /// Who sent the person here.
    #[schema(max_length = 200)]
    pub referred_by: Option<String>,
    /// Kept, and not worked.
    pub test: bool,
    /// The person must not be contacted: every address and number that they are reached under is suppressed for the client; out of a
    /// form, or from a page, those that it names.
    pub do_not_contact: bool,
    /// What the person agreed to.
    pub consent: Option<ConsentGiven>,
    /// Where the person came from on the web.
    #[schema(value_type = Object, example = json!({"page_url": "https://example.com/homes", "utm_source": "newsletter"}))]
    pub tracking: BTreeMap<String, Value>,
}

/// What the person agreed to, word for word.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ConsentGiven {
    /// The words.
    #[schema(max_length = 10000)]
    pub text: Option<String>,
    /// Which version of them.
    #[schema(max_length = 200)]
    pub version: Option<String>,
    /// When.
    pub given_at: Option<Timestamp>,
    /// From which address.
    #[schema(max_length = 64)]
    pub ip: Option<String>,
    /// Where it can be looked up.
    #[schema(max_length = 2000)]
    pub certificate_url: Option<String>,
}

/// A form's fields: those of a lead by their names, `answers.<question>` or `answers[<question>]` for its members, and
/// Ripen's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct LeadForm {
    /// E-mail address.
    pub email: Option<String>,
    /// Phone number.
    pub phone: Option<String>,
    /// Hidden from people. Whoever fills it in is thanked, and the lead is not worked.
    #[serde(rename = "_hp")]
    pub honeypot: Option<String>,
    /// Which filling-in of the form this is: the same id is the same arrival.
    #[serde(rename = "_sid")]
    pub submission_id: Option<String>,
    /// Every other field of a lead, by its name.
    #[serde(flatten)]
    pub fields: BTreeMap<String, String>,
}

#[cfg(test)]
mod tests {
    use ripen_domain::{flag::FlagCode, submission::Submission};
    use utoipa::{
        PartialSchema,
        openapi::{RefOr, Schema},
    };

    use super::*;
    use crate::normalise::{self, PostedFrom};

    fn whole() -> Lead {
        let text = |text: &str| Some(text.to_owned());
        Lead {
            external_id: text("B-0017"),
            first_name: text("Casey"),
            last_name: text("Smith"),
            name: text("Casey Smith"),
            email: text("casey@example.com"),
            phone: text("(415) 555-0100"),
            phone_extension: text("123"),
            postal_code: text("60134"),
            country: text("US"),
            time_zone: text("America/Chicago"),
            locale: text("en-US"),
            channel: text("web_form"),
            submitted_at: Some("2026-11-20T10:00:00Z".parse().unwrap()),
            answers: BTreeMap::from([("budget".to_owned(), 450_000.into())]),
            notes: text("Call after six."),
            referred_by: text("A friend"),
            test: true,
            do_not_contact: true,
            consent: Some(ConsentGiven {
                text: text("Call me"),
                version: text("3"),
                given_at: Some("2026-11-20T09:00:00Z".parse().unwrap()),
                ip: text("192.0.2.1"),
                certificate_url: text("https://certificates.example/1"),
            }),
            tracking: BTreeMap::from([("utm_source".to_owned(), "newsletter".into())]),
        }
    }

    #[test]
    fn everything_that_is_described_is_read() {
        let Value::Object(fields) = serde_json::to_value(whole()).unwrap() else { panic!("an object") };
        let RefOr::T(Schema::Object(described)) = Lead::schema() else { panic!("an object") };
        assert_eq!(fields.keys().collect::<Vec<_>>().len(), described.properties.len(), "the example has every field");
        let received_at = "2026-11-22T10:00:00Z".parse().unwrap();
        let from = PostedFrom { country: "US", time_zone: "America/Chicago", received_at, bare_plus: &[] };
        let read: Submission = normalise::submission(fields, &from).usable(None).unwrap();
        let is_told = matches!(&*read.flags, [flag] if flag.code == FlagCode::DoNotContact);
        assert!(read.extra.is_empty() && is_told && read.do_not_contact, "{:?}", read.extra.keys().collect::<Vec<_>>());
        assert!(read.consent.is_some() && read.test && read.answers.contains_key("budget"));
    }
}
