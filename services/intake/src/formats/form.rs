//! HTML forms, urlencoded or multipart: flat names and texts become the fields of one lead.
//!
//! `answers.budget` and `answers[budget]` are the same member of `answers`; so for `tracking` and `consent`. Names that
//! begin with an underscore are Ripen's own: `_hp` is the honeypot, `_sid` the submission id, `_t` the signed time.

use axum::{
    body::Bytes,
    http::{HeaderMap, header},
};
use ripen_domain::{
    arrival::RawBody,
    list::header::{contact_field, outer_name},
};
use ripen_web::Problem;
use serde_json::{Map, Value};

use super::{
    BodyFormat, Fields, PostedLead,
    charset::{self, Charset},
    field::{FormField, FormFields, RawField, member},
    kept_text, multipart,
};

/// A form as it was posted.
#[derive(Default)]
pub struct Form {
    posted: FormFields,
    /// Fields that began with a `+` that was not encoded.
    bare_plus: Vec<String>,
}

impl From<FormFields> for Form {
    fn from(fields: FormFields) -> Self {
        Self { posted: fields, bare_plus: Vec::new() }
    }
}

impl Form {
    /// Reads a body.
    ///
    /// # Errors
    /// 400 when a multipart body is not what its boundary says.
    pub async fn read(headers: &HeaderMap, format: BodyFormat, body: &Bytes) -> Result<Self, Problem> {
        let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if format == BodyFormat::Multipart {
            return multipart::read(content_type, body.clone()).await.map(Self::from);
        }
        let mut posted = FormFields::read(pairs(body), Charset::of(content_type));
        posted.fields.iter_mut().for_each(mend_address);
        Ok(Self { posted, bare_plus: with_bare_plus(body) })
    }

    /// The fields in the order in which they were posted.
    pub fn fields(&self) -> &[FormField] {
        &self.posted.fields
    }

    /// The last value of a name.
    fn value(&self, name: &str) -> Option<&str> {
        // The last one: a hidden field with a default comes before the box that replaces it.
        self.fields().iter().rev().find(|field| field.name == name).map(|field| field.value.as_str())
    }

    /// Whether something filled in the field that people do not see.
    pub fn is_honeypot_filled(&self) -> bool {
        // Blanks are no trap: some browsers fill in every field.
        self.fields().iter().any(|field| field.name == "_hp" && !field.value.trim().is_empty())
    }

    /// The submission id that the page gave this filling-in of the form, where it is usable.
    pub fn submission_id(&self) -> Option<&str> {
        // An id that cannot be a key is ignored rather than refused: whoever filled in the form cannot mend it.
        self.value("_sid").filter(|id| crate::header::is_key(id))
    }

    /// The lead that the form says.
    pub fn posted(&self, format: BodyFormat, body: &[u8]) -> PostedLead {
        let mut fields = Fields::new();
        for FormField { name, value } in self.fields() {
            // What was left empty says nothing, and must not overwrite what is known of the person.
            if !matches!(name.as_str(), "_hp" | "_sid" | "_t" | charset::FIELD) && !value.trim().is_empty() {
                place(&mut fields, name, value);
            }
        }
        let raw = RawBody { media_type: format.media_type().to_owned(), text: kept_text(body) };
        PostedLead { fields: Ok(fields), raw, flags: self.posted.flags.clone(), bare_plus: self.bare_plus.clone() }
    }
}

/// Names and values of an urlencoded body, as bytes: pages in other encodings escape those of their own.
fn pairs(body: &[u8]) -> Vec<RawField> {
    let decoded = |text: &[u8]| -> Vec<u8> {
        let spaced: Vec<_> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
        percent_encoding::percent_decode(&spaced).collect()
    };
    let pairs = body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let end = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            let value = pair.get(end + 1..).unwrap_or_default();
            RawField { name: decoded(&pair[..end]), value: decoded(value), ..RawField::default() }
        })
        .collect()
}

/// A space within an e-mail address can only have been a `+` that was not encoded: `robin+tour@example.com`.
fn mend_address(field: &mut FormField) {
    let address = field.value.trim();
    if contact_named(&field.name) == Some("email")
        && address.contains(' ')
        && address.split_once('@').is_some_and(|(local, _)| local.contains(' '))
    {
        let (local, domain) = address.split_once('@').unwrap_or((address, ""));
        // Two addresses, or words around one, are no address either way.
        if !domain.contains([' ', '@']) && !local.contains("  ") {
            field.value = format!("{}@{domain}", local.replace(' ', "+"));
        }
    }
}

/// Fields for numbers that began with a `+` that was not encoded, and of which no other blank was written as one: then it was meant
/// as a plus.
fn with_bare_plus(body: &[u8]) -> Vec<String> {
    let fields = pairs(body).into_iter().zip(body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()));
    let bare = fields.filter(|(_, pair)| {
        let value = pair.iter().position(|byte| *byte == b'=').and_then(|end| pair.get(end + 1..));
        value.and_then(|value| value.strip_prefix(b"+")).is_some_and(|rest| !rest.contains(&b'+'))
    });
    let names = bare.filter_map(|(field, _)| String::from_utf8(field.name).ok());
    names.filter(|name| contact_named(name) == Some("phone")).collect()
}

/// Whether a field is called like one of addresses or numbers, within an outer name too.
fn contact_named(name: &str) -> Option<&'static str> {
    contact_field(name).or_else(|| contact_field(outer_name(name)?.inner))
}

