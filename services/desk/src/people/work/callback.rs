//! The picker of a call back: days and times by the clock of the place where the person is, what was picked in a sentence, and
//! why it cannot be where it cannot.

use jiff::{
    Span, Timestamp,
    civil::{Date, DateTime, Time, Weekday},
    tz::TimeZone,
};
use ripen_domain::{
    calling::{Hours, Place, WallTime, is_allowed, next_allowed},
    promise::{InvalidDueDate, When as Wish},
};

use super::form::WorkForm;
use crate::people::when::When;

/// Days that are offered.
const DAYS: i32 = 7;
/// Times that are offered: two rows of them.
const TIMES: usize = 14;
const NOON: u16 = 12 * 60;
const SIX: i8 = 18;
/// What stands as agreed where nobody says more.
pub const USUAL_WHY: &str = "to be called back then";

/// A way to say a time with one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackPreset {
    /// The key, and what the button posts.
    pub key: &'static str,
    /// What it says.
    pub words: String,
    /// `2026-11-25`
    pub date: String,
    /// `10:30`
    pub time: String,
}

/// A day that is offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackDay {
    /// `2026-11-25`
    pub date: String,
    /// `Today`, `Wed`
    pub name: String,
    /// `25 Nov`, or why nobody is called then.
    pub words: String,
    /// Nobody is called there on this day.
    pub is_closed: bool,
    /// It is picked.
    pub is_picked: bool,
}

/// A time that is offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackTime {
    /// `10:30`, as it is posted.
    pub time: String,
    /// As the viewer reads it.
    pub words: String,
    /// On none of the days that are offered it is an hour to call everywhere where the person may be.
    pub is_closed: bool,
    /// It is picked.
    pub is_picked: bool,
}

/// What was picked, in words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallbackSaid {
    /// When it falls due; none where nothing can be promised yet.
    pub at: Option<Timestamp>,
    /// `Wed 25 Nov, 10:30 Chicago`; empty where nothing can be promised yet.
    pub there: String,
    /// `17:30 for you, in 1 day`
    pub here: String,
    /// Why it cannot be promised.
    pub trouble: String,
    /// `Wed 10:30`, for the button.
    pub short: String,
}

/// The picker.
#[derive(Debug, Clone)]
pub struct CallbackPicker {
    /// `Chicago`
    pub place: String,
    /// `Berlin, 7 h ahead`; empty where the viewer has the same time.
    pub viewer: String,
    /// The ways to say it with one key.
    pub presets: Vec<CallbackPreset>,
    /// The days.
    pub days: Vec<CallbackDay>,
    /// The times.
    pub times: Vec<CallbackTime>,
    /// `2026-11-25`, where it was typed.
    pub date: String,
    /// `10:30`, where it was typed.
    pub time: String,
    /// What was agreed.
    pub why: String,
    /// What was picked.
    pub said: CallbackSaid,
}

/// Whose call, and by which clocks.
#[derive(Debug, Clone)]
pub struct CallbackTerms<'a> {
    /// When people may be called.
    pub hours: &'a Hours,
    /// Where the person may be.
    pub places: &'a [Place],
    /// How the viewer reads instants.
    pub when: &'a When,
    /// The viewer's clock.
    pub zone: TimeZone,
}

impl CallbackTerms<'_> {
    fn home(&self) -> TimeZone {
        self.places.first().map_or(TimeZone::UTC, |place| place.zone.clone())
    }

    fn now_there(&self) -> DateTime {
        self.home().to_datetime(self.when.now())
    }
}

/// What is picked: a date and a time that are typed count before a day and a time that are chosen.
pub fn picked(form: &WorkForm) -> Option<DateTime> {
    let read = |date: &str, time: &str| {
        let (date, time) = (form.given(date)?, form.given(time)?);
        format!("{date}T{time}").parse::<DateTime>().ok()
    };
    read("cb_date", "cb_clock").or_else(|| read("cb_day", "cb_time"))
}

