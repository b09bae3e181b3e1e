//! Why a text or a combination of texts says nothing about calling.

use super::Region;

/// Why a text says nothing about calling hours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCalling {
    /// No time of day.
    #[error("{0:?} is no time of day: write it as 09:00, from 00:00 to 24:00")]
    Time(String),
    /// No exception.
    #[error(
        "{0:?} is no exception: write a place, its days and its hours, as in \"US-UT sat 10:00-17:00\" or \"US-AL sun closed\""
    )]
    Exception(String),
    /// The place of an exception is none.
    #[error("{0:?} is no place: write a country such as DE, or a state such as US-UT")]
    Place(String),
    /// The days of an exception are none.
    #[error("{0:?} are no days: write one such as sun, a row such as mon-fri, or all")]
    Days(String),
    /// Hours that end before they begin.
    #[error("{0}-{1} are no hours: they have to end after they begin")]
    Backwards(String, String),
    /// Nobody may ever be called.
    #[error("name at least one day of the week, such as \"mon\"")]
    NoDay,
    /// Two exceptions speak of the same day.
    #[error("two exceptions speak of {1} in {0}")]
    Twice(Region, &'static str),
    /// Nobody there may ever be called.
    #[error("{0} is closed on every day of the week, so no promise there could ever be kept: open at least one")]
    AlwaysClosed(Region),
    /// No holiday.
    #[error(
        "{0:?} is no holiday: write a place or all and a day, as in \"US 12-24\", \"all 1st mon sep\" or \"DE easter-2\""
    )]
    Holiday(String),
    /// No limit to calls.
    #[error(
        "{0:?} is no limit: write a place or all and how many calls in how many hours or days, as in \"US 2 in 24h\""
    )]
    Limit(String),
    /// No loosening.
    #[error(
        "{0:?} loosens nothing: write the place, what (hours, holidays or calls; all three without) and why, as in \"US-UT holidays: the person asked for the call\""
    )]
    Loosening(String),
    /// An exception that allows more than a shipped rule does.
    #[error(
        "\"{exception}\" allows more than {rule}: keep within it, or add \"{place} hours: why you may\" to calling.loosen"
    )]
    Wider {
        /// As it was written.
        exception: String,
        /// Whose rule it is.
        place: Region,
        /// The rule.
        rule: String,
    },
    /// Hours of which a shipped rule leaves nothing.
    #[error(
        "of the hours in {0} the shipped rules leave nothing, so no promise there could ever be kept: open earlier or longer there"
    )]
    NothingLeft(Region),
    /// Something that is not shipped is loosened.
    #[error("for {0} no such rule is shipped: `ripen calling rules` lists them")]
    NothingToLoosen(Region),
}
