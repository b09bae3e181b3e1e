//! The few plain pages that machines' endpoints show to browsers: no script, no outside request, everything escaped.

use std::fmt;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

/// Allows a page of this module its own style and a form, and nothing else. A form's answer may lead to another origin
/// (a source's own page of thanks), and browsers hold `form-action` against that too.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self' https: http:; frame-ancestors 'none'; base-uri 'none'";

const STYLE: &str = "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:42rem;margin:3rem auto;padding:0 1rem;color-scheme:light dark}\
label{display:block;margin-top:1rem}input,textarea{font:inherit;width:100%;box-sizing:border-box;padding:.4rem}\
button{font:inherit;margin-top:1.5rem;padding:.5rem 1.5rem}table{border-collapse:collapse}td,th{text-align:start;vertical-align:top;padding:.4rem .8rem .4rem 0}\
.wrong{font-weight:600}";

/// A text as HTML: shown as it is in text and in quoted attributes.
pub struct Escaped<'a>(pub &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
            f.write_str(&rest[..at])?;
            f.write_str(match rest.as_bytes()[at] {
                b'&' => "&amp;",
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'"' => "&quot;",
                _ => "&#39;",
            })?;
            rest = &rest[at + 1..];
        }
        f.write_str(rest)
    }
}

/// A whole page. `title` is escaped here, `content` is HTML already.
pub fn page(status: StatusCode, title: &str, content: &str) -> Response {
    let title = Escaped(title);
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title}</title><style>{STYLE}</style></head>\
         <body><main><h1>{title}</h1>\n{content}\n</main></body></html>\n"
    );
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY)),
    ];
    (status, headers, html).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_posted_becomes_markup() {
        let text = r#"<script>alert("x")</script> & 'é'"#;
        let shown = Escaped(text).to_string();
        assert_eq!(shown, "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;é&#39;");
    }
}