/// The picker with what is picked.
pub fn picker(form: &WorkForm, terms: &CallbackTerms<'_>) -> CallbackPicker {
    let there = terms.when.there(terms.home());
    let said = said(form, terms);
    CallbackPicker {
        place: there.place(),
        viewer: beside(terms),
        presets: presets(terms),
        days: days(form, terms),
        times: times(form, terms),
        date: form.text("cb_date").to_owned(),
        time: form.text("cb_clock").to_owned(),
        why: form.typed("cb_why").to_owned(),
        said,
    }
}

/// What is picked, in words.
pub fn said(form: &WorkForm, terms: &CallbackTerms<'_>) -> CallbackSaid {
    if let Some(at) = picked(form) {
        return promised(Wish::Moment(at), terms);
    }
    let is_begun = ["cb_date", "cb_clock", "cb_day", "cb_time"].iter().any(|name| !form.text(name).is_empty());
    if is_begun { trouble("Choose a day and a time.".to_owned()) } else { CallbackSaid::default() }
}

/// What a time comes to that is named for the call, in words.
pub fn promised(wish: Wish, terms: &CallbackTerms<'_>) -> CallbackSaid {
    let there = terms.when.there(terms.home());
    match wish.due(terms.when.now(), terms.hours, terms.places) {
        Ok(due) => {
            let at = terms.home().to_datetime(due.at);
            CallbackSaid {
                at: Some(due.at),
                there: format!("{}, {} {}", at.strftime("%a %-d %b"), there.hour(due.at), there.place()),
                here: here(terms, due.at),
                trouble: String::new(),
                short: format!("{} {}", at.strftime("%a"), there.hour(due.at)),
            }
        }
        Err(error) => trouble(not_then(&error, terms)),
    }
}

fn trouble(words: String) -> CallbackSaid {
    CallbackSaid { trouble: words, ..CallbackSaid::default() }
}

/// Why a date cannot be promised, as the reader writes times, by the clock where the person is, which is named.
pub fn not_then(error: &InvalidDueDate, terms: &CallbackTerms<'_>) -> String {
    let (wish, next) = match error {
        InvalidDueDate::Past(_) => return "That is past there: choose a later time.".to_owned(),
        InvalidDueDate::TooFar(_) => return "That is more than ten years ahead: choose a nearer day.".to_owned(),
        InvalidDueDate::Closed(wish, next) => (wish, next),
    };
    let there = terms.when.there(terms.home());
    let next = match terms.home().to_timestamp(*next) {
        Ok(at) => format!("{}, {} {}", next.strftime("%a %-d %b"), there.hour(at), there.place()),
        Err(_) => next.strftime("%a %-d %b").to_string(),
    };
    let why = match wish {
        Wish::Moment(at) => why_closed(*at, terms),
        Wish::Days { from, to } if from == to => {
            closed(*from, terms).map_or("it is outside of the hours there", ClosedDay::because).to_owned()
        }
        Wish::Days { .. } | Wish::Ahead(_) => "there are no hours for calls in that time".to_owned(),
    };
    format!("Nobody may be called then, {why}. The next moment is {next}.")
}

/// Where the hour is one to call at the clock by which it was said, the other clock is named that may be theirs.
fn why_closed(at: DateTime, terms: &CallbackTerms<'_>) -> String {
    if let Some(day) = closed(at.date(), terms) {
        return day.because().to_owned();
    }
    let outside = || "it is outside of the hours there".to_owned();
    let Ok(instant) = terms.home().to_timestamp(at) else { return outside() };
    let is_shut = |place: &&Place| !is_allowed(instant, terms.hours, std::slice::from_ref(*place));
    if terms.places.first().is_none_or(|home| is_shut(&home)) {
        return outside();
    }
    // Of several the farthest: its hour is the plainest.
    let here = terms.home().to_offset(instant).seconds();
    let far = |place: &&Place| (place.zone.to_offset(instant).seconds() - here).abs();
    let Some(shut) = terms.places.iter().filter(is_shut).max_by_key(far) else { return outside() };
    let other = terms.when.there(shut.zone.clone());
    format!("it is {} in {}, where they may be", other.hour(instant), other.place())
}

