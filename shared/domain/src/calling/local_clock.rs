//! What whoever is about to phone has to know: what the clock shows where the person is, and until when they may be called there.

use jiff::{
    Timestamp,
    civil::Date,
    tz::{Offset, TimeZone},
};

use super::{Hours, Place, first_showing, is_allowed, is_open, next_allowed};

/// The time where a person is, for whoever phones them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallTime {
    /// `10:03 in Chicago`; `08:03 to 11:03 where they may be`, where it is not known which of several clocks is theirs.
    clock: String,
    /// Whose clock the hours are told by.
    whose: &'static str,
    /// The same by its place, where they are at one: `Chicago`.
    place: Option<String>,
    hours: CallHours,
}

/// Whether they may be called now.
#[derive(Debug, Clone, PartialEq, Eq)]
enum CallHours {
    /// They may, until then: `21:00`.
    Until(String),
    /// They may not, and may again then: `tomorrow 09:00`.
    From(String),
    /// No hours are known there.
    Unknown,
}

impl CallTime {
    /// What is so now, of a person who may be at these places; none where there is no place. `reader` is the clock of who phones.
    #[must_use]
    pub fn of(places: &[Place], hours: &Hours, now: Timestamp, reader: &TimeZone) -> Option<Self> {
        let first = &places.first()?.zone;
        let offset = |place: &Place| place.zone.to_offset(now);
        let earliest = places.iter().map(offset).min()?;
        let latest = places.iter().map(offset).max()?;
        let shown = |offset: Offset| offset.to_datetime(now).strftime("%H:%M").to_string();
        // One clock although there may be several places: they show the same.
        let (clock, whose, theirs) = if earliest == latest {
            (format!("{} {}", shown(latest), place_of(first, latest)), "their time", first)
        } else {
            (format!("{} to {} where they may be", shown(earliest), shown(latest)), "your time", reader)
        };
        let place = (earliest == latest).then(|| city(first)).flatten();
        Some(Self { clock, whose, place, hours: CallHours::of(places, hours, now, theirs) })
    }

    /// As it stands beside a number: `10:03 in Chicago, call until 21:00`.
    #[must_use]
    pub fn shown(&self) -> String {
        let clock = &self.clock;
        // The clock beside it is theirs, but where that is not known.
        let whose = if self.whose == "your time" { " your time" } else { "" };
        match &self.hours {
            CallHours::Until(time) => format!("{clock}, call until {time}{whose}"),
            CallHours::From(time) => format!("{clock}, call from {time}{whose}"),
            CallHours::Unknown => clock.clone(),
        }
    }

    /// What to do, in a message that is read some time after it was written: `Call before 21:00 their time (10:03 in Chicago when
    /// this was sent)`.
    #[must_use]
    pub fn instruction(&self) -> String {
        let Self { clock, whose, place: _, hours } = self;
        match hours {
            CallHours::Until(time) => format!("Call before {time} {whose} ({clock} when this was sent)"),
            CallHours::From(time) => format!("Call from {time} {whose} ({clock} when this was sent)"),
            CallHours::Unknown => format!("Call first ({clock} when this was sent)"),
        }
    }

    /// The same for a line that has little room, such as a subject: `call before 21:00 Chicago`; none where no hours are known.
    #[must_use]
    pub fn in_brief(&self) -> Option<String> {
        let place = self.place.as_deref().unwrap_or(self.whose);
        match &self.hours {
            CallHours::Until(time) => Some(format!("call before {time} {place}")),
            CallHours::From(time) => Some(format!("call from {time} {place}")),
            CallHours::Unknown => None,
        }
    }
}

impl CallHours {
    fn of(places: &[Place], hours: &Hours, now: Timestamp, theirs: &TimeZone) -> Self {
        let today = theirs.to_datetime(now).date();
        if is_allowed(now, hours, places) {
            // Those that are open: of places that are never open together, the first ones count.
            let open = places.iter().take_while(|place| is_open(now, hours, place));
            let closes = open.filter_map(|place| closes(now, hours, place)).min();
            return closes.map_or(Self::Unknown, |at| Self::Until(end_of(at, today, theirs)));
        }
        let next = next_allowed(now, hours, places);
        // The instant itself is the answer where nobody there can ever be called.
        if next > now { Self::From(beginning_of(next, today, theirs)) } else { Self::Unknown }
    }
}

/// When a person may be called, for programs: the window that is open at an instant, or the next one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallWindow {
    /// The clocks that may be theirs, by their IANA names; the first is the likeliest.
    pub zones: Vec<String>,
    /// From when; none where no hours are known.
    pub from: Option<Timestamp>,
    /// Until when.
    pub until: Option<Timestamp>,
}

impl CallWindow {
    /// What is so at this instant, of a person who may be at these places.
    #[must_use]
    pub fn of(places: &[Place], hours: &Hours, now: Timestamp) -> Self {
        let mut zones: Vec<String> = Vec::new();
        for name in places.iter().filter_map(Place::zone_name) {
            if !zones.iter().any(|known| known == name) {
                zones.push(name.to_owned());
            }
        }
        let from = if is_allowed(now, hours, places) { now } else { next_allowed(now, hours, places) };
        // The instant itself is the answer too where nobody there can ever be called.
        if places.is_empty() || !is_allowed(from, hours, places) {
            return Self { zones, from: None, until: None };
        }
        let open = places.iter().take_while(|place| is_open(from, hours, place));
        let until = open.filter_map(|place| closes(from, hours, place)).min();
        Self { zones, from: Some(from), until }
    }
}

