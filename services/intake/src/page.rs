//! The pages a browser meets at intake: thanks, and a refusal that keeps what was typed.

use askama::Template;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use ripen_web::{
    Problem,
    catalogue::{self, ProblemType},
    page::{Layout, Page, StyleSheet},
};

use crate::formats::{field::FormField, form::Form};

/// Where a browser goes when its source names no page of its own.
pub const THANKS: &str = "/v1/thanks";
/// Most fields that a refusal repeats.
const FIELDS: usize = 100;
/// A longer value is shown on several lines.
const LONGEST_LINE: usize = 80;

#[derive(Template)]
#[template(path = "thanks.html")]
struct Thanks;

#[derive(Template)]
#[template(path = "problems.html")]
struct Problems {
    kinds: &'static [&'static ProblemType],
}

#[derive(Template)]
#[template(path = "refusal.html")]
struct RefusedForm<'a> {
    problem: &'a Problem,
    fields: Vec<TypedField<'a>>,
}

/// A field as it was posted.
struct TypedField<'a> {
    name: &'a str,
    value: &'a str,
}

enum FieldKind {
    Hidden,
    Line,
    Lines,
}

impl TypedField<'_> {
    fn kind(&self) -> FieldKind {
        // Ripen's own fields: the person did not type them, and they must come back unchanged.
        if self.name.starts_with('_') {
            FieldKind::Hidden
        } else if self.value.contains('\n') || self.value.len() > LONGEST_LINE {
            FieldKind::Lines
        } else {
            FieldKind::Line
        }
    }
}

/// `/v1/thanks`. Says nothing of what was posted.
pub fn thanks() -> Response {
    page("Thank you", Layout::Alone, Thanks).response(StatusCode::OK)
}

/// Sends a browser on after a form: 303, so that reloading posts nothing again.
pub fn see_other(thanks_url: Option<&str>) -> Response {
    // An address that cannot be a header was checked when it was set; then our own page thanks.
    let place = thanks_url.and_then(|url| HeaderValue::from_str(url).ok());
    let place = place.unwrap_or(HeaderValue::from_static(THANKS));
    (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response()
}

/// A refusal as a page, with the form to correct and send again where there is one.
pub fn refusal(problem: &Problem, form: &Form) -> Response {
    // Not the honeypot: sent again with what a bot wrote into it, a person's correction would be trapped as well.
    let typed = form.fields().iter().filter(|field| field.name != "_hp").take(FIELDS);
    let fields = typed.map(|FormField { name, value }| TypedField { name, value }).collect();
    let content = RefusedForm { problem, fields };
    let mut response = page(problem.kind().title, Layout::Alone, content).response(problem.status());
    problem.set_headers(&mut response);
    response
}

/// The catalogue of problem types as a page.
pub fn problems() -> Response {
    page("Problem types", Layout::Wide, Problems { kinds: catalogue::ALL }).response(StatusCode::OK)
}

fn page<Content: Template>(title: &str, layout: Layout, content: Content) -> Page<'_, Content> {
    Page {
        title,
        header: &[],
        header_link: None,
        style: StyleSheet::Inline,
        script: None,
        layout,
        is_indexed: true,
        content,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::field::FormFields;

    #[tokio::test]
    async fn a_refusal_keeps_what_was_typed_and_escapes_it() {
        let field = |name: &str, value: &str| FormField { name: name.to_owned(), value: value.to_owned() };
        let typed =
            vec![field("first_name", "<script>\"x\""), field("notes", "a\nb"), field("_sid", "s1"), field("_hp", "")];
        let form = Form::from(FormFields { fields: typed, flags: Vec::new() });
        let problem = Problem::new(&catalogue::INVALID_LEAD, "No way to reach you.");
        let response = refusal(&problem, &form);
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let html = String::from_utf8(body.to_vec()).unwrap();
        assert!(html.contains("value=\"&#60;script&#62;&#34;x&#34;\""), "{html}");
        assert!(html.contains("<textarea name=\"notes\" rows=\"6\">\na\nb</textarea>"), "{html}");
        assert!(html.contains("type=\"hidden\" name=\"_sid\"") && !html.contains("_hp"), "{html}");
    }

    #[test]
    fn an_address_that_is_no_header_is_not_followed() {
        assert_eq!(see_other(Some("https://x.example/\r\nSet-Cookie: a")).headers()[header::LOCATION], THANKS);
        assert_eq!(see_other(Some("https://x.example/ok")).headers()[header::LOCATION], "https://x.example/ok");
    }
}
