//! A rep's diary: which slots are free, and why another time is not. Slots begin on the wall clock, at the beginning of each
//! window of the rep's hours and then one after the other, also on days on which the clock is set.

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, Time},
};

use super::{Slot, Terms};
use crate::routing::{Pause, Schedule};

/// What a rep's time is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diary {
    /// The rep's hours, by the clock of where the rep is, and holidays.
    pub schedule: Schedule,
    /// For how long the rep takes nothing.
    pub pause: Option<Pause>,
    /// What is booked or held, in any order.
    pub taken: Vec<Slot>,
}

/// Why a time cannot be booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotFree {
    /// It is over.
    #[error("that time is past")]
    Past,
    /// It is so near that nobody could be told.
    #[error("that is too soon: an appointment is made at least {0} minutes before it begins")]
    TooSoon(i64),
    /// It is further ahead than appointments are made.
    #[error("that is too far ahead: appointments are made for the next {0} days")]
    TooFar(u16),
    /// The rep is away that day.
    #[error("the rep is away then")]
    Away,
    /// A day of the calendar on which the rep takes nothing.
    #[error("the rep has a holiday on {0}")]
    Holiday(Date),
    /// Outside of the rep's hours, or not to its end within them.
    #[error("that is not within the rep's hours")]
    Closed,
    /// Within the hours, but slots begin at other times.
    #[error("no slot begins then")]
    BetweenSlots,
    /// Somebody else has it.
    #[error("the rep has something else then")]
    Taken,
}

impl Diary {
    /// The free slots, in order: none overlaps another, each can be booked at `now`.
    #[must_use]
    pub fn free(&self, terms: &Terms, now: Timestamp) -> Vec<Slot> {
        let mut free: Vec<Slot> = Vec::new();
        // The rep's date: the day of the server may be another.
        let today = self.schedule.date(now);
        let last = terms.last_day(now, &self.schedule.zone);
        for date in today.series(jiff::Span::new().days(1)).take_while(|date| *date < last) {
            for slot in self.slots(date, terms.length) {
                // Where a clock that is set back shows a time twice, the slots of both rounds can overlap.
                let follows = free.last().is_none_or(|before| before.ends_at <= slot.starts_at);
                if follows && self.refuse(slot, terms, now).is_none() {
                    free.push(slot);
                }
            }
        }
        free
    }

    /// Whether this slot can be booked at `now`.
    ///
    /// # Errors
    /// Says why not; the reason that a person can do least about comes first.
    pub fn check(&self, slot: Slot, terms: &Terms, now: Timestamp) -> Result<(), NotFree> {
        match self.refuse(slot, terms, now) {
            // Only where nothing worse is wrong: somebody who is away has no use for the next beginning of a slot.
            Some(NotFree::Taken) | None
                // Looked at after the rest, so that "taken" does not lead a person to try times at which no slot
                // begins.
                if !self.slots(self.schedule.date(slot.starts_at), terms.length).contains(&slot) =>
            {
                Err(NotFree::BetweenSlots)
            }
            Some(why) => Err(why),
            None => Ok(()),
        }
    }

    /// Why this slot cannot be booked, wherever slots begin.
    fn refuse(&self, slot: Slot, terms: &Terms, now: Timestamp) -> Option<NotFree> {
        let date = self.schedule.date(slot.starts_at);
        let away = match self.pause {
            Some(Pause::Open) => true,
            Some(Pause::Until(back)) => date < back,
            None => false,
        };
        // In the order in which a person can do least about them.
        let reasons = [
            (slot.starts_at <= now, NotFree::Past),
            (slot.starts_at < terms.earliest(now), NotFree::TooSoon(terms.notice.as_mins())),
            (date >= terms.last_day(now, &self.schedule.zone), NotFree::TooFar(terms.days)),
            (away, NotFree::Away),
            (self.schedule.holidays.contains(&date), NotFree::Holiday(date)),
            (self.overlaps_an_appointment(slot), NotFree::Taken),
        ];
        let first = reasons.into_iter().find_map(|(holds, why)| holds.then_some(why));
        match first {
            // "Closed" comes before "taken": outside of the hours it would not be free either.
            Some(NotFree::Taken) | None if !self.is_open_during(slot) => Some(NotFree::Closed),
            first => first,
        }
    }

    /// Whether the rep has another appointment, or holds another slot, within it.
    fn overlaps_an_appointment(&self, slot: Slot) -> bool {
        self.taken.iter().any(|taken| taken.overlaps(slot))
    }

    /// Whether the rep's hours hold all of it. Hours and settings of clocks are whole minutes.
    fn is_open_during(&self, slot: Slot) -> bool {
        // Minute by minute: the window's two ends alone would miss a lunch break and an hour that the clock skips.
        let minutes = slot.starts_at.series(jiff::Span::new().minutes(1)).take_while(|at| *at < slot.ends_at);
        minutes.into_iter().all(|at| self.schedule.is_open(at))
    }

    /// The date's slots in order, whether free or not, as far as the hours hold them. A time that the clock skips begins none;
    /// one that it shows twice begins two.
    fn slots(&self, date: Date, length: SignedDuration) -> Vec<Slot> {
        let mut slots = Vec::new();
        for window in self.schedule.hours.on(date) {
            let (from, to) = (i64::from(window.from().minutes()), i64::from(window.to().minutes()));
            // At least one: a length of 0 would loop for ever.
            let step = length.as_mins().max(1);
            let mut minute = from;
            while minute + step <= to {
                slots.extend(self.beginning_at(date, minute).into_iter().filter_map(|at| Slot::new(at, length)));
                minute += step;
            }
        }
        // Sorted again: where the clock is set back, both rounds of an hour mix with what follows.
        slots.sort_unstable();
        slots.dedup();
        slots
    }

    /// The instants at which the clock shows so many minutes after midnight.
    fn beginning_at(&self, date: Date, minute: i64) -> Vec<Timestamp> {
        let on_the_clock = || {
            let (hour, minute) = (i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?);
            Time::new(hour, minute, 0, 0).ok()
        };
        let Some(time) = on_the_clock() else { return Vec::new() };
        let shown = self.schedule.zone.to_ambiguous_timestamp(date.to_datetime(time));
        let wall = |at: &Timestamp| self.schedule.zone.to_datetime(*at) == date.to_datetime(time);
        let mut both: Vec<_> = [shown.earlier().ok(), shown.later().ok()].into_iter().flatten().collect();
        both.dedup();
        // For a skipped time jiff names instants beside the gap, at which the clock shows something else: they begin no
        // slot.
        both.retain(wall);
        both
    }
}
