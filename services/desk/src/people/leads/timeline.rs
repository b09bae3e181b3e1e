//! One timeline of everything that happened to a lead, newest first.

use jiff::{SignedDuration, Timestamp};
use ripen_actions::{lead_changes::ChangeOfLead, lead_page::WholeLead};
use ripen_domain::appointment::{AppointmentState, in_words};
use serde::Deserialize;

use super::{
    shown::TimeInTitle,
    timeline_words::{answered, because, decided, delivered, judged, money, said},
};
use crate::people::{
    when::When,
    work::next::{both_clocks, there},
};

/// What kind of thing happened: what the mark of an entry shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// Somebody wrote to us.
    Arrival,
    /// Somebody was called, or something was written down.
    Touch,
    /// It was graded.
    Decision,
    /// A next step was made or ended.
    Promise,
    /// Something was sent.
    Delivery,
    /// A client said something.
    Outcome,
    /// Two persons were made one.
    Merge,
    /// A time was agreed.
    Appointment,
}

impl EntryKind {
    /// The class of its mark.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Touch => "dot touch",
            Self::Delivery | Self::Outcome | Self::Appointment => "dot out",
            Self::Arrival | Self::Decision | Self::Promise | Self::Merge => "dot",
        }
    }

    /// Of one instant the effect stands above its cause: what is sent above the grade, and that above what was said.
    const fn after(self) -> u8 {
        match self {
            Self::Arrival | Self::Merge => 0,
            Self::Touch | Self::Outcome | Self::Appointment => 1,
            Self::Decision => 2,
            Self::Promise => 3,
            Self::Delivery => 4,
        }
    }
}

/// Whatever is decided is decided within so long after what made it necessary.
const MADE_BY: SignedDuration = SignedDuration::from_mins(10);

/// Which entries are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimelineShow {
    /// All of them.
    #[default]
    All,
    /// Calls, and whatever was written or said.
    Notes,
    /// Grades.
    Decisions,
    /// What was sent to the client, and what it said.
    Deliveries,
}

impl TimelineShow {
    /// In the order of the tabs.
    pub const ALL: [Self; 4] = [Self::All, Self::Notes, Self::Decisions, Self::Deliveries];

    /// As the address has it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Notes => "notes",
            Self::Decisions => "decisions",
            Self::Deliveries => "deliveries",
        }
    }

    /// As its tab says.
    pub const fn title(self) -> &'static str {
        match self {
            Self::All => "All",
            Self::Notes => "Notes",
            Self::Decisions => "Decisions",
            Self::Deliveries => "Deliveries",
        }
    }

    /// Whether an entry is shown.
    pub fn has(self, entry: &TimelineEntry) -> bool {
        match self {
            Self::All => !entry.is_same,
            Self::Notes => entry.kind == EntryKind::Touch || !entry.words.is_empty(),
            Self::Decisions => entry.kind == EntryKind::Decision,
            Self::Deliveries => matches!(entry.kind, EntryKind::Delivery | EntryKind::Outcome),
        }
    }
}

/// An attempt under its delivery.
#[derive(Debug, Clone)]
pub struct EntryTry {
    pub number: i32,
    pub at: TimeInTitle,
    pub hour: String,
    pub how: String,
    pub is_bad: bool,
    pub took: String,
}

/// One entry.
#[derive(Debug, Clone)]
pub struct TimelineEntry {
    pub kind: EntryKind,
    pub at: TimeInTitle,
    /// What happened, in a few words.
    pub what: String,
    /// What else is to be said.
    pub more: String,
    /// Words that were kept as they were said.
    pub words: Vec<String>,
    /// The grade of a decision; empty of all else.
    pub grade: &'static str,
    /// Where it can be read in full.
    pub link: Option<String>,
    /// An id to look for elsewhere.
    pub id: String,
    pub tries: Vec<EntryTry>,
    /// A decision that came to what stood already: it is told with what made it.
    pub is_same: bool,
    order: Timestamp,
}

