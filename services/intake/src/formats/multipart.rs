//! `multipart/form-data` (RFC 7578): the text parts of a form. A file's content is not a lead's; only its name is kept.

use axum::body::Bytes;
use futures::stream;
use multer::Multipart;
use ripen_web::Problem;

use super::{
    field::{FormField, FormFields},
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
    let mut form = FormFields::default();
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        // A part without a name is no field (RFC 7578 §4.2).
        let Some(name) = part.name().map(str::to_owned) else { continue };
        let file = part.file_name().map(str::to_owned);
        let content = part.bytes().await.map_err(broken)?;
        let value = match file {
            Some(file) => {
                // A field for a file that was left empty is no loss.
                form.lossy |= !file.is_empty();
                file
            }
            None => {
                form.lossy |= std::str::from_utf8(&content).is_err();
                String::from_utf8_lossy(&content).into_owned()
            }
        };
        form.fields.push(FormField { name, value });
    }
    Ok(form)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert!(form.lossy);
    }

    #[tokio::test]
    async fn a_body_that_its_boundary_does_not_cut_is_malformed() {
        assert!(parts(b"email=a").await.is_err());
        assert!(parts(b"--cut\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\na@exam").await.is_err());
        assert!(read("multipart/form-data", Bytes::new()).await.is_err());
    }
}