fn here(terms: &CallbackTerms<'_>, at: Timestamp) -> String {
    let near = terms.when.near(at);
    let is_same = terms.zone.to_offset(at) == terms.home().to_offset(at);
    if is_same { near } else { format!("{} for you, {near}", terms.when.hour(at)) }
}

fn beside(terms: &CallbackTerms<'_>) -> String {
    let now = terms.when.now();
    let seconds = terms.zone.to_offset(now).seconds() - terms.home().to_offset(now).seconds();
    if seconds == 0 {
        return String::new();
    }
    let (hours, minutes) = (seconds.unsigned_abs() / 3600, seconds.unsigned_abs() % 3600 / 60);
    let size = if minutes == 0 { format!("{hours} h") } else { format!("{hours} h {minutes} min") };
    format!("{}, {size} {}", terms.when.place(), if seconds > 0 { "ahead" } else { "behind" })
}

/// Why nobody is called on a day at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ClosedDay {
    Holiday,
    NoCalls,
}

impl ClosedDay {
    const fn because(self) -> &'static str {
        match self {
            Self::Holiday => "it is a holiday there",
            Self::NoCalls => "there are no calls on that day",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Holiday => "holiday",
            Self::NoCalls => "no calls",
        }
    }
}

fn closed(date: Date, terms: &CallbackTerms<'_>) -> Option<ClosedDay> {
    let place = terms.places.first()?;
    if !terms.hours.on_date(place.region, date).is_empty() {
        return None;
    }
    let is_holiday = !terms.hours.on(place.region, date.weekday()).is_empty();
    Some(if is_holiday { ClosedDay::Holiday } else { ClosedDay::NoCalls })
}

fn days(form: &WorkForm, terms: &CallbackTerms<'_>) -> Vec<CallbackDay> {
    let today = terms.now_there().date();
    let dates = (0..DAYS).filter_map(|ahead| Some((ahead, today.checked_add(Span::new().days(ahead)).ok()?)));
    let day = |(ahead, date): (i32, Date)| {
        let why = closed(date, terms).or_else(|| (!is_open_somewhen(date, terms)).then_some(ClosedDay::NoCalls));
        CallbackDay {
            date: date.to_string(),
            name: if ahead == 0 { "Today".to_owned() } else { date.strftime("%a").to_string() },
            words: why.map_or_else(|| date.strftime("%-d %b").to_string(), |why| why.label().to_owned()),
            is_closed: why.is_some(),
            is_picked: form.text("cb_date").is_empty() && form.text("cb_day") == date.to_string(),
        }
    };
    dates.map(day).collect()
}

/// Whether there is an hour of a day to call everywhere where the person may be.
fn is_open_somewhen(date: Date, terms: &CallbackTerms<'_>) -> bool {
    let is_open = |minute: u16| is_open_at(date, minute, terms);
    // Of one place the hours of the day say it.
    terms.places.len() < 2 || (0..24 * 60).step_by(30).any(is_open)
}

fn is_open_at(date: Date, minute: u16, terms: &CallbackTerms<'_>) -> bool {
    let at = date.to_datetime(Time::midnight()).checked_add(Span::new().minutes(minute));
    let at = at.ok().and_then(|at| terms.home().to_timestamp(at).ok());
    at.is_some_and(|at| is_allowed(at, terms.hours, terms.places))
}

/// Half hours until noon, then hours, within the hours of any day that is offered.
fn times(form: &WorkForm, terms: &CallbackTerms<'_>) -> Vec<CallbackTime> {
    let region = terms.places.first().and_then(|place| place.region);
    let today = terms.now_there().date();
    let dates = (0..DAYS).filter_map(|ahead| today.checked_add(Span::new().days(ahead)).ok());
    let dates: Vec<_> = dates.collect();
    let windows: Vec<_> = dates.iter().flat_map(|date| terms.hours.on_date(region, *date).to_vec()).collect();
    let opens = windows.iter().map(|window| window.from()).min().map_or(0, WallTime::minutes);
    let closes = windows.iter().map(|window| window.to()).max().map_or(0, WallTime::minutes);
    let offered = (0..24 * 60).step_by(30).filter(|minute| (opens..closes).contains(minute));
    let offered = offered.filter(|minute| *minute < NOON || minute % 60 == 0).take(TIMES);
    let time = |minute: u16| {
        let time = format!("{:02}:{:02}", minute / 60, minute % 60);
        let is_picked = form.text("cb_clock").is_empty() && form.text("cb_time") == time;
        let at = format!("{today}T{time}").parse::<DateTime>().ok();
        let at = at.and_then(|at| terms.home().to_timestamp(at).ok());
        let words = at.map_or_else(|| time.clone(), |at| terms.when.there(terms.home()).hour(at));
        let is_closed = terms.places.len() > 1 && !dates.iter().any(|date| is_open_at(*date, minute, terms));
        CallbackTime { time, words, is_closed, is_picked }
    };
    offered.map(time).collect()
}

