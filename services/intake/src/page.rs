//! The pages a browser meets at intake: thanks, and a refusal that keeps what was typed.

use std::fmt::Write as _;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use ripen_web::{
    Problem, catalogue,
    html::{Escaped, page},
};

use crate::formats::form::Form;

/// Where a browser goes when its source names no page of its own.
pub const THANKS: &str = "/v1/thanks";
/// Most fields that a refusal repeats.
const FIELDS: usize = 100;

/// `/v1/thanks`. Says nothing of what was posted.
pub fn thanks() -> Response {
    page(StatusCode::OK, "Thank you", "<p>We have received your message.</p>")
}

/// Sends a browser on after a form: 303, so that reloading posts nothing again.
pub fn see_other(thanks_url: Option<&str>) -> Response {
    let place = thanks_url.and_then(|url| HeaderValue::from_str(url).ok());
    let place = place.unwrap_or(HeaderValue::from_static(THANKS));
    (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response()
}

/// A refusal as a page, with the form to correct and send again where there is one.
pub fn refusal(problem: &Problem, form: &Form) -> Response {
    let mut content = format!("<p>{}</p>\n", Escaped(problem.detail()));
    for error in problem.errors() {
        let _cannot_fail = writeln!(content, "<p class=\"wrong\">{}</p>", Escaped(&error.message));
    }
    let typed: Vec<_> = form.pairs.iter().filter(|(name, _)| name != "_hp").take(FIELDS).collect();
    if !typed.is_empty() {
        content.push_str("<form method=\"post\">\n");
        for (name, value) in typed {
            field(&mut content, name, value);
        }
        content.push_str("<button>Send again</button>\n</form>\n");
    }
    let mut response = page(problem.status(), problem.kind().title, &content);
    problem.set_headers(&mut response);
    response
}

fn field(content: &mut String, name: &str, value: &str) {
    let (name, value) = (Escaped(name), Escaped(value));
    let _cannot_fail = if name.0.starts_with('_') {
        writeln!(content, "<input type=\"hidden\" name=\"{name}\" value=\"{value}\">")
    } else if value.0.contains('\n') || value.0.len() > 80 {
        // A text area swallows one line break right after its tag.
        writeln!(content, "<label>{name}<textarea name=\"{name}\" rows=\"6\">\n{value}</textarea></label>")
    } else {
        writeln!(content, "<label>{name}<input name=\"{name}\" value=\"{value}\"></label>")
    };
}

/// The catalogue of problem types as a page.
pub fn problems() -> Response {
    let mut rows = String::from("<table><tr><th>Status</th><th>Type</th><th>What it is</th><th>What to do</th></tr>\n");
    for kind in catalogue::ALL {
        let _cannot_fail = writeln!(
            rows,
            "<tr id=\"{code}\"><td>{}</td><td><code>{code}</code></td><td>{}</td><td>{}</td></tr>",
            kind.status,
            Escaped(kind.title),
            Escaped(kind.remedy),
            code = kind.code,
        );
    }
    rows.push_str("</table>");
    page(StatusCode::OK, "Problem types", &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_refusal_keeps_what_was_typed_and_escapes_it() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let typed =
            vec![pair("first_name", "<script>\"x\""), pair("notes", "a\nb"), pair("_sid", "s1"), pair("_hp", "")];
        let form = Form { pairs: typed, lossy: false };
        let problem = Problem::new(&catalogue::INVALID_LEAD, "No way to reach you.");
        let response = refusal(&problem, &form);
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let html = String::from_utf8(body.to_vec()).unwrap();
        assert!(html.contains("value=\"&lt;script&gt;&quot;x&quot;\""), "{html}");
        assert!(html.contains("<textarea name=\"notes\" rows=\"6\">\na\nb</textarea>"), "{html}");
        assert!(html.contains("type=\"hidden\" name=\"_sid\"") && !html.contains("_hp"), "{html}");
    }

    #[test]
    fn an_address_that_is_no_header_is_not_followed() {
        assert_eq!(see_other(Some("https://x.example/\r\nSet-Cookie: a")).headers()[header::LOCATION], THANKS);
        assert_eq!(see_other(Some("https://x.example/ok")).headers()[header::LOCATION], "https://x.example/ok");
    }
}
