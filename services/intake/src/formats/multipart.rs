//! `multipart/form-data` (RFC 7578): the text parts of a form. A file's content is not a lead's; only its name is kept.

use axum::{
    body::Bytes,
    http::{HeaderValue, header},
};
use futures::stream;
use multer::Multipart;
use ripen_web::Problem;

use super::{
    charset::Charset,
    field::{FormFields, RawField},
    malformed,
};

/// Reads the parts.
///
/// # Errors
/// 400 when there is no boundary, or the body is not cut by it.
pub async fn read(content_type: &str, body: Bytes) -> Result<FormFields, Problem> {
    let boundary = multer::parse_boundary(content_type)
        .map_err(|_| malformed("The Content-Type multipart/form-data has no boundary parameter."))?;
    // Without the library's text, which may quote what was posted.
    let broken = |_error: multer::Error| malformed("The body is not well-formed multipart/form-data for its boundary.");
    // The body is here already, within its limit: nothing more is read.
    let whole = stream::iter([Ok::<_, std::convert::Infallible>(body)]);
    let mut parts = Multipart::new(whole, boundary);
    let mut fields = Vec::new();
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        let disposition =
            part.headers().get(header::CONTENT_DISPOSITION).map(HeaderValue::as_bytes).unwrap_or_default();
        // By its bytes: the library passes over a name that is not UTF-8, and the part with it.
        let name = part.name().map(|name| name.as_bytes().to_vec()).or_else(|| quoted(disposition, b"name"));
        let file = part.file_name().map(|name| name.as_bytes().to_vec()).or_else(|| quoted(disposition, b"filename"));
        // A part without a name is no field (RFC 7578 §4.2).
        let Some(name) = name else { continue };
        let own = part.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let charset = own.filter(|_| file.is_none()).and_then(Charset::of);
        let content = part.bytes().await.map_err(broken)?;
        let is_file = file.is_some();
        let value = file.unwrap_or_else(|| content.to_vec());
        fields.push(RawField { name, value, charset, is_file });
    }
    Ok(FormFields::read(fields, Charset::of(content_type)))
}

/// The bytes of a quoted parameter; none where it is not there.
fn quoted(header: &[u8], parameter: &[u8]) -> Option<Vec<u8>> {
    let beginning = [b" ".as_slice(), parameter, b"=\"".as_slice()].concat();
    let begins = header.windows(beginning.len()).position(|bytes| bytes.eq_ignore_ascii_case(&beginning))?;
    let rest = header.get(begins + beginning.len()..)?;
    let end = rest.iter().position(|byte| *byte == b'"')?;
    Some(rest[..end].to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::field::FormField;

    const TYPE: &str = "multipart/form-data; boundary=cut";

    async fn parts(body: &'static [u8]) -> Result<FormFields, Problem> {
        read(TYPE, Bytes::from_static(body)).await
    }

    #[tokio::test]
    async fn texts_are_read_and_files_are_named() {
        let body = b"--cut\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\na@example.com\r\n\
            --cut\r\nContent-Disposition: form-data; name=\"plan\"; filename=\"plan.pdf\"\r\n\
            Content-Type: application/pdf\r\n\r\n\x00\xff\r\n--cut--\r\n";
        let form = parts(body).await.unwrap();
        let field = |name: &str, value: &str| FormField { name: name.to_owned(), value: value.to_owned() };
        assert_eq!(form.fields, [field("email", "a@example.com"), field("plan", "plan.pdf")]);
        assert_eq!(words(&form), ["plan: field unusable (plan.pdf)"]);
    }

    fn words(form: &FormFields) -> Vec<String> {
        form.flags.iter().map(ripen_domain::flag::Flag::in_words).collect()
    }

    #[tokio::test]
    async fn parts_are_read_in_the_encoding_that_they_or_the_form_name() {
        let said = |form: &FormFields| form.fields.iter().map(|field| field.value.clone()).collect::<Vec<_>>();
        let body: &[u8] = b"--cut\r\nContent-Disposition: form-data; name=\"first_name\"\r\n\r\nJ\xf6rg\r\n\
            --cut\r\nContent-Disposition: form-data; name=\"last_name\"\r\n\
            Content-Type: text/plain; charset=windows-1250\r\n\r\n\xc8apek\r\n--cut--\r\n";
        let guessed = parts(body).await.unwrap();
        assert_eq!(
            (said(&guessed), words(&guessed)),
            (vec!["Jörg".into(), "Čapek".into()], vec!["first_name: encoding guessed (Jörg)".into()])
        );
        let of_body =
            read("multipart/form-data; boundary=cut; charset=iso-8859-1", Bytes::from_static(body)).await.unwrap();
        assert_eq!((said(&of_body), of_body.flags.len()), (vec!["Jörg".into(), "Čapek".into()], 0));
        let named = parts(
            b"--cut\r\nContent-Disposition: form-data; name=\"Stra\xdfe\"\r\n\r\nJ\xf6rg\r\n\
            --cut\r\nContent-Disposition: form-data; name=\"_charset_\"\r\n\r\nwindows-1252\r\n--cut--\r\n",
        );
        let named = named.await.unwrap();
        assert_eq!((named.fields[0].name.as_str(), named.fields[0].value.as_str()), ("Straße", "Jörg"));
        assert_eq!(named.flags, []);
    }

    #[tokio::test]
    async fn a_body_that_its_boundary_does_not_cut_is_malformed() {
        assert!(parts(b"email=a").await.is_err());
        assert!(parts(b"--cut\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\na@exam").await.is_err());
        assert!(read("multipart/form-data", Bytes::new()).await.is_err());
    }
}
