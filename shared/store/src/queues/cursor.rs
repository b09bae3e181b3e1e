//! Where a page of a list ends. It holds all that the order is by, so that the next page begins at the same place whatever came, went or was
//! worked since.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

/// The last row of a page, in the order of instant and id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct QueueCursor {
    /// What the list is ordered by: since when it waits, or when it falls due.
    pub at: Timestamp,
    /// Which row.
    pub id: Uuid,
}

impl QueueCursor {
    /// Before every row: nothing was stored before 1970.
    pub const FIRST: Self = Self { at: Timestamp::UNIX_EPOCH, id: Uuid::nil() };
    /// Behind every row, where a list begins with the last one.
    pub const LAST: Self = Self { at: Timestamp::MAX, id: Uuid::max() };
}

/// What is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write the next of the page before")]
pub struct InvalidQueueCursor;

/// Microseconds since 1970, a dot, the id: as an address carries it.
impl fmt::Display for QueueCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at.as_microsecond(), self.id.simple())
    }
}

impl FromStr for QueueCursor {
    type Err = InvalidQueueCursor;

    fn from_str(text: &str) -> Result<Self, InvalidQueueCursor> {
        let (at, id) = text.split_once('.').ok_or(InvalidQueueCursor)?;
        let at: i64 = at.parse().map_err(|_| InvalidQueueCursor)?;
        let at = Timestamp::from_microsecond(at).map_err(|_| InvalidQueueCursor)?;
        // PostgreSQL knows no instant as early as the first ones that can be written here, and would fail at one.
        let at = at.max(Timestamp::UNIX_EPOCH);
        Ok(Self { at, id: id.parse().map_err(|_| InvalidQueueCursor)? })
    }
}

impl TryFrom<String> for QueueCursor {
    type Error = InvalidQueueCursor;

    fn try_from(text: String) -> Result<Self, InvalidQueueCursor> {
        text.parse()
    }
}

/// A page of a list.
#[derive(Debug, Clone, Copy)]
pub struct QueueSpan {
    /// Behind which row; none for the first.
    pub after: Option<QueueCursor>,
    /// At most so many.
    pub limit: i64,
}

impl QueueSpan {
    /// The first rows of a list.
    #[must_use]
    pub const fn first(limit: i64) -> Self {
        Self { after: None, limit }
    }

    /// Behind which row, of a list in the order of instants.
    pub(super) fn after(&self) -> QueueCursor {
        self.after.unwrap_or(QueueCursor::FIRST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_is_written_and_nothing_else_is_one() {
        let at = "2027-04-12T14:30:00.123456Z".parse().unwrap();
        let cursor = QueueCursor { at, id: Uuid::from_u128(7) };
        let text = cursor.to_string();
        assert_eq!(text.parse(), Ok(cursor));
        assert_eq!(QueueCursor::FIRST.to_string().parse(), Ok(QueueCursor::FIRST));
        assert_eq!(format!("-9.{}", Uuid::nil()).parse(), Ok(QueueCursor::FIRST), "an instant that was not");
        for wrong in ["", ".", "7", "soon.x", "7.", &format!("{text}x"), &format!("{}.{}", i64::MAX, Uuid::nil())] {
            assert_eq!(wrong.parse::<QueueCursor>(), Err(InvalidQueueCursor), "{wrong}");
        }
    }
}
