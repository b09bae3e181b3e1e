//! The lead mail as plain text: for mail programs that show no HTML, for screen readers, for search.

use ripen_domain::reach::shown_phone;

use super::read::{Facts, Note, Reason};

pub(super) fn render(facts: &Facts) -> String {
    let mut out = Text::default();
    out.line(&facts.title);
    if let Some(url) = facts.outcome_url.as_ref().filter(|_| facts.is_offer) {
        out.line("");
        out.line("TAKE IT, OR PASS");
        out.line(url);
    }
    contact(&mut out, facts);
    section(&mut out, &format!("WHY {}", facts.grade), &facts.reasons.shown, facts.reasons.more, |out, reason| {
        out.line(&format!("* {}", because(reason)));
    });
    section(&mut out, "WHAT THEY SAID", &facts.answers.shown, facts.answers.more, |out, (name, value)| {
        out.pair(name, value);
    });
    section(&mut out, "NOTES", &facts.notes.shown, facts.notes.more, note);
    section(&mut out, "WHERE THEY CAME FROM", &facts.origin, 0, |out, (name, value)| out.pair(name, value));
    foot(&mut out, facts);
    out.0
}

/// What is written so far.
#[derive(Default)]
struct Text(String);

impl Text {
    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    fn pair(&mut self, name: &str, value: &str) {
        self.line(&format!("{name}: {value}"));
    }
}

fn contact(out: &mut Text, facts: &Facts) {
    out.line("");
    if let Some(phone) = &facts.phone {
        out.pair("Phone", &shown_phone(phone));
    }
    if let Some(email) = &facts.email {
        out.pair("E-mail", email);
    }
    for (name, value) in facts.particulars() {
        out.pair(name, value);
    }
}

fn section<T>(out: &mut Text, title: &str, items: &[T], more: usize, mut write: impl FnMut(&mut Text, &T)) {
    if items.is_empty() {
        return;
    }
    out.line("");
    out.line(title);
    for item in items {
        write(out, item);
    }
    if more > 0 {
        out.line(&format!("… and {more} more"));
    }
}

fn because(reason: &Reason) -> String {
    reason.points.as_ref().map_or_else(|| reason.because.clone(), |points| format!("{} ({points})", reason.because))
}

fn note(out: &mut Text, note: &Note) {
    if !note.by.is_empty() {
        out.line(&format!("{}:", note.by));
    }
    // Indented, so that a note cannot pass for a heading of this mail.
    for line in note.text.lines() {
        out.line(format!("  {line}").trim_end());
    }
}

fn foot(out: &mut Text, facts: &Facts) {
    if let Some(url) = facts.outcome_url.as_ref().filter(|_| !facts.is_offer) {
        out.line("");
        out.line("TELL US HOW IT WENT");
        out.line(url);
    }
    if let Some(url) = &facts.open_leads_url {
        out.line("");
        out.line("ALL YOUR OPEN LEADS");
        out.line(url);
    }
    if let Some(fine_print) = facts.fine_print() {
        out.line("");
        out.line("-- ");
        out.line(&fine_print);
    }
}
