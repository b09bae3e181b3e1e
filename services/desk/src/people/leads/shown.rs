//! What pages of leads show, in words: instants, next steps, persons.

use jiff::Timestamp;
use ripen_domain::{
    contact_link::{mailto, shown_phone, tel},
    promise::{Kind, State},
};
use ripen_runtime::random::uuid_v7;
use ripen_store::lead::list::{ListedLead, ListedStep};
use uuid::Uuid;

use crate::people::{letters::capital, when::When};

/// An instant as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeInTitle {
    /// For programs.
    pub iso: Timestamp,
    /// The whole of it.
    pub whole: String,
    /// How long ago or ahead.
    pub near: String,
    /// The same where there is little room: an age without "ago".
    pub short: String,
}

impl TimeInTitle {
    pub fn of(when: &When, at: Timestamp) -> Self {
        Self { iso: at, whole: when.whole(at), near: when.near(at), short: when.short(at) }
    }

    /// Of which only the day is told, as its beginning by the clock where it is told.
    pub fn of_day(when: &When, at: Timestamp) -> Self {
        let whole = when.whole_day(at);
        // From one beginning to the next: no hour is told, so none is counted.
        let near = match when.now().duration_since(at).as_hours().div_euclid(24) {
            _ if when.is_today(at) => "today".to_owned(),
            0 | 1 if at < when.now() => "a day ago".to_owned(),
            days if days > 1 => format!("{days} days ago"),
            _ if when.is_tomorrow(at) => "tomorrow".to_owned(),
            _ => format!("on {}", when.day(at)),
        };
        Self { iso: at, whole, short: near.clone(), near }
    }
}

/// What is next, in words.
#[derive(Debug, Clone)]
pub struct ShownStep {
    /// When; none where it waits for criteria.
    pub at: Option<TimeInTitle>,
    /// How long ahead, or how late.
    pub text: String,
    /// It is due already.
    pub is_late: bool,
    /// What kind of step.
    pub what: String,
    /// What was promised.
    pub why: String,
}

impl ShownStep {
    pub fn of(when: &When, step: &ListedStep) -> Self {
        // By the reader's clock the beginning of a day elsewhere may be of the day before.
        let there = step.day_by.as_ref().map(|zone| when.there(zone.clone()));
        let at = step.due_at.map(|at| match &there {
            Some(there) => TimeInTitle::of_day(there, at),
            None => TimeInTitle::of(when, at),
        });
        let is_today = |at| there.as_ref().is_some_and(|there| there.is_today(at));
        let is_late = step.due_at.is_some_and(|at| at < when.now() && !is_today(at));
        let text = match &at {
            None => "waits".to_owned(),
            Some(at) => match at.near.strip_suffix(" ago") {
                Some(size) => format!("{size} late"),
                None if is_late && at.near != "now" => format!("since {}", at.near),
                None => at.near.clone(),
            },
        };
        Self {
            at,
            text,
            is_late: is_late && step.state != State::Kept,
            what: capital(what(step)),
            why: in_days(&step.why),
        }
    }
}

/// The interval at the end of why, in words: `after 30 days` for `after 30d`.
fn in_days(why: &str) -> String {
    let written = why.rsplit_once(" after ").and_then(|(words, length)| Some((words, length.strip_suffix('d')?)));
    match written.filter(|(_, days)| !days.is_empty() && days.bytes().all(|byte| byte.is_ascii_digit())) {
        Some((words, "1")) => format!("{words} after a day"),
        Some((words, days)) => format!("{words} after {days} days"),
        None => why.to_owned(),
    }
}

/// What kind of step it is, in two words.
pub const fn what(step: &ListedStep) -> &'static str {
    match (step.kind, step.is_agreed) {
        (Kind::Requalify, _) if step.is_put_back => "came back",
        (Kind::Requalify, true) => "promised call",
        (Kind::Requalify, false) => "re-qualify",
        (Kind::Activation, _) => "waits for criteria",
        (Kind::Outcome, _) => "ask what became of it",
        (Kind::SamePerson, _) => "same person?",
    }
}

