//! Extractors: what a handler needs of a request, read before it runs. Each refuses with a [`Problem`] that names the field,
//! says what belongs there, and repeats nothing that was sent.
//!
//! Bodies of leads are not read here: they are open-ended, and intake has formats for them.

use std::cell::Cell;

use axum::{
    body::Body,
    extract::{FromRef, FromRequest, FromRequestParts, Path, Request},
    http::{HeaderMap, header, request::Parts},
};
use bytes::Bytes;
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};

use crate::{
    FieldProblem, Problem, auth,
    body::{self, BodyLimits},
    catalogue::{self, ProblemType},
};

/// Something to be read from names and values: of a query, or of a form.
pub trait NamedFields: DeserializeOwned {
    /// What belongs in a field, as one sentence for whoever filled it in.
    fn hint(field: &str) -> &'static str;

    /// The fields that may stand several times; of any other the last one counts.
    const LISTS: &'static [&'static str] = &[];
}

/// The query of the address. A name that `T` does not have is refused: passed over, a mistyped `limt` would be answered as if it
/// had not been asked.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<S: Sync, T: NamedFields> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        // An address without a query is one with no names in it.
        let query = parts.uri.query().unwrap_or_default();
        without_nul(query.as_bytes())?;
        only_known(query.as_bytes(), names_of::<T>().unwrap_or_default())?;
        fields(query.as_bytes(), &catalogue::INVALID_PARAMETER).map(Self)
    }
}

/// An address that has no query: any parameter is refused.
#[derive(Debug, Clone, Copy)]
pub struct NoQuery;

impl<S: Sync> FromRequestParts<S> for NoQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        only_known(parts.uri.query().unwrap_or_default().as_bytes(), &[]).map(|()| Self)
    }
}

/// The most of a name that nobody knows which is shown.
const SHOWN_OF_NAME: usize = 40;

/// 400 where a value holds the character NUL: nothing that is kept holds one, and the database refuses to look for it.
fn without_nul(query: &[u8]) -> Result<(), Problem> {
    let Some((name, _)) =
        form_urlencoded::parse(query).find(|(name, value)| name.contains('\0') || value.contains('\0'))
    else {
        return Ok(());
    };
    let name: String = name.replace('\0', "").chars().take(SHOWN_OF_NAME).collect();
    let message = "A text cannot hold the character NUL.";
    let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
    let wrong = FieldProblem { pointer: pointer.into(), code: "invalid", message: message.into() };
    Err(Problem::new(&catalogue::INVALID_PARAMETER, format!("{name}: {message}")).with_errors(vec![wrong]))
}

/// 400 where a name is none of these; names them.
fn only_known(query: &[u8], known: &[&str]) -> Result<(), Problem> {
    let Some((name, _)) = form_urlencoded::parse(query).find(|(name, _)| !known.contains(&name.as_ref())) else {
        return Ok(());
    };
    let name: String = name.chars().take(SHOWN_OF_NAME).collect();
    let message = match known {
        [] => "This address takes no parameters.".to_owned(),
        known => format!("This address takes: {}.", known.join(", ")),
    };
    let detail = format!("There is no parameter {name:?}. {message}");
    let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
    let wrong = FieldProblem { pointer: pointer.into(), code: "unknown", message: message.into() };
    Err(Problem::new(&catalogue::INVALID_PARAMETER, detail).with_errors(vec![wrong]))
}

/// The names that a type reads, as serde has them; none where it takes any.
pub(crate) fn names_of<T: DeserializeOwned>() -> Option<&'static [&'static str]> {
    let names = Cell::new(None);
    // Reading ends as soon as the names are told.
    let _ = T::deserialize(NamesOnly(&names));
    names.get()
}

/// Asks a type for its names and gives it nothing to read.
struct NamesOnly<'n>(&'n Cell<Option<&'static [&'static str]>>);

impl<'de> Deserializer<'de> for NamesOnly<'_> {
    type Error = serde::de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Self::Error> {
        Err(Self::Error::custom("there is nothing to read"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.0.set(Some(fields));
        self.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct
        seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// The body of a form, `application/x-www-form-urlencoded`.
#[derive(Debug, Clone, Copy)]
pub struct FormBody<T>(pub T);

impl<S: Sync, T: NamedFields> FromRequest<S> for FormBody<T>
where
    BodyLimits: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (_, bytes) = read(request, state).await?;
        fields(&bytes, &catalogue::MALFORMED_BODY).map(Self)
    }
}

/// A body of `application/json`.
#[derive(Debug, Clone, Copy)]
pub struct JsonBody<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T>
where
    BodyLimits: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (headers, bytes) = read(request, state).await?;
        json_value(&headers, &bytes).map(Self)
    }
}