/// Everything that happened, newest first; its grades with their points, unless those are hidden.
pub fn entries(page: &WholeLead, when: &When, hides_points: bool) -> Vec<TimelineEntry> {
    let mut all = Vec::new();
    arrivals(page, when, &mut all);
    touches(page, when, &mut all);
    changes(page, when, &mut all);
    decisions(page, (when, hides_points), &mut all);
    promises(page, when, &mut all);
    deliveries(page, when, &mut all);
    outcomes(page, when, &mut all);
    merges(page, when, &mut all);
    appointments(page, when, &mut all);
    sort(&mut all);
    all
}

fn sort(all: &mut [TimelineEntry]) {
    // Stable: what is of one instant and kind stays as it was read.
    all.sort_by_key(|entry| std::cmp::Reverse((entry.order, entry.kind.after())));
    tell_what_stays(all);
}

fn entry(when: &When, kind: EntryKind, at: Timestamp, what: String) -> TimelineEntry {
    TimelineEntry {
        kind,
        at: TimeInTitle::of(when, at),
        what,
        more: String::new(),
        words: Vec::new(),
        grade: "",
        link: None,
        id: String::new(),
        tries: Vec::new(),
        is_same: false,
        order: at,
    }
}

fn plain(word: &str) -> String {
    word.replace('_', " ")
}

fn arrivals(page: &WholeLead, when: &When, all: &mut Vec<TimelineEntry>) {
    for arrival in &page.arrivals {
        let verb = if arrival.is_correction { "Corrected" } else { "Arrived" };
        let what = format!("{verb}: {}, {}", arrival.source_name, plain(arrival.channel.word()));
        let external = arrival.external_id.as_ref().map(|id| format!("their id {id}"));
        let consent = arrival.consent.as_ref().map(|consent| match &consent.version {
            Some(version) => format!("consent version {version}"),
            None => "with consent".to_owned(),
        });
        let more: Vec<_> = [external, consent].into_iter().flatten().collect();
        all.push(TimelineEntry {
            more: more.join(", "),
            words: arrival.notes.clone().into_iter().collect(),
            id: arrival.id.to_string(),
            ..entry(when, EntryKind::Arrival, arrival.received_at, what)
        });
    }
}

/// Touches with the words that were kept at the same instant, and words that came without one.
fn touches(page: &WholeLead, when: &When, all: &mut Vec<TimelineEntry>) {
    let is_of = |at: Timestamp, by: &str, note: &ripen_store::lead::history::KeptNote| note.at == at && note.by == by;
    for touch in &page.touches {
        let words = page.notes.iter().filter(|note| is_of(touch.at, &touch.by, note));
        let what = match touch.disposition {
            ripen_domain::touch::Disposition::Note => format!("{} noted", touch.by),
            disposition => format!("{}: {}", touch.by, plain(disposition.word())),
        };
        let answers = match touch.answers {
            0 => String::new(),
            1 => "1 answer".to_owned(),
            n => format!("{n} answers"),
        };
        all.push(TimelineEntry {
            more: answers,
            words: words.map(|note| note.text.clone()).collect(),
            ..entry(when, EntryKind::Touch, touch.at, what)
        });
    }
    for note in &page.notes {
        let has_touch = page.touches.iter().any(|touch| is_of(touch.at, &touch.by, note));
        // What came with an arrival stands there.
        let has_arrival = page.arrivals.iter().any(|arrival| arrival.notes.as_ref() == Some(&note.text));
        if !has_touch && !has_arrival {
            let what = format!("{} noted", note.by);
            let words = vec![note.text.clone()];
            all.push(TimelineEntry { words, ..entry(when, EntryKind::Touch, note.at, what) });
        }
    }
}

/// A decision that changed nothing is told with the newest thing before it that could have: `stays B 90`.
fn tell_what_stays(all: &mut [TimelineEntry]) {
    let same: Vec<_> = all.iter().enumerate().filter(|(_, entry)| entry.is_same).map(|(place, _)| place).collect();
    for place in same {
        let (what, at) = (all[place].what.clone(), all[place].order);
        let is_cause = |entry: &&mut TimelineEntry| {
            matches!(entry.kind, EntryKind::Arrival | EntryKind::Touch | EntryKind::Outcome | EntryKind::Merge)
                && at.duration_since(entry.order) < MADE_BY
        };
        let Some(cause) = all[place..].iter_mut().find(is_cause) else { continue };
        let stays = format!("stays {what}");
        if !cause.more.contains(&stays) {
            cause.more = if cause.more.is_empty() { stays } else { format!("{}, {stays}", cause.more) };
        }
    }
}

