//! Between which clocks a person's lies while it is not settled where they are, as programs are told it. A program that knows one of
//! them has calls promised for hours at which the person is asleep.

use serde::Serialize;
use utoipa::ToSchema;

use crate::people::clocks::ClocksThere;

/// Several clocks that may be the person's.
#[derive(Serialize, ToSchema)]
pub struct UnsettledClocks {
    /// What they show.
    #[schema(example = "between 11:56 and 14:56")]
    hours: String,
    /// Where.
    #[schema(example = "Perth to Sydney")]
    places: String,
}

impl From<ClocksThere> for UnsettledClocks {
    fn from(clocks: ClocksThere) -> Self {
        let ClocksThere { hours, places } = clocks;
        Self { hours, places }
    }
}
