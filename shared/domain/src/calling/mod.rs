//! When a person may be called: the firm's hours by the wall clock of every place where the person may be.
//!
//! The qualifier lays each promise of a re-qualification into these hours. The decision and its receipt know nothing of
//! them: hours change, and a replayed decision must not.

mod exception;
mod holiday;
mod hours;
mod invalid;
mod limits;
mod local_clock;
mod place;
mod possible_clocks;
pub mod postal_code;
mod postal_shapes;
mod region;
mod rules;
mod tables;
mod window;

pub use exception::Exception;
pub use holiday::{FirmHoliday, Holiday};
pub use hours::{FirmCalling, Hours};
pub use invalid::InvalidCalling;
pub use limits::{CallLimit, FirmLimit, next_call};
pub use local_clock::{CallTime, CallWindow};
pub use place::{Place, Whereabouts};
pub use possible_clocks::PossibleClocks;
pub use region::Region;
pub use rules::{CallingRule, CallingRules, InvalidRules, Loosening, OpenHours, RuleSubject, SHIPPED_RULES};
pub use tables::{PLACES_AS_OF, zones_version};
pub(crate) use window::days_of;
pub use window::{Day, WallTime, Window};

use jiff::{
    SignedDuration, Span, Timestamp,
    civil::{Date, DateTime, Time},
    tz::{AmbiguousOffset, TimeZone},
};

use crate::{criteria::Receipt, time::whole_minute};

/// How far ahead hours that all places allow are looked for: the longest week with holidays, twice.
const SEARCHED: SignedDuration = SignedDuration::from_hours(14 * 24);
const SEARCHED_DAYS: i32 = 15;
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Whether the person may be called at this instant: every place is open, or every one of those that ever are together.
#[must_use]
pub fn is_allowed(at: Timestamp, hours: &Hours, places: &[Place]) -> bool {
    let open = places.iter().take_while(|place| is_open(at, hours, place)).count();
    open == places.len() || agreeing(at, hours, places).is_some_and(|common| common.count <= open)
}

/// The first whole minute, not before the instant, at which all places are open. Where they have none in common within
/// fourteen days, as many of them as have, the first ones before the others. The instant itself where nobody there can be
/// called at all: a promise that cannot be kept well is still kept.
#[must_use]
pub fn next_allowed(at: Timestamp, hours: &Hours, places: &[Place]) -> Timestamp {
    agreeing(at, hours, places).map_or(at, |common| common.opens)
}

/// The first instant, not before this one, at which a person who was called then may be called again: in the hours of all
/// places, and under every one's limit.
#[must_use]
pub fn next_callable(at: Timestamp, hours: &Hours, places: &[Place], calls: &[Timestamp]) -> Timestamp {
    let free = |place: &Place| next_call(at, calls, hours.limits(place.region));
    let free = places.iter().map(free).max().unwrap_or(at);
    next_allowed(free, hours, places)
}

/// The places, counted from the first, that are open together, and when they are next.
struct CommonOpening {
    count: usize,
    opens: Timestamp,
}

fn agreeing(at: Timestamp, hours: &Hours, places: &[Place]) -> Option<CommonOpening> {
    let common = |count: usize| Some(CommonOpening { count, opens: next_common(at, hours, places.get(..count)?)? });
    (0..=places.len()).rev().find_map(common).filter(|common| common.count > 0 || places.is_empty())
}

/// The opening of the day that is so many days after the instant's, by the calendar of the place. Where that day is
/// closed, its beginning.
#[must_use]
pub fn on_local_day(from: Timestamp, days: i64, hours: &Hours, place: &Place) -> Timestamp {
    let date = place.zone.to_datetime(from).date();
    let later = Span::new().try_days(days).and_then(|span| date.checked_add(span));
    later.ok().and_then(|date| opening(date, hours, place)).unwrap_or(from)
}

