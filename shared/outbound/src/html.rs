//! What every mail in HTML needs: its look, text from strangers made safe for markup, links that are made here from checked
//! parts.

use std::fmt::Write;

use ripen_domain::reach::{mailto, shown_phone, tel};

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{margin:0;background:#f4f5f2;color:#1d2420;font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}\
main{max-width:34rem;margin:0 auto;padding:20px 16px;background:#fff;overflow-wrap:anywhere}\
h1{margin:0 0 12px;font-size:22px;line-height:1.25}\
h2{margin:24px 0 6px;font-size:13px;letter-spacing:.04em;text-transform:uppercase;color:#5a655e}\
p,ul,dl{margin:0 0 8px}ul{padding-left:20px}dt{color:#5a655e;font-size:14px}dd{margin:0 0 8px}\
a{color:#0b6b3a}.reach a{display:block;margin:0 0 8px;padding:12px 14px;border:1px solid #0b6b3a;\
border-radius:8px;font-weight:600;text-decoration:none}\
.note{margin:0 0 12px;padding-left:12px;border-left:3px solid #cfd6d1}.by,.fine{color:#5a655e;font-size:14px}\
.note p{white-space:pre-line}\
@media (prefers-color-scheme:dark){body{background:#121614;color:#e6ebe7}main{background:#1a201c}\
h2,dt,.by,.fine{color:#a3aea7}a{color:#7fd6a4}.reach a{border-color:#7fd6a4}.note{border-color:#3c4740}}";

/// A whole mail under its title: one column that fits a phone, light and dark, readable without its style sheet too.
pub(crate) fn page(title: &str, write: impl FnOnce(&mut Html)) -> String {
    let mut out = Html(String::with_capacity(8 * 1024));
    out.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    out.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    out.raw("<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"supported-color-schemes\" content=\"light dark\">\n");
    out.raw("<meta name=\"format-detection\" content=\"telephone=no\">\n");
    out.line("title", "", title);
    out.raw(&format!("<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"));
    out.line("h1", AUTO, title);
    write(&mut out);
    out.raw("</main>\n</body>\n</html>\n");
    out.0
}

/// Lets a name in Arabic or Hebrew stand in its own direction without moving what stands beside it.
pub(crate) const AUTO: &str = " dir=\"auto\"";

/// What is written so far.
pub(crate) struct Html(String);

impl Html {
    /// Markup made here.
    pub(crate) fn raw(&mut self, markup: &str) {
        self.0.push_str(markup);
    }

    /// An element on a line of its own, its text escaped.
    pub(crate) fn line(&mut self, element: &str, attributes: &str, text: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "<{element}{attributes}>{}</{element}>", escaped(text));
    }

    /// A link, its address escaped too.
    pub(crate) fn link(&mut self, href: &str, text: &str) {
        let _ = writeln!(self.0, "<a href=\"{}\">{}</a>", escaped(href), escaped(text));
    }

    /// How many were left out.
    pub(crate) fn more(&mut self, more: usize) {
        if more > 0 {
            self.line("p", " class=\"fine\"", &format!("… and {more} more"));
        }
    }
}

/// Links that dial and write.
pub(crate) fn reach(out: &mut Html, phone: Option<&str>, email: Option<&str>) {
    if phone.is_none() && email.is_none() {
        return;
    }
    out.raw("<div class=\"reach\">\n");
    if let Some(phone) = phone {
        match tel(phone) {
            Some(href) => out.link(&href, &format!("Call {}", shown_phone(phone))),
            None => out.line("p", AUTO, &format!("Phone: {phone}")),
        }
    }
    if let Some(email) = email {
        match mailto(email) {
            Some(href) => out.link(&href, &format!("Write to {email}")),
            None => out.line("p", AUTO, &format!("E-mail: {email}")),
        }
    }
    out.raw("</div>\n");
}

/// Names and values.
pub(crate) fn pairs(out: &mut Html, pairs: &[(impl AsRef<str>, impl AsRef<str>)]) {
    if pairs.is_empty() {
        return;
    }
    out.raw("<dl>\n");
    for (name, value) in pairs {
        out.line("dt", AUTO, name.as_ref());
        out.line("dd", AUTO, value.as_ref());
    }
    out.raw("</dl>\n");
}

/// Safe between tags and between double quotes.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