/// Puts a value where its name says. A group that is a text already (`answers=x`) keeps its place; the member goes by
/// its whole name.
fn place(fields: &mut Fields, name: &str, value: &str) {
    // Names that end in `[]` come from frameworks that send every list so, also one of a single value.
    let name = name.strip_suffix("[]").unwrap_or(name);
    if let Some((group, member)) = member(name)
        && let Value::Object(members) = fields.entry(group).or_insert_with(|| Value::Object(Map::new()))
    {
        return add(members, member, value);
    }
    add(fields, name, value);
}

/// Adds a value. The second of a name makes a list: that is how forms send several ticked boxes.
fn add(fields: &mut Fields, name: &str, value: &str) {
    let value = Value::String(value.to_owned());
    match fields.get_mut(name) {
        None => drop(fields.insert(name.to_owned(), value)),
        Some(Value::Array(values)) => values.push(value),
        // A list from the second value on, so that a single answer stays a plain text.
        Some(first) => *first = Value::Array(vec![first.take(), value]),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    async fn form(body: &'static str) -> Form {
        Form::read(&HeaderMap::new(), BodyFormat::UrlEncoded, &Bytes::from_static(body.as_bytes())).await.unwrap()
    }

    #[rstest]
    #[case("email=a%40example.com&first_name=J%C3%B6rg", json!({"email": "a@example.com", "first_name": "Jörg"}))]
    #[case("answers.budget=450000&answers[soon]=yes", json!({"answers": {"budget": "450000", "soon": "yes"}}))]
    #[case("answers[want][]=a&answers[want][]=b", json!({"answers": {"want": ["a", "b"]}}))]
    #[case("utm_source=ad&page_url=x&tracking.cost=2", json!({"tracking": {"utm_source": "ad", "page_url": "x", "cost": "2"}}))]
    #[case("color=red&color=blue&empty=&_t=1&_hp=", json!({"color": ["red", "blue"]}))]
    #[case("answers=x&answers.y=1&other.z=2", json!({"answers": "x", "answers.y": "1", "other.z": "2"}))]
    #[tokio::test]
    async fn flat_names_become_fields(#[case] body: &'static str, #[case] fields: Value) {
        let posted = form(body).await.posted(BodyFormat::UrlEncoded, body.as_bytes());
        assert_eq!(Value::Object(posted.fields.unwrap()), fields);
        assert_eq!(posted.raw.text, body);
    }

    #[tokio::test]
    async fn ripens_own_fields_are_read() {
        let trapped = form("_hp=x&_sid=s-1&email=a").await;
        assert!(trapped.is_honeypot_filled());
        assert_eq!(trapped.submission_id(), Some("s-1"));
        assert!(!form("_hp=+&_sid=").await.is_honeypot_filled());
    }

    #[tokio::test]
    async fn a_plus_that_was_not_encoded_is_known() {
        let email = |form: &Form| form.value("email").map(str::to_owned);
        for (body, expected, bare_plus) in [
            ("email=robin+tour@example.com&phone=+442079460958", "robin+tour@example.com", true),
            ("email=robin%2Btour%40example.com&phone=%2B442079460958", "robin+tour@example.com", false),
            ("email=+robin@example.com+&phone=+415+555+0100", " robin@example.com ", false),
            ("email=Robin+R+%3Ca@b.example%3E+x", "Robin R <a@b.example> x", false),
        ] {
            let form = form(body).await;
            assert_eq!((email(&form).as_deref(), !form.bare_plus.is_empty()), (Some(expected), bare_plus), "{body}");
        }
    }

    #[rstest]
    #[case("first_name=J%F6rg&answers.town=K%F6ln", &["first_name: encoding guessed (Jörg)", "town: encoding guessed (Köln)"])]
    #[case("first_name=J\u{f6}rg&_charset_=windows-1252", &[])]
    #[case("_charset_=ISO-8859-1&first_name=J%F6rg&answers.town=K%F6ln", &[])]
    #[case("first_name=J%F6rg&answers.town=K%F6ln&_charset_=utf-8", &["first_name: encoding guessed (Jörg)", "town: encoding guessed (Köln)"])]
    #[case("first_name=J%C3%B6rg&answers.town=K%c3%b6ln&_charset_=klingon", &[])]
    #[tokio::test]
    async fn a_form_is_read_in_its_own_encoding(#[case] body: &'static str, #[case] flags: &[&str]) {
        let posted = form(body).await.posted(BodyFormat::UrlEncoded, body.as_bytes());
        assert_eq!(posted.flags.iter().map(ripen_domain::flag::Flag::in_words).collect::<Vec<_>>(), flags);
        let fields = Value::Object(posted.fields.unwrap());
        if body.is_ascii() {
            assert_eq!(fields, json!({"first_name": "Jörg", "answers": {"town": "Köln"}}), "{body}");
        }
        assert_eq!(fields.get("_charset_"), None);
    }

    #[tokio::test]
    async fn the_content_type_names_the_encoding() {
        let headers = HeaderMap::from_iter([(
            header::CONTENT_TYPE,
            "application/x-www-form-urlencoded; charset=windows-1250".parse().unwrap(),
        )]);
        assert_eq!(BodyFormat::of(&headers).unwrap(), BodyFormat::UrlEncoded);
        let body = Bytes::from_static(b"last_name=%C8apek&odd");
        let read = Form::read(&headers, BodyFormat::UrlEncoded, &body).await.unwrap();
        assert_eq!((read.value("last_name"), read.value("odd")), (Some("Čapek"), Some("")));
        assert_eq!(read.posted.flags, []);
    }
}
