//! From bytes of one media type to the fields of leads. What the fields mean is decided in `normalise`.

mod charset;
pub mod csv;
mod digits;
pub mod field;
pub mod form;
pub mod json;
mod multipart;
mod strict;

use axum::http::{HeaderMap, header};
use ripen_domain::{arrival::RawBody, flag::Flag};
use ripen_store::source::source_record::SourceFormat;
use ripen_web::{Problem, catalogue};
use serde_json::{Map, Value};

/// The fields of one lead, by their JSON names.
pub type Fields = Map<String, Value>;

/// One lead as it was posted.
pub struct PostedLead {
    /// Its fields; or, for one element of an array, why it is no lead.
    pub fields: Result<Fields, Problem>,
    /// The bytes that say it, and their media type.
    pub raw: RawBody,
    /// What of its body could not be taken as it came.
    pub flags: Vec<Flag>,
    /// Fields of a form that began with a `+` that was not encoded, by name.
    pub bare_plus: Vec<String>,
}

/// The formats that a content type can choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyFormat {
    /// `application/json`
    Json,
    /// JSON of a sender that does not say so: `text/plain`, or no type at all (`sendBeacon`).
    UndeclaredJson,
    /// `application/x-www-form-urlencoded`
    UrlEncoded,
    /// `multipart/form-data`
    Multipart,
    /// `text/csv`
    Csv,
}

impl BodyFormat {
    /// Every format that a content type names.
    pub const ALL: [Self; 4] = [Self::Json, Self::UrlEncoded, Self::Multipart, Self::Csv];

    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json | Self::UndeclaredJson => "application/json",
            Self::UrlEncoded => "application/x-www-form-urlencoded",
            Self::Multipart => "multipart/form-data",
            Self::Csv => "text/csv",
        }
    }

    /// Its name in metrics.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Json | Self::UndeclaredJson => "json",
            Self::UrlEncoded | Self::Multipart => "form",
            Self::Csv => "csv",
        }
    }

    /// Whether it is an HTML form's.
    pub const fn is_form(self) -> bool {
        matches!(self, Self::UrlEncoded | Self::Multipart)
    }

    /// Whether a source of this format may send it.
    pub const fn fits(self, source: SourceFormat) -> bool {
        match source {
            SourceFormat::Any => true,
            SourceFormat::Json => matches!(self, Self::Json | Self::UndeclaredJson),
            SourceFormat::Form => self.is_form(),
        }
    }

    /// The format that the content type names.
    ///
    /// # Errors
    /// 415 when it names none, none of ours, a character set in which the format is not read, or when the body is compressed.
    pub fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let value = headers.get(header::CONTENT_TYPE).map(|value| value.to_str());
        // A value that is not ASCII cannot name a media type that we take.
        let text = value.transpose().map_err(|_| unsupported("The Content-Type header is not ASCII."))?;
        let text_or_none = text.unwrap_or_default();
        let essence = text_or_none.split(';').next().unwrap_or_default().trim();
        let named = Self::ALL.into_iter().find(|format| essence.eq_ignore_ascii_case(format.media_type()));
        let undeclared = text.is_none() || essence.eq_ignore_ascii_case("text/plain");
        let format = named
            .or_else(|| undeclared.then_some(Self::UndeclaredJson))
            .ok_or_else(|| unsupported("This media type is not accepted."))?;
        // In another character set names would arrive damaged, and nobody would notice.
        match charset::parameter(text_or_none) {
            Some(name) if format.is_form() && charset::Charset::named(name).is_none() => {
                return Err(unsupported("The character set of this form is not known."));
            }
            Some(name) if format == Self::Csv && charset::Charset::named(name).is_none() => {
                return Err(unsupported("The character set of this list is not known."));
            }
            Some(name) if !format.is_form() && format != Self::Csv && !is_utf8(name) => {
                return Err(unsupported("JSON is accepted in the character set UTF-8 only."));
            }
            _ => {}
        }
        // Unpacked, a small body can be a very large one.
        let encoding = headers.get(header::CONTENT_ENCODING).map(|value| value.as_bytes().trim_ascii());
        if encoding.is_some_and(|encoding| !encoding.is_empty() && !encoding.eq_ignore_ascii_case(b"identity")) {
            return Err(unsupported("Compressed bodies are not accepted."));
        }
        Ok(format)
    }
}

fn is_utf8(charset: &str) -> bool {
    // `us-ascii` is contained in UTF-8.
    ["utf-8", "utf8", "us-ascii"].iter().any(|known| charset.eq_ignore_ascii_case(known))
}

/// Whether a body begins as JSON leads do. An encoded form never does: both brackets are escaped there.
pub fn begins_as_json(body: &[u8]) -> bool {
    let text = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii_start();
    matches!(text.first(), Some(b'{' | b'['))
}

