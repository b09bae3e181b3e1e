//! The shell of every page: what stands around the content, the one style sheet, and the headers that keep a page to itself.
//!
//! A service brings its content as a template of its own and gives it to a [`Page`]. No page runs a script or asks for
//! anything from elsewhere.

use askama::Template;
use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::Problem;

/// The style sheet of every page: tokens first, then what is made of them.
pub const STYLE: &str = include_str!("../assets/ripen.css");

/// A page with its style inside. A form's answer may lead to another origin (a source's own page of thanks), and browsers
/// hold `form-action` against that too.
const INLINE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self' https: http:; frame-ancestors 'none'; base-uri 'none'";

/// A page with its style at an address of its own origin.
const LINKED_POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Where a page has its style from.
#[derive(Debug, Clone, Copy)]
pub enum StyleSheet {
    /// Inside: one answer is the whole page, and forms may lead to other origins.
    Inline,
    /// From this path of the same origin, which answers with [`style`].
    At(&'static str),
}

/// How the content stands on the screen.
#[derive(Debug, Clone, Copy)]
pub enum Layout {
    /// A few sentences in the middle.
    Alone,
    /// One column that fits a phone, with targets that a thumb hits.
    Column,
    /// As wide as a table wants to be.
    Wide,
}

impl Layout {
    const fn class(self) -> &'static str {
        match self {
            Self::Alone => "alone",
            Self::Column => "column",
            Self::Wide => "wide",
        }
    }
}

/// A link behind the last part of what stands above the content.
#[derive(Debug, Clone, Copy)]
pub struct HeaderLink<'a> {
    /// What it says.
    pub label: &'a str,
    /// Where it leads.
    pub href: &'a str,
}

/// A whole page.
#[derive(Debug, Template)]
#[template(path = "page.html")]
pub struct Page<'a, Content: Template> {
    /// What the browser's tab says.
    pub title: &'a str,
    /// What stands above the content, such as whose page it is.
    pub header: &'a [&'a str],
    /// A link behind the last part of that.
    pub header_link: Option<HeaderLink<'a>>,
    /// Where its style comes from.
    pub style: StyleSheet,
    /// How the content stands.
    pub layout: Layout,
    /// Search engines may list it. What is behind a signed link they may not.
    pub is_indexed: bool,
    /// The content. Templates escape what they are given, so it stands here as it is.
    pub content: Content,
}

impl<Content: Template> Page<'_, Content> {
    /// The page as an answer.
    #[must_use]
    pub fn response(&self, status: StatusCode) -> Response {
        let html = match self.render() {
            Ok(html) => html,
            Err(error) => {
                tracing::error!(%error, "a page could not be written");
                // Without the page: an error page that is written the same way could fail the same way.
                return Problem::internal().into_response();
            }
        };
        let policy = match self.style {
            StyleSheet::Inline => INLINE_POLICY,
            StyleSheet::At(_) => LINKED_POLICY,
        };
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
            (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy)),
        ];
        let mut response = (status, headers, html).into_response();
        if !self.is_indexed {
            // Beside the signature in the link, which search engines would follow and keep.
            let robots = HeaderName::from_static("x-robots-tag");
            response.headers_mut().insert(robots, HeaderValue::from_static("noindex, nofollow"));
        }
        response
    }
}

/// The style sheet as an answer.
pub async fn style() -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8")),
        // The sheet says nothing about anybody, unlike every other answer, and may be kept.
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600")),
    ];
    (headers, STYLE).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Template)]
    #[template(source = "<h1>{{ typed }}</h1>", ext = "html")]
    struct Content<'a> {
        typed: &'a str,
    }

    fn page(typed: &str, style: StyleSheet) -> Page<'_, Content<'_>> {
        let is_indexed = matches!(style, StyleSheet::Inline);
        let header_link = Some(HeaderLink { label: "not you?", href: "#not-you" });
        let (header, layout) = (&["<Acme>"], Layout::Alone);
        Page { title: typed, header, header_link, style, layout, is_indexed, content: Content { typed } }
    }

    #[test]
    fn nothing_posted_becomes_markup() {
        let text = r#"<script>alert("x")</script> & 'é'"#;
        let shown = "&#60;script&#62;alert(&#34;x&#34;)&#60;/script&#62; &#38; &#39;é&#39;";
        let html = page(text, StyleSheet::At("/style.css")).render().unwrap();
        assert!(
            html.contains(&format!("<title>{shown}</title>")) && html.contains(&format!("<h1>{shown}</h1>")),
            "{html}"
        );
        assert!(html.contains("&#60;Acme&#62;") && !html.contains("<script"), "{html}");
    }

    #[test]
    fn a_page_allows_what_its_style_needs_and_no_more() {
        let policy = |style| {
            let response = page("x", style).response(StatusCode::OK);
            response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned()
        };
        assert!(policy(StyleSheet::Inline).contains("style-src 'unsafe-inline'; form-action 'self' https: http:;"));
        assert!(policy(StyleSheet::At("/style.css")).contains("style-src 'self'; form-action 'self';"));
        let private = page("x", StyleSheet::At("/style.css")).response(StatusCode::OK);
        assert_eq!(private.headers()["x-robots-tag"], "noindex, nofollow");
        assert!(!page("x", StyleSheet::Inline).response(StatusCode::OK).headers().contains_key("x-robots-tag"));
    }

    #[test]
    fn the_style_asks_for_nothing_and_ends_no_element() {
        // It stands inside `<style>` as it is.
        for wrong in ["url(", "@import", "</"] {
            assert!(!STYLE.contains(wrong), "{wrong}");
        }
    }
}