/// Who it is, or how they are reached.
pub fn name(lead: &ListedLead) -> String {
    let known = lead.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
    let phone = || lead.phone.as_deref().map(|phone| format!("no name, {}", shown_phone(phone, None)));
    let email = || lead.email.as_ref().map(|email| format!("no name, {email}"));
    known.map(str::to_owned).or_else(phone).or_else(email).unwrap_or_else(|| "not handed over yet".to_owned())
}

/// A way to reach somebody, as a card shows it.
#[derive(Debug, Clone)]
pub struct ShownWay {
    pub is_phone: bool,
    /// As it is kept.
    pub value: String,
    /// The id of the call that the next click makes.
    pub call: Uuid,
    pub shown: String,
    pub link: Option<String>,
    /// Since when it is known to lead to somebody else.
    pub void_at: Option<TimeInTitle>,
}

impl ShownWay {
    /// The same for a reader: an agent of other clients reads a number, and does not dial it.
    pub fn of_reader(when: &When, way: &ripen_store::lead::history::WayToReach, may_reach: bool) -> Self {
        let shown = Self::of(when, way);
        let link = shown.link.filter(|_| may_reach || !shown.is_phone);
        Self { link, ..shown }
    }

    pub fn of(when: &When, way: &ripen_store::lead::history::WayToReach) -> Self {
        let (number, extension) = match way.value.split_once(";ext=") {
            Some((number, extension)) => (number, Some(extension)),
            None => (way.value.as_str(), None),
        };
        // Nobody dials a number that is known to be somebody else's.
        let link = match (way.void_at, way.is_phone) {
            (Some(_), _) => None,
            (None, true) => tel(number, extension),
            (None, false) => mailto(&way.value),
        };
        let shown = if way.is_phone { shown_phone(number, extension) } else { way.value.clone() };
        Self {
            is_phone: way.is_phone,
            value: way.value.clone(),
            call: uuid_v7(when.now()),
            shown,
            link,
            void_at: way.void_at.map(|at| TimeInTitle::of(when, at)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_day_that_is_told_alone_all_is_said_by_the_clock_where_it_is() {
        let zone = |name: &str| jiff::tz::TimeZone::get(name).unwrap();
        let step = |due: &str| ListedStep {
            kind: Kind::Requalify,
            state: State::Work,
            due_at: Some(due.parse().unwrap()),
            day_by: Some(zone("America/New_York")),
            why: String::new(),
            is_agreed: false,
            is_put_back: false,
        };
        // Wednesday in New York; in Los Angeles it began on Tuesday.
        let when = When::at_clock("2026-12-30T17:00:00Z".parse().unwrap(), zone("America/Los_Angeles"));
        let today = ShownStep::of(&when, &step("2026-12-30T05:00:00Z"));
        assert_eq!((today.text.as_str(), today.is_late), ("today", false));
        assert_eq!(today.at.unwrap().whole, "Wed 30 Dec 2026");
        let late = ShownStep::of(&when, &step("2026-12-29T05:00:00Z"));
        assert_eq!((late.text.as_str(), late.is_late), ("a day late", true));
        // It begins in fourteen hours, and is no call at midnight.
        let ahead = |due: &str| ShownStep::of(&when, &step(due)).text;
        assert_eq!([ahead("2026-12-31T05:00:00Z"), ahead("2027-01-02T05:00:00Z")], ["tomorrow", "on 2 Jan 2027"]);
    }

    #[test]
    fn an_interval_is_said_in_days_and_what_somebody_wrote_stays() {
        let said = ["B is looked at again after 30d", "after the 3rd", "call after 1d"].map(in_days);
        assert_eq!(said, ["B is looked at again after 30 days", "after the 3rd", "call after a day"]);
    }
}
