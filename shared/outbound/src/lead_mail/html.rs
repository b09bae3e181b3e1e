//! The lead mail as HTML. Every text goes through [`Html::line`], which escapes it.

use super::read::{Facts, Note, Reason};
use crate::html::{self, AUTO, Html, page, pairs};

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

fn reach(out: &mut Html, facts: &Facts) {
    if let Some(url) = facts.outcome_url.as_ref().filter(|_| facts.is_offer) {
        out.raw("<div class=\"reach\">\n");
        out.link(url, "Take it, or pass");
        out.raw("</div>\n");
    }
    html::reach(out, facts.phone.as_deref(), facts.email.as_deref());
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
