//! When a sale was made or lost, as the client says it.

use jiff::{
    Timestamp,
    civil::{Date, DateTime, Time},
    tz::{Offset, TimeZone},
};

use super::refused::OutcomeRefused;
use crate::values::{Conventions, ReadDate, UnclearDate, date};

/// When it happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened {
    /// On a day of the client's or the rep's calendar. It is the day's beginning: said again an hour later it is the same.
    Day(Date),
    /// By their clock.
    Local(DateTime),
    /// At an instant.
    At(Timestamp),
}

/// Where each day begins first.
const FIRST_DAY_BEGINS: Offset = Offset::constant(14);

impl Happened {
    pub(super) fn read(text: &str, by: &Conventions) -> Result<Self, UnclearDate> {
        Ok(match date(text, by)? {
            ReadDate::Day(day) => Self::Day(day),
            ReadDate::Local(at) => Self::Local(at),
            ReadDate::Zoned(at, zone) => Self::At(zone.to_timestamp(at).map_err(|_| UnclearDate::NoDate)?),
            ReadDate::At(at) => Self::At(at),
        })
    }

    /// The instant, by the clock of whoever says it, as far as that is known. A day that has begun anywhere is no day to come: they
    /// may be there. It stays the day that they said, which by this clock may begin in a few hours.
    ///
    /// # Errors
    /// When it is still to come, or before there were any leads.
    pub fn instant(self, clock: &TimeZone, now: Timestamp) -> Result<Timestamp, OutcomeRefused> {
        let (at, begun) = match self {
            Self::Day(day) => {
                let begins = day.to_datetime(Time::midnight());
                (clock.to_timestamp(begins).ok(), TimeZone::fixed(FIRST_DAY_BEGINS).to_timestamp(begins).ok())
            }
            Self::Local(at) => (clock.to_timestamp(at).ok(), None),
            Self::At(at) => (Some(at), None),
        };
        let refused = |why: &str| OutcomeRefused(format!("The date on which it happened {why}."));
        let at = at.filter(|at| *at > Timestamp::UNIX_EPOCH).ok_or_else(|| refused("is too long ago"))?;
        if begun.map_or(at, |begun| begun.min(at)) > now { Err(refused("is still to come")) } else { Ok(at) }
    }
}