/// Whether a body of no declared type is JSON after all; 415 where it is not: it may be a form.
///
/// # Errors
/// When it begins as no lead does.
pub fn undeclared(body: &[u8]) -> Result<(), Problem> {
    if begins_as_json(body) {
        return Ok(());
    }
    Err(unsupported("The Content-Type header does not say what the body is, and it is no JSON object."))
}

/// 415 to a format that the source is not set up for: says what came, and what it takes instead.
pub fn unfit(format: BodyFormat, source: SourceFormat) -> Problem {
    let what = match format {
        BodyFormat::Json => "This is JSON",
        // Said of a body that nobody looked into.
        BodyFormat::UndeclaredJson => "This is no form",
        BodyFormat::UrlEncoded | BodyFormat::Multipart => "This is a form",
        BodyFormat::Csv => "This is a list",
    };
    let accepted: Vec<_> =
        BodyFormat::ALL.into_iter().filter(|format| format.fits(source)).map(BodyFormat::media_type).collect();
    let detail = format!("{what}, and this source is set up for another format. Send: {}.", accepted.join(", "));
    Problem::new(&catalogue::UNSUPPORTED_MEDIA_TYPE, detail)
}

/// 415 that says what is accepted instead.
pub fn unsupported(what: &str) -> Problem {
    let accepted = BodyFormat::ALL.map(BodyFormat::media_type).join(", ");
    Problem::new(&catalogue::UNSUPPORTED_MEDIA_TYPE, format!("{what} Send one of: {accepted}."))
}

/// 400 about a body.
fn malformed(detail: impl Into<std::borrow::Cow<'static, str>>) -> Problem {
    Problem::new(&catalogue::MALFORMED_BODY, detail)
}

/// The body as text that PostgreSQL can keep: what is no UTF-8, and NUL, is replaced.
fn kept_text(body: &[u8]) -> String {
    // Kept for people to look at: what cannot be kept as text is marked where it stood.
    let text = String::from_utf8_lossy(body);
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text.into_owned() }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn of(content_type: &str) -> Result<BodyFormat, Problem> {
        BodyFormat::of(&HeaderMap::from_iter([(header::CONTENT_TYPE, content_type.parse().unwrap())]))
    }

    #[rstest]
    #[case("application/json", BodyFormat::Json)]
    #[case("Application/JSON; charset=UTF-8; profile=x", BodyFormat::Json)]
    #[case("application/x-www-form-urlencoded;charset=\"utf-8\"", BodyFormat::UrlEncoded)]
    #[case("application/x-www-form-urlencoded; charset=ISO-8859-1", BodyFormat::UrlEncoded)]
    #[case("multipart/form-data; boundary=x", BodyFormat::Multipart)]
    #[case("text/csv", BodyFormat::Csv)]
    #[case("Text/CSV; charset=windows-1252; header=present", BodyFormat::Csv)]
    fn the_content_type_decides(#[case] content_type: &str, #[case] format: BodyFormat) {
        assert_eq!(of(content_type).unwrap(), format);
    }

    #[rstest]
    #[case("text/csv; charset=klingon")]
    #[case("text/xml")]
    #[case("application/json; charset=iso-8859-1")]
    #[case("application/x-www-form-urlencoded; charset=klingon")]
    #[case("application/octet-stream")]
    #[case("")]
    fn anything_else_is_a_415_that_says_what_is_accepted(#[case] content_type: &str) {
        let problem = of(content_type).unwrap_err();
        assert_eq!(problem.kind(), &catalogue::UNSUPPORTED_MEDIA_TYPE);
        assert!(problem.detail().contains("application/json, application/x-www-form-urlencoded"));
    }

    #[test]
    fn json_is_taken_without_its_type_and_nothing_else_is() {
        assert_eq!(BodyFormat::of(&HeaderMap::new()).unwrap(), BodyFormat::UndeclaredJson);
        assert_eq!(of("text/plain;charset=UTF-8").unwrap(), BodyFormat::UndeclaredJson);
        assert!(undeclared(b" {}").is_ok() && undeclared(b"[]").is_ok());
        assert!(undeclared(b"email=a").is_err() && undeclared(b"").is_err());
    }

    #[test]
    fn a_source_of_one_format_says_what_came_and_what_it_takes() {
        let json = unfit(BodyFormat::Json, SourceFormat::Form);
        assert!(json.detail().starts_with("This is JSON") && !json.detail().contains("application/json"));
        let form = unfit(BodyFormat::UrlEncoded, SourceFormat::Json);
        assert!(form.detail().starts_with("This is a form") && form.detail().ends_with("Send: application/json."));
    }

    #[test]
    fn a_compressed_body_is_refused() {
        let mut headers = HeaderMap::from_iter([(header::CONTENT_TYPE, "application/json".parse().unwrap())]);
        headers.insert(header::CONTENT_ENCODING, "gzip".parse().unwrap());
        assert!(BodyFormat::of(&headers).is_err());
    }

    #[test]
    fn what_is_kept_holds_no_nul() {
        assert_eq!(kept_text(b"a\0b\xff"), "a\u{fffd}b\u{fffd}");
    }
}