fn presets(terms: &CallbackTerms<'_>) -> Vec<CallbackPreset> {
    let (now, there) = (terms.when.now(), terms.now_there());
    let home = terms.home();
    let instant = |at: DateTime| home.to_timestamp(at).ok();
    let in_an_hour = now.checked_add(Span::new().hours(1)).ok().map(to_five_minutes);
    let evening = instant(there.date().at(SIX, 0, 0, 0)).filter(|at| *at > now);
    let tomorrow = there.checked_add(Span::new().days(1)).ok().and_then(instant).map(to_five_minutes);
    let monday = there.date().nth_weekday(1, Weekday::Monday).ok().and_then(|date| instant(date.at(0, 0, 0, 0)));
    let all = [
        ("h", "In an hour", in_an_hour),
        ("e", "This evening", evening),
        ("t", "Tomorrow", tomorrow),
        ("m", "Next Monday", monday),
    ];
    let shown = all.into_iter().filter_map(|(key, name, at)| {
        let wanted = at?;
        let at = next_allowed(wanted, terms.hours, terms.places);
        // "This evening" that is no evening any more would be another promise than the button says.
        let is_meant = home.to_datetime(at).date() == home.to_datetime(wanted).date();
        if key == "e" && !is_meant || !is_allowed(at, terms.hours, terms.places) {
            return None;
        }
        let civil = home.to_datetime(at);
        let hour = terms.when.there(home.clone()).hour(at);
        let words = match is_meant {
            true => format!("{name}, {hour}"),
            false => format!("{name}: opens {} {hour}", civil.strftime("%a")),
        };
        let (date, time) = (civil.date().to_string(), civil.strftime("%H:%M").to_string());
        Some(CallbackPreset { key, words, date, time })
    });
    shown.collect()
}

