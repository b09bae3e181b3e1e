//! What happened to a lead before, with everybody's words, the newest first.

use ripen_domain::{lead::OutcomeKind, outcome::reason_in_words, touch::Disposition};
use ripen_store::lead::brief::{EarlierEntry, EarlierEvent};

use crate::people::when::When;

/// Entries that the work page shows; the lead's own page has all.
const SHOWN: usize = 24;

/// What stands at an entry's place on the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryMark {
    /// A grade.
    Grade(&'static str),
    /// Something that came in.
    Arrival,
    /// Something that somebody of the firm did.
    Touch,
    /// Something that went to the client, or came from there.
    Client,
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryLine {
    /// `15 days`: everything here is past.
    pub near: String,
    /// With the date, the hour and the zone.
    pub whole: String,
    /// For programs.
    pub at: String,
    /// What stands at its place.
    pub mark: HistoryMark,
    /// Who; empty for a decision.
    pub by: String,
    /// What.
    pub words: String,
    /// What was said or written with it.
    pub quote: String,
}

/// What happened before, as it is shown.
pub fn past(entries: &[EarlierEntry], when: &When, hides_points: bool) -> Vec<HistoryLine> {
    let mut lines: Vec<HistoryLine> = Vec::new();
    let mut decisions = entries.iter().filter_map(|entry| match entry.what {
        EarlierEvent::Decided { grade, score } => Some((grade, score)),
        _ => None,
    });
    decisions.next();
    for entry in entries {
        let shown = match &entry.what {
            EarlierEvent::Arrived => line(entry, HistoryMark::Arrival, "arrived", when),
            EarlierEvent::Touched { disposition, answers } => {
                let words = in_words(*disposition);
                let brought = match answers {
                    0 => String::new(),
                    1 => ", 1 answer".to_owned(),
                    n => format!(", {n} answers"),
                };
                line(entry, HistoryMark::Touch, &format!("{words}{brought}"), when)
            }
            EarlierEvent::Decided { grade, score } => {
                // Decided again with the same result is nothing that happened to the person.
                if decisions.next() == Some((*grade, *score)) {
                    continue;
                }
                let words = if hides_points { grade.to_string() } else { format!("{grade} {score}") };
                line(entry, HistoryMark::Grade(grade.word()), &words, when)
            }
            EarlierEvent::Noted { text, is_of_arrival } => {
                let mark = if *is_of_arrival { HistoryMark::Arrival } else { HistoryMark::Touch };
                let same = lines
                    .iter_mut()
                    .find(|line| line.at == entry.at.to_string() && line.mark == mark && line.quote.is_empty());
                if let Some(line) = same {
                    line.quote.clone_from(text);
                    continue;
                }
                let words = if *is_of_arrival { "wrote" } else { "noted" };
                HistoryLine { quote: text.clone(), ..line(entry, mark, words, when) }
            }
            EarlierEvent::Delivered { rep: to } => {
                let to = to.as_deref().unwrap_or("the client");
                line(entry, HistoryMark::Client, &format!("sent to {to}"), when)
            }
            EarlierEvent::Outcome { kind, reason } => {
                let quote = reason.as_deref().map(|reason| reason_in_words(reason).to_string()).unwrap_or_default();
                HistoryLine { quote, ..line(entry, HistoryMark::Client, outcome_in_words(*kind), when) }
            }
        };
        lines.push(shown);
    }
    lines.truncate(SHOWN);
    lines
}

fn line(entry: &EarlierEntry, mark: HistoryMark, words: &str, when: &When) -> HistoryLine {
    HistoryLine {
        near: when.near(entry.at).trim_end_matches(" ago").to_owned(),
        whole: when.whole(entry.at),
        at: entry.at.to_string(),
        mark,
        by: entry.by.clone(),
        words: words.to_owned(),
        quote: String::new(),
    }
}

/// What a client said of the lead.
pub const fn outcome_in_words(kind: OutcomeKind) -> &'static str {
    match kind {
        OutcomeKind::Accepted => "accepted it",
        OutcomeKind::Returned => "returned it",
        OutcomeKind::NotYet => "not yet",
        OutcomeKind::Won => "won",
        OutcomeKind::Lost => "lost",
    }
}

/// How a call went, in words.
pub const fn in_words(disposition: Disposition) -> &'static str {
    match disposition {
        Disposition::Answered => "answered",
        Disposition::NoAnswer => "no answer",
        Disposition::Voicemail => "voicemail",
        Disposition::WrongNumber => "wrong number",
        Disposition::CallBack => "asked to be called back",
        Disposition::NotInterested => "not interested",
        Disposition::DoNotContact => "asked not to be contacted",
        Disposition::Note => "note",
        Disposition::ReachedOther => "reached somebody else",
        Disposition::NeverEnquired => "says they never enquired",
        Disposition::NumberDead => "the number leads nowhere",
    }
}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, tz::TimeZone};
    use ripen_domain::lead::Grade;

    use super::*;

    fn entry(at: &str, by: &str, what: EarlierEvent) -> EarlierEntry {
        EarlierEntry { at: at.parse().unwrap(), by: by.to_owned(), what }
    }

    #[test]
    fn notes_stand_with_their_call_and_a_decision_only_where_it_changed_something() {
        let b = EarlierEvent::Decided { grade: Grade::B, score: 50 };
        let note = |text: &str, is_of_arrival| EarlierEvent::Noted { text: text.to_owned(), is_of_arrival };
        let returned = EarlierEvent::Outcome { kind: OutcomeKind::Returned, reason: Some("Nobody answers".to_owned()) };
        let entries = [
            entry("2026-11-12T10:00:00Z", "Sam Rep", returned),
            entry("2026-11-11T10:00:00Z", "", EarlierEvent::Delivered { rep: Some("Sam Rep".to_owned()) }),
            entry("2026-11-10T10:00:00Z", "", b.clone()),
            entry(
                "2026-11-09T21:10:00Z",
                "Lee",
                EarlierEvent::Touched { disposition: Disposition::Answered, answers: 2 },
            ),
            entry("2026-11-09T21:10:00Z", "Lee", note("Lease ends in May.", false)),
            entry("2026-11-08T21:00:00Z", "Ana", note("rang twice", false)),
            entry("2026-11-02T18:20:00Z", "Lakefront", EarlierEvent::Arrived),
            entry("2026-11-02T18:20:00Z", "Lakefront", note("is 2140 still free?", true)),
            entry("2026-11-02T18:20:00Z", "", b),
        ];
        let now: Timestamp = "2026-11-24T16:03:00Z".parse().unwrap();
        let past = past(&entries, &When::at_clock(now, TimeZone::UTC), false);
        let lines: Vec<_> = past.iter().map(|line| format!("{}|{}|{}", line.by, line.words, line.quote)).collect();
        assert_eq!(
            lines,
            [
                "Sam Rep|returned it|Nobody answers",
                "|sent to Sam Rep|",
                "Lee|answered, 2 answers|Lease ends in May.",
                "Ana|noted|rang twice",
                "Lakefront|arrived|is 2140 still free?",
                "|B 50|"
            ]
        );
    }
}