/// Reads a form's names and values, for an extractor that looks at more than them.
///
/// # Errors
/// 400 that names the field.
pub fn form_fields<T: NamedFields>(bytes: &[u8]) -> Result<T, Problem> {
    fields(bytes, &catalogue::MALFORMED_BODY)
}

/// Reads a JSON body, for an extractor that looks at more than it.
///
/// # Errors
/// 415 for another type, 400 with the place for what is no such JSON.
pub fn json_value<T: DeserializeOwned>(headers: &HeaderMap, bytes: &[u8]) -> Result<T, Problem> {
    // Browsers send forms across origins without asking; they cannot send this type unasked.
    if !is_json(headers) {
        return Err(Problem::new(&catalogue::UNSUPPORTED_MEDIA_TYPE, "Send the body as application/json."));
    }
    // Only the place: serde's own words can quote what was sent.
    let malformed = |error: serde_json::Error| {
        let what = if error.is_data() { "is JSON of another shape" } else { "is no JSON" };
        let detail = format!("The body {what} at line {}, column {}.", error.line(), error.column());
        Problem::new(&catalogue::MALFORMED_BODY, detail)
    };
    serde_json::from_slice(bytes).map_err(malformed)
}

/// The key or token of `Authorization: Bearer`.
#[derive(Clone)]
pub struct Bearer(pub String);

impl<S: Sync> FromRequestParts<S> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        auth::bearer(&parts.headers).map(|key| Self(key.to_owned()))
    }
}

/// The part of an address that is the id of a thing. Another kind of text is a 404: nothing has such an id.
#[derive(Debug, Clone, Copy)]
pub struct PathId<T>(pub T);

impl<S: Send + Sync, T: std::str::FromStr> FromRequestParts<S> for PathId<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let given = Path::<String>::from_request_parts(parts, state).await;
        // Damaged or of another kind: to the caller both are an address that leads nowhere.
        let id = given.ok().and_then(|Path(text)| text.parse().ok());
        id.map(Self)
            .ok_or_else(|| Problem::new(&catalogue::NOT_FOUND, "The id in the address is none of this kind of thing."))
    }
}

/// A request whose sender was refused before its body was read: reads and drops the body, or the answer would be lost with
/// the connection.
pub async fn refuse_unread(request: Request, problem: Problem) -> Problem {
    body::discard(request.into_body()).await;
    problem
}

async fn read<S>(request: Request, state: &S) -> Result<(HeaderMap, Bytes), Problem>
where
    BodyLimits: FromRef<S>,
{
    let (parts, content): (Parts, Body) = request.into_parts();
    let bytes = body::read(&parts.headers, content, BodyLimits::from_ref(state)).await?;
    Ok((parts.headers, bytes))
}

fn is_json(headers: &HeaderMap) -> bool {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// Names and values with the last of each, as programs that append to an address expect; those of lists all.
fn last_of_each(pairs: &[u8], lists: &[&str]) -> String {
    let given: Vec<_> = form_urlencoded::parse(pairs).collect();
    let counts =
        // The last one counts, unless all do: programs add a name to an address that has it already.
        |at: usize, name: &str| lists.contains(&name) || !given[at + 1..].iter().any(|(later, _)| later == name);
    let kept = given.iter().enumerate().filter(|(at, (name, _))| counts(*at, name)).map(|(_, pair)| pair);
    form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).finish()
}

