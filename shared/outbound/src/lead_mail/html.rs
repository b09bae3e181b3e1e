//! The lead mail as HTML: one column that fits a phone, light and dark, readable without its style sheet too.
//!
//! Every text goes through [`escaped`], every link is made here from checked parts, and `dir="auto"` lets a name in
//! Arabic or Hebrew stand in its own direction without moving what stands beside it.

use std::fmt::Write;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::read::{Facts, Note, Reason};
use crate::html::escaped;

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

/// What needs no encoding in either part of an address (RFC 6068, RFC 3986 `unreserved`).
const IN_ADDRESS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(super) fn render(facts: &Facts) -> String {
    page(&facts.title, |out| {
        reach(out, facts);
        pairs(out, &facts.particulars());
        reasons(out, facts);
        said(out, facts);
        if !facts.origin.is_empty() {
            out.line("h2", "", "Where they came from");
            pairs(out, &facts.origin);
        }
        foot(out, facts);
    })
}

/// A title and some sentences.
pub(super) fn brief(title: &str, sentences: &[String]) -> String {
    page(title, |out| sentences.iter().for_each(|sentence| out.line("p", AUTO, sentence)))
}

fn page(title: &str, write: impl FnOnce(&mut Html)) -> String {
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

const AUTO: &str = " dir=\"auto\"";

/// What is written so far.
struct Html(String);

impl Html {
    /// Markup made here.
    fn raw(&mut self, markup: &str) {
        self.0.push_str(markup);
    }

    /// An element on a line of its own, its text escaped.
    fn line(&mut self, element: &str, attributes: &str, text: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "<{element}{attributes}>{}</{element}>", escaped(text));
    }

    fn link(&mut self, href: &str, text: &str) {
        let _ = writeln!(self.0, "<a href=\"{}\">{}</a>", escaped(href), escaped(text));
    }

    fn more(&mut self, more: usize) {
        if more > 0 {
            self.line("p", " class=\"fine\"", &format!("… and {more} more"));
        }
    }
}

fn reach(out: &mut Html, facts: &Facts) {
    if let Some(url) = facts.outcome_url.as_ref().filter(|_| facts.is_offer) {
        out.raw("<div class=\"reach\">\n");
        out.link(url, "Take it, or pass");
        out.raw("</div>\n");
    }
    if facts.phone.is_none() && facts.email.is_none() {
        return;
    }
    out.raw("<div class=\"reach\">\n");
    if let Some(phone) = &facts.phone {
        match tel(phone) {
            Some(href) => out.link(&href, &format!("Call {phone}")),
            None => out.line("p", AUTO, &format!("Phone: {phone}")),
        }
    }
    if let Some(email) = &facts.email {
        match mailto(email) {
            Some(href) => out.link(&href, &format!("Write to {email}")),
            None => out.line("p", AUTO, &format!("E-mail: {email}")),
        }
    }
    out.raw("</div>\n");
}

fn reasons(out: &mut Html, facts: &Facts) {
    if facts.reasons.shown.is_empty() {
        return;
    }
    out.line("h2", "", &format!("Why {}", facts.grade));
    out.raw("<ul>\n");
    for Reason { because, points } in &facts.reasons.shown {
        let points = points.as_ref().map(|points| format!(" ({points})")).unwrap_or_default();
        out.line("li", AUTO, &format!("{because}{points}"));
    }
    out.raw("</ul>\n");
    out.more(facts.reasons.more);
}

fn said(out: &mut Html, facts: &Facts) {
    if !facts.answers.shown.is_empty() {
        out.line("h2", "", "What they said");
        pairs(out, &facts.answers.shown);
        out.more(facts.answers.more);
    }
    if !facts.notes.shown.is_empty() {
        out.line("h2", "", "Notes");
        for Note { text, by } in &facts.notes.shown {
            out.raw("<div class=\"note\">\n");
            out.line("p", AUTO, text);
            if !by.is_empty() {
                out.line("p", " class=\"by\"", by);
            }
            out.raw("</div>\n");
        }
        out.more(facts.notes.more);
    }
}

fn pairs(out: &mut Html, pairs: &[(impl AsRef<str>, impl AsRef<str>)]) {
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

fn foot(out: &mut Html, facts: &Facts) {
    if let Some(url) = facts.outcome_url.as_ref().filter(|_| !facts.is_offer) {
        out.raw("<h2>How did it go?</h2>\n<div class=\"reach\">\n");
        out.link(url, "Accept, return, won or lost");
        out.raw("</div>\n");
    }
    if let Some(url) = &facts.open_leads_url {
        out.raw("<p>");
        out.link(url, "All your open leads");
        out.raw("</p>\n");
    }
    if let Some(fine_print) = facts.fine_print() {
        out.line("p", " class=\"fine\"", &fine_print);
    }
}

/// A link that dials, if this is a number in E.164.
fn tel(phone: &str) -> Option<String> {
    let digits = phone.strip_prefix('+')?;
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| format!("tel:{phone}"))
}

/// A link that begins a mail. Each part is encoded, so that an address cannot bring recipients or a body of its own.
fn mailto(email: &str) -> Option<String> {
    let (local, domain) = email.rsplit_once('@')?;
    let part = |text| utf8_percent_encode(text, IN_ADDRESS).to_string();
    Some(format!("mailto:{}@{}", part(local), part(domain)))
}