/// When the promise that a decision asks for falls due, in the hours that all places allow; none where it asks for none.
///
/// Whole days are counted in the person's calendar and fall due when that day opens, and so does the lead's own date.
#[must_use]
pub fn due_at(receipt: &Receipt, hours: &Hours, places: &[Place]) -> Option<Timestamp> {
    let next = receipt.next.as_ref()?;
    let own = receipt.own_date.as_ref().and_then(|own| own.at).filter(|at| *at > receipt.at);
    let opens = match own {
        Some(at) => latest(places, |place| opening(date_meant(at, place), hours, place)),
        None => whole_days(next.due_at.duration_since(receipt.at))
            .and_then(|days| latest(places, |place| Some(on_local_day(receipt.at, days, hours, place)))),
    };
    // The opening of today is past: what is to come must not fall due before its decision.
    let wanted = opens.filter(|opens| *opens > receipt.at).unwrap_or(next.due_at);
    Some(next_allowed(wanted, hours, places))
}

/// Once it is so everywhere.
fn latest(places: &[Place], opens: impl Fn(&Place) -> Option<Timestamp>) -> Option<Timestamp> {
    places.iter().filter_map(opens).max()
}

/// The days of an interval of whole days, to which up to a minute was added.
fn whole_days(interval: SignedDuration) -> Option<i64> {
    let (days, rest) = (interval.as_secs() / DAY.as_secs(), interval.as_secs() % DAY.as_secs());
    (days > 0 && rest < 60).then_some(days)
}

/// The calendar's date that an instant means. A date that somebody named is midnight UTC, wherever they are.
fn date_meant(at: Timestamp, place: &Place) -> Date {
    let in_utc = TimeZone::UTC.to_datetime(at);
    if in_utc.time() == Time::midnight() { in_utc.date() } else { place.zone.to_datetime(at).date() }
}

fn next_common(at: Timestamp, hours: &Hours, places: &[Place]) -> Option<Timestamp> {
    let mut candidate = whole_minute(at);
    let limit = candidate.checked_add(SEARCHED).ok()?;
    // Each round moves on to an opening of one of the places, of which two weeks have only so many.
    while candidate <= limit {
        let mut opens = candidate;
        for place in places {
            opens = opens.max(next_open(candidate, hours, place)?);
        }
        // All were open at the candidate itself: a place that opens later would have moved it.
        if opens == candidate {
            return Some(candidate);
        }
        candidate = opens;
    }
    None
}

fn is_open(at: Timestamp, hours: &Hours, place: &Place) -> bool {
    let local = place.zone.to_datetime(at);
    hours.on_date(place.region, local.date()).iter().any(|window| window.holds(local.time()))
}

/// The first instant, not before this one, at which the place is open.
fn next_open(at: Timestamp, hours: &Hours, place: &Place) -> Option<Timestamp> {
    if is_open(at, hours, place) {
        return Some(at);
    }
    let today = place.zone.to_datetime(at).date();
    let is_next = |candidate: &Timestamp| *candidate > at && is_open(*candidate, hours, place);
    let by_the_clock = (0..SEARCHED_DAYS).find_map(|ahead| {
        let date = today.checked_add(Span::new().days(ahead)).ok()?;
        let shown = opening_times(date, hours, place)
            .flat_map(|from| [first_showing(from, &place.zone), place.zone.to_ambiguous_timestamp(from).later().ok()]);
        shown.flatten().filter(is_next).min()
    });
    // A clock that is set can open a day at a time at which no day opens.
    let by_setting = place.zone.following(at).next().map(|change| change.timestamp()).filter(is_next);
    by_the_clock.into_iter().chain(by_setting).min()
}

fn opening_times(date: Date, hours: &Hours, place: &Place) -> impl Iterator<Item = DateTime> {
    hours
        .on_date(place.region, date)
        .iter()
        .filter_map(move |window| Some(date.to_datetime(window.from().on_the_clock()?)))
}

fn opening(date: Date, hours: &Hours, place: &Place) -> Option<Timestamp> {
    let time = opening_times(date, hours, place).next().unwrap_or_else(|| date.to_datetime(Time::midnight()));
    first_showing(time, &place.zone)
}

/// The first instant at which the clock shows this time, or a later one where it skips it.
pub(crate) fn first_showing(time: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    let shown = zone.to_ambiguous_timestamp(time);
    match shown.offset() {
        AmbiguousOffset::Gap { after, .. } => {
            let before = after.to_timestamp(time).ok()?;
            zone.following(before).next().map(|change| change.timestamp())
        }
        AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => shown.earlier().ok(),
    }
}

#[cfg(test)]
mod tests;