/// Contact data that was put right, dispositions that were taken back, and who closed it, opened it again or took it back, and why:
/// without these, a grade and news that were withdrawn stand there for nothing.
fn changes(page: &WholeLead, when: &When, all: &mut Vec<TimelineEntry>) {
    for change in &page.changes {
        let (what, more) = match &change.what {
            ChangeOfLead::Corrected(fields) => (format!("{} put contact data right", change.by), fields.join(", ")),
            ChangeOfLead::TakenBack => {
                (format!("{} took back what was saved", change.by), "the lead was decided again".to_owned())
            }
            ChangeOfLead::Closed(why) => with_why(format!("Closed by {}", change.by), why.as_deref()),
            ChangeOfLead::Reopened(why) => with_why(format!("Opened again by {}", change.by), why.as_deref()),
            ChangeOfLead::Recalled(why) => {
                with_why(format!("Taken back from the client by {}", change.by), why.as_deref())
            }
        };
        all.push(TimelineEntry { more, ..entry(when, EntryKind::Touch, change.at, what) });
    }
}

/// `Closed by Lee:` and the reason, which stands behind it.
fn with_why(what: String, why: Option<&str>) -> (String, String) {
    match why {
        Some(why) => (format!("{what}:"), why.to_owned()),
        None => (what, String::new()),
    }
}

/// Whether the end of a step is told by whoever closed the lead, at the same instant.
fn is_told_as_closed(page: &WholeLead, at: Timestamp) -> bool {
    page.changes.iter().any(|change| change.at == at && matches!(change.what, ChangeOfLead::Closed(Some(_))))
}

fn decisions(page: &WholeLead, (when, hides_points): (&When, bool), all: &mut Vec<TimelineEntry>) {
    let before = page.decisions.iter().skip(1).map(Some).chain(std::iter::once(None));
    for (decision, before) in page.decisions.iter().zip(before) {
        let what = decided(decision, before, hides_points);
        let more = because(decision, before);
        let is_same = before.is_some_and(|before| (before.grade, before.score) == (decision.grade, decision.score));
        all.push(TimelineEntry {
            is_same: is_same && more.is_empty(),
            more,
            grade: decision.grade.word(),
            link: Some(format!("/leads/{}?decision={}#why", page.lead.id, decision.id)),
            ..entry(when, EntryKind::Decision, decision.at, what)
        });
    }
}

fn promises(page: &WholeLead, when: &When, all: &mut Vec<TimelineEntry>) {
    let places = page.lead.places();
    for promise in &page.promises {
        // What the criteria compute moves with each decision, and says nothing new: people's steps are told.
        let Some(ended) = promise.ended.as_ref().filter(|ended| ended.by.is_some()) else {
            // What came back to the desk is told as what was said of it.
            if promise.is_of_person() {
                // By the clock where the person is, as everywhere a call is dated.
                let clocks = |at| match page.is_withheld {
                    // The hour at which somebody is called says where they are.
                    true => there(&places, when).whole_day(at),
                    false => both_clocks(at, &places, when),
                };
                let due = promise.due_at.map(clocks).unwrap_or_default();
                let what = format!("{} promised the next step for {due}", promise.from_whom);
                let more = promise.why.clone();
                all.push(TimelineEntry { more, ..entry(when, EntryKind::Promise, promise.created_at, what) });
            }
            continue;
        };
        if is_told_as_closed(page, ended.at) {
            continue;
        }
        let by = ended.by.clone().unwrap_or_default();
        let colon = if ended.why.as_ref().is_none_or(String::is_empty) { "" } else { ":" };
        let what = format!("Next step {} by {by}{colon}", promise.state);
        let more = ended.why.clone().unwrap_or_default();
        all.push(TimelineEntry { more, ..entry(when, EntryKind::Promise, ended.at, what) });
    }
}