/// Reads names and values.
fn fields<T: NamedFields>(pairs: &[u8], kind: &'static ProblemType) -> Result<T, Problem> {
    let pairs = last_of_each(pairs, T::LISTS);
    // By hand and not by the framework, whose errors quote what was sent.
    let deserializer = serde_html_form::Deserializer::from_bytes(pairs.as_bytes());
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let mut place = error.path().iter();
        let name = match place.next() {
            Some(serde_path_to_error::Segment::Map { key }) => key.clone(),
            _ => String::new(),
        };
        let element = match place.next() {
            Some(serde_path_to_error::Segment::Seq { index }) => format!("/{index}"),
            _ => String::new(),
        };
        let hint = T::hint(&name);
        // The hint and not what was sent: an answer must not repeat contact data.
        let wrong = FieldProblem { pointer: format!("/{name}{element}").into(), code: "invalid", message: hint.into() };
        Problem::new(kind, format!("{name}: {hint}")).with_errors(vec![wrong])
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Listed {
        limit: Option<u8>,
        #[serde(default)]
        id: Vec<u8>,
    }

    impl NamedFields for Listed {
        fn hint(field: &str) -> &'static str {
            if field == "limit" { "Write a number." } else { "Write ids." }
        }

        const LISTS: &'static [&'static str] = &["id"];
    }

    async fn query(query: &str) -> Result<Listed, Problem> {
        let request = Request::builder().uri(format!("/x?{query}")).body(()).unwrap();
        let (mut parts, ()) = request.into_parts();
        Query::<Listed>::from_request_parts(&mut parts, &()).await.map(|Query(listed)| listed)
    }

    #[tokio::test]
    async fn a_query_is_read_by_its_names() {
        assert_eq!(query("limit=7&id=1&id=2").await.unwrap(), Listed { limit: Some(7), id: vec![1, 2] });
        assert_eq!(query("").await.unwrap(), Listed { limit: None, id: vec![] });
        assert_eq!(query("limit=secret&limit=2").await.unwrap().limit, Some(2), "the last one counts");
    }

    #[rstest]
    #[case("limit=secret", "/limit", "limit: Write a number.")]
    #[case("id=1&id=secret", "/id/1", "id: Write ids.")]
    #[tokio::test]
    async fn a_refusal_names_the_field_and_repeats_nothing(
        #[case] given: &str,
        #[case] pointer: &str,
        #[case] detail: &str,
    ) {
        let problem = query(given).await.unwrap_err();
        assert_eq!((problem.kind(), problem.detail()), (&catalogue::INVALID_PARAMETER, detail));
        assert_eq!(problem.errors()[0].pointer, pointer);
    }

    #[tokio::test]
    async fn a_parameter_that_nobody_knows_is_refused_and_the_known_are_named() {
        let problem = query("limit=7&limt=5").await.unwrap_err();
        assert_eq!(problem.kind(), &catalogue::INVALID_PARAMETER);
        assert_eq!(problem.detail(), "There is no parameter \"limt\". This address takes: limit, id.");
        assert_eq!((problem.errors()[0].pointer.as_ref(), problem.errors()[0].code), ("/limt", "unknown"));
        let none = async |uri: &str| {
            let (mut parts, ()) = Request::builder().uri(uri).body(()).unwrap().into_parts();
            NoQuery::from_request_parts(&mut parts, &()).await.map(|NoQuery| ())
        };
        assert!(none("/x").await.is_ok() && none("/x?").await.is_ok());
        let problem = none("/x?full=1").await.unwrap_err();
        assert_eq!(problem.detail(), "There is no parameter \"full\". This address takes no parameters.");
    }

    #[derive(Debug, Deserialize)]
    struct Texts {
        #[expect(dead_code, reason = "it is never read")]
        object: Option<String>,
    }

    impl NamedFields for Texts {
        fn hint(_: &str) -> &'static str {
            "Write text."
        }
    }

    #[tokio::test]
    async fn a_text_with_nul_is_refused_before_anything_looks_for_it() {
        for query in ["object=%00", "object=a%00b", "object=a&object=%00"] {
            let (mut parts, ()) = Request::builder().uri(format!("/x?{query}")).body(()).unwrap().into_parts();
            let problem = Query::<Texts>::from_request_parts(&mut parts, &()).await.map(drop).unwrap_err();
            assert_eq!(
                (problem.kind(), problem.errors()[0].pointer.as_ref()),
                (&catalogue::INVALID_PARAMETER, "/object")
            );
        }
    }

    #[derive(Clone)]
    struct Limits;

    impl FromRef<Limits> for BodyLimits {
        fn from_ref(_: &Limits) -> Self {
            Self { bytes: 30, time: std::time::Duration::from_secs(5) }
        }
    }

    fn post(content_type: &str, content: &'static str) -> Request {
        Request::post("/x").header(header::CONTENT_TYPE, content_type).body(Body::from(content)).unwrap()
    }

    #[tokio::test]
    async fn bodies_are_bounded_and_refused_without_their_words() {
        let form = "application/x-www-form-urlencoded";
        let FormBody(read) = FormBody::<Listed>::from_request(post(form, "limit=3"), &Limits).await.unwrap();
        assert_eq!(read.limit, Some(3));
        let wrong = FormBody::<Listed>::from_request(post(form, "limit=secret"), &Limits).await.unwrap_err();
        assert_eq!(wrong.kind(), &catalogue::MALFORMED_BODY);
        let long = post(form, "limit=3&padding=xxxxxxxxxxxxxxxxxxxxxxxx");
        let large = FormBody::<Listed>::from_request(long, &Limits).await.unwrap_err();
        assert_eq!(large.kind(), &catalogue::BODY_TOO_LARGE);

        let json = async |kind, content| JsonBody::<Listed>::from_request(post(kind, content), &Limits).await;
        assert_eq!(json("application/json; charset=utf-8", "{\"limit\": 4}").await.unwrap().0.limit, Some(4));
        assert_eq!(json("text/plain", "{}").await.unwrap_err().kind(), &catalogue::UNSUPPORTED_MEDIA_TYPE);
        let shape = json("application/json", "{\"limit\": \"secret\"}").await.unwrap_err();
        assert_eq!(shape.detail(), "The body is JSON of another shape at line 1, column 18.");
        let broken = json("application/json", "{\"limit\"").await.unwrap_err();
        assert_eq!(broken.detail(), "The body is no JSON at line 1, column 8.");
    }
}