/// When the window closes that is open there at this instant.
fn closes(at: Timestamp, hours: &Hours, place: &Place) -> Option<Timestamp> {
    let local = place.zone.to_datetime(at);
    let window = hours.on_date(place.region, local.date()).iter().find(|window| window.holds(local.time()))?;
    let end = match window.to().on_the_clock() {
        Some(time) => local.date().to_datetime(time),
        // The end of the day is the beginning of the next.
        None => local.date().tomorrow().ok()?.to_datetime(jiff::civil::Time::midnight()),
    };
    first_showing(end, &place.zone)
}

fn end_of(at: Timestamp, today: Date, clock: &TimeZone) -> String {
    let local = clock.to_datetime(at);
    let is_midnight = local.time() == jiff::civil::Time::midnight();
    match today.tomorrow() {
        Ok(tomorrow) if is_midnight && local.date() == tomorrow => "24:00".to_owned(),
        _ => beginning_of(at, today, clock),
    }
}

/// `09:00`, `tomorrow 09:00`, `Monday 09:00`: within the two weeks in which an opening is looked for, later ones with their date.
fn beginning_of(at: Timestamp, today: Date, clock: &TimeZone) -> String {
    let local = clock.to_datetime(at);
    let days = today.until(local.date()).map_or(i32::MAX, |span| span.get_days());
    let form = match days {
        0 => "%H:%M",
        1 => "tomorrow %H:%M",
        2..=6 => "%A %H:%M",
        _ => "%A, %-d %B %H:%M",
    };
    local.strftime(form).to_string()
}

/// `in Chicago`; of a clock that is no place's, how far it is from UTC.
fn place_of(zone: &TimeZone, offset: Offset) -> String {
    match city(zone) {
        Some(city) => format!("in {city}"),
        None => format!("there (UTC{offset})"),
    }
}

/// `Chicago`; none of a clock that is no place's.
fn city(zone: &TimeZone) -> Option<String> {
    let name = zone.iana_name().filter(|name| !name.starts_with("Etc/"))?;
    Some(name.rsplit_once('/')?.1.replace('_', " "))
}

#[cfg(test)]
mod tests {
    use crate::calling::Whereabouts;

    use super::*;

    fn told(at: &str, whereabouts: Whereabouts<'_>) -> CallTime {
        let reader = crate::time::zone("America/New_York").unwrap();
        CallTime::of(&whereabouts.places(), &Hours::default(), at.parse().unwrap(), &reader).unwrap()
    }

    fn in_chicago() -> Whereabouts<'static> {
        Whereabouts {
            time_zone: Some("America/Chicago"),
            country: Some("US"),
            client_time_zone: "America/New_York",
            ..Whereabouts::default()
        }
    }

    #[test]
    fn programs_are_told_the_window_that_is_open_or_the_next_one() {
        let window = |at: &str| CallWindow::of(&in_chicago().places(), &Hours::default(), at.parse().unwrap());
        let at = |text: &str| Some(text.parse::<Timestamp>().unwrap());
        let by_day = window("2026-11-24T16:03:00Z");
        assert_eq!(by_day.zones, ["America/Chicago"]);
        assert_eq!((by_day.from, by_day.until), (at("2026-11-24T16:03:00Z"), at("2026-11-25T02:00:00Z")));
        let by_night = window("2026-11-24T06:00:00Z");
        assert_eq!((by_night.from, by_night.until), (at("2026-11-24T15:00:00Z"), at("2026-11-25T02:00:00Z")));
        assert_eq!(CallWindow::of(&[], &Hours::default(), Timestamp::UNIX_EPOCH), CallWindow::default());
    }

    #[test]
    fn the_persons_clock_and_the_end_of_the_hours_are_said() {
        let by_day = told("2026-11-24T16:03:00Z", in_chicago());
        assert_eq!(by_day.shown(), "10:03 in Chicago, call until 20:00");
        assert_eq!(by_day.instruction(), "Call before 20:00 their time (10:03 in Chicago when this was sent)");
        assert_eq!(by_day.in_brief().as_deref(), Some("call before 20:00 Chicago"));
    }

    #[test]
    fn outside_the_hours_it_is_said_when_they_begin_again() {
        for (at, said) in [
            ("2026-11-24T12:30:00Z", "06:30 in Chicago, call from 09:00"),
            ("2026-11-25T03:30:00Z", "21:30 in Chicago, call from tomorrow 09:00"),
            // A Saturday evening: nobody is called on Sundays.
            ("2026-11-22T03:30:00Z", "21:30 in Chicago, call from Monday 09:00"),
        ] {
            assert_eq!(told(at, in_chicago()).shown(), said);
        }
        let night = told("2026-11-25T03:30:00Z", in_chicago());
        assert_eq!(night.instruction(), "Call from tomorrow 09:00 their time (21:30 in Chicago when this was sent)");
        assert_eq!(night.in_brief().as_deref(), Some("call from tomorrow 09:00 Chicago"));
    }

    #[test]
    fn where_it_is_not_known_which_clock_is_theirs_none_is_made_up() {
        let somewhere = Whereabouts { time_zone: None, ..in_chicago() };
        let there = told("2026-11-24T18:03:00Z", somewhere);
        assert!(there.in_brief().unwrap().ends_with("your time"), "{there:?}");
        let shown = there.shown();
        assert!(shown.contains("where they may be") && shown.ends_with("your time"), "{shown}");
        assert!(!shown.contains("Chicago") && !shown.contains("New York"), "{shown}");
    }

    #[test]
    fn a_clock_without_a_place_is_named_by_its_distance() {
        let fixed = TimeZone::fixed(jiff::tz::offset(8));
        assert_eq!(place_of(&fixed, jiff::tz::offset(8)), "there (UTC+08)");
    }
}