fn to_five_minutes(at: Timestamp) -> Timestamp {
    let seconds = at.as_second();
    Timestamp::from_second(seconds + (300 - seconds.rem_euclid(300)) % 300).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use ripen_domain::calling::Whereabouts;

    use super::*;

    const CHICAGO: Whereabouts<'static> = Whereabouts {
        time_zone: Some("America/Chicago"),
        country: Some("US"),
        postal_code: None,
        phone: None,
        client_time_zone: "America/Chicago",
    };

    fn with<T>(now: &str, ask: impl Fn(&CallbackTerms<'_>) -> T) -> T {
        let (hours, places) = (Hours::default(), CHICAGO.places());
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let when = When::at_clock(now.parse().unwrap(), zone.clone());
        ask(&CallbackTerms { hours: &hours, places: &places, when: &when, zone })
    }

    fn form(pairs: &[(&str, &str)]) -> WorkForm {
        let mut form = WorkForm::default();
        pairs.iter().for_each(|(name, value)| form.set(name, (*value).to_owned()));
        form
    }

    #[test]
    fn the_sentence_says_both_clocks() {
        let said = |pairs: &[(&str, &str)]| with("2026-11-24T16:03:00Z", |terms| said(&form(pairs), terms));
        let picked = said(&[("cb_day", "2026-11-25"), ("cb_time", "10:30")]);
        assert_eq!(
            (picked.there.as_str(), picked.here.as_str(), picked.short.as_str()),
            ("Wed 25 Nov, 10:30 Chicago", "17:30 for you, in 24 h", "Wed 10:30")
        );
        let typed =
            said(&[("cb_day", "2026-11-25"), ("cb_time", "10:30"), ("cb_date", "2026-11-27"), ("cb_clock", "11:15")]);
        assert_eq!(typed.there, "Fri 27 Nov, 11:15 Chicago", "what is typed counts");
        assert_eq!(said(&[]), CallbackSaid::default());
        assert_eq!(said(&[("cb_day", "2026-11-25")]).trouble, "Choose a day and a time.");
        assert!(said(&[("cb_day", "2026-11-24"), ("cb_time", "09:00")]).trouble.contains("past"));
        let night = said(&[("cb_date", "2026-11-25"), ("cb_clock", "23:00")]).trouble;
        assert!(
            night.starts_with("Nobody may be called then, it is outside of the hours there. The next moment is"),
            "{night}"
        );
    }

    #[test]
    fn a_time_that_is_no_moment_falls_due_when_it_opens() {
        let promised = |text: &str| with("2026-11-24T16:03:00Z", |terms| promised(text.parse().unwrap(), terms));
        assert_eq!(promised("2026-12").there, "Tue 1 Dec, 09:00 Chicago");
        assert_eq!(promised("2026-12").at, Some("2026-12-01T15:00:00Z".parse().unwrap()));
        assert!(
            promised("2026-11-29").trouble.starts_with("Nobody may be called then, there are no calls on that day.")
        );
        assert!(promised("2026-10").trouble.contains("past"));
    }

    #[test]
    fn while_it_is_not_settled_where_they_are_hours_of_one_clock_alone_are_struck_out() {
        let mobile = Whereabouts {
            phone: Some("+61412999001"),
            country: Some("AU"),
            client_time_zone: "Australia/Sydney",
            ..Whereabouts::default()
        };
        let zone = TimeZone::get("Australia/Sydney").unwrap();
        let when = When::at_clock("2026-12-01T03:56:00Z".parse().unwrap(), zone.clone());
        let hours = Hours::default();
        let closed = |postal_code: Option<&'static str>| {
            let places = Whereabouts { postal_code, ..mobile }.places();
            let terms = CallbackTerms { hours: &hours, places: &places, when: &when, zone: zone.clone() };
            let picked = picker(&form(&[("cb_date", "2026-12-04"), ("cb_clock", "09:30")]), &terms);
            let struck: Vec<_> = picked.times.into_iter().filter(|time| time.is_closed).map(|time| time.time).collect();
            (struck, picked.said.trouble)
        };
        let (struck, trouble) = closed(None);
        assert_eq!(struck, ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]);
        assert_eq!(
            trouble,
            "Nobody may be called then, it is 06:30 in Perth, where they may be. The next moment is Fri 4 Dec, 12:00 Sydney."
        );
        assert_eq!(closed(Some("2000")), (Vec::new(), String::new()), "the postal code settles it");
    }

    #[test]
    fn a_holiday_and_a_day_without_calls_are_named() {
        let days = with("2026-11-24T16:03:00Z", |terms| days(&WorkForm::default(), terms));
        let words: Vec<_> = days.iter().map(|day| format!("{} {}", day.name, day.words)).collect();
        assert_eq!(words[0], "Today 24 Nov");
        assert_eq!(words[5], "Sun no calls");
        assert_eq!(days.len(), 7);
    }

    #[test]
    fn presets_fall_into_the_hours_there() {
        let words = |now| with(now, |terms| presets(terms).into_iter().map(|one| one.words).collect::<Vec<_>>());
        let day = words("2026-11-24T16:03:00Z");
        assert_eq!(day[..3], ["In an hour, 11:05", "This evening, 18:00", "Tomorrow, 10:05"]);
        assert_eq!(day[3], "Next Monday, 09:00");
        // Half past seven in the evening there: the day is nearly over.
        let evening = words("2026-11-25T01:30:00Z");
        assert_eq!(evening[0], "In an hour: opens Wed 09:00");
        assert!(evening.iter().all(|words| !words.starts_with("This evening")));
    }
}
