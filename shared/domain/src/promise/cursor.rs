//! Where a page of promises ends. It holds all that the order is by, so that a page begins at the same place whatever was
//! added, moved or ended since.

use std::{fmt, str::FromStr};

use jiff::Timestamp;

use crate::id::LeadId;

/// The last promise of a page, in the order of date, lead and generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PromiseCursor {
    /// When it falls due.
    pub due_at: Timestamp,
    /// The lead.
    pub lead: LeadId,
    /// Its place among the lead's promises.
    pub generation: i64,
}

/// What is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write what `next` says of the last promise of the page before, such as 2027-04-12T14:30:00Z/lead_…/3")]
pub struct InvalidPromiseCursor;

impl fmt::Display for PromiseCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.due_at, self.lead, self.generation)
    }
}

impl FromStr for PromiseCursor {
    type Err = InvalidPromiseCursor;

    fn from_str(text: &str) -> Result<Self, InvalidPromiseCursor> {
        let mut parts = text.split('/');
        let mut next = || parts.next().ok_or(InvalidPromiseCursor);
        let (due_at, lead, generation) = (next()?, next()?, next()?);
        let read = Self {
            due_at: due_at.parse().map_err(|_| InvalidPromiseCursor)?,
            lead: lead.parse().map_err(|_| InvalidPromiseCursor)?,
            generation: generation.parse().map_err(|_| InvalidPromiseCursor)?,
        };
        if parts.next().is_some() { Err(InvalidPromiseCursor) } else { Ok(read) }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_is_written_and_nothing_else_is_one() {
        let due_at = "2027-04-12T14:30:00.123456Z".parse().unwrap();
        let cursor = PromiseCursor { due_at, lead: LeadId::from_uuid(Uuid::from_u128(7)), generation: 3 };
        let text = cursor.to_string();
        assert_eq!(text.parse(), Ok(cursor));
        let lead = cursor.lead;
        for wrong in [
            "",
            "/",
            "//",
            "2027-04-12T14:30:00Z",
            "soon",
            &format!("{text}/"),
            &format!("{text}x"),
            &format!("2027-04-12/{lead}/3"),
            &format!("{due_at}/3/{lead}"),
        ] {
            assert_eq!(wrong.parse::<PromiseCursor>(), Err(InvalidPromiseCursor), "{wrong}");
        }
    }
}