fn deliveries(page: &WholeLead, when: &When, all: &mut Vec<TimelineEntry>) {
    for delivery in &page.deliveries {
        let what = delivered(delivery);
        let tried = page.attempts.iter().filter(|attempt| attempt.delivery == delivery.id);
        let tries = tried.map(|attempt| {
            // A mail that is laid into a folder has no status: its word stands where an error would.
            let is_filed = attempt.status.is_none() && attempt.error.as_deref() == Some("filed");
            let is_bad = !is_filed && (!matches!(attempt.status, Some(200..=299)) || attempt.error.is_some());
            EntryTry {
                number: attempt.number,
                at: TimeInTitle::of(when, attempt.at),
                hour: when.hour(attempt.at),
                how: answered(attempt.status, attempt.error.as_deref(), delivery.kind),
                is_bad,
                took: format!("{} ms", attempt.duration_ms),
            }
        });
        all.push(TimelineEntry {
            more: delivery.reason.clone().unwrap_or_default(),
            id: delivery.id.to_string(),
            tries: tries.collect(),
            ..entry(when, EntryKind::Delivery, delivery.created_at, what)
        });
    }
}

fn outcomes(page: &WholeLead, when: &When, all: &mut Vec<TimelineEntry>) {
    for one in &page.outcomes {
        let outcome = &one.outcome;
        let what = said(outcome);
        let date = outcome.not_before.map(|at| format!("not before {}", when.near(at)));
        let verdict = outcome.verdict.as_ref().map(judged);
        let sale = outcome.sale.map(money);
        let more: Vec<_> = [date, sale, verdict].into_iter().flatten().collect();
        all.push(TimelineEntry {
            more: more.join(". "),
            words: outcome.reason.clone().into_iter().collect(),
            ..entry(when, EntryKind::Outcome, outcome.at, what)
        });
    }
}

fn merges(page: &WholeLead, when: &When, all: &mut Vec<TimelineEntry>) {
    for merge in &page.merges {
        let other = if merge.earlier == page.lead.person { merge.later } else { merge.earlier };
        let what = match merge.undone_at {
            None => format!("{} made one with {other}", merge.by),
            Some(at) => format!("{} made one with {other}, undone {}", merge.by, when.near(at)),
        };
        all.push(TimelineEntry { more: merge.why.clone(), ..entry(when, EntryKind::Merge, merge.at, what) });
    }
}

fn appointments(page: &WholeLead, when: &When, all: &mut Vec<TimelineEntry>) {
    for record in &page.appointments {
        let one = &record.appointment;
        let time = in_words(one.slot.starts_at, &record.rep_zone);
        let (what, at) = match &one.state {
            AppointmentState::Held { .. } => {
                (format!("A time is held with {}: {time}", record.rep), one.slot.starts_at)
            }
            AppointmentState::Booked => (format!("Appointment with {}: {time}", record.rep), one.slot.starts_at),
            AppointmentState::Cancelled { at, why } => {
                (format!("Appointment with {} on {time} cancelled: {why}", record.rep), *at)
            }
        };
        all.push(TimelineEntry {
            more: format!("by {}", record.by),
            words: one.note.clone().into_iter().collect(),
            id: one.id.to_string(),
            ..entry(when, EntryKind::Appointment, at, what)
        });
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn of_one_instant_the_effect_stands_above_its_cause_and_what_stays_is_told_with_it() {
        let at: Timestamp = "2026-11-24T16:03:00Z".parse().unwrap();
        let when = When::at_clock(at, TimeZone::UTC);
        let of = |kind, what: &str| entry(&when, kind, at, what.to_owned());
        let same = TimelineEntry { is_same: true, ..of(EntryKind::Decision, "B 90") };
        let mut all = vec![
            of(EntryKind::Touch, "Dana: answered"),
            of(EntryKind::Decision, "B 65 → A 95"),
            same,
            of(EntryKind::Delivery, "Sent to Sam Rep by mail"),
        ];
        sort(&mut all);
        let told: Vec<_> = all.iter().filter(|one| TimelineShow::All.has(one)).map(|one| one.what.as_str()).collect();
        assert_eq!(told, ["Sent to Sam Rep by mail", "B 65 → A 95", "Dana: answered"]);
        assert_eq!(all.last().unwrap().more, "stays B 90");
    }
}
