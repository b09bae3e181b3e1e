//! The shell of every page of every service: what stands around the content, the style sheet of the pages without a script, and the
//! headers that keep a page to itself.
//!
//! A service brings its content as a template of its own and gives it to a [`Page`]. No page asks for anything from elsewhere, and none
//! runs a script but those of the desk, from an address of their own origin.

use askama::Template;
use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::Problem;

/// The style sheet of every page without a script: tokens first, then what is made of them.
pub const STYLE: &str = include_str!("../assets/ripen.css");

/// A page with its style inside. A form's answer may lead to another origin (a source's own page of thanks), and browsers
/// hold `form-action` against that too.
const INLINE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self' https: http:; frame-ancestors 'none'; base-uri 'none'";

/// A page with its style at an address of its own origin.
const LINKED_POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// A page with a script: what it runs, and what it asks for afterwards, is its own origin's. The icon alone is inside.
const SCRIPT_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
                             form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Where a page has its style from.
#[derive(Debug, Clone, Copy)]
pub enum StyleSheet {
    /// Inside: one answer is the whole page, and forms may lead to other origins.
    Inline,
    /// From this path of the same origin.
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
    /// In a frame that the content brings, with its own `main` of the id `main`, to which the skip link leads.
    Framed,
}

impl Layout {
    /// The body's class; none where the content brings everything that stands in it.
    const fn class(self) -> Option<&'static str> {
        match self {
            Self::Alone => Some("alone"),
            Self::Column => Some("column"),
            Self::Wide => Some("wide"),
            Self::Framed => None,
        }
    }
}

/// The script of a page, and what it goes by.
#[derive(Clone, Copy)]
pub struct PageScript<'a> {
    /// Its path on the same origin.
    pub address: &'a str,
    /// What it sends along when it changes something; none where nobody is signed in.
    pub csrf: Option<&'a str>,
    /// `light` or `dark`, whatever the device says; empty for as the device.
    pub theme: &'a str,
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
#[derive(Template)]
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
    /// What it runs; most pages run nothing.
    pub script: Option<PageScript<'a>>,
    /// How the content stands.
    pub layout: Layout,
    /// Search engines may list it. What is behind a signed link they may not.
    pub is_indexed: bool,
    /// The content. Templates escape what they are given, so it stands here as it is.
    pub content: Content,
}

impl<Content: Template> Page<'_, Content> {
    fn theme(&self) -> &str {
        self.script.as_ref().map_or("", |script| script.theme)
    }

    fn csrf(&self) -> Option<&str> {
        self.script.as_ref()?.csrf
    }

    /// Whether its address is a credential, which no other site may be told. Where a page has a script somebody signs in instead; and
    /// a browser that hides the referrer posts forms from the origin `null`, which the desk refuses where nothing else says whose
    /// page it is.
    const fn hides_referrer(&self) -> bool {
        !self.is_indexed && self.script.is_none()
    }

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
        let policy = match (self.style, self.script) {
            (_, Some(_)) => SCRIPT_POLICY,
            (StyleSheet::Inline, None) => INLINE_POLICY,
            (StyleSheet::At(_), None) => LINKED_POLICY,
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
        let content = Content { typed };
        let header_link = Some(HeaderLink { label: "not you?", href: "#not-you" });
        let (header, layout) = (&["<Acme>"], Layout::Alone);
        Page { title: typed, header, header_link, style, script: None, layout, is_indexed, content }
    }

    fn with_script(layout: Layout, csrf: Option<&'static str>, theme: &'static str) -> Page<'static, Content<'static>> {
        let script = Some(PageScript { address: "/app.js?1", csrf, theme });
        Page { header: &[], script, layout, ..page("x", StyleSheet::At("/app.css?2")) }
    }

    /// A page but for what it says of its icon.
    fn lines(page: &Page<'_, Content<'_>>) -> Vec<String> {
        let html = page.render().unwrap();
        html.lines().filter(|line| !line.starts_with("<link rel=\"icon\"")).map(str::to_owned).collect()
    }

    const BEGINS: [&str; 3] = [
        "<meta charset=\"utf-8\">",
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">",
        "<meta name=\"color-scheme\" content=\"light dark\">",
    ];

    #[test]
    fn a_page_behind_a_link_says_whose_it_is_and_tells_nobody_its_address() {
        let head = [&["<!doctype html>", "<html lang=\"en\">", "<head>"][..], &BEGINS].concat();
        let rest = [
            "<meta name=\"robots\" content=\"noindex, nofollow\">",
            "<meta name=\"referrer\" content=\"no-referrer\">",
            "<title>x</title>",
            "<link rel=\"stylesheet\" href=\"/style.css\">",
            "</head>",
            "<body class=\"alone\">",
            "<header class=\"page-header\">",
            "<span dir=\"auto\">&#60;Acme&#62; · <a href=\"#not-you\">not you?</a></span>",
            "</header>",
            "<main>",
            "<h1>x</h1>",
            "</main>",
            "</body>",
            "</html>",
        ];
        assert_eq!(lines(&page("x", StyleSheet::At("/style.css"))), [&head[..], &rest].concat());
    }

    #[test]
    fn a_page_with_a_script_has_its_token_and_theme_and_sends_its_referrer() {
        let head = [&["<!doctype html>", "<html lang=\"en\" data-theme=\"dark\">", "<head>"][..], &BEGINS].concat();
        let rest = [
            "<meta name=\"csrf\" content=\"&#60;t&#62;\">",
            "<title>x</title>",
            "<link rel=\"stylesheet\" href=\"/app.css?2\">",
            "<script src=\"/app.js?1\" defer></script>",
            "</head>",
            "<body>",
            "<a class=\"skip\" href=\"#main\">Skip to the page</a>",
            "<h1>x</h1>",
            "</body>",
            "</html>",
        ];
        assert_eq!(lines(&with_script(Layout::Framed, Some("<t>"), "dark")), [&head[..], &rest].concat());
        let alone = lines(&with_script(Layout::Alone, None, ""));
        assert_eq!(alone[1], "<html lang=\"en\">");
        assert!(!alone.iter().any(|line| line.contains("csrf") || line.contains("skip")), "{alone:?}");
        assert_eq!(
            alone[alone.len() - 6..],
            ["<body class=\"alone\">", "<main>", "<h1>x</h1>", "</main>", "</body>", "</html>"]
        );
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
        assert!(!policy(StyleSheet::At("/style.css")).contains("script-src"));
        let response = with_script(Layout::Framed, None, "").response(StatusCode::OK);
        let scripted = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(
            scripted.contains("style-src 'self'; script-src 'self';") && !scripted.contains("unsafe"),
            "{scripted}"
        );
        assert_eq!(response.headers()["x-robots-tag"], "noindex, nofollow");
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
